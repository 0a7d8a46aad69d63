"""Which ticket a mail belongs to, by attack and by use (MAIL.md F1-F11, O2; acceptance rows 1, 2, 3, 7, 13). Both engines."""

from collections.abc import Iterator

import pytest

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import a_reply, an_email
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, text_of
from tests.rig.sink import SmtpSink

OUTLOOK_ID = "AS8PR04MB8263C3B6D0E1F2A3B4C5D6E7F8091A2@AS8PR04MB8263.eurprd04.prod.outlook.example"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.soak)])
def desk(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink
) -> Iterator[RunningDesk]:
    storage = "sqlite:///maild.db" if request.param == "sqlite" else request.getfixturevalue("postgres").create("threading")
    with a_running_desk(tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, storage=storage) as running:
        yield running


def a_request(desk: RunningDesk, sender: str, subject: str, **more: str) -> int:
    """A new ticket; its number."""
    row = desk.receive(an_email(sender=sender, to=more.pop("to", desk.at("support")), subject=subject, **more))
    assert row["state"] == "done"
    return int(row["ticket"])


def test_a_stranger_with_a_number_gets_a_linked_ticket_and_learns_nothing(desk: RunningDesk):
    """Acceptance row 1."""
    old = a_request(desk, "ann@secret.example", "My salary", body="It is 1234 a month.\n")
    row = desk.receive(
        an_email(sender="eve@stranger.example", to=desk.at("support"), subject=f"Re: [Acme #{old}] hello", body="Tell me.\n")
    )
    assert row["ticket"] not in (None, old)
    new = desk.ticket(row["ticket"])
    assert (new["subject"], desk.kinds(old)) == ("hello", ["customer"])
    assert "possible_followup_of" in desk.events(new["number"])
    (ack,) = desk.letters("eve@stranger.example")
    for disclosed in (f"#{old}", "salary", "1234", "secret.example"):
        assert disclosed not in ack.as_string()
    assert new["tag"] in ack["Subject"]


def test_a_subject_of_nothing_but_prefixes_and_our_tag_is_no_title(desk: RunningDesk):
    """F6, O3: the ticket it opens for a stranger bears neither, and its letters have one `Re:`."""
    old = a_request(desk, "ann@bare.example", "A secret matter")
    number = a_request(desk, "eve@bare-stranger.example", f"Re: [Acme #{old}]")
    new = desk.ticket(number)
    assert (number != old, new["subject"]) == (True, "(no subject)")
    assert [letter["Subject"] for letter in desk.letters("eve@bare-stranger.example")] == [f"Re: {new['tag']} (no subject)"]


def test_a_guessed_check_a_forged_id_and_a_forged_anchor_open_no_ticket(desk: RunningDesk):
    """Acceptance row 7."""
    old = a_request(desk, "ann@guessed.example", "A well kept ticket")
    right = desk.ticket(old)["tag"][-5:-1]
    wrong = "AAAA" if right != "AAAA" else "BBBB"
    forged = (f"a.{old}.1.{'ab' + 'a' * 16}@{desk.domain}", f"t.{old}.{'ab' + 'a' * 16}@{desk.domain}")
    tries = [an_email(sender="eve@guesser.example", to=desk.at("support"), subject=f"Re: [Acme #{old}-{wrong}] x")]
    tries += [
        a_reply(in_reply_to=identifier, sender="eve@guesser.example", to=desk.at("support"), subject="Re: x") for identifier in forged
    ]
    for raw in tries:
        assert desk.receive(raw)["ticket"] != old
    assert desk.kinds(old) == ["customer"]


def why_opened(desk: RunningDesk, sender: str, **guess: object) -> str:
    """What the log says of the ticket that a mail with a guess in it opens."""
    row = desk.receive(an_email(**{"sender": sender, "to": desk.at("support"), "subject": "Hello"} | guess))
    return next(event["text"] for event in desk.ticket(row["ticket"])["events"] if event["kind"] == "opened")


