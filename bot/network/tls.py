"""Whose certificates are trusted: one answer for Slack's clients and the model's.

SSL_CERT_FILE or SSL_CERT_DIR where they are set, or else the system's. (aiohttp by itself knows only the places that
OpenSSL was built with, which are not those of every system that Python is copied to; httpx2 knows more of them.)
"""

import ssl

import httpx2


def make_context() -> ssl.SSLContext:
    """Load the certificates: some 50 ms, so make one for all."""
    return httpx2.create_ssl_context()
