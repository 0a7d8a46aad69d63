"""A mail that an agent forwards into the desk (MAIL.md A12): whose it is, and what its agent says and wants done beside it. Pure.

How a ticket is opened for it, or goes on, is `maild.decide`'s, as for any mail.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from maild.config.settings import Agent, Settings
from maild.desk.acts import Act, do, message_by, settled
from maild.desk.agent_mail import hold_unproven, is_as_customer
from maild.desk.agent_words import read_beside, unsigned
from maild.desk.colleagues import tell_agents
from maild.desk.command import CommandFault
from maild.desk.command_lines import Parsed
from maild.desk.control import find_asked
from maild.desk.control_mail import asking_of, tell_not_done
from maild.desk.errands import run
from maild.desk.letters import Answered, answered_on, customers_message, without_last_words
from maild.desk.messages import shown_date_of
from maild.desk.regroup import Reach
from maild.desk.verbs import Performed, perform
from maild.desk.when import read_written
from maild.draft import Draft
from maild.effects import AddMessage, Effect, IncomingState, RecordEvent
from maild.ingest.forwards import passes_on
from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply
from maild.ingest.prefixes import strip_prefixes
from maild.ingest.sender import Sender
from maild.ingest.spam import NO_SPAM
from maild.ingest.thread import ask, find_thread
from maild.known import COMMAND_FAILED, History, Question
from maild.message import NOT_JUDGED, Forwarded, InboundMessage, MessageClass, Nature
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import TicketView, follow_merges
from maild.tokens import Tokens

MOST_OF_SIGNATURE = 15
"""In lines."""
_DASHES = re.compile(r"^-- ?\n", re.MULTILINE)
NOT_HERE = frozenset({"merge", "split", "undo"})
"""Commands about tickets that are there."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A mail that an agent forwards, and what he says `beside` it, in commands and words.

    `original` is the reading of the forwarded mail. `why_not`: why it is nobody's but the agent's own, None where it is its writer's.
    `here`: the ticket where it stands already, or which one of our letters is about; nothing is added there but the agent's words.
    """

    agent: Agent
    reading: Reading
    beside: Parsed
    original: Reading | None
    why_not: Reason | None = None
    here: TicketView | None = None

    @property
    def request(self) -> Reading:
        """What a ticket is opened for."""
        return self.original if self.original and self.why_not is None else _vouched_for(self.reading)

    @property
    def acknowledges(self) -> bool:
        return any(command.word == "ack" for command in self.beside.commands)


# Before the store is asked


def with_forwarded(question: Question, message: InboundMessage, sender: Sender, tokens: Tokens, settings: Settings) -> Question:
    """The question with what must be known of the mail that an agent passes on."""
    if message.forwarded is None or sender.agent is None or sender.token:
        return question
    mail = message.forwarded.mail
    found = ask(mail, _writer(mail, ""), None, tokens, settings)
    own = tokens.read_message_id(mail.message_id)
    return replace(
        question,
        ids=tuple(dict.fromkeys((*question.ids, mail.message_id, *found.ids))),
        tickets=question.tickets | found.tickets | ({own.ticket} if own else set()),
        letters=question.letters | found.letters,
        aliases=tuple(dict.fromkeys((*question.aliases, *found.aliases))),
        addressees=question.addressees | found.addressees | {address.key for address in mail.reply_to},
        pictures=question.pictures | found.pictures,
    )


def read_forwarded(reading: Reading, tokens: Tokens, settings: Settings, now: datetime) -> Reading | None:
    """The reading of the mail that an agent passes on, as if its writer had sent it to the desk; None for any other mail.

    Nothing proves its writer but the agent's word, so that nobody takes part because it names him, and no server's word about it counts.
    """
    agent = settings.agents.get(reading.sender.agent or "")
    if agent is None or reading.sender.token or reading.message.forwarded is None:
        return None
    mail = _of_its_writer(reading.message.forwarded, reading, agent, settings)
    sender = _writer(mail, agent.name)
    mail = mail if sender.address else replace(mail, header_from=(), sender=None, reply_to=(), return_path=None)
    known = replace(reading.known, same_id=(), own=None, adopters=(), history=History())
    thread = find_thread(mail, sender, reading.departments, known, tokens, settings, now)
    own = tokens.read_message_id(mail.message_id)
    return replace(
        _vouched_for(reading),
        message=mail,
        sender=sender,
        known=known,
        thread=replace(thread, ticket=follow_merges(own.ticket, known.tickets)) if own else thread,
        title=strip_prefixes(tokens.strip_tags(mail.subject)),
    )


def _writer(mail: InboundMessage, forwarded_by: str) -> Sender:
    """Who has written it, where its From names one person beyond doubt (A2)."""
    is_strict = mail.from_fields == 1 and not mail.from_defect and len(mail.header_from) == 1 and "@" in mail.header_from[0].address
    return Sender(mail.header_from[0] if is_strict else None, NOT_JUDGED, forwarded_by=forwarded_by)


def _of_its_writer(forwarded: Forwarded, reading: Reading, agent: Agent, settings: Settings) -> InboundMessage:
    """The mail that stands in a text, without the agent's signature below it, and with its date, which his program wrote out for him."""
    mail = forwarded.mail
    if forwarded.is_attached:
        return mail
    dated = replace(mail, date=read_written(forwarded.sent, settings.zone_of(agent.key)))
    text = unsigned(_without_named(mail.text, agent), reading, agent, settings)
    if text == mail.text:
        return dated
    new = cut_reply(plain_lines(text))
    plain = replace(dated, html="", uncut_html="", new_html="")
    return replace(plain, text=text, uncut_text=text, new_text=new.visible, elided=new.elided, nothing_new=new.is_old)


