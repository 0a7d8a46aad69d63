"""Consequences: what the rules make of what has happened to tickets, whoever or whatever did it (RULES.md 2). Pure but for its question.

One seam for every door: an agent's mail, what he asks in it beside, the command line, jobs, reports of machines. A mail from outside has
asked the rules before letters about it were written (`maild.pipeline`); everything else is decided first, and the rules add to it. They
take nothing back: an answer that goes out goes out, whatever they do. An older one that still waits does not, if its ticket becomes spam.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from maild.background import Aspect, Sought
from maild.config.settings import Settings
from maild.desk import agent_letters, customer_letters
from maild.desk.acknowledge import find_why_settled
from maild.desk.answered import answered_on
from maild.desk.assignment import is_left_to_owner
from maild.desk.audience import find_absent
from maild.desk.colleagues import tell_department, tell_of_move
from maild.desk.notices import notice_for
from maild.desk.spam_answers import becomes_spam, with_mail_stopped
from maild.effects import AddMessage, Decision, Effect, Letter, Post, RecordEvent, RunMacro, Split
from maild.known import Known
from maild.message import AuthResult
from maild.outbox.guard import customer_refusal, post
from maild.reason import Reason
from maild.rule_effects import alert, closing_rule, closing_template, firings_of, notes_of, settle, tell_of_rules
from maild.rule_limits import Counted, letters_by_rules, tell_of_pauses, with_pauses, within_limits
from maild.rule_work import BY_RULE, Work, follow_up
from maild.rules.engine import evaluate_all
from maild.rules.happenings import Happening, find_happenings
from maild.rules.ruleset import RuleSet
from maild.rules.said import occasion_of
from maild.rules.verdict import NO_CAUSE, Cause, NotifyWish, Occasion, ReplyWish, Verdict
from maild.ticket import ENDED, MessageKind, TicketView

Asking = Callable[[TicketView, frozenset[Sought]], Known]
"""What must be known before anybody is written to because of what has happened to a ticket, and what rules want to have looked up; asked
only where a rule is for it, or mail may wait that must not go out."""
WAITING_MAIL: frozenset[Sought] = frozenset({Aspect.WAITING})


def with_consequences(
    decision: Decision, rules: RuleSet, asking: Asking, settings: Settings, now: datetime, *, asked: bool = False, quiet: bool = False
) -> Decision:
    """The decision with what rules make of it, of what happens beside it, and of tickets split off.

    `asked`: they have had their say about the ticket itself. `quiet`: it is old mail, of which nobody is to hear anything by itself.
    """

    def follow(count: Counted) -> Decision:
        def know(ticket: TicketView, aspects: frozenset[Sought]) -> Known:
            known = asking(ticket, aspects)
            return replace(known, background=count(known.background))

        return _with_rules(decision, rules, know, settings, now, asked=asked, quiet=quiet)

    whole = within_limits(follow, letters_by_rules, rules) if rules.rules else decision
    if whole.after is None or not becomes_spam(whole):
        return whole
    return with_mail_stopped(whole, whole.after, asking(whole.after, WAITING_MAIL).background, settings)


def _with_rules(
    decision: Decision, rules: RuleSet, asking: Asking, settings: Settings, now: datetime, *, asked: bool, quiet: bool
) -> Decision:
    def follow(other: Decision) -> Decision:
        return with_consequences(other, rules, asking, settings, now, quiet=quiet)

    def followed(effect: Effect) -> Effect:
        """What a rule has opened beside, it has done itself (RULES.md 5.3)."""
        if isinstance(effect, Split) and not effect.by.startswith(BY_RULE):
            return replace(effect, opening=follow(effect.opening))
        return effect

    effects = tuple(map(followed, decision.effects))
    whole = replace(decision, effects=effects, beside=tuple(map(follow, decision.beside)))
    return whole if asked else _with_own(whole, rules, asking, settings, now, quiet=quiet)


def _with_own(decision: Decision, rules: RuleSet, asking: Asking, settings: Settings, now: datetime, *, quiet: bool) -> Decision:
    found = find_happenings(decision.before, decision.after, decision.effects, decision.events)
    happenings = tuple(happening for happening in found if rules.by_event[happening.event])
    if decision.after is None or not happenings:
        return decision
    silence = _find_silence(decision, decision.after, quiet=quiet)

    def moment_of(happening: Happening, verdict: Verdict) -> Occasion:
        occasion = occasion_of(happening, decision.before, verdict.ticket, settings, now, decision.message_class, silence)
        return replace(occasion, background=known.background, absent=absent)

    known = asking(decision.after, rules.aspects_of(happening.event for happening in happenings))
    absent, fired = find_absent(known, settings), known.fired.get(decision.after.number, {})
    cause = Cause(decision.by_rules, 1, decision.before) if decision.by_rules else NO_CAUSE
    verdict = evaluate_all(rules, happenings, decision.after, moment_of, fired=fired, cause=cause)
    return _concluded(decision, decision.after, verdict, silence, known, settings, now, quiet=quiet)


def _find_silence(decision: Decision, ticket: TicketView, *, quiet: bool) -> Reason | None:
    """Why the customer gets no automatic mail because of this, None if he may (RULES.md 5.5): one mail for one event, none of machines to
    machines, and none that only an agent knows of whom he has opened a ticket for (MAIL.md A12)."""
    said = [effect for effect in decision.effects if isinstance(effect, AddMessage)]
    if quiet:
        return Reason("quiet", "it is old mail")
    if any(message.kind is MessageKind.AGENT for message in said) or any(map(_is_customers, decision.letters)):
        return Reason("answered", "the customer gets a mail because of this already")
    if any(isinstance(effect, RunMacro) and effect.no_reply for effect in decision.effects):
        return Reason("noreply", "the agent wants nothing to be sent")
    if decision.before is None:
        return Reason("opened", "an agent opened the ticket, and the desk writes nothing by itself")
    if any(message.kind is MessageKind.AUTO for message in said):
        return Reason("automatic", "never because of automatic mail")
    if ticket.customer_messages == 0:
        return Reason("automatic", "no person has written on the ticket")
    return find_why_settled(ticket)


def _is_customers(letter: Letter) -> bool:
    return not letter.kind.is_for_agents


def _concluded(
    decision: Decision,
    drafted: TicketView,
    verdict: Verdict,
    silence: Reason | None,
    known: Known,
    settings: Settings,
    now: datetime,
    *,
    quiet: bool,
) -> Decision:
    after, left = settle(drafted, verdict.ticket, settings)
    if decision.before and is_left_to_owner(decision, after):
        drafted, after = (ticket.owned_by(decision.before.owner) for ticket in (drafted, after))
    words = _words(decision, after, known)
    said = next((effect for effect in decision.effects if isinstance(effect, AddMessage)), None)
    answered = answered_on(after, known.last_words.get(after.number))
    work = Work(drafted, after, said, answered, known, tells=not quiet)
    effects = (
        *with_pauses(decision.effects, verdict, now),
        *tell_of_rules(verdict),
        *left,
        *notes_of(verdict, now),
        *firings_of(verdict, now),
        *_customer_letter(drafted, after, verdict, silence, known, settings),
        *(() if quiet else _new_keepers(decision, drafted, after, words, known, settings)),
        *(effect for wish in verdict.wishes if isinstance(wish, NotifyWish) for effect in _alert(wish, after, words, known, settings)),
        *follow_up(work, verdict, settings, now),
    )
    trace = (*decision.trace, *(item.to_mapping() for item in verdict.trace))
    told = tell_of_pauses(verdict, after, known.away, settings)
    return replace(decision, after=after, effects=effects, trace=trace, beside=(*decision.beside, *told))


def _words(decision: Decision, ticket: TicketView, known: Known) -> AddMessage:
    """What agents are shown: what was said, else what the customer wrote last."""
    said = next((effect for effect in decision.effects if isinstance(effect, AddMessage)), None)
    return said or agent_letters.customers_message(ticket, answered_on(ticket, known.last_words.get(ticket.number)))


def _alert(wish: NotifyWish, ticket: TicketView, words: AddMessage, known: Known, settings: Settings) -> Iterator[Effect]:
    return alert(wish, ticket, words.visible, known.away, settings)


def _customer_letter(
    drafted: TicketView, after: TicketView, verdict: Verdict, silence: Reason | None, known: Known, settings: Settings
) -> Iterator[Effect]:
    """At most one: the first reply, else the notice of the status that rules have set."""
    replies = [wish for wish in verdict.wishes if isinstance(wish, ReplyWish)]
    # An address that only a mail has asked for counts once a colleague has answered to it (MAIL.md P14).
    ticket = after if after.agent_messages else replace(after, reply_to=None)
    answered = answered_on(ticket, known.last_words.get(ticket.number))
    refusal = silence or customer_refusal(ticket.addressee, ticket.queue, AuthResult.UNKNOWN, known, settings)
    for wish in replies[1:]:
        yield RecordEvent("reply_withheld", f"rule {wish.rule}", f"{wish.template}: rule {replies[0].rule} already writes because of this")
    if replies:
        wish, whom = replies[0], ticket.addressee.address
        if refusal:
            yield RecordEvent("reply_withheld", f"rule {wish.rule}", f"{wish.template}: {refusal.text}")
            return
        letter = customer_letters.rule_reply(wish.template, ticket, answered, settings, wish.values)
        yield from post(
            replace(letter, rule=wish.rule),
            settings,
            RecordEvent("replied", f"rule {wish.rule}", f"{whom}, with the template {wish.template}"),
        )
    elif template := closing_template(verdict) or notice_for(drafted, after, False, settings):
        if refusal:
            yield RecordEvent("notice_withheld", "maild", f"{template}: {refusal.text}")
            return
        event = RecordEvent("noticed", "maild", f"{ticket.addressee.address} of: {template}")
        letter = customer_letters.status_notice(template, ticket, answered, settings)
        yield from post(replace(letter, rule=closing_rule(verdict)), settings, event)


def _new_keepers(
    decision: Decision, drafted: TicketView, after: TicketView, words: AddMessage, known: Known, settings: Settings
) -> Iterator[Effect]:
    """Whoever gets the ticket by a rule hears of it, unless he does so anyway: another department, or another owner (PRODUCT 13)."""
    told = tuple(letter.agent for letter in decision.letters if letter.agent)
    earlier = known.earlier.get(after.number, ())
    moved = tuple(tell_of_move(drafted, after, words, settings, earlier, suppressed=known.suppressed, away=known.away, without=told))
    yield from moved
    is_given = after.owner not in (None, drafted.owner) and after.owner not in _readers(moved, told)
    if is_given and after.status not in ENDED and after.queue in settings.queues:
        owner = settings.agents.get(after.owner or "")
        why = (f"A rule gave this ticket to {owner.name if owner else after.owner}.",)
        yield from tell_department(
            "owner", after, words, why, settings, earlier, suppressed=known.suppressed, away=known.away, without=told
        )


def _readers(effects: Iterable[Effect], told: Iterable[str]) -> frozenset[str | None]:
    return frozenset(effect.letter.agent for effect in effects if isinstance(effect, Post)) | frozenset(told)
