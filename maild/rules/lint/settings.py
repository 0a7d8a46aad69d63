"""Two rules that set one field to different values. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from maild.config.faults import Faults, Place
from maild.config.nodes import Table, walk_entries
from maild.rules.actions import Action, Assign, Close, Reply, SetField
from maild.rules.conditions import find_fields, join
from maild.rules.distribution import Distribute
from maild.rules.lint.subject import NEAREST, Subject
from maild.rules.proofs import ask_for_different_values, implies, is_impossible
from maild.ticket import Status


@dataclass(frozen=True, slots=True)
class _Setting:
    """A field that a rule sets to a value known beforehand; `value` None clears it."""

    subject: Subject
    name: str
    value: str | None


def check_settings(subjects: tuple[Subject, ...], faults: Faults) -> None:
    """Two rules that can both fire and set one field differently: the later one has the last word, which is easily overlooked."""
    earlier: dict[str, list[_Setting]] = {}
    for subject in subjects:
        settings = tuple(_settings(subject)) if subject.is_live else ()
        for setting in settings:
            contrary = next((other for other in earlier.get(setting.name, [])[-NEAREST:] if _contradicts(other, setting)), None)
            if contrary:
                faults.add(_place_of_setting(setting), "W311", _describe_contradiction(contrary, setting))
        for setting in settings:
            earlier.setdefault(setting.name, []).append(setting)


def _settings(subject: Subject) -> Iterator[_Setting]:
    """What it sets, the last value of each field; not what it sets by default, nor what it looks at first."""
    tested = find_fields(subject.rule.condition)
    values = {name: value for action in subject.rule.actions for name, value in _values_set(action)}
    return (_Setting(subject, name, value) for name, value in values.items() if name not in tested)


def _values_set(action: Action) -> Iterator[tuple[str, str | None]]:
    match action:
        case SetField(name, value, only_undecided=False) if value is None or not value.names:
            yield name, None if value is None else str(value)
        case Assign(agent, team):
            yield from ((name, value) for name, value in (("owner", agent), ("team", team)) if value is not None)
        case Distribute(search) if search.team:
            yield "team", search.team
        case Reply(then=Status() as status):
            yield "status", status.value
        case Close():
            yield "status", Status.CLOSED.value


def _contradicts(one: _Setting, other: _Setting) -> bool:
    """Whether both can come to pass. A later rule for a part of what an earlier one is for is an exception from it, and meant."""
    if one.value == other.value or not one.subject.events & other.subject.events or one.subject.stops(other.subject):
        return False
    wide, narrow = one.subject.rule.condition, other.subject.rule.condition
    if ask_for_different_values(wide, narrow):
        return False
    if implies(narrow, wide) and not implies(wide, narrow):
        return False
    return not is_impossible(join((wide, narrow), every=True))


def _place_of_setting(setting: _Setting) -> Place:
    """The key below `set`; `do` where another action sets it."""
    do = setting.subject.table.get("do")
    tables = (action.value for action in (walk_entries(do) if do else ()) if action.key.text == "set")
    keys = (table.key(setting.name) for table in tables if isinstance(table, Table))
    return next((key.place for key in keys if key), setting.subject.place_of("do"))


def _describe_contradiction(earlier: _Setting, later: _Setting) -> str:
    first, second = ("nothing" if setting.value is None else f'"{setting.value}"' for setting in (earlier, later))
    return (
        f'where {later.subject.refer_to(earlier.subject)} fires too, "{later.name}" becomes {second} here and not {first}; '
        'write "default" here, "stop" there, or conditions that exclude each other'
    )
