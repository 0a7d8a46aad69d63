"""The narrator: tells the demo's story as it happens, with the mails' faces. What happens is left to `story`, how it looks to a screen."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from maild.demo.cast import AGENTS, CUSTOMERS, DEPARTMENTS, Person
from maild.demo.desk import DemoDesk
from maild.demo.mail_client import Face
from maild.reports.log import describe_event
from maild.store.outbox import OutboxRow
from maild.store.received_mail import IncomingRow
from maild.store.tickets import EventRow, TicketRow
from maild.tokens import LetterKind

WIDEST = 100
FACE_LINES = 5
LETTER_WORDS = {
    LetterKind.ACKNOWLEDGEMENT: ("acknowledgement", "acknowledgements"),
    LetterKind.ANSWER: ("answer", "answers"),
    LetterKind.NOTIFICATION: ("notification to an agent", "notifications to agents"),
    LetterKind.STATUS: ("status notice", "status notices"),
    LetterKind.WELCOME: ("letter that tries out an agent's mail programs", "letters that try out agents' mail programs"),
}


class Ink(Enum):
    """What a piece of text is; the screen knows what that looks like."""

    PLAIN = "plain"
    TITLE = "title"
    ASIDE = "aside"
    FACT = "fact"
    CUSTOMER = "customer"
    AGENT = "agent"
    DESK = "desk"
    STRANGER = "stranger"


@dataclass(frozen=True, slots=True)
class Piece:
    """Text in one ink."""

    text: str
    ink: Ink = Ink.PLAIN


class Screen(Protocol):
    """Where the story is told. It lets nothing but text reach the terminal, whatever stands in a mail."""

    columns: int

    def write(self, *pieces: Piece) -> None:
        """One line."""

    def table(self, titles: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Rows under titles."""

    def pause(self) -> None:
        """A moment to look, where somebody looks on."""


