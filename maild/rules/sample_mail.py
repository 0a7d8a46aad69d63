"""The mail of a test case as bytes, written out by hand: nothing is corrected."""

from collections.abc import Iterator
from datetime import datetime
from email.utils import format_datetime

from maild.rules.cases import SampleMail

SAMPLE_ID = "sample@maild.invalid"
_BOUNDARY = "=_sample"
_PLAIN = "text/plain; charset=utf-8"


def build_mail(mail: SampleMail, at: datetime, identifier: str = SAMPLE_ID, answers: str = "") -> bytes:
    """The bytes of a mail; `answers`: the id of the message that it is a reply to."""
    multipart = f'multipart/mixed; boundary="{_BOUNDARY}"'
    fields = {
        "Date": format_datetime(at),
        "Message-ID": f"<{identifier}>",
        "In-Reply-To": f"<{answers}>" if answers else "",
        "From": mail.sender,
        "To": ", ".join(mail.to),
        "Cc": ", ".join(mail.cc),
        "Reply-To": mail.reply_to or "",
        "Subject": mail.subject,
        "MIME-Version": "1.0",
        "Content-Type": multipart if mail.attachments else _PLAIN,
    }
    head = [f"{name}: {value}" for name, value in {**fields, **dict(mail.headers)}.items() if value]
    return "\r\n".join([*head, "", *_body_lines(mail), ""]).encode()


def _body_lines(mail: SampleMail) -> Iterator[str]:
    if not mail.attachments:
        yield from mail.body.splitlines()
        return
    yield from (f"--{_BOUNDARY}", f"Content-Type: {_PLAIN}", "", *mail.body.splitlines())
    for name in mail.attachments:
        yield from (f"--{_BOUNDARY}", "Content-Type: application/octet-stream")
        yield from (f'Content-Disposition: attachment; filename="{name}"', "", "sample")
    yield f"--{_BOUNDARY}--"
