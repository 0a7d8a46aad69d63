"""A mailbag: what people write to a desk over some weeks, each mail with the conversation it belongs to in truth (MAIL.md F3-F9).

Customers, their colleagues and the agents answer with every mail program of `mail_programs`, over relays that change our ids; beside them
strangers guess, machines answer, and customers begin something new. `score` compares what the desk made of it, mail by mail, in pairs.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from math import comb
from random import Random

from maild.ingest.parse import parse_message
from tests.rig.mail_programs import PROGRAMS, Fields, Parent
from tests.rig.mails import an_email
from tests.rig.replay import Replay, Sent

BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DESK = "support@acme.example"
AGENT = "anna@acme.example"
SUBJECTS = (
    "The printer is on fire",
    "Invoice 4711",
    "Question",
    "Rückfrage zum Angebot",
    "お問い合わせ",
    "Re: our talk",
    "[Other #1001] Order",
    "",
)
EDITS: dict[str, Callable[[str], str]] = {
    "kept": lambda subject: subject,
    "added to": lambda subject: f"{subject} - URGENT",
    "written in front of": lambda subject: f"please read: {subject}",
    "marked by a list": lambda subject: f"[team] {subject}",
    "in lower case": lambda subject: subject.lower(),
    "set in type": lambda subject: subject.replace("-", "\u2011").replace("#", "\u200e#"),
    "replaced": lambda subject: "something else",
}
EDIT_WEIGHTS = (80, 3, 3, 3, 3, 3, 5)


@dataclass(frozen=True, slots=True)
class Told:
    """One mail: the conversation it belongs to, the ticket it was put on, and what kind of mail it is, in words."""

    truth: str
    ticket: int | None
    what: str


@dataclass(frozen=True, slots=True)
class Person:
    address: str
    program: str


@dataclass(slots=True)
class Talk:
    """One conversation. `relay` says what happens to ids of our letters to it; `mails` are Ann's own, as she keeps them."""

    truth: str
    ann: Person
    bob: Person
    subject: str
    relay: str
    ticket: int | None = None
    mails: list[Parent] = field(default_factory=list)


