"""What a mail client does: write a mail, answer one with everything quoted below, show one. Pure; sending is the playground's."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from maild.demo.cast import Person


@dataclass(frozen=True, slots=True)
class Face:
    """A mail as its reader sees it. `lines` without empty ones."""

    sender: str
    to: str
    subject: str
    lines: tuple[str, ...]


def write(author: Person, to: str, subject: str, text: str) -> EmailMessage:
    """A new mail."""
    mail = EmailMessage(policy.SMTP)
    mail["From"] = str(author)
    mail["To"] = to
    mail["Subject"] = subject
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = make_msgid(domain=author.address.partition("@")[2])
    mail.set_content(f"{text}\n")
    return mail


def answer(author: Person, original: EmailMessage, text: str) -> EmailMessage:
    """What pressing "reply" makes: to the sender, in the thread, signed, with the original quoted below."""
    quoted = "\n".join(f"> {line}".rstrip() for line in text_of(original).splitlines())
    body = f"{text}\n\n-- \n{author.name}\n\nOn {original['Date']}, {original['From']} wrote:\n{quoted}"
    return _threaded(author, original, body)


def answer_automatically(author: Person, original: EmailMessage, text: str) -> EmailMessage:
    """An out-of-office answer, marked as one (RFC 3834 section 3)."""
    mail = _threaded(author, original, text)
    mail.replace_header("Subject", f"Automatische Antwort: {original['Subject']}")
    mail["Auto-Submitted"] = "auto-replied"
    return mail


def _threaded(author: Person, original: EmailMessage, text: str) -> EmailMessage:
    subject = str(original["Subject"])
    mail = write(author, str(original["Reply-To"] or original["From"]), subject if subject.startswith("Re:") else f"Re: {subject}", text)
    identifier = str(original["Message-ID"]).strip()
    mail["In-Reply-To"] = identifier
    mail["References"] = " ".join([*str(original["References"] or "").split(), identifier])
    return mail


def read(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=policy.default)


def face_of(mail: EmailMessage) -> Face:
    lines = tuple(line.rstrip() for line in text_of(mail).splitlines() if line.strip())
    return Face(str(mail["From"]), str(mail["To"]), str(mail["Subject"]), lines)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part else ""
