"""Durations as rules write them: `30m`, `15h`, `1d 2h`. Pure."""

import re
from datetime import timedelta

DURATIONS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
EXAMPLES = "30m, 15h or 1d 2h"
LONGEST = timedelta(days=100 * 366)
"""What is longer is no duration: added to a date, it would leave the calendar."""
SPANS = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s?([smhdw])(?![A-Za-z])")


def read_span(text: str) -> timedelta | None:
    """None where it is no duration, or one of more than a hundred years."""
    seconds = [float(number) * DURATIONS[unit] for number, unit in SPANS.findall(text)]
    is_span = seconds and sum(seconds) <= LONGEST.total_seconds() and not SPANS.sub("", text).strip()
    return timedelta(seconds=sum(seconds)) if is_span else None


def describe_span(span: timedelta) -> str:
    """As rules write it: `1d 2h`; seconds are the smallest that is told."""
    left, words = int(span.total_seconds()), []
    for unit in "dhms":
        count, left = divmod(left, DURATIONS[unit])
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words) or "0s"
