"""Which letter of ours a report is about, and which of its recipients (MAIL.md B2). Pure; without a valid MAC a report changes nothing.

What a report says is read in `maild.ingest.reports`, what follows from it is `maild.desk.reports`'.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from maild.message import BouncedRecipient, BounceKind, Report, ReportKind
from maild.tokens import BounceToken, Tokens


@dataclass(frozen=True, slots=True)
class Bounced:
    """`letter` is the letter's number. `position`: which of its recipients, counted from 1; None where only the report can say."""

    letter: int
    position: int | None
    evidence: str


def find_bounced_letter(report: Report, tokens: Tokens, details: Iterable[str] = (), related: Iterable[str] = ()) -> Bounced | None:
    """The first proof in B2's order: `details` behind the plus of the addresses it was sent to, the ids in what it returns, and `related`,
    those of its own In-Reply-To and References. None: nothing carries a MAC of ours."""
    return next(_bounced(report, tokens, details, related), None)


def _bounced(report: Report, tokens: Tokens, details: Iterable[str], related: Iterable[str]) -> Iterator[Bounced]:
    for detail in details:
        if bounce := tokens.read_bounce(detail):
            yield _by_token(bounce, "it was sent to the bounce address")
    for identifier in report.returned_ids:
        if bounce := tokens.read_bounce(identifier.partition("@")[0]):
            yield _by_token(bounce, "it names the envelope")
        elif letter := tokens.read_letter(identifier):
            yield Bounced(letter, None, "it returns the Message-ID")
    for identifier in related:
        if letter := tokens.read_letter(identifier):
            yield Bounced(letter, None, "it answers the Message-ID")


def _by_token(bounce: BounceToken, evidence: str) -> Bounced:
    return Bounced(bounce.letter, bounce.position, evidence)


def find_failed_recipients(report: Report, recipient: str) -> tuple[BouncedRecipient, ...]:
    """Whom a report is about: the one recipient its envelope was made for, with what the report says of him; else whom it names itself.

    `recipient` "": the envelope is not known. A report may name him by the address his mail was forwarded to, or not at all; then it is
    he all the same, and a failure without further words is a hard one (B3).
    """
    if not recipient or report.kind is ReportKind.MDN:
        return report.recipients
    said = _said_of(recipient, report.recipients) or BouncedRecipient(recipient, None, report.kind is ReportKind.BOUNCE, "", report.sign)
    return (replace(said, address=recipient, kind=said.kind or (BounceKind.HARD if said.final else None)),)


def _said_of(recipient: str, named: Sequence[BouncedRecipient]) -> BouncedRecipient | None:
    same = (one for one in named if one.address.casefold() == recipient.casefold())
    return next(same, named[0] if named else None)
