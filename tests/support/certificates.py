"""A certificate for tests, which nobody trusts unless told to: self-signed.

Made once, since not every machine has the program that makes one:
`openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost
-addext "subjectAltName=DNS:localhost,DNS:slack.test,DNS:model.test,IP:127.0.0.1"`.
It is good until 2125; its key is no secret.
"""

import ssl
from pathlib import Path

CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBtTCCAVugAwIBAgIUWjbHg32caob2Qns7uRxbDIF684wwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNTA1NTEyN1oYDzIxMjYxMTAx
MDU1MTI3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAATW01s/6Jy8fRM167Mp043G2kMMR3cNtUy42ZkHlN0IwOypNQL+7YSy
GtmT8z+YXjI19lVGjQtwZm4RDUk+7C7Eo4GIMIGFMB0GA1UdDgQWBBRxr1rS2UPC
7N3GYTjV+13Yqju0oTAfBgNVHSMEGDAWgBRxr1rS2UPC7N3GYTjV+13Yqju0oTAP
BgNVHRMBAf8EBTADAQH/MDIGA1UdEQQrMCmCCWxvY2FsaG9zdIIKc2xhY2sudGVz
dIIKbW9kZWwudGVzdIcEfwAAATAKBggqhkjOPQQDAgNIADBFAiBV58nq7urCxJnh
edDVMrMvPyFWUHwcvX/Uxw6tv4AfIwIhAMTQ+kqFBIeFiTz97GyfnQjnrZDKUE/J
aKPq3onhv/GK
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg0MFlctwQp0Wj3Po6
Ttr++6DH2yfxpnJo+GEyLGLYW76hRANCAATW01s/6Jy8fRM167Mp043G2kMMR3cN
tUy42ZkHlN0IwOypNQL+7YSyGtmT8z+YXjI19lVGjQtwZm4RDUk+7C7E
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
