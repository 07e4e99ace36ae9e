"""How several processes share one database: who serves which workspace, and what one tells another."""
