"""What an agent does to a ticket: answer, note, commands. The same for a mail and for the command line (MAIL.md A7-A9, A14). Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from maild.config.settings import Agent, Mode, Settings
from maild.desk import agent_letters, customer_letters
from maild.desk.absence import deputies, describe_absence
from maild.desk.agent_letters import without_last_words
from maild.desk.answered import Answered
from maild.desk.audience import agents_to_tell
from maild.desk.blocks import part
from maild.desk.canned import part_around, put_together
from maild.desk.colleagues import tell_agents, tell_of_absence, tell_of_move
from maild.desk.command import Command, CommandFault
from maild.desk.crossing import describe_answers
from maild.desk.handover import ask_for_note
from maild.desk.macros import find_macro_faults
from maild.desk.notices import notice_for
from maild.desk.regroup import Reach
from maild.desk.rehoming import Moved, describe_move, leave_behind, works_in
from maild.desk.snooze import find_snooze_ended, tell_awakening
from maild.desk.split import split_off
from maild.desk.take_back import tell_delay, tell_people
from maild.desk.tasks import Telling, find_absent, tell_changes
from maild.desk.tiers import is_handed_up, may_take_by_answering
from maild.desk.verbs import NO_REACH, Performed, perform
from maild.effects import AddMessage, Delay, Effect, Merge, Post, RecordEvent, RunMacro
from maild.known import Absence, Earlier, KnownAnswer, Suppression
from maild.message import Address, Attachment
from maild.outbox.guard import address_refusal, post, suppression_refusal
from maild.outbox.leaks import find_leak
from maild.ticket import MessageKind, Status, TicketView
from maild.tokens import LetterKind


@dataclass(frozen=True, slots=True)
class Act:
    """One agent's deed. `agent` is who does it; `by` how the log names him. `without`: addresses that already have the words. `html` says
    what `body` says, as safe HTML, "" without any.

    `message_id`, `references`, `subject` and `shown`, its time for people, are those of the agent's mail, empty at the command line.
    `suppressed` are addresses to which mail came back before, customers' and agents': an answer is tried all the same (MAIL.md B5).
    `earlier` are the messages before this one, for a colleague to see; `crossed` what colleagues have answered without his knowledge (A11).
    `errands` ask the desk itself and do nothing to the ticket. `away` are the agents who are away, by key. `reach`: what its commands may
    touch beside the ticket. `places`: how many written lines of `body` stand above each canned answer; `html_around`: what the words
    around them say as safe HTML, each piece "" without any.
    """

    agent: Agent
    by: str
    at: datetime
    commands: tuple[Command, ...] = ()
    body: str = ""
    html: str = ""
    full_text: str = ""
    internal: bool = False
    attachments: tuple[Attachment, ...] = ()
    without: tuple[str, ...] = ()
    message_id: str | None = None
    references: tuple[str, ...] = ()
    subject: str = ""
    suppressed: Mapping[str, Suppression] = field(default_factory=dict)
    earlier: tuple[Earlier, ...] = ()
    shown: datetime | None = None
    errands: tuple[Command, ...] = ()
    away: Mapping[str, Absence] = field(default_factory=dict)
    crossed: tuple[KnownAnswer, ...] = ()
    reach: Reach = NO_REACH
    places: tuple[int, ...] = ()
    html_around: tuple[str, ...] = ()

    @property
    def says_something(self) -> bool:
        has_answer = any(command.word == "canned" for command in self.commands)
        return has_answer or bool(self.body.strip()) or any(map(customer_letters.may_be_relayed, self.attachments))


@dataclass(frozen=True, slots=True)
class Done:
    """The ticket after the act, and what follows from it. With `faults` nothing was done.

    `into`: the ticket into which the act has merged its own, as it was before; `after` is what became of that.
    """

    after: TicketView
    effects: tuple[Effect, ...] = ()
    faults: tuple[CommandFault, ...] = ()
    into: TicketView | None = None

    @property
    def message(self) -> AddMessage | None:
        """What was said, with all that commands have put into it; None if nothing was."""
        return next((effect for effect in self.effects if isinstance(effect, AddMessage)), None)

    @property
    def is_sent(self) -> bool:
        """Whether an answer goes to somebody."""
        return any(isinstance(effect, Post) and effect.letter.kind is LetterKind.ANSWER for effect in self.effects)


def do(ticket: TicketView, act: Act, answered: Answered, settings: Settings) -> Done:
    """Do an act to a ticket: commands first, then the words, then what the customer and the colleagues are told."""
    act = _with_blocks(act)
    performed = perform(ticket, act.commands, act.agent.key, settings, act.at, act.reach)
    if performed.faults:
        return Done(ticket, faults=performed.faults)
    if performed.splits and (fault := _block_fault(act)):
        return Done(ticket, faults=(fault,))
    act = _with_answers(act, performed)
    before, merged = performed.into or ticket, ticket.number if performed.into else None
    internal = act.internal or performed.internal
    answers = act.says_something and not internal and not performed.no_reply
    if answers and (fault := _mode_fault(performed.ticket, settings) or _leak_fault(act) or _nobody_fault(performed.ticket, act, settings)):
        return Done(ticket, faults=(fault,))
    kept, left = settled(before, performed, settings)
    after = _after_answer(before, kept, performed, act, settings) if answers else kept
    message = message_by(act, internal=internal or not answers) if act.says_something else None
    if faults := tuple(find_macro_faults(performed.macros, before, after, message, settings, act.at, answers=answers)):
        return Done(ticket, faults=faults)
    effects = (
        *((message,) if message else ()),
        *(replace(event, by=act.by) for event in performed.events),
        *performed.effects,
        *(RunMacro(rule.id, performed.no_reply) for rule in performed.macros),
        *split_off(after, act.reach, answered, act.agent, settings, act.at, suppressed=act.suppressed, away=act.away),
        *left,
        *(_crossings(act) if answers or (performed.events and not internal) else ()),
        *_ownership(kept, after, act),
        *_absent_owner(before, after, act, settings),
        *(() if performed.snooze_set else tell_awakening(before, after, _why_awake(after, answers, merged), settings, act.by)),
        *(_answer(after, act, answered, _delay(ticket, kept, performed, act, settings), settings) if answers else ()),
        *tell_changes((*ticket.tasks, *before.tasks), _telling(after, act, message, answered, settings), act.agent),
        *(tell_people(after, performed.taken_back, act.agent, settings, act.earlier, act.at) if performed.taken_back else ()),
        *_customer_notice(before, after, act, answers, performed.no_reply, answered, settings),
        *_colleagues(before, after, act, message, answered, settings, merged=merged),
        *(_crossed_colleagues(after, act, message, settings) if message and answers and act.crossed else ()),
    )
    return Done(after, effects, into=performed.into)


def _telling(after: TicketView, act: Act, message: AddMessage | None, answered: Answered, settings: Settings) -> Telling:
    words, is_sent = (message.visible, not message.internal) if message else ("", False)
    return Telling(after, answered, act.earlier, settings, act.away, words, are_sent=is_sent)


def _with_blocks(act: Act) -> Act:
    """The act without the blocks that are to be split off. Its HTML has them, too, so it goes out as text."""
    if all(command.word != "split" for command in act.commands):
        return act
    body, blocks = part(act.body)
    return replace(act, body=body, html="", html_around=(), reach=replace(act.reach, blocks=blocks))


def _with_answers(act: Act, performed: Performed) -> Act:
    """The act with its canned answers among its words. At the command line they stand above them."""
    if not performed.answers:
        return act
    words = part_around(act.body, act.places or (0,) * len(performed.answers))
    html = act.html_around if len(act.html_around) == len(words) else ("",) * len(words)
    whole = put_together(words, html, performed.answers)
    return replace(act, body=whole.text, html=whole.html)


def _block_fault(act: Act) -> CommandFault | None:
    """MAIL.md A8: what stands in a block is quoted to the customer one day. An answer of the desk's is none of his words."""
    if any(place > sum(bool(line.strip()) for line in act.body.split("\n")) for place in act.places):
        return CommandFault(0, "a canned answer goes to the customer, and belongs above the first --- line", by_commands=True)
    leaks = (find_leak(f"{block.title}\n{block.text}", act.agent.addresses) for block in act.reach.blocks)
    return next((CommandFault(0, leak.text) for leak in leaks if leak), None)


