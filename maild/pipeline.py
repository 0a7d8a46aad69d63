"""The walk: the only place where the order of steps is written. `docs/flow.md` tells it in words.

    receive → parse → recognise → thread → rules → decide → record → post

Receiving is `maild.ingest.watcher`, posting `maild.outbox.queue`; here is what lies between, from stored bytes to one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from maild.background import NO_BACKGROUND, Background, Behind, Sought
from maild.canned.shelf import NO_ANSWERS, Shelf
from maild.conclude import conclude, with_trace
from maild.config.settings import Agent, Settings
from maild.consequences import with_consequences
from maild.decide import decide
from maild.desk.audience import agent_homes, find_absent
from maild.desk.command_lines import find_errands, find_named_addresses, find_named_tickets, hash_words, may_command
from maild.desk.control import find_asked
from maild.desk.doubt import find_evidence, find_why_kept_out, with_score, with_suspicion
from maild.desk.errands import find_wanted
from maild.desk.forwarded_reading import read_forwarded, with_forwarded
from maild.desk.quoted_notes import has_quotes
from maild.desk.reply_address import find_reply_address
from maild.desk.suspicion import find_distrust, observe, with_tried_number, with_turn
from maild.draft import Draft
from maild.effects import Decision
from maild.ingest.arrival import Part
from maild.ingest.author import Through, find_author, name_writer
from maild.ingest.automated import classify, with_own_letter
from maild.ingest.bounce import Bounced, find_bounced_letter
from maild.ingest.department import Departments, find_departments
from maild.ingest.details import find_details
from maild.ingest.prefixes import strip_prefixes
from maild.ingest.sender import Sender, identify
from maild.ingest.thread import ask, find_thread
from maild.ingest.witness import Witness, find_witness
from maild.known import Known
from maild.message import REPORTS, AuthResult, InboundMessage
from maild.outbox.guard import windows
from maild.question import Question
from maild.reading import Circumstances, Reading
from maild.reason import Reason
from maild.rule_limits import Counted, letters_by_rules, within_limits
from maild.rules.engine import evaluate_all
from maild.rules.happenings import Happening, find_happenings
from maild.rules.ruleset import RuleSet
from maild.rules.said import occasion_of
from maild.rules.times import Timing
from maild.rules.verdict import Event, NamedWriter, Occasion, Source, Verdict
from maild.ticket import TicketView
from maild.tokens import Tokens

Asking = Callable[[Question], Known]


@dataclass(frozen=True, slots=True)
class Desk:
    """All that decisions rest on beside the message: swapped as one value at a reload."""

    settings: Settings
    rules: RuleSet
    tokens: Tokens
    shelf: Shelf = NO_ANSWERS

    @property
    def timing(self) -> Timing:
        return Timing(self.rules.timed, self.settings, self.rules.hears_of(Event.QUEUE_LENGTH))


def consider(
    message: InboundMessage,
    circumstances: Circumstances,
    asking: Asking,
    desk: Desk,
    now: datetime,
    departments: Departments | None = None,
) -> Decision:
    """What one message means and does. Pure but for one question to the store, a second where rules want to know more of the ticket, and
    the same again where one says who wrote it. The daemon, `explain` and `rules test` all call this.

    `departments`: for which of those it is for (`find_departments`); None: the first.
    """
    departments = departments or find_departments(message, circumstances.mailbox, desk.settings)[0]
    reading = read(message, circumstances, departments, asking, desk, now)
    return consider_reading(reading, asking, desk, now)


def consider_reading(reading: Reading, asking: Asking, desk: Desk, now: datetime) -> Decision:
    """The same of a message that is read already."""
    draft = decide(reading, desk.settings, now)
    return within_limits(lambda count: _conclude(draft, reading, _counting(asking, count), desk, now), letters_by_rules, desk.rules)


def _counting(asking: Asking, count: Counted) -> Asking:
    def ask_and_count(question: Question) -> Known:
        known = asking(question)
        return replace(known, background=count(known.background))

    return ask_and_count


@dataclass(frozen=True, slots=True)
class Rival:
    """Rules that are tried beside the desk's own. `fired`: when those that rest have fired last, by ticket. `asking` knows of what else
    they have done themselves. `is_wanted`: whether they are asked at all, where the desk's own have it so."""

    rules: RuleSet
    fired: Mapping[int, Mapping[str, datetime]]
    asking: Asking
    is_wanted: Callable[[Decision], bool]


