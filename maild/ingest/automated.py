"""What kind of mail this is, and whether it may be answered automatically (MAIL.md L1, L3). Pure.

A sign is one small function that answers with a reason; the classes hold their signs in the order of L1's table. What follows from a class
is decided in `maild.decide`; delivery reports are read in `maild.ingest.reports`, caps and suppressions are asked of the store later.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache

from maild.config.settings import Settings
from maild.ingest.data import rows, word_set, words
from maild.ingest.details import find_details
from maild.ingest.hygiene import one_line
from maild.ingest.prefixes import strip_prefixes
from maild.message import NOT_JUDGED, Authentication, AuthResult, InboundMessage, MessageClass, Nature, ReportKind
from maild.reason import Reason
from maild.tokens import LetterKind, Tokens

Sign = Callable[[InboundMessage], Reason | None]

_REPORTS = {
    ReportKind.BOUNCE: MessageClass.BOUNCE,
    ReportKind.DELAY: MessageClass.DELAY,
    ReportKind.MDN: MessageClass.MDN,
    ReportKind.ARF: MessageClass.ARF,
}
_HUMAN = Reason("human", "no sign of a machine, a list or a report")


def classify(
    message: InboundMessage,
    tokens: Tokens,
    settings: Settings | None,
    authentication: Authentication = NOT_JUDGED,
    *,
    is_prompt: bool = False,
    is_form: bool = False,
) -> Nature:
    """The message's class, everything that spoke for it, and every reason not to answer it automatically.

    `settings` None: no desk is known (as for `maild message inspect`), so no address is ours and nobody is trusted. `authentication`: what
    is proved of the sender. `is_prompt`: it came right behind automatic mail of ours to him, which the store knows. `is_form`: a contact
    form of ours sent it for a person (L6a).
    """
    transparency = Transparency.TRUSTED if is_form else _transparency(message, settings, authentication)
    found = tuple(_evidence(message, tokens, settings, transparency, is_prompt))
    message_class = found[0][0] if found else MessageClass.HUMAN
    reasons = tuple(reason for _, reason in found) or (_HUMAN,)
    return Nature(message_class, reasons, tuple(_silence(message, message_class, tokens, settings, authentication)))


def _evidence(
    message: InboundMessage, tokens: Tokens, settings: Settings | None, transparency: "Transparency", is_prompt: bool
) -> Iterator[tuple[MessageClass, Reason]]:
    """Every sign that holds, with its class, in the order of L1's table: the first one names the class."""
    to_bounces = _is_to_a_bounce_address(message, tokens, settings)
    report = message.report
    if loop := _own_loop(message, tokens) or _probe(message, tokens, settings):
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


def _probe(message: InboundMessage, tokens: Tokens, settings: Settings | None) -> Reason | None:
    """A test mail of `maild doctor`, and whatever answers or reports one: nobody else has its address (`maild.outbox.probe`)."""
    details = find_details(message, settings) if settings else ()
    numbers = map(tokens.read_probe, (message.message_id.rpartition("@")[0], *details))
    return Reason("probe", "a test mail of `maild doctor`") if any(number is not None for number in numbers) else None


# Automatic replies


def _auto_submitted_reply(message: InboundMessage) -> Reason | None:
    """RFC 3834 section 5; auto-notified is RFC 5436's."""
    for keyword in _auto_submitted(message):
        if keyword in ("auto-replied", "auto-notified"):
            return Reason("auto-submitted", f"Auto-Submitted: {keyword}")
    return None


def _autoresponder_field(message: InboundMessage) -> Reason | None:
    return _any_but_no(message, words("autoresponders", "auto_reply_fields"), "autoresponder")


def _precedence_auto_reply(message: InboundMessage) -> Reason | None:
    """Seen in practice: the same keyword in a field spelt "Preference"."""
    for name in ("Precedence", "Preference"):
        for value in message.fields(name):
            if _keyword(value) in word_set("autoresponders", "auto_reply_precedence"):
                return Reason("precedence", f"{name}: {_keyword(value)}")
    return None


def _delivered_to_autoresponder(message: InboundMessage) -> Reason | None:
    for value in message.fields("Delivered-To"):
        if _keyword(value) == "autoresponder" or _keyword(value).startswith("autoresponder@"):
            return Reason("autoresponder", "Delivered-To: autoresponder")
    return None


# Machines


def _auto_submitted_otherwise(message: InboundMessage) -> Reason | None:
    """RFC 3834 section 5: any keyword but "no" is automatic. Seen in practice: a peer takes "no" for automatic."""
    for keyword in _auto_submitted(message):
        if keyword not in ("no", "auto-replied", "auto-notified"):
            return Reason("auto-submitted", f"Auto-Submitted: {keyword}")
    return None