def test_the_tenth_guess_of_a_sender_is_too_much_and_the_ninth_is_not(desk: RunningDesk):
    """S6: a wrong tag, id or address of ours counts once."""
    tag, wrong = f"[Acme #{a_request(desk, 'ann@tenth.example', 'A well kept ticket')}-0000]", "ab" + "a" * 16
    forged = f"<t.900.{wrong}@{desk.domain}>"
    guesses: list[dict[str, object]] = [{"subject": f"Re: {tag} x"}] * 7
    guesses += [{"headers": {"In-Reply-To": forged, "References": forged}}, {"to": desk.at("support").replace("@", f"+r900.{wrong}@")}]
    for guess in guesses:
        assert "guessed" not in why_opened(desk, "eve@guesses.example", **guess)
    tenth = why_opened(desk, "eve@guesses.example", subject=f"Re: {tag} x")
    assert tenth.endswith("eve@guesses.example guessed 10 tags or tokens wrong within an hour")
    assert "has guessed at our tags and tokens too often" in why_opened(desk, "eve@guesses.example", subject=f"Re: {tag} x")


def test_the_fiftieth_guess_of_a_domain_is_too_much_and_the_forty_ninth_is_not(desk: RunningDesk):
    """S6."""
    tag, wrong = f"[Acme #{a_request(desk, 'ann@fiftieth.example', 'A well kept ticket')}-0000]", "ab" + "a" * 16
    forged = " ".join(f"<t.{number}.{wrong}@{desk.domain}>" for number in range(8))
    for number in range(6):
        assert "guessed" not in why_opened(desk, f"eve{number}@fifty.example", headers={"References": forged})
    assert "guessed" not in why_opened(desk, "eve7@fifty.example", subject=f"Re: {tag} x")
    fiftieth = why_opened(desk, "eve8@fifty.example", subject=f"Re: {tag} x")
    assert fiftieth.endswith("fifty.example guessed 50 tags or tokens wrong within an hour")


def test_a_forged_bounce_changes_nothing(desk: RunningDesk):
    """Acceptance row 7."""
    old = a_request(desk, "ann@bounced.example", "Not bounced at all")
    body = f"<ann@bounced.example>: 550 5.1.1 unknown\n\nMessage-ID: <a.{old}.1.{'ab' + 'a' * 16}@{desk.domain}>\n"
    row = desk.receive(
        an_email(
            sender="MAILER-DAEMON@evil.example", to=desk.at("support"), subject="Undelivered Mail", body=body, headers={"Return-Path": "<>"}
        )
    )
    assert (row["state"], row["class"], row["ticket"]) == ("quarantined", "bounce", None)
    assert desk.kinds(old) == ["customer"]


def test_a_department_that_asks_another_gets_its_answer_as_one_linked_ticket_and_no_acknowledgement(desk: RunningDesk):
    """MAIL.md F2: sales writes to support; what Anna answers is a request in sales, however often it is fetched."""
    asked = a_request(desk, f"Sales <{desk.at('sales')}>", "May we lend our printer?")
    desk.ask("ticket", "reply", str(asked), "Yes, until Friday.", "--as", "anna")
    desk.settle()
    (answer,) = desk.letters("sales")
    sent = len(desk.sink.mails)
    row = desk.receive(answer.as_bytes(), "sales")
    linked = desk.ticket(row["ticket"])
    assert (linked["number"] != asked, linked["queue"], linked["requester"]["address"]) == (True, "sales", desk.at("support"))
    assert "Yes, until Friday." in linked["messages"][0]["text"]
    assert ("linked" in desk.events(asked), "linked" in desk.events(linked["number"])) == (True, True)
    assert (desk.letters("support"), len(desk.letters("sales"))) == ([], 1)
    assert len(desk.sink.mails) == sent + 1, "boris is told"
    assert desk.receive(answer.as_bytes(), "sales")["state"] == "duplicate"
    desk.ask("ticket", "reply", str(linked["number"]), "Thank you, we will.", "--as", "boris")
    desk.settle()
    (thanks,) = desk.letters("support")
    assert desk.receive(thanks.as_bytes(), "support")["ticket"] == asked
    assert desk.kinds(asked) == ["customer", "agent", "customer"]


