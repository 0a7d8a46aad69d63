"""What agents forward into the desk, through the real walk and store (MAIL.md A12)."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from maild.effects import IncomingState
from maild.message import Address
from maild.store import tickets
from maild.store.received_mail import IncomingRow, list_incoming
from maild.ticket import Priority, Status, TicketView
from tests.rig.mail_forms import PROGRAMS, Quoted, attaching, forwarded
from tests.rig.mails import a_reply, an_email, an_email_with_files, parsed
from tests.rig.office import an_answer_to, text_of
from tests.rig.replay import Replay, a_replay

DESK = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, admins: [ops@acme.example]}
smtp: {host: localhost, port: 25, security: none}
trust: {authserv_ids: [mx.acme.example]}
queues:
  support: {address: support@acme.example, agents: [anna, boris], mode: live,
    mailbox: {host: localhost, security: none, username: u, password: p}}
  sales: {address: sales@acme.example, agents: [boris], mode: live, mailbox: support}
agents: {anna: {name: Anna Ivanova, email: anna@acme.example}, boris: {name: Boris Petrov, email: boris@acme.example}}
"""
START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ANN = "Ann Smith <ann@globex.example>"
TEXT = "Hello,\n\nmy chair is broken.\n\nAnn"
CHAIR = Quoted(ANN, "Anna Ivanova <anna@acme.example>", "My chair", TEXT, "")
JUDGED = {"Authentication-Results": "mx.acme.example; dmarc=pass header.from=acme.example"}
ANN_SMITH = Address("Ann Smith", "ann@globex.example")
CHAIRS_DATE = datetime(2026, 11, 20, 10, 2, 11, tzinfo=UTC)
ORIGINAL = an_email(sender=ANN, to="anna@acme.example", subject="My chair", body=f"{TEXT}\n", message_id="chair@globex.example")


class Office:
    """A desk to which mails come in a minute apart."""

    def __init__(self, desk: Replay) -> None:
        self._desk = desk
        self.now = START

    def receive(self, raw: bytes) -> int | None:
        self.now += timedelta(minutes=1)
        return self._desk.receive(raw, self.now)

    def opened(self, raw: bytes) -> "Opened":
        number = self.receive(raw)
        assert number is not None
        return Opened(self._desk, number)

    def ticket(self, number: int) -> TicketView:
        return self._desk.ticket(number)

    def quarantine(self) -> tuple[IncomingRow, ...]:
        with self._desk.store.reading() as tx:
            return tuple(list_incoming(tx, state=IncomingState.QUARANTINED))

    def letters(self, address: str) -> list[EmailMessage]:
        return [parsed(sent.raw) for sent in self._desk.letters.get(address, ())]


class Opened:
    """A ticket as it stands, and what the desk has written about it."""

    def __init__(self, desk: Replay, number: int) -> None:
        self._desk = desk
        self.number = number

    @property
    def ticket(self) -> TicketView:
        return self._desk.ticket(self.number)

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """Who has written each message, what it is, and what it says."""
        with self._desk.store.reading() as tx:
            return [(row.author.address, row.kind.value, row.visible) for row in tickets.list_messages(tx, self.number)]

    @property
    def dates(self) -> list[datetime]:
        with self._desk.store.reading() as tx:
            return [row.at for row in tickets.list_messages(tx, self.number)]

    @property
    def files(self) -> list[list[str]]:
        with self._desk.store.reading() as tx:
            return [[file.name for file in row.attachments] for row in tickets.list_messages(tx, self.number)]

    def events(self, kind: str) -> list[str]:
        with self._desk.store.reading() as tx:
            return [row.text for row in tickets.list_events(tx, self.number) if row.kind == kind]

    def letters(self, address: str) -> list[str]:
        return [text_of(parsed(sent.raw)) for sent in self._desk.letters_about(address, self.number)]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with a_replay(tmp_path, DESK) as desk:
        yield Office(desk)


