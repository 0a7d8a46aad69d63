"""Rule files → one RuleSet, or every fault in them. The order of rules is the files' names, then the position in the file.

Reads the files; the language itself is in `load_conditions`, `load_actions` and `load_cases`.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

from maild.background import Limit
from maild.config.faults import Fault, Faults, Place, TooManyFaultsError, did_you_mean
from maild.config.nodes import Entry, Items, Node, Scalar, Table, parse_yaml, read_file
from maild.config.readers import bare_address
from maild.config.settings import Settings
from maild.rules.cases import Case
from maild.rules.conditions import ALWAYS, Condition, find_aspects, find_captures, join
from maild.rules.foreign_words import suggest_flag
from maild.rules.load_actions import read_actions
from maild.rules.load_cases import read_cases
from maild.rules.load_conditions import read_condition
from maild.rules.load_departments import check_department_rule
from maild.rules.load_times import describe_node, read_time_form
from maild.rules.load_work import warn_of_clocks
from maild.rules.loading import Loading, TooLargeError
from maild.rules.ruleset import ONCE_ON_TICKET, Rule, RuleSet
from maild.rules.spans import EXAMPLES, read_span
from maild.rules.time_forms import After, Cron, TimeForm
from maild.rules.verdict import ABOUT_DEPARTMENTS, NAMED_EVENTS, Event

VERSION = 1
ENDING = ".yaml"
MAX_FAULTS = 200
TOP_KEYS = ("version", "lists", "conditions", "rules", "tests")
RULE_KEYS = ("id", "when", "if", "do", "stop", "group", "once", "cascade", "limit", "mode", "disabled", "about", "owner")
LIMIT_KEYS = ("mails", "per")
MOST_MAILS = 10_000
LONGEST_WINDOW = timedelta(days=31)
_USUAL_LIMIT = (50, timedelta(hours=1))
TIMES = "{after: 3d, while: …}, {before: 1h, of: …}, {cron: …}"
_PLANNED_EVENTS = ("sla.warning", "sla.breached", "rating.received")
_NAME = re.compile(r"[\w][\w.-]{0,79}")


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One rule file as it is written. `name` is relative to the configuration where it lies there; `sections` are its top-level entries."""

    name: str
    digest: str
    sections: Mapping[str, Entry]


@dataclass(frozen=True, slots=True)
class LoadedRules:
    """`rules` None: the files have errors. `faults` may hold warnings beside a set."""

    rules: RuleSet | None
    faults: tuple[Fault, ...]
    files: tuple[RuleFile, ...] = ()


@dataclass(frozen=True, slots=True)
class _Found:
    """A rule, and where its id stands."""

    rule: Rule
    place: Place


def load_rules(
    directory: Path, settings: Settings, drafts: Mapping[str, bytes] = MappingProxyType({}), folder: Path | None = None
) -> LoadedRules:
    """The rules of a desk: `rules/*.yaml` below `directory`, or those in another `folder`. A missing folder is an empty set.

    `drafts` are files by name as they would be: read instead of those of the same name, or beside them.
    """
    faults = Faults(MAX_FAULTS)
    try:
        return _load(directory, folder or directory / "rules", Loading(faults, settings), drafts)
    except TooManyFaultsError:
        last = max(faults.sorted(), key=lambda fault: (fault.place.file, fault.place.line))
        return LoadedRules(
            None, (*faults.sorted(), Fault(last.place, "E111", f"so far {MAX_FAULTS} faults; what else there is, is not shown"))
        )
    except TooLargeError as large:
        message = "lists and named conditions make the rules too long for any mail; use shorter ones, or fewer"
        return LoadedRules(None, (*faults.sorted(), Fault(large.place, "E108", message)))


def _load(directory: Path, folder: Path, plain: Loading, drafts: Mapping[str, bytes]) -> LoadedRules:
    faults = plain.faults
    raws = tuple(_read_all(folder, drafts, faults))
    files = tuple(_open_file(path, raw, directory, plain) for path, raw in raws)
    loading = _with_names(files, plain)
    found = tuple(rule for file in files for rule in _read_rules(file, loading))
    _refuse_doubles(found, loading)
    rules = tuple(each.rule for each in found)
    ids = frozenset(rule.id for rule in rules)
    cases = tuple(case for file in files for case in _read_cases(file, ids, loading))
    digest = hashlib.sha256(b"".join(b"%s\0%d\0%s" % (str(path.name).encode(), len(raw), raw) for path, raw in raws)).hexdigest()
    return LoadedRules(
        None if faults.errors else RuleSet.of(rules, digest[:4], cases, plain.settings.desk.timezone), faults.sorted(), files
    )


