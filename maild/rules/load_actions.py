"""YAML nodes → actions: how each action of RULES.md 4 is written, what it names, and at which moments it may stand.

A reader returns no actions where something is wrong; the fault is then already noted.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from maild.config.faults import did_you_mean
from maild.config.nodes import Entry, Node, Scalar, Table
from maild.config.readers import bare_address
from maild.config.settings import Settings
from maild.desk.assignment import Pick, Search
from maild.rules.actions import Ack, Action, Allow, Assign, Close, Divert, Forward, Note, Notify, Reply, Score, SetField, Tag, Untag, Values
from maild.rules.distribution import Distribute
from maild.rules.fields import AGENTS, CALENDARS, PRIORITIES, QUEUES, TEAMS, TIERS, Known
from maild.rules.loading import Loading
from maild.rules.strings import FAMILIES, Text, known_names, parse_text
from maild.rules.verdict import Event, Fate
from maild.rules.work import Fork, GiveTask, Hold, Snooze, When, parse_when
from maild.ticket import Status

_INTAKE = frozenset({Event.MAIL_RECEIVED})
_ON_TICKETS = frozenset(Event) - _INTAKE
_ALWAYS = frozenset(Event)
_PLANNED_ACTIONS = ("verify", "ask_rating")
_PLANNED_SETTINGS = ("sla", "sender")
_OPENING = frozenset({Event.TICKET_CREATED})
TITLES, MOST_TITLES = "kb_titles", 10
_WRITING = frozenset({Event.TICKET_CREATED, Event.MESSAGE_CUSTOMER})
MOST_FORWARDS = 5
FORWARDED = "forwarded"
"""The template of what goes to somebody outside, where a rule names no other."""
RECEIVERS = ("lead", "owner")
AUDIENCES = ("owner", "lead", "agents", "admins")
ACTION_KEYS: Mapping[str, tuple[str, ...]] = {
    "assign": ("to", "team", "pick", "cap", "hours"),
    "ack": ("template",),
    "reply": ("template", "then"),
    "notify": ("who", "template"),
    "forward": ("to", "template"),
    "close": ("template",),
    "task": ("title", "for", "due", "clock"),
    "fork": ("queue",),
    "score": ("points", "reason"),
}
"""What the table of an action may hold; where it names a template, whatever else stands there is a value for that."""
SETTABLE = (Status.NEW, Status.OPEN, Status.WAITING, Status.CLOSED, Status.SPAM)
_SEARCHING = frozenset({"pick", "cap", "hours"})
_PICKS = Known("pick", "E302", lambda _: (pick.value for pick in Pick))
MOST_POINTS = 1000
_STATUSES = Known("status", "E302", lambda _: (status.value for status in SETTABLE))


@dataclass(frozen=True, slots=True)
class _Scope:
    """The rule around an action: its events, and the names its conditions capture."""

    loading: Loading
    events: tuple[Event, ...]
    captured: tuple[str, ...]


def read_actions(node: Node, loading: Loading, events: tuple[Event, ...], captured: tuple[str, ...]) -> tuple[Action, ...]:
    """The actions of a rule's `do`, in order."""
    items = loading.items(node, '"do"')
    tables = [loading.table(item, "an action") for item in items or ()]
    scope = _Scope(loading, events, captured)
    return tuple(action for table in tables if table for entry in table.entries for action in _read_action(entry, scope))


def _read_action(entry: Entry, scope: _Scope) -> list[Action]:
    name = entry.key.text
    if name not in ACTIONS:
        scope.loading.refuse_unknown("action", entry.key, ACTIONS, _PLANNED_ACTIONS)
        return []
    misplaced = [event.value for event in scope.events if event not in ACTIONS[name].events]
    if misplaced:
        fitting = ", ".join(event.value for event in Event if event in ACTIONS[name].events)
        scope.loading.add(entry.key.place, "E304", f'"{name}" cannot stand in a rule for {misplaced[0]}; only for {fitting}')
    return ACTIONS[name].read(entry, scope)


def _read_settings(entry: Entry, scope: _Scope) -> list[Action]:
    table = scope.loading.table(entry.value, f'"{entry.key.text}"')
    return [action for inner in (table.entries if table else ()) for action in _read_setting(inner, scope, entry.key.text == "default")]


