"""An agent's mail: unproven it is held, proven it is an answer, a note or commands (MAIL.md A1-A10, A14). Pure."""

from dataclasses import dataclass, replace
from datetime import datetime

from maild.config.settings import Agent, Settings
from maild.desk import letters
from maild.desk.acts import Act, Done, do, find_absent_owner
from maild.desk.agent_signatures import is_signature_alone, without_signature
from maild.desk.answered_letter import find_answered_letter, is_forward
from maild.desk.command import Command, CommandFault
from maild.desk.command_lines import Parsed, parse, says, with_corrections
from maild.desk.control_mail import asking_of, decide_control_mail
from maild.desk.crossing import as_note, describe_answers, find_crossing, find_known_until, find_policy, find_release
from maild.desk.errands import Asking, run, tell_of_absent_owner
from maild.desk.furniture import is_unmarked_furniture, without_furniture
from maild.desk.participants import tell_who_joined, with_persons
from maild.desk.quoted_notes import has_quotes, repeats
from maild.desk.regroup import Reach, merged_into, named_tickets
from maild.desk.rehoming import rehome
from maild.desk.returned_mail import SENT_ALREADY, find_mending, find_offer
from maild.desk.second_thoughts import find_unfit, only_status
from maild.desk.verbs import with_sender_named
from maild.draft import Draft
from maild.effects import AddMessage, Decision, Effect, IncomingState, Merge, RecordEvent, SendCrossed, SendKept, SendMended
from maild.ingest.dates import shown_date
from maild.ingest.excerpt import Excerpts
from maild.ingest.introductions import says_nothing_else
from maild.ingest.new_text import is_old_text
from maild.ingest.placeholder import placeholder
from maild.ingest.sender import PUBLIC_PLACES
from maild.known import COMMAND_FAILED, CROSSED
from maild.message import Address, InboundMessage, MessageClass, Wrapping
from maild.outbox.guard import cap_refusal, post
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import MessageKind, ParticipantRole, TicketView, follow_merges

TICKET_CLASSES = frozenset({MessageClass.LIST, MessageClass.AUTO_GENERATED})
"""Classes a sender can choose by one header, and which become tickets: a forged agent must not get in by them (A4)."""

MOST_NAMED = 100

DEFAULT_VISIBILITY = Reason("default-visibility", "agents' mails are notes on this desk")
NOTHING_TO_SEND = CommandFault(1, "here is nothing to send; reply to the mail that says that your words were kept as a note")
REPLY_TO_NOTE = Reason("reply-to-note", "a reply to a note is a note")
TOKEN_OF_ANOTHER_TICKET = Reason("token-of-another-ticket", "its token belongs to another ticket")


def decide_agent_mail(reading: Reading, settings: Settings, now: datetime) -> Draft | None:
    """What an agent's mail does; None where it is to be treated like a customer's."""
    agent = settings.agents.get(reading.sender.agent or "")
    if agent is None or _is_as_customer(reading):
        return None
    ticket = reading.thread.ticket
    is_released = reading.circumstances.released
    if reading.nature.message_class is not MessageClass.HUMAN:
        if ticket and reading.sender.token:
            return _automatic(reading, ticket, now)
        may_pass = reading.nature.message_class not in TICKET_CLASSES or reading.sender.authenticated or is_released
        return None if may_pass else _unverified(reading, agent, settings, now)
    if control := decide_control_mail(reading, agent, settings, now):
        return control
    if ticket is None and (reading.sender.authenticated or is_released):
        return None
    if ticket is None or not (is_released or _is_proven_for(ticket, reading)):
        return _unverified(reading, agent, settings, now)
    return _act(reading, agent, ticket, settings, now)


def _is_proven_for(ticket: TicketView, reading: Reading) -> bool:
    """MAIL.md A3: a token proves its agent on its own ticket only."""
    token = reading.sender.token
    if not reading.sender.proven or token is None:
        return reading.sender.proven
    target = follow_merges(token.token.ticket, reading.known.tickets)
    return target is not None and target.number == ticket.number


