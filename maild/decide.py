"""What a message means for the desk, before the rules have their say: Reading → Draft. Pure.

The cases stand in one tuple and are tried in order; the first that applies answers, with its reason. A mail none of them claims opens a
ticket. What the rules make of the draft, and which letters follow, is `maild.conclude`.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from html import escape

from maild.config.settings import Settings
from maild.desk.agent_mail import decide_agent_mail
from maild.desk.courtesy import is_courtesy
from maild.desk.doubt import describe_proof, find_doubt, with_doubts
from maild.desk.forwarded_mail import decide_beside_ticket, decide_own_letter, find_handed, with_beside
from maild.desk.held_mail import hold_strangers_mail
from maild.desk.house_mail import decide_house_answer
from maild.desk.lifecycle import CUSTOMER, QUIET_CLASSES, THIRD_PARTY, Course, Step, follow
from maild.desk.messages import message_of
from maild.desk.participants import tell_who_joined, with_persons, with_third_party
from maild.desk.rehoming import rehome
from maild.desk.reply_address import tell_reply_address, with_reply_address
from maild.desk.reports import decide_report
from maild.desk.sent_mail import decide_sent_mail
from maild.desk.snooze import tell_awakening
from maild.desk.suspicion import find_echo, find_end_of_mute, is_new_suspicion, mute_pair
from maild.desk.welcome import decide_welcome_answer
from maild.draft import Draft
from maild.effects import AddMessage, Effect, IncomingState, LiftMute, Link, NoteAlias, RecordEvent
from maild.ingest.arrival import Part
from maild.ingest.placeholder import placeholder
from maild.ingest.prefixes import strip_prefixes
from maild.ingest.thread import Strength
from maild.known import pair_key
from maild.known_letter import KnownLetter
from maild.message import Address, Attachment, AuthResult, InboundMessage, MessageClass, Wrapping
from maild.reading import Reading
from maild.reason import Reason
from maild.rules.verdict import Event
from maild.ticket import MessageKind, ParticipantRole, Priority, Status, TicketView, follow_merges

REQUESTS = frozenset({MessageClass.HUMAN, MessageClass.LIST, MessageClass.AUTO_GENERATED})
AUTOMATIC_STRAYS = frozenset({MessageClass.AUTO_REPLY, MessageClass.CALENDAR_REPLY})
NO_SUBJECT = "(no subject)"
OVERSIZE = "oversize"
TAGS_OF_WRAPPINGS = {
    Wrapping.TNEF: "tnef",
    Wrapping.PARTIAL: "partial",
    Wrapping.SMIME_ENCRYPTED: "encrypted",
    Wrapping.PGP_ENCRYPTED: "encrypted",
}
"""P12. A signature alone is no reason to look twice; rules may ask for it."""

Case = Callable[[Reading, Settings, datetime], Draft | None]


def decide(reading: Reading, settings: Settings, now: datetime) -> Draft:
    """The first case that applies; else a new ticket."""
    for case in CASES:
        if draft := case(reading, settings, now):
            return draft
    return _new_ticket(reading, _why_new(reading), settings, now)


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
    after = _with_sender(ticket, _kind_on(ticket, reading), reading, settings)
    return Draft(IncomingState.DUPLICATE, reason, before=ticket, after=after, effects=tuple(_changes(ticket, after, reason.text)))


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


def _follow_up(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md F9: a message on an existing ticket."""
    ticket = reading.thread.ticket
    if ticket is None:
        return None
    kind = _kind_on(ticket, reading)
    is_third_party = kind is MessageKind.THIRD_PARTY
    step = follow(
        ticket,
        reading.nature.message_class,
        settings.desk.reopen_days,
        now,
        is_courtesy=is_courtesy(reading.message),
        is_new_topic=_is_new_topic(ticket, reading),
        writer=THIRD_PARTY if is_third_party else CUSTOMER,
        is_aside=is_third_party and _is_internal(kind, reading),
    )
    if step.course is Course.FOLLOW_UP:
        return _new_ticket(reading, Reason("follow_up_of_closed", step.why), settings, now)
    return _appended(ticket, kind, step, reading, settings, now)


def _without_signatures(reading: Reading) -> tuple[Attachment, ...]:
    """MAIL.md P11: a small picture that comes again on the same ticket is a signature's."""
    seen = reading.known.seen_pictures
    return tuple(replace(found, elided=found.elided or found.sha256 in seen) for found in reading.message.attachments)