def _read_setting(entry: Entry, scope: _Scope, only_undecided: bool) -> list[Action]:
    name = entry.key.text
    if not name.removeprefix("field.") or (name not in SETTINGS and not name.startswith("field.")):
        scope.loading.refuse_unknown("field to set", entry.key, (*SETTINGS, "field.<name>"), _PLANNED_SETTINGS)
        return []
    if isinstance(entry.value, Scalar) and entry.value.value is None and (name in CLEARABLE or name.startswith("field.")):
        return [SetField(name, None, only_undecided)]
    known = SETTINGS.get(name)
    text = _read_text(entry.value, f'"{name}"', scope)
    if text is None or (known and isinstance(entry.value, Scalar) and not scope.loading.check_name(entry.value, known)):
        return []
    return [SetField(name, text, only_undecided)]


def _read_tags(entry: Entry, scope: _Scope) -> list[Action]:
    scalars = scope.loading.scalars(entry.value)
    texts = [_read_text(scalar, f'"{entry.key.text}"', scope) for scalar in scalars or ()]
    tags = tuple(text for text in texts if text)
    if not tags:
        return []
    return [Tag(tags) if entry.key.text == "tag" else Untag(tags)]


def _read_assign(entry: Entry, scope: _Scope) -> list[Action]:
    loading = scope.loading
    if isinstance(entry.value, Scalar):
        return [Assign(entry.value.text, None)] if loading.check_name(entry.value, AGENTS) else []
    table = loading.table(entry.value, '"assign"')
    if table is None:
        return []
    found = loading.entries(table, "assign", ACTION_KEYS["assign"])
    team = _read_name(found.get("team"), TEAMS, loading)
    if found.keys() & _SEARCHING:
        return _read_search(found, team, loading)
    agent = _read_name(found.get("to"), AGENTS, loading)
    if not found and not table.entries:
        loading.add(table.place, "E107", '"assign" needs "to", "team" or "pick"')
    return [Assign(agent, team)] if agent or team else []


def _read_search(found: Mapping[str, Entry], team: str | None, loading: Loading) -> list[Action]:
    """`pick` is `least_loaded` where nothing else stands there."""
    if "to" in found:
        loading.add(found["to"].key.place, "E304", '"to" names who gets it, so that there is nobody to look for: leave it out')
    picks = tuple(_read_picks(found["pick"], loading)) if "pick" in found else (Pick.LEAST_LOADED,)
    cap = _read_cap(found["cap"], loading) if "cap" in found else None
    hours = _read_name(found.get("hours"), CALENDARS, loading)
    return [Distribute(Search(picks, team, cap, hours), loading.settings)]


def _read_picks(entry: Entry, loading: Loading) -> Iterator[Pick]:
    for scalar in loading.scalars(entry.value) or ():
        if loading.check_name(scalar, _PICKS):
            yield Pick(scalar.text)


def _read_cap(entry: Entry, loading: Loading) -> int | None:
    value = entry.value.value if isinstance(entry.value, Scalar) else None
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        return value
    loading.add(entry.value.place, "E301", '"cap" takes a number of tickets, at least 1')
    return None


def _read_name(entry: Entry | None, known: Known, loading: Loading) -> str | None:
    if entry is None:
        return None
    text = loading.text(entry.value, f'"{entry.key.text}"')
    return text if text and isinstance(entry.value, Scalar) and loading.check_name(entry.value, known) else None


def _read_ack(entry: Entry, scope: _Scope) -> list[Action]:
    if isinstance(entry.value, Scalar) and isinstance(entry.value.value, bool):
        return [Ack(entry.value.value)]
    if not isinstance(entry.value, Table):
        scope.loading.add(entry.value.place, "E301", '"ack" takes true, false or {template: NAME}')
        return []
    _warn_of_titles(entry.value, scope)
    template = _read_template(entry, scope)
    return [Ack(True, template, _read_values(entry, scope))] if template else []


def _warn_of_titles(table: Table, scope: _Scope) -> None:
    """How many titles of the knowledge base an acknowledgement names (PRODUCT 4). There is none yet, and no template gets the number."""
    if titles := next((entry for entry in table.entries if entry.key.text == TITLES), None):
        if isinstance(titles.value, Scalar) and type(titles.value.value) is int and 0 <= titles.value.value <= MOST_TITLES:
            scope.loading.add(titles.key.place, "W300", '"kb_titles" is not built yet and has no effect: there is no knowledge base')
        else:
            scope.loading.add(titles.value.place, "E301", f'"kb_titles" takes a number from 0 to {MOST_TITLES}')


