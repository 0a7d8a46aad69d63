"""Draft: what a message would do if there were no rules. Built by `maild.decide`, finished by `maild.conclude`. Plain values."""

from dataclasses import dataclass

from maild.effects import AddMessage, Decision, Effect, IncomingState
from maild.reading import Reading
from maild.reason import Reason
from maild.rules.verdict import Event
from maild.ticket import TicketView


@dataclass(frozen=True, slots=True)
class Draft:
    """`events`: what happened that neither the ticket nor its messages show. With `mail.received` rules are asked before any letter about
    the mail is written, and may keep it out; upon everything else they are asked afterwards (`maild.consequences`).

    `before` and `after` are the ticket around this message as in `Decision`; `message` is what will be put on it. `tell` says whether
    agents are told of the message, `acknowledge` whether it opened a ticket by itself; `silence` is why nobody is mailed because of it,
    whatever the rules wish (MAIL.md F9); `doubt` is why the mail goes into quarantine after all, unless a rule or a person lets it in (S3).
    `effects` are finished and stay as they are, and so is `beside` (`Decision`).

    `seen`: the reading of the mail that rules and people see, where that is not the mail that came (A12); None otherwise. `remarks`: what
    agents are told first. `told_too`: agents who are told in any case, by key.
    """

    state: IncomingState
    reason: Reason
    before: TicketView | None = None
    after: TicketView | None = None
    message: AddMessage | None = None
    effects: tuple[Effect, ...] = ()
    events: tuple[Event, ...] = ()
    tell: bool = False
    acknowledge: bool = False
    silence: Reason | None = None
    doubt: Reason | None = None
    beside: tuple[Decision, ...] = ()
    seen: Reading | None = None
    remarks: tuple[str, ...] = ()
    told_too: tuple[str, ...] = ()
