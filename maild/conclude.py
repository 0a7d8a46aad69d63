"""Draft and verdict → Decision: what the rules changed, and which letters follow. Pure; the last step before the archive."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk import agent_letters, customer_letters
from maild.desk.acknowledge import ack_refusals, settled_refusal
from maild.desk.answered import Answered, answered_by, answered_on
from maild.desk.colleagues import tell_agents, tell_department, tell_of_move
from maild.desk.doubt import find_why_kept_out, tell_score, warn_of_doubts, with_score, without_suspicion
from maild.desk.notices import notice_for
from maild.desk.rehoming import describe_move
from maild.desk.reply_address import is_same_organisation
from maild.desk.snooze import find_snooze_ended
from maild.desk.suspicion import mute_guessers
from maild.desk.take_back import tell_of_waiting
from maild.desk.tiers import is_handed_up
from maild.draft import Draft
from maild.effects import (
    AddMessage,
    Decision,
    Effect,
    Fold,
    Identity,
    IncomingState,
    Letter,
    LiftSuppression,
    Post,
    RecordEvent,
    TripBreaker,
)
from maild.ingest.arrival import Part
from maild.ingest.opinion import ASKED
from maild.ingest.spam import NO_SPAM
from maild.known import Earlier
from maild.message import Address, AuthResult, InboundMessage, MessageClass
from maild.outbox.guard import breaker_fault, customer_refusal, find_flooded, post, storm_refusal
from maild.reading import Reading
from maild.reason import Reason
from maild.rule_effects import alert, closing_rule, closing_template, firings_of, notes_of, settle, tell_of_rules
from maild.rule_forwards import forward_all
from maild.rule_limits import pauses_of, tell_of_pauses
from maild.rule_work import Work, follow_up
from maild.rules.verdict import AckWish, Fate, NotifyWish, ReplyWish, Verdict
from maild.sizes import describe_size
from maild.ticket import MessageKind, ParticipantRole, Status, TicketView
from maild.tokens import LetterKind

STORM = "storm"
MOST_SENDERS = 5
"""So many of a mail's senders are named in a notification."""


def conclude(draft: Draft, verdict: Verdict | None, reading: Reading, settings: Settings, now: datetime) -> Decision:
    """The decision about one message. `verdict` None: the rules had no say."""
    decision = _once(_decided(draft, verdict, reading, settings, now), reading)
    return _with_brakes(decision, reading, settings, now)


def _with_brakes(decision: Decision, reading: Reading, settings: Settings, now: datetime) -> Decision:
    """What this mail was too much of: guesses of one sender (S6), automatic mail of ours (L4); and what it puts an end to (B5)."""
    mutes = mute_guessers(reading.sender, reading.conduct, reading.known.history, now)
    fault = breaker_fault(reading.known.sent, settings)
    brakes = (*mutes, *((TripBreaker(fault.text),) if fault else ()), *_lift(reading))
    return replace(decision, effects=(*decision.effects, *brakes)) if brakes else decision


def _lift(reading: Reading) -> Iterator[Effect]:
    """B5: a person writes from there, so mail arrives there again. A complaint only an admin lifts."""
    address = reading.sender.address
    is_forged = reading.sender.authentication.verdict is AuthResult.FAIL
    if address is None or is_forged or reading.nature.message_class is not MessageClass.HUMAN:
        return
    suppression = reading.known.suppressed.get(address.key)
    if suppression and suppression.until is not None:
        yield LiftSuppression(address.key)
        yield RecordEvent("suppression_lifted", "maild", f"{address.address} writes again, so automatic mail may go there")


def _once(decision: Decision, reading: Reading) -> Decision:
    """MAIL.md F1: another copy of a mail in quarantine, kept out as well, tells nobody anything new."""
    stored = reading.thread.duplicate
    if stored is None or decision.state is not IncomingState.QUARANTINED:
        return decision
    reason = Reason("duplicate", f"another copy of message {stored.incoming}, which is in quarantine")
    return replace(decision, state=IncomingState.DUPLICATE, reason=reason, effects=())