def _without_named(text: str, agent: Agent) -> str:
    """Without a signature at its end, set apart, that names him. Seen in practice: Thunderbird signs below what it forwards."""
    last = next(iter(list(_DASHES.finditer(text))[-1:]), None)
    below = text[last.end() :].casefold() if last else ""
    is_his = agent.name.casefold() in below or any(address.casefold() in below for address in agent.addresses)
    return text[: last.start()].rstrip() if last and is_his and below.count("\n") < MOST_OF_SIGNATURE else text


def _vouched_for(reading: Reading) -> Reading:
    """An agent has seen what he forwards, so that neither filters nor rules keep it out."""
    circumstances = replace(reading.circumstances, released=True)
    return replace(reading, circumstances=circumstances, nature=Nature(MessageClass.HUMAN, reading.nature.reasons), spam=NO_SPAM)


# What is decided


def find_handed(reading: Reading, settings: Settings) -> Handed | None:
    """What a proven agent's mail hands on, None for any other mail. With a token it belongs to the ticket of that (A6)."""
    agent = settings.agents.get(reading.sender.agent or "")
    if agent is None or reading.sender.token or reading.nature.message_class is not MessageClass.HUMAN:
        return None
    if not (reading.sender.authenticated or reading.circumstances.released):
        return None
    is_announced = passes_on(reading.message.subject) and reading.thread.ticket is None
    if not (reading.forwarded or is_announced) or is_as_customer(reading) or find_asked(reading.message, None, settings):
        return None
    why_not = _why_not(reading.forwarded, settings)
    here = _find_here(reading, why_not)
    return Handed(agent, reading, _read_beside(reading, agent, settings), reading.forwarded, why_not, here)


def _why_not(original: Reading | None, settings: Settings) -> Reason | None:
    """Why the forwarded mail has no writer who could be answered, None if it has one."""
    if original is None:
        return Reason("no-mail", "no forwarded mail was found in it, neither attached nor under lines that say who wrote it")
    if original.sender.address is None:
        return Reason("no-writer", "the forwarded mail does not name one sender with one address")
    address = original.sender.address
    is_ours = settings.is_own_address(address.address) or address.key in settings.own_lists
    return Reason("our-own", f"the forwarded mail comes from {address.address}, an address of the desk") if is_ours else None


def _find_here(reading: Reading, why_not: Reason | None) -> TicketView | None:
    """Where the very mail stands already; or, if it is nobody's, the ticket it points to."""
    original = reading.forwarded
    if original is None:
        return None
    if same := _find_same(reading, original):
        return same
    return (original.thread.ticket or reading.thread.ticket) if why_not else None


def _find_same(reading: Reading, original: Reading) -> TicketView | None:
    """By the mail's own id. Of a mail in a text only the agent's program says what that is, so its writer must be known there."""
    stored, writer = reading.known.by_id.get(original.message.message_id), original.sender.address
    ticket = follow_merges(stored.ticket, reading.known.tickets) if stored else None
    if ticket is None or ticket.queue in reading.departments.elsewhere:
        return None
    is_attached = reading.message.forwarded is not None and reading.message.forwarded.is_attached
    return ticket if is_attached or (writer and ticket.role_of(writer.address)) else None