def _is_new_topic(ticket: TicketView, reading: Reading) -> bool:
    """F9: nothing but an id in References leads to the ticket, and the subject is another."""
    grades = {item.grade for item in reading.thread.evidence if item not in reading.thread.dissent}
    return grades == {"e"} and reading.title.casefold() != strip_prefixes(ticket.subject).casefold()


def _appended(ticket: TicketView, kind: MessageKind, step: Step, reading: Reading, settings: Settings, now: datetime) -> Draft:
    added = _with_event(message_of(reading, kind, now), reading.message)
    message = replace(added, internal=_is_internal(kind, reading), attachments=_without_signatures(reading))
    housed, moved = rehome(ticket, reading.departments.primary, settings)
    seen = replace(housed, watchers=housed.watchers | _new_watchers(housed, reading))
    appended = _with_marks(_with_sender(seen, kind, reading, settings), reading).with_status(step.status, now)
    heard = _find_end_of_mute(ticket, reading)
    echo = find_echo(ticket.number, reading.sender, reading.conduct, reading.known.history, is_heard=heard is not None)
    after = appended.awake() if step.wakes and _is_told(step, echo) else appended
    silence = Reason("silent", step.why) if step.course is Course.SILENT else echo
    return Draft(
        state=IncomingState.DONE,
        reason=_why(reading, step),
        before=ticket,
        after=after,
        message=message,
        effects=(
            message,
            *_events(reading, kind, step),
            *_changes(ticket, after, step.why),
            *tell_awakening(ticket, after, step.why, settings),
            *moved,
            *_suspect(ticket, heard, echo, reading, now),
        ),
        events=(Event.MAIL_RECEIVED,),
        tell=_is_told(step, echo) and reading.nature.message_class not in QUIET_CLASSES,
        silence=silence,
    )


def _new_watchers(ticket: TicketView, reading: Reading) -> frozenset[str]:
    """F10: departments that get this message of the conversation, too. Where the ticket's own is not named, the first stands for it: since
    the customer wrote last, the ticket may have been moved."""
    named = reading.departments.keys
    return frozenset(named if ticket.queue in named else named[1:]) - {ticket.queue}


def _is_told(step: Step, echo: Reason | None) -> bool:
    """Agents are told of everything but thanks and what a suspected loop goes on to bring."""
    return step.course is not Course.SILENT and (echo is None or is_new_suspicion(echo))


def _find_end_of_mute(ticket: TicketView, reading: Reading) -> Reason | None:
    """A machine's answer to a person, as an out-of-office, ends nothing."""
    if reading.nature.message_class is not MessageClass.HUMAN:
        return None
    return find_end_of_mute(ticket.number, reading.sender, reading.known.letters.values(), reading.known.history)


def _suspect(ticket: TicketView, heard: Reason | None, echo: Reason | None, reading: Reading, now: datetime) -> Iterator[Effect]:
    """L5: noticed once, then muted for a day, or until he answers a person."""
    if heard and reading.sender.address:
        yield RecordEvent("loop_over", "maild", heard.text)
        yield LiftMute(pair_key(ticket.number, reading.sender.address.key))
    if echo is None:
        return
    yield RecordEvent("loop_suspect" if is_new_suspicion(echo) else "quiet", "maild", echo.text)
    yield from mute_pair(ticket.number, reading.sender, echo, now)


def _kind_on(ticket: TicketView, reading: Reading) -> MessageKind:
    if reading.nature.message_class not in (MessageClass.HUMAN, MessageClass.LIST):
        return MessageKind.AUTO
    author = reading.message.author
    role = ticket.role_of(author.address) if author else None
    return MessageKind.CUSTOMER if role in (ParticipantRole.REQUESTER, ParticipantRole.CC) else MessageKind.THIRD_PARTY


def _is_internal(kind: MessageKind, reading: Reading) -> bool:
    """MAIL.md F11, A1a: what answers an internal message, comes from somebody who got nothing else of the ticket, or carries an agent's
    token under a stranger's name, stays inside."""
    is_stranger_with_token = reading.sender.strange_token and kind is not MessageKind.CUSTOMER
    ticket, history = reading.thread.ticket, reading.known.history
    knows_inside_only = kind is MessageKind.THIRD_PARTY and ticket is not None and ticket.number in history.named_inside
    return reading.thread.parent_internal or knows_inside_only or is_stranger_with_token or kind is MessageKind.AUTO


