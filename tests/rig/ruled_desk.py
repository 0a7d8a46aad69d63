"""A desk with rules, by the real walk and store, to which mails come in and at which agents work at the command line."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

from maild.desk.acts import Act
from maild.desk.command import Command
from maild.front_desk import FrontDesk
from maild.store import outbox, tickets
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to
from tests.rig.replay import Replay, a_replay

DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
queues:
  support: {address: support@acme.example, agents: [anna, boris], lead: boris, mode: live, statuses: [closed],
    mailbox: {host: localhost, security: none, username: u, password: p}}
  sales: {address: sales@acme.example, agents: [boris], mode: live, mailbox: support}
agents: {anna: {name: Anna, email: anna@acme.example}, boris: {name: Boris, email: boris@acme.example}}
"""
ANN, ANNA = "ann@globex.example", "anna@acme.example"
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


class RuledDesk:
    """Mails come in a minute apart."""

    def __init__(self, desk: Replay) -> None:
        self.desk = desk
        self.now = START

    def receive(self, raw: bytes) -> int:
        self.now += timedelta(minutes=1)
        number = self.desk.receive(raw, self.now)
        assert number is not None
        return number

    def opened(self, body: str = "It is on fire.\n", **more: Any) -> int:
        return self.receive(an_email(sender=ANN, to="support@acme.example", subject="Printer", body=body, **more))

    def answered(self, number: int, body: str, agent: str = ANNA) -> int:
        told = parsed(self.desk.letters_about(agent, number)[-1].raw)
        return self.receive(an_answer_to(told, agent, body))

    def at_the_command_line(self, number: int, *commands: Command, body: str = "", internal: bool = False) -> None:
        anna = self.desk.office.desk.settings.agents["anna"]
        act = Act(anna, "anna", datetime.now(UTC), commands, body, internal=internal)
        FrontDesk(self.desk.store, self.desk.office, anna).act(number, act)

    def asked(self, number: int) -> list[list[str]]:
        """The events about which rules were asked, for each mail, command and job."""
        with self.desk.store.reading() as tx:
            traces = [[rule for rule in row.rules if "skipped" not in rule] for row in tickets.list_traces(tx, number)]
            return [list(dict.fromkeys(str(rule["event"]) for rule in rules)) for rules in traces]

    def log(self, number: int, kind: str) -> list[str]:
        with self.desk.store.reading() as tx:
            return [event.text for event in tickets.list_events(tx, number) if event.kind == kind]

    def kinds(self, number: int) -> list[str]:
        with self.desk.store.reading() as tx:
            return [message.kind.value for message in tickets.list_messages(tx, number)]

    def sent(self, number: int, address: str = ANN) -> list[str]:
        """What letters about the ticket went to that address, by template."""
        with self.desk.store.reading() as tx:
            rows = sorted(outbox.list_outbox(tx, ticket=number), key=lambda row: row.id)
        return [row.template for row in rows if row.recipient == address]


Opening = Callable[..., RuledDesk]


@contextmanager
def ruled_desks(folder: Path) -> Iterator[Opening]:
    """What opens a desk with these rules, and with templates of its own by name."""
    with ExitStack() as stack:

        def opened(rules: str, **templates: str) -> RuledDesk:
            for name in ("rules", "templates"):
                (folder / name).mkdir()
            (folder / "rules" / "10.yaml").write_text(dedent(rules), encoding="utf-8")
            for name, text in templates.items():
                (folder / "templates" / f"{name}.subject.txt").write_text(f"{name}\n", encoding="utf-8")
                (folder / "templates" / f"{name}.body.txt").write_text(f"{text}\n", encoding="utf-8")
            return RuledDesk(stack.enter_context(a_replay(folder, DESK)))

        yield opened