def _is_as_customer(reading: Reading) -> bool:
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


def _unverified(reading: Reading, agent: Agent, settings: Settings, now: datetime) -> Draft:
    """MAIL.md A4: nothing relayed, nothing run; held in quarantine, and the agent told at his registered address.

    Whoever forges his name decides how many such letters there would be, so they are capped (L4). A token nobody has but he, or who has
    mail of his: an answer of his never vanishes untold.
    """
    queue = reading.departments.primary.key
    why = TOKEN_OF_ANOTHER_TICKET if reading.sender.proven else reading.sender.proof
    home = Address(agent.name, agent.email)
    is_quiet = reading.circumstances.quiet or reading.nature.message_class is not MessageClass.HUMAN
    capped = cap_refusal(home, queue, reading.sender.authentication.verdict, reading.known.sent, settings)
    untold = capped if capped and reading.sender.token is None and not is_quiet else None
    not_told = f"; {agent.name} is not told: {untold.text}" if untold else ""
    reason = Reason("agent_unverified", f"under the name of {agent.name}, but not proven: {why.text}{not_told}")
    ticket = reading.thread.ticket
    held = letters.HeldMail(reading.message.subject, reading.circumstances.received or now, ticket.number if ticket else 0)
    letter = letters.unverified(agent, queue, why, held, settings)
    return Draft(IncomingState.QUARANTINED, reason, effects=() if is_quiet or untold else post(letter, settings))


def _act(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings, now: datetime) -> Draft:
    return _answer_to_letter(reading, agent, ticket, settings, now) or _own_act(reading, agent, ticket, settings, now)


def _answer_to_letter(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings, now: datetime) -> Draft | None:
    """What a mail does that says nothing itself, but what is to become of an earlier one; None for one that does."""
    message, letter = reading.message, find_answered_letter(reading)
    text = _unsigned(message.new_text, reading, agent, settings)
    returned = letter and (letter.returned or letter.crossed)
    if letter and returned:
        find = find_mending if letter.returned else find_release
        match find(letter, returned, text, message.attachments, now):
            case SendMended() | SendCrossed() as effect:
                reason = Reason("agent-act", f"{agent.name} has message {effect.incoming} walk again, which had come back")
                return Draft(IncomingState.DONE, reason, before=ticket, after=ticket, effects=(effect,))
            case CommandFault() as fault:
                return _command_failed(reading, agent, ticket, _Refusal((fault,), message.new_text, about=returned.incoming), settings)
    return _send_kept(reading, agent, ticket, settings) if says("send", message.new_text) else None


def _own_act(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings, now: datetime) -> Draft:
    why_internal = None if reading.circumstances.sent_after_all else _why_internal(reading, settings)
    return _do_act(reading, agent, ticket, why_internal, settings, now)


def _do_act(reading: Reading, agent: Agent, ticket: TicketView, why_internal: Reason | None, settings: Settings, now: datetime) -> Draft:
    words = _words_of(reading, agent, ticket, why_internal, settings)
    act, faults = _understand(words, reading, agent, ticket, why_internal, settings, now)
    if faults:
        return _command_failed(reading, agent, ticket, _Refusal(faults, words.text, (*act.commands, *act.errands)), settings)
    answered = letters.answered_on(ticket, reading.known.last_words.get(ticket.number))
    housed, moved = rehome(ticket, reading.departments.primary, settings)
    peopled = _with_persons_answered(housed, act, reading, settings)
    done = do(peopled, act, answered, settings)
    before = done.into or ticket
    asking = asking_of(_after(done, reading), agent, settings, now, done.after)
    ran = run(act.errands, asking)
    if faults := done.faults or ran.faults:
        return _command_failed(reading, agent, ticket, _Refusal(faults, words.text, (*act.commands, *act.errands)), settings)
    if act.crossed and done.is_sent:
        match find_policy(reading, agent, before, settings):
            case "hold":
                return _held(reading, act, ticket, words.text, settings)
            case "note":
                return _do_act(reading, agent, ticket, Reason(CROSSED, describe_answers(act.crossed)), settings, now)
    kept = _kept(reading, act, done.after, why_internal, settings) if why_internal and act.says_something else ()
    proof = f"proven by {reading.sender.proof.text}" if _is_proven_for(ticket, reading) else "released by hand"
    effects = (
        _received(reading, agent, proof),
        *kept,
        *(() if done.into else (*moved, *tell_who_joined(housed, peopled))),
        *_sent_directly(reading, agent, ticket, settings),
        *done.effects,
    )
    reason = Reason("agent-act", f"{agent.name}, {proof}")
    return Draft(
        IncomingState.DONE,
        reason,
        before=before,
        after=done.after,
        effects=effects,
        beside=(*_warned(before, done.after, act, asking), *ran.decisions),
    )