def by_anna(*, body: str, subject: str = "Fwd: My chair", verdict: str = "pass", **more: Any) -> bytes:
    headers = {"Authentication-Results": f"mx.acme.example; dmarc={verdict} header.from=acme.example", **more.pop("headers", {})}
    return an_email(sender="Anna Ivanova <anna@acme.example>", subject=subject, body=body, headers=headers, **more)


def in_text(words: str, program: str = "Gmail", quoted: Quoted = CHAIR, **more: Any) -> bytes:
    subject, body = forwarded(program, words, quoted)
    return by_anna(body=body, **{"subject": subject, **more})


def attached(words: str, *mails: bytes, **more: Any) -> bytes:
    content_type, body = attaching(words, *(mails or (ORIGINAL,)))
    return by_anna(body=body, content_type=content_type, **more)


FORMS = {**{program: lambda words, program=program: in_text(words, program) for program in PROGRAMS}, "attached": attached}


@pytest.mark.parametrize("form", FORMS)
def test_the_ticket_is_the_customers_and_the_words_above_are_a_note(office: Office, form: str):
    opened = office.opened(FORMS[form]("She rang twice."))
    ticket = opened.ticket
    assert (ticket.requester, ticket.subject, ticket.status, ticket.owner) == (ANN_SMITH, "My chair", Status.NEW, None)
    assert opened.said == [("ann@globex.example", "customer", TEXT), ("anna@acme.example", "note", "She rang twice.")]
    assert office.letters("ann@globex.example") == []
    for agent in ("anna", "boris"):
        (told,) = opened.letters(f"{agent}@acme.example")
        assert told.startswith(f"Reply = to Ann Smith\n\n{TEXT}\n")
        assert "Anna Ivanova forwarded this mail." in told
        assert "\nNote: Anna Ivanova: She rang twice.\n" in told
    assert opened.events("ack_withheld") == ["Anna Ivanova forwarded the mail, and without #ack the desk writes nothing by itself"]


def test_the_answer_goes_to_the_customer_and_knows_nothing_of_the_agent(office: Office):
    opened = office.opened(attached("She is difficult."))
    notification = office.letters("boris@acme.example")[-1]
    office.receive(an_answer_to(notification, "boris@acme.example", "A new one is on its way.", headers=JUDGED))
    (letter,) = office.letters("ann@globex.example")
    assert (letter["From"], letter["In-Reply-To"]) == ('"Boris Petrov (Acme)" <support@acme.example>', "<chair@globex.example>")
    assert text_of(letter).startswith("A new one is on its way.\n")
    for inside in ("anna", "difficult", "boris@"):
        assert inside not in letter.as_string().casefold()
    assert (opened.ticket.status, opened.ticket.owner) == (Status.WAITING, "boris")


def test_whoever_sees_it_later_reads_who_forwarded_it(office: Office):
    """O7: as long as it is what the customer wrote last."""
    opened = office.opened(attached(""))

    def shown() -> bool:
        office.receive(by_anna(subject=f"show {opened.number}", body=""))
        return "\n! Anna Ivanova forwarded this mail.\n" in text_of(office.letters("anna@acme.example")[-1])

    assert shown()
    thread = {"in_reply_to": "chair@globex.example", "references": ["chair@globex.example"]}
    assert office.receive(a_reply(**thread, sender=ANN, subject="Re: My chair", body="Well?\n")) == opened.number
    assert not shown()


@pytest.mark.parametrize("form", ["attached", "Gmail"])
def test_the_customers_next_mail_belongs_to_it_by_the_id_of_the_first(office: Office, form: str):
    """F3d, F3e."""
    forward = attached("") if form == "attached" else in_text("", headers={"In-Reply-To": "<chair@globex.example>"})
    opened = office.opened(forward)
    reply = {"in_reply_to": "anna-wrote@acme.example", "references": ["chair@globex.example"], "sender": ANN, "subject": "Re: My chair"}
    assert office.receive(a_reply(**reply, body="Is it coming?\n")) == opened.number
    assert [kind for _, kind, _ in opened.said] == ["customer", "customer"]


