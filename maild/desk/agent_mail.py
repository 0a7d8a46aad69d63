"""An agent's mail: unproven it is held, proven it is an answer, a note or commands (MAIL.md A1-A11, A14). Pure.

What it says is read in `maild.desk.agent_words`.
"""

from dataclasses import replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk import returned_letters
from maild.desk.acts import Act, Done, do
from maild.desk.agent_outcome import Refusal, find_direct_readers, give_back, tell_received, tell_sent_directly, warn_of_absence
from maild.desk.agent_words import DEFAULT_VISIBILITY, REPLY_TO_NOTE, find_why_internal, may_find_more, understand, unsigned, words_of
from maild.desk.answered import Answered, answered_on
from maild.desk.answered_letter import find_answered_letter
from maild.desk.command import CommandFault, in_order
from maild.desk.command_lines import says
from maild.desk.control_mail import asking_of, decide_control_mail
from maild.desk.crossing import as_note, describe_answers, find_known_until, find_policy, find_release
from maild.desk.direct_answer import decide_direct_answer
from maild.desk.errands import run
from maild.desk.held_mail import hold_unverified
from maild.desk.letting_in import decide_letting_in
from maild.desk.messages import message_of
from maild.desk.opening_mail import decide_opening, opens_ticket
from maild.desk.openings import a_new_ticket
from maild.desk.participants import tell_who_joined, with_persons
from maild.desk.regroup import merged_into
from maild.desk.rehoming import rehome
from maild.desk.returned_mail import SENT_ALREADY, find_mending
from maild.desk.salutation import is_addressed_to
from maild.draft import Draft
from maild.effects import Effect, IncomingState, Merge, RecordEvent, SendCrossed, SendKept, SendMended
from maild.known_letter import CROSSED, KnownLetter, ReturnedMail
from maild.message import Address, MessageClass
from maild.outbox.guard import post
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import MessageKind, ParticipantRole, TicketView, follow_merges, latest_ids

TICKET_CLASSES = frozenset({MessageClass.LIST, MessageClass.AUTO_GENERATED})
"""Classes a sender can choose by one header, and which become tickets: a forged agent must not get in by them (A4)."""


NOTHING_TO_SEND = CommandFault(1, "here is nothing to send; reply to the mail that says that your words were kept as a note")
TOKEN_OF_ANOTHER_TICKET = Reason("token-of-another-ticket", "its token belongs to another ticket")


