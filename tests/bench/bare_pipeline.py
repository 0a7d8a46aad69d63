"""The yardstick: the least that any desk has to do with the same mail, in a process of its own.

FETCH in batches of 50, `email` with decoded text, one durable SQLite commit a batch, the same number of letters of the same size over one
connection. Run as `python -m tests.bench.bare_pipeline` with one argument, a JSON of `Errand`; prints the seconds it took.
"""

import json
import smtplib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message

from imapclient import IMAPClient

BATCH = 50


@dataclass(frozen=True, slots=True)
class Errand:
    """Where the mail lies, where letters go to, how many and how large."""

    imap_port: int
    user: str
    password: str
    smtp_port: int
    database: str
    letters: int
    letter_size: int


def run_bare(errand: Errand) -> float:
    """Seconds from the first connection to the last letter taken."""
    command = [sys.executable, "-m", "tests.bench.bare_pipeline", json.dumps(asdict(errand))]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main(errand: Errand) -> float:
    began = time.monotonic()
    database = _open(errand.database)
    with IMAPClient("127.0.0.1", errand.imap_port, ssl=False) as client, smtplib.SMTP("127.0.0.1", errand.smtp_port) as smtp:
        client.login(errand.user, errand.password)
        client.select_folder("INBOX", readonly=True)
        uids = client.search()
        sent = done = 0
        for batch in _batches(uids):
            _keep(database, client.fetch(batch, ["BODY.PEEK[]"]))
            done += len(batch)
            due = errand.letters * done // len(uids)
            for _ in range(due - sent):
                smtp.sendmail("support@acme.example", ["somebody@globex.example"], _letter(errand.letter_size))
            sent = due
        return time.monotonic() - began


def _open(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE mail (uid INTEGER PRIMARY KEY, raw BLOB)")
    database.execute("CREATE TABLE ticket (uid INTEGER PRIMARY KEY, subject TEXT, author TEXT, message_id TEXT, text TEXT)")
    return database


def _keep(database: sqlite3.Connection, fetched: dict[int, dict[bytes, bytes]]) -> None:
    raws = {uid: data[b"BODY[]"] for uid, data in fetched.items()}
    with database:
        database.executemany("INSERT INTO mail VALUES (?, ?)", raws.items())
        database.executemany("INSERT INTO ticket VALUES (?, ?, ?, ?, ?)", [(uid, *_read(raw)) for uid, raw in raws.items()])


def _read(raw: bytes) -> tuple[str, str, str, str]:
    message = message_from_bytes(raw)
    texts = [_text(part) for part in message.walk() if part.get_content_maintype() == "text"]
    subject, author = (str(make_header(decode_header(message[name] or ""))) for name in ("Subject", "From"))
    return subject, author, message["Message-ID"] or "", "\n".join(texts)


def _text(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode(part.get_content_charset("utf-8"), "replace")


def _letter(size: int) -> bytes:
    head = b"From: support@acme.example\r\nTo: somebody@globex.example\r\nSubject: Re: your mail\r\n\r\n"
    return head + (b"x" * 70 + b"\r\n") * max(1, (size - len(head)) // 72)


def _batches(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), BATCH):
        yield uids[start : start + BATCH]


if __name__ == "__main__":
    print(main(Errand(**json.loads(sys.argv[1]))))
