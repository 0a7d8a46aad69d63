"""Verbs: what a command does to a ticket, whether it came by mail or by the command line. Pure.

All or nothing: one fault and nothing is done.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches

from maild.canned.argument import read_asked
from maild.canned.shelf import Filled
from maild.config.settings import Settings
from maild.desk.blocks import find_block_fault
from maild.desk.canned import Unfit, fill_in
from maild.desk.command import OF_STATUS, Command, CommandFault, read_assignment
from maild.desk.contradictions import find_contradictions
from maild.desk.named_people import SENDER, address_in, read_person
from maild.desk.participants import find_copy_fault, find_person_fault, with_requester, with_role, with_same_person
from maild.desk.regroup import Reach, find_merge_fault, find_named, find_other_fault, merge, undo
from maild.desk.take_back import NotUndone, effects_of, find_undoable, take_back, tell_taken_back
from maild.desk.tasks import NO_AGENT, Actor, describe_task, find_done, mend_name, read_task
from maild.desk.ticket_tags import find_tag_problem, read_tags
from maild.desk.tiers import describe_hands, find_specialists, hand_back, hand_up
from maild.desk.when import Unreadable, describe_moment, read_when
from maild.effects import Effect, Link, Merge, RecordEvent, Undo
from maild.message import Address
from maild.posted_answer import PostedAnswer
from maild.regrouping import Regrouping
from maild.rules.ruleset import Rule
from maild.ticket import ENDED, ParticipantRole, Priority, Status, TicketView, Tier

NO_REACH = Reach()
FIRST = {"merge": 0, "undo": 0, "requester": 1, "same": 1, "move": 2, "l2": 3}
"""Commands after which the ticket may be another, then those after which it is another's, another department's, the second tier's; those
beside them are about that one."""
LAST = frozenset(("canned", "macro"))
"""Commands that say something about the ticket as the others leave it, or go by that."""
MOST_ANSWERS = 20


@dataclass(frozen=True, slots=True)
class Performed:
    """A ticket after its commands. `internal`: the mail is a note. `no_reply`: nothing goes to the customer.

    `status_set`, `owner_set`, `snooze_set`: a command said what it is to be, the same as before or not. `into`: the ticket as it was before
    the one that the commands came to was merged into it; `ticket` is that one, then. `splits`: the blocks become tickets of their own.
    `taken_back`: the answer that does not go out. `answers` are the canned ones, in order, `macros` the rules that are run by name.
    """

    ticket: TicketView
    events: tuple[RecordEvent, ...] = ()
    effects: tuple[Effect, ...] = ()
    into: TicketView | None = None
    splits: bool = False
    taken_back: PostedAnswer | None = None
    answers: tuple[Filled, ...] = ()
    macros: tuple[Rule, ...] = ()
    internal: bool = False
    no_reply: bool = False
    status_set: bool = False
    owner_set: bool = False
    snooze_set: bool = False
    faults: tuple[CommandFault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _State(Performed):
    """A ticket on its way through its commands, and what they go by."""

    actor: str
    settings: Settings
    now: datetime
    reach: Reach

    def become(self, ticket: TicketView, event: str, text: str) -> "_State":
        """This state with the ticket changed and the event noted; what is already so is no event, though it is decided now."""
        if replace(ticket, decided=self.ticket.decided) == self.ticket:
            return replace(self, ticket=ticket)
        return replace(self, ticket=ticket, events=(*self.events, RecordEvent(event, self.actor, text)))

    def fail(self, text: str, better: str = "", *, by_commands: bool = True) -> "_State":
        """`better`: what was probably meant in place of the command's argument; `by_commands`: as in `CommandFault`."""
        return replace(self, faults=(*self.faults, CommandFault(0, text, by_commands, better)))


