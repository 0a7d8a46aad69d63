"""YAML nodes → the time form of a rule's `when` (RULES.md 2)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from maild.config.nodes import Entry, Items, Node, Scalar, Table, walk_entries
from maild.config.settings import Queue, Settings
from maild.rules.conditions import AllOf, Comparison, Condition
from maild.rules.fields import FIELDS, Field, FieldValue
from maild.rules.load_conditions import read_condition
from maild.rules.loading import Loading
from maild.rules.schedules import Schedule, find_schedule_fault
from maild.rules.spans import EXAMPLES, read_span
from maild.rules.time_forms import After, Before, Clock, Cron, Deadline, TimeForm

FORMS = {"after": ("after", "while", "clock"), "before": ("before", "of"), "cron": ("cron", "tz", "each", "while")}
"""By the key that tells which it is, the keys of each form."""
NEEDED = {"after": "while", "before": "of"}
ONCE = "once"
EACH = ("ticket", ONCE)
_PLANNED_DEADLINES = ("sla",)
LONGEST = timedelta(days=5 * 366)


def read_time_form(table: Table, loading: Loading) -> TimeForm | None:
    """The form, None where something is wrong with it; the fault is then noted."""
    form = next((name for name in FORMS if table.key(name)), None)
    if form is None:
        for entry in table.entries:
            loading.refuse_unknown("key", entry.key, FORMS, (), "when")
        if not table.entries:
            loading.add(table.place, "E107", f'"when" needs {" or ".join(FORMS)}')
        return None
    found = loading.entries(table, f'a time rule with "{form}"', FORMS[form])
    if (needed := NEEDED.get(form)) and needed not in found:
        loading.add(table.place, "E107", f'"{form}" needs "{needed}"')
    return _READERS[form](found, loading)


def describe_node(node: Node, loading: Loading) -> str:
    """What is written there, with lists and named conditions in place of their names. Of a node that was read without a fault."""
    match node:
        case Scalar(text=text) if text.startswith("$"):
            return describe_node(Items(node.place, loading.scalars(node) or ()), loading)
        case Scalar(text=text):
            return repr(text)
        case Items(items=items):
            return f"[{', '.join(describe_node(item, loading) for item in items)}]"
        case Table(entries=entries):
            return f"{{{', '.join(_describe_entry(entry, loading) for entry in entries)}}}"
    raise TypeError(node)


def _describe_entry(entry: Entry, loading: Loading) -> str:
    named = loading.conditions.get(entry.value.text) if entry.key.text == "use" and isinstance(entry.value, Scalar) else None
    return f"{entry.key.text}: {describe_node(named or entry.value, loading)}"


def _read_after(found: dict[str, Entry], loading: Loading) -> TimeForm | None:
    lasts = read_length(found["after"], loading)
    clock = read_clock(found.get("clock"), loading)
    state = _read_state(found["while"].value, loading) if "while" in found else None
    if lasts is None or state is None or clock is None:
        return None
    if clock is Clock.BUSINESS and not any(queue.calendar for queue in find_queues(state, loading.settings)):
        message = "is the real one here: no department on whose tickets this rule can wait has a calendar"
        loading.add(found["clock"].value.place, "W319", f'"clock: business" {message}')
    return After(lasts, state, clock)


def read_clock(entry: Entry | None, loading: Loading) -> Clock | None:
    """The real one where none is named; None where what is named is none."""
    clocks = {clock.value: clock for clock in Clock}
    word = _read_word(entry, clocks, (), loading) if entry else Clock.REAL.value
    return clocks[word] if word else None


def find_queues(state: Condition, settings: Settings) -> Iterator[Queue]:
    """The departments whose tickets can be in that state, as far as what is asked of all of them tells."""
    parts = state.parts if isinstance(state, AllOf) else (state,)
    asked = [part for part in parts if isinstance(part, Comparison) and part.field is FIELDS["queue"]]
    for queue in settings.queues.values():
        facts = FieldValue((queue.key,), None, is_long=False)
        if all((part.test.find(facts) is None) is part.negated for part in asked):
            yield queue


def _read_before(found: dict[str, Entry], loading: Loading) -> TimeForm | None:
    lead = read_length(found["before"], loading)
    deadlines = {deadline.value: deadline for deadline in Deadline}
    word = _read_word(found["of"], deadlines, _PLANNED_DEADLINES, loading) if "of" in found else None
    return Before(lead, deadlines[word]) if lead and word else None


def _read_cron(found: dict[str, Entry], loading: Loading) -> TimeForm | None:
    expression = loading.text(found["cron"].value, '"cron"')
    if expression is not None and (fault := find_schedule_fault(expression)):
        what = f'minute, hour, day, month and weekday, such as "0 8 * * mon"; here {fault}'
        loading.add(found["cron"].value.place, "E302", f'"cron" takes the five fields of a schedule that comes: {what}')
        expression = None
    zone = _read_zone(found["tz"], loading) if "tz" in found else loading.settings.desk.timezone
    each = _read_word(found["each"], EACH, (), loading) if "each" in found else EACH[0]
    if each == ONCE and "while" in found:
        loading.add(found["while"].key.place, "E304", f'"while" is a state of tickets, and "each: {ONCE}" concerns none; ask in "if"')
    state = _read_state(found["while"].value, loading) if "while" in found else None
    if expression is None or zone is None or each is None or ("while" in found and state is None):
        return None
    return Cron(Schedule(expression, zone), state, on_tickets=each != ONCE)


def _read_zone(entry: Entry, loading: Loading) -> ZoneInfo | None:
    text = loading.text(entry.value, '"tz"')
    try:
        return ZoneInfo(text) if text else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        loading.add(entry.value.place, "E302", f'"{text}" is no time zone; write it as Europe/Sofia')
        return None


_READERS: Mapping[str, Callable[[dict[str, Entry], Loading], TimeForm | None]] = {
    "after": _read_after,
    "before": _read_before,
    "cron": _read_cron,
}


def read_length(entry: Entry, loading: Loading, where: str = "") -> timedelta | None:
    """`where`: what must stand beside it, for it to be one."""
    span = read_span(entry.value.text) if isinstance(entry.value, Scalar) else None
    if span is None or not timedelta() < span <= LONGEST:
        what = f'{where}"{entry.key.text}" takes a duration such as {EXAMPLES}'
        loading.add(entry.value.place, "E302", f"{what}, longer than 0s and of five years at most")
        return None
    return span


def _read_word(entry: Entry, known: Iterable[str], planned: tuple[str, ...], loading: Loading) -> str | None:
    """One of these words; what is planned may have more behind a dot."""
    text = loading.text(entry.value, f'"{entry.key.text}"')
    if text is None or text in known:
        return text
    if text.partition(".")[0] in planned:
        loading.add(entry.value.place, "E109", f'"{entry.key.text}: {text}" is not built yet')
    else:
        loading.add(entry.value.place, "E302", f'"{entry.key.text}" is one of {", ".join(known)}')
    return None


def _read_state(node: Node, loading: Loading) -> Condition | None:
    """A condition that only a change of the ticket can make true or false: else what is due would not be known beforehand."""
    condition = read_condition(node, loading)
    why = 'cannot stand in "while", which asks for what people, rules and messages have made of the ticket'
    is_refused = condition and refuse_fields(condition, node, _is_of_ticket, f'{why}; ask it in "if", when the time has come', loading)
    return None if is_refused else condition


def refuse_fields(condition: Condition, node: Node, fits: Callable[[Field], bool], why: str, loading: Loading) -> bool:
    """A fault about each field of a condition that does not fit there. Whether there was one."""
    strange = {field.name: field.key for field in _fields(condition) if not fits(field)}
    for name, what in strange.items():
        places = (entry.key.place for entry in walk_entries(node) if entry.key.text == name.removesuffix(".count"))
        loading.add(next(places, node.place), "E304", f'"{what}" {why}')
    return bool(strange)


def _fields(condition: Condition) -> Iterator[Field]:
    if isinstance(condition, Comparison):
        yield condition.field
    else:
        for part in condition.parts:
            yield from _fields(part)


def _is_of_ticket(field: Field) -> bool:
    return field.of_ticket and field.aspect is None and field.name != "age" and field.key == field.name
