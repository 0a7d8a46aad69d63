"""How a moment is written for people in commands, traces and logs: by the clock of the place they think in, which is named."""

from datetime import datetime, tzinfo


def show_moment(moment: datetime, zone: tzinfo | None, *, seconds: bool = False) -> str:
    """`2026-11-20 12:07 EET`, to the minute or the second. `zone` None: where the machine stands."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z" if seconds else "%Y-%m-%d %H:%M %Z")