def _after(done: Done, reading: Reading) -> Reading:
    """The reading for what is asked in the same mail: a ticket that has just been merged is nobody's next."""
    merged = {effect.other.number: merged_into(effect.other, done.after) for effect in done.effects if isinstance(effect, Merge)}
    return replace(reading, known=replace(reading.known, tickets={**reading.known.tickets, **merged})) if merged else reading


def _warned(before: TicketView, after: TicketView, act: Act, asking: Asking) -> tuple[Decision, ...]:
    absence = find_absent_owner(before, after, act)
    return (tell_of_absent_owner(absence, asking),) if absence else ()


@dataclass(frozen=True, slots=True)
class _Words:
    """An agent's text as his commands and words are looked for in it. `was_cut`: words of the notification's own were taken out."""

    text: str
    was_cut: bool


def _words_of(reading: Reading, agent: Agent, ticket: TicketView, why_internal: Reason | None, settings: Settings) -> _Words:
    new, corrected = reading.message.new_text, reading.circumstances.corrected
    text = new if why_internal else without_furniture(new, ticket.number)
    was_cut = text != new
    if corrected is not None:
        text = with_corrections(text if why_internal else _unsigned(text, reading, agent, settings), corrected)
    return _Words(text, was_cut)


def _understand(
    words: _Words, reading: Reading, agent: Agent, ticket: TicketView, why_internal: Reason | None, settings: Settings, now: datetime
) -> tuple[Act, tuple[CommandFault, ...]]:
    """What the agent wants done, and what speaks against doing any of it. Of what is sent after all only the commands for the ticket's
    status count again."""
    parsed = _parsed(words.text, reading, agent, settings) if why_internal is None else _parse(reading, words.text, internal=True)
    parsed = replace(parsed, commands=with_sender_named(parsed.commands, _writer_answered(reading, settings)))
    faults = _sealed(reading.message) or _oversize(reading.circumstances.full_size)
    faults = faults or parsed.faults or _furnished(parsed, reading, ticket, why_internal)
    faults = faults or _noted(parsed, reading, ticket, why_internal, was_cut=words.was_cut)
    if reading.circumstances.sent_after_all:
        faults, parsed = faults or find_unfit(parsed.body, reading), only_status(parsed)
    act = _act_of(reading, agent, ticket, parsed, why_internal is not None, now)
    return act, faults or _empty(act) or _says_nothing_itself(act, reading.message)


def _writer_answered(reading: Reading, settings: Settings) -> Address | None:
    """Who wrote the message of whose notification this is the answer (F8); None where that was a colleague or the desk."""
    token = reading.sender.token
    letter = reading.known.letters.get(token.token.letter) if token else None
    writer = letter.writer if letter else None
    is_ours = writer and (settings.agent_at(writer.address) or settings.is_own_address(writer.address))
    return None if is_ours else writer


def _received(reading: Reading, agent: Agent, proof: str) -> RecordEvent:
    if reading.circumstances.sent_after_all:
        return RecordEvent("sent_after_all", agent.key, "by his word; it was kept as a note")
    if reading.circumstances.caught_up:
        return RecordEvent("sent_after_all", agent.key, f"from {agent.name}, {proof}; it was held, since it crossed with an answer")
    if (corrected := reading.circumstances.corrected) is not None:
        lines = ", ".join(corrected.splitlines())
        return RecordEvent("corrected", agent.key, f"from {agent.name}, {proof}; it had come back to him, and goes with {lines}")
    return RecordEvent("received", agent.key, f"from {agent.name}, {proof}")


