"""Draft and verdict → Decision. Pure; the last step before the archive.

Which automatic mail the customer gets is `maild.automatic_mail`'s, what agents are told `maild.notifications`'.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from maild.automatic_mail import answer_customer
from maild.config.settings import Settings
from maild.desk.answered import answered_by
from maild.desk.doubt import find_why_kept_out, tell_score, warn_of_doubts, with_score, without_suspicion
from maild.desk.suspicion import mute_guessers
from maild.draft import Draft
from maild.effects import Decision, Effect, Identity, IncomingState, LiftSuppression, RecordEvent, TripBreaker
from maild.ingest.arrival import Part
from maild.ingest.opinion import ASKED
from maild.ingest.spam import NO_SPAM
from maild.message import AuthResult, MessageClass
from maild.notifications import notify_agents
from maild.outbox.guard import STORM, breaker_fault, storm_refusal
from maild.reading import Reading
from maild.reason import Reason
from maild.rule_effects import firings_of, notes_of, settle, tell_of_rules
from maild.rule_forwards import forward_all
from maild.rule_limits import pauses_of, tell_of_pauses
from maild.rule_work import Work, follow_up
from maild.rules.verdict import Fate, Verdict
from maild.ticket import Status, TicketView


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
        *answer_customer(draft, after, verdict, seen, settings, now),
        *notify_agents(draft, after, verdict, seen, settings),
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