def own_copy(date: datetime = CHAIRS_DATE, sender: str = ANN, **more: Any) -> bytes:
    """What the desk was sent itself, in the same mail."""
    fields = {"Cc": "bob@globex.example", "Authentication-Results": "mx.acme.example; dmarc=pass header.from=globex.example"}
    to = "anna@acme.example, support@acme.example"
    said = {"subject": "My chair", "body": f"{TEXT}\n", "message_id": "chair@globex.example", **more}
    return an_email(sender=sender, to=to, date=date, headers=fields, **said)


@pytest.mark.parametrize("form", ["attached", "Gmail"])
def test_the_customers_own_copy_that_comes_in_later_is_no_second_message(office: Office, form: str):
    """F1: nobody is told once more, and an answered ticket stays so. It is what proves whom the mail was copied to."""
    forward = (
        attached("She rang twice.", own_copy()) if form == "attached" else in_text("", headers={"In-Reply-To": "<chair@globex.example>"})
    )
    opened = office.opened(forward)
    told = office.letters("boris@acme.example")[-1]
    office.receive(an_answer_to(told, "boris@acme.example", "A new one is on its way.", headers=JUDGED))
    said = opened.said
    assert opened.ticket.cc == ()
    assert office.receive(own_copy()) == opened.number
    assert (opened.said, opened.ticket.status) == (said, Status.WAITING)
    assert (len(office.letters("boris@acme.example")), len(office.letters("ann@globex.example"))) == (1, 1)
    assert [person.address for person in opened.ticket.cc] == ["bob@globex.example"]
    assert opened.events("joined") == ["bob@globex.example, whom the mail names in From, To or Cc, gets copies"]


def test_another_mail_under_the_id_that_the_forward_named_is_a_message_of_its_own(office: Office):
    """F1, F7: an agent's program may name another mail than the one that it passes on."""
    opened = office.opened(in_text("", headers={"In-Reply-To": "<chair@globex.example>"}))
    assert office.receive(own_copy(date=CHAIRS_DATE - timedelta(hours=1), body="My desk is broken.\n")) == opened.number
    assert [kind for _, kind, _ in opened.said] == ["customer", "customer"]
    eve = own_copy(sender="eve@else.example")
    assert office.receive(eve) != opened.number


def test_commands_are_done_with_it(office: Office):
    opened = office.opened(in_text("#assign boris\n#tag chair vip\n#priority high\nShe rang twice."))
    ticket = opened.ticket
    assert (ticket.owner, ticket.tags, ticket.priority) == ("boris", {"chair", "vip"}, Priority.HIGH)
    assert opened.said[1] == ("anna@acme.example", "note", "She rang twice.")
    assert "! Anna Ivanova forwarded this mail, and gave the ticket to Boris Petrov." in opened.letters("boris@acme.example")[0]


@pytest.mark.parametrize("command", ["#take", "#assign me", "#assign anna"])
def test_whoever_takes_what_he_forwards_gives_it_to_nobody(office: Office, command: str):
    opened = office.opened(in_text(command))
    assert opened.ticket.owner == "anna"
    assert "! Anna Ivanova forwarded this mail, and took the ticket." in opened.letters("anna@acme.example")[0]
    assert office.opened(attached("#close\n#cc bob@globex.example")).ticket.status is Status.CLOSED
    assert office.letters("ann@globex.example") == []


def test_whoever_is_given_a_task_with_it_is_told_of_that_too(office: Office):
    """PRODUCT 20."""
    opened = office.opened(in_text("#task boris look at the chair\nIt is in the cellar."))
    assert [(task.agent, task.title) for task in opened.ticket.tasks] == [("boris", "look at the chair")]
    (told,) = (text for text in opened.letters("boris@acme.example") if "\nA task for you\n" in text)
    assert "It is in the cellar." in told
    assert "my chair is broken." in told
    assert len(opened.letters("boris@acme.example")) == 2
    assert office.letters("ann@globex.example") == []


