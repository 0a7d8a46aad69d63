"""Customer: who a requester is to the desk, as an agent is shown it (PRODUCT 24). A plain value, found by the store."""

from dataclasses import dataclass
from datetime import datetime

from maild.ticket import Status


@dataclass(frozen=True, slots=True)
class CustomersTicket:
    """A ticket as the card of its requester names it. `owner` is an agent's key."""

    number: int
    subject: str
    queue: str
    status: Status
    owner: str | None


@dataclass(frozen=True, slots=True)
class Customer:
    """`since` is when his first ticket was opened, None where he has none. `tickets` are his newest, the newest first, and `has_more` if
    they are not all. Spam and what was merged into another do not count."""

    since: datetime | None = None
    tickets: tuple[CustomersTicket, ...] = ()
    has_more: bool = False
