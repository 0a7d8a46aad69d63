"""A mailbox's checkup: log in and look around, changing nothing (OPERATIONS C12). The commands themselves are `maild.ingest.imap`'s."""

import ssl
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from maild.config.settings import Mailbox
from maild.errors import MailboxAuthError, MailboxError, MailboxUnreachableError
from maild.finding import MEBIBYTE, TRANSFER_GROWTH, Finding, judge_certificate, judge_clock, remedy_for_certificate
from maild.ingest.arrival import Part
from maild.ingest.imap import Folder, MailboxSession


def check_login(mailbox: Mailbox) -> str | None:
    """None when the login works, else the reason in words."""
    try:
        MailboxSession(mailbox).close()
    except MailboxError as error:
        return str(error)
    return None


def check_mailbox(mailbox: Mailbox) -> list[Finding]:
    """The lines of `maild mailbox test`."""
    place = f"{mailbox.username} at {mailbox.host}:{mailbox.port}"
    found: list[Finding] = []
    try:
        with closing(MailboxSession(mailbox)) as session:
            found.append(Finding("ok", f"login as {place} ({mailbox.security})"))
            found.extend(_look_around(session, mailbox))
    except MailboxError as error:
        found.append(Finding("fail", str(error), find_remedy(error)))
    return found


def find_remedy(error: MailboxError) -> str:
    """The keys that a login which failed for this reason rests on."""
    if isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return remedy_for_certificate(error.__cause__)
    if isinstance(error.__cause__, FileNotFoundError):
        return "see `ca_file` of this mailbox"
    if isinstance(error, MailboxAuthError):
        return "see username and password of this mailbox"
    if isinstance(error, MailboxUnreachableError):
        return "see host, port and security of this mailbox"
    return "see host, port, security, username and password of this mailbox"


def _look_around(session: MailboxSession, mailbox: Mailbox) -> Iterator[Finding]:
    if end := session.certificate_end:
        yield judge_certificate(end, datetime.now(UTC))
    try:
        folder = session.select()
    except MailboxError as error:
        yield Finding("fail", str(error), "see `folder:` of this mailbox")
        return
    yield Finding("ok", f"folder {mailbox.folder} holds {folder.messages} messages")
    yield _describe_size(mailbox.max_size)
    yield from _judge_capabilities(session, mailbox)
    yield _find_uses(session)
    yield from _judge_dates(session, folder)
    for part in (Part.JUNK, Part.SENT):
        yield from _look_aside(session, part)


def _describe_size(max_size: int) -> Finding:
    """People think of the files; `max_size` and every mail server's limit are about what becomes of them in a mail."""
    files = int(max_size / TRANSFER_GROWTH)
    return Finding("ok", f"mail up to {_in_mebibytes(max_size)} MiB is fetched whole (max_size): files of about {_in_mebibytes(files)} MiB")


def _in_mebibytes(size: int) -> str:
    return f"{size / MEBIBYTE:.0f}" if size >= 10 * MEBIBYTE else f"{size / MEBIBYTE:.1f}"


def _judge_capabilities(session: MailboxSession, mailbox: Mailbox) -> Iterator[Finding]:
    waiting = "IDLE: new mail is seen at once" if session.can_idle else "no IDLE: new mail is looked for every half minute"
    yield Finding("ok", waiting)
    if mailbox.after.action != "keep" and not session.removes_cleanly:
        yield Finding("warn", "the server has neither MOVE nor UIDPLUS: messages are only marked as deleted", "use `after: keep`")
    if "X-GM-EXT-1" in session.capabilities:
        limits = "this is Gmail: a folder may show only its newest messages, and what is expunged may stay in All Mail"
        yield Finding("warn", limits, "see Settings, Forwarding and POP/IMAP: no folder size limit, auto-expunge off")


def _find_uses(session: MailboxSession) -> Finding:
    """What `sent: auto` and `junk: watch` will look at."""
    names = {"Sent": session.find_folder(Part.SENT), "Junk": session.find_folder(Part.JUNK)}
    told = ", ".join(f"{use} is {name}" if name else f"no {use}" for use, name in names.items())
    marked = "by SPECIAL-USE" if "SPECIAL-USE" in session.capabilities else "by name; the server has no SPECIAL-USE"
    return Finding("ok", f"special folders: {told} ({marked})")


def _judge_dates(session: MailboxSession, folder: Folder) -> Iterator[Finding]:
    """Mail from the future shows that our clock is behind; that it is ahead only a test mail can show."""
    newest = session.newest_received(folder)
    if newest is not None:
        yield judge_clock(max(newest - datetime.now(UTC), timedelta(0)), "the server's dates")


def _look_aside(session: MailboxSession, part: Part) -> Iterator[Finding]:
    try:
        if name := session.find_folder(part):
            yield Finding("ok", f"{part.value} folder {name} holds {session.select(name).messages} messages")
    except MailboxError as error:
        yield Finding("warn", str(error), f"see `{part.value}:` of this mailbox")