def test_a_ticket_that_is_moved_with_it_is_told_to_that_department_and_to_the_agent(office: Office):
    opened = office.opened(attached("#move sales"))
    assert opened.ticket.queue == "sales"
    assert [len(opened.letters(f"{agent}@acme.example")) for agent in ("anna", "boris")] == [1, 1]


def test_an_acknowledgement_goes_out_upon_a_command_only(office: Office):
    opened = office.opened(attached("#ack\n#tag chair"))
    (letter,) = office.letters("ann@globex.example")
    assert (letter["Auto-Submitted"], letter["In-Reply-To"]) == ("auto-replied", "<chair@globex.example>")
    assert "#ack" not in letter.as_string()
    assert (opened.ticket.acknowledged, [kind for _, kind, _ in opened.said]) == (True, ["customer"])


@pytest.mark.parametrize(
    "words", ["#assign bors\nShe rang.", "#merge 7", "#split", "#undo", "#canned a", "She rang.\n#tag x\nTwice.", "#next sale"]
)
def test_one_command_that_cannot_be_done_and_nothing_is_opened(office: Office, words: str):
    assert office.receive(attached(words)) is None
    (letter,) = office.letters("anna@acme.example")
    told = " ".join(text_of(letter).split())
    assert "Nothing was sent and nothing was changed: line " in told
    assert all(line in told for line in words.splitlines()), "what he wrote comes back"
    assert ("reply to this mail with the right command lines alone" in told) != ("forward the mail once more" in told)
    assert "My chair" in letter["Subject"]
    assert office.letters("ann@globex.example") == office.letters("boris@acme.example") == []


def test_a_mail_of_which_its_agent_is_not_told_any_more_is_kept_where_an_admin_sees_it(office: Office):
    """L4, L9, promise 1: its writer believes that it is a ticket."""
    for number in range(4):
        assert office.receive(attached("#assgin boris", an_email(sender=ANN, to="anna@acme.example", subject=f"Chair {number}"))) is None
    told = [" ".join(text_of(letter).split()) for letter in office.letters("anna@acme.example")]
    assert ["you are not told of" in text for text in told] == [False, False, True]
    (kept,) = office.quarantine()
    assert kept.reason.code == "command-failed"
    assert kept.reason.text.endswith("Anna Ivanova is not told: 3 automatic mails in 1:00:00 already went to anna@acme.example")


def test_the_desk_may_be_asked_beside_it(office: Office):
    office.opened(attached("#list status:new"))
    assert [letter["Subject"] for letter in office.letters("anna@acme.example")][-1] == "Your request: list status:new"


def test_who_was_in_copy_takes_no_part_unless_the_agent_says_so(office: Office):
    original = an_email(sender=ANN, to="anna@acme.example, all@acme.example", headers={"Cc": "bob@globex.example"})
    assert office.opened(attached("", original)).ticket.participants == ()
    other = an_email(sender=ANN, to="anna@acme.example", headers={"Cc": "bob@globex.example"})
    assert [person.address for person in office.opened(attached("#cc bob@globex.example", other)).ticket.cc] == ["bob@globex.example"]


def test_the_date_is_the_mails_own(office: Office):
    """P15: an agent may forward what is months old. What a text says is by the clock of whose program wrote it."""
    old, future = datetime(2026, 6, 1, 9, 30, tzinfo=UTC), datetime(2027, 6, 1, 9, 30, tzinfo=UTC)
    for raw, shown in (
        (in_text("", "Outlook"), datetime(2026, 11, 20, 10, 2, tzinfo=UTC)),
        (attached("", an_email(sender=ANN, subject="Old", date=old)), old),
        (attached("", an_email(sender=ANN, subject="Future", date=future)), None),
    ):
        opened = office.opened(raw)
        assert opened.dates == [shown or office.now]
        assert opened.ticket.created == office.now


