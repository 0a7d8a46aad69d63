"""What an agent's mail says: his commands, his words, and what speaks against doing any of it (MAIL.md A5-A8). Pure.

What of it are others' words is found in `borrowed_words.py`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from maild.config.settings import Agent, Role, Settings
from maild.desk import customer_letters
from maild.desk.action_mail import own_words
from maild.desk.acts import Act
from maild.desk.agent_signatures import is_signature_alone, without_signature
from maild.desk.answered_letter import find_answered_letter, find_task_told, is_forward
from maild.desk.borrowed_words import find_borrowed
from maild.desk.canned import part_around
from maild.desk.command import CommandFault
from maild.desk.command_lines import Parsed, find_lone_command, find_lone_word, is_errand, parse, probably_meant, with_corrections
from maild.desk.crossing import find_crossing, find_known_until
from maild.desk.furniture import without_furniture
from maild.desk.lone_words import find_lone_fault
from maild.desk.messages import shown_date_of
from maild.desk.named_people import with_requester_named, with_sender_named
from maild.desk.regroup import Reach, have_same_requester, named_tickets
from maild.desk.rewrapped import rejoined
from maild.desk.second_thoughts import find_unfit, only_status
from maild.desk.tasks import read_done_alone
from maild.ingest.excerpt import Excerpts
from maild.ingest.introductions import says_nothing_else
from maild.ingest.new_text import is_old_text
from maild.ingest.sender import PUBLIC_PLACES
from maild.message import Address, InboundMessage, Wrapping
from maild.reading import Reading
from maild.reason import Reason
from maild.sizes import describe_size
from maild.ticket import Status, TicketView

DEFAULT_VISIBILITY = Reason("default-visibility", "agents' mails are notes on this desk")
REPLY_TO_NOTE = Reason("reply-to-note", "a reply to a note is a note")
_NOT_TO_SPAM = frozenset(("open", "spam", "noreply", "undo"))
"""Commands beside which no answer goes out, or which say that the ticket is no spam."""


@dataclass(frozen=True, slots=True)
class Words:
    """An agent's text as his commands and words are looked for in it. `was_cut`: words of the notification's own were taken out."""

    text: str
    was_cut: bool


def words_of(reading: Reading, agent: Agent, ticket: TicketView, why_internal: Reason | None, settings: Settings) -> Words:
    """Where his commands and words are looked for: without what the notification says, and with the lines that mend a mail of his."""
    new, corrected = own_words(reading, agent.name), reading.circumstances.corrected
    text = new if why_internal else without_furniture(rejoined(new, reading.known.quoted), ticket.number)
    was_cut = text != new
    if corrected is not None:
        text = with_corrections(text if why_internal else _alone(unsigned(text, reading, agent, settings), agent), corrected)
    if find_task_told(reading) and (done := read_done_alone(unsigned(text, reading, agent, settings))):
        return Words(done, was_cut)
    return Words(text, was_cut)


def understand(
    words: Words, reading: Reading, agent: Agent, ticket: TicketView, why_internal: Reason | None, settings: Settings, now: datetime
) -> tuple[Act, tuple[CommandFault, ...]]:
    """What the agent wants done, and what speaks against doing any of it. Of what is sent after all only the commands for the ticket's
    status count again. What is misspelt is among the commands as it was probably meant, so that what else is wrong is found at once."""
    parsed = _parsed(words.text, reading, agent, settings) if why_internal is None else _parse(reading, words.text, internal=True)
    parsed = _as_meant(parsed, reading)
    commands, writer = with_requester_named(parsed.commands, reading.known.people), _writer_answered(reading, settings)
    parsed = replace(parsed, commands=with_sender_named(commands, writer))
    faults = _sealed(reading.message) or _oversize(reading.circumstances.full_size) or parsed.faults
    faults = faults or _lone(parsed, reading, agent, ticket, why_internal) or _to_spam(parsed, reading, ticket, why_internal)
    if may_find_more(faults) and not _is_note(parsed, why_internal):
        borrowed = find_borrowed(parsed, reading, agent, ticket, writer, settings, now, was_cut=words.was_cut)
        faults = (*faults, *borrowed)
    if reading.circumstances.sent_after_all:
        faults, parsed = faults or find_unfit(parsed.body, reading), only_status(parsed)
    act = _act_of(reading, agent, ticket, parsed, why_internal is not None, settings, now)
    return act, faults or _empty(act) or _says_nothing_itself(act, reading.message)


def _to_spam(parsed: Parsed, reading: Reading, ticket: TicketView, why_internal: Reason | None) -> tuple[CommandFault, ...]:
    """A colleague has marked it since the letter was written that is answered; whoever has sent it would learn that somebody reads him."""
    letter = find_answered_letter(reading)
    is_known = reading.circumstances.sent_after_all or (letter is not None and letter.created >= ticket.updated)
    is_wanted = is_known or any(command.word in _NOT_TO_SPAM for command in parsed.commands)
    if ticket.status is not Status.SPAM or is_wanted or _is_note(parsed, why_internal) or not parsed.body.strip():
        return ()
    return (
        CommandFault(0, f"ticket {ticket.number} is marked as spam; #open sends an answer all the same, #note keeps it", by_commands=True),
    )


def _as_meant(parsed: Parsed, reading: Reading) -> Parsed:
    meant = probably_meant(parsed.faults, reading.known.tag_names)
    errands = tuple(command for command in meant if is_errand(command))
    return replace(
        parsed,
        commands=(*parsed.commands, *(command for command in meant if command not in errands)),
        errands=(*parsed.errands, *errands),
    )


def may_find_more(faults: tuple[CommandFault, ...]) -> bool:
    """Whether what else is wrong with the mail as a whole can be told: not while nobody knows what one of its lines was to do."""
    return all(fault.line and fault.better for fault in faults)


def parse_new_mail(reading: Reading, agent: Agent, settings: Settings) -> tuple[str, Parsed]:
    """The text of a mail that answers no notification, with the lines that mend it, and what it says without his signature. What speaks
    against doing any of it is among its faults."""
    message, corrected = reading.message, reading.circumstances.corrected
    text = own_text(message)
    if corrected is not None:
        text = with_corrections(unsigned(text, reading, agent, settings), corrected)
    parsed = _parsed(text, reading, agent, settings)
    return text, replace(parsed, faults=_sealed(message) or _oversize(reading.circumstances.full_size) or parsed.faults)


def own_text(message: InboundMessage) -> str:
    """What somebody has written himself in a mail that answers no notification, without a mail that he passes on."""
    return message.forwarded.words if message.forwarded else message.new_text


def act_of(reading: Reading, agent: Agent, ticket: TicketView, parsed: Parsed, settings: Settings, now: datetime) -> Act:
    """What the agent wants done by such a mail."""
    return _act_of(reading, agent, ticket, parsed, False, settings, now)


def _writer_answered(reading: Reading, settings: Settings) -> Address | None:
    """Who wrote the message of whose notification this is the answer (F8); None where that was a colleague or the desk."""
    token = reading.sender.token
    letter = reading.known.letters.get(token.token.letter) if token else None
    writer = letter.writer if letter else None
    is_ours = writer and (settings.agent_at(writer.address) or settings.is_own_address(writer.address))
    return None if is_ours else writer


def read_beside(text: str, reading: Reading, agent: Agent, settings: Settings) -> Parsed:
    """The commands and words above a mail that he forwards (A12), without his signature."""
    parsed = parse(unsigned(text, reading, agent, settings), reading.known.tag_names)
    return _without_signature_below(parsed, reading, agent, settings)


def _parsed(text: str, reading: Reading, agent: Agent, settings: Settings) -> Parsed:
    """An answer's commands and words, without his signature (P9). A last command may stand above or below it (A7)."""
    return _without_signature_below(_parse(reading, unsigned(text, reading, agent, settings), internal=False), reading, agent, settings)


