"""YAML nodes → the test cases of rule files (RULES.md 6)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from email.utils import getaddresses
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from maild.config.faults import did_you_mean
from maild.config.nodes import Entry, Items, Node, Scalar, Table
from maild.effects import IncomingState
from maild.rules.action_scope import template_kinds
from maild.rules.cases import Case, Deed, Expectation, SampleMail, Step, Wait
from maild.rules.fields import AGENTS, QUEUES
from maild.rules.load_given import NOTHING_GIVEN, read_given
from maild.rules.loading import Loading
from maild.rules.spans import EXAMPLES, read_span

CASE_KEYS = ("name", "at", "mail", "given", "steps", "expect")
MAIL_KEYS = ("from", "to", "cc", "reply_to", "subject", "body", "headers", "attachments")
EXPECT_KEYS = ("fired", "not_fired", "ticket", "forks", "sent", "state", "score")
TICKET_KEYS = ("queue", "status", "priority", "tier", "owner", "team", "language", "subject", "requester", "snoozed", "tags", "tasks")
_NOT_PLAIN = ("tags", "tasks")
FLAGS = ("close", "open", "spam", "take")
SETS = ("tag", "untag")
COMMANDS = (*FLAGS, *SETS, "set", "assign", "move", "priority", "snooze", "macro")
"""What an agent does in a step, in the words of his commands."""
LETTERS = ("ack", "reply", "status", "notification")
"""Kinds of letters that are counted, beside templates."""
AT = re.compile(r"((?:19|2[01])\d\d-\d\d-\d\d)[ T](\d\d:\d\d)(?: (\S+))?")
_HEADER_NAME = re.compile(r"[!-9;-~]+")
_A_MONDAY = "2026-03-02 10:00"


def read_cases(node: Node, file: str, rules: frozenset[str], loading: Loading) -> Iterator[Case]:
    """The cases of one file; `rules` are the ids of all rules, which an expectation may name."""
    for item in loading.items(node, '"tests"') or ():
        table = loading.table(item, "a test")
        case = _read_case(table, file, rules, loading) if table else None
        if case:
            yield case


def _read_case(table: Table, file: str, rules: frozenset[str], loading: Loading) -> Case | None:
    found = loading.entries(table, "a test", CASE_KEYS)
    for key in ("name", "mail"):
        if key not in found:
            loading.add(table.place, "E107", f'the test needs "{key}"')
    mail = _read_mail(found["mail"].value, loading) if "mail" in found else None
    steps = tuple(_read_steps(found, mail, rules, loading))
    if not any(isinstance(step.what, Expectation) for step in steps):
        loading.add(table.place, "E107", 'the test needs "expect"')
    elif mail and all(map(_is_hollow, _expected_in(found))) and not any(isinstance(step.what, Deed) for step in steps):
        loading.add(
            table.place, "W327", "nothing is expected in this test, which cannot fail: name what must come of it, as in {fired: [ack]}"
        )
    name = loading.text(found["name"].value, '"name"') if "name" in found else None
    at = _read_at(found.get("at"), loading)
    if name is None or mail is None or at is None:
        return None
    given = read_given(found["given"].value, _queue_of(mail, loading), at, loading) if "given" in found else NOTHING_GIVEN
    return Case(name, file, table.place.line, at, mail, given.ticket, steps, given.background, given.away)


def _expected_in(found: Mapping[str, Entry]) -> Iterator[Node]:
    """What stands under `expect` in a test, and in its steps."""
    if "expect" in found:
        yield found["expect"].value
    steps = found["steps"].value if "steps" in found else None
    for step in steps if isinstance(steps, Items) else ():
        if isinstance(step, Table) and (wanted := step.get("expect")):
            yield wanted


def _is_hollow(wanted: Node) -> bool:
    """Whether nothing is expected there, as in `{fired: []}`."""
    return isinstance(wanted, Table) and all(
        entry.value in (Items(entry.value.place, ()), Table(entry.value.place, ())) for entry in wanted.entries
    )


def _read_at(entry: Entry | None, loading: Loading) -> datetime | None:
    text = entry.value.text if entry and isinstance(entry.value, Scalar) else _A_MONDAY if entry is None else ""
    match = AT.fullmatch(text)
    try:
        if match:
            zone = ZoneInfo(match[3]) if match[3] else loading.settings.desk.timezone
            return datetime.fromisoformat(f"{match[1]}T{match[2]}").replace(tzinfo=zone)
    except (ValueError, ZoneInfoNotFoundError, OSError):
        pass
    if entry:
        loading.add(entry.value.place, "E302", '"at" is written as "2026-03-02 17:50" or "2026-03-02 17:50 Europe/Sofia"')
    return None


def _read_mail(node: Node, loading: Loading) -> SampleMail | None:
    table = loading.table(node, '"mail"')
    if table is None:
        return None
    found = loading.entries(table, "a test's mail", MAIL_KEYS)
    for key in ("from", "to"):
        if key not in found:
            loading.add(table.place, "E107", f'the mail needs "{key}"')
    return _mail_of(found, loading)


def _mail_of(found: dict[str, Entry], loading: Loading) -> SampleMail:
    headers = _read_headers(found["headers"].value, loading) if "headers" in found else ()
    if "to" in found:
        _warn_of_nobody(found["to"].value, [*_lines(found.get("cc"), loading), *(value for _, value in headers)], loading)
    return SampleMail(
        sender=_line(found.get("from"), loading),
        to=_lines(found.get("to"), loading),
        subject=_line(found.get("subject"), loading),
        body=_scalar_text(found.get("body"), loading),
        cc=_lines(found.get("cc"), loading),
        reply_to=_line(found.get("reply_to"), loading) or None,
        headers=headers,
        attachments=_lines(found.get("attachments"), loading),
    )


def _warn_of_nobody(to: Node, beside: Iterable[str], loading: Loading) -> None:
    """An address in a domain of the desk that nobody has is mistyped. A foreign one is not: a list's may stand there alone."""
    settings, scalars = loading.settings, loading.scalars(to) or ()
    found = [address for _, address in getaddresses([*(scalar.text for scalar in scalars), *beside])]
    if any(settings.is_own_address(address) or settings.agent_at(address) for address in found):
        return
    known = [address for queue in settings.queues.values() for address in queue.addresses]
    for scalar in scalars:
        for _, address in getaddresses([scalar.text]):
            if settings.is_in_own_domain(address):
                loading.add(scalar.place, "W303", f"no department has the address {address}{did_you_mean(address, known)}")


