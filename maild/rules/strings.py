"""Texts in actions that name values: `order {{ match.order }}`. Only names are filled in; the rest of Jinja2 is for mail templates.

Parsed when a rule is loaded, filled when it fires. Pure.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from maild.errors import MaildError
from maild.ticket import TicketView

MAX_CHARACTERS = 4096
_SLOT = re.compile(r"\{\{([^{}]{0,200})\}\}")
_NAME = re.compile(r"\s*([A-Za-z]\w*)\.([\w.-]+)\s*")

TICKET_VALUES: Mapping[str, Callable[[TicketView], str | None]] = {
    "number": lambda ticket: str(ticket.number) if ticket.number else None,
    "subject": lambda ticket: ticket.subject,
    "queue": lambda ticket: ticket.queue,
    "status": lambda ticket: ticket.status.value,
    "priority": lambda ticket: ticket.priority.value,
    "tier": lambda ticket: ticket.tier.value,
    "owner": lambda ticket: ticket.owner,
    "team": lambda ticket: ticket.team,
    "language": lambda ticket: ticket.language,
}
CUSTOMER_VALUES: Mapping[str, Callable[[TicketView], str | None]] = {
    "name": lambda ticket: ticket.requester.name or ticket.requester.address,
    "address": lambda ticket: ticket.requester.address,
    "domain": lambda ticket: ticket.requester.domain,
}
FAMILIES = ("match", "ticket", "customer")


class ValueMissingError(MaildError):
    """A text names a value that is not there."""


@dataclass(frozen=True, slots=True)
class Name:
    """`{{ family.name }}` in a text."""

    family: str
    name: str

    def __str__(self) -> str:
        return f"{self.family}.{self.name}"


@dataclass(frozen=True, slots=True)
class Text:
    """A text with names in it, in its pieces."""

    pieces: tuple[str | Name, ...]

    @property
    def names(self) -> tuple[Name, ...]:
        return tuple(piece for piece in self.pieces if isinstance(piece, Name))

    def fill(self, ticket: TicketView, captures: Mapping[str, str]) -> str:
        """The text with its values, each on one line.

        Raises:
            ValueMissingError: a value is not there; a rule's action is then skipped (RULES.md 3).
        """
        filled = (piece if isinstance(piece, str) else _value(piece, ticket, captures) for piece in self.pieces)
        return "".join(filled)[:MAX_CHARACTERS]

    def __str__(self) -> str:
        return "".join(piece if isinstance(piece, str) else f"{{{{ {piece} }}}}" for piece in self.pieces)


def parse_text(source: str) -> Text | str:
    """The text in its pieces, or the words between braces that name nothing."""
    pieces: list[str | Name] = []
    end = 0
    for slot in _SLOT.finditer(source):
        name = _NAME.fullmatch(slot[1])
        if name is None:
            return slot[0]
        pieces += [source[end : slot.start()], Name(name[1], name[2])]
        end = slot.end()
    pieces.append(source[end:])
    stray = next((piece for piece in pieces if isinstance(piece, str) and ("{{" in piece or "{%" in piece)), None)
    return Text(tuple(piece for piece in pieces if piece != "")) if stray is None else stray


def known_names(family: str, captured: tuple[str, ...]) -> tuple[str, ...] | None:
    """The names a family has, `ticket.field.<name>` aside; `captured` are those of `match`. None: there is no such family."""
    families: Mapping[str, tuple[str, ...]] = {"match": captured, "ticket": tuple(TICKET_VALUES), "customer": tuple(CUSTOMER_VALUES)}
    return families.get(family)


def _value(name: Name, ticket: TicketView, captures: Mapping[str, str]) -> str:
    match name.family:
        case "match":
            value = captures.get(name.name)
        case "customer":
            value = CUSTOMER_VALUES[name.name](ticket)
        case _ if name.name.startswith("field."):
            value = ticket.fields.get(name.name.removeprefix("field."))
        case _:
            value = TICKET_VALUES[name.name](ticket)
    if value is None:
        raise ValueMissingError(f"{name} is not there")
    return " ".join(value.split())
