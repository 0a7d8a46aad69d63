"""What a letter to an agent shows of a text or a moment in passing: its beginning, by his own clock. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from maild.config.settings import Agent, Settings
from maild.outbox.hygiene import fold_note


def clock(at: datetime, agent: Agent, settings: Settings) -> str:
    """A moment by an agent's own clock."""
    return f"{at.astimezone(settings.zone_of(agent.key)):%Y-%m-%d %H:%M}"


def describe_time(at: datetime, now: datetime, zone: tzinfo) -> str:
    """By somebody's clock; the day only where it is another."""
    here = at.astimezone(zone)
    return f"{here:%H:%M:%S}" if here.date() == now.astimezone(zone).date() else f"{here:%Y-%m-%d %H:%M:%S}"


@dataclass(frozen=True, slots=True)
class Timed:
    """A remark with a moment in it, between these words, which everybody reads by his own clock."""

    before: str
    at: datetime
    after: str
    now: datetime


Remark = str | Timed
"""What stands beside a message for those who are told of it."""


def by_clock(remarks: Iterable[Remark], zone: tzinfo) -> tuple[str, ...]:
    return tuple(
        each if isinstance(each, str) else f"{each.before}{describe_time(each.at, each.now, zone)}{each.after}" for each in remarks
    )


def fold_lines(text: str) -> str:
    """A note whose lines stay apart."""
    return "\n".join(map(fold_note, text.splitlines()))


def beginning_of(text: str, most: int) -> str:
    """On one line, with a mark where more follows."""
    return cut(" ".join(text.split()), most)


def cut(text: str, most: int) -> str:
    """So many characters of it, up to the end of a word if there is one near, with a mark where more follows; no lines without words."""
    words = "\n".join(line.strip() for line in text.splitlines() if line.strip())
    if len(words) <= most:
        return words
    whole = words[: most + 1].rsplit(None, 1)[0]
    return f"{whole if len(whole) > most // 2 else words[:most].rstrip()}…"
