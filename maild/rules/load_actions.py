"""YAML nodes → actions: how each action of RULES.md 4 is written, what it names, and at which moments it may stand.

A reader returns no actions where something is wrong; the fault is then already noted. Those of letters are in `load_letters`, those of work
in `load_work`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from maild.config.nodes import Entry, Node, Scalar, Table
from maild.rules.action_scope import ACTION_KEYS, STATUSES, Scope, read_text
from maild.rules.actions import Action, Allow, Divert, Note, Score, SetField, Tag, Untag
from maild.rules.fields import AGENTS, PRIORITIES, QUEUES, TEAMS, TIERS, Known
from maild.rules.load_letters import read_ack, read_close, read_forward, read_notify, read_reply
from maild.rules.load_work import read_assign, read_fork, read_hold, read_snooze, read_task
from maild.rules.loading import Loading
from maild.rules.senders import SetSender
from maild.rules.strings import Text
from maild.rules.verdict import ABOUT_DEPARTMENTS, Event, Fate

_INTAKE = frozenset({Event.MAIL_RECEIVED})
_ALWAYS = frozenset(Event) - ABOUT_DEPARTMENTS
_ON_TICKETS = _ALWAYS - _INTAKE
_PLANNED_ACTIONS = ("verify", "ask_rating")
_PLANNED_SETTINGS = ("sla",)
SENDER = "sender"
"""What `set` can set beside fields of the ticket, at `mail.received` only."""
_OPENING = frozenset({Event.TICKET_CREATED})
_WRITING = frozenset({Event.TICKET_CREATED, Event.MESSAGE_CUSTOMER})
MOST_POINTS = 1000


def read_actions(node: Node, loading: Loading, events: tuple[Event, ...], captured: tuple[str, ...]) -> tuple[Action, ...]:
    """The actions of a rule's `do`, in order."""
    items = loading.items(node, '"do"')
    tables = [loading.table(item, "an action") for item in items or ()]
    scope = Scope(loading, events, captured)
    return tuple(action for table in tables if table for entry in table.entries for action in _read_action(entry, scope))


def _read_action(entry: Entry, scope: Scope) -> list[Action]:
    name = entry.key.text
    if name not in ACTIONS:
        scope.loading.refuse_unknown("action", entry.key, ACTIONS, _PLANNED_ACTIONS)
        return []
    misplaced = [event.value for event in scope.events if event not in ACTIONS[name].events]
    if misplaced and ABOUT_DEPARTMENTS.intersection(scope.events):
        fitting = ", ".join(word for word, action in ACTIONS.items() if action.events & ABOUT_DEPARTMENTS)
        scope.loading.add(entry.key.place, "E304", f'"{name}" cannot stand in a rule that concerns no ticket; only {fitting} can')
    elif misplaced:
        where = _describe_events(ACTIONS[name].events)
        scope.loading.add(entry.key.place, "E304", f'"{name}" cannot stand in a rule for {", ".join(misplaced)}; {where}')
    return ACTIONS[name].read(entry, scope)


def _describe_events(events: frozenset[Event]) -> str:
    """The shorter of two ways to say which."""
    named, others = (
        [event.value for event in Event if (event in events) is wanted and event not in ABOUT_DEPARTMENTS] for wanted in (True, False)
    )
    return f"only for {', '.join(named)}" if len(named) <= len(others) else f"it can for all but {', '.join(others)}"


def _read_settings(entry: Entry, scope: Scope) -> list[Action]:
    table = scope.loading.table(entry.value, f'"{entry.key.text}"')
    return [action for inner in (table.entries if table else ()) for action in _read_setting(inner, scope, entry.key.text == "default")]


def _read_setting(entry: Entry, scope: Scope, only_undecided: bool) -> list[Action]:
    name = entry.key.text
    if name == SENDER:
        return _read_sender(entry, scope, only_undecided)
    if not name.removeprefix("field.") or (name not in SETTINGS and not name.startswith("field.")):
        scope.loading.refuse_unknown("field to set", entry.key, (*SETTINGS, SENDER, "field.<name>"), _PLANNED_SETTINGS)
        return []
    if isinstance(entry.value, Scalar) and entry.value.value is None and (name in CLEARABLE or name.startswith("field.")):
        return [SetField(name, None, only_undecided)]
    known = SETTINGS.get(name)
    text = read_text(entry.value, f'"{name}"', scope)
    nobody = "null" if name in CLEARABLE else ""
    if text is None or (known and isinstance(entry.value, Scalar) and not scope.loading.check_name(entry.value, known, nobody=nobody)):
        return []
    return [SetField(name, text, only_undecided)]


