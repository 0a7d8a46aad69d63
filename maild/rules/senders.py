"""The action by which a rule says who wrote a mail that a machine has sent: `set: {sender: …}` (RULES.md 2, 4). Pure, like all actions.

It names an address and nothing more. What its word is worth, and what becomes of the mail, is the walk's (`ingest.author.name_writer`).
"""

from dataclasses import dataclass, field, replace

from maild.config.readers import bare_address
from maild.config.settings import Settings
from maild.rules.actions import Action, ActionResult, ActionSkippedError, Moment
from maild.rules.fields import shorten
from maild.rules.strings import Text
from maild.rules.verdict import NamedWriter, Verdict

MAX_ADDRESS = 254
"""RFC 5321 section 4.5.3.1.3, without the angle brackets."""


@dataclass(frozen=True, slots=True)
class SetSender(Action):
    """Only of a mail that opens a ticket: whoever writes on one is who he is."""

    address: Text
    settings: Settings = field(repr=False, compare=False)

    def apply(self, verdict: Verdict, moment: Moment) -> ActionResult:
        occasion = moment.occasion
        if occasion.before:
            raise ActionSkippedError(f"the mail belongs to #{occasion.before.number}")
        if occasion.writer_stands:
            raise ActionSkippedError(occasion.writer_stands)
        machine = occasion.message.author
        address = self._read(self.address.fill(verdict.ticket, moment.captures))
        if machine and machine.key == address.casefold():
            raise ActionSkippedError(f"it comes from {address} already")
        words = f"sender set to {address}; the mail came from {machine.address if machine else 'nobody'}"
        return ActionResult(replace(verdict, writer=NamedWriter(moment.rule, address)), words)

    def describe(self) -> str:
        return f"set sender {self.address}"

    def _read(self, written: str) -> str:
        """Nobody may be made one of us by what stands in a mail.

        Raises:
            ActionSkippedError: it is no address, or one of ours.
        """
        address = bare_address(written) if written.isprintable() and len(written) <= MAX_ADDRESS else None
        if address is None or not address.isascii() or "." not in address.rpartition("@")[2]:
            raise ActionSkippedError(f'"{shorten(written)}" is no address')
        if self.settings.agent_at(address):
            raise ActionSkippedError(f"{address} is an agent's address")
        if self.settings.is_own_address(address) or address.casefold() in self.settings.own_lists:
            raise ActionSkippedError(f"{address} is an address of this desk")
        return address
