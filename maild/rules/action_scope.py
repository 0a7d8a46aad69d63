"""What every reader of actions needs: the rule around them, and texts, names, moments and templates as they are written there."""

from collections.abc import Mapping
from dataclasses import dataclass

from maild.config.faults import did_you_mean
from maild.config.nodes import Entry, Node, Scalar, Table
from maild.config.settings import Settings
from maild.rules.actions import Values
from maild.rules.fields import Known
from maild.rules.loading import Loading
from maild.rules.strings import FAMILIES, Text, known_names, parse_text
from maild.rules.verdict import Event
from maild.rules.work import When, parse_when
from maild.ticket import Status

TITLES, MOST_TITLES = "kb_titles", 10
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
STATUSES = Known("status", "E302", lambda _: (status.value for status in SETTABLE))


@dataclass(frozen=True, slots=True)
class Scope:
    """The rule around an action: its events, and the names its conditions capture."""

    loading: Loading
    events: tuple[Event, ...]
    captured: tuple[str, ...]


def read_name(entry: Entry | None, known: Known, loading: Loading) -> str | None:
    if entry is None:
        return None
    text = loading.text(entry.value, f'"{entry.key.text}"')
    return text if text and isinstance(entry.value, Scalar) and loading.check_name(entry.value, known) else None


def read_when(entry: Entry, scope: Scope) -> When | None:
    """A duration, or a time in plain words by the desk's clock."""
    text = scope.loading.text(entry.value, f'"{entry.key.text}"')
    when = parse_when(text, scope.loading.settings.desk.timezone) if text else None
    if isinstance(when, str):
        scope.loading.add(entry.value.place, "E302", when)
        return None
    return when


def read_template(entry: Entry, scope: Scope) -> str | None:
    """The mail template an action names; it must be there."""
    table = scope.loading.table(entry.value, f'"{entry.key.text}"')
    node = table.get("template") if table else None
    if node is None:
        scope.loading.add(entry.value.place, "E107", f'"{entry.key.text}" needs "template"')
        return None
    name = scope.loading.text(node, "template")
    if name is None or name in (kinds := template_kinds(scope.loading.settings)):
        return name
    scope.loading.add(node.place, "E203", f'there is no mail template "{name}"{did_you_mean(name, sorted(kinds))}')
    return None


def template_kinds(settings: Settings) -> frozenset[str]:
    """The mail templates there are.

    Asked of the template room only where a rule names one: most rules do not, and Jinja2 takes long to import.
    """
    from maild.templates.render import list_kinds

    return list_kinds(settings)


def read_values(entry: Entry, scope: Scope) -> Values:
    """Whatever else stands in the mapping is a value for the template."""
    entries = entry.value.entries if isinstance(entry.value, Table) else ()
    own_keys = (*ACTION_KEYS[entry.key.text], *((TITLES,) if entry.key.text == "ack" else ()))
    return tuple(value for inner in entries if inner.key.text not in own_keys for value in _read_value(inner, scope))


def _read_value(entry: Entry, scope: Scope) -> Values:
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
    text = read_text(entry.value, f'"{name}"', scope)
    return ((name, text),) if text else ()


def read_text(node: Node, what: str, scope: Scope) -> Text | None:
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