def _mode_fault(ticket: TicketView, settings: Settings) -> CommandFault | None:
    """PRODUCT 34a: before a queue is live nothing reaches its customers, and whoever tries is told so instead of being left to wonder."""
    queue = settings.queues.get(ticket.queue)
    if queue is None:
        why = f"there is no queue {ticket.queue} any more, so nothing can be sent; #move the ticket to another first"
        return CommandFault(0, why, by_commands=True)
    if queue.mode is Mode.LIVE:
        return None
    why = f"queue {queue.name} is in mode {queue.mode.value}, so nothing goes to customers; #note keeps it as a note"
    return CommandFault(0, why, by_commands=True)


def _leak_fault(act: Act) -> CommandFault | None:
    """MAIL.md A8: what would show an agent's own address or token goes back to him; `maild.outbox.leaks` scans the finished mail again."""
    if leak := find_leak(act.body, act.agent.addresses):
        return CommandFault(0, leak.text)
    for file in filter(customer_letters.may_be_relayed, act.attachments):
        if leak := find_leak(file.name, act.agent.addresses):
            return CommandFault(0, f'{leak.text}, in the name of the file "{file.name}"; give the file another name')
        if file.mentions is None:
            return CommandFault(
                0, f'the attached mail "{file.name}" names too many addresses to be looked through; send it as another file'
            )
        if leak := find_leak("\n".join(file.mentions), act.agent.addresses):
            return CommandFault(0, f'{leak.text}, in the attached {_kind_of(file)} "{file.name}"; write what it says, and leave it out')
    return None


