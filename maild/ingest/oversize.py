"""Messages too large to be had whole, cut down to header and first text part (MAIL.md P13). Pure."""


def first_part_as_message(header: bytes, mime: bytes, text: bytes) -> bytes:
    """One message of the header block, the first part's MIME header (empty where the message has no parts) and its first bytes.

    Empty where the server did not hand over the header.
    """
    if not header:
        return b""
    if not mime.strip():
        return header + text
    fields = [field for field in _unfolded_fields(header) if not field.lower().startswith((b"content-", b"mime-version:"))]
    return b"".join(fields) + b"MIME-Version: 1.0\r\n" + mime.rstrip() + b"\r\n\r\n" + text


def _unfolded_fields(header: bytes) -> list[bytes]:
    """Header fields with their continuation lines."""
    fields: list[bytes] = []
    for line in header.splitlines(keepends=True):
        if line[:1] in (b" ", b"\t") and fields:
            fields[-1] += line
        elif line.strip():
            fields.append(line)
    return fields