def _decided(draft: Draft, verdict: Verdict | None, reading: Reading, settings: Settings, now: datetime) -> Decision:
    if verdict is None or draft.after is None:
        return _decision(draft, draft.after, draft.effects, reading, None, settings)
    seen = draft.seen or reading
    if why := find_why_kept_out(draft, verdict, seen, settings):
        return _decision(Draft(IncomingState.QUARANTINED, why), None, (), reading, verdict, settings)
    seen = with_score(seen, verdict, settings)
    if verdict.fate is Fate.ALLOW:
        seen, verdict = replace(seen, spam=NO_SPAM), replace(verdict, ticket=without_suspicion(verdict.ticket))
    settled, left = settle(draft.after, verdict.ticket, settings)
    after = _with_storm_tag(draft, settled, seen, settings)
    work = _work(draft, draft.after, after, seen)
    effects = (
        *draft.effects,
        *tell_of_rules(verdict),
        *left,
        *notes_of(verdict, now),
        *firings_of(verdict, now),
        *pauses_of(verdict),
        *_customer_letters(draft, after, verdict, seen, settings, now),
        *_agent_letters(draft, after, verdict, seen, settings),
        *follow_up(work, verdict, settings, now),
        *forward_all(work, verdict, next(warn_of_doubts(seen), ""), settings),
    )
    told = tell_of_pauses(verdict, after, reading.known.away, settings)
    return _decision(replace(draft, beside=(*draft.beside, *told)), after, effects, reading, verdict, settings)


def _work(draft: Draft, drafted: TicketView, after: TicketView, reading: Reading) -> Work:
    is_told = draft.silence is None and not reading.circumstances.quiet and after.status is not Status.SPAM
    tells = is_told and (draft.before is not None or STORM not in after.tags)
    return Work(drafted, after, draft.message, answered_by(reading.message), reading.known, tells)


def _decision(
    draft: Draft, after: TicketView | None, effects: tuple[Effect, ...], reading: Reading, verdict: Verdict | None, settings: Settings
) -> Decision:
    message = reading.message
    score = tell_score(verdict, settings) if verdict else None
    return Decision(
        state=draft.state,
        reason=draft.reason,
        before=draft.before,
        after=after,
        effects=effects,
        message_class=reading.nature.message_class.value,
        evidence=(*_evidence(reading), *((score,) if score else ())),
        trace=_trace_of(verdict),
        author=message.author,
        subject=message.subject,
        identity=_identity(reading, after),
        conduct=reading.conduct,
        auth=reading.sender.authentication.verdict,
        opinion=reading.circumstances.opinion,
        departments=reading.departments.earlier.union(reading.departments.keys),
        beside=draft.beside,
        events=draft.events,
        score=verdict.score if verdict else 0,
    )


def with_trace(decision: Decision, verdict: Verdict) -> Decision:
    """The same decision where other rules have led to it."""
    return replace(decision, trace=_trace_of(verdict))


def _trace_of(verdict: Verdict | None) -> tuple[Mapping[str, object], ...]:
    return tuple(item.to_mapping() for item in (verdict.trace if verdict else ()))


def _identity(reading: Reading, ticket: TicketView | None) -> Identity | None:
    """A mail of the Sent folder about no ticket is no first copy (F1): it may come in to another department too, and be a request there."""
    if reading.circumstances.part is Part.SENT and ticket is None:
        return None
    message = reading.message
    return Identity(message.message_id, message.fingerprint, message.date)


def _evidence(reading: Reading) -> tuple[Reason, ...]:
    """All that spoke for the decision, kept with the message (the design's first sentence in MAIL.md)."""
    pointers = tuple(Reason(f"F3{item.grade}", item.text) for item in reading.thread.evidence)
    authentication = reading.sender.authentication
    return (
        *reading.nature.reasons,
        *pointers,
        *reading.thread.refused,
        Reason(f"auth-{authentication.verdict.value}", str(authentication)),
        *((reading.spam.reason,) if reading.spam.reason else ()),
        *_opinion(reading),
        *_naming(reading),
    )


