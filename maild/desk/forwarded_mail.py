"""A mail that an agent forwards into the desk (MAIL.md A12): whose it is, and what its agent says and wants done beside it. Pure.

How a ticket is opened for it, or goes on, is `maild.decide`'s, as for any mail.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from maild.config.settings import Agent, Settings
from maild.desk.acts import Act, do, message_by, settled
from maild.desk.agent_letters import customers_message, without_last_words
from maild.desk.agent_mail import hold_unproven, is_as_customer
from maild.desk.agent_outcome import Refusal, give_back
from maild.desk.agent_words import own_text, read_beside, unsigned
from maild.desk.answered import NOTHING_ANSWERED, Answered, answered_on
from maild.desk.colleagues import tell_agents
from maild.desk.command import Command, CommandFault
from maild.desk.command_lines import Parsed, with_corrections
from maild.desk.control import find_asked
from maild.desk.control_mail import asking_of
from maild.desk.errands import run
from maild.desk.forwarded_reading import vouched_for
from maild.desk.messages import shown_date_of
from maild.desk.opening_mail import opens_ticket
from maild.desk.openings import a_new_ticket
from maild.desk.regroup import Reach
from maild.desk.returned_mail import find_offer
from maild.desk.tasks import Telling, tell_changes
from maild.desk.verbs import perform
from maild.draft import Draft
from maild.effects import AddMessage, Effect, IncomingState, RecordEvent
from maild.ingest.forwards import passes_on
from maild.message import Address, MessageClass
from maild.reading import Reading
from maild.reason import Reason
from maild.ticket import TicketView, follow_merges

NOT_HERE = frozenset({"merge", "split", "undo", "canned", "macro"})
"""Commands about tickets that are there."""
GIVE_AWAY = "#requester ADDRESS, in a reply to this mail, gives it to whose it is."


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
        return self.original if self.original and self.why_not is None else vouched_for(self.reading)

    @property
    def acknowledges(self) -> bool:
        return any(command.word == "ack" for command in self.beside.commands)


def decide_own_letter(reading: Reading) -> Draft | None:
    """MAIL.md F2: our own letter that an agent passes on is nothing new, where he says nothing new about it. Rules of mail programs forward
    whatever comes, under the same words or none, and every letter about that would come back, too."""
    original, said = reading.forwarded, reading.conduct.text_hash
    own = original.thread.own if original else None
    if original is None or own is None:
        return None
    ticket = original.thread.ticket or reading.thread.ticket
    number = ticket.number if ticket else None
    if said and not any(mail.ticket == number and mail.conduct.text_hash == said for mail in reading.known.history.recent):
        return None
    text = f"our own letter {own.letter} came back, passed on without a new word"
    return Draft(IncomingState.DONE, Reason("own_loop", text), before=ticket, after=ticket)


def find_handed(reading: Reading, settings: Settings) -> Handed | None:
    """What a proven agent's mail hands on, None for any other mail. With a token it belongs to the ticket of that (A6)."""
    agent = settings.agents.get(reading.sender.agent or "")
    if agent is None or reading.sender.token or reading.nature.message_class is not MessageClass.HUMAN:
        return None
    if not (reading.sender.vouched or reading.circumstances.released) or opens_ticket(reading, settings):
        return None
    is_announced = passes_on(reading.message.subject) and reading.thread.ticket is None
    if not (reading.forwarded or is_announced) or is_as_customer(reading) or find_asked(reading.message, reading.sender, settings):
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
    """By the mail's own id, which anybody may have given to a mail of his, and an agent's program may take from another: so its writer must
    be known there."""
    stored, writer = reading.known.by_id.get(original.message.message_id), original.sender.address
    ticket = follow_merges(stored.ticket, reading.known.tickets) if stored else None
    if stored is None or ticket is None or ticket.queue in reading.departments.elsewhere:
        return None
    return ticket if stored.agent or (writer and ticket.role_of(writer.address)) else None


def _read_beside(reading: Reading, agent: Agent, settings: Settings) -> Parsed:
    """Old mail, from before the desk was opened, commands nothing."""
    read = read_beside(_words_beside(reading, agent, settings), reading, agent, settings)
    if reading.circumstances.quiet:
        return replace(read, commands=(), errands=(), faults=())
    return replace(read, faults=(*read.faults, *(_unfit(command) for command in read.commands if command.word in NOT_HERE)))


def _words_beside(reading: Reading, agent: Agent, settings: Settings) -> str:
    """What he says above it, with the lines that mend it."""
    text, corrected = own_text(reading.message), reading.circumstances.corrected
    return text if corrected is None else with_corrections(unsigned(text, reading, agent, settings), corrected)


