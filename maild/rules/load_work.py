"""YAML nodes → the actions of RULES.md 4 that give somebody work: an owner, a task, a date, a second ticket."""

from collections.abc import Iterable, Iterator, Mapping

from maild.config.nodes import Entry, Node, Scalar, Table, walk_entries
from maild.desk.assignment import Pick, Search
from maild.rules.action_scope import ACTION_KEYS, Scope, read_name, read_text, read_when
from maild.rules.actions import Action, Assign, SetField
from maild.rules.conditions import Condition
from maild.rules.distribution import Distribute
from maild.rules.fields import AGENTS, CALENDARS, QUEUES, TEAMS, Known
from maild.rules.load_times import find_queues, read_clock, read_length
from maild.rules.loading import Loading
from maild.rules.time_forms import Clock
from maild.rules.work import Fork, GiveTask, Hold, OpenTime, Snooze, When

_NOBODY = '"set: {owner: null}" instead'
RECEIVERS = ("lead", "owner")
_SEARCHING = frozenset({"pick", "cap", "hours"})
_PICKS = Known("pick", "E302", lambda _: (pick.value for pick in Pick))


def read_assign(entry: Entry, scope: Scope) -> list[Action]:
    loading = scope.loading
    if isinstance(entry.value, Scalar):
        return [Assign(entry.value.text, None)] if loading.check_name(entry.value, AGENTS, nobody=_NOBODY) else []
    table = loading.table(entry.value, '"assign"')
    if table is None:
        return []
    found = loading.entries(table, "assign", ACTION_KEYS["assign"])
    team = read_name(found.get("team"), TEAMS, loading)
    if found.keys() & _SEARCHING:
        return _read_search(found, team, loading)
    agent = read_name(found.get("to"), AGENTS, loading)
    if not found and not table.entries:
        loading.add(table.place, "E107", '"assign" needs "to", "team" or "pick"')
    return [Assign(agent, team)] if agent or team else []


def _read_search(found: Mapping[str, Entry], team: str | None, loading: Loading) -> list[Action]:
    """`pick` is `least_loaded` where nothing else stands there."""
    if "to" in found:
        loading.add(found["to"].key.place, "E304", '"to" names who gets it, so that there is nobody to look for: leave it out')
    picks = tuple(_read_picks(found["pick"], loading)) if "pick" in found else (Pick.LEAST_LOADED,)
    cap = _read_cap(found["cap"], loading) if "cap" in found else None
    hours = read_name(found.get("hours"), CALENDARS, loading)
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


def read_snooze(entry: Entry, scope: Scope) -> list[Action]:
    when = read_when(entry, scope)
    return [Snooze(when)] if when else []


def read_task(entry: Entry, scope: Scope) -> list[Action]:
    loading, settings = scope.loading, scope.loading.settings
    table = loading.table(entry.value, '"task"')
    if table is None:
        return []
    found = loading.entries(table, "task", ACTION_KEYS["task"])
    for key in ("title", "for"):
        if key not in found:
            loading.add(table.place, "E107", f'"task" needs "{key}"')
    title = read_text(found["title"].value, '"title"', scope) if "title" in found else None
    receiver = read_name(found.get("for"), _TASK_RECEIVERS, loading)
    due = _read_due(found, scope)
    if title is None or receiver is None or (due is None and "due" in found):
        return []
    return [GiveTask(title, receiver, due, {key: queue.lead for key, queue in settings.queues.items() if queue.lead})]


def _read_due(found: Mapping[str, Entry], scope: Scope) -> When | OpenTime | None:
    """By the business clock a duration only: `fri 9:00` is a moment already, whoever is open until then."""
    loading = scope.loading
    clock = read_clock(found.get("clock"), loading)
    if "due" not in found:
        if clock is Clock.BUSINESS:
            loading.add(found["clock"].key.place, "E107", '"clock: business" needs "due": a duration, of which opening hours count')
        return None
    if clock is not Clock.BUSINESS:
        return read_when(found["due"], scope)
    length = read_length(found["due"], loading, 'with "clock: business" ')
    return OpenTime(length, loading.settings) if length else None


def warn_of_clocks(do: Node, actions: Iterable[Action], condition: Condition, loading: Loading) -> None:
    """`clock: business` of a task, in a rule that fires in no department with a calendar. `condition` and `actions` are the rule's: where
    it sets the department itself, that may be any."""
    moves = any(isinstance(action, SetField) and action.name == "queue" for action in actions)
    queues = loading.settings.queues.values() if moves else find_queues(condition, loading.settings)
    if any(queue.calendar for queue in queues):
        return
    tasks = (entry.value for entry in walk_entries(do) if entry.key.text == "task")
    clocks = (clock for task in tasks if isinstance(task, Table) and (clock := task.get("clock")))
    for clock in (clock for clock in clocks if isinstance(clock, Scalar) and clock.text == Clock.BUSINESS.value):
        message = "is the real one here: no department in which this rule can give a task has a calendar"
        loading.add(clock.place, "W319", f'"clock: business" {message}')


def read_hold(entry: Entry, scope: Scope) -> list[Action]:
    reason = read_text(entry.value, '"hold" (the reason)', scope)
    return [Hold(reason)] if reason else []


def read_fork(entry: Entry, scope: Scope) -> list[Action]:
    loading = scope.loading
    if isinstance(entry.value, Scalar):
        return [Fork(entry.value.text)] if loading.check_name(entry.value, QUEUES) else []
    table = loading.table(entry.value, '"fork"')
    found = loading.entries(table, "fork", ACTION_KEYS["fork"]) if table else {}
    if table and "queue" not in found:
        loading.add(table.place, "E107", '"fork" needs "queue"')
    queue = read_name(found.get("queue"), QUEUES, loading)
    return [Fork(queue)] if queue else []


_TASK_RECEIVERS = Known("receiver", "E204", lambda settings: (*RECEIVERS, *settings.agents))