def _naming(reading: Reading) -> Iterator[Reason]:
    """Who says that somebody else wrote the mail than whom it came from, and how little that is worth."""
    carrier = reading.sender.carrier
    if carrier and carrier.rule:
        yield Reason("named", f"rule {carrier.rule} says who wrote it; the mail came from {carrier.address}")
        yield from (carrier.unproven,) if carrier.unproven else ()


def _opinion(reading: Reading) -> Iterator[Reason]:
    """What the filter that was asked has said, also where it was nothing."""
    opinion = reading.circumstances.opinion
    if opinion and (reading.spam.reason is None or reading.spam.reason.text != str(opinion)):
        yield Reason(ASKED, str(opinion))


def _with_storm_tag(draft: Draft, ticket: TicketView, reading: Reading, settings: Settings) -> TicketView:
    """MAIL.md L6: nothing is merged or lost, but the ticket says what it is part of."""
    auth = reading.sender.authentication.verdict
    is_stormy = draft.before is None and not reading.sender.forwarded_by
    if is_stormy and storm_refusal(ticket.requester, auth, reading.known.sent, settings):
        return replace(ticket, tags=ticket.tags | {STORM})
    return ticket


def _customer_letters(
    draft: Draft, ticket: TicketView, verdict: Verdict, reading: Reading, settings: Settings, now: datetime
) -> Iterator[Effect]:
    """At most one automatic mail to the customer for one event: a rule's reply, else that the mail was too large, else the
    acknowledgement, else a status notice."""
    answered, ticket = answered_by(reading.message), _as_written_to(draft, ticket, reading)
    replies = [wish for wish in verdict.wishes if isinstance(wish, ReplyWish)]
    if replies:
        yield from _rule_replies(draft, replies, ticket, answered, reading, settings)
    elif reading.circumstances.full_size is not None and not closing_template(verdict):
        yield from _oversize_notice(draft, ticket, verdict, answered, reading, settings)
    elif draft.acknowledge and not closing_template(verdict):
        yield from _acknowledge(ticket, verdict, answered, reading, settings, now)
    else:
        yield from _status_notice(draft, ticket, verdict, answered, reading, settings)


def _as_written_to(draft: Draft, ticket: TicketView, reading: Reading) -> TicketView:
    """MAIL.md P14: automatic mail goes to an address in Reply-To only on the word of somebody who is proved, or where a colleague has
    answered to it; the desk would write to whomever a stranger names."""
    is_proven = _judged(ticket.requester, reading) is AuthResult.PASS
    was_answered = ticket.agent_messages > 0 and draft.before is not None and draft.before.reply_to == ticket.reply_to
    return ticket if is_proven or was_answered else replace(ticket, reply_to=None)


def _rule_replies(
    draft: Draft, wishes: list[ReplyWish], ticket: TicketView, answered: Answered, reading: Reading, settings: Settings
) -> Iterator[Effect]:
    first, *others = wishes
    for wish in others:
        yield RecordEvent("reply_withheld", f"rule {wish.rule}", f"{wish.template}: rule {first.rule} already answers this mail")
    if refusal := _automatic_refusal(draft, ticket, ticket.addressee, reading, settings):
        yield RecordEvent("reply_withheld", f"rule {first.rule}", f"{first.template}: {refusal.text}")
        return
    letter = customer_letters.rule_reply(first.template, ticket, answered, settings, first.values)
    letter = _without_strangers_words(letter, ticket.addressee, ticket, reading, settings)
    yield from post(
        replace(letter, rule=first.rule),
        settings,
        RecordEvent("replied", f"rule {first.rule}", f"{ticket.addressee.address}, with the template {first.template}"),
    )


def _acknowledge(
    ticket: TicketView, verdict: Verdict, answered: Answered, reading: Reading, settings: Settings, now: datetime
) -> Iterator[Effect]:
    wish = _ack_wish(verdict)
    if wish and not wish.wanted:
        yield RecordEvent("ack_withheld", f"rule {wish.rule}", "the rule withholds it")
        return
    refusals = ack_refusals(reading, ticket, _judged(ticket.addressee, reading), settings, now)
    if refusals:
        yield RecordEvent("ack_withheld", "maild", "; ".join(reason.text for reason in refusals))
        return
    template = wish.template if wish and wish.template else "received"
    letter = customer_letters.acknowledgement(ticket, answered, settings, template, wish.values if wish else {})
    letter = _without_strangers_words(letter, ticket.addressee, ticket, reading, settings)
    letter = replace(letter, rule=wish.rule if wish and wish.template else "", limited=False)
    yield from post(letter, settings, RecordEvent("acknowledged", "maild", f"{ticket.addressee.address}, with the template {template}"))


