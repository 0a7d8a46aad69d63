"""An agent's mailbag: all that agents write, as six mail programs write it, and what must come of it (MAIL.md A5-A8; promises 2 and 4).

Every command there is, well-formed, mistyped, misplaced, quoted and in signatures; above, below and between the lines; in HTML alone.
Each is the answer to a real notification on a ticket of its own, judged by what the desk then writes and what has become of the ticket.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from enum import Enum
from html import unescape
from itertools import count, cycle
from pathlib import Path
from random import Random

from maild.desk.command_words import command_of, words
from maild.desk.control import CONTROLS
from maild.desk.verbs import VERBS
from maild.ticket import Priority, Status, TicketView
from tests.rig import mail_programs
from tests.rig.mail_forms import PROGRAMS, Place, Quoted, Writing, body_of, forwarded, written
from tests.rig.mail_programs import Parent
from tests.rig.mails import an_email, parsed
from tests.rig.replay import Replay, Sent, a_replay

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
limits: {automatic: off, storm: off}
queues:
  support: {address: support@acme.example, agents: [anna], mailbox: {host: localhost, security: none, username: u, password: p}}
  sales: {address: sales@acme.example, agents: [boris], mailbox: support}
agents:
  anna: {name: Anna Ivanova, email: anna@acme.example}
  boris: {name: Boris Petrov, email: boris@acme.example}
"""
AGENT = "anna@acme.example"
CANNED = {"refund.en.md": "Dear {{ name }}, order {{ order }} is paid back.\n"}
MACROS = "rules: [{id: urgent, when: macro, do: [{set: {priority: urgent}}]}]"
LEAST_TELLING = 12
"""So many characters, without blanks and marks, are no coincidence."""
INSIDERS = frozenset({AGENT, "boris@acme.example", "ops@acme.example"})
ASKED = "Where is my order of the thirteenth?"
SIGNATURE = ("Anna Ivanova", "Room 4711", AGENT)
OTHER_WORDS = {word: command for command, others in words()["en"].items() for word in others}
KNOWN = frozenset({*VERBS, *CONTROLS})
_INSIDER = re.compile(rf"(?i)(?<![\w.-])(?:{'|'.join(map(re.escape, INSIDERS))})")
_TOKEN = re.compile(r"(?:n\.|\+a)\d{1,12}\.\d{1,12}\.[a-z0-9]{10,}")
_COMMAND_LINE = re.compile(r"[\W_]*[#＃][\W_]*[^\W\d_]")


class Outcome(Enum):
    """What becomes of a mail: the customer gets its words, or nothing of it; or it comes back and nothing was done. OPEN: one of these."""

    SENT = "sent"
    INSIDE = "kept inside"
    RETURNED = "returned"
    OPEN = "done or returned"


Holds = Callable[[TicketView], bool]


def _always(ticket: TicketView) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Example:
    """A command with what may stand behind it, and what its ticket is like then. `says`: what the customer gets for it beside the words.
    `above`: beside it the words stand above what is quoted, or they come back.
    """

    argument: str = ""
    holds: Holds = _always
    outcome: Outcome = Outcome.SENT
    says: str = ""
    above: bool = False


