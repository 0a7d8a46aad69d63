"""InboundMessage: the one parsed-mail value everybody reads.

Built by `maild.ingest.parse` in a worker process, so every value here is plain and picklable. Nothing here reads bytes or decides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from maild.reason import Reason


@dataclass(frozen=True, slots=True)
class Address:
    """A mailbox (RFC 5322 section 3.4): display name (may be empty) and addr-spec."""

    name: str
    address: str

    @property
    def key(self) -> str:
        """The form in which addresses are compared. Local parts are compared without case, as every large provider does."""
        return self.address.casefold()

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].casefold()

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>" if self.name and self.address else self.name or self.address


class HeaderField(NamedTuple):
    """One header field as it stood on the wire: name, and value unfolded but not decoded (8-bit bytes as surrogate escapes).

    A tuple, because a message has dozens of them, which all cross the pipe from the worker.
    """

    name: str
    value: str


def by_name(fields: Iterable[HeaderField]) -> Mapping[str, tuple[str, ...]]:
    """The values of each field, in order, by its name without case. Fields are asked for some eighty times of every message."""
    found: dict[str, list[str]] = {}
    for name, value in fields:
        found.setdefault(name.casefold(), []).append(value)
    return {name: tuple(values) for name, values in found.items()}


SIGNATURE_PICTURE_BYTES = 2048
PERSONAL_TYPES = frozenset(
    {
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pgp-signature",
        "application/pgp-keys",
        "text/directory",
        "text/vcard",
        "text/x-vcard",
        "application/vcard",
    }
)
PERSONAL_NAMES = (".vcf", ".p7s")
"""Seen in practice: visiting cards and signatures that are `application/octet-stream`."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """What a message carries beside its text. The bytes stay in the stored raw message; `part` is the leaf's index in its MIME walk.

    `inline`: the HTML shows it. `elided`: it is not to be shown, because it stands only among what was set aside as quoted or as signature,
    or belongs to a signature by all signs (MAIL.md P11). `mentions`: of an attached message or invitation the words that hold an address or
    a token, of other text those with a token; None if there are more than anybody looks through.
    """

    name: str
    content_type: str
    size: int
    sha256: str
    inline: bool
    content_id: str | None
    part: int
    elided: bool = False
    mentions: tuple[str, ...] | None = ()

    @property
    def is_small_picture(self) -> bool:
        """Whether it may be a signature's: told by its coming again."""
        return self.inline and self.size <= SIGNATURE_PICTURE_BYTES

    @property
    def is_personal(self) -> bool:
        """Signatures, keys and visiting cards: they name their sender's own address."""
        return self.content_type in PERSONAL_TYPES or self.name.casefold().endswith(PERSONAL_NAMES)


class MessageClass(Enum):
    """MAIL.md L1: what kind of mail this is."""

    HUMAN = "human"
    LIST = "list"
    AUTO_GENERATED = "auto_generated"
    AUTO_REPLY = "auto_reply"
    CALENDAR_REPLY = "calendar_reply"
    BOUNCE = "bounce"
    DELAY = "delay"
    MDN = "mdn"
    ARF = "arf"
    OWN_LOOP = "own_loop"


REPORTS = frozenset({MessageClass.BOUNCE, MessageClass.DELAY, MessageClass.MDN, MessageClass.ARF})


@dataclass(frozen=True, slots=True)
class Nature:
    """A message's class and every sign that spoke for it. `silence`: why no automatic answer may go out (MAIL.md L3), empty if one may.

    `silence` holds what can be told from the message alone; caps and suppressions are judged later, against the store.
    """

    message_class: MessageClass
    reasons: tuple[Reason, ...]
    silence: tuple[Reason, ...] = ()


UNJUDGED = Reason("unknown", "no trusted server has judged the sender")


class AuthResult(Enum):
    """One method's result (RFC 8601), folded to what decisions need (MAIL.md S2). Unknown: nobody we trust has judged it."""

    PASS = "pass"
    FAIL = "fail"
    NONE = "none"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Authentication:
    """What a trusted Authentication-Results header says of the From domain (MAIL.md S1).

    `verdict` folds the three methods; `signed` is the server's check of an S/MIME signature (RFC 7281), which proves nobody to us.
    `inside` names S1a's proof, empty without one.
    """

    verdict: AuthResult
    spf: AuthResult = AuthResult.UNKNOWN
    dkim: AuthResult = AuthResult.UNKNOWN
    dmarc: AuthResult = AuthResult.UNKNOWN
    signed: AuthResult = AuthResult.UNKNOWN
    inside: str = ""
    reason: Reason = UNJUDGED

    def __str__(self) -> str:
        """Why, and what each method said if it was asked: `DMARC passed for globex.example: spf pass, dkim none, dmarc pass`."""
        methods = (("spf", self.spf), ("dkim", self.dkim), ("dmarc", self.dmarc), ("smime", self.signed))
        said = ", ".join(f"{name} {result.value}" for name, result in methods if result is not AuthResult.UNKNOWN)
        return f"{self.reason.text}: {said}" if said else self.reason.text


NOT_JUDGED = Authentication(AuthResult.UNKNOWN)


class BounceKind(Enum):
    HARD = "hard"
    SOFT = "soft"


