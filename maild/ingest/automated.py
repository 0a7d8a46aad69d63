"""What kind of mail this is (MAIL.md L1). Pure.

The first sign that holds names the class, in the order of L1's table. What follows from a class is decided in `maild.decide`; delivery
reports are read in `maild.ingest.reports`, and whether a mail may be answered in `maild.ingest.silence`.
"""

from collections.abc import Iterator
from dataclasses import replace
from enum import Enum

from maild.config.settings import Settings
from maild.ingest.address_kinds import list_addresses
from maild.ingest.author import Carrier
from maild.ingest.details import find_details
from maild.ingest.signs import AUTO_GENERATED_SIGNS, AUTO_REPLY_SIGNS, CALENDAR_SIGNS, LIST_SIGNS, Sign
from maild.ingest.silence import find_silence
from maild.ingest.thread import Thread
from maild.ingest.weak_signs import WEAK_SIGNS, auto_reply_subject
from maild.message import NOT_JUDGED, Authentication, AuthResult, InboundMessage, MessageClass, Nature, ReportKind
from maild.reason import Reason
from maild.tokens import LetterKind, Tokens

_REPORTS = {
    ReportKind.BOUNCE: MessageClass.BOUNCE,
    ReportKind.DELAY: MessageClass.DELAY,
    ReportKind.DELIVERED: MessageClass.MDN,
    ReportKind.MDN: MessageClass.MDN,
    ReportKind.ARF: MessageClass.ARF,
}
PROBE = Reason("probe", "a test mail of `maild doctor`")
"""Whatever answers or reports one is one, too. The desk sends it to itself, so that reports leave it out."""
_HUMAN = Reason("human", "no sign of a machine, a list or a report")


def classify(
    message: InboundMessage,
    tokens: Tokens,
    settings: Settings | None,
    authentication: Authentication = NOT_JUDGED,
    *,
    is_prompt: bool = False,
    carrier: Carrier | None = None,
) -> Nature:
    """The message's class, everything that spoke for it, and every reason not to answer it automatically.

    `settings` None: no desk is known (as for `maild message inspect`), so no address is ours and nobody is trusted. `authentication`: what
    is proved of the sender. `is_prompt`: it came right behind automatic mail of ours to him, which the store knows. `carrier`: the
    machine that sent it for a person; the signs of a form of ours are its own (L6a).
    """
    transparency = Transparency.TRUSTED if carrier and carrier.is_form else _transparency(message, settings, authentication)
    found = tuple(_evidence(message, tokens, settings, transparency, is_prompt))
    message_class = found[0][0] if found else MessageClass.HUMAN
    reasons = tuple(reason for _, reason in found) or (_HUMAN,)
    return Nature(message_class, reasons, tuple(find_silence(message, message_class, tokens, settings, authentication, carrier)))


def _evidence(
    message: InboundMessage, tokens: Tokens, settings: Settings | None, transparency: "Transparency", is_prompt: bool
) -> Iterator[tuple[MessageClass, Reason]]:
    """Every sign that holds, with its class, in the order of L1's table: the first one names the class."""
    to_bounces = _is_to_a_bounce_address(message, tokens, settings)
    report = message.report
    if loop := _probe(message, tokens, settings) or _own_loop(message, tokens):
        yield MessageClass.OWN_LOOP, loop
    if report and not report.by_address:
        yield _REPORTS[report.kind], Reason("report", report.sign)
    if pair := _weak_pair(message, tokens, is_prompt) or (_vacation(message) if to_bounces else None):
        yield MessageClass.AUTO_REPLY, pair
    yield from _found(MessageClass.AUTO_REPLY, AUTO_REPLY_SIGNS, message)
    if report and report.by_address and to_bounces and not message.in_reply_to:
        yield _REPORTS[report.kind], Reason("report", report.sign)
    for message_class, signs in _signs(transparency):
        yield from _found(message_class, signs, message)


def _found(message_class: MessageClass, signs: tuple[Sign, ...], message: InboundMessage) -> Iterator[tuple[MessageClass, Reason]]:
    for sign in signs:
        if reason := sign(message):
            yield message_class, reason


# Our own mail, coming back


def _own_loop(message: InboundMessage, tokens: Tokens) -> Reason | None:
    """MAIL.md F2 and L1. An answer to a customer that comes back may be real mail for another department: the ids decide that later."""
    if any(tokens.is_loop_header(mark) for mark in message.loop_marks):
        return Reason("own-loop", "X-Maild-Loop: written by this desk")
    letter = tokens.read_message_id(message.message_id)
    if letter and letter.kind is not LetterKind.ANSWER:
        return Reason("own-letter", f"Message-ID: our own {letter.kind.name.lower()} {letter.letter}")
    return None