EXAMPLES = {
    "note": Example(outcome=Outcome.INSIDE, holds=lambda ticket: ticket.status is Status.NEW),
    "close": Example(holds=lambda ticket: ticket.status is Status.CLOSED),
    "open": Example(holds=lambda ticket: ticket.status is Status.OPEN),
    "wait": Example(holds=lambda ticket: ticket.status is Status.WAITING),
    "assign": Example("boris", lambda ticket: ticket.owner == "boris"),
    "take": Example(holds=lambda ticket: ticket.owner == "anna"),
    "move": Example("sales", lambda ticket: ticket.queue == "sales"),
    "l2": Example(outcome=Outcome.RETURNED),
    "tag": Example("vip gold", lambda ticket: {"vip", "gold"} <= ticket.tags),
    "untag": Example("vip", lambda ticket: "vip" not in ticket.tags),
    "snooze": Example("mon 9:00", lambda ticket: ticket.snoozed_until is not None and ticket.status is Status.WAITING),
    "priority": Example("high", lambda ticket: ticket.priority is Priority.HIGH),
    "set": Example("order=4711", lambda ticket: ticket.fields["order"] == "4711"),
    "cc": Example("bob@elsewhere.example", lambda ticket: "bob@elsewhere.example" in _copied(ticket)),
    "uncc": Example("carol@elsewhere.example", lambda ticket: "carol@elsewhere.example" not in _copied(ticket)),
    "requester": Example("dora@elsewhere.example", lambda ticket: ticket.requester.key == "dora@elsewhere.example", above=True),
    "same": Example(outcome=Outcome.RETURNED),
    "to": Example("bob@elsewhere.example", outcome=Outcome.RETURNED),
    "from": Example("bob@elsewhere.example", outcome=Outcome.RETURNED),
    "spam": Example(outcome=Outcome.INSIDE, holds=lambda ticket: ticket.status is Status.SPAM),
    "noreply": Example(outcome=Outcome.INSIDE),
    "ack": Example(outcome=Outcome.RETURNED),
    "merge": Example("1", outcome=Outcome.RETURNED),
    "link": Example("1"),
    "split": Example(outcome=Outcome.RETURNED),
    "undo": Example(outcome=Outcome.RETURNED),
    "canned": Example("refund order=4711 name=“Ann Smith”", says="Dear Ann Smith, order 4711 is paid back."),
    "task": Example("boris fri check the invoice", lambda ticket: [task.agent for task in ticket.tasks] == ["boris"]),
    "done": Example(outcome=Outcome.RETURNED),
    "tasks": Example(),
    "macro": Example("urgent", lambda ticket: ticket.priority is Priority.URGENT),
    "away": Example("until someday", outcome=Outcome.RETURNED),
    "back": Example(),
    "next": Example(),
    "list": Example("status:open"),
    "show": Example("1"),
    "files": Example(),
    "help": Example(),
}
"""A command that is not among them is written alone, and may be done or come back; nothing of it may leak in either case."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What an agent writes. `words` are his for the customer, or for colleagues; `text` is how all of it stands in his mail, over his
    signature. `signature_alone` is that of programs which set none apart; `forwarded_by` the program that passes the notification on."""

    what: str
    text: str
    outcome: Outcome
    words: str = ""
    holds: Holds = _always
    asked: str = ASKED
    signature: tuple[str, ...] = SIGNATURE
    signature_alone: tuple[str, ...] = SIGNATURE[:2]
    begins_with_command: bool = True
    forwarded_by: str = ""
    says: str = ""
    above: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """How a mail is written: by which program, where, and with which forms."""

    program: str
    place: Place
    html_only: bool
    columns: int = 0

    def __str__(self) -> str:
        form = ", HTML only" if self.html_only else f", in {self.columns} columns" if self.columns else ""
        return f"{self.program}, {self.place.value}{form}"


@dataclass(frozen=True, slots=True)
class Judged:
    """One mail: what it was, what of it somebody outside could see, and what went otherwise than it must; both empty if all is well."""

    what: str
    outcome: Outcome
    leaks: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


def ways() -> tuple[Way, ...]:
    """Every program with every place and form it knows; and on a narrow telephone, where it quotes text with marks."""
    narrow = cycle((40, 45, 50, 60))
    whole = tuple(
        Way(name, place, html_only)
        for name, program in PROGRAMS.items()
        for place in (Place if program.marked else (Place.TOP,))
        for html_only in ((False, True) if program.html and program.plain else (program.plain is None,))
    )
    return (*whole, *(replace(way, columns=next(narrow)) for way in whole if PROGRAMS[way.program].marked and not way.html_only))