def perform(
    ticket: TicketView, commands: Iterable[Command], actor: str, settings: Settings, now: datetime, reach: Reach = NO_REACH
) -> Performed:
    """The ticket after the commands, in order, but those of `FIRST` before all others, and those of `LAST` after them. With any fault the
    ticket comes back as it was."""
    state = _State(ticket, actor=actor, settings=settings, now=now, reach=reach)
    commands = tuple(commands)
    torn = find_contradictions(commands, actor)
    faults = list(torn.values())
    whole = (command for command in commands if command not in torn)
    for command in sorted(whole, key=lambda command: (FIRST.get(command.word, len(FIRST)), command.word in LAST)):
        state = VERBS[command.word](state, command.argument)
        faults += [_fault_of(command, fault) for fault in state.faults]
        state = replace(state, faults=())
    return Performed(ticket, faults=tuple(faults)) if faults else state


def _fault_of(command: Command, fault: CommandFault) -> CommandFault:
    better = f"#{command.word} {fault.better}" if fault.better else ""
    return replace(fault, line=command.line, better=better)


def _note(state: _State, argument: str) -> _State:
    return replace(state, internal=True)


def _close(state: _State, argument: str) -> _State:
    return _set_status(state, Status.CLOSED, "closed", "closed")


def _open(state: _State, argument: str) -> _State:
    was_closed = state.ticket.status in (Status.CLOSED, Status.SPAM)
    return _set_status(state, Status.OPEN, "reopened" if was_closed else "changed", "reopened" if was_closed else "status open")


def _wait(state: _State, argument: str) -> _State:
    return _set_status(state, Status.WAITING, "changed", "status waiting")


def _spam(state: _State, argument: str) -> _State:
    return replace(_set_status(state, Status.SPAM, "spam", "marked as spam"), no_reply=True)


def _set_status(state: _State, status: Status, event: str, text: str) -> _State:
    ticket = replace(state.ticket.with_status(status, state.now), decided=state.ticket.decided | {"status"})
    return replace(state.become(ticket, event, text), status_set=True)


def _assign(state: _State, argument: str) -> _State:
    state, name = replace(state, owner_set=True), argument.casefold()
    if name == "me":
        name = state.actor
        if name not in state.settings.agents:
            known = ", ".join(state.settings.agents)
            return state.fail(f'"{name}" is no agent of this desk; say who you are with --as NAME, or name who is meant: {known}')
    if name == "none":
        return state.become(replace(state.ticket, owner=None), "assigned", "no owner any more")
    if name not in state.settings.agents:
        return _unknown(state, "agent", argument, state.settings.agents)
    ticket = replace(state.ticket.owned_by(name), decided=state.ticket.decided | {"owner"})
    return state.become(ticket, "assigned", f"to {state.settings.agents[name].name}")


def _take(state: _State, argument: str) -> _State:
    return _assign(state, "me")


def _move(state: _State, argument: str) -> _State:
    if argument.casefold() not in state.settings.queues:
        return _unknown(state, "queue", argument, state.settings.queues)
    queue = state.settings.queues[argument.casefold()]
    ticket = replace(state.ticket, queue=queue.key, decided=state.ticket.decided | {"queue"})
    return state.become(ticket, "moved", f"to {queue.name}")


def _l2(state: _State, argument: str) -> _State:
    """PRODUCT 14: whoever is named with `#assign` beside it gets it."""
    if not find_specialists(state.ticket, state.settings):
        queue = state.settings.queues.get(state.ticket.queue)
        where = queue.name if queue else state.ticket.queue
        return state.fail(f"nobody in {where} is of the second tier; an admin sets `tier: 2` for an agent, or #assign names a colleague")
    if state.ticket.tier is Tier.L2:
        return state
    return _become_of_tier(state, hand_up(state.ticket, state.settings, state.actor))


def _become_of_tier(state: _State, ticket: TicketView) -> _State:
    """An owner whom a command has named before stays."""
    chosen = ticket.owned_by(state.ticket.owner) if state.owner_set else ticket
    words = describe_hands(state.ticket, chosen, state.settings)
    return state.become(chosen, "tier", "; ".join((f"tier {ticket.tier.value}", *words)))


def _tier(state: _State, argument: str, before: str = "") -> _State:
    match argument.casefold():
        case "l2":
            return _l2(state, "")
        case "l1":
            return state if state.ticket.tier is Tier.L1 else _become_of_tier(state, hand_back(state.ticket, state.settings))
    return _unknown(state, "tier", argument, [tier.value for tier in Tier], before)