def _with_sender(ticket: TicketView, kind: MessageKind, reading: Reading, settings: Settings) -> TicketView:
    message = reading.message
    if kind is MessageKind.CUSTOMER:
        if not _may_bring_others(reading):
            return ticket
        settled = with_reply_address(ticket, message, reading.sender.authentication.verdict, settings)
        return with_persons(settled, (*message.senders, *message.to, *message.cc), settings)
    if kind is MessageKind.THIRD_PARTY and message.author:
        return with_third_party(ticket, message.author)
    return ticket


def _may_bring_others(reading: Reading) -> bool:
    """Whoever forges a participant, or names him to a machine, must not subscribe himself to the answers (S3, P14). A number, which anybody
    can count up to, and a bare From are too little for that (F6, X2)."""
    verdict, chosen = reading.sender.authentication.verdict, reading.thread.chosen
    if verdict is AuthResult.FAIL or reading.sender.carrier or reading.sender.forwarded_by:
        return False
    return verdict is AuthResult.PASS or chosen is None or chosen.strength is not Strength.WEAK


def _why(reading: Reading, step: Step) -> Reason:
    chosen = reading.thread.chosen
    return Reason("follow_up", f"{chosen.text if chosen else 'it belongs to the ticket'}; {step.why}")


def _events(reading: Reading, kind: MessageKind, step: Step) -> tuple[Effect, ...]:
    by = _sender_name(reading)
    chosen = reading.thread.chosen
    events = [RecordEvent("received", by, f"from {by}{describe_proof(reading)}: {chosen.text if chosen else 'belongs here'}")]
    if step.course is Course.REOPEN:
        events.append(RecordEvent("reopened", "maild", step.why))
    elif step.course is Course.SILENT:
        events.append(RecordEvent("quiet", "maild", step.why))
    if kind is MessageKind.THIRD_PARTY:
        events.append(RecordEvent("third_party", "maild", f"{by} is not the requester and gets no copies"))
    return (*events, *_oddities(reading))


def _oddities(reading: Reading) -> Iterator[RecordEvent]:
    """What is odd about a mail, whether it opens a ticket or follows one (MAIL.md F1, F4, A1a, P14)."""
    by, senders = _sender_name(reading), reading.message.senders
    for other in reading.thread.dissent:
        yield RecordEvent("evidence_disagrees", "maild", f"not followed: {other.text}")
    if reading.sender.strange_token:
        yield RecordEvent("token_elsewhere", "maild", f"an agent's token under the address {by}; it gives no rights")
    if reading.sender.personal_of:
        yield RecordEvent(
            "token_elsewhere", "maild", f"the personal address of {reading.sender.personal_of} in a mail of {by}; it gives no rights"
        )
    if reading.thread.collision:
        yield RecordEvent("mid_collision", "maild", "its Message-ID belongs to another message and is not used for threading")
    if (carrier := reading.sender.carrier) and carrier.rule:
        yield RecordEvent("sender_named", f"rule {carrier.rule}", f"{by} wrote what came from {carrier.address}")
    if len(senders) > 1:
        yield RecordEvent("several_senders", "maild", f"{by} counts as its writer, the first of {len(senders)} whom the mail names in From")


def _changes(before: TicketView | None, after: TicketView, why: str) -> Iterator[Effect]:
    """What the mail has changed beside adding itself; that it opens or reopens the ticket is told of already."""
    if before and before.status is Status.WAITING and after.status is Status.OPEN:
        yield RecordEvent("changed", "maild", f"status open: {why}")
    yield from tell_who_joined(before, after)
    yield from tell_reply_address(before, after)


def _new_ticket(reading: Reading, why: Reason, settings: Settings, now: datetime) -> Draft:
    """A request. It may follow a ticket that its sender may not write on, or that has been closed too long; that one is not touched."""
    is_written = reading.nature.message_class in (MessageClass.HUMAN, MessageClass.LIST)
    kind = MessageKind.CUSTOMER if is_written else MessageKind.AUTO
    message = _with_event(_uncut(message_of(reading, kind, now), reading.message), reading.message)
    ticket = with_doubts(_opened(reading, settings, now), reading)
    return Draft(
        state=IncomingState.DONE,
        reason=why,
        after=ticket,
        message=message,
        effects=(message, *_opening_events(reading, ticket, why), *_changes(None, ticket, why.text), *_links(reading)),
        events=(Event.MAIL_RECEIVED,),
        tell=True,
        acknowledge=True,
        doubt=find_doubt(reading, settings),
    )