@dataclass(frozen=True, slots=True)
class BouncedRecipient:
    """One recipient of a delivery report (RFC 3464). `kind` None: nothing in the report tells hard from soft; nor where it was
    `delivered`, or passed on."""

    address: str
    kind: BounceKind | None
    final: bool
    status: str
    diagnostic: str
    delivered: bool = False


class ReportKind(Enum):
    """The kinds of machine reports (MAIL.md B1)."""

    BOUNCE = "bounce"
    DELAY = "delay"
    DELIVERED = "delivered"
    MDN = "mdn"
    ARF = "arf"


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report, receipt or complaint, and the ids found in what it returns.

    `returned_message_id` is the returned mail's own, or "". `by_address`: nothing makes it one but the bounce address it was sent to, which
    may be forged, or a vacation program's answer.
    """

    kind: ReportKind
    recipients: tuple[BouncedRecipient, ...]
    returned_ids: tuple[str, ...]
    sign: str
    by_address: bool = False
    returned_message_id: str = ""


class Wrapping(Enum):
    """How a message, or a part of it, is wrapped (MAIL.md P12). TNEF only where nothing could be unpacked."""

    TNEF = "tnef"
    PARTIAL = "partial"
    SMIME_SIGNED = "smime-signed"
    SMIME_ENCRYPTED = "smime-encrypted"
    PGP_SIGNED = "pgp-signed"
    PGP_ENCRYPTED = "pgp-encrypted"


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One received message, decoded and clean (MAIL.md P3): no NUL, no lone surrogates, headers on one line.

    `message_id` is F1's mid without angle brackets; `fingerprint` is F1's fp. `from_fields` counts the From header fields and
    `from_defect` names a structural fault in them (A2). `recipients` are Delivered-To, X-Original-To and Envelope-To in header order.
    `return_path` is None where there is none and "" for the null path. `new_text` is the visible part of a reply (P8), `elided` the rest;
    `nothing_new` if it is a reply whose `new_text` is only a quotation or a signature. `uncut_text` is what is visible of the same mail as
    the first of a ticket: all but banners (P9) and armour (P12). `new_html` and `uncut_html` say the same as safe HTML, and are empty where
    the mail's HTML does not say it word for word. `language` is the one `text` is written in, None where that is unsure.
    `forwarded` is the mail that it passes on, if it does (A12).
    `calendar_method` is the method parameter of the first text/calendar part (RFC 5546), `invitation` its event in one line, both empty
    without one. `wrappings` says how the mail is signed, encrypted or packed. `headers` holds no field that only
    we may write (S7); the values of `X-Maild-Loop`, which carry their own proof, are `loop_marks`.
    """

    raw_sha256: str
    size: int
    headers: tuple[HeaderField, ...]
    header_from: tuple[Address, ...]
    from_fields: int
    from_defect: str
    sender: Address | None
    reply_to: tuple[Address, ...]
    to: tuple[Address, ...]
    cc: tuple[Address, ...]
    recipients: tuple[str, ...]
    return_path: str | None
    subject: str
    date: datetime | None
    message_id: str
    message_id_given: bool
    in_reply_to: tuple[str, ...]
    references: tuple[str, ...]
    fingerprint: str
    text: str
    html: str
    new_text: str
    elided: str
    attachments: tuple[Attachment, ...]
    part_types: tuple[str, ...]
    report: Report | None
    defects: tuple[str, ...]
    calendar_method: str = ""
    uncut_text: str = ""
    new_html: str = ""
    uncut_html: str = ""
    invitation: str = ""
    wrappings: tuple[Wrapping, ...] = ()
    loop_marks: tuple[str, ...] = ()
    nothing_new: bool = False
    language: str | None = None
    forwarded: "Forwarded | None" = None
    _by_name: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", by_name(self.headers))

    def fields(self, name: str) -> tuple[str, ...]:
        """Every occurrence of the named header field, in order."""
        return self._by_name.get(name.casefold(), ())

    def field(self, name: str) -> str | None:
        """The first occurrence of the named header field."""
        return next(iter(self.fields(name)), None)

    @property
    def senders(self) -> tuple[Address, ...]:
        """Those in From, each once."""
        found: dict[str, Address] = {}
        for address in self.header_from:
            if "@" in address.address:
                found.setdefault(address.key, address)
        return tuple(found.values())

    @property
    def author(self) -> Address | None:
        """MAIL.md P14: an address to show: From, Sender, Reply-To, Return-Path."""
        senders: tuple[Address, ...] = (self.sender,) if self.sender else ()
        for address in self.header_from + senders + self.reply_to:
            if "@" in address.address:
                return address
        return Address("", self.return_path) if self.return_path else None


@dataclass(frozen=True, slots=True)
class Forwarded:
    """A mail that another one passes on (MAIL.md A12), attached to it or in its text. Whoever passes it on may have written it himself.

    `mail` reads as if it had come by itself. Of one that stands in a text little is known: `header_from` is empty where the text names no
    sender, or not one alone, `sent` its date as the text has it. `words` and `files` are what the other mail says and carries itself.
    `others`: so many mails more are attached.
    """

    mail: InboundMessage
    words: str
    files: tuple[Attachment, ...]
    is_attached: bool
    sent: str = ""
    others: int = 0
