"""A database as any program could use it: how it is reached, its transactions, and what its failures mean."""
