"""How this process reaches others: through which proxy, whom it trusts, and what a failed connection means."""
