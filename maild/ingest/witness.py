"""Whose word about a mail counts, and which header fields are that word (MAIL.md S1, S4). Pure.

A sender can write any field, under any name. Where a field stands tells who wrote it; at some providers its name does, since they take
such fields out of mail that comes in. What the fields say is read in `authentication` and `spam`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from maild.config.settings import Provider, Settings
from maild.message import HeaderField, InboundMessage

NAMELESS = ""


@dataclass(frozen=True, slots=True)
class Witness:
    """The servers whose word counts for the mail of one mailbox.

    `names` are the authserv-ids of their results, in lower case; `NAMELESS` stands for results that give none. `hops`: so many of the
    topmost Received fields are theirs. `guarded`: names of fields in lower case, and beginnings of names that end in "-", which only they
    can write; then it does not matter where a field stands. `inside` is the field in which they say that a sender belongs to the house.
    """

    names: frozenset[str]
    hops: int = 1
    guarded: tuple[str, ...] = ()
    inside: str = ""


PROVIDERS: Mapping[Provider, Witness] = {
    # Google's own two hops stand above its results.
    Provider.GMAIL: Witness(frozenset({"mx.google.com"}), hops=2),
    # Exchange Online renames results that come in to Authentication-Results-Original, reports of spam to …-Untrusted, and drops the rest.
    Provider.MICROSOFT365: Witness(
        frozenset({NAMELESS}),
        guarded=("authentication-results", "x-forefront-antispam-report", "x-microsoft-antispam", "x-ms-exchange-organization-"),
        inside="x-ms-exchange-organization-authas",
    ),
}


def find_witness(mailbox: str, settings: Settings) -> Witness | None:
    """Who is believed about the mail of this mailbox: its provider, else the servers in `trust`; None where the desk names nobody."""
    found = settings.mailboxes.get(mailbox)
    if found and found.provider:
        return PROVIDERS[found.provider]
    names = frozenset(name.casefold() for name in settings.trust.authserv_ids)
    return Witness(names, settings.trust.hops) if names else None


def find_testimony(message: InboundMessage, witness: Witness) -> tuple[HeaderField, ...]:
    """The fields the witness wrote, in order."""
    if witness.guarded:
        return tuple(field for field in message.headers if _is_guarded(field.name.casefold(), witness.guarded))
    return tuple(_above_the_first_stranger(message, witness.hops))


def _is_guarded(name: str, guarded: tuple[str, ...]) -> bool:
    return any(name.startswith(known) if known.endswith("-") else name == known for known in guarded)


def _above_the_first_stranger(message: InboundMessage, hops: int) -> Iterator[HeaderField]:
    """S1: everything above the first Received that no trusted host wrote."""
    received = 0
    for field in message.headers:
        received += field.name.casefold() == "received"
        if received > hops:
            return
        yield field