def _sent_directly(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings) -> tuple[RecordEvent, ...]:
    """MAIL.md A8, A10: customers who have the agent's own mail, with all that the desk would have taken out of it."""
    if reading.circumstances.sent_after_all:
        return ()
    named = (*reading.message.to, *reading.message.cc)
    persons = (person for person in named if settings.agent_at(person.address) is None and settings.queue_at(person.address) is None)
    theirs = [person.address for person in persons if ticket.role_of(person.address) in (ParticipantRole.REQUESTER, ParticipantRole.CC)]
    text = f"{', '.join(dict.fromkeys(theirs))} got this mail from {agent.name} directly, with the address it came from"
    return (RecordEvent("sent_directly", agent.key, text),) if theirs else ()


def _send_kept(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings) -> Draft:
    """MAIL.md A6: `send` in answer to the letter that says what was kept. Once; anywhere else it does nothing, and is no answer either."""
    letter = find_answered_letter(reading)
    kept = letter.kept if letter else None
    if kept is None or kept.was_sent:
        fault = SENT_ALREADY if kept else NOTHING_TO_SEND
        return _command_failed(reading, agent, ticket, _Refusal((fault,), reading.message.new_text), settings)
    reason = Reason("agent-act", f"{agent.name} has message {kept.incoming} sent, which was kept as a note")
    return Draft(IncomingState.DONE, reason, before=ticket, after=ticket, effects=(SendKept(kept.incoming),))


def _parsed(text: str, reading: Reading, agent: Agent, settings: Settings) -> Parsed:
    """An answer's commands and words, without his signature (P9). A last command may stand above or below it (A7)."""
    parsed = _parse(reading, _unsigned(text, reading, agent, settings), internal=False)
    body = _unsigned(parsed.body, reading, agent, settings)
    return replace(parsed, body="" if is_signature_alone(body, agent.name) else body)


def _unsigned(text: str, reading: Reading, agent: Agent, settings: Settings) -> str:
    configured = tuple(queue.signature for queue in settings.queues.values() if queue.signature)
    return without_signature(text, agent.name, configured, reading.known.own_answers)


def _parse(reading: Reading, text: str, *, internal: bool) -> Parsed:
    """The commands and the words. MAIL.md A5: what an agent only quotes is no answer; as a note it stays, a forward for example."""
    message = reading.message
    if message.nothing_new:
        return Parsed((), message.new_text if internal else "")
    parsed = parse(text, reading.known.tag_names)
    may_be_old = parsed.commands or text != message.new_text
    return replace(parsed, body="") if may_be_old and not internal and is_old_text(parsed.body) else parsed


def _furnished(parsed: Parsed, reading: Reading, ticket: TicketView, why_internal: Reason | None) -> tuple[CommandFault, ...]:
    """MAIL.md A8: the customer gets nothing of what the notification says to agents. A note is for agents."""
    if _is_note(parsed, why_internal):
        return ()
    if is_unmarked_furniture(parsed.body, ticket.number):
        return (
            CommandFault(0, "the notification stands among your words without quote marks; write above it, or let your program mark it"),
        )
    letter = find_answered_letter(reading)
    is_between = letter is not None and (letter.returned or letter.crossed) and has_quotes(parsed.body)
    return (CommandFault(0, "the mail that gave yours back stands between your words; write above it"),) if is_between else ()


def _noted(parsed: Parsed, reading: Reading, ticket: TicketView, why_internal: Reason | None, *, was_cut: bool) -> tuple[CommandFault, ...]:
    """MAIL.md F11: a notification shows notes, so whoever answers between its lines may have a piece of one left among his words."""
    if _is_note(parsed, why_internal) or not (was_cut or has_quotes(parsed.body)):
        return ()
    words = reading.known.last_words.get(ticket.number)
    if not repeats(parsed.body, reading.known.notes, words.text if words else ""):
        return ()
    return (CommandFault(0, "a note stands in what you quote, which never goes to the customer; write above the quotation"),)