def errands(random: Random) -> tuple[Errand, ...]:
    """Every kind once, and at the end what can be written anywhere."""
    words = (f"Here is answer {number}." for number in count(1))
    known = {word: word for word in (*VERBS, *CONTROLS)} | OTHER_WORDS
    return (
        *(_commanded(f"#{word}", _example(meant), next(words)) for word, meant in known.items()),
        *(
            _commanded(spelling, _example("close"), next(words))
            for spelling in ("#CLOSE", "＃close", "*#close*", "#close.", "\u200e#close", "#schließen", "#Κλείσιμο", "#закрыть", "#بستن")
        ),
        *(_last(f"#{word}", _example(word), next(words)) for word in ("close", "wait", "assign")),
        *(Errand(f"#{word} alone", f"#{word}", Outcome.INSIDE, holds=_example(word).holds) for word in ("close", "take", "wait")),
        _commanded("#tag vip\n\n#priority high", Example(holds=lambda ticket: ticket.priority is Priority.HIGH), next(words)),
        Errand("no word of his", "", Outcome.RETURNED),
        *(_forwarded(program, next(words)) for program in PROGRAMS),
        _commanded("#tag vip\n#priority high", Example(holds=lambda ticket: "vip" in ticket.tags), next(words)),
        *(
            _returned(f"mistyped {word}", f"#{_mistyped(word, random)} {_example(meant).argument}", next(words))
            for word, meant in known.items()
        ),
        *(_returned(f"wrong {line}", line, next(words)) for line in WRONG),
        *_split(next(words), next(words)),
        *_canned(next(words), next(words)),
        _returned("right, then mistyped", "#close\n#asign boris", next(words)),
        *(_misplaced(f"misplaced {line}", line, next(words)) for line in ("#note", "#close", "- #wait")),
        *(_asked(f"{line} in what is quoted", f"{ASKED}\n{line}\nPlease.", next(words)) for line in ("#close", "#note", "#assign boris")),
        *(_misplaced(f"misplaced and mistyped {line}", line, next(words)) for line in ("#clsoe", "#nots all", "#asign boris")),
        *(_signed(f"{line} in the signature", line, next(words)) for line in ("#teamacme", "#close", "#note")),
        _literal(next(words)),
        *(_plain(next(words)) for _ in range(6)),
    )


WRONG = (
    "#assign nobody-here",
    "#priority hihg",
    "#move nowhere",
    "#tag",
    "#untag",
    "#cc bob",
    "#uncc nobody@elsewhere.example",
    "#requester dora",
    "#requester boris@acme.example",
    "#requester dora@elsewhere.example, bob@elsewhere.example",
    "#set order",
    "#snooze soon",
    "#merge 1 anyway",
    "#merge 999999",
    "#link printer",
    "#close now, please",
    "#files nothing.pdf",
    "#files 999999",
    "#canned refund",
    "#canned refnd order=1",
    "#canned refund oder=1 name=Ann",
    '#canned refund order=1 name="Ann',
    "#canned refund order=1 name=“Ann\nSmith”",
    "#task nobody-here call her",
    "#task boris fri",
    "#task boris 12/5 call her",
    "#done 7",
)


def _plain(words: str) -> Errand:
    return Errand("no command", words, Outcome.SENT, words, lambda ticket: ticket.status is Status.WAITING, begins_with_command=False)


def _asked(what: str, asked: str, words: str) -> Errand:
    return replace(_plain(words), what=what, asked=asked)


def _forwarded(program: str, words: str) -> Errand:
    """To a partner, with the desk in copy."""
    return Errand("forwarded", words, Outcome.INSIDE, words, lambda ticket: ticket.status is Status.NEW, forwarded_by=program)


def _signed(what: str, line: str, words: str) -> Errand:
    return replace(_plain(words), what=what, signature=("Anna Ivanova", line, "Room 4711"))


