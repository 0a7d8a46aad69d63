"""Rehearsal: the walk without a store, for the tests of rule files. What is known is given, and nothing is written or sent."""

from dataclasses import replace
from datetime import datetime
from functools import partial

from maild.config.settings import Agent, Mode
from maild.consequences import with_consequences
from maild.desk.acts import Act, do
from maild.desk.answered import answered_on
from maild.desk.assignment import offer
from maild.desk.command import Command
from maild.desk.regroup import Reach
from maild.desk.reminders import remind
from maild.desk.snooze import tell_return
from maild.desk.tasks import Telling
from maild.effects import AskRule, Decision, IncomingState
from maild.known import Known
from maild.message import InboundMessage
from maild.owners import Presence, Talk, decide_owner
from maild.pipeline import Desk, consider
from maild.reading import Circumstances
from maild.reason import Reason
from maild.rule_reports import Waiting, decide_length, decide_report
from maild.rules.cases import Deed
from maild.rules.ruleset import Rule
from maild.rules.times import decide_to_ask
from maild.rules.trial import Walk
from maild.rules.verdict import Event
from maild.ticket import TicketView


def rehearse(desk: Desk) -> Walk:
    """The walk of this desk, in its first mailbox, as if it were live: most rules are written while a desk only observes (PRODUCT 34a)."""
    queues = {key: replace(queue, mode=Mode.LIVE) for key, queue in desk.settings.queues.items()}
    desk = replace(desk, settings=replace(desk.settings, queues=queues))
    limits = tuple(rule.limit for rule in desk.rules.rules if rule.limit)
    by_itself = (partial(_wake, desk), partial(_remind, desk), partial(_ask, desk), partial(_offer, desk), partial(_seek, desk))
    of_departments = (partial(_report, desk), partial(_measure, desk))
    return Walk(partial(_consider, desk), partial(_act, desk), *by_itself, *of_departments, desk.timing, limits, desk.rules.schedules)


def _consider(desk: Desk, message: InboundMessage, known: Known, now: datetime) -> Decision:
    mailbox = next(iter((*desk.settings.mailboxes, *desk.settings.queues)))
    return consider(message, Circumstances(mailbox), lambda question: known, desk, now)


def _act(desk: Desk, ticket: TicketView, deed: Deed, known: Known, now: datetime) -> Decision | str:
    agent = _agent(desk, ticket, deed)
    commands = tuple(Command(word, argument) for word, argument in deed.commands)
    reach = Reach(known.tickets, is_sure=True, leads=True, shelf=desk.shelf, rules=desk.rules)
    act = Act(agent, agent.key, now, commands, deed.text, internal=deed.internal, reach=reach)
    done = do(ticket, act, answered_on(ticket, known.last_words.get(ticket.number)), desk.settings)
    if done.faults:
        return "; ".join(fault.text for fault in done.faults)
    return _with_rules(desk, Decision(IncomingState.DONE, Reason("act", agent.key), ticket, done.after, done.effects), known, now)


def _agent(desk: Desk, ticket: TicketView, deed: Deed) -> Agent:
    """Who is named; else the first who works there."""
    queue, agents = desk.settings.queues.get(ticket.queue), desk.settings.agents
    keys = (deed.by, *(queue.agents if queue else ()), *agents)
    return next((agents[key] for key in keys if key and key in agents), Agent("agent", "Agent", ""))


def _wake(desk: Desk, ticket: TicketView, known: Known, now: datetime) -> Decision:
    answered = answered_on(ticket, known.last_words.get(ticket.number))
    effects = tuple(tell_return(ticket, answered, (), desk.settings, suppressed=(), away={}))
    decision = Decision(IncomingState.DONE, Reason("snooze", "its time is over"), ticket, ticket.awake(), effects)
    return _with_rules(desk, decision, known, now)


def _remind(desk: Desk, ticket: TicketView, known: Known, now: datetime) -> Decision | None:
    def telling_of(after: TicketView) -> Telling:
        return Telling(after, answered_on(after, known.last_words.get(after.number)), (), desk.settings, known.away)

    decision = remind(ticket, telling_of, now)
    return _with_rules(desk, decision, known, now) if decision else None


def _ask(desk: Desk, ticket: TicketView, asked: AskRule, known: Known, now: datetime) -> Decision:
    return _with_rules(desk, decide_to_ask(ticket, asked), known, now)


def _offer(desk: Desk, ticket: TicketView, known: Known, now: datetime) -> Decision | None:
    return _with_rules(desk, offer(ticket, desk.settings), known, now) if desk.rules.hears_of(Event.AGENT_AWAY) else None


def _seek(desk: Desk, ticket: TicketView, known: Known, now: datetime) -> Decision | None:
    presence, talk = Presence(known.away, known.suppressed), Talk(answered_on(ticket, known.last_words.get(ticket.number)))
    decision = decide_owner(ticket, desk.rules, lambda aspects: known.background, presence, talk, desk.settings, now)
    return _with_rules(desk, decision, known, now) if decision else None


def _report(desk: Desk, rule: Rule, known: Known, now: datetime) -> Decision:
    waiting = {queue: Waiting(known.background.lengths.get(queue, 0)) for queue in desk.settings.queues}
    return decide_report(rule, desk.rules, waiting, known, desk.settings, now)


def _measure(desk: Desk, queue: str, resting: frozenset[str], known: Known, now: datetime) -> tuple[Decision | None, frozenset[str]]:
    rules = [rule for rule in desk.rules.by_event[Event.QUEUE_LENGTH] if rule.disabled is None and not _is_paused(rule, known)]
    waiting = Waiting(known.background.lengths.get(queue, 0))
    answer = decide_length(rules, desk.rules, resting, queue, waiting, known, desk.settings, now)
    return answer.decision, answer.resting


def _is_paused(rule: Rule, known: Known) -> bool:
    return rule.id in known.background.mail and known.background.mail[rule.id].pause is not None


def _with_rules(desk: Desk, decision: Decision, known: Known, now: datetime) -> Decision:
    return with_consequences(decision, desk.rules, lambda ticket, aspects: known, desk.settings, now)
