"""The tables, typed. What they look like on disk is frozen in `migrations/`; a test keeps both equal on both engines.

Only the modules of `maild.store` read these. Enumerations are stored by value, times in UTC, mail text cleaned (`columns`). Conditions of
partial indexes are literal, not bound: SQLite uses such an index only where it can read the same condition in the query.

Each module declares what belongs together, so that a command loads the tables it asks and no others: declaring all takes 40 ms.
"""

from sqlalchemy import MetaData

metadata = MetaData()


def all_tables() -> MetaData:
    """Every table there is, for who creates or compares them."""
    from maild.store.tables import desk, mail_in, mail_out, tickets  # noqa: F401

    return metadata