def _oversize_notice(
    draft: Draft, ticket: TicketView, verdict: Verdict, answered: Answered, reading: Reading, settings: Settings
) -> Iterator[Effect]:
    """MAIL.md P13: of a new ticket it takes the place of the acknowledgement. Strangers on a ticket get none (L9)."""
    sender = reading.message.author
    if sender is None:
        return
    if refusal := _oversize_refusal(draft, ticket, sender, verdict, reading, settings):
        yield RecordEvent("notice_withheld", "maild", f"oversize: {refusal.text}")
        return
    kind = LetterKind.ACKNOWLEDGEMENT if draft.acknowledge else LetterKind.STATUS
    letter = customer_letters.oversize(kind, sender, ticket, answered, settings, settings.mailboxes[reading.circumstances.mailbox].max_size)
    letter = _without_strangers_words(letter, sender, ticket, reading, settings)
    yield from post(letter, settings, RecordEvent("noticed", "maild", f"{sender.address} of: oversize"))


def _oversize_refusal(
    draft: Draft, ticket: TicketView, sender: Address, verdict: Verdict, reading: Reading, settings: Settings
) -> Reason | None:
    wish = _ack_wish(verdict)
    if draft.acknowledge and wish and not wish.wanted:
        return Reason("rule", f"rule {wish.rule} withholds it")
    if ticket.role_of(sender.address) not in (ParticipantRole.REQUESTER, ParticipantRole.CC):
        return Reason("not-a-participant", f"{sender.address} takes no part in the ticket")
    auth = reading.sender.authentication.verdict
    storm = storm_refusal(sender, auth, reading.known.sent, settings) if draft.acknowledge else None
    return storm or _automatic_refusal(draft, ticket, sender, reading, settings)


def _ack_wish(verdict: Verdict) -> AckWish | None:
    return next((wish for wish in reversed(verdict.wishes) if isinstance(wish, AckWish)), None)


def _without_strangers_words(letter: Letter, addressee: Address, ticket: TicketView, reading: Reading, settings: Settings) -> Letter:
    """MAIL.md O7: whoever forges a sender must not choose what the desk writes to him. Words go back to where they are proved to come from,
    and to addresses that a colleague has answered before, which a forged request alone does not bring about. Without S1 the caps must do.
    """
    verdict, history = _judged(addressee, reading), reading.known.history
    is_elsewhere = addressee.key != ticket.requester.key and addressee.key == ticket.addressee.key
    if is_elsewhere and is_same_organisation(ticket.requester, addressee):
        verdict = _judged(ticket.requester, reading)
    is_known = history.was_answered and verdict is not AuthResult.FAIL and not is_elsewhere
    may_repeat = (
        not settings.has_judge(reading.circumstances.mailbox) or verdict is AuthResult.PASS or is_known or ticket.agent_messages > 0
    )
    return letter if may_repeat else replace(letter, subject="")


def _status_notice(
    draft: Draft, ticket: TicketView, verdict: Verdict, answered: Answered, reading: Reading, settings: Settings
) -> Iterator[Effect]:
    template = closing_template(verdict) or notice_for(draft.before, ticket, False, settings)
    if template is None:
        return
    if refusal := _automatic_refusal(draft, ticket, ticket.addressee, reading, settings):
        yield RecordEvent("notice_withheld", "maild", f"{template}: {refusal.text}")
        return
    event = RecordEvent("noticed", "maild", f"{ticket.addressee.address} of: {template}")
    letter = replace(customer_letters.status_notice(template, ticket, answered, settings), rule=closing_rule(verdict))
    letter = _without_strangers_words(letter, ticket.addressee, ticket, reading, settings)
    yield from post(letter, settings, event)