def _example(word: str) -> Example:
    return EXAMPLES.get(word, Example(outcome=Outcome.OPEN))


def _commanded(line: str, example: Example, words: str) -> Errand:
    """`line` may stand in bold: its argument belongs within."""
    command = f"{line} {example.argument}".rstrip()
    return Errand(command, f"{command}\n{words}", example.outcome, words, example.holds, says=example.says, above=example.above)


def _last(line: str, example: Example, words: str) -> Errand:
    """On the last line, which it is above a signature only where that is set apart."""
    command = f"{line} {example.argument}".rstrip()
    return Errand(f"{command}, last", f"{words}\n\n{command}", example.outcome, words, example.holds, signature_alone=())


def _returned(what: str, line: str, words: str) -> Errand:
    return Errand(what, f"{line.rstrip()}\n{words}", Outcome.RETURNED, words)


def _misplaced(what: str, line: str, words: str) -> Errand:
    return Errand(what, f"Hello,\n{line}\n{words}", Outcome.RETURNED, words)


def _split(words: str, block: str) -> tuple[Errand, ...]:
    """Words above a block are for the customer, and no block is: it is what she has said."""
    return (
        Errand("#split with an answer", f"#split\n{words}\n\n--- Refund\nMoney back.", Outcome.SENT, words),
        Errand("#split alone", f"#split\n--- Refund\n{block}", Outcome.INSIDE, block),
    )


def _canned(above: str, below: str) -> tuple[Errand, ...]:
    """Among the words, as the last of them, and alone."""
    example = EXAMPLES["canned"]
    line = f"#canned {example.argument}"
    return (
        Errand("#canned among words", f"{above}\n\n{line}\n\n{below}", Outcome.SENT, below, says=example.says, begins_with_command=False),
        Errand("#canned last", f"{above}\n{line}", Outcome.SENT, above, says=example.says, signature_alone=()),
        Errand("#canned alone", line, Outcome.SENT, example.says),
        Errand("#canned and #note", f"#note\n{line}\n{below}", Outcome.INSIDE, example.says),
    )


def _literal(words: str) -> Errand:
    text = f"##close is what you write.\n{words}"
    return replace(_plain(text), what="##close", words=f"#close is what you write.\n{words}", begins_with_command=False)


def _mistyped(word: str, random: Random) -> str:
    """By one letter, as fingers do; never another command, and no digit first, which makes text of it (MAIL.md A7)."""
    at = random.randrange(len(word) - 1)
    slips = (
        f"{word[:at]}{word[at + 1]}{word[at]}{word[at + 2 :]}",
        f"{word[: at + 1]}{word[at:]}",
        f"{word[:at]}{word[at + 1 :]}",
        f"{word}s",
    )
    return next(
        slip for slip in random.sample(slips, len(slips)) if command_of(slip) not in KNOWN and slip != word and not slip[:1].isdigit()
    )


def _copied(ticket: TicketView) -> set[str]:
    return {person.key for person in ticket.cc}


@contextmanager
def an_agents_desk(directory: Path) -> Iterator[Replay]:
    """A desk with a canned answer and a macro."""
    (directory / "rules").mkdir()
    (directory / "rules" / "10-macros.yaml").write_text(MACROS, encoding="utf-8")
    (directory / "canned").mkdir()
    for name, text in CANNED.items():
        (directory / "canned" / name).write_text(text, encoding="utf-8")
    with a_replay(directory, DESK) as desk:
        yield desk