def _is_note(parsed: Parsed, why_internal: Reason | None) -> bool:
    return why_internal is not None or any(command.word == "note" for command in parsed.commands)


def _held(reading: Reading, act: Act, ticket: TicketView, text: str, settings: Settings) -> Draft:
    """MAIL.md A11: nothing goes out and nothing is done until its author has seen what a colleague has answered before him."""
    why = f"{describe_answers(act.crossed)} since the letter to {act.agent.name} that this answers"
    offer = None if reading.circumstances.sent_after_all else as_note((*act.commands, *act.errands))
    letter = letters.crossed(act.agent, ticket, act.crossed, text, settings, offer=offer)
    effects = (RecordEvent("crossed", act.by, f"held: {why}; nothing was done"), *post(letter, settings))
    return Draft(IncomingState.DONE, Reason(CROSSED, why), before=ticket, after=ticket, effects=effects)


def _kept(reading: Reading, act: Act, ticket: TicketView, why: Reason, settings: Settings) -> tuple[Effect, ...]:
    """MAIL.md A6: kept as a note. The agent is told, since he may have meant the customer, unless he has said `#note` himself, the desk is
    set so, or the first line of what he answers said so. What he only passed on was meant for nobody here."""
    event = RecordEvent("kept_as_note", "maild", why.text)
    says_so = why in (DEFAULT_VISIBILITY, REPLY_TO_NOTE) or any(command.word in ("note", "noreply", "undo") for command in act.commands)
    if says_so or reading.message.nothing_new:
        return (event,)
    letter = letters.kept_as_note(act.agent, ticket, why, act.body, settings)
    return (event, *post(replace(letter, as_of=find_known_until(reading)), settings))


def _empty(act: Act) -> tuple[CommandFault, ...]:
    """MAIL.md A5: neither words nor files nor commands."""
    if act.says_something or act.commands or act.errands or act.internal:
        return ()
    return (CommandFault(0, "the mail has no words of yours; write them above what you quote"),)


def _says_nothing_itself(act: Act, message: InboundMessage) -> tuple[CommandFault, ...]:
    """Seen in practice: "Hello Ann, my answers are below in red", and they stand where Outlook quotes the notification without marks."""
    has_files = any(map(letters.may_be_relayed, act.attachments))
    if act.internal or has_files or not message.elided or not says_nothing_else(act.body):
        return ()
    why = "the mail says nothing itself above what it quotes without marks, where your words cannot be found; write them above it"
    return (CommandFault(0, why),)


def _sealed(message: InboundMessage) -> tuple[CommandFault, ...]:
    """P12: never a relay of ciphertext."""
    is_sealed = {Wrapping.SMIME_ENCRYPTED, Wrapping.PGP_ENCRYPTED}.intersection(message.wrappings)
    return (CommandFault(0, "the mail is encrypted, so maild can neither read it nor send it on"),) if is_sealed else ()


def _oversize(full_size: int | None) -> tuple[CommandFault, ...]:
    """P13, L9: of a mail too large to be fetched the files are missing, so that an answer would be another than was written."""
    if full_size is None:
        return ()
    return (
        CommandFault(0, f"the mail is too large ({letters.describe_size(full_size)}), so its files were not fetched; send smaller ones"),
    )


def _with_persons_answered(ticket: TicketView, act: Act, reading: Reading, settings: Settings) -> TicketView:
    """A9: whom the agent's own answer went to takes part; whom he sent a note does not, he would get every answer (F8, F11)."""
    is_note = act.internal or reading.circumstances.sent_after_all or any(command.word == "note" for command in act.commands)
    return ticket if is_note else with_persons(ticket, (*reading.message.to, *reading.message.cc), settings)


