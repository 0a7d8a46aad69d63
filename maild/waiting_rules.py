"""Time rules that are new or changed, and the tickets that were there before them (RULES.md 2).

They look through all tickets once, in small bites, each a commit, beside the desk's work; how far each has come outlives the process.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from maild.rules.times import Timing
from maild.stay import Stay, StayEnded
from maild.store import stays, switches
from maild.store.counters import await_turn
from maild.store.engine import Store, Transaction
from maild.store.views import ticket_views

BITE = 100
BITES = 10
"""So many tickets are looked through in a commit, and so many commits in a round."""
_PROGRESS = "rules.time."
_ALL = "all"


@dataclass(frozen=True, slots=True)
class Waits:
    """On how many tickets a rule waits, and about how many it would be asked at once."""

    rule: str
    tickets: int
    due: int


def look_through_tickets(store: Store, timing: Timing, now: datetime) -> bool:
    """One round: rules begin to wait on tickets, and those that are gone wait no more. Answers whether there may be more to do."""
    with store.reading() as tx:
        if not find_behind(tx, timing) and not _find_gone(tx, timing):
            return False
    for _ in range(BITES):
        with store.writing() as tx:
            if not _take_bite(tx, timing, now):
                return False
    return True


def count_waits(tx: Transaction, timing: Timing, now: datetime) -> Iterator[Waits]:
    """For each time rule, as it is written; of rules that no daemon has taken yet, what it would find."""
    behind = find_behind(tx, timing)
    fresh: dict[str, list[Stay]] = {rule: [] for rule in behind}
    above = 0
    while behind and (numbers := stays.find_tickets(tx, above, BITE)):
        for stay, _ in _renewed(tx, timing, behind, numbers, now):
            fresh[stay.rule].append(stay)
        above = numbers[-1]
    for rule in timing.rules:
        found = fresh.get(rule.id)
        yield Waits(rule.id, *(stays.count(tx, rule.id, now) if found is None else _count(found, now)))


def _count(found: Sequence[Stay], now: datetime) -> tuple[int, int]:
    due = {stay.ticket for stay in found if stay.due and stay.due <= now}
    return len({stay.ticket for stay in found}), len(due)


def _take_bite(tx: Transaction, timing: Timing, now: datetime) -> bool:
    """False: there is none."""
    await_turn(tx)
    for gone in _find_gone(tx, timing):
        stays.forget_rule(tx, gone)
        switches.forget(tx, _PROGRESS + gone)
    behind = find_behind(tx, timing)
    if not behind:
        return False
    start = min(behind.values())
    rules = [rule for rule, through in behind.items() if through == start]
    numbers = stays.find_tickets(tx, start, BITE)
    over = {(stay.ticket, stay.rule, stay.about) for stay in stays.find_on(tx, numbers) if stay.rule in rules}
    for stay, earlier in _renewed(tx, timing, rules, numbers, now):
        over.discard((stay.ticket, stay.rule, stay.about))
        if stay != earlier:
            stays.store(tx, stay)
    for key in over:
        stays.end(tx, StayEnded(*key))
    through = str(numbers[-1]) if len(numbers) == BITE else _ALL
    for rule in rules:
        switches.store(tx, _PROGRESS + rule, f"{_as_written(timing)[rule]} {through}")
    return True


def _renewed(
    tx: Transaction, timing: Timing, rules: Iterable[str], numbers: list[int], now: datetime
) -> Iterator[tuple[Stay, Stay | None]]:
    """The stays of these rules on these tickets, as the rules are written by now, each with what is stored of it."""
    wanted = [rule for rule in timing.rules if rule.id in rules]
    standing: dict[tuple[int, str], dict[int, Stay]] = {}
    for stay in stays.find_on(tx, numbers):
        standing.setdefault((stay.ticket, stay.rule), {})[stay.about] = stay
    for ticket in ticket_views(tx, numbers).values():
        for rule in wanted:
            earlier = standing.get((ticket.number, rule.id), {})
            yield from ((stay, earlier.get(about)) for about, stay in timing.renew(rule, ticket, earlier, now).items())


def find_behind(tx: Transaction, timing: Timing) -> Mapping[str, int]:
    """The rules that have not seen all tickets as they are written now, and the last one that each has seen."""
    known = {name.removeprefix(_PROGRESS): value.partition(" ")[::2] for name, value in switches.find_all(tx, _PROGRESS)}
    behind: dict[str, int] = {}
    for rule, written in _as_written(timing).items():
        before, through = known.get(rule, ("", ""))
        if before != written:
            behind[rule] = 0
        elif through != _ALL:
            behind[rule] = int(through)
    return behind


def _find_gone(tx: Transaction, timing: Timing) -> frozenset[str]:
    """The rules that have waited on tickets, and are there no longer."""
    known = frozenset(name.removeprefix(_PROGRESS) for name, _ in switches.find_all(tx, _PROGRESS))
    return known - {rule.id for rule in timing.rules}


def _as_written(timing: Timing) -> Mapping[str, str]:
    return {rule.id: timing.describe(rule) for rule in timing.rules}