@dataclass(slots=True)
class AgentMailbag:
    """Everything is drawn from one seed, so that a bag can be emptied twice."""

    desk: Replay
    seed: int = 1
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _now: datetime = BEGIN

    def empty(self, mails: int = 0) -> Iterator[Judged]:
        """See so many mails through, at least every kind once, and every way of writing."""
        random = Random(self.seed)
        kinds, every_way = errands(random), ways()
        more = [random.choice(kinds) for _ in range(mails - len(kinds))]
        for errand, way in (
            *_paired(kinds, every_way),
            *((errand, random.choice([way for way in every_way if _fits(errand, way)])) for errand in more),
        ):
            yield self._judge(errand, way)

    def _judge(self, errand: Errand, way: Way) -> Judged:
        customer, number = self._open(errand)
        (notice,) = self.desk.letters_about(AGENT, number)
        before, seen = self.desk.ticket(number), {address: len(sent) for address, sent in self.desk.letters.items()}
        self._now += timedelta(minutes=5)
        self.desk.receive(self._answer(errand, way, notice), self._now)
        new = {address: sent[seen.get(address, 0) :] for address, sent in self.desk.letters.items()}
        outside = [parsed(sent.raw) for address, sent in new.items() if address not in INSIDERS for sent in sent]
        said = _text(parsed(notice.raw))
        leaks = tuple(leak for mail in outside for leak in (*find_leaks(mail, errand), *find_pieces(mail, said)))
        answers = [parsed(sent.raw) for sent in new.get(customer, []) if parsed(sent.raw)["Auto-Submitted"] is None]
        after = self.desk.ticket(number)
        faults = tuple(find_faults(errand, before, after, answers, outside, [parsed(sent.raw) for sent in new.get(AGENT, [])]))
        return Judged(f"{errand.what} ({way})", errand.outcome, leaks, faults)

    def _open(self, errand: Errand) -> tuple[str, int]:
        """A customer asks; his address and his ticket."""
        self._now += timedelta(hours=1)
        customer = f"ann@customer{next(self._numbers)}.example"
        body = f"Hello,\n\n{errand.asked}\n\nAnn\n"
        fields = {"Cc": "carol@elsewhere.example"}
        raw = an_email(sender=f"Ann Smith <{customer}>", subject="My order", body=body, headers=fields, date=self._now)
        number = self.desk.receive(raw, self._now)
        assert number is not None
        return customer, number

    def _answer(self, errand: Errand, way: Way, notice: Sent) -> bytes:
        mail = parsed(notice.raw)
        quoted = Quoted(str(mail["From"]), str(mail["To"]), str(mail["Subject"]), _text(mail).rstrip("\n"), body_of(_html(mail)))
        program, department = mail_programs.PROGRAMS[way.program], str(mail["Reply-To"] or mail["From"])
        identifier = str(mail["Message-ID"]).strip("<>")
        parent = Parent(identifier, tuple(item.strip("<>") for item in str(mail["References"] or "").split()), str(mail["Subject"]))
        signature = errand.signature if PROGRAMS[way.program].marked else errand.signature_alone
        writing = Writing(errand.text, signature, way.place, ASKED)
        content_type, body = written(way.program, writing, quoted, html_only=way.html_only, columns=way.columns)
        own_id = program.identifier.format(number=next(self._numbers), domain="acme.example")
        said = {"sender": f"Anna Ivanova <{AGENT}>", "message_id": own_id, "date": self._now}
        if errand.forwarded_by:
            subject, body = forwarded(way.program, errand.text, quoted)
            ids = {name: value for name, value in program.answer(parent) if name != "Subject"}
            return an_email(**said, to="partner@else.example", subject=subject, headers={**ids, "Cc": department}, body=body)
        return an_email(**said, to=department, headers=program.answer(parent), body=body, content_type=content_type)


def _paired(kinds: Iterable[Errand], every_way: Iterable[Way]) -> Iterator[tuple[Errand, Way]]:
    """Each kind with the way that has waited longest of those it can be written in."""
    waiting = list(every_way)
    for errand in kinds:
        way = next(way for way in waiting if _fits(errand, way))
        waiting.remove(way)
        waiting.append(way)
        yield errand, way