def _machine_field(message: InboundMessage) -> Reason | None:
    return _any_but_no(message, words("autoresponders", "generated_fields"), "machine")


def _bulk_feedback(message: InboundMessage) -> Reason | None:
    """What large senders must set on mass mail, and nobody sets on a personal one."""
    if message.field("Feedback-ID") and message.field("List-Unsubscribe"):
        return Reason("feedback-id", "Feedback-ID and List-Unsubscribe")
    return None


# Lists


def _list_field(message: InboundMessage) -> Reason | None:
    """RFC 2919 and RFC 2369, and what older list servers write. List-Unsubscribe alone is no list: shops write it on single mails."""
    for name in words("autoresponders", "list_fields"):
        value = message.field(name)
        if value is not None and value.strip():
            return Reason("list", f"{name}: {_shown(value)}")
    return None


def _precedence_list(message: InboundMessage) -> Reason | None:
    for value in message.fields("Precedence"):
        if _keyword(value) in word_set("autoresponders", "list_precedence"):
            return Reason("precedence", f"Precedence: {_keyword(value)}")
    return None


# Calendars


def _calendar_reply(message: InboundMessage) -> Reason | None:
    """RFC 5546: an answer to an invitation, written by the calendar."""
    method = message.calendar_method.strip().upper()
    return Reason("calendar", f"text/calendar, method {method}") if method in ("REPLY", "COUNTER", "CANCEL") else None


AUTO_REPLY_SIGNS: tuple[Sign, ...] = (_auto_submitted_reply, _autoresponder_field, _precedence_auto_reply, _delivered_to_autoresponder)
AUTO_GENERATED_SIGNS: tuple[Sign, ...] = (_auto_submitted_otherwise, _machine_field, _bulk_feedback)
LIST_SIGNS: tuple[Sign, ...] = (_list_field, _precedence_list)
CALENDAR_SIGNS: tuple[Sign, ...] = (_calendar_reply,)


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


def list_addresses(message: InboundMessage) -> Iterator[str]:
    """The list's own address, as its headers give it: `<mailto:a@b>`, `list a@b; contact …`, and `<a.b>` for a@b (RFC 2919)."""
    for name in ("List-Post", "Mailing-List", "X-Mailing-List", "X-BeenThere"):
        for value in message.fields(name):
            yield from (match[0].casefold() for match in _ADDRESS.finditer(value[:2000]))
    for value in message.fields("List-Id"):
        label = value.rpartition("<")[2].partition(">")[0].strip().casefold()
        yield label.replace(".", "@", 1)


_ADDRESS = re.compile(r"[^\s<>,;:\"()@]{1,64}@[^\s<>,;:\"()@?]{1,255}")


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
    signs = WEAK_SIGNS if message.in_reply_to else (_auto_reply_subject,)
    weak = next((reason for sign in signs if (reason := sign(message))), None)
    return Reason("weak-pair", f"{weak} in a mail to the bounce address of our letter") if weak else None


def _null_return_path(message: InboundMessage) -> Reason | None:
    """RFC 5321 section 4.5.5: who sends with it wants no answer. Seen in practice: <MAILER-DAEMON> in its place."""
    if message.return_path == "" or (message.return_path or "").casefold().partition("@")[0] == "mailer-daemon":
        return Reason("null-return-path", "Return-Path: <>")
    return None


def _no_reply_author(message: InboundMessage) -> Reason | None:
    """MAIL.md L3. Seen in practice: noreply in Reply-To under a person's From."""
    writers = (message.author, *message.header_from, *message.reply_to)
    found = next((writer for writer in writers if writer and is_never_answered(writer.address)), None)
    return Reason("no-reply", f"nobody reads {found.address}") if found else None


def _auto_reply_subject(message: InboundMessage) -> Reason | None:
    subject = _bare_subject(message.subject)
    for phrase in words("auto_reply_subjects", "begins"):
        if subject.startswith(phrase) and not _goes_on(phrase, subject[len(phrase) :]):
            return Reason("auto-reply-subject", f"the subject begins with “{phrase}”")
    for title in words("auto_reply_subjects", "titles"):
        if subject.startswith(title) and _TITLE_END.match(subject[len(title) :]):
            return Reason("auto-reply-subject", f"the subject is titled “{title}”")
    return None


WEAK_SIGNS: tuple[Sign, ...] = (_null_return_path, _no_reply_author, _auto_reply_subject)


# Why no automatic answer may go out (L3)