def _read_all(folder: Path, drafts: Mapping[str, bytes], faults: Faults) -> Iterator[tuple[Path, bytes]]:
    """Editors' own files (`.#20-routing.yaml`) are passed over."""
    names = _names_in(folder, faults)
    for name in sorted({name for name in names if name.endswith(ENDING) and not name.startswith(".")} | drafts.keys()):
        path = folder / name
        try:
            yield path, drafts[name] if name in drafts else read_file(path)
        except OSError as error:
            faults.add(Place(path, 1, 1), "E100", f"cannot be read: {error.strerror}")
    for path in sorted(folder / name for name in names):
        if path.suffix != ENDING and path.suffix.casefold() in (ENDING, ".yml"):
            faults.add(Place(path, 1, 1), "W304", f'is not read: rule files end in "{ENDING}" (rename it to {path.stem}{ENDING})')


def _names_in(folder: Path, faults: Faults) -> list[str]:
    """A folder that is there and cannot be looked into is no empty set: a running desk would lose all its rules at a reload."""
    try:
        names = [path.name for path in folder.iterdir()]
        strange = [name for name in names if not name.isascii() and not _is_unicode(name)]
        for name in sorted(name for name in strange if name.endswith(ENDING)):
            shown = name.encode(errors="surrogateescape").decode(errors="backslashreplace")
            faults.add(Place(folder, 1, 1), "E100", f'holds a file whose name is not UTF-8, "{shown}"; rename it')
        return [name for name in names if name not in strange]
    except OSError as error:
        if not isinstance(error, FileNotFoundError) or folder.is_symlink():
            faults.add(Place(folder, 1, 1), "E100", f"cannot be read: {error.strerror}")
        return []


