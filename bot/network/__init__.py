"""Connections, out and in: proxies, whom this process trusts, what a failed one means; a server's, and their bounds.

Out is in `proxies`, `tls`, `connection_failures` and `causes`; in is in `listening` and `connections`. What is asked
over them is others' to know.
"""