def _kind_of(file: Attachment) -> str:
    return "mail" if file.content_type.startswith("message/") or file.name.casefold().endswith(".eml") else "file"


def _nobody_fault(ticket: TicketView, act: Act, settings: Settings) -> CommandFault | None:
    """MAIL.md A13: whoever answers what his own department has written to itself must not believe that somebody got it."""
    if nobody := customer_letters.find_unreachable(ticket, act.without, settings):
        why = f"{nobody.address} is the department's own address, so nobody would get it"
        return CommandFault(0, f"{why}; name who is to get it with #cc ADDRESS, or keep it with #note", by_commands=True)
    return None


def settled(before: TicketView, performed: Performed, settings: Settings) -> Moved:
    """The ticket after the commands, and without those who do not work where they have moved it."""
    if before.queue == performed.ticket.queue:
        return performed.ticket, ()
    return leave_behind(performed.ticket, settings, chosen={"owner"} if performed.owner_set else ())


def _after_answer(before: TicketView, settled: TicketView, performed: Performed, act: Act, settings: Settings) -> TicketView:
    """A14: a public answer takes an unowned ticket for its author and sets waiting, or open where it hands the ticket on, since the
    customer waits for others then. A command that set the status decides otherwise. It ends a snooze, unless a command said until when.
    Whoever answers and moves the ticket on to others, or to the second tier, takes it only if he works there."""
    status = Status.OPEN if _is_handed_on(before, settled, performed, act) else Status.WAITING
    ticket = settled if performed.status_set else settled.with_status(status, act.at)
    ticket = ticket if performed.snooze_set else ticket.awake()
    stays = before.queue == ticket.queue or works_in(act.agent.key, ticket.queue, settings)
    waits_for_others = not may_take_by_answering(act.agent.key, ticket, settings)
    takes_it = ticket.owner is None and act.agent.key in settings.agents and stays and not waits_for_others
    return ticket.owned_by(act.agent.key) if takes_it else ticket


def _is_handed_on(before: TicketView, settled: TicketView, performed: Performed, act: Act) -> bool:
    """To another department, another agent or the second tier. An owner who came along with a merge was given nothing."""
    is_given = performed.owner_set and settled.owner not in (None, before.owner, act.agent.key)
    return is_given or settled.queue != before.queue or is_handed_up(before, settled)


def _why_awake(after: TicketView, answers: bool, merged: int | None) -> str:
    if answers:
        return "answered"
    return f"#{merged} went into it" if merged else after.status.value