def _read_headers(node: Node, loading: Loading) -> tuple[tuple[str, str], ...]:
    table = loading.table(node, '"headers"')
    for entry in table.entries if table else ():
        if not _HEADER_NAME.fullmatch(entry.key.text):
            loading.add(entry.key.place, "E302", f'"{entry.key.text[:40]}" cannot be the name of a header field')
    return tuple((entry.key.text, _line(entry, loading)) for entry in (table.entries if table else ()))


def _scalar_text(entry: Entry | None, loading: Loading) -> str:
    if entry is None:
        return ""
    if isinstance(entry.value, Scalar):
        return entry.value.text
    loading.add(entry.value.place, "E301", f'"{entry.key.text}" takes a text')
    return ""


def _line(entry: Entry | None, loading: Loading) -> str:
    return " ".join(_scalar_text(entry, loading).split())


def _lines(entry: Entry | None, loading: Loading) -> tuple[str, ...]:
    scalars = loading.scalars(entry.value) if entry else ()
    return tuple(" ".join(scalar.text.split()) for scalar in scalars or ())


def _queue_of(mail: SampleMail | None, loading: Loading) -> str:
    """The queue of a given ticket that names none: the department the mail is written to, else the desk's first."""
    addressed = (loading.settings.queue_at(address) for address in (mail.to if mail else ()))
    return next((queue.key for queue in addressed if queue), next(iter(loading.settings.queues), ""))


