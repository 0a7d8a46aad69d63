"""Signs that a machine may have written a mail, which count only in pairs, and against an acknowledgement (MAIL.md L1, L3). Pure."""

import re
import unicodedata

from maild.ingest.address_kinds import is_never_answered
from maild.ingest.data import words
from maild.ingest.prefixes import strip_prefixes
from maild.ingest.signs import Sign
from maild.message import InboundMessage
from maild.reason import Reason

_TAG = re.compile(r"\s{0,9}\[[^\[\]]{1,60}#\s?\d{1,12}[^\[\]]{0,20}\]")
_TITLE_END = re.compile(r"\s?(?:[:：;!.\-–—(\[|【(]|$)")


def null_return_path(message: InboundMessage) -> Reason | None:
    """RFC 5321 section 4.5.5: who sends with it wants no answer. Seen in practice: <MAILER-DAEMON> in its place."""
    if message.return_path == "" or (message.return_path or "").casefold().partition("@")[0] == "mailer-daemon":
        return Reason("null-return-path", "Return-Path: <>")
    return None


def no_reply_author(message: InboundMessage) -> Reason | None:
    """MAIL.md L3. Seen in practice: noreply in Reply-To under a person's From."""
    writers = (message.author, *message.header_from, *message.reply_to)
    found = next((writer for writer in writers if writer and is_never_answered(writer.address)), None)
    return Reason("no-reply", f"nobody reads {found.address}") if found else None


def auto_reply_subject(message: InboundMessage) -> Reason | None:
    subject = _bare_subject(message.subject)
    for phrase in _beginnings(subject, "begins"):
        if not _goes_on(phrase, subject[len(phrase) :]):
            return Reason("auto-reply-subject", f"the subject begins with “{phrase}”")
    for title in _beginnings(subject, "titles"):
        if _TITLE_END.match(subject[len(title) :]):
            return Reason("auto-reply-subject", f"the subject is titled “{title}”")
    return None


def _beginnings(subject: str, kind: str) -> tuple[str, ...]:
    """The known phrases with which a subject begins. Hardly any subject has one, and all are asked for at once first."""
    phrases = words("auto_reply_subjects", kind)
    return tuple(phrase for phrase in phrases if subject.startswith(phrase)) if subject.startswith(phrases) else ()


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


WEAK_SIGNS: tuple[Sign, ...] = (null_return_path, no_reply_author, auto_reply_subject)