def _uncut(added: AddMessage, message: InboundMessage) -> AddMessage:
    """MAIL.md P8: the first message of a ticket is never cut, so no picture of it is out of sight; P7: where there is nothing to read it
    says what there is."""
    return replace(
        added,
        visible=message.uncut_text or message.text or message.new_text or placeholder(message),
        visible_html=message.uncut_html,
        attachments=tuple(replace(attachment, elided=False) for attachment in message.attachments),
    )


def _with_event(added: AddMessage, message: InboundMessage) -> AddMessage:
    """MAIL.md P12: above the words of an invitation stands what it invites to, in one line. Seen in practice: Outlook's say neither when
    nor where."""
    if not message.invitation or message.invitation in added.visible:
        return added
    html = f"<p>{escape(message.invitation)}</p>{added.visible_html}" if added.visible_html else ""
    return replace(added, visible=f"{message.invitation}\n\n{added.visible}", visible_html=html)


def _opened(reading: Reading, settings: Settings, now: datetime) -> TicketView:
    message, old = reading.message, reading.thread.ticket
    ticket = TicketView(
        number=0,
        subject=reading.title or NO_SUBJECT,
        queue=old.queue if old and old.queue in settings.queues else reading.departments.primary.key,
        status=Status.CLOSED if reading.circumstances.answered else Status.NEW,
        priority=Priority.NORMAL,
        requester=message.author or Address("", ""),
        created=now,
        updated=now,
        owner=old.owner if old and old.owner in settings.agents else None,
        watchers=frozenset(queue.key for queue in reading.departments.watching),
        language=message.language,
        closed_at=now if reading.circumstances.answered else None,
        follow_up_of=old.number if old else reading.thread.linked or reading.thread.follow_up_of,
    )
    sender, carrier = reading.sender, reading.sender.carrier
    # P14: a stranger who names somebody else as the writer of a request must not get the answer to it. A12: whoever was in copy of what an
    # agent forwards did not write to the desk, and may be anybody's list.
    persons = () if sender.forwarded_by or (carrier and carrier.unproven) else (*message.senders, *message.to, *message.cc)
    settled = with_reply_address(ticket, message, reading.sender.authentication.verdict, settings)
    return _with_marks(with_persons(settled, persons, settings), reading)


def _with_marks(ticket: TicketView, reading: Reading) -> TicketView:
    """What cannot be read here is never skipped silently: too large to fetch (MAIL.md P13), or wrapped so that nobody can open it (P12)."""
    marks = {TAGS_OF_WRAPPINGS[wrapping] for wrapping in reading.message.wrappings if wrapping in TAGS_OF_WRAPPINGS}
    oversize = set() if reading.circumstances.full_size is None else {OVERSIZE}
    return replace(ticket, tags=ticket.tags | marks | oversize)


def _why_new(reading: Reading) -> Reason:
    refused = "; ".join(reason.text for reason in reading.thread.refused)
    return Reason("new", f"new: {refused}" if refused else "new: no token, no known reference, no tag")


def _opening_events(reading: Reading, ticket: TicketView, why: Reason) -> tuple[Effect, ...]:
    by = _sender_name(reading)
    events = [
        RecordEvent("received", by, f"from {by}{describe_proof(reading)} in {reading.circumstances.place}"),
        RecordEvent("opened", "maild", why.text),
    ]
    if ticket.follow_up_of is not None and ticket.follow_up_of != reading.thread.linked:
        events.append(RecordEvent("possible_followup_of", "maild", f"perhaps about #{ticket.follow_up_of}"))
    if reading.circumstances.answered:
        events.append(RecordEvent("closed", "maild", "the mailbox says it has been answered"))
    return (*events, *_oddities(reading))


def _links(reading: Reading) -> tuple[Effect, ...]:
    linked = reading.thread.linked
    return () if linked is None else (Link(linked),)


def _sender_name(reading: Reading) -> str:
    author = reading.message.author
    return author.address if author else "unknown"


def _forwarded(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md A12: an agent forwards a customer's mail into the desk, where it is treated like that customer's."""
    if own := decide_own_letter(reading):
        return own
    handed = find_handed(reading, settings)
    if handed is None:
        return None
    if beside := decide_beside_ticket(handed, settings, now):
        return beside
    follow_up = _follow_up(handed.request, settings, now) if handed.why_not is None else None
    why = Reason("forwarded", f"new: {handed.agent.name} forwards it")
    return with_beside(follow_up or _new_ticket(handed.request, why, settings, now), handed, settings, now)


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
    _follow_up,
)