def _read_reply(entry: Entry, scope: _Scope) -> list[Action]:
    table = scope.loading.table(entry.value, '"reply"')
    then = table.get("then") if table else None
    template = _read_template(entry, scope) if table else None
    if not template or (then and not (isinstance(then, Scalar) and scope.loading.check_name(then, _STATUSES))):
        return []
    status = Status(then.text) if isinstance(then, Scalar) else None
    return [Reply(template, status, _read_values(entry, scope))]


def _read_note(entry: Entry, scope: _Scope) -> list[Action]:
    text = _read_text(entry.value, '"note"', scope)
    return [Note(text)] if text else []


def _read_notify(entry: Entry, scope: _Scope) -> list[Action]:
    table = scope.loading.table(entry.value, '"notify"')
    if table is None:
        return []
    template = _read_template(entry, scope)
    who = _read_audience(table, scope.loading)
    return [Notify(who, template, _read_values(entry, scope))] if template and who else []


def _read_audience(table: Table, loading: Loading) -> tuple[str, ...]:
    node = table.get("who")
    if node is None:
        loading.add(table.place, "E107", f'"notify" needs "who": {", ".join(AUDIENCES)}, an agent or a team')
        return ()
    known = (*AUDIENCES, *loading.settings.agents, *loading.settings.teams)
    scalars = loading.scalars(node) or ()
    for scalar in scalars:
        if scalar.text not in known:
            loading.add(scalar.place, "E204", f'"{scalar.text}" is no agent or team{did_you_mean(scalar.text, known)}')
    return tuple(scalar.text for scalar in scalars if scalar.text in known)


def _read_forward(entry: Entry, scope: _Scope) -> list[Action]:
    """An address; or a table of some, with a template and values for that."""
    if not isinstance(entry.value, Table):
        to = _read_outsiders(entry.value, scope.loading)
        return [Forward(to, FORWARDED)] if to else []
    node = entry.value.get("to")
    if node is None:
        scope.loading.add(entry.value.place, "E107", '"forward" needs "to": an address, or a list of addresses')
        return []
    to = _read_outsiders(node, scope.loading)
    template = _read_template(entry, scope) if entry.value.get("template") else FORWARDED
    return [Forward(to, template, _read_values(entry, scope))] if to and template else []


def _read_outsiders(node: Node, loading: Loading) -> tuple[str, ...]:
    """Addresses of people who are neither agents nor the desk itself; none where one of them is wrong."""
    scalars = loading.scalars(node) or ()
    found = [bare_address(scalar.text) for scalar in scalars]
    for scalar, address in zip(scalars, found, strict=True):
        if fault := _why_no_outsider(scalar.text, address, loading.settings):
            loading.add(scalar.place, "E302", fault)
            return ()
    if len(scalars) > MOST_FORWARDS:
        loading.add(node.place, "E302", f'"forward" takes {MOST_FORWARDS} addresses at most')
        return ()
    return tuple(dict.fromkeys(address for address in found if address))


def _why_no_outsider(written: str, address: str | None, settings: Settings) -> str:
    if address is None:
        return f'"{written[:60]}" is no address such as parts@supplier.example'
    if settings.is_own_address(address):
        return f'{address} is the desk\'s own; "set: {{queue: …}}" moves a ticket, and "fork" opens a second one'
    if agent := settings.agent_at(address):
        return f'{address} is an agent\'s; write "notify: {{who: {agent.key}, template: …}}"'
    return ""


def _read_close(entry: Entry, scope: _Scope) -> list[Action]:
    if isinstance(entry.value, Scalar) and entry.value.value is True:
        return [Close()]
    if not isinstance(entry.value, Table):
        scope.loading.add(entry.value.place, "E301", '"close" takes true or {template: NAME}')
        return []
    scope.loading.entries(entry.value, "close", ACTION_KEYS["close"])
    template = _read_template(entry, scope)
    return [Close(template)] if template else []


def _read_divert(entry: Entry, scope: _Scope) -> list[Action]:
    reason = _read_text(entry.value, f'"{entry.key.text}" (the reason)', scope)
    fate = Fate.QUARANTINE if entry.key.text == "quarantine" else Fate.DROP
    return [Divert(fate, reason)] if reason else []