def _read_beside(reading: Reading, agent: Agent, settings: Settings) -> Parsed:
    """Old mail, from before the desk was opened, commands nothing."""
    forwarded = reading.message.forwarded
    read = read_beside(forwarded.words if forwarded else reading.message.new_text, reading, agent, settings)
    return replace(read, commands=(), errands=(), faults=()) if reading.circumstances.quiet else read


def decide_beside_ticket(handed: Handed, settings: Settings, now: datetime) -> Draft | None:
    """What is done about a forwarded mail to which no ticket answers: it stands on one, and only the agent's part is new. None where a
    ticket is to be opened for it, or goes on."""
    ticket, reading = handed.here, handed.reading
    if ticket is None:
        return None
    if refused := _refused(handed, ticket, settings, now):
        return refused
    answered = answered_on(ticket, reading.known.last_words.get(ticket.number))
    done = do(ticket, _act_of(handed, now), answered, settings)
    ran = run(handed.beside.errands, asking_of(reading, handed.agent, settings, now, done.after))
    if faults := done.faults or ran.faults:
        return _not_done(handed, faults, settings, now)
    why = handed.why_not.text if handed.why_not else "it stands on this ticket already"
    effects = (_event(handed, f"{why}; only the words beside it are new"), *done.effects)
    told = () if reading.circumstances.quiet else _tell_of_ticket(handed, done.after, answered, settings)
    return Draft(
        IncomingState.DONE,
        Reason("forwarded", f"{handed.agent.name} forwards what belongs to #{ticket.number}: {why}"),
        before=ticket,
        after=done.after,
        effects=(*effects, *told),
        beside=ran.decisions,
    )


def _tell_of_ticket(handed: Handed, ticket: TicketView, answered: Answered, settings: Settings) -> Iterator[Effect]:
    """The agent sees which ticket it is, with what its customer wrote last, and can answer."""
    why = handed.why_not.text if handed.why_not else "What you forwarded is on this ticket already"
    remark = f"{why[:1].upper()}{why[1:]}. Your words were added as a note." if handed.beside.body else f"{why[:1].upper()}{why[1:]}."
    earlier = without_last_words(handed.reading.known.earlier.get(ticket.number, ()), answered)
    return tell_agents((handed.agent.key,), ticket, customers_message(ticket, answered), (remark,), settings, earlier)


def with_beside(draft: Draft, handed: Handed, settings: Settings, now: datetime) -> Draft:
    """The draft of the forwarded mail with what its agent says and wants beside it: all of it, or nothing is done at all."""
    reading, agent, drafted = handed.reading, handed.agent, draft.after
    if drafted is None:
        return draft
    if draft.before and (refused := _refused(handed, draft.before, settings, now)):
        return refused
    performed = _perform(drafted, handed, settings, now)
    after, left = settled(drafted, performed, settings)
    ran = run(handed.beside.errands, asking_of(reading, agent, settings, now, after))
    if faults := handed.beside.faults or performed.faults or ran.faults:
        return _not_done(handed, faults, settings, now)
    message = _kept_in_mind(draft.message, handed)
    return replace(
        draft,
        after=after,
        message=message,
        effects=(
            *(message if effect is draft.message and message else effect for effect in draft.effects),
            _event(handed, _describe(handed)),
            *_notes(handed, now),
            *(replace(event, by=agent.key) for event in performed.events),
            *performed.effects,
            *left,
        ),
        beside=(*draft.beside, *ran.decisions),
        seen=_with_silence(handed),
        remarks=tuple(_remarks(handed, after, settings)),
        told_too=tuple(dict.fromkeys((agent.key, *((after.owner,) if after.owner else ())))),
    )


def _perform(ticket: TicketView, handed: Handed, settings: Settings, now: datetime) -> Performed:
    commands = handed.beside.commands
    if unfit := next((command for command in commands if command.word in NOT_HERE), None):
        why = f"#{unfit.word} is about a ticket that is there; write it in a reply to its notification"
        return Performed(ticket, faults=(CommandFault(unfit.line, why, by_commands=True),))
    return perform(ticket, commands, handed.agent.key, settings, now, Reach(handed.reading.known.tickets, is_sure=True))