def _tag(state: _State, argument: str) -> _State:
    words = read_tags(argument)
    if not words:
        return state.fail("#tag needs at least one word, as in #tag vip")
    if problems := [problem for word in sorted(words) if (problem := find_tag_problem(word))]:
        return state.fail("; ".join(problems))
    return state.become(replace(state.ticket, tags=state.ticket.tags | words), "tagged", ", ".join(sorted(words)))


def _untag(state: _State, argument: str) -> _State:
    words = read_tags(argument)
    if not words:
        return state.fail("#untag needs at least one word, as in #untag vip")
    return state.become(replace(state.ticket, tags=state.ticket.tags - words), "untagged", ", ".join(sorted(words)))


def _priority(state: _State, argument: str, before: str = "") -> _State:
    known = {priority.value: priority for priority in Priority}
    if argument.casefold() not in known:
        return _unknown(state, "priority", argument, known, before)
    priority = known[argument.casefold()]
    ticket = replace(state.ticket, priority=priority, decided=state.ticket.decided | {"priority"})
    return state.become(ticket, "changed", f"priority {priority.value}")


def _snooze(state: _State, argument: str) -> _State:
    """PRODUCT 18, in the time zone of who says it; `off` ends it at once."""
    state = replace(state, snooze_set=True)
    if argument.casefold() == "off":
        return state.become(state.ticket.awake(), "woke", "no longer snoozed")
    if state.ticket.status in ENDED:
        return state.fail(f"the ticket is {state.ticket.status.value}, so it is in no queue; #open it, and it can be snoozed")
    zone = state.settings.zone_of(state.actor)
    until = read_when(argument, state.now, zone)
    if isinstance(until, Unreadable):
        return state.fail(until.text)
    return state.become(replace(state.ticket, snoozed_until=until), "snoozed", f"until {describe_moment(until, zone)}")


def _set(state: _State, argument: str) -> _State:
    assignment = read_assignment(argument)
    if assignment is None:
        return state.fail(f'"{argument}" sets nothing; write a name, "=" and a value, as in order=1234567')
    name, value = assignment
    if name == "priority":
        return _priority(state, value, "priority=")
    if name == "tier":
        return _tier(state, value, "tier=")
    if name == "status":
        word = OF_STATUS.get(value.casefold())
        return VERBS[word](state, "") if word else _unknown(state, "status", value, OF_STATUS, "status=")
    if verb := {"requester": _requester, "same": _same, "cc": _cc, "uncc": _uncc}.get(name):
        return verb(state, value)
    ticket = replace(state.ticket, fields={**state.ticket.fields, name: value})
    return state.become(ticket, "changed", f"{name} = {value}")


def _cc(state: _State, argument: str) -> _State:
    if argument.casefold() == SENDER:
        return state.fail(
            "#cc sender is for a reply to the notification of somebody's message; name an address, as in #cc bob@globex.example"
        )
    if not (address := address_in(argument)):
        return state.fail(f'"{argument}" is not one mail address; #cc needs one, as in #cc bob@globex.example')
    if address.casefold() == state.ticket.addressee.key:
        return state
    if fault := find_copy_fault(address, state.settings):
        return state.fail(fault)
    return state.become(with_role(state.ticket, address, ParticipantRole.CC), "changed", f"{address} gets copies")


def _uncc(state: _State, argument: str) -> _State:
    address = address_in(argument)
    others = tuple(person for person in state.ticket.participants if not address or person.address.key != address.casefold())
    if address is None or others == state.ticket.participants:
        return state.fail(f'"{argument}" takes no part in this ticket')
    return state.become(replace(state.ticket, participants=others), "changed", f"{address} gets no more copies")