def _without_signature_below(parsed: Parsed, reading: Reading, agent: Agent, settings: Settings) -> Parsed:
    body = unsigned(parsed.body, reading, agent, settings)
    return replace(parsed, body="" if is_signature_alone(body, agent.name) else body)


def unsigned(text: str, reading: Reading, agent: Agent, settings: Settings) -> str:
    """A text without his signature (P9): the departments' own, or what has ended his mails before."""
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


def _lone(parsed: Parsed, reading: Reading, agent: Agent, ticket: TicketView, why_internal: Reason | None) -> tuple[CommandFault, ...]:
    """A command without its # would reach the customer. What was kept as a note, and is sent by its writer's word, is what he means."""
    if _is_note(parsed, why_internal) or reading.circumstances.sent_after_all:
        return ()
    return find_lone_fault(_alone(parsed.body, agent), ticket.tasks, agent.key)


def _alone(text: str, agent: Agent) -> str:
    """The command above nothing but its writer's name; any other text as it is."""
    first, _, rest = text.lstrip().partition("\n")
    return first if (find_lone_word(first) or find_lone_command(first)) and is_signature_alone(rest, agent.name) else text


def _is_note(parsed: Parsed, why_internal: Reason | None) -> bool:
    return why_internal is not None or any(command.word == "note" for command in parsed.commands)