def test_files_are_on_the_ticket_as_the_customers(office: Office):
    with_file = an_email_with_files([("chair.jpg", "image/jpeg", b"JFIF" * 1000)], sender=ANN, to="anna@acme.example")
    content_type, body = attaching("See.", with_file)
    opened = office.opened(by_anna(body=body, content_type=content_type))
    assert opened.files == [["chair.jpg"], []]
    subject, body = forwarded("Thunderbird", "See.", CHAIR)
    files = [("chair.jpg", "image/jpeg", b"JFIF" * 1000), ("anna.vcf", "text/vcard", b"BEGIN:VCARD")]
    raw = an_email_with_files(files, body=body, sender="anna@acme.example", subject=subject, headers=JUDGED)
    assert office.opened(raw).files == [["chair.jpg"], ["anna.vcf"]]


def test_of_several_attached_mails_the_first_is_the_customers(office: Office):
    inner = an_email(sender="eve@else.example", body="I am nested.\n")
    content_type, nested = attaching("Look at that mail.", inner, boundary="=_n")
    original = an_email(sender=ANN, body=nested, content_type=content_type)
    opened = office.opened(attached("Two mails.", original, an_email(sender="bob@globex.example")))
    assert opened.ticket.requester == ANN_SMITH
    assert opened.said[0] == ("ann@globex.example", "customer", "Look at that mail.")
    assert "; one more attached mail stays a file" in opened.events("forwarded")[0]
    assert "! One more mail was attached to it; it is a file of the note." in opened.letters("anna@acme.example")[0]
    others = (an_email(sender=f"bob{number}@else.example", subject="Desk", body="x\n") for number in range(2))
    third = office.opened(attached("", an_email(sender=ANN, subject="My table", body="It rocks.\n"), *others))
    assert "; 2 more attached mails stay files" in third.events("forwarded")[0]
    assert "! 2 more mails were attached to it; they are files of the note." in third.letters("anna@acme.example")[0]
    assert [len(files) for files in opened.files] == [1, 1]


# Whose it is not


def test_without_a_mail_in_it_the_ticket_is_the_agents_own_and_says_why(office: Office):
    opened = office.opened(by_anna(body="She rang about her chair.\n"))
    assert opened.ticket.requester.address == "anna@acme.example"
    assert opened.events("forwarded")[0].endswith(
        "no forwarded mail was found in it, neither attached nor under lines that say who wrote it, so the ticket is Anna Ivanova's own"
    )
    (told,) = opened.letters("anna@acme.example")
    assert "The ticket is Anna Ivanova's own" in " ".join(told.split())
    assert "#requester ADDRESS, in a reply to this mail, gives it to whose it is." in " ".join(told.split())
    assert [letter["Auto-Submitted"] for letter in office.letters("anna@acme.example")] == ["auto-generated"]


@pytest.mark.parametrize(
    "sender",
    [
        "<a@b.example> <c@d.example>",
        "a@b.example, c@d.example",
        "Ann Smith",
        "Ann <ann@globex.example> on behalf of Bob <bob@globex.example>",
        "support@acme.example",
        "Acme Support <support+x@acme.example>",
    ],
)
def test_nobody_becomes_a_requester_whom_the_from_line_does_not_name_beyond_doubt(office: Office, sender: str):
    for raw in (in_text("", quoted=replace(CHAIR, sender=sender)), attached("", an_email(sender=sender))):
        opened = office.opened(raw)
        assert opened.ticket.requester.address == "anna@acme.example"
        assert "so the ticket is Anna Ivanova's own" in opened.events("forwarded")[0]


def test_a_colleagues_mail_is_the_colleagues(office: Office):
    opened = office.opened(in_text("", quoted=replace(CHAIR, sender="Boris Petrov <boris@acme.example>")))
    assert opened.ticket.requester.address == "boris@acme.example"


