"""What a message means for the desk, before the rules have their say: Reading → Draft. Pure.

The cases stand in one tuple and are tried in order; the first that applies answers, with its reason. A mail none of them claims opens a
ticket. What the rules make of the draft is `maild.conclude`.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.agent_mail import decide_agent_mail
from maild.desk.customer_mail import tell_changes
from maild.desk.follow_up import decide_follow_up, kind_on, with_sender
from maild.desk.forwarded_mail import decide_beside_ticket, decide_own_letter, find_handed, with_beside
from maild.desk.held_mail import hold_strangers_mail
from maild.desk.house_mail import decide_house_answer
from maild.desk.new_ticket import open_ticket
from maild.desk.reports import decide_report
from maild.desk.sent_mail import decide_sent_mail
from maild.desk.welcome import decide_welcome_answer
from maild.draft import Draft
from maild.effects import IncomingState, NoteAlias
from maild.ingest.arrival import Part
from maild.ingest.automated import PROBE
from maild.known_letter import KnownLetter
from maild.message import MessageClass
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import follow_merges

REQUESTS = frozenset({MessageClass.HUMAN, MessageClass.LIST, MessageClass.AUTO_GENERATED})
AUTOMATIC_STRAYS = frozenset({MessageClass.AUTO_REPLY, MessageClass.CALENDAR_REPLY})

Case = Callable[[Reading, Settings, datetime], Draft | None]


def decide(reading: Reading, settings: Settings, now: datetime) -> Draft:
    """The first case that applies; else a new ticket."""
    for case in CASES:
        if draft := case(reading, settings, now):
            return draft
    return open_ticket(reading, _why_new(reading), settings, now)


def _why_new(reading: Reading) -> Reason:
    refused = "; ".join(reason.text for reason in reading.thread.refused)
    return Reason("new", f"new: {refused}" if refused else "new: no token, no known reference, no tag")


def _one_departments(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md F10: of a mail that departments have to themselves each gets the request; reports and agents' answers concern one only."""
    is_request = reading.nature.message_class in REQUESTS and reading.sender.token is None
    if is_request or not reading.departments.earlier:
        return None
    return Draft(IncomingState.DUPLICATE, Reason("one-department", "it concerns one department only"))


def _own_mail(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md F2: our own letter coming back is never new content, unless an agent has written it to another department."""
    own = reading.thread.own
    if reading.thread.passed_on:
        return None
    if own is None and reading.nature.message_class is not MessageClass.OWN_LOOP:
        return None
    if own is None and PROBE in reading.nature.reasons:
        return Draft(IncomingState.DONE, PROBE)
    text = f"our own letter {own.letter} came back" if own else "mail of this desk came back"
    return Draft(IncomingState.DONE, Reason("own_loop", text), effects=tuple(_alias(own, reading)))


def _alias(own: KnownLetter | None, reading: Reading) -> Iterator[NoteAlias]:
    """MAIL.md O1a: the copy that a relay laid into our Sent folder tells what id it sent the letter under. An agent's is his token."""
    message = reading.message
    is_copy = reading.circumstances.part is Part.SENT and message.message_id_given
    if own and is_copy and not own.kind.is_for_agents and message.message_id != own.message_id:
        yield NoteAlias(own.letter, message.message_id, by_relay=True)


def _duplicate(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md F1: another copy of what came before makes no message, event or mail. Of one in quarantine it may be the better copy. Of one
    that an agent has forwarded it is the first on its writer's own word, so that whom it names takes part (A12)."""
    stored = reading.thread.duplicate
    if stored is None or stored.in_quarantine:
        return None
    what = "a variant" if reading.thread.variant else "another copy"
    ticket = follow_merges(stored.ticket or 0, reading.known.tickets)
    reason = Reason("duplicate", f"{what} of message {stored.incoming}" + (f" on #{ticket.number}" if ticket else ""))
    if ticket is None or not stored.handed_in:
        return Draft(IncomingState.DUPLICATE, reason, before=ticket, after=ticket)
    after = with_sender(ticket, kind_on(ticket, reading), reading, settings)
    return Draft(IncomingState.DUPLICATE, reason, before=ticket, after=after, effects=tuple(tell_changes(ticket, after, reason.text)))


def _no_sender(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md P14: nobody to answer and nobody to show."""
    if reading.message.author is not None:
        return None
    return Draft(IncomingState.QUARANTINED, Reason("no_sender", "no address in From, Sender, Reply-To or Return-Path"))


def _stray_automatic(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md L2: an automatic answer that belongs to no ticket; it may be one all the same if a person releases it (S5)."""
    is_stray = reading.thread.ticket is None and reading.nature.message_class in AUTOMATIC_STRAYS
    if not is_stray or reading.circumstances.released:
        return None
    signs = "; ".join(reason.text for reason in reading.nature.reasons)
    return Draft(IncomingState.QUARANTINED, Reason("auto", f"automatic answer that belongs to no ticket ({signs})"))


def _forwarded(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md A12: an agent forwards a customer's mail into the desk, where it is treated like that customer's."""
    if own := decide_own_letter(reading):
        return own
    handed = find_handed(reading, settings)
    if handed is None:
        return None
    if beside := decide_beside_ticket(handed, settings, now):
        return beside
    follow_up = decide_follow_up(handed.request, settings, now) if handed.why_not is None else None
    why = Reason("forwarded", f"new: {handed.agent.name} forwards it")
    return with_beside(follow_up or open_ticket(handed.request, why, settings, now), handed, settings, now)


CASES: tuple[Case, ...] = (
    _one_departments,
    _own_mail,
    _duplicate,
    decide_sent_mail,
    decide_report,
    _no_sender,
    hold_strangers_mail,
    decide_welcome_answer,
    decide_house_answer,
    _forwarded,
    decide_agent_mail,
    _stray_automatic,
    decide_follow_up,
)
