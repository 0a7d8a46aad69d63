"""Other ids of our letters (MAIL.md O1a; see `maild.aliases`). An alias stays with the letter it was first said of."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import bindparam, select, text

from maild.aliases import canonical, find_reported_id
from maild.store.engine import Transaction
from maild.store.prepared import Prepared
from maild.store.tables.mail_out import deliveries, letter_aliases, letters

_FIND = Prepared(
    select(letter_aliases.c.alias, letter_aliases.c.letter, letter_aliases.c.by_relay).where(
        letter_aliases.c.alias.in_(bindparam("ids", expanding=True))
    )
)
_LETTER_OF = (
    select(letters.c.number, letters.c.message_id)
    .join(deliveries, deliveries.c.letter == letters.c.number)
    .where(deliveries.c.id == bindparam("delivery"))
)
_STORE = text("INSERT INTO letter_aliases (alias, letter, by_relay) VALUES (:alias, :letter, :by_relay) ON CONFLICT DO NOTHING").bindparams(
    bindparam("alias", type_=letter_aliases.c.alias.type), bindparam("by_relay", type_=letter_aliases.c.by_relay.type)
)


@dataclass(frozen=True, slots=True)
class Alias:
    """`by_relay`: our relay reported it, so that it is as good as the letter's own id."""

    alias: str
    letter: int
    by_relay: bool


def find(tx: Transaction, ids: Collection[str]) -> tuple[Alias, ...]:
    """Which of these ids, in canonical form, are aliases."""
    return tuple(Alias(*row) for row in _FIND.read(tx, {"ids": list(ids)})) if ids else ()


def note_reply(tx: Transaction, delivery: int, reply: str) -> None:
    """Remember the id a relay's final reply gives to a letter, if it is another than ours."""
    reported = find_reported_id(reply)
    if reported is None:
        return
    letter, own = tx.execute(_LETTER_OF, {"delivery": delivery}).one()
    if reported.casefold() != own.casefold():
        store(tx, letter, reported, by_relay=True)


def store(tx: Transaction, letter: int, message_id: str, *, by_relay: bool) -> None:
    """Remember another id of a letter. One that is known already stays as it is."""
    tx.execute(_STORE, {"alias": canonical(message_id), "letter": letter, "by_relay": by_relay})
