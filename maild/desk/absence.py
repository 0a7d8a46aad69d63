"""Absence: who is away until when, who stands in for him, and how that is said (PRODUCT 12). Pure."""

import re
from collections.abc import Mapping
from datetime import datetime

from maild.config.faults import did_you_mean
from maild.config.settings import Agent, Settings
from maild.desk.when import Unreadable, describe_moment, read_when
from maild.known import Absence

_SPOKEN = re.compile(
    r"(?:until\s+(?P<until>.+?))??\s*(?:\bdeputy\s+(?P<deputy>\S+))?|(?P<when>\S.*?)\s+deputy\s+(?P<stands_in>\S+)", re.IGNORECASE
)


def is_spoken(argument: str) -> bool:
    """Whether what stands behind `away` is of its form: `until WHEN deputy NAME`, both or neither, or `WHEN deputy NAME`."""
    return _SPOKEN.fullmatch(argument.strip()) is not None


def read_spoken(argument: str, agent: Agent, settings: Settings, now: datetime) -> Absence | str:
    """The absence that `until 12 May deputy ivan` means; else what is wrong with it. `3d` alone is a time, too."""
    match = _SPOKEN.fullmatch(argument.strip())
    until, deputy = (match["until"] or match["when"], match["deputy"] or match["stands_in"]) if match else (argument, None)
    return read_absence(agent, until or "", deputy or "", settings, now)


def read_absence(agent: Agent, until: str, deputy: str, settings: Settings, now: datetime) -> Absence | str:
    """From now on, until the time in plain words that is meant by the agent's clock, "" for an open end; else what is wrong."""
    key = deputy.casefold()
    if key and key not in settings.agents:
        return f'there is no agent "{deputy}"{did_you_mean(key, settings.agents)}'
    if key == agent.key:
        return "nobody stands in for himself; name a colleague"
    end = read_when(until, now, settings.zone_of(agent.key)) if until else None
    return end.text if isinstance(end, Unreadable) else Absence(agent.key, now, end, key or None)


def deputies(away: Mapping[str, Absence]) -> Mapping[str, str]:
    """Who stands in for whom."""
    return {key: absence.deputy for key, absence in away.items() if absence.deputy}


def describe_absence(absence: Absence, settings: Settings) -> str:
    """`Boris Petrov is away until Tue 12 May 2026 09:00 (Europe/Sofia)`."""
    agent = settings.agents.get(absence.agent)
    until = f" until {describe_moment(absence.until, settings.desk.timezone)}" if absence.until else ""
    return f"{agent.name if agent else absence.agent} is away{until}"