def _automatic_refusal(draft: Draft, ticket: TicketView, addressee: Address, reading: Reading, settings: Settings) -> Reason | None:
    """L3 and L4 for any automatic mail but the acknowledgement, which has more questions of its own."""
    first = draft.silence or next(iter(reading.nature.silence), None)
    settled = settled_refusal(reading, ticket)
    return first or settled or customer_refusal(addressee, ticket.queue, _judged(addressee, reading), reading.known, settings)


def _judged(addressee: Address, reading: Reading) -> AuthResult:
    """What is proved of an addressee: the verdict on the sender says nothing of anybody else."""
    sender = reading.sender
    return sender.authentication.verdict if sender.address and sender.address.key == addressee.key else AuthResult.UNKNOWN


def _agent_letters(draft: Draft, ticket: TicketView, verdict: Verdict, reading: Reading, settings: Settings) -> Iterator[Effect]:
    if draft.before is None and STORM in ticket.tags:
        yield RecordEvent("notify_withheld", "maild", "one mail will tell of all tickets of this storm")
    elif draft.tell and draft.message and ticket.status is not Status.SPAM and not reading.circumstances.quiet:
        yield from _notifications(draft, draft.message, ticket, verdict, reading, settings)
    elif draft.silence is None and not reading.circumstances.quiet:
        # A rule may move a ticket because of a mail that nobody is told of, as an automatic answer.
        words = agent_letters.customers_message(ticket, answered_on(ticket, reading.known.last_words.get(ticket.number)))
        yield from tell_of_move(draft.before, ticket, words, settings, suppressed=reading.known.suppressed, away=reading.known.away)
    for wish in verdict.wishes:
        if isinstance(wish, NotifyWish) and draft.silence:
            yield RecordEvent("notify_withheld", f"rule {wish.rule}", f"{wish.template}: {draft.silence.text}")
        elif isinstance(wish, NotifyWish):
            yield from alert(wish, ticket, draft.message.visible if draft.message else "", reading.known.away, settings)


def _notifications(
    draft: Draft, message: AddMessage, ticket: TicketView, verdict: Verdict, reading: Reading, settings: Settings
) -> Iterator[Effect]:
    """A ticket that comes to another department is new there. What rules have noted upon this message is shown with it. Who snoozes a
    ticket relies on hearing of it, also where a department is told of nothing (PRODUCT 18)."""
    queue = settings.queues.get(ticket.queue)
    if queue is None:
        return
    moved = describe_move(draft.before, ticket, settings)
    beside = (effect for effect in draft.effects if isinstance(effect, AddMessage) and effect.kind is MessageKind.NOTE)
    notes = tuple(Earlier(message.at, note.author.name, note.visible, is_note=True) for note in (*beside, *notes_of(verdict, message.at)))
    warnings = (*moved, *draft.remarks, *_warnings(draft, message, ticket, reading, settings))
    earlier = (*notes, *reading.known.earlier.get(ticket.number, ()))
    ended = find_snooze_ended(draft.before, ticket)
    is_new = draft.before is None or draft.before.queue != ticket.queue
    circle = queue.notify.new if is_new else queue.notify.reply
    told = tuple(
        tell_department(
            "owner" if (ended or is_handed_up(draft.before, ticket)) and circle == "none" else circle,
            ticket,
            message,
            warnings,
            settings,
            earlier,
            suppressed=reading.known.suppressed,
            away=reading.known.away,
            watching=ticket.watchers - (draft.before.watchers if draft.before else frozenset()),
            flooded=find_flooded(reading.known.sent, settings),
            snoozed_until=ended,
        )
    )
    yield from told
    yield from tell_agents(_untold(draft, told), ticket, message, warnings, settings, earlier)


def _untold(draft: Draft, told: Iterable[Effect]) -> tuple[str, ...]:
    """Those who are to be told in any case, and are not by what is told already."""
    have = {effect.letter.agent for effect in told if isinstance(effect, Post)} | {fold.agent for fold in told if isinstance(fold, Fold)}
    return tuple(key for key in draft.told_too if key not in have)


