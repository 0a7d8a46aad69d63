"""Doubts about a mail (MAIL.md S3-S5): who failed authentication, what a filter calls spam; what becomes of it, what people are told. Pure.

The desk keeps out what its settings say, unless a rule or a person lets it in. Rules have their say first.
"""

from collections.abc import Iterator
from dataclasses import replace

from maild.config.settings import Settings
from maild.draft import Draft
from maild.ingest.arrival import Part
from maild.ingest.spam import Spam, find_spam, with_opinion
from maild.ingest.witness import Witness
from maild.message import AuthResult, InboundMessage
from maild.reading import Circumstances, Reading
from maild.reason import Reason
from maild.rules.verdict import SCORE, Fate, Verdict
from maild.ticket import TicketView

UNAUTHENTICATED = "unauthenticated"
SUSPECTED = "suspected-spam"


def find_evidence(message: InboundMessage, circumstances: Circumstances, witness: Witness | None, settings: Settings) -> Spam:
    """What calls the mail spam: where the server keeps it, how its copy is marked, what filters wrote into the headers (S4), what
    the desk's own filter says."""
    found = with_opinion(find_spam(message, witness, settings.spam), circumstances.opinion)
    if circumstances.part is Part.JUNK:
        return replace(found, reason=Reason("spam", "it lies in the mailbox's junk folder"))
    if circumstances.marked_junk and settings.spam:
        return replace(found, reason=Reason("spam", "the server's copy is marked as junk"))
    return found


def find_doubt(reading: Reading, settings: Settings) -> Reason | None:
    """Why the desk by itself would open no ticket for this mail, None if it would."""
    if _has_failed(reading) and settings.trust.unauthenticated == "quarantine":
        return Reason(UNAUTHENTICATED, f"the sender failed authentication: {reading.sender.authentication}")
    return reading.spam.reason if _is_kept_out_as_spam(reading, settings) else None


def _is_kept_out_as_spam(reading: Reading, settings: Settings) -> bool:
    """Whether this mail goes into quarantine if it is called spam."""
    keeps_out = reading.circumstances.part is Part.JUNK or (settings.spam is not None and settings.spam.strangers == "quarantine")
    return keeps_out and _is_strangers(reading) and not _was_moved_out(reading)


def _was_moved_out(reading: Reading) -> bool:
    """Whether a person has moved it out of the junk folder: the copy that lay there is in quarantine, and this one lies elsewhere."""
    stored = reading.thread.duplicate
    return stored is not None and stored.in_junk and reading.circumstances.part is not Part.JUNK


def _is_strangers(reading: Reading) -> bool:
    """Whether nothing speaks for the sender but his word: he has no ticket, or failed authentication, and answers nothing of ours."""
    is_known = reading.known.history.has_written and not _has_failed(reading)
    return not is_known and reading.thread.ticket is None


def tell_score(verdict: Verdict, settings: Settings) -> Reason | None:
    """What the rules' points come to, of which threshold, and who gave them; None where nobody gave any."""
    if not verdict.points:
        return None
    threshold = settings.spam.threshold if settings.spam else None
    of = f" of {threshold:g}" if threshold is not None else ""
    return Reason(SCORE, f"score {verdict.score:g}{of}: {', '.join(map(str, verdict.points))}")


def with_score(reading: Reading, verdict: Verdict, settings: Settings) -> Reading:
    """The mail as the rules' points show it: from the threshold upwards they call it spam, as a filter does. A filter that did so before
    keeps its word; so does the agent who forwards the mail (A12)."""
    threshold = settings.spam.threshold if settings.spam else None
    if threshold is None or verdict.score < threshold or reading.spam.reason or reading.sender.forwarded_by:
        return reading
    return replace(reading, spam=replace(reading.spam, reason=tell_score(verdict, settings)))


def find_why_kept_out(draft: Draft, verdict: Verdict, reading: Reading, settings: Settings) -> Reason | None:
    """Why the mail goes into quarantine: a rule says so (RULES.md 4), or a doubt stands. A mail that a person released is let in (S5).

    "Drop" too keeps the bytes, in quarantine with a time to live (MAIL.md, shape of the design).
    """
    if reading.circumstances.released:
        return None
    if verdict.fate is Fate.ALLOW:
        return None
    if verdict.fate is Fate.KEEP:
        scored = with_score(reading, verdict, settings).spam.reason
        return draft.doubt or (scored if _is_kept_out_as_spam(reading, settings) else None)
    return Reason(verdict.fate.value, verdict.fate_reason or f"by rule {verdict.fate_rule}")


def with_doubts(ticket: TicketView, reading: Reading) -> TicketView:
    """A new ticket, tagged with what speaks against the mail (S3, S4)."""
    failed = {UNAUTHENTICATED} if _has_failed(reading) else set()
    suspected = {SUSPECTED} if _is_suspected(reading) else set()
    return replace(ticket, tags=ticket.tags | failed | suspected)


def with_suspicion(verdict: Verdict, draft: Draft, reading: Reading, settings: Settings) -> Verdict:
    """The verdict, its new ticket tagged where points call the mail spam that do not keep it out."""
    scored = with_score(reading, verdict, settings)
    if scored is reading or draft.before is not None or verdict.fate is Fate.ALLOW or not _is_suspected(scored):
        return verdict
    return replace(verdict, ticket=replace(verdict.ticket, tags=verdict.ticket.tags | {SUSPECTED}))


def without_suspicion(ticket: TicketView) -> TicketView:
    """The ticket of a mail that a rule allows."""
    return replace(ticket, tags=ticket.tags - {SUSPECTED})


def warn_of_doubts(reading: Reading) -> Iterator[str]:
    """What an agent must know of the mail before he answers (MAIL.md O7)."""
    address = reading.message.author.address if reading.message.author else ""
    if _has_failed(reading) and reading.known.history.has_passed:
        yield f"The sender {address} failed authentication, and earlier mail from there passed; this may be forged."
    elif _has_failed(reading):
        yield f"The sender {address} failed authentication; this may be forged."
    if _is_suspected(reading):
        yield f"This may be spam: {reading.spam.reason}."


def describe_proof(reading: Reading) -> str:
    """What is proved of the sender, to stand behind his name in the log; empty where nobody has judged him."""
    authentication = reading.sender.authentication
    if reading.sender.forwarded_by:
        return f" (forwarded by {reading.sender.forwarded_by})"
    return "" if authentication.verdict is AuthResult.UNKNOWN else f" ({authentication})"


def _is_suspected(reading: Reading) -> bool:
    """Whether it may be spam; a person who released it has seen that it is none."""
    return reading.spam.reason is not None and not reading.circumstances.released


def _has_failed(reading: Reading) -> bool:
    return reading.sender.authentication.verdict is AuthResult.FAIL