def decide_agent_mail(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """What an agent's mail does; None where it is to be treated like a customer's."""
    agent = settings.agents.get(reading.sender.agent or "")
    if agent is None or is_as_customer(reading):
        return None
    ticket = reading.thread.ticket
    is_released = reading.circumstances.released
    if reading.nature.message_class is not MessageClass.HUMAN:
        if ticket and reading.sender.token:
            return _automatic(reading, ticket, now)
        may_pass = reading.nature.message_class not in TICKET_CLASSES or reading.sender.authenticated or is_released
        return None if may_pass else hold_unproven(reading, agent, settings, now)
    if letting_in := decide_letting_in(reading, agent, settings, now):
        return letting_in
    if opening := _find_opening(reading, agent, settings, now):
        # A3: it goes to whom its text names, so that a token is not enough.
        is_sure = reading.sender.vouched or is_released
        return opening if is_sure else hold_unproven(reading, agent, settings, now)
    if control := decide_control_mail(reading, agent, settings, now):
        return control
    if ticket is None and (reading.sender.vouched or is_released):
        return None
    if ticket is None or not (is_released or _is_proven_for(ticket, reading)):
        direct = decide_direct_answer(reading, agent, ticket, settings, now) if ticket else None
        return direct or hold_unproven(reading, agent, settings, now)
    return _act(reading, agent, ticket, settings, now)


def _is_proven_for(ticket: TicketView, reading: Reading) -> bool:
    """MAIL.md A3: a token proves its agent on its own ticket only."""
    token = reading.sender.token
    if not reading.sender.proven or token is None:
        return reading.sender.proven
    target = follow_merges(token.token.ticket, reading.known.tickets)
    return target is not None and target.number == ticket.number


def is_as_customer(reading: Reading) -> bool:
    """MAIL.md A4: agents are customers too: the requester of a ticket writes on it as such, unless he answers as the agent he is."""
    ticket, sender = reading.thread.ticket, reading.sender
    if ticket is None or sender.address is None or sender.token is not None:
        return False
    return ticket.role_of(sender.address.address) is ParticipantRole.REQUESTER


def _automatic(reading: Reading, ticket: TicketView, now: datetime) -> Draft:
    """MAIL.md A5: an agent's out-of-office is kept as a quiet note and never relayed."""
    note = replace(message_of(reading, MessageKind.AUTO, now), internal=True)
    return Draft(
        IncomingState.DONE,
        Reason("agent-automatic", "an agent's automatic mail is never relayed"),
        before=ticket,
        after=ticket,
        message=note,
        effects=(note, RecordEvent("received", _name(reading), "automatic mail of an agent, kept as a note")),
    )


def hold_unproven(reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Draft:
    """MAIL.md A4: nothing relayed, nothing run; held in quarantine, and the agent told at his registered address."""
    return hold_unverified(reading, agent, _why_unproven(reading), settings, now)


def _why_unproven(reading: Reading) -> Reason:
    """What the mail lacks. Proven for what it answers it may lack the right ticket's token, or the mail server's word (A3)."""
    if not reading.sender.proven:
        return reading.sender.proof
    return TOKEN_OF_ANOTHER_TICKET if reading.thread.ticket else Reason("not-authenticated", reading.sender.authentication.reason.text)


def _act(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings, now: datetime) -> Draft:
    return _answer_to_letter(reading, agent, ticket, settings, now) or _own_act(reading, agent, ticket, settings, now)


def _answer_to_letter(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings, now: datetime) -> Draft | None:
    """What a mail does that says nothing itself, but what is to become of an earlier one; None for one that does."""
    letter = find_answered_letter(reading)
    returned = letter and (letter.returned or letter.crossed)
    if letter and returned and (draft := _answer_to_returned(letter, returned, reading, agent, ticket, settings, now)):
        return draft
    return _send_kept(reading, agent, ticket, settings) if says("send", reading.message.new_text) else None


def _answer_to_returned(
    letter: KnownLetter, returned: ReturnedMail, reading: Reading, agent: Agent, ticket: TicketView, settings: Settings, now: datetime
) -> Draft | None:
    """The mail that the letter gave back walks again, or why it does not; None for an answer of its own."""
    message = reading.message
    find = find_mending if letter.returned else find_release
    match find(letter, returned, unsigned(message.new_text, reading, agent, settings), message.attachments, now):
        case SendMended() | SendCrossed() as effect:
            reason = Reason("agent-act", f"{agent.name} has message {effect.incoming} walk again, which had come back")
            place = ticket if ticket.number else None
            return Draft(IncomingState.DONE, reason, before=place, after=place, effects=(effect,))
        case CommandFault() as fault:
            return _command_failed(reading, agent, ticket, Refusal((fault,), message.new_text, about=returned.incoming), settings)
    return None


def _find_opening(reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Draft | None:
    """What a mail does that opens a ticket for somebody else, or mends one that was to; None for any other."""
    letter = find_answered_letter(reading) if reading.thread.ticket is None else None
    if letter and letter.ticket is None and letter.returned:
        place = a_new_ticket(reading.departments.primary.key, Address("", ""), reading.title, now)
        if mended := _answer_to_returned(letter, letter.returned, reading, agent, place, settings, now):
            return mended
    return decide_opening(reading, agent, settings, now) if opens_ticket(reading, settings) else None


def _own_act(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings, now: datetime) -> Draft:
    why_internal = None if reading.circumstances.sent_after_all else find_why_internal(reading, settings)
    return _do_act(reading, agent, ticket, why_internal, settings, now)


def _do_act(reading: Reading, agent: Agent, ticket: TicketView, why_internal: Reason | None, settings: Settings, now: datetime) -> Draft:
    words = words_of(reading, agent, ticket, why_internal, settings)
    act, faults = understand(words, reading, agent, ticket, why_internal, settings, now)
    answered = _answered_with_sender(answered_on(ticket, reading.known.last_words.get(ticket.number)), act, reading)
    housed, moved = rehome(ticket, reading.departments.primary, settings)
    peopled = _with_persons_answered(housed, act, reading, settings)
    done = do(peopled, act, answered, settings)
    before = done.into or ticket
    asking = asking_of(_after(done, reading), agent, settings, now, done.after)
    ran = run(act.errands, asking)
    if faults := _together(faults, (*done.faults, *ran.faults)):
        return _command_failed(reading, agent, ticket, Refusal(faults, words.text, (*act.commands, *act.errands)), settings)
    if act.crossed and done.is_sent:
        match find_policy(reading, agent, before, settings):
            case "hold":
                return _held(reading, act, ticket, words.text, settings)
            case "note":
                return _do_act(reading, agent, ticket, Reason(CROSSED, describe_answers(act.crossed)), settings, now)
    kept = _kept(reading, act, done, why_internal, find_direct_readers(reading, ticket, settings), settings)
    proof = f"proven by {reading.sender.proof.text}" if _is_proven_for(ticket, reading) else "let in after it was held"
    effects = (
        tell_received(reading, agent, proof),
        *kept,
        *(() if done.into else (*moved, *tell_who_joined(housed, peopled))),
        *tell_sent_directly(reading, agent, ticket, settings),
        *done.effects,
    )
    reason = Reason("agent-act", f"{agent.name}, {proof}")
    return Draft(
        IncomingState.DONE,
        reason,
        before=before,
        after=done.after,
        effects=effects,
        beside=(*warn_of_absence(before, done.after, act, asking), *ran.decisions),
    )


def _together(faults: tuple[CommandFault, ...], further: tuple[CommandFault, ...]) -> tuple[CommandFault, ...]:
    """All that is wrong, at once. `further` came out when what was probably meant was tried."""
    if any(not fault.line for fault in faults):
        return faults
    more = (fault for fault in further if fault.line or may_find_more(faults))
    return in_order((*faults, *more))


def _answered_with_sender(answered: Answered, act: Act, reading: Reading) -> Answered:
    """Where whoever wrote what the agent answers gets the answer, too (F8), it belongs to the thread of that mail. A mail without an id of
    its own has one that only we know (F1)."""
    token = reading.sender.token
    letter = reading.known.letters.get(token.token.letter) if token else None
    named = {command.argument.casefold() for command in act.commands if command.word in ("cc", "same")}
    if letter is None or letter.writer is None or letter.writer.key not in named or "@" not in letter.tells_of:
        return answered
    return replace(answered, references=latest_ids((*answered.references, letter.tells_of)))


def _after(done: Done, reading: Reading) -> Reading:
    """The reading for what is asked in the same mail: a ticket that has just been merged is nobody's next."""
    merged = {effect.other.number: merged_into(effect.other, done.after) for effect in done.effects if isinstance(effect, Merge)}
    return replace(reading, known=replace(reading.known, tickets={**reading.known.tickets, **merged})) if merged else reading


def _send_kept(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings) -> Draft:
    """MAIL.md A6: `send` in answer to the letter that says what was kept. Once; anywhere else it does nothing, and is no answer either."""
    letter = find_answered_letter(reading)
    kept = letter.kept if letter else None
    if kept is None or kept.was_sent:
        fault = SENT_ALREADY if kept else NOTHING_TO_SEND
        return _command_failed(reading, agent, ticket, Refusal((fault,), reading.message.new_text), settings)
    reason = Reason("agent-act", f"{agent.name} has message {kept.incoming} sent, which was kept as a note")
    return Draft(IncomingState.DONE, reason, before=ticket, after=ticket, effects=(SendKept(kept.incoming),))


def _held(reading: Reading, act: Act, ticket: TicketView, text: str, settings: Settings) -> Draft:
    """MAIL.md A11: nothing goes out and nothing is done until its author has seen what a colleague has answered before him."""
    why = f"{describe_answers(act.crossed)} since the letter to {act.agent.name} that this answers"
    offer = None if reading.circumstances.sent_after_all else as_note((*act.commands, *act.errands))
    letter = returned_letters.crossed(act.agent, ticket, act.crossed, text, settings, offer=offer)
    effects = (RecordEvent("crossed", act.by, f"held: {why}; nothing was done"), *post(letter, settings))
    return Draft(IncomingState.DONE, Reason(CROSSED, why), before=ticket, after=ticket, effects=effects)


def _kept(reading: Reading, act: Act, done: Done, why: Reason | None, readers: tuple[str, ...], settings: Settings) -> tuple[Effect, ...]:
    """MAIL.md A6: kept as a note. The agent is told if he may have meant the customer, and if she has read his note already, being among
    these `readers`. `why` None: he has said himself that it is one."""
    note = done.message
    if note is None or not note.internal:
        return ()
    event = (RecordEvent("kept_as_note", "maild", why.text),) if why else ()
    if not readers and not (why and _may_be_meant_for_customer(reading, act, done, why)):
        return event
    letter = returned_letters.kept_as_note(act.agent, done.after, why.text if why else "", note.visible, readers, settings)
    return (*event, *post(replace(letter, as_of=find_known_until(reading)), settings))


def _may_be_meant_for_customer(reading: Reading, act: Act, done: Done, why: Reason) -> bool:
    """Unless he has said `#note` himself, the desk is set so, or the first line of what he answers said so and he does not address her.
    What he only passed on was meant for nobody here."""
    said_so = why == DEFAULT_VISIBILITY or (why == REPLY_TO_NOTE and not is_addressed_to(act.body, done.after.addressee))
    is_said = any(command.word in ("note", "noreply", "undo") for command in act.commands)
    return not said_so and not reading.message.nothing_new and not is_said


def _with_persons_answered(ticket: TicketView, act: Act, reading: Reading, settings: Settings) -> TicketView:
    """A9: whom the agent's own answer went to takes part; whom he sent a note does not, he would get every answer (F8, F11)."""
    is_note = act.internal or reading.circumstances.sent_after_all or any(command.word == "note" for command in act.commands)
    return ticket if is_note else with_persons(ticket, (*reading.message.to, *reading.message.cc), settings)


def _command_failed(reading: Reading, agent: Agent, ticket: TicketView, refusal: Refusal, settings: Settings) -> Draft:
    return give_back(reading, agent, ticket, refusal, settings, internal=find_why_internal(reading, settings) is not None)


def _name(reading: Reading) -> str:
    author = reading.message.author
    return author.address if author else "unknown"