class Mailbag:
    """Everything is drawn from one seed, so that a bag can be emptied twice."""

    def __init__(self, desk: Replay, seed: int) -> None:
        self._desk = desk
        self._random = Random(seed)
        self._numbers = count(1)
        self._due: list[tuple[datetime, int, Iterator[timedelta]]] = []
        self._now = BEGIN
        self._told: list[Told] = []

    def empty(self, conversations: int) -> list[Told]:
        """Begin so many conversations, one each two hours, and see all mail through in the order of time."""
        for number in range(conversations):
            self._begin(self._life(self._a_talk()), BEGIN + timedelta(hours=2 * number))
        while self._due:
            self._now, _, life = heappop(self._due)
            if (pause := next(life, None)) is not None:
                self._begin(life, self._now + pause)
        return self._told

    def _begin(self, life: Iterator[timedelta], at: datetime) -> None:
        heappush(self._due, (at, next(self._numbers), life))

    def _a_talk(self, ann: Person | None = None, subject: str | None = None) -> Talk:
        number = next(self._numbers)
        domain = ann.address.partition("@")[2] if ann else f"customer{number}.example"
        bob = Person(f"bob@{domain}", self._a_program())
        relay = self._random.choices(("keeps ids", "reports ids", "replaces ids"), (70, 15, 15))[0]
        chosen = self._random.choice(SUBJECTS) if subject is None else subject
        return Talk(f"talk{number}", ann or Person(f"ann@{domain}", self._a_program()), bob, chosen, relay)

    def _a_program(self) -> str:
        return self._random.choices(list(PROGRAMS), [program.share for program in PROGRAMS.values()])[0]

    def _life(self, talk: Talk) -> Iterator[timedelta]:
        """The conversation's mails; yields the pause before the next."""
        if self._random.random() < 0.1:
            yield from self._open_in_the_wrong_order(talk)
        else:
            self._open(talk)
        for step in self._random.choices(list(STEPS), list(STEPS.values()), k=self._random.randint(2, 7)):
            yield timedelta(hours=self._random.uniform(0.1, 30))
            step(self, talk)
        if self._random.random() < 0.3:
            yield from self._close_and_write_again(talk)

    def _open(self, talk: Talk) -> None:
        mail = self._new_mail(talk.ann, talk.subject)
        talk.mails.append(mail)
        # Of a mail that came over such a list nobody but us has the id we know.
        through_list = self._random.random() < 0.03
        arriving = replace(mail, message_id=f"list{mail.message_id}") if through_list else mail
        what = "a request, its id replaced by a list" if through_list else "a request"
        talk.ticket = self._tell(talk.truth, what, self._written(talk.ann, arriving, [("Cc", talk.bob.address)]))

    def _open_in_the_wrong_order(self, talk: Talk) -> Iterator[timedelta]:
        """F7: the colleague's answer is there first."""
        mail = self._new_mail(talk.ann, talk.subject)
        talk.mails.append(mail)
        early = [("To", f"{talk.ann.address}, {DESK}")]
        talk.ticket = self._tell(talk.truth, f"{talk.bob.program}: answers before the question", self._answered(talk.bob, mail, early))
        yield timedelta(minutes=5)
        late = self._written(talk.ann, mail, [("Cc", talk.bob.address)])
        self._tell(talk.truth, f"a question after its answer by {talk.bob.program}", late)

    def _answer_desk(self, talk: Talk) -> None:
        if letter := self._last_letter(talk, talk.ann):
            self._follow(talk, talk.ann, letter, "answers us")

    def _answer_desk_as_colleague(self, talk: Talk) -> None:
        if letter := self._last_letter(talk, talk.ann):
            self._follow(talk, talk.bob, letter, "got our letter from Ann and answers us")

    def _add(self, talk: Talk) -> None:
        self._follow(talk, talk.ann, talk.mails[-1], "adds to her own mail")

    def _answer_all_as_colleague(self, talk: Talk) -> None:
        self._follow(talk, talk.bob, talk.mails[0], "answers all", [("To", talk.ann.address), ("Cc", DESK)])

    def _follow(self, talk: Talk, person: Person, parent: Parent, what: str, more: Fields = []) -> None:
        name = self._random.choices(list(EDITS), EDIT_WEIGHTS)[0]
        edited = replace(parent, subject=EDITS[name](parent.subject))
        raw = self._answered(person, edited, more)
        self._tell(talk.truth, f"{person.program}: {what}, subject {name}, relay {talk.relay}", raw)

    def _answer_as_agent(self, talk: Talk) -> None:
        if letters := self._desk.letters_about(AGENT, talk.ticket):
            anna = Person(AGENT, self._a_program())
            raw = self._answered(anna, _as_parent(letters[-1].raw), [], "Have you tried to turn it off?")
            self._tell(talk.truth, f"{anna.program}: the agent answers", raw)

    def _forward(self, talk: Talk) -> None:
        """Forwarded to us instead of answered; some programs keep the ids, others do not."""
        if letter := self._last_letter(talk, talk.ann):
            ids = [("References", " ".join(f"<{identifier}>" for identifier in letter.chain))] if self._random.random() < 0.5 else []
            mail = replace(self._new_mail(talk.ann, f"Fwd: {letter.subject}"), references=letter.chain)
            self._tell(talk.truth, f"forwards our letter to us, relay {talk.relay}", self._written(talk.ann, mail, ids))

    def _ask_an_outsider(self, talk: Talk) -> None:
        """Ann forwards our letter to somebody we have never heard of, and he answers us."""
        if letter := self._last_letter(talk, talk.ann):
            forward = Parent(self._an_id(talk.ann), letter.chain, f"Fwd: {letter.subject}")
            carl = Person(f"carl@elsewhere{next(self._numbers)}.example", self._a_program())
            self._tell(talk.truth, f"{carl.program}: an outsider answers a forward, relay {talk.relay}", self._answered(carl, forward, []))

    def _be_away(self, talk: Talk) -> None:
        if letter := self._last_letter(talk, talk.ann):
            fields = [("In-Reply-To", f"<{letter.message_id}>"), ("Auto-Submitted", "auto-replied")]
            mail = self._new_mail(talk.ann, f"Out of office: {letter.subject}")
            self._tell(talk.truth, f"is away, relay {talk.relay}", self._written(talk.ann, mail, fields))

    def _ask_something_new(self, talk: Talk) -> None:
        """The same customer, the same subject, nothing to do with it."""
        self._begin(self._life(self._a_talk(talk.ann, talk.subject)), self._now)

    def _answer_a_newsletter(self, talk: Talk) -> None:
        newsletter = Parent(f"news{next(self._numbers)}@elsewhere.example", (), talk.subject)
        self._tell_apart("answers somebody else's mail to us", self._answered(talk.ann, newsletter, []))

    def _guess(self, talk: Talk) -> None:
        """A stranger who knows numbers and forms, and has seen Ann's mail somewhere."""
        number, letter = talk.ticket, self._last_letter(talk, talk.ann)
        eve = Person(f"eve@stranger{next(self._numbers)}.example", "Gmail")
        tries: list[Parent] = [
            Parent("x@elsewhere.example", (), f"Re: [Acme #{number}] {talk.subject}"),
            Parent("x@elsewhere.example", (), f"Re: [Acme #{number}-AAAA] {talk.subject}"),
            Parent("x@elsewhere.example", (f"t.{number}.ab{'a' * 16}@acme.example",), talk.subject),
            Parent(f"c.{number}.7.ab{'a' * 16}@acme.example", (), talk.subject),
            Parent(talk.mails[0].message_id, (), talk.subject),
        ]
        if letter and talk.relay == "keeps ids":
            tries.append(Parent(re.sub(r"^[acs]\.\d+", f"c.{(number or 0) + 1}", letter.message_id), (), talk.subject))
        self._tell_apart("a stranger guesses", self._answered(eve, self._random.choice(tries), []))

    def _close_and_write_again(self, talk: Talk) -> Iterator[timedelta]:
        """F9: within 30 days it is the same matter, later a new one."""
        letters, letter = self._desk.letters_about(AGENT, talk.ticket), self._last_letter(talk, talk.ann)
        if not letters or not letter:
            return
        raw = self._answered(Person(AGENT, "Gmail"), _as_parent(letters[-1].raw), [], "#close")
        self._tell(talk.truth, "the agent closes", raw)
        days = self._random.choice((5, 40))
        yield timedelta(days=days)
        if days < 30:
            self._follow(talk, talk.ann, letter, "answers after it was closed")
        else:
            self._tell_apart("writes long after it was closed", self._answered(talk.ann, letter, []))

    def _last_letter(self, talk: Talk, person: Person) -> Parent | None:
        letters = self._desk.letters_about(person.address, talk.ticket)
        return self._relayed(letters[-1], talk.relay) if letters else None

    def _relayed(self, letter: Sent, relay: str) -> Parent:
        """The letter as it comes out of the relay: Amazon SES says by which id, others say nothing (O1a)."""
        parent = _as_parent(letter.raw)
        if relay == "keeps ids":
            return parent
        changed = f"0100018c{letter.number:08x}-1a2b3c4d-1a2b-1a2b-1a2b-1a2b3c4d5e6f-000000@eu-west-1.amazonses.com"
        if relay == "reports ids":
            self._desk.note_alias(letter.number, changed)
        return replace(parent, message_id=changed)

    def _new_mail(self, person: Person, subject: str) -> Parent:
        return Parent(self._an_id(person), (), subject)

    def _an_id(self, person: Person) -> str:
        number, domain = next(self._numbers), person.address.partition("@")[2]
        return PROGRAMS[person.program].identifier.format(number=number, domain=domain)

    def _written(self, person: Person, mail: Parent, fields: Fields) -> bytes:
        text = f"This is mail {next(self._numbers)}.\n"
        said = {"sender": person.address, "to": DESK, "subject": mail.subject, "message_id": mail.message_id}
        return an_email(**said, body=text, headers=fields, date=self._now)

    def _answered(self, person: Person, parent: Parent, more: Fields, text: str = "") -> bytes:
        fields = [*PROGRAMS[person.program].answer(parent), *more]
        quoted = "".join(f"> {line}\n" for line in parent.text.splitlines())
        to = parent.reply_to or DESK
        body = f"{text or f'This is mail {next(self._numbers)}.'}\n\nOn Mon, Mar 2, 2026 at 9:00 AM somebody wrote:\n{quoted}"
        return an_email(sender=person.address, to=to, message_id=self._an_id(person), body=body, headers=fields, date=self._now)

    def _tell(self, truth: str, what: str, raw: bytes) -> int | None:
        ticket = self._desk.receive(raw, self._now)
        self._told.append(Told(truth, ticket, what))
        return ticket

    def _tell_apart(self, what: str, raw: bytes) -> None:
        """A mail that belongs to nothing that was there before."""
        self._tell(f"apart{next(self._numbers)}", what, raw)


