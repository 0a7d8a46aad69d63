"""What a bounce means for the addresses it names: which are suppressed, and for how long (MAIL.md B5, B6). Pure."""

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from maild.effects import Effect, MarkBounced, NoteBounce, Suppress
from maild.ingest.bounce_verdict import find_status
from maild.known_letter import BouncedLetter
from maild.message import BouncedRecipient, BounceKind, ReportKind
from maild.outbox.replies import words_about_recipient

SUPPRESSED_FOR = timedelta(days=60)
ENOUGH_BOUNCES = 2
SENDERS_FAULT = frozenset({"5.1.7", "5.1.8"})
_OUR_FAULT = re.compile(r"relay|sender|authenti|log ?in|permi|allow|denied|polic|spam|block|limit|rate\b|too ", re.IGNORECASE)


def effects_of(
    kind: ReportKind, named: Iterable[BouncedRecipient], letter: BouncedLetter, now: datetime, *, to_agent: bool = False
) -> Iterator[Effect]:
    """What becomes of the recipients of a letter of ours; a report can say nothing of an address the letter never went to.

    `named` are those the report is about, as `maild.ingest.bounce` finds them. `to_agent`: the letter told an agent, in whose place others
    are told as soon as it is known that he gets nothing (B6).
    """
    if kind is ReportKind.ARF:
        yield from (Suppress(address, "complained of it as spam", None) for address in _find_complainants(named, letter))
        return
    for failed in named:
        address = match_recipient(failed, letter)
        if address is None or not failed.final:
            continue
        yield MarkBounced(letter.number, address, failed.diagnostic or failed.status)
        if failed.kind is BounceKind.HARD:
            yield NoteBounce(address, failed.status)
        if to_agent or _is_enough(failed, letter.earlier_bounces.get(address, 0)):
            yield Suppress(address, f"mail bounced: {failed.diagnostic or failed.status}"[:200], now + SUPPRESSED_FOR)


def effects_of_refusal(address: str, error: str, earlier_bounces: int, now: datetime, *, to_agent: bool = False) -> Iterator[Effect]:
    """What a relay's last word on an address means for it, if it is about the address: "no such mailbox", "disabled". A relay refuses for
    many other reasons, most of them ours: not allowed, too much, a sender it does not know (RFC 3463: 5.1.7 and 5.1.8).

    `to_agent`: as in `effects_of`. Then whatever else is said of his mailbox counts, too: he gets nothing (B6).
    """
    status = find_status(error)
    if status in SENDERS_FAULT or not (_says_there_is_no_mailbox(status) or (to_agent and _is_about_mailbox(status, error))):
        return
    kind = BounceKind.SOFT if status.startswith("4") else BounceKind.HARD
    failed = BouncedRecipient(address, kind, True, status, error)
    found = effects_of(ReportKind.BOUNCE, (failed,), BouncedLetter(0, (address,), {address: earlier_bounces}), now, to_agent=to_agent)
    yield from (effect for effect in found if not isinstance(effect, MarkBounced))


def _is_about_mailbox(status: str, error: str) -> bool:
    """RFC 3463 section 3: x.1 is about the address, x.2 about the mailbox. Without a status the words must not be about us.

    Seen in practice: "550 no such user here"; but also "550 relay not permitted", where a relay lets nobody in.
    """
    words = words_about_recipient(error)
    if status:
        return bool(words) and status[2:4] in ("1.", "2.")
    return words.startswith("5") and not _OUR_FAULT.search(words)


def match_recipient(failed: BouncedRecipient, letter: BouncedLetter) -> str | None:
    """Which recipient of the letter a report is about. A forwarded mail bounces under another address: then the only one it can be."""
    key = failed.address.casefold()
    if key in letter.recipients:
        return key
    return letter.recipients[0] if len(letter.recipients) == 1 else None


def _find_complainants(named: Iterable[BouncedRecipient], letter: BouncedLetter) -> Iterator[str]:
    """Whom a complaint names. Seen in practice: providers that strike the address out; then nobody, if it can be one of several."""
    addresses = [match_recipient(complainant, letter) for complainant in named] or letter.recipients
    found = dict.fromkeys(address for address in addresses if address is not None)
    return iter(found if len(found) == 1 else ())


def _is_enough(failed: BouncedRecipient, earlier: int) -> bool:
    """B5: "no such mailbox" (5.1.x) and "disabled" (5.2.1) once, any other hard failure twice in seven days."""
    return failed.kind is BounceKind.HARD and (_says_there_is_no_mailbox(failed.status) or earlier + 1 >= ENOUGH_BOUNCES)


def _says_there_is_no_mailbox(status: str) -> bool:
    return status.startswith("5.1.") or status == "5.2.1"