def _unfit(command: Command) -> CommandFault:
    why = f"#{command.word} is about a ticket that is there; write it in a reply to its notification"
    return CommandFault(command.line, why, by_commands=True)


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
    reach = Reach(reading.known.tickets, is_sure=True)
    performed = perform(drafted, handed.beside.commands, agent.key, settings, now, reach)
    after, left = settled(drafted, performed, settings)
    ran = run(handed.beside.errands, asking_of(reading, agent, settings, now, after))
    if faults := handed.beside.faults or performed.faults or ran.faults:
        return _not_done(handed, faults, settings, now)
    message, remarks = _as_forwarded(draft.message, handed), tuple(_remarks(handed, after, settings))
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
            *tell_changes(drafted.tasks, _telling(handed, after, message, settings), agent),
            *(() if draft.tell or reading.circumstances.quiet else _tell_forwarder(after, message, remarks, handed, settings)),
        ),
        beside=(*draft.beside, *ran.decisions),
        seen=_with_silence(handed),
        remarks=remarks,
        told_too=(agent.key, *((after.owner,) if after.owner and after.owner not in (agent.key, *reading.known.away) else ())),
    )


def _telling(handed: Handed, ticket: TicketView, message: AddMessage | None, settings: Settings) -> Telling:
    """For tasks that are given beside it."""
    known, beside = handed.reading.known, handed.beside.body
    words = Answered(text=message.visible, author=message.author.name or message.author.address) if message else NOTHING_ANSWERED
    return Telling(ticket, words, known.earlier.get(ticket.number, ()), settings, known.away, beside)


def _refused(handed: Handed, ticket: TicketView, settings: Settings, now: datetime) -> Draft | None:
    """MAIL.md A3: a ticket that is there is changed by whoever proves himself as for an answer; without that the mail is held (A4)."""
    if handed.beside.faults:
        return _not_done(handed, handed.beside.faults, settings, now)
    is_proven = handed.reading.sender.proven or handed.reading.circumstances.released
    return None if is_proven or not handed.beside.commands else hold_unproven(handed.reading, handed.agent, settings, now)


def _not_done(handed: Handed, faults: tuple[CommandFault, ...], settings: Settings, now: datetime) -> Draft:
    """A7, L9: nothing is opened, and what he has written above it comes back, to be mended by command lines if it can be."""
    commands = (*handed.beside.commands, *handed.beside.errands)
    again = () if find_offer(commands, faults) is not None else (CommandFault(0, "forward the mail once more"),)
    reading = handed.reading
    place = a_new_ticket(reading.departments.primary.key, Address("", ""), reading.title, now)
    refusal = Refusal((*faults, *again), _words_beside(reading, handed.agent, settings), commands)
    return give_back(reading, handed.agent, place, refusal, settings, internal=True, may_be_rule=True)


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


def _as_forwarded(message: AddMessage | None, handed: Handed) -> AddMessage | None:
    """With its date, however long ago: an agent may well forward an old mail (P15). F7: should it come in by itself later, it belongs to
    this ticket."""
    if message is None or handed.why_not or message.message_id is None:
        return message
    written = handed.request.message.date
    shown = written if written and written <= (message.shown or message.at) else message.shown
    return replace(message, references=(*message.references, message.message_id), shown=shown)


def _tell_forwarder(
    ticket: TicketView, message: AddMessage | None, remarks: tuple[str, ...], handed: Handed, settings: Settings
) -> Iterator[Effect]:
    """Of mere thanks nobody else is told; whoever forwards them sees on which ticket they are."""
    earlier = handed.reading.known.earlier.get(ticket.number, ())
    return tell_agents((handed.agent.key,), ticket, message, remarks, settings, earlier) if message else iter(())


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
    lines = ", ".join((handed.reading.circumstances.corrected or "").splitlines())
    mended = f"; it had come back to him, and goes with {lines}" if lines else ""
    voucher = handed.reading.sender.describe_voucher()
    return RecordEvent("forwarded", handed.agent.key, f"from {handed.agent.name}, {voucher}: {what}{mended}")


def _describe(handed: Handed) -> str:
    """Whose mail it is, by what that is known, and its date, or why it is the agent's own."""
    if handed.why_not:
        return f"{handed.why_not.text}, so the ticket is {handed.agent.name}'s own"
    message, forwarded = handed.request.message, handed.reading.message.forwarded
    where = "attached" if forwarded and forwarded.is_attached else "in its text"
    at = f"{message.date.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if message.date else (forwarded.sent if forwarded else "")
    count = forwarded.others if forwarded else 0
    others = "; one more attached mail stays a file" if count == 1 else f"; {count} more attached mails stay files" if count else ""
    return f"a mail of {message.author}{f' of {at}' if at else ''}, {where}{others}"


def _remarks(handed: Handed, ticket: TicketView, settings: Settings) -> Iterator[str]:
    """What agents are told first."""
    name, gave = handed.agent.name, _describe_new_owner(handed, ticket, settings)
    if handed.why_not:
        yield f"{name} forwarded this mail{gave}. The ticket is {name}'s own, since {handed.why_not.text}. {GIVE_AWAY}"
    else:
        yield f"{name} forwarded this mail{gave}."
    if handed.reading.message.forwarded and (others := handed.reading.message.forwarded.others):
        more, are = ("One more mail was", "it is a file") if others == 1 else (f"{others} more mails were", "they are files")
        yield f"{more} attached to it; {are} of the note."


def _describe_new_owner(handed: Handed, ticket: TicketView, settings: Settings) -> str:
    owner = settings.agents.get(ticket.owner or "")
    if owner is None or not any(command.word in ("assign", "take") for command in handed.beside.commands):
        return ""
    return ", and took the ticket" if owner.key == handed.agent.key else f", and gave the ticket to {owner.name}"
