"""Rules that have lately broken over something, and were skipped (RULES.md 5.2): for whoever must mend them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from maild.store import switches
from maild.store.counters import await_turn
from maild.store.engine import Transaction

LATELY = timedelta(days=1)
KIND = "rule_error"
"""Of the line in a ticket's log that tells of it."""
_PREFIX = "rules.broken."
_MOST_WORDS = 300


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """`why`: the last time that it broke, `at` which moment that was."""

    rule: str
    at: datetime
    why: str


def note(tx: Transaction, rule: str, why: str, now: datetime) -> None:
    """Instead of what it broke over before."""
    await_turn(tx)
    switches.store(tx, _PREFIX + rule, json.dumps({"at": now.isoformat(), "why": why[:_MOST_WORDS]}))


def find_lately(tx: Transaction, now: datetime) -> Iterator[BrokenRule]:
    """Those that broke within a day, by name."""
    return (found for found in _find_all(tx) if now - found.at < LATELY)


def forget_old(tx: Transaction, now: datetime) -> None:
    for found in _find_all(tx):
        if now - found.at >= LATELY:
            switches.forget(tx, _PREFIX + found.rule)


def _find_all(tx: Transaction) -> Iterator[BrokenRule]:
    for name, word in switches.find_all(tx, _PREFIX):
        found = json.loads(word)
        yield BrokenRule(name.removeprefix(_PREFIX), datetime.fromisoformat(found["at"]), found["why"])
