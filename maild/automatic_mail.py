"""The one automatic mail that a customer may get for a message, or why there is none (MAIL.md L3, L4, O7). Pure."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from maild.config.settings import Settings
from maild.desk import customer_letters
from maild.desk.acknowledge import ack_refusals, settled_refusal
from maild.desk.answered import Answered, answered_by
from maild.desk.notices import notice_for
from maild.desk.reply_address import is_same_organisation
from maild.draft import Draft
from maild.effects import Effect, Letter, RecordEvent
from maild.message import Address, AuthResult
from maild.outbox.guard import customer_refusal, post, storm_refusal
from maild.reading import Reading
from maild.reason import Reason
from maild.rule_effects import closing_rule, closing_template
from maild.rules.verdict import AckWish, ReplyWish, Verdict
from maild.ticket import ParticipantRole, TicketView
from maild.tokens import LetterKind


def answer_customer(
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
