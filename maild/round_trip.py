"""RoundTrip: what test mails have shown of a department's way out and back in (MAIL.md O1a, O4, O5, L8). A plain value.

`maild doctor --send-test` finds it, the store keeps it, and `maild.outbox.ways_back` draws the conclusions.
"""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """`address` is the department's as it was then: under another one nothing is known.

    `plus`: mail to a plus address came in through the department's mailbox, found in the field `seen_in`. `envelope`: so it did with a
    plus address as its envelope sender, which was still there on arrival. `null_sender`: mail from the null path came in, and no worse
    authenticated. `keeps_ids`: the relay left our Message-ID as it was.
    """

    queue: str
    address: str
    at: datetime
    plus: bool
    seen_in: str
    envelope: bool
    null_sender: bool
    keeps_ids: bool

    def is_of(self, address: str) -> bool:
        """Whether it was with this address."""
        return self.address.casefold() == address.casefold()
