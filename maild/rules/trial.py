"""Runs the test cases of rule files through the daemon's own walk, and says what differs (RULES.md 6).

The walk is handed in as a function, so this room needs to know nothing of it. A case's mail is built as bytes and parsed like any other.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime

from maild.config.settings import UTC
from maild.effects import Decision, Letter, RecordEvent
from maild.ingest.parse import parse_message
from maild.known import NOTHING_KNOWN, Known, KnownMessage
from maild.message import Address, InboundMessage
from maild.rules.cases import Case, Expectation, GivenTicket, SampleMail
from maild.rules.explain import explain_rule, read_traces
from maild.ticket import TicketView
from maild.tokens import LetterKind

Consider = Callable[[InboundMessage, Known, datetime], Decision]

EARLIER_ID = "earlier@maild.invalid"
EARLIER_TICKET = 1
_BOUNDARY = "=_sample"
_PLAIN = "text/plain; charset=utf-8"
_KINDS = {LetterKind.ANSWER: "reply", LetterKind.STATUS: "status", LetterKind.NOTIFICATION: "notification"}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One expectation that was not met. `why`: what the trace says to it."""

    what: str
    expected: str
    found: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class CaseResult:
    case: Case
    mismatches: tuple[Mismatch, ...]

    @property
    def passed(self) -> bool:
        return not self.mismatches

    def describe(self) -> Iterator[str]:
        """The report's lines: one for a test that passed, a small diff for one that failed."""
        place = f"({self.case.file}:{self.case.line})"
        yield f"{'ok  ' if self.passed else 'FAIL'} {self.case.name} {place}"
        for mismatch in self.mismatches:
            yield f"     - {mismatch.what}: {mismatch.expected}"
            yield f"     + {mismatch.what}: {mismatch.found}"
            if mismatch.why:
                yield f"       {mismatch.why}"


def run_cases(cases: Iterable[Case], consider: Consider) -> Iterator[CaseResult]:
    """Each case by itself, in order."""
    return (run_case(case, consider) for case in cases)


def run_case(case: Case, consider: Consider) -> CaseResult:
    message = parse_message(build_mail(case))
    decision = consider(message, build_known(case, message), case.at)
    return CaseResult(case, tuple(mismatch for wanted in case.expectations for mismatch in _compare(wanted, decision)))


def build_mail(case: Case) -> bytes:
    """The bytes of a case's mail; with a given ticket, an answer to a message of that ticket. Written out by hand: nothing is corrected."""
    mail = case.mail
    multipart = f'multipart/mixed; boundary="{_BOUNDARY}"'
    fields = {
        "Date": format_datetime(case.at),
        "Message-ID": "<sample@maild.invalid>",
        "In-Reply-To": f"<{EARLIER_ID}>" if case.given else "",
        "From": mail.sender,
        "To": ", ".join(mail.to),
        "Cc": ", ".join(mail.cc),
        "Reply-To": mail.reply_to or "",
        "Subject": mail.subject,
        "MIME-Version": "1.0",
        "Content-Type": multipart if mail.attachments else _PLAIN,
    }
    head = [f"{name}: {value}" for name, value in {**fields, **dict(mail.headers)}.items() if value]
    return "\r\n".join([*head, "", *_body_lines(mail), ""]).encode()


def _body_lines(mail: SampleMail) -> Iterator[str]:
    if not mail.attachments:
        yield from mail.body.splitlines()
        return
    yield from (f"--{_BOUNDARY}", f"Content-Type: {_PLAIN}", "", *mail.body.splitlines())
    for name in mail.attachments:
        yield from (f"--{_BOUNDARY}", "Content-Type: application/octet-stream")
        yield from (f'Content-Disposition: attachment; filename="{name}"', "", "sample")
    yield f"--{_BOUNDARY}--"


