"""Messages too large to be had whole, cut down to header and first text part (MAIL.md P13). Pure, linear."""

from collections.abc import Iterator


def first_part_as_message(header: bytes, mime: bytes, text: bytes) -> bytes:
    """One message of the header block, the first part's MIME header (empty where the message has no parts) and its first bytes.

    Empty where the server did not hand over the header.
    """
    if not header:
        return b""
    if not mime.strip():
        return header + text
    return b"".join(_without_structure(header)) + b"MIME-Version: 1.0\r\n" + mime.rstrip() + b"\r\n\r\n" + text


def _without_structure(header: bytes) -> Iterator[bytes]:
    """The lines of all fields but those that say how the whole is built, continuation lines included."""
    is_kept = True
    for line in header.splitlines(keepends=True):
        if line[:1] not in (b" ", b"\t"):
            is_kept = not line.lower().startswith((b"content-", b"mime-version:"))
        if is_kept and line.strip():
            yield line
