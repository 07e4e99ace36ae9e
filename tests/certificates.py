"""A certificate for tests, which nobody trusts unless told to: self-signed, for localhost and 127.0.0.1.

Made once, since not every machine has the program that makes one:
`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
-addext "subjectAltName=DNS:localhost,IP:127.0.0.1"`. It is good until 2125; its key is no secret.
"""

import ssl
from pathlib import Path

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUR6dJfBdOTkWqTQU0lt9RNrXCsAUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTA1MTExOVoYDzIxMjYxMTAx
MDUxMTE5WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATIx7ZDZox032DOqXliw5IpHqBus4F6rggvfHrxCdP6izFid+4ZQMSy
KKY2mow26hv8/lpMoybwkf+0rRSzysHto28wbTAdBgNVHQ4EFgQUWKJ/o959rRlk
b2U/VbaalDmcz38wHwYDVR0jBBgwFoAUWKJ/o959rRlkb2U/VbaalDmcz38wDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIgVfT1HxDVHYZS1zXkeFWol/n4H4b+30RomlN5eExdQ0ACIQDs
rUIXl9hxOeWH+GSt0IkN2TBAiLc/BebFSnETxupViA==
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgDKv1ZwitsV1vIaew
TBI5IhEtqez9n1CXvawSF2TWeR2hRANCAATIx7ZDZox032DOqXliw5IpHqBus4F6
rggvfHrxCdP6izFid+4ZQMSyKKY2mow26hv8/lpMoybwkf+0rRSzysHt
-----END PRIVATE KEY-----
"""


def write_certificate(directory: Path) -> Path:
    """The certificate as a file, for whoever is to trust it."""
    file = directory / "certificate.pem"
    file.write_text(CERTIFICATE, encoding="ascii")
    return file


def server_context(directory: Path) -> ssl.SSLContext:
    """The TLS of a server that shows it."""
    file = directory / "server.pem"
    file.write_text(KEY + CERTIFICATE, encoding="ascii")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
