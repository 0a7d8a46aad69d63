"""Clearing: what a customer has written himself must not stop the answers to him (MAIL.md A8). Pure.

A subject, a name or a Message-ID of his may show an agent's address, or look like an agent's token. The final scan (`leaks`) would refuse
every letter that repeats it, so it is left out before.
"""

from collections.abc import Iterable
from dataclasses import replace

from maild.effects import Letter
from maild.message import Address
from maild.outbox.leaks import find_leak
from maild.ticket import TicketView

Secret = tuple[str, ...]
"""The addresses of the answering agent that a letter must not show."""


def clear_letter(letter: Letter, secret: Secret) -> Letter:
    """The letter without what its customer has given it and may not see again. An empty subject is the template's own (O7)."""
    if letter.kind.is_for_agents:
        return letter
    return replace(
        letter,
        subject=_clear(letter.subject, secret),
        recipients=tuple(_clear_name(person, secret) for person in letter.recipients),
        cc=tuple(_clear_name(person, secret) for person in letter.cc),
        quoted="" if find_leak(f"{letter.quoted_from} {letter.quoted}", secret) else letter.quoted,
        in_reply_to=_clear(letter.in_reply_to or "", secret) or None,
        references=clear_ids(letter.references, secret),
        thread_headers=tuple((name, value) for name, value in letter.thread_headers if find_leak(value, secret) is None),
    )


def clear_ticket(ticket: TicketView, secret: Secret) -> TicketView:
    """The ticket as a customer's letter may tell of it."""
    return replace(
        ticket,
        subject=_clear(ticket.subject, secret),
        requester=_clear_name(ticket.requester, secret),
        references=clear_ids(ticket.references, secret),
    )


def clear_ids(identifiers: Iterable[str], secret: Secret) -> tuple[str, ...]:
    """The ids that may stand in References: neither an agent's token nor an id made of an agent's address."""
    return tuple(given for given in identifiers if find_leak(given, secret) is None)


def _clear(words: str, secret: Secret) -> str:
    return "" if find_leak(words, secret) else words


def _clear_name(person: Address, secret: Secret) -> Address:
    return Address(_clear(person.name, secret), person.address)