def message_by(act: Act, *, internal: bool) -> AddMessage:
    """His words, as they will stand on the ticket."""
    return AddMessage(
        kind=MessageKind.NOTE if internal else MessageKind.AGENT,
        author=Address(act.agent.name, act.agent.email),
        at=act.at,
        text=act.full_text or act.body,
        visible=act.body,
        visible_html=act.html,
        html=act.html,
        agent=act.agent.key,
        internal=internal,
        message_id=act.message_id,
        references=act.references,
        named=tuple(dict.fromkeys(address.casefold() for address in act.without)),
        subject=act.subject,
        attachments=act.attachments,
        shown=act.shown,
    )


def _crossings(act: Act) -> Iterator[RecordEvent]:
    """MAIL.md A11."""
    if act.crossed:
        yield RecordEvent("crossed", act.by, f"with what {describe_answers(act.crossed)}")


def _ownership(before: TicketView, after: TicketView, act: Act) -> Iterator[RecordEvent]:
    if before.owner is None and after.owner is not None:
        yield RecordEvent("assigned", act.by, f"to {act.agent.name}, who answered first")
    if before.status is not after.status and after.status is Status.WAITING:
        yield RecordEvent("changed", "maild", "status waiting: the customer has an answer")
    if before.status is not after.status and after.status is Status.OPEN:
        yield RecordEvent("changed", "maild", "status open: it was handed on beside an answer")


def find_absent_owner(before: TicketView, after: TicketView, act: Act) -> Absence | None:
    """PRODUCT 12: the ticket is given to a colleague who is away, whom nobody expects to see it now."""
    is_given = after.owner not in (before.owner, act.agent.key)
    return act.away.get(after.owner or "") if is_given else None


def find_absent_helpers(before: TicketView, after: TicketView, act: Act) -> tuple[Absence, ...]:
    """PRODUCT 12, 20: colleagues who are away, to whom a task is given."""
    return find_absent(before.tasks, after, act.agent.key, act.away)


def _absent_owner(before: TicketView, after: TicketView, act: Act, settings: Settings) -> Iterator[RecordEvent]:
    if absence := find_absent_owner(before, after, act):
        yield RecordEvent("warned", "maild", f"{describe_absence(absence, settings)}; others are told in his place")


def _delay(ticket: TicketView, kept: TicketView, performed: Performed, act: Act, settings: Settings) -> Delay | None:
    """How long the answer waits, and what the ticket is without it: a status or tier that commands beside it set goes with it. At the
    command line whoever answers sees what he sends, and scripts rely on its going out."""
    queue = settings.queues.get(kept.queue)
    if queue is None or not queue.send_after or act.message_id is None:
        return None
    stood = next((effect.after for effect in performed.effects if isinstance(effect, Merge)), ticket)
    without = replace(kept, status=stood.status, closed_at=stood.closed_at, snoozed_until=stood.snoozed_until)
    if stood.tier is not kept.tier:
        without = replace(without, tier=stood.tier, owner=stood.owner, follower=stood.follower)
    return Delay(queue.send_after, without)


def _answer(ticket: TicketView, act: Act, answered: Answered, delay: Delay | None, settings: Settings) -> Iterator[Effect]:
    # Only the words must not name him (A8): a link with his own address in the HTML is no reason to refuse what the text says.
    html = "" if find_leak(act.html, act.agent.addresses) else act.html
    letter = customer_letters.answer(ticket, act.agent, act.body, act.attachments, act.without, answered, settings, html=html)
    if not letter.recipients:
        yield RecordEvent("answered", act.by, "everybody already has this answer; not sent again")
        return
    to = ", ".join(address.address for address in (*letter.recipients, *letter.cc))
    yield from post(replace(letter, delay=delay), settings, RecordEvent("answered", act.by, f"to {to}"))
    if delay:
        yield tell_delay(delay.lasts)
    for address in (*letter.recipients, *letter.cc):
        if suppression := act.suppressed.get(address.key):
            yield RecordEvent("warned", "maild", f"mail to {address.address} may not arrive: {suppression.reason}")