def _read_steps(found: dict[str, Entry], mail: SampleMail | None, rules: frozenset[str], loading: Loading) -> Iterator[Step]:
    if "expect" in found:
        yield from _steps(found["expect"], _read_expectation(found["expect"].value, rules, loading))
    for item in (loading.items(found["steps"].value, '"steps"') or ()) if "steps" in found else ():
        table = loading.table(item, "a step")
        yield from _read_step(table, mail, rules, loading) if table else ()


def _read_step(table: Table, mail: SampleMail | None, rules: frozenset[str], loading: Loading) -> Iterator[Step]:
    """A step is a mail, a wait, something expected, or what an agent does: words, commands, or both."""
    found = loading.entries(table, "a step", ("mail", "wait", "expect", "by", "reply", "note", *COMMANDS))
    kinds = [key for key in ("mail", "wait", "expect") if key in found]
    if not found or len(kinds) > 1 or (kinds and len(found) > 1) or ("reply" in found and "note" in found) or set(found) == {"by"}:
        loading.add(table.place, "E302", "a step is one thing: mail, wait, expect, or what an agent does (reply, note, set, assign …)")
    elif "mail" in found:
        yield from _steps(found["mail"], _read_next_mail(found["mail"].value, mail, loading))
    elif "wait" in found:
        yield from _steps(found["wait"], _read_wait(found["wait"].value, loading))
    elif "expect" in found:
        yield from _steps(found["expect"], _read_expectation(found["expect"].value, rules, loading))
    else:
        yield Step(table.place.line, _read_deed(found, loading))


def _steps(entry: Entry, read: Iterable[SampleMail | Wait | Expectation | None]) -> Iterator[Step]:
    return (Step(entry.key.place.line, what) for what in read if what is not None)


def _read_next_mail(node: Node, mail: SampleMail | None, loading: Loading) -> Iterator[SampleMail]:
    """A further mail in the conversation: what it does not say is as it was in the first."""
    table = loading.table(node, '"mail"')
    if table is not None and mail is not None:
        found = loading.entries(table, "a step's mail", MAIL_KEYS)
        yield replace(
            _mail_of(found, loading),
            sender=_line(found.get("from"), loading) or mail.sender,
            to=_lines(found.get("to"), loading) or mail.to,
            subject=_line(found.get("subject"), loading) or f"Re: {mail.subject}",
        )


def _read_wait(node: Node, loading: Loading) -> Iterator[Wait]:
    lasts = read_span(node.text) if isinstance(node, Scalar) else None
    if lasts is None:
        loading.add(node.place, "E302", f'"wait" takes a duration such as {EXAMPLES}')
    else:
        yield Wait(lasts)


def _read_deed(found: dict[str, Entry], loading: Loading) -> Deed:
    by = found.get("by")
    if by and not (isinstance(by.value, Scalar) and loading.check_name(by.value, AGENTS)):
        by = None
    words = found.get("note") or found.get("reply")
    commands = tuple(command for key, entry in found.items() if key in COMMANDS for command in _read_commands(key, entry, loading))
    return Deed(_line(by, loading) or None, _scalar_text(words, loading), "note" in found, commands)


def _read_commands(key: str, entry: Entry, loading: Loading) -> Iterator[tuple[str, str]]:
    """As they are written in a mail, without their "#"."""
    if key == "set":
        table = loading.table(entry.value, '"set"')
        yield from ((key, f"{inner.key.text}={_line(inner, loading)}") for inner in (table.entries if table else ()))
    elif key in FLAGS:
        if loading.flag(entry.value, f'"{key}"'):
            yield key, ""
    elif key in SETS:
        yield key, " ".join(_lines(entry, loading))
    else:
        yield key, _line(entry, loading)


