"""What is fuzzed: each target reads bytes and raises where maild breaks its word (MAIL.md P1-P3, P8). None needs the fuzzer itself."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from maild.ingest.headers import MAX_FIELDS, MAX_HEADER_BYTES, find_identifiers, first_identifier, read_headers
from maild.ingest.html_text import html_lines
from maild.ingest.lines import Line, plain_lines
from maild.ingest.new_text import cut_reply, find_elided_images, keep_reply
from maild.ingest.parse import open_message, parse_message
from maild.message import InboundMessage

HERE = Path(__file__).parent
CORPUS = HERE.parent / "corpus"


def read_header(raw: bytes) -> None:
    """The header reader, and what is read of fields before anything else is."""
    block = read_headers(raw)
    assert 0 <= block.body_start <= len(raw)
    assert len(block.fields) <= MAX_FIELDS
    assert sum(len(field.value) for field in block.fields) <= MAX_HEADER_BYTES
    for field in block.fields:
        assert field.name
        assert not {"\r", "\n"} & set(field.name)
        identifiers = find_identifiers(field.value)
        assert len(identifiers) == len(set(identifiers))
        assert (first_identifier(field.value) or "x").strip()


def read_mail(raw: bytes) -> None:
    """A whole message: its MIME walk, its parts, its attachments. Read twice it is the same."""
    opened = open_message(raw, with_files=True)
    message = opened.message
    attachments = (*message.attachments, *(message.forwarded.mail.attachments if message.forwarded else ()))
    assert set(opened.files) == {attachment.part for attachment in attachments}
    assert all(len(opened.files[attachment.part]) == attachment.size for attachment in attachments)
    for text in _texts(message):
        text.encode()
        assert not set(text) & {"\x00", "\x1b", "\r"}
    assert "\n" not in message.subject
    assert parse_message(raw) == message


def cut_text(raw: bytes) -> None:
    """The new-text cutter, on the bytes as text and as HTML."""
    text = raw.decode("utf-8", "replace").replace("\r", "")
    for lines in (plain_lines(text), html_lines(text)):
        _check_cut(lines)


TARGETS: dict[str, Callable[[bytes], None]] = {"headers": read_header, "mime": read_mail, "new_text": cut_text}


def find_seeds(target: str) -> Iterator[bytes]:
    """The mails of the project's corpus, or what they say; and everything the fuzzer ever found for this target."""
    for mail in sorted(CORPUS.glob("*.eml")):
        raw = mail.read_bytes()
        if target != "new_text":
            yield raw
            continue
        message = parse_message(raw)
        yield from (text.encode() for text in (message.text, message.html) if text)
    yield from find_findings(target)


def find_findings(target: str) -> Iterator[bytes]:
    for file in sorted((HERE / "findings" / target).iterdir()):
        yield file.read_bytes()


def _texts(message: InboundMessage) -> Iterator[str]:
    yield from (message.subject, message.text, message.html, message.new_text, message.elided, message.uncut_text, message.invitation)
    yield from (attachment.name for attachment in message.attachments)
    yield from (text for address in message.header_from + message.to + message.cc for text in (address.name, address.address))


def _check_cut(lines: tuple[Line, ...]) -> None:
    """No character is lost, and something is visible wherever there is something."""
    written = _characters("\n".join(line.text for line in lines))
    cut = cut_reply(lines)
    assert _characters(cut.visible + cut.elided) == written
    assert bool(cut.visible.strip()) == bool(written)
    kept = keep_reply(lines)
    assert _characters(kept.visible + kept.elided) == written
    find_elided_images(lines)


def _characters(text: str) -> Counter[str]:
    return Counter("".join(text.split()))