def test_a_colleague_in_copy_answers_before_the_acknowledgement_reaches_him(desk: RunningDesk):
    """Acceptance row 2."""
    first = an_email(
        sender="ann@cc.example",
        to=desk.at("support"),
        subject="Projector",
        headers={"Cc": "bob@cc.example"},
        message_id="projector@cc.example",
    )
    number = desk.receive(first)["ticket"]
    answer = a_reply(in_reply_to="projector@cc.example", sender="bob@cc.example", to=desk.at("support"), subject="Re: Projector")
    assert desk.receive(answer)["ticket"] == number
    assert desk.kinds(number) == ["customer", "customer"]
    assert desk.letters("bob@cc.example") == []


def test_an_answer_that_arrives_before_its_original_is_joined_by_it(desk: RunningDesk):
    """Acceptance row 2."""
    early = a_reply(
        in_reply_to="late@orphan.example",
        sender="bob@orphan.example",
        to=f"ann@orphan.example, {desk.at('support')}",
        subject="Re: Scanner",
    )
    number = desk.receive(early)["ticket"]
    late = an_email(
        sender="ann@orphan.example",
        to=desk.at("support"),
        subject="Scanner",
        message_id="late@orphan.example",
        headers={"Cc": "bob@orphan.example"},
    )
    assert desk.receive(late)["ticket"] == number
    assert desk.letters("ann@orphan.example") == []
    assert len(desk.letters("bob@orphan.example")) == 1


@pytest.mark.parametrize("order", [("support", "sales"), ("sales", "support")])
def test_a_mail_to_two_departments_is_one_ticket_in_both_orders_of_fetching(desk: RunningDesk, order: tuple[str, str]):
    """Acceptance row 3."""
    sender = f"ann@both-{order[0]}.example"
    raw = an_email(sender=sender, to=f"{desk.at('support')}, {desk.at('sales')}", subject=f"To both {order[0]}", body=f"{order}\n")
    first, second = (desk.receive(raw, mailbox) for mailbox in order)
    assert (first["state"], second["state"]) == ("done", "duplicate")
    assert second["ticket"] == first["ticket"]
    assert desk.ticket(first["ticket"])["queue"] == "support"
    assert len(desk.tickets(f"from:{sender}")) == 1
    assert len(desk.letters(sender)) == 1
    assert len(desk.letters_about("boris", f"To both {order[0]}")) == 1, "the watching department is told once (F10)"


def test_mail_to_billing_in_the_mailbox_of_support_is_told_apart_by_its_recipient(desk: RunningDesk):
    number = a_request(desk, "ann@billed.example", "An invoice", to=desk.at("billing"))
    assert desk.ticket(number)["queue"] == "billing"
    (ack,) = desk.letters("ann@billed.example")
    assert ack["From"].addresses[0].addr_spec == desk.at("billing")
    alias = a_request(desk, "ann@alias.example", "By the alias", to=desk.at("help"))
    assert desk.ticket(alias)["queue"] == "support"


def test_a_duplicate_and_a_variant_of_it_make_no_message_and_no_mail(desk: RunningDesk):
    mail = {"sender": "ann@twice.example", "to": desk.at("support"), "subject": "Sent twice", "message_id": "twice@twice.example"}
    first = desk.receive(an_email(**mail))
    again = desk.receive(an_email(**mail, headers={"Received": "from elsewhere by mx; Fri, 20 Nov 2026 10:02:11 +0000"}))
    variant = desk.receive(an_email(**mail, body="Hello,\n\nthe same.\n_____\nlist footer\n"))
    assert [row["state"] for row in (again, variant)] == ["duplicate", "duplicate"]
    assert {row["ticket"] for row in (again, variant)} == {first["ticket"]}
    assert (len(desk.letters("ann@twice.example")), desk.kinds(first["ticket"])) == (1, ["customer"])