def test_a_name_that_is_another_address_is_doubtful_in_a_text(office: Office):
    opened = office.opened(in_text("", quoted=replace(CHAIR, sender='"bob@globex.example" <eve@else.example>')))
    assert opened.ticket.requester.address == "anna@acme.example"


@pytest.mark.parametrize("text", [f"From: {ANN}\nSent: Friday, November 20, 2026 10:02 AM\nTo: Anna\nSubject: My chair\n\nIt is broken.\n"])
def test_lines_that_look_like_a_header_make_no_requester_in_a_mail_that_is_no_forward(office: Office, text: str):
    opened = office.opened(by_anna(subject="A question of mine", body=f"What do you make of this?\n\n{text}"))
    assert opened.ticket.requester.address == "anna@acme.example"
    assert opened.events("forwarded") == []


def test_a_customer_who_forwards_something_writes_himself(office: Office):
    for program in PROGRAMS:
        subject, body = forwarded(program, "#close\nWhat is this?", replace(CHAIR, sender="Bob <bob@globex.example>"))
        opened = office.opened(an_email(sender=ANN, subject=subject, body=body))
        assert (opened.ticket.requester, opened.ticket.status) == (ANN_SMITH, Status.NEW)
        assert opened.events("forwarded") == []


def test_under_a_forged_name_nothing_is_forwarded_and_the_agent_is_told(office: Office):
    """A3, A4."""
    for verdict in ("fail", "none"):
        assert office.receive(attached("#assign boris", verdict=verdict)) is None
    assert office.receive(in_text("", headers={"Authentication-Results": ""})) is None
    assert office.letters("ann@globex.example") == office.letters("boris@acme.example") == []
    assert {letter["Subject"] for letter in office.letters("anna@acme.example")} == {"A mail in your name was held"}


# Where there is a ticket already


def test_what_stands_on_a_ticket_already_is_noted_there(office: Office):
    first = office.opened(an_email(sender=ANN, body=f"{TEXT}\n", subject="My chair", message_id="chair@globex.example"))
    assert office.receive(attached("She rang twice, too.")) == first.number
    assert [(kind, words) for _, kind, words in first.said] == [("customer", TEXT), ("note", "She rang twice, too.")]
    assert "What you forwarded is on this ticket already. Your words were added as a note." in " ".join(
        first.letters("anna@acme.example")[-1].split()
    )
    assert office.receive(attached("")) == first.number
    assert len(first.said) == 2


def test_forwarded_twice_it_is_one_ticket(office: Office):
    first = office.opened(in_text("She rang."))
    assert office.receive(in_text("She rang again.")) == first.number
    assert [words for _, _, words in first.said] == [TEXT, "She rang.", "She rang again."]


def test_an_answer_that_went_to_the_agent_goes_on_with_its_ticket(office: Office):
    first = office.opened(an_email(sender=ANN, body=f"{TEXT}\n", subject="My chair", message_id="chair@globex.example"))
    acknowledgement = office.letters("ann@globex.example")[0]
    answer = an_answer_to(acknowledgement, ANN, "It is the blue one.", to="anna@acme.example")
    assert office.receive(attached("She wrote to me.", answer)) == first.number
    assert [(kind, words) for _, kind, words in first.said][1:] == [("customer", "It is the blue one."), ("note", "She wrote to me.")]
    assert len(office.letters("ann@globex.example")) == 1


def test_a_strangers_answer_does_not_go_on_with_it(office: Office):
    """F6: what an agent forwards proves no more than the mail itself would."""
    first = office.opened(an_email(sender=ANN, subject="My chair", message_id="chair@globex.example"))
    stranger = a_reply(in_reply_to="chair@globex.example", sender="eve@else.example", subject="Re: My chair")
    opened = office.opened(attached("", stranger))
    assert opened.number != first.number
    assert opened.ticket.requester.address == "eve@else.example"


