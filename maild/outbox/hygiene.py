"""Cleaning what goes into a header: one line, no controls, nothing that turns text around (MAIL.md P3, O9; OPERATIONS X9).

Whatever comes in, something writable comes out; nothing here raises. Cleaning what came by mail for display is `maild.ingest`'s.
"""

import re
import textwrap

from maild.message import Address

MAX_NAME = 128
NOTE_LINE = 60
_CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029]+")
_BIDI_OVERRIDE = re.compile(r"[\u202a-\u202e\u2066-\u2069]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,990}")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LOOSE_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+")
_QUOTED_LOCAL = re.compile(r'"[\x20\x21\x23-\x5b\x5d-\x7e]{1,62}"')
_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?|\[[0-9A-Za-z.:]+\]")


def one_line(value: str) -> str:
    """The text on one line: every run of blanks and controls is one blank, bidi overrides are gone."""
    if value.isascii() and value.isprintable():
        return " ".join(value.split())
    value = _LONE_SURROGATE.sub("\ufffd", _BIDI_OVERRIDE.sub("", value))
    return _CONTROL.sub(" ", value).strip()


def fold_note(text: str) -> str:
    """Seen in practice: telephones that break long quoted lines and mark the first piece only. The rest would look like the agent's own
    words, and a note's must not."""
    return "\n".join(textwrap.wrap(text, NOTE_LINE, break_long_words=False, break_on_hyphens=False))


def display_name(value: str) -> str:
    """A name fit to stand before an address."""
    return one_line(value)[:MAX_NAME].strip()


def clean_id(message_id: str) -> str | None:
    """A Message-ID as it may be written between angle brackets; None for one no header could carry unencoded."""
    bare = message_id.strip().removeprefix("<").removesuffix(">")
    return bare if _ID.fullmatch(bare) else None


def wire_address(address: str) -> str | None:
    """An addr-spec for the wire, its domain in punycode (OPERATIONS T13); None where no mail can go there.

    A local part outside ASCII is kept: only the envelope can carry it, and only to a relay that offers SMTPUTF8 (RFC 6531).
    """
    local, at, domain = address.strip().rpartition("@")
    if not at or not _is_local(local) or len(address) > 320:
        return None
    plain = _ascii_domain(domain)
    return f"{local}@{plain}" if plain else None


def header_address(address: Address) -> str | None:
    """Like `wire_address`, for a header: None also where the local part is not ASCII."""
    wire = wire_address(address.address)
    return wire if wire and wire.isascii() else None


def _is_local(local: str) -> bool:
    if not local.isascii():
        return local.isprintable() and not _CONTROL.search(local) and not set(local) & set('<>()[],;:\\"@')
    # Seen in practice: "name.@docomo.ne.jp" and "a..b@ezweb.ne.jp", old Japanese mobile addresses that are no dot-atoms.
    return bool(_DOT_ATOM.fullmatch(local) or _LOOSE_LOCAL.fullmatch(local) or _QUOTED_LOCAL.fullmatch(local))


def _ascii_domain(domain: str) -> str | None:
    if not domain.isascii():
        try:
            domain = domain.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return domain if _DOMAIN.fullmatch(domain) else None