def consider_twice(reading: Reading, rival: Rival, asking: Asking, desk: Desk, now: datetime) -> tuple[Decision, Decision]:
    """What a message means by the desk's own rules, and by others, which `backtest` compares; twice the first, where others are not
    wanted."""

    def beside(count: Counted) -> tuple[Decision, Decision]:
        other = replace(rival, asking=_counting(rival.asking, count))
        return within_limits(
            lambda own: _consider_both(reading, other, _counting(asking, own), desk, now),
            lambda both: letters_by_rules(both[0]),
            desk.rules,
        )

    return within_limits(beside, lambda both: letters_by_rules(both[1]), rival.rules)


def _consider_both(reading: Reading, rival: Rival, asking: Asking, desk: Desk, now: datetime) -> tuple[Decision, Decision]:
    draft = decide(reading, desk.settings, now)
    heard = _hear_rules(draft, reading, asking, desk, now)
    decision = conclude(heard.draft, heard.verdict, heard.reading, desk.settings, now)
    ours = _follow(decision, heard, asking, desk, now)
    if not rival.is_wanted(ours):
        return ours, ours
    theirs, tried = reading.under(rival.rules, rival.fired), replace(desk, rules=rival.rules)
    if reading.sender.agent:
        # Agents' mails may name macros, which are rules; before these are asked, all other mail means the same by any.
        return ours, _conclude(decide(theirs, desk.settings, now), theirs, rival.asking, tried, now)
    other = _hear_rules(draft, theirs, rival.asking, tried, now)
    if other.verdict and other.is_like(heard):
        return ours, _follow(with_trace(decision, other.verdict), other, rival.asking, tried, now)
    return ours, _follow(conclude(other.draft, other.verdict, other.reading, desk.settings, now), other, rival.asking, tried, now)


class _Heard(NamedTuple):
    """A draft and what the rules say to it, None: they have had no say. Where they say who wrote the mail, it is the draft of that."""

    draft: Draft
    reading: Reading
    verdict: Verdict | None

    def is_like(self, other: "_Heard") -> bool:
        """Whether the same comes of both."""
        return self.draft is other.draft and bool(self.verdict and other.verdict and self.verdict.is_like(other.verdict))


def _conclude(draft: Draft, reading: Reading, asking: Asking, desk: Desk, now: datetime) -> Decision:
    """What the rules make of a draft, and what follows from both."""
    heard = _hear_rules(draft, reading, asking, desk, now)
    return _follow(conclude(heard.draft, heard.verdict, heard.reading, desk.settings, now), heard, asking, desk, now)


def _hear_rules(draft: Draft, reading: Reading, asking: Asking, desk: Desk, now: datetime) -> _Heard:
    """Ask the rules. Where one of intake says who wrote the mail, it is read once more as his, and they are asked about that."""
    verdict = consult(desk.rules, draft, draft.seen or reading, asking, desk.settings, now)
    if verdict is None or verdict.writer is None or find_why_kept_out(draft, verdict, reading, desk.settings):
        return _Heard(draft, reading, verdict)
    written = _read_as_written_by(verdict.writer, reading, asking, desk, now)
    draft = decide(written, desk.settings, now)
    return _Heard(draft, written, consult(desk.rules, draft, written, asking, desk.settings, now, reading))


def _follow(decision: Decision, heard: _Heard, asking: Asking, desk: Desk, now: datetime) -> Decision:
    """The decision with what rules make of what happens by it."""

    def know(ticket: TicketView, aspects: frozenset[Sought]) -> Known:
        return replace(heard.reading.known, background=_find_background(aspects, ticket, asking))

    is_asked, quiet = heard.verdict is not None, heard.reading.circumstances.quiet
    return with_consequences(decision, desk.rules, know, desk.settings, now, asked=is_asked, quiet=quiet)


def read(
    message: InboundMessage, circumstances: Circumstances, departments: Departments, asking: Asking, desk: Desk, now: datetime
) -> Reading:
    """Recognise and thread: everything that can be found out about a message before anything is decided."""
    witness = find_witness(circumstances.mailbox, desk.settings)
    return _read_through(find_author(message, witness, desk.settings), witness, circumstances, departments, asking, desk, now)


def _read_as_written_by(writer: NamedWriter, came: Reading, asking: Asking, desk: Desk, now: datetime) -> Reading:
    """The mail as that of whom a rule names, from the beginning: nothing that was known of the machine holds for him. But whoever sends
    through it is believed no more than it is itself (S6)."""
    witness = find_witness(came.circumstances.mailbox, desk.settings)
    through = name_writer(came.message, writer.address, writer.rule, witness)
    return _read_through(through, witness, came.circumstances, came.departments, asking, desk, now, came.sender.distrust)