def test_our_own_letters_coming_back_are_recorded_and_nothing_else(desk: RunningDesk):
    number = a_request(desk, "ann@own.example", "Mirror")
    before = len(desk.tickets())
    for caught in (desk.sink.to("ann@own.example")[0], desk.sink.to(desk.at("anna"))[-1]):
        row = desk.receive(caught.raw)
        assert (row["state"], row["class"]) == ("done", "own_loop")
    assert (len(desk.tickets()), desk.kinds(number)) == (before, ["customer"])


def test_a_follow_up_threads_by_letter_by_tag_and_by_the_customers_own_id(desk: RunningDesk):
    number = a_request(desk, "ann@follows.example", "Threads", message_id="threads@follows.example")
    (ack,) = desk.letters("ann@follows.example")
    by_tag = an_email(
        sender="ann@follows.example", to=desk.at("support"), subject=f"AW: {desk.ticket(number)['tag']} quite another subject"
    )
    own = a_reply(in_reply_to="threads@follows.example", sender="ann@follows.example", to=desk.at("support"), subject="Re: Threads")
    for raw in (an_answer_to(ack, "ann@follows.example", "More.\n", subject="edited"), by_tag, own):
        assert desk.receive(raw)["ticket"] == number
    assert len(desk.letters("ann@follows.example")) == 1, "one acknowledgement a ticket"


def test_a_stranger_with_the_whole_tag_joins_as_a_third_party_and_is_never_quoted(desk: RunningDesk):
    number = a_request(desk, "ann@third.example", "Forwarded to a colleague")
    tag = desk.ticket(number)["tag"]
    row = desk.receive(an_email(sender="carl@other.example", to=desk.at("support"), subject=f"Re: {tag} x", body="Carl knows a secret.\n"))
    assert (row["ticket"], desk.kinds(number)) == (number, ["customer", "third_party"])
    notice = desk.letter_about("anna", tag, 2)
    assert "carl@other.example is not the requester" in text_of(notice)
    desk.receive(an_answer_to(notice, desk.at("anna"), "Thank you both.\n"))
    answer = desk.letters("ann@third.example")[-1]
    assert "Thank you both." in text_of(answer)
    assert "secret" not in text_of(answer)
    assert desk.letters("carl@other.example") == []
    desk.receive(an_answer_to(notice, desk.at("anna"), "#cc sender\nCarl is right.\n"))
    for somebody in ("ann@third.example", "carl@other.example"):
        assert "Carl is right." in text_of(desk.letters(somebody)[-1])
        assert "secret" not in text_of(desk.letters(somebody)[-1])


def test_an_outlook_id_of_84_characters_stands_unencoded_in_every_answer(desk: RunningDesk):
    """Acceptance row 13."""
    assert len(f"<{OUTLOOK_ID}>") >= 84
    number = a_request(desk, "ann@outlook.example", "Long ids", message_id=OUTLOOK_ID)
    notice = desk.letter_about("anna", desk.ticket(number)["tag"])
    desk.receive(an_answer_to(notice, desk.at("anna"), "Here you are.\n"))
    for caught in desk.sink.to("ann@outlook.example"):
        head = caught.raw.partition(b"\r\n\r\n")[0]
        for name in (b"In-Reply-To:", b"References:"):
            (field,) = [field for field in head.replace(b"\r\n ", b" ").split(b"\r\n") if field.startswith(name)]
            assert f"<{OUTLOOK_ID}>".encode() in field
            assert b"=?" not in field
    assert len(desk.sink.to("ann@outlook.example")) == 2
