"""A running desk for acceptance tests: configuration in a folder, mail in a real Dovecot, letters to a real SMTP sink.

The desk is maild itself, in-process (`App`) or as the installed command (`maild`); nothing of it is replaced.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from sqlalchemy import update

from cli.main import command
from maild.daemon import App
from maild.effects import IncomingState
from maild.ingest.worker import Reader
from maild.outbox.delivery import DeliveryState
from maild.store import switches
from maild.store.engine import Store, Transaction, open_store
from maild.store.received_mail import IncomingRow, list_incoming
from maild.store.status import find_depths
from maild.store.tables.tickets import rule_stays, tasks, tickets
from tests.rig.commands import run_here
from tests.rig.dovecot import DovecotServer
from tests.rig.forked import ForkedDaemon
from tests.rig.mails import an_email, parsed
from tests.rig.sink import Caught, SmtpSink


class LastingReader(Reader):
    """Desks of one process read with the same worker, one after the other: to start it is half of what most tests cost."""

    def close(self) -> None:
        """The next desk reads on; the worker ends with this process."""


READER = LastingReader()
UNDER_WAY = (DeliveryState.QUEUED, DeliveryState.SENDING)
_numbers = count(1)


@dataclass(slots=True)
class RunningDesk:
    """A desk with the queues support, sales and billing (billing in support's mailbox) and the agents anna and boris.

    Every desk has a domain of its own, so that mailboxes never meet. `extra` is added to the configuration, `support` and `sales` to those
    queues and `mailbox` to support's mailbox (`, after: delete`).
    """

    directory: Path
    dovecot: DovecotServer
    sink: SmtpSink
    storage: str = "sqlite:///maild.db"
    domain: str = field(default_factory=lambda: f"desk{next(_numbers)}-{os.getpid()}.example")
    support: str = "agents: [anna]"
    sales: str = "agents: [boris]"
    desk: str = ""
    extra: str = "limits: {automatic: off, storm: off}"
    rules: str = ""
    mailbox: str = ""
    app: App | None = None
    process: subprocess.Popen[bytes] | ForkedDaemon | None = None
    _watched: set[str] = field(default_factory=set)
    _polled: Store | None = None

    def __post_init__(self) -> None:
        self.directory.mkdir(exist_ok=True)
        (self.directory / "secret.key").write_text("k" * 64 + "\n", encoding="ascii")
        (self.directory / "secret.key").chmod(0o600)
        self.configure()

    def configure(self) -> None:
        """Write the configuration as the fields say."""
        (self.directory / "maild.yaml").write_text(self._configuration(), encoding="utf-8")
        if self.rules:
            (self.directory / "rules").mkdir(exist_ok=True)
            (self.directory / "rules" / "10-test.yaml").write_text(self.rules, encoding="utf-8")

    def _configuration(self) -> str:
        login = f"password: {self.dovecot.password}"
        return f"""
desk: {{name: Acme, tag: Acme, domain: {self.domain}, secret: {{file: secret.key}}, admins: [ops@{self.domain}]{self.desk}}}
storage: {{url: "{self.storage}"}}
imap: {{host: {self.dovecot.host}, port: {self.dovecot.port}, security: none}}
smtp: {{host: {self.sink.host}, port: {self.sink.port}, security: none}}
queues:
  support: {{name: Support, address: {self.at("support")}, aliases: [{self.at("help")}], lead: anna, {self.support},
    mailbox: {{username: {self.at("support")}, {login}{self.mailbox}}}}}
  sales: {{name: Sales, address: {self.at("sales")}, mailbox: {{username: {self.at("sales")}, {login}}}, {self.sales}}}
  billing: {{name: Billing, address: {self.at("billing")}, mailbox: support, agents: [boris]}}
agents:
  anna: {{name: Anna Ivanova, email: {self.at("anna")}, role: lead}}
  boris: {{name: Boris Petrov, email: {self.at("boris")}}}
teams: {{payments: [boris]}}
{self.extra}
"""

    def at(self, name: str) -> str:
        return f"{name}@{self.domain}"

    def start(self) -> "RunningDesk":
        """Run the daemon in this process."""
        self.app = App(self.directory, READER)
        self.app.start()
        return self

    def run_once(self) -> bool:
        """What `maild run --once` does, in this process."""
        return App(self.directory, READER).run_once()

    def stop(self) -> None:
        self._watched.clear()
        if self._polled:
            self._polled.close()
            self._polled = None
        if self.app:
            self.app.stop()
            self.app = None
        if self.process:
            with suppress(ProcessLookupError):
                self.process.kill()
            self.process.wait()
            self.process = None

    def launch(self, **environment: str) -> subprocess.Popen[bytes]:
        """Run the daemon as a process of its own, to be signalled or killed."""
        with (self.directory / "daemon.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "-c", str(self.directory), "run"], stdout=log, stderr=log, env=os.environ | environment
            )
        return self.process

    def fork(self, *options: str, **environment: str) -> ForkedDaemon:
        """The same at a fraction of the CPU time: nothing is imported."""
        self.process = ForkedDaemon(self.directory, self.directory / "daemon.log", options, environment)
        return self.process

    def log(self) -> str:
        """What the launched daemon has written."""
        return (self.directory / "daemon.log").read_text(encoding="utf-8")

    def launch_and_wait(self) -> subprocess.Popen[bytes]:
        """Run the daemon as a process of its own, once it says that it has started."""
        process = self.launch()
        eventually(lambda: "started" in self.log())
        return process

    def maild(self, *arguments: str, status: int | None = 0, text: str = "") -> str:
        """Run a command in this process; its stdout. `status` None: whatever it is."""
        return _stdout_of(run_here(self.directory, *arguments, text=text), status)

    def maild_process(self, *arguments: str, status: int = 0) -> str:
        """Run a command as a process of its own; its stdout."""
        words = [sys.executable, "-m", "cli.main", "-c", str(self.directory), *arguments]
        run = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60, check=False)
        return _stdout_of(run, status)

    def ask(self, *arguments: str) -> Any:
        """A command's JSON document."""
        done = CliRunner().invoke(command, ["-c", str(self.directory), *arguments, "--json"], catch_exceptions=False)
        return json.loads(done.stdout)

    def deliver(self, *, to: str = "support", mailbox: str | None = None, **mail: Any) -> None:
        """A mail arrives in a department's mailbox."""
        self.put(an_email(to=to if "@" in to else self.at(to), **mail), mailbox or (to if "@" not in to else "support"))

    def put(self, raw: bytes, mailbox: str = "support") -> None:
        self.dovecot.append(self.at(mailbox), raw)

    def receive(self, raw: bytes, mailbox: str = "support") -> dict[str, Any]:
        """A mail arrives in a mailbox that is being watched, is seen through, its letters sent; what `message list` says of it."""
        eventually(lambda: self._is_watched(mailbox))
        seen = max((row.id for row in self._incoming_rows(limit=1)), default=0)
        self.put(raw, mailbox)
        return self.settled_after(seen)

    def settled_after(self, seen: int) -> dict[str, Any]:
        """The incoming mail that follows the one with this id, once it and its letters are done with."""
        eventually(lambda: any(row.id > seen and row.state is not IncomingState.RECEIVED for row in self._incoming_rows()))
        self.settle()
        return min((row for row in self.incoming() if row["id"] > seen), key=lambda row: int(row["id"]))

    def _is_watched(self, mailbox: str) -> bool:
        if mailbox not in self._watched and self.mailbox_states().get(mailbox) == "watching":
            self._watched.add(mailbox)
        return mailbox in self._watched

    def _incoming_rows(self, limit: int | None = None) -> tuple[IncomingRow, ...]:
        with self._poll() as tx:
            return list_incoming(tx, limit=limit)

    def mailbox_states(self) -> dict[str, str]:
        return {row["mailbox"]: row["state"] for row in self.ask("status")["mailboxes"]}

    def incoming(self, *arguments: str) -> list[dict[str, Any]]:
        return list(self.ask("message", "list", *arguments))

    def ticket(self, number: int) -> dict[str, Any]:
        return dict(self.ask("ticket", "show", str(number)))

    def kinds(self, number: int) -> list[str]:
        """The kinds of a ticket's messages, oldest first."""
        return [message["kind"] for message in self.ticket(number)["messages"]]

    def events(self, number: int) -> list[str]:
        """The kinds of a ticket's events, in order."""
        return [event["kind"] for event in self.ticket(number)["events"]]

    def letter_about(self, recipient: str, words: str, number: int = 1) -> EmailMessage:
        """The nth letter to somebody with these words in its subject, waited for."""
        eventually(lambda: len(self.letters_about(recipient, words)) >= number)
        return self.letters_about(recipient, words)[number - 1]

    def letters_about(self, recipient: str, words: str) -> list[EmailMessage]:
        return [letter for letter in self.letters(recipient) if words in letter["Subject"]]

    def letter(self, recipient: str, number: int = 1, seconds: float = 15.0) -> EmailMessage:
        """The nth letter to somebody, waited for, as a mail client sees it."""
        caught = self.sink.wait_for(number, recipient if "@" in recipient else self.at(recipient), seconds)
        return as_mail(caught[number - 1])

    def letters(self, recipient: str) -> list[EmailMessage]:
        return [as_mail(caught) for caught in self.sink.to(recipient if "@" in recipient else self.at(recipient))]

    def tickets(self, *query: str) -> list[dict[str, Any]]:
        return list(self.ask("ticket", "list", *query))

    def let_snoozes_end(self) -> None:
        """The time of every snoozed ticket has come."""
        with self.store() as store, store.writing() as tx:
            over = datetime.now(UTC) - timedelta(seconds=1)
            tx.execute(update(tickets).where(tickets.c.snoozed_until.is_not(None)).values(snoozed_until=over))

    def let_tasks_be_due(self) -> None:
        """The time of every task that has one has come."""
        with self.store() as store, store.writing() as tx:
            over = datetime.now(UTC) - timedelta(seconds=1)
            tx.execute(update(tasks).where(tasks.c.due.is_not(None)).values(due=over))

    def let_rules_be_due(self) -> None:
        """The time of every rule that waits on a ticket has come."""
        with self.store() as store, store.writing() as tx:
            long_ago = datetime.now(UTC) - timedelta(days=1000)
            tx.execute(update(rule_stays).where(rule_stays.c.due.is_not(None)).values(since=long_ago, due=long_ago))

    def let_reports_be_due(self) -> None:
        """So has that of every rule that reports."""
        with self.store() as store, store.writing() as tx:
            for name, word in switches.find_all(tx, "rules.schedule."):
                switches.store(tx, name, f"{word.partition(' ')[0]} {(datetime.now(UTC) - timedelta(days=1)).isoformat()}")

    def settle(self) -> None:
        """Wait until everything that has arrived is read and everything that is due is sent."""
        eventually(lambda: not self._unsettled())

    def _unsettled(self) -> bool:
        with self._poll() as tx:
            depths = find_depths(tx)
        return IncomingState.RECEIVED in depths.incoming or not depths.outbox.keys().isdisjoint(UNDER_WAY)

    @contextmanager
    def _poll(self) -> Iterator[Transaction]:
        """For what is asked again and again until it holds: a fraction of a command's CPU time, and open until the desk stops."""
        self._polled = self._polled or self._open_store()
        with self._polled.reading() as tx:
            yield tx

    @contextmanager
    def store(self) -> Iterator[Store]:
        """The desk's database."""
        store = self._open_store()
        try:
            yield store
        finally:
            store.close()

    def _open_store(self) -> Store:
        return open_store(self.storage, self.directory, create=False)


def _stdout_of(run: subprocess.CompletedProcess[str], status: int | None) -> str:
    assert status is None or run.returncode == status, f"{run.args}: {run.returncode}\n{run.stdout}\n{run.stderr}"
    return run.stdout


@contextmanager
def a_running_desk(directory: Path, dovecot: DovecotServer, sink: SmtpSink, **settings: Any) -> Iterator[RunningDesk]:
    """A desk shared by the tests of a module."""
    dovecot.ensure_running()
    sink.clear()
    desk = RunningDesk(directory, dovecot, sink, **settings)
    try:
        yield desk.start()
    finally:
        desk.stop()


def a_desk_without_servers(directory: Path, **settings: Any) -> RunningDesk:
    """A desk that is configured and cannot be started: for commands that speak to nobody."""
    return RunningDesk(directory, DovecotServer(base=directory), SmtpSink(port=2525), **settings)


@lru_cache(maxsize=1000)  # Tests ask for all letters of a person again and again, and the standard library takes a millisecond for each.
def as_mail(caught: Caught) -> EmailMessage:
    return parsed(caught.raw)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def an_answer_to(mail: EmailMessage, sender: str, body: str, **more: Any) -> bytes:
    """What a mail client makes of pressing reply: to the sender, with In-Reply-To, References and the subject."""
    parent = str(mail["Message-ID"]).strip()
    earlier = " ".join(str(mail["References"] or "").split())
    headers = {"In-Reply-To": parent, "References": f"{earlier} {parent}".strip(), **more.pop("headers", {})}
    subject = more.pop("subject", str(mail["Subject"]))
    to = more.pop("to", str(mail["Reply-To"] or mail["From"]))
    return an_email(
        sender=sender, to=to, subject=subject if subject.startswith("Re:") else f"Re: {subject}", body=body, headers=headers, **more
    )


def eventually(holds: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it never came to hold"
        time.sleep(0.05)
