"""Follow-ups: what a message does to the ticket that it comes to (MAIL.md F9). Reading → Draft; pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk.courtesy import is_courtesy
from maild.desk.customer_mail import sender_name, tell_changes, tell_oddities, with_invitation, with_marks
from maild.desk.doubt import describe_proof
from maild.desk.lifecycle import CUSTOMER, QUIET_CLASSES, THIRD_PARTY, Course, Step, follow
from maild.desk.messages import message_of
from maild.desk.new_ticket import open_ticket
from maild.desk.participants import with_persons, with_third_party
from maild.desk.rehoming import rehome
from maild.desk.reply_address import with_reply_address
from maild.desk.snooze import tell_awakening
from maild.desk.suspicion import find_echo, find_end_of_mute, is_new_suspicion, mute_pair
from maild.draft import Draft
from maild.effects import Effect, IncomingState, LiftMute, RecordEvent
from maild.ingest.prefixes import strip_prefixes
from maild.ingest.thread import Strength
from maild.known import pair_key
from maild.message import Attachment, AuthResult, MessageClass
from maild.reading import Reading
from maild.reason import Reason
from maild.rules.verdict import Event
from maild.ticket import MessageKind, ParticipantRole, TicketView


def decide_follow_up(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md F9: a message on an existing ticket."""
    ticket = reading.thread.ticket
    if ticket is None:
        return None
    kind = kind_on(ticket, reading)
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
        return open_ticket(reading, Reason("follow_up_of_closed", step.why), settings, now)
    return _appended(ticket, kind, step, reading, settings, now)


def _is_new_topic(ticket: TicketView, reading: Reading) -> bool:
    """F9: nothing but an id in References leads to the ticket, and the subject is another."""
    grades = {item.grade for item in reading.thread.evidence if item not in reading.thread.dissent}
    return grades == {"e"} and reading.title.casefold() != strip_prefixes(ticket.subject).casefold()


def _appended(ticket: TicketView, kind: MessageKind, step: Step, reading: Reading, settings: Settings, now: datetime) -> Draft:
    added = with_invitation(message_of(reading, kind, now), reading.message)
    message = replace(added, internal=_is_internal(kind, reading), attachments=_without_signatures(reading))
    housed, moved = rehome(ticket, reading.departments.primary, settings)
    seen = replace(housed, watchers=housed.watchers | _new_watchers(housed, reading))
    appended = with_marks(with_sender(seen, kind, reading, settings), reading).with_status(step.status, now)
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
            *tell_changes(ticket, after, step.why),
            *tell_awakening(ticket, after, step.why, settings),
            *moved,
            *_suspect(ticket, heard, echo, reading, now),
        ),
        events=(Event.MAIL_RECEIVED,),
        tell=_is_told(step, echo) and reading.nature.message_class not in QUIET_CLASSES,
        silence=silence,
    )


def _without_signatures(reading: Reading) -> tuple[Attachment, ...]:
    """MAIL.md P11: a small picture that comes again on the same ticket is a signature's."""
    seen = reading.known.seen_pictures
    return tuple(replace(found, elided=found.elided or found.sha256 in seen) for found in reading.message.attachments)


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


def kind_on(ticket: TicketView, reading: Reading) -> MessageKind:
    """As what the message stands on the ticket: its customer's, a third party's, a machine's."""
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


def with_sender(ticket: TicketView, kind: MessageKind, reading: Reading, settings: Settings) -> TicketView:
    """The ticket with whom the message brings: of a customer's those in copy, of a third party itself."""
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
    by = sender_name(reading)
    chosen = reading.thread.chosen
    events = [RecordEvent("received", by, f"from {by}{describe_proof(reading)}: {chosen.text if chosen else 'belongs here'}")]
    if step.course is Course.REOPEN:
        events.append(RecordEvent("reopened", "maild", step.why))
    elif step.course is Course.SILENT:
        events.append(RecordEvent("quiet", "maild", step.why))
    if kind is MessageKind.THIRD_PARTY:
        events.append(RecordEvent("third_party", "maild", f"{by} is not the requester and gets no copies"))
    return (*events, *tell_oddities(reading))
