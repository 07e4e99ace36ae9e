"""The tables in which runs are kept, in SQLite and in PostgreSQL."""

import math
import re

from sqlalchemy import Column, Dialect, Double, ForeignKey, Index, Integer, MetaData, Table, Text, TypeDecorator

MOST = 2**31 - 1  # PostgreSQL's INTEGER
LONGEST = 1_000_000  # characters of one text; no answer that Slack can show comes near, and a write has to be brief
# `STEPS[0]` makes a database of version 1 one of version 2, and so on. Tables that are new, or missing, have been made
# before, as they are below; each statement has to do nothing where all is done. An older process may go on beside this
# one until its connection ends, so that a step takes nothing away which the version before it writes to.
STEPS: tuple[tuple[str, ...], ...] = (
    ("UPDATE answers SET state = 'cut' WHERE state = 'stopped'",),  # `stopped` is a person's word from now on
)
VERSION = 1 + len(STEPS)


class _Words(TypeDecorator[str]):
    """Text; what PostgreSQL cannot store of a string becomes U+FFFD, in SQLite too. More than `LONGEST` is cut off."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else re.sub("[\x00\ud800-\udfff]", "\ufffd", value[:LONGEST])


class _Count(TypeDecorator[int]):
    """A whole number from 0 on; what PostgreSQL cannot store becomes the largest that it can, in SQLite too."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else min(max(value, 0), MOST)


class _Seconds(TypeDecorator[float]):
    """A number; what is none, or has no end, becomes 0."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:  # noqa: ARG002 - SQLAlchemy's
        return None if value is None else value if math.isfinite(value) else 0.0


tables = MetaData()
schema = Table("perspectives_schema", tables, Column("version", Integer, nullable=False))
runs = Table(
    "runs",
    tables,
    Column("key", _Words, primary_key=True),
    Column("workspace", _Words, nullable=False),
    Column("problem", _Words, nullable=False),
    Column("user", _Words, nullable=False),
    Column("channel", _Words, nullable=False),
    Column("thread_ts", _Words),
    Column("whisper_ts", _Words),
    Column("response_url", _Words),
    Column("state", _Words, nullable=False),
    Column("owner", _Words),
    Column("lease_until", Double, nullable=False),
    Column("asked_at", Double, nullable=False, index=True),
    Column("ended_at", Double, index=True),  # an open run has none: the index finds these, and the old ones
)
messages = Table(
    "messages",
    tables,
    Column("run", _Words, ForeignKey(runs.c.key, ondelete="CASCADE"), primary_key=True),
    Column("part", _Words, primary_key=True),
    Column("place", Integer, nullable=False),  # among the run's: a clock may show the same time twice
    # When the newest call for it was sent whose answer is not known: its post, or, once it stands, an edit; else 0.
    Column("intended_at", Double, nullable=False),
    Column("ts", _Words),
)
answers = Table(
    "answers",
    tables,
    Column("run", _Words, ForeignKey(runs.c.key, ondelete="CASCADE"), primary_key=True),
    Column("name", _Words, primary_key=True),
    Column("state", _Words, nullable=False),
    Column("reason", _Words, nullable=False),
    Column("text", _Words, nullable=False),
    Column("model", _Words, nullable=False),
    Column("seconds", _Seconds, nullable=False),
    Column("tokens", _Count, nullable=False),
)
edits = Table(
    "edits",
    tables,
    Column("workspace", _Words, nullable=False),
    Column("owner", _Words, nullable=False),
    Column("at", Double, nullable=False),
)
Index("ix_edits_at", edits.c.at)

is_open = runs.c.ended_at.is_(None)
