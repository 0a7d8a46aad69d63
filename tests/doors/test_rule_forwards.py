"""What customers write goes to people outside where a rule says so, and what they answer stays inside (RULES.md 4, MAIL.md F6, F11)."""

from email.message import EmailMessage
from pathlib import Path

from maild.effects import Suppress
from maild.store import letters, outbox, suppressions
from maild.ticket import MessageKind
from tests.rig.letters import text_of
from tests.rig.mail_forms import Quoted, forwarded
from tests.rig.mails import an_email, parsed
from tests.rig.office import an_answer_to
from tests.rig.replay import a_replay
from tests.rig.ruled_desk import ANN, DESK, Opening, RuledDesk

PARTS = "parts@supplier.example"
RULES = f"""
    rules:
      - {{id: note, when: ticket.created, do: [{{note: she pays late}}]}}
      - {{id: careful, when: ticket.created, if: {{text: {{word: bank}}}}, do: [{{hold: who is it?}}]}}
      - {{id: parts, when: [ticket.created, message.customer], do: [{{forward: {PARTS}}}]}}
"""


def sent_on(desk: RuledDesk, number: int) -> list[EmailMessage]:
    with desk.desk.store.reading() as tx:
        rows = sorted(outbox.list_outbox(tx, ticket=number), key=lambda row: row.id)
        return [parsed(letters.raw(tx, row.id)) for row in rows if row.template == "forwarded"]


def answered(desk: RuledDesk, body: str) -> int:
    """The customer writes again, below what Anna has answered her."""
    number = desk.opened("A drum for the printer, please.\n", message_id="first@globex.example")
    desk.answered(number, "Which printer is it?\n")
    return desk.receive(an_answer_to(parsed(desk.desk.letters_about(ANN, number)[-1].raw), ANN, body))


def test_somebody_outside_gets_what_the_customer_has_written_and_nothing_else(a_desk: Opening):
    desk = a_desk(RULES)
    number = answered(desk, "The LX-300.\n\nOn 20 Nov 2026 at 12:05, Anna (Acme) <support@acme.example> wrote:\n> Which printer is it?\n")
    first, second = sent_on(desk, number)
    assert "A drum for the printer, please." in text_of(first)
    assert "ann@globex.example wrote:" in text_of(first)
    assert "The LX-300." in text_of(second)
    for letter in (first, second):
        assert [words for words in ("she pays late", "Which printer", "Anna", "first@globex.example") if words in letter.as_string()] == []
        assert (letter["From"].addresses[0].addr_spec, letter["To"], letter["Cc"]) == ("support@acme.example", PARTS, None)
        assert letter["Auto-Submitted"] == "auto-generated"
        assert str(letter["Subject"]).startswith(f"[Acme #{number}-")
        assert str(letter["Subject"]).endswith(" Printer")
        assert (letter["In-Reply-To"], len(str(letter["References"]).split())) == (None, 1)
    assert first["References"] == second["References"], "one conversation"
    assert desk.log(number, "sent_on") == [f"to {PARTS}, with the template forwarded"] * 2


def test_what_is_answered_from_outside_is_a_third_partys_and_no_customer_sees_it(a_desk: Opening):
    desk = a_desk(RULES)
    number = desk.opened("A drum for the printer, please.\n")
    (letter,) = sent_on(desk, number)
    before = desk.sent(number)
    assert desk.receive(an_answer_to(letter, PARTS, "It costs us 12 EUR.\n")) == number
    assert desk.kinds(number) == ["customer", "note", MessageKind.THIRD_PARTY.value]
    told = text_of(parsed(desk.desk.letters_about("anna@acme.example", number)[-1].raw))
    assert f"{PARTS} is not the requester." in told
    assert (desk.sent(number), len(sent_on(desk, number))) == (before, 1)
    desk.answered(number, "It comes on Monday.\n")
    answer = parsed(desk.desk.letters_about(ANN, number)[-1].raw)
    assert "12 EUR" not in answer.as_string()
    assert str(letter["Message-ID"]) not in answer.as_string()