def _warnings(draft: Draft, message: AddMessage, ticket: TicketView, reading: Reading, settings: Settings) -> Iterator[str]:
    """MAIL.md O7: what an agent must know before he answers."""
    if draft.silence:
        yield f"This looks like a loop: {draft.silence.text}. Nothing is answered, and more of it comes in quietly for a day."
    sender = message.author
    yield from warn_of_doubts(reading)
    if (carrier := reading.sender.carrier) and carrier.rule:
        unproven = ", and nothing proves that it came from there" if carrier.unproven else ""
        yield f"The mail came from {carrier.address}{unproven}. Rule {carrier.rule} says that {sender.address} wrote it."
    yield from tell_of_waiting(reading.known.waiting.get(ticket.number, ()), message.at, settings)
    yield from _warn_of_ways(message, ticket, reading, settings)
    if len(senders := reading.message.senders) > 1:
        named = ", ".join(address.address for address in senders[:MOST_SENDERS])
        yield f"The mail names several senders: {named}. The first counts as its writer."
    for name in _direct_writers(reading, settings) if sender and message.kind is MessageKind.CUSTOMER else ():
        yield f"{sender.address} answers a mail that {name} sent there directly, and has {name}'s own address. Answer to the desk alone."
    if reading.sender.strange_token and (draft.before is None or message.kind is MessageKind.THIRD_PARTY):
        yield f"This mail quotes a notification meant for an agent; somebody passed it on to {sender.address}."
    if message.kind is MessageKind.AUTO:
        yield "This is automatic mail."
    if suppression := reading.known.suppressed.get(ticket.addressee.key):
        yield f"Mail to {ticket.addressee.address} may not arrive: {suppression.reason}."
    if size := reading.circumstances.full_size:
        yield f"The mail is too large ({describe_size(size)}): only its beginning was fetched, all of it lies in the mailbox."
    for defect in reading.message.defects[:3]:
        yield f"The mail is damaged: {defect}."


def _warn_of_ways(message: AddMessage, ticket: TicketView, reading: Reading, settings: Settings) -> Iterator[str]:
    """MAIL.md F8, P14: where the agent's reply goes, wherever that is not where the mail comes from or asks for."""
    sender = message.author
    is_public = not agent_letters.is_answered_inside(message, settings)
    if message.kind is MessageKind.THIRD_PARTY:
        both = "#cc sender sends it there, too; #same does, if both are one person"
        goes = f" Your reply goes to {ticket.addressee}, not to {sender.address}; {both}." if is_public else ""
        yield f"{sender.address} is not the requester.{goes}"
    if is_public and sender.key == ticket.requester.key and ticket.reply_to:
        yield f"The sender asks for answers to {ticket.reply_to}, and that is where your reply goes."
    elsewhere = _other_reply_addresses(reading.message, ticket, settings)
    if is_public and (nobody := customer_letters.find_unreachable(ticket, (), settings)):
        asked = f" The mail asks for answers to {elsewhere}." if elsewhere else ""
        yield f"{nobody.address} is the department's own address, so a reply reaches nobody unless #cc ADDRESS names who gets it.{asked}"
    elif elsewhere:
        goes = f" Your reply goes to {ticket.addressee}; #cc ADDRESS sends copies there." if is_public else ""
        yield f"The sender asks for answers to {elsewhere}.{goes}"


def _direct_writers(reading: Reading, settings: Settings) -> tuple[str, ...]:
    """MAIL.md A8, A10: the agents whose own mails the message answers. The desk shows the ids of these to nobody."""
    identifiers = (*reading.message.in_reply_to, *reading.message.references)
    named = (reading.known.by_id.get(identifier) for identifier in identifiers)
    agents = (settings.agents.get(answered.agent or "") for answered in named if answered)
    return tuple(dict.fromkeys(agent.name for agent in agents if agent))


def _other_reply_addresses(message: InboundMessage, ticket: TicketView, settings: Settings) -> str:
    """MAIL.md P14, O7: addresses in Reply-To that are neither the writer's nor ours, and to which no reply goes."""
    reached = {person.key for person in (message.author, ticket.addressee) if person}
    others = (address for address in message.reply_to if address.key not in reached)
    return ", ".join(address.address for address in others if "@" in address.address and not settings.is_own_address(address.address))