def _requester(state: _State, argument: str) -> _State:
    """Who it was stays in copy, so that nobody falls silent who was being answered; `#uncc` beside it lets him go."""
    person = read_person(argument)
    if person is None:
        return state.fail(f'"{argument}" is not one mail address; #requester needs one, as in #requester dora@globex.example')
    if fault := find_person_fault(person, state.settings):
        return state.fail(fault)
    before, after = state.ticket, with_requester(state.ticket, person, state.actor, state.settings, state.now)
    if before.requester.key == person.key:
        return state.become(after, "requester", f"the requester is {after.requester}")
    is_copied = any(other.key in (before.requester.key, before.addressee.key) for other in after.cc)
    former = f"{before.requester.address}, {'who gets copies' if is_copied else 'who takes no part any more'}"
    return state.become(after, "requester", f"the requester is {after.requester}, no longer {former}")


def _same(state: _State, argument: str) -> _State:
    address = address_in(argument)
    if address is None:
        return state.fail("#same is for a reply to the notification of a message by somebody who is not the requester")
    if address.casefold() == state.ticket.requester.key:
        return state.fail(f"{address} is the requester; #same is for a reply to the notification of another's message")
    if state.ticket.role_of(address) is None:
        return state.fail(f"{address} takes no part in this ticket, so it is no other address of its requester")
    if fault := find_person_fault(Address("", address), state.settings):
        return state.fail(fault)
    text = f"{address} is {state.ticket.requester.address}, too: mail from there is the requester's, and answers go to both"
    return state.become(with_same_person(state.ticket, address), "requester", text)


def _begin_anew(state: _State, argument: str) -> _State:
    return state.fail("#to and #from open a ticket; write them in a new mail to the department, not in a reply", by_commands=False)


def _no_reply(state: _State, argument: str) -> _State:
    return replace(state, no_reply=True)


def _ack(state: _State, argument: str) -> _State:
    """A12: the desk acknowledges what is forwarded to it, or taken down, only if that is said; the ticket is not opened yet."""
    if state.ticket.number:
        return state.fail("#ack is for a mail that you forward to the desk, or in which you take something down with #from")
    return state


def _merge(state: _State, argument: str) -> _State:
    """This ticket goes into the one named, as users of RT and Zammad expect; what else is commanded happens there."""
    named = find_named(argument)
    if named is None:
        return state.fail("#merge needs the number of the ticket into which this one is to go, as in #merge 1042")
    if fault := find_merge_fault(state.ticket, named, state.reach, state.settings):
        return state.fail(fault)
    gone, target = state.ticket, state.reach.tickets[named.number]
    after = merge(gone, target, state.settings, state.now)
    events = (
        RecordEvent("merged", state.actor, f"#{gone.number} went into this ticket, with its messages"),
        RecordEvent("merged", state.actor, f"went into #{target.number}: there its messages are, and what comes", on=gone.number),
        *(RecordEvent("joined", state.actor, f"{who.address} gets copies") for who in after.cc if who not in target.cc),
    )
    effects = (*state.effects, Merge(gone, target, after, state.actor))
    return replace(state, ticket=after, into=target, effects=effects, events=(*state.events, *events))


def _link(state: _State, argument: str) -> _State:
    named = find_named(argument)
    if named is None:
        return state.fail("#link needs the number of another ticket, as in #link 1042")
    if fault := find_other_fault(state.ticket, named, state.reach):
        return state.fail(fault)
    return replace(state, effects=(*state.effects, Link(named.number, state.actor, "")))


def _split(state: _State, argument: str) -> _State:
    fault = find_block_fault(state.reach.blocks)
    return state.fail(fault, by_commands=False) if fault else replace(state, splits=True)


def _canned(state: _State, argument: str) -> _State:
    if len(state.answers) == MOST_ANSWERS:
        return state.fail(f"one mail holds {MOST_ANSWERS} canned answers at most")
    asked = read_asked(argument)
    if isinstance(asked, str):
        return state.fail(asked)
    match fill_in(asked, state.reach.shelf, state.ticket, state.actor, state.settings):
        case Unfit() as unfit:
            return state.fail(unfit.text, unfit.better)
        case filled:
            return replace(state, answers=(*state.answers, filled))


