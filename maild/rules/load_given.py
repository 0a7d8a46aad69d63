"""YAML nodes → what is given in a test of rules (RULES.md 6): the ticket the mail answers, who writes, how much there is to do."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from maild.background import NO_BACKGROUND, Background
from maild.config.nodes import Entry, Node, Scalar
from maild.rules.cases import GivenTicket
from maild.rules.fields import AGENTS, FIELDS, PRIORITIES, QUEUES, STATUSES, TEAMS, TIERS, Known
from maild.rules.load_operators import read_number
from maild.rules.loading import Loading
from maild.rules.spans import LONGEST
from maild.ticket import Priority, Status, Tier

KNOWN: Mapping[str, Known] = {
    "queue": QUEUES,
    "status": STATUSES,
    "priority": PRIORITIES,
    "tier": TIERS,
    "owner": AGENTS,
    "team": TEAMS,
}
TICKET_KEYS = (*KNOWN, "tags", "age", "replies", "waiting", "idle", "reopened")
"""One of these, or a `field.<name>`, means that the mail answers a ticket that stands already."""
BESIDE_KEYS = ("customer", "load", "length", "away")
GIVEN_KEYS = (*TICKET_KEYS, *BESIDE_KEYS)
CUSTOMER_KEYS = ("tickets", "last_agent", "tags")
REPLY_KEYS = ("customer", "agent")
_PLANNED_CUSTOMER_KEYS = ("plan", "org", "verified")
_FIELD = "field."


@dataclass(frozen=True, slots=True)
class Given:
    """`ticket` None: the mail is new. `away` are the agents who are, by key."""

    ticket: GivenTicket | None = None
    background: Background = NO_BACKGROUND
    away: frozenset[str] = frozenset()


NOTHING_GIVEN = Given()


def read_given(node: Node, queue: str, at: datetime, loading: Loading) -> Given:
    """`queue`: of a ticket for which none is named. Where something is wrong the fault is noted, and it is as if it were not given."""
    table = loading.table(node, '"given"')
    if table is None:
        return NOTHING_GIVEN
    own = tuple(entry.key.text for entry in table.entries if entry.key.text.startswith(_FIELD))
    found = loading.entries(table, "given", (*GIVEN_KEYS, *own))
    is_answer = bool(own) or any(name in found for name in TICKET_KEYS)
    ticket = _read_ticket(found, queue, loading) if is_answer else None
    return Given(ticket, _read_background(found, at, loading), frozenset(_names(found.get("away"), AGENTS, loading)))


def _read_ticket(found: Mapping[str, Entry], queue: str, loading: Loading) -> GivenTicket:
    texts = {name: next(iter(_names(found.get(name), known, loading)), None) for name, known in KNOWN.items()}
    replies = _entries(found.get("replies"), REPLY_KEYS, loading)
    own = {name.removeprefix(_FIELD): entry for name, entry in found.items() if name.startswith(_FIELD)}
    ticket = GivenTicket(
        queue=texts["queue"] or queue,
        status=Status(texts["status"] or Status.OPEN.value),
        priority=Priority(texts["priority"] or Priority.NORMAL.value),
        tier=Tier(texts["tier"] or Tier.L1.value),
        owner=texts["owner"],
        team=texts["team"],
        tags=_tags(found.get("tags"), loading),
        fields={name: loading.text(entry.value, f'"{entry.key.text}"') or "" for name, entry in own.items()},
        customer_messages=_count(replies.get("customer"), loading) if "customer" in replies else 1,
        agent_messages=_count(replies.get("agent"), loading),
    )
    age = _duration(found.get("age"), loading)
    return replace(ticket, age=age) if age else ticket


def _read_background(found: Mapping[str, Entry], at: datetime, loading: Loading) -> Background:
    customer = _entries(found.get("customer"), CUSTOMER_KEYS, loading, _PLANNED_CUSTOMER_KEYS)
    waited, idle = (_duration(found.get(name), loading) for name in ("waiting", "idle"))
    return Background(
        tickets=_count(customer.get("tickets"), loading),
        tags=_tags(customer.get("tags"), loading),
        last_agent=next(iter(_names(customer.get("last_agent"), AGENTS, loading)), None),
        loads=_counts(found.get("load"), AGENTS, loading),
        lengths=_counts(found.get("length"), QUEUES, loading),
        waits_since=at - waited if waited else None,
        changed=at - idle if idle else None,
        reopenings=_count(found.get("reopened"), loading),
    )


def _entries(entry: Entry | None, keys: tuple[str, ...], loading: Loading, planned: tuple[str, ...] = ()) -> dict[str, Entry]:
    table = loading.table(entry.value, f'"{entry.key.text}"') if entry else None
    return loading.entries(table, entry.key.text, keys, planned) if entry and table else {}


def _counts(entry: Entry | None, known: Known, loading: Loading) -> Mapping[str, int]:
    """A number for each agent, or each queue."""
    table = loading.table(entry.value, f'"{entry.key.text}"') if entry else None
    return {inner.key.text: _count(inner, loading) for inner in (table.entries if table else ()) if loading.check_name(inner.key, known)}


def _count(entry: Entry | None, loading: Loading) -> int:
    """0 where nothing stands."""
    value = entry.value.value if entry and isinstance(entry.value, Scalar) else None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    if entry:
        loading.add(entry.value.place, "E301", f'"{entry.key.text}" takes a number')
    return 0


def _duration(entry: Entry | None, loading: Loading) -> timedelta | None:
    seconds = read_number(entry.value, FIELDS[entry.key.text], loading) if entry else None
    if entry and seconds is not None and seconds > LONGEST.total_seconds():
        loading.add(entry.value.place, "E302", f'"{entry.key.text}" is a hundred years at most')
        return None
    return None if seconds is None else timedelta(seconds=seconds)


def _names(entry: Entry | None, known: Known, loading: Loading) -> tuple[str, ...]:
    scalars = loading.scalars(entry.value) if entry else ()
    return tuple(scalar.text for scalar in scalars or () if loading.check_name(scalar, known))


def _tags(entry: Entry | None, loading: Loading) -> frozenset[str]:
    return loading.tags(entry.value) if entry else frozenset()