STEPS: dict[Callable[[Mailbag, Talk], None], int] = {
    Mailbag._answer_desk: 30,
    Mailbag._answer_as_agent: 25,
    Mailbag._add: 8,
    Mailbag._answer_all_as_colleague: 8,
    Mailbag._answer_desk_as_colleague: 6,
    Mailbag._forward: 4,
    Mailbag._ask_an_outsider: 4,
    Mailbag._be_away: 4,
    Mailbag._ask_something_new: 4,
    Mailbag._answer_a_newsletter: 3,
    Mailbag._guess: 6,
}


def _as_parent(raw: bytes) -> Parent:
    """A letter of ours as a mail program has it."""
    mail = parse_message(raw)
    reply_to = mail.reply_to[0].address if mail.reply_to else ""
    return Parent(mail.message_id, mail.references, mail.subject, mail.text, reply_to)


@dataclass(frozen=True, slots=True)
class Score:
    """Of all pairs of mails on one ticket, the share that belong together; of all that belong together, the share on one ticket."""

    mails: int
    precision: float
    recall: float
    astray: tuple[Told, ...]


def score(told: list[Told]) -> Score:
    """`astray` are mails that are not where most of their conversation is, or are with another one."""
    places = [mail.ticket if mail.ticket is not None else -number for number, mail in enumerate(told, 1)]
    truths = [mail.truth for mail in told]
    both, by_place, by_truth = Counter(zip(truths, places, strict=True)), Counter(places), Counter(truths)
    right = sum(comb(number, 2) for number in both.values())
    put, wanted = (sum(comb(number, 2) for number in counter.values()) for counter in (by_place, by_truth))
    home: dict[str, int] = {}
    owner: dict[int, str] = {}
    for (truth, place), _ in both.most_common():
        home.setdefault(truth, place)
        owner.setdefault(place, truth)
    astray = (mail for mail, place in zip(told, places, strict=True) if home[mail.truth] != place or owner[place] != mail.truth)
    return Score(len(told), right / put, right / wanted, tuple(astray))