def _refused(handed: Handed, ticket: TicketView, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md A3: a ticket that is there is changed by whoever proves himself as for an answer; without that the mail is held (A4)."""
    if handed.beside.faults:
        return _not_done(handed, handed.beside.faults, settings, now)
    is_proven = handed.reading.sender.proven or handed.reading.circumstances.released
    return None if is_proven or not handed.beside.commands else hold_unproven(handed.reading, handed.agent, settings, now)


def _not_done(handed: Handed, faults: tuple[CommandFault, ...], settings: Settings, now: datetime) -> Draft:
    """A7, L9: nothing is opened, and the agent is told why."""
    asking = asking_of(handed.reading, handed.agent, settings, now)
    again = CommandFault(0, "forward the mail once more")
    told = tell_not_done(handed.reading.message.subject, (*faults, again), asking, handed.reading)
    return Draft(IncomingState.DONE, Reason(COMMAND_FAILED, "; ".join(map(str, faults))), beside=told)


def _act_of(handed: Handed, now: datetime) -> Act:
    """All that stays inside."""
    message, known = handed.reading.message, handed.reading.known
    ticket = handed.here.number if handed.here else 0
    return Act(
        agent=handed.agent,
        by=handed.agent.key,
        at=now,
        commands=handed.beside.commands,
        body=handed.beside.body,
        full_text=message.text,
        internal=True,
        attachments=message.forwarded.files if message.forwarded else (),
        message_id=message.message_id,
        references=message.references,
        subject=message.subject,
        suppressed=known.suppressed,
        earlier=known.earlier.get(ticket, ()),
        shown=shown_date_of(handed.reading, now),
        away=known.away,
        reach=Reach(known.tickets, is_sure=True),
    )


def _kept_in_mind(message: AddMessage | None, handed: Handed) -> AddMessage | None:
    """F7: should the mail come in by itself later, it belongs to this ticket."""
    if message is None or handed.why_not or message.message_id is None:
        return message
    return replace(message, references=(*message.references, message.message_id))


def _notes(handed: Handed, now: datetime) -> Iterator[AddMessage]:
    """What the agent says beside the mail. Of a ticket that is his own it is the first message."""
    act = _act_of(handed, now)
    if act.says_something and handed.why_not is None:
        yield message_by(act, internal=True)


def _with_silence(handed: Handed) -> Reading:
    """A12: whoever has written to an agent, and not to the desk, gets no automatic mail of it unless the agent wants it."""
    request = handed.request
    why = Reason("forwarded", f"{handed.agent.name} forwarded the mail, and without #ack the desk writes nothing by itself")
    silence = () if handed.acknowledges and handed.why_not is None else (why,)
    return replace(request, nature=replace(request.nature, silence=silence))


def _event(handed: Handed, what: str) -> RecordEvent:
    sender = handed.reading.sender
    proof = f"proven by {sender.authentication.inside or sender.authentication.reason.text}" if sender.authenticated else "released by hand"
    return RecordEvent("forwarded", handed.agent.key, f"from {handed.agent.name}, {proof}: {what}")


def _describe(handed: Handed) -> str:
    """Whose mail it is, by what that is known, and its date, or why it is the agent's own."""
    if handed.why_not:
        return f"{handed.why_not.text}, so the ticket is {handed.agent.name}'s own"
    message, forwarded = handed.request.message, handed.reading.message.forwarded
    where = "attached" if forwarded and forwarded.is_attached else "in its text"
    at = f"{message.date.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if message.date else (forwarded.sent if forwarded else "")
    others = f"; {forwarded.others} more attached mails stay files" if forwarded and forwarded.others else ""
    return f"a mail of {message.author}{f' of {at}' if at else ''}, {where}{others}"


def _remarks(handed: Handed, ticket: TicketView, settings: Settings) -> Iterator[str]:
    """What agents are told first."""
    name, owner = handed.agent.name, settings.agents.get(ticket.owner or "")
    gave = f", and gave the ticket to {owner.name}" if owner and any(command.word == "assign" for command in handed.beside.commands) else ""
    if handed.why_not:
        yield f"{name} forwarded this mail{gave}. The ticket is {name}'s own, since {handed.why_not.text}."
    else:
        yield f"{name} forwarded this mail{gave}."
    if handed.reading.message.forwarded and (others := handed.reading.message.forwarded.others):
        yield f"{others} more mails were attached to it; they are files of the note."
