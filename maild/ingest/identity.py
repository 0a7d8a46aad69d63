"""F1: by what a message is known again. `mid` is its id, `fp` its fingerprint. Pure."""

from hashlib import sha256

from maild.ingest.headers import first_identifier
from maild.ingest.prefixes import strip_prefixes


def message_identity(given: str | None, sender: str, date: str, subject: str, body: bytes) -> tuple[str, bool]:
    """(mid, did the message bring it itself). `given` is the raw Message-ID field; a synthesised mid is the same for the same message."""
    identifier = first_identifier(given or "")
    if identifier:
        return identifier, True
    return f"gen-{_digest(sender.encode(), date.encode(), subject.encode(), body)}", False


def fingerprint(sender: str, date: str, subject: str, text: str) -> str:
    """fp: what stays the same in another copy of a mail: prefixes of the subject and blanks in the text do not count."""
    return _digest(sender.encode(), date.encode(), strip_prefixes(subject).casefold().encode(), " ".join(text.split()).encode())


def _digest(*values: bytes) -> str:
    """Lengths go in too, so that no two lists of values look the same."""
    digest = sha256()
    for value in values:
        digest.update(b"%d:" % len(value))
        digest.update(value)
    return digest.hexdigest()
