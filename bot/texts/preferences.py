"""What a client likes, by a header such as Accept-Language: names in an order, each with how much it is liked. Pure."""

import re

MOST_PREFERENCES = 20  # that are read of a header; browsers send a handful
_QUALITY = re.compile(r"0?\.[0-9]{1,9}|[01](\.0*)?")


def read_preferences(header: str) -> dict[str, float]:
    """What an Accept header, or one like it, names, and how much it is liked; in its order, each thing once."""
    liked: dict[str, float] = {}
    for part in header.split(",")[:MOST_PREFERENCES]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        liked.setdefault(name, next((_read_quality(one[2:]) for one in parameters if one.startswith("q=")), 1.0))
    return liked


def _read_quality(text: str) -> float:
    return float(text) if _QUALITY.fullmatch(text) else 0.0