def with_own_letter(nature: Nature, thread: Thread) -> Nature:
    """MAIL.md F2: an answer to a customer that comes back is our own mail, too, where no other department of ours was to get it."""
    if thread.own is None or thread.passed_on or nature.message_class is MessageClass.OWN_LOOP:
        return nature
    reason = Reason("own-letter", f"Message-ID: our own {thread.own.kind.name.lower()} {thread.own.letter}")
    return replace(nature, message_class=MessageClass.OWN_LOOP, reasons=(reason, *nature.reasons))


def _probe(message: InboundMessage, tokens: Tokens, settings: Settings | None) -> Reason | None:
    """Nobody else has the address or the id of a test mail (`maild.outbox.probe`)."""
    details = find_details(message, settings) if settings else ()
    numbers = map(tokens.read_probe, (message.message_id.rpartition("@")[0], *details))
    return PROBE if any(number is not None for number in numbers) else None


# What is looked through


class Transparency(Enum):
    """Which signs are looked through: none, those of one of our own lists (L1), those of automation we trust (L6a)."""

    NONE = "none"
    OWN_LIST = "own list"
    TRUSTED = "trusted automation"


def _signs(transparency: Transparency) -> Iterator[tuple[MessageClass, tuple[Sign, ...]]]:
    """Those behind the automatic replies, which nothing looks through."""
    if transparency is not Transparency.TRUSTED:
        yield MessageClass.AUTO_GENERATED, AUTO_GENERATED_SIGNS
    if transparency is Transparency.NONE:
        yield MessageClass.LIST, LIST_SIGNS
    yield MessageClass.CALENDAR_REPLY, CALENDAR_SIGNS


def _transparency(message: InboundMessage, settings: Settings | None, authentication: Authentication) -> Transparency:
    if settings is None:
        return Transparency.NONE
    if _is_trusted_automation(message, settings, authentication):
        return Transparency.TRUSTED
    own = any(settings.is_own_address(address) or address in settings.own_lists for address in list_addresses(message))
    return Transparency.OWN_LIST if own else Transparency.NONE


def _is_trusted_automation(message: InboundMessage, settings: Settings, authentication: Authentication) -> bool:
    """MAIL.md L6a: named in the configuration and proved by S1. An automatic reply stays one, whoever sends it."""
    if len(message.header_from) != 1 or authentication.verdict is not AuthResult.PASS:
        return False
    return bool(settings.trusted_automation & {message.header_from[0].key, message.header_from[0].domain})


# Weak signs: only in pairs (L1)


def _weak_pair(message: InboundMessage, tokens: Tokens, is_prompt: bool) -> Reason | None:
    """A weak sign under a mail that answers automatic mail of ours, or came right behind it."""
    answered = next((letter for letter in map(tokens.read_message_id, message.in_reply_to) if letter), None)
    answers_automatic = answered is not None and answered.kind is not LetterKind.ANSWER
    if not (answers_automatic or is_prompt):
        return None
    # Behind our own tag stand our own words: the acknowledgement's "We have received your message", answered by a person.
    tag = next(iter(tokens.find_tags(message.subject)), None)
    foreign = replace(message, subject=message.subject[: tag.start]) if tag else message
    weak = next((reason for sign in WEAK_SIGNS if (reason := sign(foreign))), None)
    other = f"an answer to our {answered.kind.name.lower()}" if answered and answers_automatic else "a mail right behind our automatic one"
    return Reason("weak-pair", f"{weak} in {other}") if weak else None


def _is_to_a_bounce_address(message: InboundMessage, tokens: Tokens, settings: Settings | None) -> bool:
    """MAIL.md B1: sent to the envelope sender of a letter of ours, which only machines do."""
    return settings is not None and any(tokens.read_bounce(detail) for detail in find_details(message, settings))


def _vacation(message: InboundMessage) -> Reason | None:
    """RFC 3834 section 4: vacation programs answer the envelope sender too. What tells them from a report is In-Reply-To, or their subject;
    a person whose client got the address wrong has the one, and shows no weak sign."""
    signs = WEAK_SIGNS if message.in_reply_to else (auto_reply_subject,)
    weak = next((reason for sign in signs if (reason := sign(message))), None)
    return Reason("weak-pair", f"{weak} in a mail to the bounce address of our letter") if weak else None