def _read_through(
    through: Through,
    witness: Witness | None,
    circumstances: Circumstances,
    departments: Departments,
    asking: Asking,
    desk: Desk,
    now: datetime,
    distrust: Reason | None = None,
) -> Reading:
    """`distrust`: why whoever sent it is believed less than his mail says."""
    message = through.message
    spam = find_evidence(message, circumstances, witness, desk.settings)
    recognised = _recognise(message, witness, desk.tokens, desk.settings)
    is_house = circumstances.part is Part.SENT
    question = _question(message, recognised.sender, departments, recognised.bounced, desk, is_house=is_house)
    if agent := desk.settings.agents.get(recognised.sender.agent or ""):
        question = _with_commands(replace(question, notes_beside=agent.key), message, circumstances, recognised.sender, agent, desk, now)
    known = asking(question)
    tokens = desk.tokens.knowing(known.aliases)
    if known.aliases:
        # Only the store knows what ids a relay has given to our letters (O1a). Now that it has said so, they are read like our own.
        recognised = _recognise(message, witness, tokens, desk.settings)
    named = replace(recognised.sender, carrier=through.carrier)
    conduct = observe(message, named, known.history, tokens, circumstances.received or now, find_details(message, desk.settings))
    sender = replace(named, distrust=distrust or find_distrust(named, conduct, known.history))
    nature = classify(message, tokens, desk.settings, sender.authentication, is_prompt=conduct.is_prompt, carrier=through.carrier)
    thread = find_thread(message, sender, departments, known, tokens, desk.settings, now, is_house=is_house)
    nature = with_own_letter(nature, thread)
    title = strip_prefixes(tokens.strip_tags(message.subject))
    conduct = with_turn(conduct, nature, thread, known.history)
    conduct = with_tried_number(conduct, sender, thread, tokens.find_tags(message.subject))
    bounced = recognised.bounced if nature.message_class in REPORTS else None
    found = Reading(message, circumstances, nature, sender, departments, known, thread, conduct, spam, title, bounced)
    reading = replace(found, shelf=desk.shelf, rules=desk.rules)
    return replace(reading, forwarded=read_forwarded(reading, tokens, desk.settings, now)) if message.forwarded else reading


@dataclass(frozen=True, slots=True)
class _Recognised:
    """What a message's own bytes and the keys tell."""

    sender: Sender
    bounced: Bounced | None


def _recognise(message: InboundMessage, witness: Witness | None, tokens: Tokens, settings: Settings) -> _Recognised:
    return _Recognised(identify(message, witness, settings, tokens), _find_bounced(message, tokens, settings))


def _find_bounced(message: InboundMessage, tokens: Tokens, settings: Settings) -> Bounced | None:
    """The letter a report is about, if this mail is one; None where it bears no sign of one."""
    if message.report is None:
        return None
    related = (*message.in_reply_to, *reversed(message.references))
    return find_bounced_letter(message.report, tokens, find_details(message, settings), related)


def _with_commands(
    question: Question, message: InboundMessage, circumstances: Circumstances, sender: Sender, agent: Agent, desk: Desk, now: datetime
) -> Question:
    """The question with what must be looked up for an agent's commands, for what he forwards, and for what he asks the desk itself; nothing
    for whoever forges his name, to whom it costs a line."""
    is_forged = sender.authentication.verdict is AuthResult.FAIL and not sender.proven
    if is_forged and not circumstances.released:
        return question
    question = with_forwarded(question, message, sender, desk.tokens, desk.settings)
    lines = f"{circumstances.corrected or ''}\n{message.new_text}"
    words, named = hash_words(lines), find_named_addresses(lines)
    return replace(
        question,
        tickets=question.tickets | find_named_tickets(lines),
        addressees=question.addressees | named,
        named=named,
        tags=words,
        undoes=may_command("undo", lines),
        splits=may_command("split", lines),
        quoted=sender.token.token.letter if sender.token and has_quotes(message.new_text) else None,
        wanted=find_wanted(
            find_asked(message, sender, desk.settings, circumstances.corrected) or find_errands(lines), agent, desk.settings, now
        ),
    )


