"""MIME assembly: text, alternatives and attachments as finished parts (RFC 2045, RFC 2046). Fast, and nothing but bytes in and bytes out.

Text is always UTF-8, quoted-printable or base64 (MAIL.md O8), so every line is short, ASCII and ended by CRLF, and no content can hold a
boundary: boundaries begin with "=_", which neither encoding produces. Header lines come from `folding`; what is said is `compose`'s.
"""

import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass

from maild.outbox.folding import fold_parameters

_ASCII = bytes(range(128))
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,60}/[A-Za-z0-9!#$&^_.+-]{1,90}")
_OPAQUE_TYPES = ("message/", "multipart/", "text/calendar")
_PLAIN = re.compile(rb'Content-Type: text/plain; charset="utf-8"\r\nContent-Transfer-Encoding: (quoted-printable|base64)\r\n')
OCTET_STREAM = "application/octet-stream"
BASE64_LINE = 76


@dataclass(frozen=True, slots=True)
class Part:
    """A finished part: its header lines and its encoded content."""

    headers: str
    content: bytes

    def to_bytes(self) -> bytes:
        return self.headers.encode("ascii") + b"\r\n" + self.content


def text_part(text: str, subtype: str = "plain") -> Part:
    """A text part; quoted-printable while that is the shorter form, else base64."""
    raw = wire_text(text)
    beyond_ascii = len(raw.translate(None, _ASCII))
    if beyond_ascii * 6 <= len(raw):
        return Part(_text_headers(subtype, "quoted-printable"), binascii.b2a_qp(raw, istext=True))
    return Part(_text_headers(subtype, "base64"), _base64_lines(raw))


def read_text(letter: bytes) -> str:
    """The plain text of a letter that was put together here, "" where it has none. Nothing behind that is looked at."""
    found = _PLAIN.search(letter)
    if found is None:
        return ""
    begins = letter.index(b"\r\n\r\n", found.end() - 2) + 4
    content = letter[begins:].partition(b"\r\n--=_")[0]
    raw = binascii.a2b_qp(content) if found[1] == b"quoted-printable" else binascii.a2b_base64(content)
    return raw.decode("utf-8", "replace").replace("\r\n", "\n")


def attachment_part(name: str, content_type: str, content: bytes) -> Part:
    """A file to be saved. Parts that readers would unfold (messages, invitations) travel as plain bytes (MAIL.md O7)."""
    kind = content_type if _TYPE.fullmatch(content_type) and not content_type.casefold().startswith(_OPAQUE_TYPES) else OCTET_STREAM
    disposition = fold_parameters("Content-Disposition", "attachment", {"filename": name})
    return Part(f"Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n{disposition}", _base64_lines(content))


def picture_part(name: str, content_type: str, content: bytes, content_id: str) -> Part:
    """A picture that HTML beside it shows by its id, given without angle brackets (RFC 2392)."""
    disposition = fold_parameters("Content-Disposition", "inline", {"filename": name})
    headers = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\nContent-ID: <{content_id}>\r\n{disposition}"
    return Part(headers, _base64_lines(content))


def related(html: Part, pictures: Sequence[Part], seed: str) -> Part:
    """HTML with the pictures it shows (RFC 2387). Without any it stays as it is."""
    return _multipart("related", (html, *pictures), f"=_r_{seed}", ' type="text/html";') if pictures else html


def alternative(parts: Sequence[Part], seed: str) -> Part:
    """The same content in several forms, the plainest first (RFC 2046 section 5.1.4). A single part stays as it is."""
    return parts[0] if len(parts) == 1 else _multipart("alternative", parts, f"=_a_{seed}")


def mixed(parts: Sequence[Part], seed: str) -> Part:
    """Independent parts in order (RFC 2046 section 5.1.3). A single part stays as it is."""
    return parts[0] if len(parts) == 1 else _multipart("mixed", parts, f"=_m_{seed}")


def wire_text(text: str) -> bytes:
    """UTF-8 with CRLF line ends, a final one included; NUL and lone surrogates gone."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if not lines.endswith("\n"):
        lines += "\n"
    return lines.replace("\n", "\r\n").encode("utf-8", "replace")


def _text_headers(subtype: str, encoding: str) -> str:
    return f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n'


def _multipart(subtype: str, parts: Sequence[Part], boundary: str, parameters: str = "") -> Part:
    separator = f"--{boundary}\r\n".encode("ascii")
    content = b"\r\n".join(separator + part.to_bytes() for part in parts)
    headers = f'Content-Type: multipart/{subtype};{parameters}\r\n boundary="{boundary}"\r\n'
    return Part(headers, content + f"\r\n--{boundary}--\r\n".encode("ascii"))


def _base64_lines(raw: bytes) -> bytes:
    encoded = binascii.b2a_base64(raw, newline=False)
    return b"".join(encoded[at : at + BASE64_LINE] + b"\r\n" for at in range(0, len(encoded), BASE64_LINE))