def _empty(act: Act) -> tuple[CommandFault, ...]:
    """MAIL.md A5: neither words nor files nor commands. A13: who hears nothing takes a note for kept."""
    if act.says_something or act.errands:
        return ()
    if act.commands and all(command.word == "note" for command in act.commands):
        return (CommandFault(0, "the note has no words; write them behind #note or below it", by_commands=True),)
    if act.commands or act.internal:
        return ()
    return (CommandFault(0, "the mail has no words of yours; write them above what you quote"),)


def _says_nothing_itself(act: Act, message: InboundMessage) -> tuple[CommandFault, ...]:
    """Seen in practice: "Hello Ann, my answers are below in red", and they stand where Outlook quotes the notification without marks."""
    says_more = act.places or any(map(customer_letters.may_be_relayed, act.attachments))
    if act.internal or says_more or not message.elided or not says_nothing_else(act.body):
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
    return (CommandFault(0, f"the mail is too large ({describe_size(full_size)}), so its files were not fetched; send smaller ones"),)


def _act_of(reading: Reading, agent: Agent, ticket: TicketView, parsed: Parsed, internal: bool, settings: Settings, now: datetime) -> Act:
    message = reading.message
    into = named_tickets(command for command in parsed.commands if command.word == "merge")
    return Act(
        agent=agent,
        by=agent.key,
        at=now,
        commands=parsed.commands,
        body=parsed.body,
        html=next(_html_of(message, (parsed.body,))),
        places=parsed.places,
        html_around=tuple(_html_of(message, part_around(parsed.body, parsed.places))) if parsed.places else (),
        full_text=message.text,
        internal=internal,
        attachments=message.attachments,
        without=tuple(address.address for address in (*message.to, *message.cc)),
        message_id=message.message_id,
        references=message.references,
        subject=message.subject,
        suppressed=reading.known.suppressed,
        earlier=reading.known.earlier.get(ticket.number, ()),
        shown=shown_date_of(reading, now),
        errands=parsed.errands,
        away=reading.known.away,
        crossed=find_crossing(reading, agent, ticket.number, *into),
        reach=_reach(reading, agent, ticket, settings),
    )


def _reach(reading: Reading, agent: Agent, ticket: TicketView, settings: Settings) -> Reach:
    known, queue = reading.known, settings.queues.get(ticket.queue)
    return Reach(
        known.tickets,
        is_sure=reading.sender.authenticated or reading.circumstances.released,
        last=known.regroupings.get(ticket.number),
        posted=known.posted.get(ticket.number, ()),
        leads=agent.role is not Role.AGENT or (queue is not None and queue.lead == agent.key),
        shelf=reading.shelf,
        task=find_task_told(reading),
        rules=reading.rules,
        said=known.customers_words.get(ticket.number, ()),
    )


def _html_of(message: InboundMessage, words: Iterable[str]) -> Iterator[str]:
    """MAIL.md A8: the agent's HTML for each of these, cut where commands have been cut from the text. A literal `##word` is put right in
    the text only."""
    excerpts = Excerpts("" if "##" in message.new_text else message.new_html)
    return map(excerpts.raw, words)


def find_why_internal(reading: Reading, settings: Settings) -> Reason | None:
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
    return _find_new_requester(reading)


def _find_new_requester(reading: Reading) -> Reason | None:
    """The ticket has become another customer's since the letter was written that he answers: its first line names the one before, and his
    words are for that one."""
    return _find_why_given_away(reading) or _find_why_merged_away(reading)


def _find_why_merged_away(reading: Reading) -> Reason | None:
    token, ticket = reading.sender.token, reading.thread.ticket
    told = reading.known.tickets.get(token.token.ticket) if token else None
    if ticket is None or told is None or told.number == ticket.number or have_same_requester(told, ticket):
        return None
    merged = f"ticket {told.number} went into #{ticket.number}, which is {ticket.requester}'s"
    return Reason("another-requester", f"since the notification that you answer {merged}")


def _find_why_given_away(reading: Reading) -> Reason | None:
    """By somebody else: whoever did it himself knows."""
    ticket, known_until = reading.thread.ticket, find_known_until(reading)
    if ticket is None or known_until is None or ticket.requester_since is None or ticket.requester_by == reading.sender.agent:
        return None
    if ticket.requester_since <= known_until:
        return None
    return Reason("another-requester", f"since the notification that you answer the ticket has become {ticket.requester}'s")