def _read_sender(entry: Entry, scope: Scope, only_undecided: bool) -> list[Action]:
    text = read_text(entry.value, f'"{SENDER}"', scope)
    if only_undecided:
        scope.loading.add(entry.key.place, "E304", 'a mail has a sender already; write "set" and not "default"')
    elif misplaced := [event.value for event in scope.events if event not in _INTAKE]:
        message = f'"{SENDER}" cannot be set in a rule for {misplaced[0]}; only for {Event.MAIL_RECEIVED.value}'
        scope.loading.add(entry.key.place, "E304", message)
    return [SetSender(text, scope.loading.settings)] if text else []


def _read_tags(entry: Entry, scope: Scope) -> list[Action]:
    scalars = scope.loading.scalars(entry.value)
    tags = tuple(tag for scalar in scalars or () if (tag := _read_tag(scalar, f'"{entry.key.text}"', scope)))
    if not tags:
        return []
    return [Tag(tags) if entry.key.text == "tag" else Untag(tags)]


def _read_tag(scalar: Scalar, what: str, scope: Scope) -> Text | None:
    """What is filled in is looked at when the rule fires."""
    text = read_text(scalar, what, scope)
    written = "".join(piece if isinstance(piece, str) else "…" for piece in text.pieces) if text else ""
    return text if text and scope.loading.check_tag(scalar, written) else None


def _read_note(entry: Entry, scope: Scope) -> list[Action]:
    text = read_text(entry.value, '"note"', scope)
    return [Note(text)] if text else []


def _read_divert(entry: Entry, scope: Scope) -> list[Action]:
    reason = read_text(entry.value, f'"{entry.key.text}" (the reason)', scope)
    fate = Fate.QUARANTINE if entry.key.text == "quarantine" else Fate.DROP
    return [Divert(fate, reason)] if reason else []


def _read_allow(entry: Entry, scope: Scope) -> list[Action]:
    reason = read_text(entry.value, '"allow" (the reason)', scope)
    return [Allow(reason)] if reason else []


def _read_score(entry: Entry, scope: Scope) -> list[Action]:
    """A number alone, or with a reason beside it."""
    loading = scope.loading
    if not isinstance(entry.value, Table):
        points = _read_points(entry.value, loading)
        return [Score(points)] if points else []
    found = loading.entries(entry.value, "score", ACTION_KEYS["score"])
    if "points" not in found:
        loading.add(entry.value.place, "E107", '"score" needs "points"')
    points = _read_points(found["points"].value, loading) if "points" in found else None
    why = read_text(found["reason"].value, '"reason"', scope) if "reason" in found else None
    return [Score(points, why)] if points and (why or "reason" not in found) else []


def _read_points(node: Node, loading: Loading) -> float | None:
    number = node.value if isinstance(node, Scalar) else None
    if isinstance(number, int | float) and not isinstance(number, bool) and 0 < abs(number) <= MOST_POINTS:
        return number
    loading.add(node.place, "E301", f'"score" takes points such as 3, +2.5 or -4, at most {MOST_POINTS}, and not 0')
    return None


@dataclass(frozen=True, slots=True)
class _ActionReader:
    """One row of the table: how an action is read, and at which moments it may stand."""

    read: Callable[[Entry, Scope], list[Action]]
    events: frozenset[Event]


CLEARABLE = ("owner", "team", "language")
SETTINGS: Mapping[str, Known | None] = {
    "queue": QUEUES,
    "status": STATUSES,
    "priority": PRIORITIES,
    "tier": TIERS,
    "owner": AGENTS,
    "team": TEAMS,
    "language": None,
}
ACTIONS: Mapping[str, _ActionReader] = {
    "set": _ActionReader(_read_settings, _ALWAYS),
    "default": _ActionReader(_read_settings, _ALWAYS),
    "tag": _ActionReader(_read_tags, _ALWAYS),
    "untag": _ActionReader(_read_tags, _ALWAYS),
    "assign": _ActionReader(read_assign, _ON_TICKETS),
    "ack": _ActionReader(read_ack, _ON_TICKETS),
    "reply": _ActionReader(read_reply, _ON_TICKETS),
    "note": _ActionReader(_read_note, _ON_TICKETS),
    "notify": _ActionReader(read_notify, _ON_TICKETS | ABOUT_DEPARTMENTS),
    "forward": _ActionReader(read_forward, _WRITING),
    "close": _ActionReader(read_close, _ON_TICKETS),
    "snooze": _ActionReader(read_snooze, _ON_TICKETS),
    "task": _ActionReader(read_task, _ON_TICKETS),
    "hold": _ActionReader(read_hold, _ALWAYS),
    "fork": _ActionReader(read_fork, _OPENING),
    "allow": _ActionReader(_read_allow, _INTAKE),
    "quarantine": _ActionReader(_read_divert, _INTAKE),
    "drop": _ActionReader(_read_divert, _INTAKE),
    "score": _ActionReader(_read_score, _INTAKE),
}