def _question(
    message: InboundMessage, sender: Sender, departments: Departments, bounced: Bounced | None, desk: Desk, *, is_house: bool
) -> Question:
    """Everything threading and the guard want to know, in one question."""
    settings = desk.settings
    question = ask(message, sender, bounced, desk.tokens, settings, is_house=is_house)
    agent = settings.agents.get(sender.agent or "")
    # Whatever address of his an agent's name was forged with, the letter about it goes to the registered one, and counts there (A4).
    home = frozenset({agent.email.casefold()} if agent else ())
    reply_address = find_reply_address(message, sender.authentication.verdict, settings)
    elsewhere = frozenset({reply_address.key} if reply_address else ())
    return replace(
        question,
        addressees=question.addressees | home | elsewhere,
        agents=agent_homes(settings) | desk.rules.outsiders,
        bounced=bounced.letter if bounced else None,
        queues=tuple(settings.queues),
        departments=departments.keys,
        windows=windows(settings.limits),
        answers_of=agent.key if agent else "",
        welcomed=_find_welcomed(sender),
        waits=any(queue.send_after for queue in settings.queues.values()),
        resting=desk.rules.has_resting,
    )


def _find_welcomed(sender: Sender) -> str:
    """Whoever answers an agent's letter of welcome; without its token, the agent himself."""
    if sender.welcome:
        return sender.welcome.token.agent or ""
    return sender.agent or "" if sender.token is None else ""


def consult(
    rules: RuleSet, draft: Draft, reading: Reading, asking: Asking, settings: Settings, now: datetime, came: Reading | None = None
) -> Verdict | None:
    """Ask the rules about a mail from outside, and about all that it does; None for any other mail, which they keep out of nothing.

    `came`: the mail as it came, where a rule has said who wrote it; at intake all rules see that.
    """
    if Event.MAIL_RECEIVED not in draft.events or draft.after is None:
        return None
    happenings = (Happening(Event.MAIL_RECEIVED), *find_happenings(draft.before, draft.after, draft.effects))
    background = _find_background(rules.aspects_of(happening.event for happening in happenings), draft.after, asking)
    absent = find_absent(reading.known, settings)

    def judge(event: Event, verdict: Verdict) -> Verdict | None:
        """Whether the mail is kept out, and what it is suspected of, stands when all rules have seen it and none has seen a ticket."""
        if event is not Event.MAIL_RECEIVED:
            return verdict
        if find_why_kept_out(draft, verdict, reading, settings):
            return None
        return with_suspicion(verdict, draft, reading, settings)

    def occasion(happening: Happening, verdict: Verdict) -> Occasion:
        seen = came if came and happening.event is Event.MAIL_RECEIVED else reading
        return replace(_occasion(happening, draft.before, verdict, seen, settings, now), background=background, absent=absent)

    fired = reading.known.fired.get(draft.after.number, {})
    return evaluate_all(rules, happenings, draft.after, occasion, judge, fired)


def _find_background(aspects: frozenset[Sought], ticket: TicketView, asking: Asking) -> Background:
    """What the rules want to know beyond what was said and its ticket: asked for once that is known, and where a rule wants to know."""
    if not aspects:
        return NO_BACKGROUND
    return asking(Question("", behind=Behind(aspects, ticket.number, ticket.requester.key))).background


def _occasion(
    happening: Happening, before: TicketView | None, verdict: Verdict, reading: Reading, settings: Settings, now: datetime
) -> Occasion:
    """What an agent says beside a mail that he forwards is a message of its own."""
    if happening.event in (Event.MESSAGE_NOTE, Event.MESSAGE_AGENT, Event.MACRO):
        return occasion_of(happening, before, verdict.ticket, settings, now)
    authentication, address = reading.sender.authentication, reading.departments.address
    spam = with_score(reading, verdict, settings).spam
    source = Source.FORWARDED if reading.sender.forwarded_by else Source.MAIL
    found = Occasion(happening.event, reading.message, reading.nature, authentication, verdict.ticket, address, now, spam)
    return replace(found, before=before, source=source, score=verdict.score, writer_stands=_why_writer_stands(reading))


def _why_writer_stands(reading: Reading) -> str:
    """Why no rule may say that somebody else wrote the mail; "" where one may."""
    sender = reading.sender
    if sender.forwarded_by:
        return f"{sender.forwarded_by} forwards the mail, and has said who wrote it"
    if sender.carrier:
        return "a form or a list has said who wrote the mail"
    if sender.agent:
        return "the mail bears an agent's address"
    return "the sender failed authentication" if sender.authentication.verdict is AuthResult.FAIL else ""