def _act_of(reading: Reading, agent: Agent, ticket: TicketView, parsed: Parsed, internal: bool, now: datetime) -> Act:
    message = reading.message
    into = named_tickets(command for command in parsed.commands if command.word == "merge")
    return Act(
        agent=agent,
        by=agent.key,
        at=now,
        commands=parsed.commands,
        body=parsed.body,
        html=_html_of(message, parsed.body),
        full_text=message.text,
        internal=internal,
        attachments=message.attachments,
        without=tuple(address.address for address in (*message.to, *message.cc)),
        message_id=message.message_id,
        references=message.references,
        subject=message.subject,
        suppressed=reading.known.suppressed,
        earlier=reading.known.earlier.get(ticket.number, ()),
        shown=_shown_date(reading, now),
        errands=parsed.errands,
        away=reading.known.away,
        crossed=find_crossing(reading, agent, ticket.number, *into),
        reach=_reach(reading, ticket),
    )


def _reach(reading: Reading, ticket: TicketView) -> Reach:
    is_sure = reading.sender.authenticated or reading.circumstances.released
    return Reach(reading.known.tickets, is_sure=is_sure, last=reading.known.regroupings.get(ticket.number))


def _html_of(message: InboundMessage, body: str) -> str:
    """MAIL.md A8: the agent's HTML, cut where commands have been cut from the text. A literal `##word` is put right in the text only."""
    return "" if "##" in message.new_text else Excerpts(message.new_html).raw(body)


def _why_internal(reading: Reading, settings: Settings) -> Reason | None:
    """MAIL.md A6: why this is a note and not an answer to the customer, None if it is an answer."""
    if settings.desk.default_visibility == "internal":
        return DEFAULT_VISIBILITY
    if reading.thread.parent_internal:
        return REPLY_TO_NOTE
    if is_forward(reading.message):
        return Reason("forward", "a forwarded notification never reaches the customer")
    token = reading.sender.token
    if token and token.place not in PUBLIC_PLACES:
        return Reason(
            "token-not-answered", f"the token stands in {token.place.value} only, so it is not certain where this was meant to go"
        )
    if token is None and settings.trust.agent_auth != "dmarc":
        return Reason("no-token", "it answers no notification")
    return None


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why nothing of a mail is done. `text` is shown to its writer; `commands` are those of its command lines in which no fault was found.

    `about`: an earlier mail that it was to mend; None: it is about itself.
    """

    faults: tuple[CommandFault, ...]
    text: str
    commands: tuple[Command, ...] = ()
    about: int | None = None


def _command_failed(reading: Reading, agent: Agent, ticket: TicketView, refusal: _Refusal, settings: Settings) -> Draft:
    """All or nothing: the draft goes back, nothing reaches the customer (MAIL.md A7, L9)."""
    why = "; ".join(map(str, refusal.faults))
    internal = _why_internal(reading, settings) is not None
    offer = find_offer(refusal.commands, refusal.faults)
    letter = letters.command_failed(agent, ticket, why, refusal.text, settings, internal=internal, offer=offer, about=refusal.about)
    event = RecordEvent("command_failed", agent.key, f"{why}; nothing was done")
    effects = (event, *post(replace(letter, as_of=find_known_until(reading)), settings))
    return Draft(IncomingState.DONE, Reason(COMMAND_FAILED, why), before=ticket, after=ticket, effects=effects)


def message_of(reading: Reading, kind: MessageKind, now: datetime) -> AddMessage:
    """The message as it will stand on its ticket."""
    message = reading.message
    return AddMessage(
        kind=kind,
        author=message.author or Address("", ""),
        at=now,
        text=message.text,
        visible=message.new_text or placeholder(message),
        visible_html=message.new_html,
        html=message.html,
        message_id=message.message_id,
        references=(*message.in_reply_to, *message.references),
        named=tuple(dict.fromkeys(person.key for person in (*message.to, *message.cc)))[:MOST_NAMED],
        subject=message.subject,
        attachments=message.attachments,
        shown=_shown_date(reading, now),
        thread_headers=letters.thread_headers_of(message),
    )


def _shown_date(reading: Reading, now: datetime) -> datetime:
    return shown_date(reading.message.date, reading.circumstances.received or now)


def _name(reading: Reading) -> str:
    author = reading.message.author
    return author.address if author else "unknown"