def _read_expectation(node: Node, rules: frozenset[str], loading: Loading) -> Iterator[Expectation]:
    table = loading.table(node, '"expect"')
    if table is None:
        return
    found = loading.entries(table, "expect", EXPECT_KEYS)
    ticket = loading.table(found["ticket"].value, '"ticket"') if "ticket" in found else None
    fields = _ticket_fields(ticket, loading) if ticket else {}
    yield Expectation(
        fired=_rule_ids(found.get("fired"), rules, loading),
        not_fired=_rule_ids(found.get("not_fired"), rules, loading),
        ticket={name: _value_of(entry, loading) for name, entry in fields.items() if name not in _NOT_PLAIN},
        tags=loading.tags(fields["tags"].value) if "tags" in fields else frozenset(),
        tasks=_tasks(fields.get("tasks"), loading),
        forks=frozenset(_queues(found.get("forks"), loading)),
        sent=dict(_counts(found.get("sent"), loading)),
        state=_state(found.get("state"), loading),
        score=_score(found.get("score"), loading),
    )


def _value_of(entry: Entry, loading: Loading) -> str:
    """`owner: null` expects a ticket without one, as it asks for one in a condition."""
    return "" if isinstance(entry.value, Scalar) and entry.value.value is None else _scalar_text(entry, loading)


def _rule_ids(entry: Entry | None, rules: frozenset[str], loading: Loading) -> tuple[str, ...]:
    if entry is None or entry.value == Items(entry.value.place, ()):
        return ()
    scalars = loading.scalars(entry.value) or ()
    for scalar in scalars:
        if scalar.text not in rules:
            loading.add(scalar.place, "E207", f'there is no rule "{scalar.text}"{did_you_mean(scalar.text, rules)}')
    return tuple(scalar.text for scalar in scalars)


def _ticket_fields(table: Table, loading: Loading) -> dict[str, Entry]:
    for entry in table.entries:
        if entry.key.text not in TICKET_KEYS and not entry.key.text.startswith("field."):
            loading.refuse_unknown("ticket field", entry.key, (*TICKET_KEYS, "field.<name>"))
    return {entry.key.text: entry for entry in table.entries}


def _tasks(entry: Entry | None, loading: Loading) -> dict[str, str]:
    """What is to be done, by who is to do it."""
    table = loading.table(entry.value, '"tasks"') if entry else None
    return {inner.key.text: _line(inner, loading) for inner in (table.entries if table else ()) if loading.check_name(inner.key, AGENTS)}


def _queues(entry: Entry | None, loading: Loading) -> Iterator[str]:
    scalars = loading.scalars(entry.value) if entry else ()
    return (scalar.text for scalar in scalars or () if loading.check_name(scalar, QUEUES))


def _counts(entry: Entry | None, loading: Loading) -> Iterator[tuple[str, int]]:
    table = loading.table(entry.value, '"sent"') if entry else None
    for inner in table.entries if table else ():
        value = inner.value.value if isinstance(inner.value, Scalar) else None
        if inner.key.text not in LETTERS and inner.key.text not in (kinds := template_kinds(loading.settings)):
            meant = did_you_mean(inner.key.text, (*LETTERS, *sorted(kinds)))
            loading.add(inner.key.place, "W327", f'"{inner.key.text}" is no template, nor {", ".join(LETTERS)}: none is ever sent{meant}')
        if isinstance(value, int) and not isinstance(value, bool):
            yield inner.key.text, value
        else:
            loading.add(inner.value.place, "E301", f'"{inner.key.text}" takes a number of mails')


def _state(entry: Entry | None, loading: Loading) -> str | None:
    if entry is None:
        return None
    states = [state.value for state in IncomingState]
    text = _scalar_text(entry, loading)
    if text not in states:
        loading.add(entry.value.place, "E302", f'"state" is one of {", ".join(states)}')
    return text


def _score(entry: Entry | None, loading: Loading) -> float | None:
    value = entry.value.value if entry and isinstance(entry.value, Scalar) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if entry:
        loading.add(entry.value.place, "E301", '"score" takes a number')
    return None