def _read_allow(entry: Entry, scope: _Scope) -> list[Action]:
    reason = _read_text(entry.value, '"allow" (the reason)', scope)
    return [Allow(reason)] if reason else []


def _read_snooze(entry: Entry, scope: _Scope) -> list[Action]:
    when = _read_when(entry, scope)
    return [Snooze(when)] if when else []


def _read_task(entry: Entry, scope: _Scope) -> list[Action]:
    loading, settings = scope.loading, scope.loading.settings
    table = loading.table(entry.value, '"task"')
    if table is None:
        return []
    found = loading.entries(table, "task", ACTION_KEYS["task"])
    for key in ("title", "for"):
        if key not in found:
            loading.add(table.place, "E107", f'"task" needs "{key}"')
    title = _read_text(found["title"].value, '"title"', scope) if "title" in found else None
    receiver = _read_name(found.get("for"), _TASK_RECEIVERS, loading)
    due = _read_when(found["due"], scope) if "due" in found else None
    _check_clock(found.get("clock"), loading)
    if title is None or receiver is None or (due is None and "due" in found):
        return []
    return [GiveTask(title, receiver, due, {key: queue.lead for key, queue in settings.queues.items() if queue.lead})]


def _check_clock(entry: Entry | None, loading: Loading) -> None:
    if entry is None:
        return
    text = loading.text(entry.value, '"clock"')
    if text == "business":
        loading.add(entry.value.place, "E109", '"clock: business" is not built yet')
    elif text is not None and text != "real":
        loading.add(entry.value.place, "E302", '"clock" is one of real, business')


def _read_when(entry: Entry, scope: _Scope) -> When | None:
    """A duration, or a time in plain words by the desk's clock."""
    text = scope.loading.text(entry.value, f'"{entry.key.text}"')
    when = parse_when(text, scope.loading.settings.desk.timezone) if text else None
    if isinstance(when, str):
        scope.loading.add(entry.value.place, "E302", when)
        return None
    return when


def _read_hold(entry: Entry, scope: _Scope) -> list[Action]:
    reason = _read_text(entry.value, '"hold" (the reason)', scope)
    return [Hold(reason)] if reason else []


def _read_fork(entry: Entry, scope: _Scope) -> list[Action]:
    loading = scope.loading
    if isinstance(entry.value, Scalar):
        return [Fork(entry.value.text)] if loading.check_name(entry.value, QUEUES) else []
    table = loading.table(entry.value, '"fork"')
    found = loading.entries(table, "fork", ACTION_KEYS["fork"]) if table else {}
    if table and "queue" not in found:
        loading.add(table.place, "E107", '"fork" needs "queue"')
    queue = _read_name(found.get("queue"), QUEUES, loading)
    return [Fork(queue)] if queue else []


def _read_score(entry: Entry, scope: _Scope) -> list[Action]:
    """A number alone, or with a reason beside it."""
    loading = scope.loading
    if not isinstance(entry.value, Table):
        points = _read_points(entry.value, loading)
        return [Score(points)] if points else []
    found = loading.entries(entry.value, "score", ACTION_KEYS["score"])
    if "points" not in found:
        loading.add(entry.value.place, "E107", '"score" needs "points"')
    points = _read_points(found["points"].value, loading) if "points" in found else None
    why = _read_text(found["reason"].value, '"reason"', scope) if "reason" in found else None
    return [Score(points, why)] if points and (why or "reason" not in found) else []


def _read_points(node: Node, loading: Loading) -> float | None:
    number = node.value if isinstance(node, Scalar) else None
    if isinstance(number, int | float) and not isinstance(number, bool) and 0 < abs(number) <= MOST_POINTS:
        return number
    loading.add(node.place, "E301", f'"score" takes points such as 3, +2.5 or -4, at most {MOST_POINTS}, and not 0')
    return None


def _read_template(entry: Entry, scope: _Scope) -> str | None:
    """The mail template an action names; it must be there."""
    table = scope.loading.table(entry.value, f'"{entry.key.text}"')
    node = table.get("template") if table else None
    if node is None:
        scope.loading.add(entry.value.place, "E107", f'"{entry.key.text}" needs "template"')
        return None
    name = scope.loading.text(node, "template")
    if name is None or _template_exists(scope.loading.settings, name):
        return name
    scope.loading.add(node.place, "E203", f'there is no mail template "{name}"')
    return None