def test_a_ticket_that_is_there_is_changed_by_whoever_proves_himself_for_it(office: Office):
    """A3: a forward has no token."""
    first = office.opened(an_email(sender=ANN, subject="My chair", message_id="chair@globex.example"))
    assert office.receive(attached("#close")) is None
    assert first.ticket.status is Status.NEW
    assert office.letters("anna@acme.example")[-1]["Subject"] == "A mail in your name was held"


@pytest.mark.parametrize("form", ["attached", "mutt", "Gmail"])
def test_our_own_letter_that_is_forwarded_stays_inside_and_opens_nothing(office: Office, form: str):
    """A6."""
    first = office.opened(an_email(sender=ANN, subject="My chair", body=f"{TEXT}\n"))
    notification = office.letters("anna@acme.example")[0]
    quoted = Quoted(str(notification["From"]), "anna@acme.example", str(notification["Subject"]), text_of(notification), "")
    raw = attached("See.", bytes(notification)) if form == "attached" else in_text("See.", form, quoted)
    assert office.receive(raw) == first.number
    assert [kind for _, kind, _ in first.said] == ["customer", "note"]
    assert len(office.letters("ann@globex.example")) == 1


def test_an_id_that_belongs_to_somebody_elses_mail_leads_nowhere(office: Office):
    """Which mail stands in a text only the agent's program says, and it may name another of the conversation."""
    first = office.opened(an_email(sender="eve@else.example", subject="My lamp", message_id="lamp@else.example"))
    opened = office.opened(in_text("She rang.", headers={"In-Reply-To": "<lamp@else.example>"}))
    assert (opened.number, opened.ticket.requester) == (first.number + 1, ANN_SMITH)


@pytest.mark.parametrize("words", ["", "Forwarded by my rule."])
@pytest.mark.parametrize("first", [an_email(sender=ANN), by_anna(subject="list", body=""), by_anna(subject="Fwd: x", body="#assign bors")])
def test_a_rule_that_forwards_all_of_our_letters_brings_no_more_of_them(office: Office, first: bytes, words: str):
    """F2: as attachments, in the agent's name, and as if a person had done it."""
    office.receive(first)
    told = len(office.letters("anna@acme.example"))
    for number in range(4):
        letter = office.letters("anna@acme.example")[-1]
        office.receive(attached(words, bytes(letter), subject=f"Fwd: {letter['Subject']}", message_id=f"rule-{number}@acme.example"))
    assert len(office.letters("anna@acme.example")) == told + bool(words)
    assert len(office.letters("ann@globex.example")) <= 1


@pytest.mark.parametrize("form", ["attached", "Gmail"])
def test_a_colleagues_notification_that_is_forwarded_stays_inside(office: Office, form: str):
    """A6: it has a token, but not of who forwards it."""
    first = office.opened(an_email(sender=ANN, subject="My chair", body=f"{TEXT}\n"))
    notification = office.letters("boris@acme.example")[0]
    quoted = Quoted(str(notification["From"]), "boris@acme.example", str(notification["Subject"]), text_of(notification), "")
    assert office.receive(attached("See.", bytes(notification)) if form == "attached" else in_text("See.", form, quoted)) == first.number
    assert [(kind, words) for _, kind, words in first.said] == [("customer", TEXT), ("note", "See.")]
    assert len(office.letters("ann@globex.example")) == 1


def test_where_the_mail_server_is_proof_enough_commands_change_a_ticket_that_is_there(tmp_path: Path):
    with a_replay(tmp_path, DESK.replace("authserv_ids: [mx.acme.example]", "authserv_ids: [mx.acme.example], agent_auth: dmarc")) as desk:
        office = Office(desk)
        first = office.opened(an_email(sender=ANN, subject="My chair", message_id="chair@globex.example"))
        assert office.receive(attached("#tag seen\nShe rang twice.")) == first.number
        assert (first.ticket.tags, first.said[1][1:]) == ({"seen"}, ("note", "She rang twice."))
        answer = an_answer_to(office.letters("ann@globex.example")[0], ANN, "It is blue.", to="anna@acme.example")
        assert office.receive(attached("#assign boris", answer)) == first.number
        assert (first.ticket.owner, first.said[2][1:]) == ("boris", ("customer", "It is blue."))
        assert office.receive(attached("#ack", answer)) is None