def _suppress_wish(message: InboundMessage) -> Reason | None:
    """[MS-OXCMAIL] 2.2.3.2.14: a wish, not evidence of a class. Exchange sets it on normal mail."""
    for value in message.fields("X-Auto-Response-Suppress"):
        wishes = {wish.strip().casefold() for wish in re.split(r"[,;]", value)}
        if wishes & {"all", "autoreply", "oof"}:
            return Reason("suppress", f"X-Auto-Response-Suppress: {_shown(value)}")
    return None


def _vendor_field(message: InboundMessage) -> Reason | None:
    """X-Loop, and what vacation programs leave behind (L3)."""
    for mark in _vendor_marks():
        for value in message.fields(mark.field):
            if mark.contains in value.casefold():
                return Reason("vendor-field", f"{mark.field}: {_shown(value)}")
    return None


@dataclass(frozen=True, slots=True)
class _VendorMark:
    """A field that stops the acknowledgement if its value contains these words; empty: any value."""

    field: str
    contains: str


@cache
def _vendor_marks() -> tuple[_VendorMark, ...]:
    return tuple(_VendorMark(row["field"], row.get("contains", "")) for row in rows("autoresponders", "silent"))


def _no_sender(message: InboundMessage) -> Reason | None:
    author = message.author
    if author is None or not _ADDRESS.fullmatch(author.address):
        return Reason("no-sender", "no address to answer to")
    return None


SILENCE_SIGNS: tuple[Sign, ...] = (
    _no_sender,
    _no_reply_author,
    _null_return_path,
    _suppress_wish,
    _vendor_field,
    _auto_reply_subject,
)


def _silence(
    message: InboundMessage, message_class: MessageClass, tokens: Tokens, settings: Settings | None, authentication: Authentication
) -> Iterator[Reason]:
    if message_class is not MessageClass.HUMAN:
        yield Reason("class", f"the mail is {message_class.value}")
    for sign in SILENCE_SIGNS:
        if reason := sign(message):
            yield reason
    if tokens.read_message_id(message.message_id):
        yield Reason("own-letter", "it is a letter of ours")
    author = message.author
    if settings and author and (settings.is_own_address(author.address) or author.key in settings.own_lists):
        yield Reason("own-address", f"{author.address} is an address of this desk")
    elif authentication.verdict is AuthResult.FAIL:
        yield Reason("unauthenticated", f"the sender failed authentication: {authentication.reason}")


# What several signs need


def is_never_answered(address: str) -> bool:
    """Whether a local part is a no-reply variant, a daemon's or a list's (MAIL.md L3; the words are in `data/addresses.toml`)."""
    local = address.rpartition("@")[0] or address
    whole = re.sub(r"[._]", "-", local.casefold())
    bare = whole.partition("+")[0]
    return (
        bare in word_set("addresses", "never_answered")
        or bare.rstrip("0123456789").rstrip("-") in word_set("addresses", "never_answered_numbered")
        or whole.startswith(words("addresses", "never_answered_beginnings"))
        or bare.endswith(words("addresses", "never_answered_endings"))
    )


def is_freemail(domain: str) -> bool:
    """Whether a domain's addresses belong to unrelated people, so that a cap per domain means nothing (MAIL.md L4)."""
    return domain.casefold() in word_set("freemail", "domains")


def _auto_submitted(message: InboundMessage) -> tuple[str, ...]:
    """The keywords of all occurrences; parameters and comments may follow them (RFC 3834 section 5)."""
    return tuple(keyword for value in message.fields("Auto-Submitted") if (keyword := _keyword(value)))


def _keyword(value: str) -> str:
    return re.split(r"[;(]", value, maxsplit=1)[0].strip().casefold()


def _any_but_no(message: InboundMessage, names: tuple[str, ...], code: str) -> Reason | None:
    for name in names:
        for value in message.fields(name):
            if _keyword(value) not in ("", "no", "none", "false", "0"):
                return Reason(code, f"{name}: {_shown(value)}")
    return None


def _shown(value: str) -> str:
    return one_line(value)[:80]


def _bare_subject(subject: str) -> str:
    """Folded for comparison, without reply and forward prefixes and ticket tags before the phrase.

    Seen in practice: `Re: [x #7] Auto: …`.
    """
    bare = strip_prefixes(subject[:500])
    bare = strip_prefixes(_TAG.sub("", bare, count=1)) or bare
    return unicodedata.normalize("NFKC", bare).casefold().strip()


def _goes_on(phrase: str, rest: str) -> bool:
    """Whether the phrase's last word goes on in the subject. Scripts without blanks between words cannot tell."""
    return phrase[-1] < "\u0e00" and rest[:1].isalpha() and phrase[-1].isalpha()


_TAG = re.compile(r"\s{0,9}\[[^\[\]]{1,60}#\s?\d{1,12}[^\[\]]{0,20}\]")
_TITLE_END = re.compile(r"\s?(?:[:：;!.\-–—(\[|【(]|$)")
