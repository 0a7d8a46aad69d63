"""What a letter to an agent shows of a text or a moment in passing: its beginning, by his own clock. Pure."""

from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.outbox.hygiene import fold_note


def clock(at: datetime, agent: Agent, settings: Settings) -> str:
    """A moment by an agent's own clock."""
    return f"{at.astimezone(settings.zone_of(agent.key)):%Y-%m-%d %H:%M}"


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
