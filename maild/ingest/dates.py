"""The Date of a mail: read where mail-parser gives up, and believed only near the time it arrived (MAIL.md P15). Pure."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

EARLIEST_YEAR = 1970
OLDEST = timedelta(days=30)
NEWEST = timedelta(days=1)
_YEAR_ZERO = re.compile(r"\b0000\b")
# What stdlib has been seen to raise over dates.
_FAULTS = (LookupError, ValueError, TypeError, AttributeError, OverflowError)


def read_date(written: str) -> datetime | None:
    """A Date field that mail-parser refuses, in UTC; None where nobody can read it.

    Seen in practice: `Fri Jan  5 10:00:00 2024`, `2024-01-05T10:00:00Z`. Year 0000 would be read as 2000.
    """
    if not written or _YEAR_ZERO.search(written[:20]):
        return None
    date = _try(parsedate_to_datetime, written) or _try(datetime.fromisoformat, written.strip())
    return date if date and date.year >= EARLIEST_YEAR else None


def shown_date(written: datetime | None, received: datetime) -> datetime:
    """The time to show for a mail: what its Date says, if that lies between 30 days before and a day after its arrival; else its arrival.

    Only arrival orders a ticket's messages.
    """
    return written if written and received - OLDEST <= written <= received + NEWEST else received


def _try(reader: Callable[[str], datetime], written: str) -> datetime | None:
    try:
        date = reader(written)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except _FAULTS:
        return None
