"""Which kind of database a URL is of, as hosts and drivers write it: decided here, for all who have to know. Pure."""

import re
from enum import Enum

_ADDRESS = re.compile(r"(?:jdbc:)?(sqlite|postgres|postgresql)(?:\+[a-z0-9_]+)?://")


class Kind(Enum):
    """What differs between the two is `durable.sql.database`'s, and whether processes may share it."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


def find_kind(url: str) -> Kind | None:
    """The kind of the database at `url`; None where it is no address of either."""
    found = _ADDRESS.match(url)
    if found is None:
        return None
    return Kind.SQLITE if found[1] == "sqlite" else Kind.POSTGRESQL
