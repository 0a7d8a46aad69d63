"""Expectations of a test case beside what was decided: what is not met, and why (RULES.md 6). Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from maild.effects import Decision, Letter, RecordEvent, Split
from maild.rules.cases import Expectation
from maild.rules.explain import explain_rule, read_traces
from maild.rules.verdict import SCORE
from maild.task import open_tasks
from maild.ticket import TicketView
from maild.tokens import LetterKind

_KINDS = {LetterKind.ANSWER: "reply", LetterKind.STATUS: "status", LetterKind.NOTIFICATION: "notification"}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One expectation that was not met. `why`: what the trace says to it."""

    what: str
    expected: str
    found: str
    why: str = ""


def find_mismatches(
    wanted: Expectation, decisions: Sequence[Decision], ticket: TicketView | None, why_not_asked: Callable[[str], str]
) -> Iterator[Mismatch]:
    """With what was decided since something was expected before, and the ticket as it stands."""
    yield from _compare_rules(wanted, decisions, why_not_asked)
    yield from _compare_ticket(wanted, ticket)
    forks = _find_forks(decisions)
    if missing := wanted.forks - forks:
        yield Mismatch("forks", ", ".join(sorted(missing)), ", ".join(sorted(forks)) or "(none)")
    whole = [each for decision in decisions for each in (decision, *decision.beside)]
    for name, count in wanted.sent.items():
        sent = sum(_count_notices(name, decision) for decision in whole)
        if sent != count:
            yield Mismatch(f"sent {name}", str(count), str(sent), _all_sent(whole))


def find_mail_mismatches(wanted: Expectation, decision: Decision | None) -> Iterator[Mismatch]:
    """With what became of the mail, whatever was reported or done by itself behind it. None: nothing has happened."""
    if decision is None:
        if wanted.state is not None or wanted.score is not None:
            yield Mismatch("mail", "one has come", "nothing has happened since something was expected last")
        return
    if wanted.state is not None and wanted.state != decision.state.value:
        yield Mismatch("state", wanted.state, decision.state.value, decision.reason.text)
    if wanted.score is not None and wanted.score != decision.score:
        why = "; ".join(reason.text for reason in decision.evidence if reason.code == SCORE)
        yield Mismatch("score", f"{wanted.score:g}", f"{decision.score:g}", why)


def _compare_rules(wanted: Expectation, decisions: Sequence[Decision], why_not_asked: Callable[[str], str]) -> Iterator[Mismatch]:
    """One in shadow counts as one that fires, so that its tests hold before and after it goes live."""
    traces = [trace for decision in decisions for trace in read_traces(decision.trace)]
    fired = {trace.rule for trace in traces if trace.fired}
    last = {trace.rule: trace for trace in traces}
    for rule in wanted.fired:
        if rule not in fired:
            why = str(explain_rule(last[rule])) if rule in last else why_not_asked(rule)
            yield Mismatch(f"rule {rule}", "fires", "does not fire", why)
    for rule in wanted.not_fired:
        if rule in fired:
            firing = next(trace for trace in reversed(traces) if trace.rule == rule and trace.fired)
            found = "would fire (mode: shadow)" if firing.shadow else "fires"
            yield Mismatch(f"rule {rule}", "does not fire", found, str(explain_rule(firing)))


def _compare_ticket(wanted: Expectation, ticket: TicketView | None) -> Iterator[Mismatch]:
    if ticket is None:
        if wanted.ticket or wanted.tags or wanted.tasks:
            yield Mismatch("ticket", "a ticket", "no ticket")
        return
    for name, expected in wanted.ticket.items():
        found = ticket_value(ticket, name)
        if found != expected:
            yield Mismatch(f"ticket.{name}", expected or "(nothing)", found or "(nothing)")
    missing = wanted.tags - ticket.tags
    if missing:
        yield Mismatch("ticket.tags", ", ".join(sorted(wanted.tags)), ", ".join(sorted(ticket.tags)) or "(none)")
    tasks = [(task.agent, task.title) for task in open_tasks(ticket.tasks)]
    for agent, title in wanted.tasks.items():
        if (agent, title) not in tasks:
            yield Mismatch(f"task of {agent}", title, "; ".join(f"{found} ({whose})" for whose, found in tasks) or "(none)")


def _find_forks(decisions: Iterable[Decision]) -> frozenset[str]:
    opened = (effect.opening.after for decision in decisions for effect in decision.effects if isinstance(effect, Split))
    return frozenset(ticket.queue for ticket in opened if ticket)


def ticket_value(ticket: TicketView, name: str) -> str:
    """A field of a ticket as it is written in an expectation; "" where there is nothing."""
    match name:
        case "status":
            return ticket.status.value
        case "priority":
            return ticket.priority.value
        case "tier":
            return ticket.tier.value
        case "subject":
            return ticket.subject
        case "requester":
            return ticket.requester.address
        case "snoozed":
            return str(ticket.snoozed_until is not None).casefold()
    if name.startswith("field."):
        return ticket.fields.get(name.removeprefix("field."), "")
    return {"queue": ticket.queue, "owner": ticket.owner, "team": ticket.team, "language": ticket.language}[name] or ""


def _count_notices(name: str, decision: Decision) -> int:
    """Notices, not recipients: three agents told of one message are one. `name` is a kind (ack reply status notification) or a template."""
    notices = {(kind_word(letter, decision), letter.template) for letter in decision.letters}
    return sum(name in notice for notice in notices)


def kind_word(letter: Letter, decision: Decision) -> str:
    """A rule's reply takes the place of the acknowledgement and is a letter of its kind; only the log tells them apart."""
    return _KINDS.get(letter.kind) or ("ack" if _is_acknowledged(decision) else "reply")


def _is_acknowledged(decision: Decision) -> bool:
    return any(isinstance(effect, RecordEvent) and effect.kind == "acknowledged" for effect in decision.effects)


def _all_sent(decisions: Iterable[Decision]) -> str:
    templates = ", ".join(dict.fromkeys(letter.template for decision in decisions for letter in decision.letters))
    return f"sent were: {templates}" if templates else "nothing was sent"