def test_where_nobody_is_told_of_new_tickets_the_agent_is_told_and_who_gets_it(tmp_path: Path):
    with a_replay(tmp_path, DESK.replace("mode: live,\n", "mode: live, notify: {new: none, reply: owner},\n")) as desk:
        office = Office(desk)
        opened = office.opened(attached("She rang twice."))
        assert [len(opened.letters(f"{agent}@acme.example")) for agent in ("anna", "boris")] == [1, 0]
        other = office.opened(attached("#assign boris", an_email(sender=ANN)))
        assert [len(other.letters(f"{agent}@acme.example")) for agent in ("anna", "boris")] == [1, 1]


def test_below_what_is_forwarded_no_signature_of_the_agents_goes_to_the_customer(office: Office):
    subject, body = forwarded("Thunderbird", "", CHAIR)
    opened = office.opened(by_anna(subject=subject, body=f"{body}\n-- \nAnna Ivanova\nRoom 4711, anna@acme.example\n"))
    assert opened.said == [("ann@globex.example", "customer", TEXT)]
    hers = replace(CHAIR, subject="My lamp", text=f"{TEXT}\n\n-- \nAnn Smith\nGlobex")
    assert office.opened(in_text("", "Thunderbird", hers)).said[0][2] == hers.text


def test_a_reply_to_somebody_elses_forward_is_none(office: Office):
    _, body = forwarded("Outlook", "Yes.", CHAIR)
    opened = office.opened(by_anna(subject="Re: Fwd: My chair", body=body))
    assert (opened.ticket.requester.address, opened.events("forwarded")) == ("anna@acme.example", [])


def test_a_mail_that_borrows_the_id_of_another_leads_nowhere_either(office: Office):
    """F1: or whoever knows an id could have his mail taken for what stands on a ticket."""
    first = office.opened(an_email(sender="eve@else.example", subject="My lamp", message_id="lamp@else.example"))
    borrowed = an_email(sender=ANN, subject="My chair", message_id="lamp@else.example")
    assert office.opened(attached("", borrowed)).number == first.number + 1


def test_of_thanks_that_are_forwarded_the_agent_alone_is_told(office: Office):
    """F9."""
    first = office.opened(an_email(sender=ANN, subject="My chair", body=f"{TEXT}\n"))
    office.receive(an_answer_to(office.letters("boris@acme.example")[0], "boris@acme.example", "It is mended.", headers=JUDGED))
    thanks = an_answer_to(office.letters("ann@globex.example")[-1], ANN, "Thank you!", to="anna@acme.example")
    assert office.receive(attached("", thanks)) == first.number
    assert first.ticket.status is Status.WAITING
    assert [len(first.letters(f"{agent}@acme.example")) for agent in ("anna", "boris")] == [2, 1]
    assert "! Anna Ivanova forwarded this mail." in first.letters("anna@acme.example")[-1]


def test_an_answer_between_the_lines_of_its_notification_takes_no_note_along(office: Office):
    office.opened(attached("She is difficult, and has not paid since May. Be careful with promises of any kind."))
    notification = office.letters("anna@acme.example")[-1]
    quoted = "\n".join(f"> {line}" for line in text_of(notification).split("\n"))
    above, owner, below = quoted.partition("> Owner: nobody")
    answer = f"On Fri, Nov 20, 2026 at 10:02 AM Ann wrote:\n{above}{owner}\n\nA new one comes.\n\n{below}"
    office.receive(an_answer_to(notification, "anna@acme.example", answer, headers=JUDGED))
    (letter,) = office.letters("ann@globex.example")
    assert "A new one comes." in text_of(letter)
    for inside in ("difficult", "promises", "Owner", "forwarded"):
        assert inside not in letter.as_string()
