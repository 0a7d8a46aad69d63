"""What rules send on (RULES.md 4: `forward`): a customer's mail, to somebody outside who can help. Pure.

He gets what the customer has written in this mail, with its files, under the department's name, and nothing else of the ticket. What he
answers comes back to the ticket, and stays inside (MAIL.md F6, F11). Such a letter is no automatic mail to a customer: it is bound by the
limit of its rule (RULES.md 5.5), not by the caps of MAIL.md L4.
"""

from collections.abc import Iterator
from dataclasses import replace

from maild.config.settings import Settings
from maild.desk.customer_letters import forwarded
from maild.effects import Effect, RecordEvent
from maild.message import Address
from maild.outbox.guard import post, suppression_refusal
from maild.rule_work import BY_RULE, Work
from maild.rules.verdict import ForwardWish, Verdict


def forward_all(work: Work, verdict: Verdict, doubt: str, settings: Settings) -> Iterator[Effect]:
    """The letters, or why there are none. `doubt`: what speaks against the mail, "" where nothing does."""
    for wish in verdict.wishes:
        if isinstance(wish, ForwardWish):
            for address in wish.to:
                yield from _forward(wish, Address("", address), work, doubt, settings)


def _forward(wish: ForwardWish, outsider: Address, work: Work, doubt: str, settings: Settings) -> Iterator[Effect]:
    by = f"{BY_RULE}{wish.rule}"
    if why := _why_not(outsider, work, doubt):
        yield RecordEvent("forward_withheld", by, f"{outsider.address}: {why}")
    elif work.message:
        letter = forwarded(outsider, work.after, work.message, wish.template, settings, wish.values)
        sent = RecordEvent("sent_on", by, f"to {outsider.address}, with the template {wish.template}")
        yield from post(replace(letter, rule=wish.rule), settings, sent)


def _why_not(outsider: Address, work: Work, doubt: str) -> str:
    """The desk's good name goes with what it sends to others."""
    if not work.tells:
        return "nobody is told of it: it is old, or part of a loop or a storm, or spam"
    if doubt:
        return doubt
    refusal = suppression_refusal(outsider, work.known.suppressed)
    return refusal.text if refusal else ""