def build_known(case: Case, message: InboundMessage) -> Known:
    """What the store would know: nothing, or the given ticket and the message the mail answers."""
    if case.given is None:
        return NOTHING_KNOWN
    before = case.at.astimezone(UTC) - timedelta(hours=1)
    ticket = _given_ticket(case.given, message, before)
    earlier = KnownMessage(EARLIER_ID, EARLIER_TICKET, internal=False)
    return Known(tickets={EARLIER_TICKET: ticket}, by_id={EARLIER_ID: earlier})


def _given_ticket(given: GivenTicket, message: InboundMessage, before: datetime) -> TicketView:
    return TicketView(
        number=EARLIER_TICKET,
        subject=message.subject,
        queue=given.queue,
        status=given.status,
        priority=given.priority,
        tier=given.tier,
        requester=message.author or Address("", ""),
        created=before,
        updated=before,
        owner=given.owner,
        team=given.team,
        tags=given.tags,
        acknowledged=True,
        customer_messages=1,
        last_customer_id=EARLIER_ID,
    )


def _compare(wanted: Expectation, decision: Decision) -> Iterator[Mismatch]:
    yield from _compare_rules(wanted, decision)
    yield from _compare_ticket(wanted, decision.after)
    for name, count in wanted.sent.items():
        sent = _count_notices(name, decision)
        if sent != count:
            yield Mismatch(f"sent {name}", str(count), str(sent), _all_sent(decision.letters))
    if wanted.state is not None and wanted.state != decision.state.value:
        yield Mismatch("state", wanted.state, decision.state.value, decision.reason.text)


def _compare_rules(wanted: Expectation, decision: Decision) -> Iterator[Mismatch]:
    traces = read_traces(decision.trace)
    fired = {trace.rule for trace in traces if trace.fired}
    last = {trace.rule: trace for trace in traces}
    for rule in wanted.fired:
        if rule not in fired:
            why = str(explain_rule(last[rule])) if rule in last else f"no event of this mail asks rule {rule}"
            yield Mismatch(f"rule {rule}", "fires", "does not fire", why)
    for rule in wanted.not_fired:
        if rule in fired:
            yield Mismatch(f"rule {rule}", "does not fire", "fires", str(explain_rule(last[rule])))


def _compare_ticket(wanted: Expectation, ticket: TicketView | None) -> Iterator[Mismatch]:
    if ticket is None:
        if wanted.ticket or wanted.tags:
            yield Mismatch("ticket", "a ticket", "no ticket")
        return
    for name, expected in wanted.ticket.items():
        found = ticket_value(ticket, name)
        if found != expected:
            yield Mismatch(f"ticket.{name}", expected or "(nothing)", found or "(nothing)")
    missing = wanted.tags - ticket.tags
    if missing:
        yield Mismatch("ticket.tags", ", ".join(sorted(wanted.tags)), ", ".join(sorted(ticket.tags)) or "(none)")


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
    if name.startswith("field."):
        return ticket.fields.get(name.removeprefix("field."), "")
    return {"queue": ticket.queue, "owner": ticket.owner, "team": ticket.team, "language": ticket.language}[name] or ""


def _count_notices(name: str, decision: Decision) -> int:
    """Notices, not recipients: three agents told of one message are one. `name` is a kind (ack reply status notification) or a template."""
    is_acknowledged = any(isinstance(effect, RecordEvent) and effect.kind == "acknowledged" for effect in decision.effects)
    notices = {(_kind_word(letter, is_acknowledged), letter.template) for letter in decision.letters}
    return sum(name in notice for notice in notices)


def _kind_word(letter: Letter, is_acknowledged: bool) -> str:
    """A rule's reply takes the place of the acknowledgement and is a letter of its kind; only the log tells them apart."""
    return _KINDS.get(letter.kind) or ("ack" if is_acknowledged else "reply")


def _all_sent(letters: tuple[Letter, ...]) -> str:
    templates = ", ".join(dict.fromkeys(letter.template for letter in letters))
    return f"sent were: {templates}" if templates else "nothing was sent"