def _fits(errand: Errand, way: Way) -> bool:
    """Commands stand at the start of what is new, which between the lines is none of his. A long one that a narrow telephone breaks comes
    back."""
    if way.columns and errand.outcome is not Outcome.RETURNED and _is_broken(errand.text, way.columns):
        return False
    if errand.forwarded_by:
        return way.program == errand.forwarded_by
    if errand.above:
        return way.place is Place.TOP
    return way.place is not Place.BETWEEN or not errand.begins_with_command


def _is_broken(text: str, columns: int) -> bool:
    return any(line.startswith("#") and len(line) > columns for line in text.split("\n"))


def _text(mail: EmailMessage) -> str:
    return _content(mail, "plain")


def _html(mail: EmailMessage) -> str:
    return _content(mail, "html")


def _content(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    return str(part.get_content()).replace("\r\n", "\n") if part else ""


def _shown(html: str) -> list[str]:
    """The lines of a page as its reader sees them, and the targets of its links."""
    targets = re.findall(r'(?:href|src)="([^"]*)"', html)
    lines = re.sub(r"(?i)<(?:br|/p|/div|/td|/li|/blockquote)\b[^>]*>", "\n", re.sub(r"(?s)<style.*?</style>", "", html))
    return [*unescape(re.sub(r"<[^>]*>", "", lines)).split("\n"), *targets]


def find_leaks(mail: EmailMessage, errand: Errand) -> Iterator[str]:
    """What of the desk's inside somebody outside can see, in the header, the text or the HTML of a letter."""
    body = [*_text(mail).split("\n"), *_shown(_html(mail))]
    for line in (*(f"{name}: {value}" for name, value in mail.items()), *body):
        if _INSIDER.search(line):
            yield f"an agent's address: {line}"
        if "maild-ref" in line or _TOKEN.search(line):
            yield f"a token: {line}"
    own = [line for line in body if line.strip("> ") not in errand.asked.split("\n")]
    if errand.outcome in (Outcome.INSIDE, Outcome.RETURNED) and errand.words and any(errand.words in line for line in own):
        yield f"words that were not to be sent: {errand.words}"
    if errand.what != "##close":
        yield from (f"a command line: {line}" for line in own if _COMMAND_LINE.match(line))


def find_pieces(mail: EmailMessage, notification: str) -> Iterator[str]:
    """What of a notification's own words stands in a letter: the line above the customer's, and all below them."""
    first, _, below = (notification.partition("\n")[0], *notification.partition("\n----")[1:])
    shown = _squeezed(f"{_text(mail)}\n{_html(mail)}")
    for own in map(_squeezed, (first, below)):
        pieces = (own[at : at + LEAST_TELLING] for at in range(len(own) - LEAST_TELLING + 1))
        yield from (f"a piece of the notification: {piece}" for piece in pieces if piece in shown)


def _squeezed(text: str) -> str:
    return "".join(filter(str.isalnum, text.casefold()))


def find_faults(
    errand: Errand,
    before: TicketView,
    after: TicketView,
    answers: list[EmailMessage],
    outside: list[EmailMessage],
    to_agent: list[EmailMessage],
) -> Iterator[str]:
    """What went otherwise than it must."""
    is_returned = not outside and _same(before, after) and any(errand.words in _text(mail) for mail in to_agent)
    match errand.outcome:
        case Outcome.RETURNED if not is_returned:
            yield f"was not returned; {len(outside)} letters went out, ticket {after.status.value}"
        case Outcome.SENT if len(answers) != 1 or any(said not in _text(answers[0]) for said in (errand.words, errand.says)):
            yield f"the customer got {len(answers)} answers" + "".join(f": {_text(mail)}" for mail in answers + to_agent)
        case Outcome.INSIDE if answers:
            yield f"the customer got {len(answers)} answers"
    if not is_returned and not errand.holds(after):
        yield f"the ticket is {after}"


def _same(before: TicketView, after: TicketView) -> bool:
    return replace(before, updated=after.updated) == after