def _customer_notice(
    before: TicketView, after: TicketView, act: Act, answers: bool, no_reply: bool, answered: Answered, settings: Settings
) -> Iterator[Effect]:
    template = None if no_reply else notice_for(before, after, answers, settings)
    if template is None:
        return
    if refusal := address_refusal(after.addressee, settings) or suppression_refusal(after.addressee, act.suppressed):
        yield RecordEvent("notice_withheld", "maild", f"{template}: {refusal.text}")
        return
    event = RecordEvent("noticed", "maild", f"{after.addressee.address} of: {template}")
    yield from post(customer_letters.status_notice(template, after, answered, settings), settings, event)


def _colleagues(
    before: TicketView,
    after: TicketView,
    act: Act,
    message: AddMessage | None,
    answered: Answered,
    settings: Settings,
    *,
    merged: int | None,
) -> Iterator[Effect]:
    """The owner hears what others do on his ticket, and which they have `merged` into it; a new owner that it is his, and a new department
    that it is theirs, both with what the customer wrote last (PRODUCT 13).

    A6: where it is handed over with a note, a reply is a note, since what answers a note may quote it between its lines.
    """
    told = message or agent_letters.customers_message(after, answered)
    earlier = act.earlier if message else without_last_words(act.earlier, answered)
    owner, is_new_owner = settings.agents.get(after.owner or ""), before.owner != after.owner
    is_told = owner and owner.key != act.agent.key and (message or is_new_owner or merged)
    owners = _keepers(owner, after, act, settings) if owner and is_told else ()
    joined = (f"{act.agent.name} merged #{merged} into this ticket.",) if merged else ()
    absent = tell_of_absence(after, act.away, settings)
    passed = absent or ((f"{act.agent.name} passed this ticket to you.",) if is_new_owner else ())
    moved = describe_move(before, after, settings, act.agent.name)
    ended = find_snooze_ended(before, after)
    yield from tell_agents(owners, after, told, (*joined, *passed, *moved), settings, earlier, snoozed_until=ended)
    yield from ask_for_note(before, after, act.agent, message, act.earlier, settings)
    followers = _followers(before, after, act, settings, owners) if message else ()
    yield from tell_agents(followers, after, told, joined, settings, earlier)
    others = (act.agent.key, *owners, *followers)
    yield from tell_of_move(
        before, after, told, settings, earlier, suppressed=act.suppressed, mover=act.agent.name, without=others, away=act.away
    )


def _followers(before: TicketView, after: TicketView, act: Act, settings: Settings, owners: tuple[str, ...]) -> tuple[str, ...]:
    """PRODUCT 14: who has handed the ticket up hears what others say on it; that it was handed up he is told with the second tier."""
    follower = after.follower if after.follower == before.follower else None
    others = (act.agent.key, *owners, *act.away)
    return (follower,) if follower and follower in settings.agents and follower not in others else ()


def _keepers(owner: Agent, ticket: TicketView, act: Act, settings: Settings) -> tuple[str, ...]:
    """The owner; while he is away, those who are told in his place."""
    if owner.key not in act.away:
        return (owner.key,)
    absent = frozenset(act.away)
    return agents_to_tell("owner", ticket, settings, without=(act.agent.key,), absent=absent, deputies=deputies(act.away))


def _crossed_colleagues(ticket: TicketView, act: Act, message: AddMessage, settings: Settings) -> Iterator[Effect]:
    """MAIL.md A11: whoever has answered at the same time is shown the other's answer; the owner has been told of it like of any."""
    colleagues = tuple(dict.fromkeys(answer.agent for answer in act.crossed if answer.agent in settings.agents))
    others = tuple(key for key in colleagues if key and key != ticket.owner)
    yield from tell_agents(others, ticket, message, (f"It crossed with what {describe_answers(act.crossed)}.",), settings, act.earlier)
    if act.agent.key in settings.agents:
        last = act.crossed[-1]
        earlier = tuple(past for past in act.earlier if past.at < last.shown)
        yield from tell_agents(
            (act.agent.key,), ticket, agent_letters.colleagues_message(last), ("Your answer crossed with it.",), settings, earlier
        )
