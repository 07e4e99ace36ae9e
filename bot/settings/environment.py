"""The process's environment, and what `.env` adds to it: the only place in this project that reads either."""

import os
import ssl
from collections.abc import Mapping
from pathlib import Path

from dotenv import load_dotenv

from bot.errors import SettingsError


def read_environment() -> dict[str, str]:
    """The process's environment, filled up with what `.env` in the working directory adds to it.

    Raises:
        SettingsError: the file cannot be read as text, or a variable that the TLS library reads by itself names a file
            that it cannot use.
    """
    try:
        load_dotenv(Path(".env"))
    except UnicodeDecodeError as error:
        raise SettingsError(".env is not a text in UTF-8. Save it as one, or copy .env.example anew.") from error
    except OSError as error:
        raise SettingsError(f".env cannot be read: {error.strerror}. Let the user who runs this read it.") from error
    except ValueError as error:  # a null byte
        raise SettingsError(".env has a value that no variable can have. Copy .env.example anew.") from error
    _check_tls_files(os.environ)
    return dict(os.environ)


def _check_tls_files(environment: Mapping[str, str]) -> None:
    """Try what OpenSSL is to read or write because these variables say so.

    It is told before a library loads that uses them: aiohttp does while it is imported, with a traceback for one that
    is wrong; or nothing is said, and no server is trusted.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if file := environment.get("SSL_CERT_FILE"):
        try:
            context.load_verify_locations(cafile=file)
        except (OSError, ValueError) as error:  # an SSLError, where there is no certificate in it, is an OSError
            raise SettingsError(f"SSL_CERT_FILE names a file that {_say_unusable(error, 'certificates')}") from error
    if directory := environment.get("SSL_CERT_DIR"):
        first, *others = directory.split(os.pathsep)
        try:
            if not any(Path(one).is_dir() for one in others):  # one is enough
                next(Path(first).iterdir(), None)
        except (OSError, ValueError) as error:
            told = _say_unusable(error, "certificates")
            raise SettingsError(f"SSL_CERT_DIR names a directory that {told}") from error
    if file := environment.get("SSLKEYLOGFILE"):
        try:
            context.keylog_filename = file
        except (OSError, ValueError) as error:
            raise SettingsError(f"SSLKEYLOGFILE names a file that {_say_unusable(error, 'keys')}") from error


def _say_unusable(error: OSError | ValueError, content: str) -> str:
    """The rest of a sentence about a file."""
    if isinstance(error, ssl.SSLError) or not isinstance(error, OSError):
        return f"holds no {content}. Put it right, or do without the variable."
    return f"cannot be used: {error.strerror}. Put it right, or do without the variable."
