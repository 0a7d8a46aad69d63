"""The mail that Microsoft Exchange hands over in place of one it cannot convert (OPERATIONS I12). Pure."""

import re

LOOKED_AT = 8192

# Seen in practice: From without any address, the subject folded, the text quoted-printable; some versions write "could not", some ’.
_SIGNS = (
    re.compile(rb"^From: *\"?Microsoft Exchange", re.IGNORECASE | re.MULTILINE),
    re.compile(rb"^Subject: *Retrieval using the IMAP4 protocol failed for the following message", re.IGNORECASE | re.MULTILINE),
)
_TEXT = re.compile(rb"The server could(?: not|n(?:'|\xe2\x80\x99|=E2=80=99)t) retrieve the following message")
_FOLDING = re.compile(rb"\r?\n[ \t]+")
_SOFT_BREAK = re.compile(rb"=\r?\n")


def is_apology(raw: bytes) -> bool:
    """Whether this is Exchange's apology and not the message: by sender, subject and text, all three. A mail that quotes it is a mail."""
    header, _, text = raw[:LOOKED_AT].replace(b"\r\n", b"\n").partition(b"\n\n")
    unfolded = _FOLDING.sub(b" ", header)
    return all(sign.search(unfolded) for sign in _SIGNS) and _TEXT.search(_SOFT_BREAK.sub(b"", text)) is not None