def _template_exists(settings: Settings, name: str) -> bool:
    """Asked of the template room only where a rule names one: most rules do not, and Jinja2 takes long to import."""
    from maild.templates.render import template_exists

    return template_exists(settings, name)


def _read_values(entry: Entry, scope: _Scope) -> Values:
    """Whatever else stands in the mapping is a value for the template."""
    entries = entry.value.entries if isinstance(entry.value, Table) else ()
    own_keys = (*ACTION_KEYS[entry.key.text], *((TITLES,) if entry.key.text == "ack" else ()))
    return tuple(value for inner in entries if inner.key.text not in own_keys for value in _read_value(inner, scope))


def _read_value(entry: Entry, scope: _Scope) -> Values:
    name = entry.key.text
    if not name.isidentifier():
        scope.loading.add(entry.key.place, "E302", f'"{name}" cannot be the name of a template\'s value')
        return ()
    if isinstance(entry.value, Scalar) and not isinstance(entry.value.value, str):
        return ((name, entry.value.value),)
    if not isinstance(entry.value, Scalar):
        message = f'"{name}" takes a text or a number; values of a template stand beside it, as in {{template: refund, days: 14}}'
        scope.loading.add(entry.value.place, "E301", message)
        return ()
    text = _read_text(entry.value, f'"{name}"', scope)
    return ((name, text),) if text else ()


def _read_text(node: Node, what: str, scope: _Scope) -> Text | None:
    """A text whose `{{ names }}` are all known."""
    source = scope.loading.text(node, what)
    if source is None:
        return None
    text = parse_text(source)
    if isinstance(text, str):
        families = ", ".join(f"{{{{ {family}.NAME }}}}" for family in FAMILIES)
        scope.loading.add(node.place, "E402", f'"{text[:40]}" names nothing; only {families} can stand here')
        return None
    unknown = [problem for name in text.names if (problem := _unknown_name(name.family, name.name, scope.captured))]
    for problem in unknown:
        scope.loading.add(node.place, "E401", problem)
    return None if unknown else text


def _unknown_name(family: str, name: str, captured: tuple[str, ...]) -> str:
    names = known_names(family, captured)
    if names is None:
        return f'unknown name "{family}.{name}"{did_you_mean(family, FAMILIES)}'
    if name in names or (family == "ticket" and name.startswith("field.")):
        return ""
    if family == "match":
        return f'no pattern of this rule captures "{name}"{did_you_mean(name, names)}'
    return f'unknown name "{family}.{name}"{did_you_mean(name, names)}'


@dataclass(frozen=True, slots=True)
class _ActionReader:
    """One row of the table: how an action is read, and at which moments it may stand."""

    read: Callable[[Entry, _Scope], list[Action]]
    events: frozenset[Event]


_TASK_RECEIVERS = Known("receiver", "E204", lambda settings: (*RECEIVERS, *settings.agents))
CLEARABLE = ("owner", "team", "language")
SETTINGS: Mapping[str, Known | None] = {
    "queue": QUEUES,
    "status": _STATUSES,
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
    "assign": _ActionReader(_read_assign, _ON_TICKETS),
    "ack": _ActionReader(_read_ack, _ON_TICKETS),
    "reply": _ActionReader(_read_reply, _ON_TICKETS),
    "note": _ActionReader(_read_note, _ON_TICKETS),
    "notify": _ActionReader(_read_notify, _ON_TICKETS),
    "forward": _ActionReader(_read_forward, _WRITING),
    "close": _ActionReader(_read_close, _ON_TICKETS),
    "snooze": _ActionReader(_read_snooze, _ON_TICKETS),
    "task": _ActionReader(_read_task, _ON_TICKETS),
    "hold": _ActionReader(_read_hold, _ALWAYS),
    "fork": _ActionReader(_read_fork, _OPENING),
    "allow": _ActionReader(_read_allow, _INTAKE),
    "quarantine": _ActionReader(_read_divert, _INTAKE),
    "drop": _ActionReader(_read_divert, _INTAKE),
    "score": _ActionReader(_read_score, _INTAKE),
}
