"""What was said on a ticket, by its messages, as letters to agents show it. Reading only; which messages are shown is the asker's."""

from typing import Any

from sqlalchemy import Select, func, select

from maild.known import Earlier
from maild.store.engine import AnyRow
from maild.store.tables.tickets import IS_TAKEN_DOWN, messages
from maild.ticket import MessageKind


def messages_with(characters: int) -> Select[tuple[Any, ...]]:
    """What `read` wants to know of messages, with so much of their words."""
    return select(
        func.coalesce(messages.c.shown, messages.c.at).label("at"),
        messages.c.author_name,
        messages.c.author_address,
        func.substr(messages.c.visible, 1, characters).label("words"),
        messages.c.internal,
        IS_TAKEN_DOWN.label("is_taken_down"),
        messages.c.kind,
    )


def read(row: AnyRow) -> Earlier:
    third_party = row.author_address.casefold() if row.kind == MessageKind.THIRD_PARTY.value else ""
    return Earlier(row.at, row.author_name or row.author_address, row.words, row.internal, row.is_taken_down, third_party)