def _is_unicode(name: str) -> bool:
    """Seen in practice: names from an archive of a system with another encoding. Nothing can be stored or printed of them."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _open_file(path: Path, raw: bytes, directory: Path, loading: Loading) -> RuleFile:
    name = path.relative_to(directory) if path.is_relative_to(directory) else path
    file = RuleFile(name.as_posix(), hashlib.sha256(raw).hexdigest()[:8], {})
    node = parse_yaml(raw, path, loading.faults)
    table = loading.table(node, "a rule file") if node is not None else None
    if table is None:
        return file
    sections = {key: entry for key, entry in loading.entries(table, "a rule file", TOP_KEYS).items() if not _is_empty(entry.value)}
    version = sections.get("version")
    if version and not (isinstance(version.value, Scalar) and version.value.value == VERSION):
        loading.add(version.value.place, "E302", f"this maild reads version {VERSION} of the rule language only")
    return replace(file, sections=sections)


def _is_empty(node: Node) -> bool:
    """A section whose lines are all commented out, or an empty list."""
    return (isinstance(node, Scalar) and node.value is None) or (isinstance(node, Items) and not node.items)


def _with_names(files: Iterable[RuleFile], loading: Loading) -> Loading:
    """The lists and named conditions of all files; a rule may use those of any file."""
    lists: dict[str, tuple[Scalar, ...]] = {}
    for entry in _named(files, "lists", loading):
        lists[entry.key.text] = loading.scalars(entry.value) or ()
    conditions: dict[str, Table] = {}
    for entry in _named(files, "conditions", loading):
        if table := loading.table(entry.value, "a condition"):
            conditions[entry.key.text] = table
    complete = replace(loading, lists=lists, conditions=conditions)
    for table in conditions.values():
        read_condition(table, complete)
    return complete


def _named(files: Iterable[RuleFile], section: str, loading: Loading) -> Iterator[Entry]:
    """The entries of a section in all files; a name given in two files is a fault."""
    first: dict[str, Place] = {}
    for file in files:
        table = loading.table(file.sections[section].value, section) if section in file.sections else None
        for entry in table.entries if table else ():
            if not _NAME.fullmatch(entry.key.text):
                loading.add(entry.key.place, "E302", f'"{entry.key.text}" cannot be a name; use letters, digits, "-" and "_"')
            if earlier := first.get(entry.key.text):
                loading.add(entry.key.place, "E110", f'"{entry.key.text}" stands in {earlier.file.name} line {earlier.line} already')
            first.setdefault(entry.key.text, entry.key.place)
            yield entry


def _read_rules(file: RuleFile, loading: Loading) -> Iterator[_Found]:
    if "rules" not in file.sections:
        return
    for item in loading.items(file.sections["rules"].value, '"rules"') or ():
        table = loading.table(item, "a rule")
        found = _read_rule(table, file, loading) if table else None
        if found:
            yield found


def _read_rule(table: Table, file: RuleFile, loading: Loading) -> _Found | None:
    """Every part is read, whatever is wrong with the others; None: nobody could name it. A faulty one never runs: its fault is noted."""
    found = loading.entries(table, "a rule", RULE_KEYS)
    rule_id = _read_id(found.get("id"), table, loading)
    events, time = _read_when(found.get("when"), table, loading)
    condition = read_condition(found["if"].value, loading) if "if" in found else ALWAYS
    condition = condition and _with_state(condition, time)
    if condition and Event.MACRO in events and any(find_aspects(condition)):
        loading.add(found["if"].value.place, "E109", "a macro that asks who the customer is, or how much there is to do, is not built yet")
    if ABOUT_DEPARTMENTS.intersection(events):
        check_department_rule(found, condition, loading)
    captures = tuple(find_captures(condition)) if condition else ()
    names = tuple(name for capture in captures for name in capture.test.names)
    if "do" not in found:
        loading.add(table.place, "E107", 'the rule needs "do": a list of actions')
    actions = read_actions(found["do"].value, loading, events, names) if "do" in found else ()
    if condition and "do" in found:
        warn_of_clocks(found["do"].value, actions, condition, loading)
    place = found["id"].value.place if "id" in found else table.place
    rule = Rule(rule_id or "", events, condition or ALWAYS, actions, file.name, place.line, file.digest, captures, time=time)
    if time and "when" in found:
        rule = replace(rule, written=hashlib.sha256(describe_node(found["when"].value, loading).encode()).hexdigest()[:16])
    rule = _with_options(rule, found, loading)
    return _Found(rule, place) if rule_id else None


def _read_id(entry: Entry | None, table: Table, loading: Loading) -> str | None:
    if entry is None:
        loading.add(table.place, "E107", 'the rule needs an "id"')
        return None
    text = loading.text(entry.value, '"id"')
    if text is None or _NAME.fullmatch(text):
        return text
    loading.add(entry.value.place, "E302", f'"{text[:40]}" cannot be an id; use letters, digits, "-", "." and "_", without blanks')
    return None


def _read_when(entry: Entry | None, table: Table, loading: Loading) -> tuple[tuple[Event, ...], TimeForm | None]:
    """The events the rule is for; of a time rule, what it waits for."""
    if entry is None:
        events = ", ".join(event.value for event in NAMED_EVENTS)
        loading.add(table.place, "E107", f'the rule needs "when": a time ({TIMES}) or events ({events})')
        return (), None
    if isinstance(entry.value, Table):
        form = read_time_form(entry.value, loading)
        is_once = isinstance(form, Cron) and not form.on_tickets
        return (Event.SCHEDULE if is_once else Event.TIME,), form
    return _read_events(entry.value, loading), None


def _read_events(node: Node, loading: Loading) -> tuple[Event, ...]:
    known = {event.value: event for event in NAMED_EVENTS}
    scalars = loading.scalars(node) or ()
    for scalar in scalars:
        if scalar.text not in known:
            loading.refuse_unknown("event", scalar, known, _PLANNED_EVENTS)
    events = tuple(known[scalar.text] for scalar in scalars if scalar.text in known)
    if len(events) > 1 and (alone := next((event for event in events if event in ABOUT_DEPARTMENTS), None)):
        loading.add(node.place, "E304", f'a rule for "{alone.value}" concerns no ticket, and is for nothing else')
    return events


def _with_state(condition: Condition, time: TimeForm | None) -> Condition:
    """The state that a rule has waited for is asked before its `if`, so that explanations tell it."""
    state = time.state if isinstance(time, After | Cron) else None
    return join((state, condition), every=True) if state else condition


def _with_options(rule: Rule, found: dict[str, Entry], loading: Loading) -> Rule:
    shadow = _choice(found.get("mode"), "mode", ("live", "shadow"), loading) == "shadow"
    stop = _choice(found.get("stop"), "stop", ("true", "false", "group"), loading)
    if stop == "group" and "group" not in found:
        loading.add(found["stop"].value.place, "E107", '"stop: group" needs a "group"')
    return replace(
        rule,
        stops=stop in ("true", "group"),
        stops_group=stop == "group",
        group=_optional_text(found.get("group"), loading),
        shadow=shadow,
        disabled=_read_disabled(found.get("disabled"), loading),
        about=_optional_text(found.get("about"), loading),
        owner=_read_owner(found.get("owner"), loading),
        once=_read_once(found.get("once"), _usual_once(found.get("when")), loading),
        limit=_read_limit(found.get("limit"), rule, loading),
        cascade=_read_cascade(found.get("cascade"), rule.time is not None and Event.SCHEDULE not in rule.events, loading),
    )


def _optional_text(entry: Entry | None, loading: Loading) -> str | None:
    return loading.text(entry.value, f'"{entry.key.text}"') if entry else None


def _read_disabled(entry: Entry | None, loading: Loading) -> str | None:
    """Why; a bare `no` would switch the rule off."""
    if entry and isinstance(entry.value, Scalar) and (isinstance(entry.value.value, bool) or suggest_flag(entry.value.text)):
        example = 'disabled: "tags too much"; a rule that is to run has no such line'
        loading.add(entry.value.place, "E302", f'"disabled" takes the reason in words, as in {example}')
        return None
    return _optional_text(entry, loading)


def _read_owner(entry: Entry | None, loading: Loading) -> str | None:
    """Who answers for the rule: an agent, or somebody at an address. Of any other the lead hears in his stead."""
    text = _optional_text(entry, loading)
    agents = loading.settings.agents
    if entry and text and text not in agents and not bare_address(text):
        who = f'"{text[:60]}" is no agent, and no address such as ops@acme.example{did_you_mean(text, agents)}'
        loading.add(entry.value.place, "W326", f"{who}: what happens to the rule is told to the lead")
    return text


def _read_cascade(entry: Entry | None, is_timed: bool, loading: Loading) -> bool:
    if entry and is_timed:
        loading.add(entry.key.place, "E304", '"cascade" cannot stand in a time rule: nothing that rules change makes its time come')
    return entry is not None and loading.flag(entry.value, "cascade") is True


def _usual_once(when: Entry | None) -> str:
    return "stay" if when and isinstance(when.value, Table) and not when.value.key("cron") else "event"


def _read_once(entry: Entry | None, usual: str, loading: Loading) -> timedelta | None:
    """How long the rule rests on a ticket once it has fired there; None: it fires at every event, or in every stay, as is `usual`."""
    text = loading.text(entry.value, '"once"') if entry else None
    other = "event" if usual == "stay" else "stay"
    if entry is None or text is None or text == usual:
        return None
    if text == other:
        whose = "rules for events, and to cron" if usual == "stay" else 'rules with "after" or "before"'
        loading.add(entry.value.place, "E304", f'"once: {other}" belongs to {whose}; write {usual}, ticket or a duration')
    elif (rests := ONCE_ON_TICKET if text == "ticket" else read_span(text)) is not None:
        return rests
    else:
        every_time = 'event (or stay, beside "after" and "before")' if usual == "event" else usual
        loading.add(entry.value.place, "E302", f'"once" is {every_time}, ticket or a duration such as {EXAMPLES}')
    return None


def _read_limit(entry: Entry | None, rule: Rule, loading: Loading) -> Limit | None:
    """How much mail it may send, the usual amount where it does not say; None where it sends none by itself."""
    mails, window = (_read_amount(entry, loading) if entry else None) or _USUAL_LIMIT
    sends = any(action.sends for action in rule.actions) and set(rule.events) != {Event.MACRO}
    return Limit(rule.id, mails, window) if sends else None


def _read_amount(entry: Entry, loading: Loading) -> tuple[int, timedelta] | None:
    table = loading.table(entry.value, '"limit"', ", as in {mails: 50, per: 1h}")
    found = loading.entries(table, "limit", LIMIT_KEYS) if table else {}
    for key in LIMIT_KEYS if table else ():
        if key not in found:
            loading.add(entry.value.place, "E107", f'"limit" needs "{key}", as in {{mails: 50, per: 1h}}')
    mails = _read_mails(found["mails"].value, loading) if "mails" in found else None
    window = _read_window(found["per"].value, loading) if "per" in found else None
    return (mails, window) if mails and window else None


def _read_mails(node: Node, loading: Loading) -> int | None:
    value = node.value if isinstance(node, Scalar) else None
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_MAILS:
        return value
    loading.add(node.place, "E302", f'"mails" is a number from 1 to {MOST_MAILS}')
    return None


def _read_window(node: Node, loading: Loading) -> timedelta | None:
    window = read_span(node.text) if isinstance(node, Scalar) else None
    if window and window <= LONGEST_WINDOW:
        return window
    loading.add(node.place, "E302", f'"per" is a duration such as {EXAMPLES}, of {LONGEST_WINDOW.days} days at most')
    return None


def _choice(entry: Entry | None, what: str, words: tuple[str, ...], loading: Loading) -> str | None:
    if entry is None:
        return None
    text = entry.value.text.casefold() if isinstance(entry.value, Scalar) else ""
    if text not in words:
        loading.add(entry.value.place, "E302", f'"{what}" is one of {", ".join(words)}')
    return text


def _refuse_doubles(found: tuple[_Found, ...], loading: Loading) -> None:
    first: dict[str, Rule] = {}
    for each in found:
        if earlier := first.get(each.rule.id):
            loading.add(each.place, "E110", f'the id "{each.rule.id}" is taken by the rule in {earlier.file}:{earlier.line}')
        first.setdefault(each.rule.id, each.rule)


def _read_cases(file: RuleFile, rules: frozenset[str], loading: Loading) -> Iterator[Case]:
    if "tests" in file.sections:
        node: Node = file.sections["tests"].value
        yield from read_cases(node, file.name, rules, loading)