class Narrator:
    """Tells one story on one screen. `program` is how maild is called here."""

    def __init__(self, screen: Screen, program: str = "maild") -> None:
        self._screen = screen
        self._program = program
        self._columns = min(screen.columns, WIDEST)
        self._scenes = 0

    def open(self) -> None:
        self._screen.write(Piece("maild demo", Ink.TITLE), Piece(": a help desk on this machine, real mail flowing"))
        self.aside(
            "The desk has the departments support, sales and billing and the agents Anna and Boris. An IMAP server, an SMTP server "
            "and the maild daemon have just started on loopback; every mail below was really sent and read back from a mailbox."
        )

    def scene(self, title: str) -> None:
        self._scenes += 1
        self._screen.pause()
        self._screen.write()
        self._screen.write(Piece(f"{self._scenes:>2}. {title}", Ink.TITLE))

    def mail(self, caption: str, face: Face, ink: Ink, lines: int = FACE_LINES) -> None:
        """A mail's face: who, to whom, about what, and how it begins."""
        self._screen.write()
        self._screen.write(Piece(f"  ┌─ {caption}", ink))
        for name, value in (("From", face.sender), ("To", face.to), ("Subject", face.subject)):
            self._boxed(ink, *self._wrapped(value, indent=15), name=name)
        self._screen.write(Piece("  │", ink))
        body = [row for line in face.lines for row in self._wrapped(line, indent=8)]
        more = [f"{body[lines - 1]} …"] if len(body) > lines else body[lines - 1 : lines]
        self._boxed(ink, *body[: lines - 1], *more)
        self._screen.write(Piece("  └─", ink))

    def _boxed(self, ink: Ink, *rows: str, name: str = "") -> None:
        for number, row in enumerate(rows):
            label = f"{f'{name}:' if number == 0 else '':<9}" if name else ""
            self._screen.write(Piece("  │ ", ink), Piece(label, Ink.ASIDE), Piece(row, Ink.TITLE if name == "Subject" else Ink.PLAIN))

    def fact(self, text: str) -> None:
        """What came of it."""
        first, *others = self._wrapped(text, indent=5)
        self._screen.write(Piece("  → ", Ink.FACT), Piece(first))
        for row in others:
            self._screen.write(Piece(f"    {row}"))

    def aside(self, text: str) -> None:
        for row in self._wrapped(text, indent=1):
            self._screen.write(Piece(row, Ink.ASIDE))

    def log(self, command: str, rows: Iterable[EventRow]) -> None:
        """A ticket's log, as the command prints it."""
        self._screen.write()
        self._screen.write(Piece(f"  $ {command}", Ink.TITLE))
        for row in rows:
            head = f"  {row.at.astimezone():%H:%M:%S}  {row.kind:<13} "
            first, *others = self._wrapped(describe_event(row.by, row.text), indent=len(head) + 1)
            self._screen.write(Piece(head, Ink.ASIDE), Piece(first))
            for line in others:
                self._screen.write(Piece(" " * len(head) + line))

    def close(self, desk: DemoDesk, slowest_seconds: float) -> None:
        """The tickets, and where everything went. `slowest_seconds`: the longest anybody waited for a letter."""
        self._heading("The desk afterwards (maild ticket list)")
        self._screen.table(("NUMBER", "STATUS", "QUEUE", "OWNER", "REQUESTER", "SUBJECT"), map(_ticket_cells, desk.tickets()))
        self._heading("Every mail that came in, and where it went (maild message list)")
        self._screen.table(("FROM", "STATE", "TICKET", "WHY"), map(_incoming_cells, desk.incoming()))
        self._heading("What went out (maild outbox list)")
        self._screen.table(("LETTERS", "KIND", "STATE"), _count_letters(desk.outbox()))
        self._screen.write()
        self.fact(f"All of it over real IMAP and SMTP. Nobody waited longer than {slowest_seconds:.1f} s for a letter.")

    def farewell(self, *, served: bool) -> None:
        self._screen.write()
        self.aside("The desk has gone, and nothing of it is left on this machine.")
        if not served:
            self._pairs(
                ("Play it yourself, with your own mail client", f"{self._program} demo --serve"),
                ("A desk of your own", f"{self._program} init DIR"),
            )

    def serve(self, desk: DemoDesk) -> None:
        """How to log in, as anybody."""
        playground = desk.playground
        self._heading("Your turn: the desk keeps running")
        self._pairs(
            ("IMAP", f"{playground.host} port {playground.imap_port}, no encryption"),
            ("SMTP", f"{playground.host} port {playground.smtp_port}, no encryption"),
            ("Password", f"{playground.password}, for everybody"),
            ("Customers", _addresses(CUSTOMERS)),
            ("Agents", _addresses(AGENTS)),
            ("Departments", _addresses(DEPARTMENTS)),
        )
        self._serve_thunderbird(CUSTOMERS[0], desk)
        for title, person in (("mutt, as a customer", CUSTOMERS[0]), ("mutt, as an agent", AGENTS[0])):
            self._heading(title)
            self._screen.write(Piece(_mutt(person, desk)))
        self._heading("The admin's side, in another terminal")
        for command in ("ticket list", f"ticket log {desk.tickets()[0].number}", "rules test", "status"):
            self._screen.write(Piece(f"{self._program} -c {desk.directory} {command}"))
        self._screen.write()
        self.fact(f"Write to {DEPARTMENTS[0].address} as a customer, answer the notification as an agent. Ctrl-C ends it.")
        self._heading("The daemon's log from now on")

    def _serve_thunderbird(self, person: Person, desk: DemoDesk) -> None:
        playground = desk.playground
        self._heading("Thunderbird (New account, Configure manually)")
        self._pairs(
            ("Your name", person.name),
            ("Email address", person.address),
            ("Password", playground.password),
            ("Incoming server", f"IMAP, hostname {playground.host}, port {playground.imap_port}"),
            ("Outgoing server", f"SMTP, hostname {playground.host}, port {playground.smtp_port}"),
            ("For both", f"connection security None, normal password, username {person.address}"),
        )

    def _heading(self, text: str) -> None:
        self._screen.write()
        self._screen.write(Piece(text, Ink.TITLE))

    def _pairs(self, *pairs: tuple[str, str]) -> None:
        width = max(len(name) for name, _ in pairs)
        for name, value in pairs:
            for number, row in enumerate(self._wrapped(value, indent=width + 5)):
                self._screen.write(Piece(f"  {'' if number else name:<{width}}  ", Ink.ASIDE), Piece(row))

    def _wrapped(self, text: str, *, indent: int) -> list[str]:
        return textwrap.wrap(text, max(20, self._columns - indent), break_on_hyphens=False) or [""]


def _addresses(persons: Iterable[Person]) -> str:
    return " ".join(person.address for person in persons)


def _ticket_cells(row: TicketRow) -> tuple[object, ...]:
    return row.number, row.status, row.queue, row.owner, row.requester.name or row.requester.address, row.subject


def _incoming_cells(row: IncomingRow) -> tuple[object, ...]:
    return row.author.address, row.state, row.ticket, row.reason.text


def _count_letters(rows: Sequence[OutboxRow]) -> list[tuple[object, ...]]:
    counts: dict[tuple[LetterKind, object], int] = {}
    for row in rows:
        counts[row.kind, row.state] = counts.get((row.kind, row.state), 0) + 1
    return [(number, LETTER_WORDS[kind][number > 1], state) for (kind, state), number in counts.items()]


def _mutt(person: Person, desk: DemoDesk) -> str:
    """A command to copy: no file of the user's is read, none is written."""
    playground = desk.playground
    login = person.address.replace("@", "%40")
    settings = (
        f'set from="{person.address}" realname="{person.name}" imap_user="{person.address}" imap_pass={playground.password}',
        f"smtp_url=smtp://{login}:{playground.password}@{playground.host}:{playground.smtp_port}/ smtp_authenticators=plain",
        f"folder=imap://{playground.host}:{playground.imap_port}/ spoolfile=+INBOX copy=no timeout=2 mail_check=2",
        "ssl_starttls=no ssl_force_tls=no",
    )
    return f"mutt -n -F /dev/null -e '{' '.join(settings)}'"