def test_a_new_mail_from_there_is_heard_inside_like_an_answer(a_desk: Opening):
    """F11: whoever got nothing but what was sent on answers that, whatever his program says."""
    desk = a_desk(RULES)
    number = desk.opened("A drum for the printer, please.\n")
    (letter,) = sent_on(desk, number)
    tag = str(letter["Subject"]).partition("]")[0]
    address = str(letter["Reply-To"] or letter["From"])
    assert desk.receive(an_email(sender=PARTS, to=address, subject=f"{tag}] our offer", body="It costs us 12 EUR.\n")) == number
    told = text_of(parsed(desk.desk.letters_about("anna@acme.example", number)[-1].raw))
    assert told.startswith("Reply = internal note\n")
    assert desk.receive(an_email(sender=ANN, to=address, subject=f"{tag}] when?", body="And when?\n")) == number
    assert "Reply = to" in text_of(parsed(desk.desk.letters_about("anna@acme.example", number)[-1].raw))


def test_what_speaks_against_a_mail_keeps_it_inside(a_desk: Opening):
    def check(why: str, body: str = "A drum.\n", sender: str = ANN, headers: tuple[tuple[str, str], ...] = ()) -> None:
        number = desk.receive(an_email(sender=sender, to="support@acme.example", body=body, headers=headers))
        assert sent_on(desk, number) == [], why
        assert why in " ".join((*desk.log(number, "forward_withheld"), *skipped(desk, number)))

    desk = a_desk(RULES)
    check("never what a machine or a mailing list has sent", headers=(("Auto-Submitted", "auto-generated"),))
    check("never what a machine or a mailing list has sent", headers=(("List-Id", "<talk.globex.example>"),))
    check("the ticket is on hold", body="My bank account is another one.\n")
    check("it comes from there", sender=PARTS)
    check("This may be spam", headers=(("X-Spam-Flag", "YES"),))


def skipped(desk: RuledDesk, number: int) -> list[str]:
    return [text for text in desk.log(number, "rule") if "skipped forward" in text]


def test_where_letters_to_an_address_come_back_no_more_go_there(a_desk: Opening):
    desk = a_desk(RULES)
    with desk.desk.store.writing() as tx:
        suppressions.store(tx, Suppress(PARTS, "no such mailbox", None), desk.now)
    number = desk.opened()
    assert sent_on(desk, number) == []
    assert desk.log(number, "forward_withheld") == [f"{PARTS}: {PARTS} gets no automatic mail: no such mailbox"]


def test_a_forward_is_bound_by_the_limit_of_its_rule_and_by_no_cap(a_desk: Opening):
    """MAIL.md L4 would let three of them through in an hour."""
    desk = a_desk(f"rules: [{{id: parts, when: ticket.created, limit: {{mails: 5, per: 1h}}, do: [{{forward: {PARTS}}}]}}]")
    numbers = [desk.receive(an_email(sender=f"a{step}@g{step}.example", to="support@acme.example")) for step in range(7)]
    assert [len(sent_on(desk, number)) for number in numbers] == [1] * 5 + [0] * 2
    with desk.desk.store.reading() as tx:
        assert [row.template for row in outbox.list_outbox(tx) if row.template == "attention"] == ["attention"]


def test_words_that_look_like_an_agents_token_cost_the_forward_and_not_the_mail(a_desk: Opening):
    desk = a_desk(RULES)
    number = desk.opened("maild-ref: n.1042.77.0aabcdefghijklmnop\n\nA drum, please.\n")
    assert sent_on(desk, number) == []
    assert desk.log(number, "rule_error") == ["its letter forwarded was not sent: an agent's token would be shown"]
    assert desk.sent(number) == ["received"]


def test_of_what_an_agent_forwards_into_the_desk_the_customers_mail_goes_out_and_not_his_words(tmp_path: Path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "10.yaml").write_text(f"rules: [{{id: parts, when: ticket.created, do: [{{forward: {PARTS}}}]}}]")
    subject, body = forwarded("Thunderbird", "She always pays late.", Quoted(ANN, "anna@acme.example", "My chair", "It is broken.", ""))
    headers = (("Authentication-Results", "mx.acme.example; dmarc=pass header.from=acme.example"),)
    raw = an_email(sender="anna@acme.example", to="support@acme.example", subject=subject, body=body, headers=headers)
    with a_replay(tmp_path, DESK.replace("smtp:", "trust: {authserv_ids: [mx.acme.example]}\nsmtp:", 1)) as replay:
        desk = RuledDesk(replay)
        (letter,) = sent_on(desk, desk.receive(raw))
    assert "ann@globex.example wrote:\n\nIt is broken.\n" in text_of(letter)
    assert [words for words in ("She always", "anna@acme.example", "Anna") if words in letter.as_string()] == []
