"""How this process reaches others, and how it is reached: which proxy, whom it trusts, what a failed connection means.

What listens here, for whom and for how many, is in `listening` and `connections`.
"""