def _task(state: _State, argument: str) -> _State:
    """PRODUCT 20. What is to be done is for colleagues: it never reaches the customer."""
    read = read_task(argument, state.ticket.tasks, _who(state))
    if isinstance(read, str):
        return state.fail(read, mend_name(argument, state.settings) if NO_AGENT in read else "")
    others = tuple(task for task in state.ticket.tasks if task.number != read.number)
    tasks = tuple(sorted((*others, read), key=lambda task: task.number))
    return state.become(replace(state.ticket, tasks=tasks), "task", describe_task(read, state.settings, state.actor))


def _done(state: _State, argument: str) -> _State:
    found = find_done(argument, state.ticket.tasks, _who(state))
    if isinstance(found, str):
        return state.fail(found, by_commands=not any(map(str.isalpha, argument)))
    done = replace(found, done=state.now, done_by=state.actor)
    tasks = tuple(done if task == found else task for task in state.ticket.tasks)
    return state.become(replace(state.ticket, tasks=tasks), "task_done", describe_task(found, state.settings, state.actor))


def _who(state: _State) -> Actor:
    return Actor(state.actor, state.settings, state.now, state.reach.task)


def _macro(state: _State, argument: str) -> _State:
    """Whether it fits the ticket is known when all else is done; see `maild.desk.macros`."""
    rule = state.reach.rules.find_macro(argument)
    if rule is None:
        return _unknown(state, "macro", argument, state.reach.rules.macros)
    if rule in state.macros:
        return state
    return replace(state, macros=(*state.macros, rule), events=(*state.events, RecordEvent("macro", state.actor, rule.id)))


def _undo(state: _State, argument: str) -> _State:
    """To whose ticket the words beside it would go is anybody's guess, so they are a note, and no customer is told of anything."""
    match find_undoable(state.ticket, state.reach, state.actor, state.settings, state.now, argument.casefold()):
        case NotUndone(text, better):
            return state.fail(text, better, by_commands=bool(better))
        case PostedAnswer() as answer:
            undone = _take_back(state, answer)
        case last:
            undone = _take_apart(state, last)
    return replace(undone, internal=True, no_reply=True)


def _take_back(state: _State, answer: PostedAnswer) -> _State:
    ticket = take_back(state.ticket, answer)
    events = (*state.events, *tell_taken_back(state.ticket, ticket, answer, state.actor))
    return replace(state, ticket=ticket, taken_back=answer, effects=effects_of(answer), events=events)


def _take_apart(state: _State, last: Regrouping) -> _State:
    for each in last.whole:
        here, other = each.ticket, each.other.number
        ticket, gone = undo(state.ticket, each)
        events = (
            RecordEvent("undone", state.actor, f"the {each.kind.value} with #{other}", on=here),
            RecordEvent("undone", state.actor, f"the {each.kind.value} with #{here}", on=other),
        )
        state = replace(state, ticket=ticket, effects=(*state.effects, Undo(each.id, gone)), events=(*state.events, *events))
    return state


def _unknown(state: _State, noun: str, given: str, known: Collection[str], before: str = "") -> _State:
    """`before`: what stands before the name in the command's argument."""
    if not known:
        return state.fail(f"there is no {noun} here")
    if not given:
        return state.fail(f"no {noun} is named; name one of: {', '.join(known)}")
    near = next(iter(get_close_matches(given.casefold(), list(known), n=1, cutoff=0.6)), "")
    advice = f"did you mean {near}?" if near else f"name one of: {', '.join(known)}"
    return state.fail(f'there is no {noun} "{given}"; {advice}', f"{before}{near}" if near else "")


VERBS: dict[str, Callable[[_State, str], _State]] = {
    "note": _note,
    "close": _close,
    "open": _open,
    "wait": _wait,
    "assign": _assign,
    "take": _take,
    "move": _move,
    "l2": _l2,
    "tag": _tag,
    "untag": _untag,
    "priority": _priority,
    "snooze": _snooze,
    "set": _set,
    "cc": _cc,
    "uncc": _uncc,
    "same": _same,
    "requester": _requester,
    "to": _begin_anew,
    "from": _begin_anew,
    "spam": _spam,
    "noreply": _no_reply,
    "ack": _ack,
    "merge": _merge,
    "link": _link,
    "split": _split,
    "undo": _undo,
    "canned": _canned,
    "task": _task,
    "done": _done,
    "macro": _macro,
}
