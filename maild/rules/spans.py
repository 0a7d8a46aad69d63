"""Durations as rules write them: `30m`, `15h`, `1d 2h`. Pure."""

import re
from datetime import timedelta

DURATIONS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
EXAMPLES = "30m, 15h or 1d 2h"
SPANS = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)\s?([smhdw])(?![A-Za-z])")


def read_span(text: str) -> timedelta | None:
    """None where it is no duration."""
    seconds = [float(number) * DURATIONS[unit] for number, unit in SPANS.findall(text)]
    return timedelta(seconds=sum(seconds)) if seconds and not SPANS.sub("", text).strip() else None


def describe_span(span: timedelta) -> str:
    """As rules write it: `1d 2h`; seconds are the smallest that is told."""
    left, words = int(span.total_seconds()), []
    for unit in "dhms":
        count, left = divmod(left, DURATIONS[unit])
        if count:
            words.append(f"{count}{unit}")
    return " ".join(words) or "0s"
