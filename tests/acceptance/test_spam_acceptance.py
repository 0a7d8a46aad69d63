"""Spam and forgeries from mailbox to ticket, on a desk that trusts its mail server (MAIL.md S1-S5)."""

from collections.abc import Callable

from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, text_of

DeskMaker = Callable[..., RunningDesk]
TRUSTING = "limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example]}"


def seen_through(desk: RunningDesk) -> list[dict[str, object]]:
    """All that came in, oldest first, once everything that lies on the server is read and its letters are sent."""
    assert desk.run_once()
    return desk.incoming()[::-1]


def states(desk: RunningDesk) -> list[tuple[object, object]]:
    return [(row["state"], row["reason"]) for row in seen_through(desk)]


def test_the_junk_folder_gives_up_customers_mail_and_what_a_person_moves_out_of_it(make_desk: DeskMaker):
    desk = make_desk(extra=TRUSTING)
    support, dovecot = desk.at("support"), desk.dovecot
    dovecot.create(support, "Junk")
    desk.put(an_email(sender="ann@junk.example", to=support, subject="First contact"))
    seen_through(desk)
    strangers = an_email(sender="eve@junk.example", to=support, subject="You have won", headers={"X-Spam-Flag": "YES"})
    dovecot.append(support, an_email(sender="ann@junk.example", to=support, subject="Lost among spam"), folder="Junk")
    dovecot.append(support, strangers, folder="Junk")
    rows = seen_through(desk)
    assert [(row["state"], row["subject"]) for row in rows] == [
        ("done", "First contact"),
        ("done", "Lost among spam"),
        ("quarantined", "You have won"),
    ]
    assert rows[2]["reason"] == "spam: it lies in the mailbox's junk folder"
    (found,) = desk.tickets("#suspected-spam")
    assert found["subject"] == "Lost among spam"
    assert [len(desk.letters(sender)) for sender in ("ann@junk.example", "eve@junk.example")] == [1, 0]
    assert len(desk.letters_about("anna", "Lost among spam")) == 1
    assert len(dovecot.messages(support, "Junk")) == 2, "the folder is left as it is"

    dovecot.append(support, strangers)
    assert [row["state"] for row in seen_through(desk)] == ["done", "done", "quarantined", "done"]
    assert len(desk.tickets("from:eve@junk.example")) == 1
    assert desk.letters("eve@junk.example") == []


def judged(desk: RunningDesk, verdict: str, domain: str) -> dict[str, str]:
    """What the desk's own mail server says of a sender, beside its filter's flag."""
    return {"Authentication-Results": f"mx.desk.example; dmarc={verdict} header.from={domain}", "X-Spam-Flag": "YES"}


def test_what_a_filter_got_wrong_is_let_out_of_quarantine_and_its_sender_from_then_on(make_desk: DeskMaker):
    desk = make_desk(extra=TRUSTING).start()
    good = {"sender": "ann@wronged.example", "to": desk.at("support"), "headers": judged(desk, "pass", "wronged.example")}
    row = desk.receive(an_email(subject="First", **good))
    assert (row["state"], row["reason"], row["auth"], row["ticket"]) == ("quarantined", "spam: X-Spam-Flag: YES", "pass", None)
    status = desk.ask("status")
    assert (status["incoming"]["quarantined"], status["quarantine"]) == (1, {"spam": 1})
    said = desk.maild("message", "release", str(row["id"]), "--train")
    assert "ann@wronged.example is in rules/05-allowed.yaml, which takes effect when the daemon reloads" in said
    desk.letter_about("anna", "First")
    assert desk.letters("ann@wronged.example") == [], "what a filter calls spam is not acknowledged"
    assert desk.app is not None
    assert desk.app.reload().done
    second = desk.receive(an_email(subject="Second", **good))
    assert (second["state"], desk.ticket(second["ticket"])["tags"]) == ("done", [])
    assert len(desk.letters("ann@wronged.example")) == 1
    forged = desk.receive(an_email(subject="Third", **good | {"headers": judged(desk, "fail", "wronged.example")}))
    assert forged["state"] == "quarantined", "whoever only says he is Ann is not let in by her name"


def test_a_sender_who_is_not_authenticated_cannot_be_allowed_and_his_mail_stays_where_it_is(make_desk: DeskMaker):
    desk = make_desk(extra=TRUSTING).start()
    row = desk.receive(an_email(sender="eve@unproved.example", to=desk.at("support"), subject="Offer", headers={"X-Spam-Flag": "YES"}))
    desk.maild("message", "release", str(row["id"]), "--train", status=1)
    assert [again["state"] for again in desk.incoming() if again["id"] == row["id"]] == ["quarantined"]
    assert not (desk.directory / "rules").exists()


def test_a_sender_who_used_to_pass_and_now_fails_is_told_of_and_tagged(make_desk: DeskMaker):
    desk = make_desk(extra=TRUSTING).start()

    def write(subject: str, verdict: str) -> dict[str, object]:
        headers = {"Authentication-Results": f"mx.desk.example; dmarc={verdict} header.from=known.example"}
        return desk.receive(an_email(sender="ann@known.example", to=desk.at("support"), subject=subject, headers=headers))

    genuine, forged = write("Genuine", "pass"), write("Forged", "fail")
    assert [row["auth"] for row in (genuine, forged)] == ["pass", "fail"]
    assert desk.ticket(int(str(forged["ticket"])))["tags"] == ["unauthenticated"]
    assert "earlier mail from there passed; this may be forged" in text_of(desk.letter_about("anna", "Forged"))
    assert "forged" not in text_of(desk.letter_about("anna", "Genuine"))
    assert len(desk.letters("ann@known.example")) == 1
    shown = desk.ask("message", "show", str(forged["id"]))
    assert {"code": "auth-fail", "text": "DMARC failed for the From domain: dmarc fail"} in shown["evidence"]
    assert "(DMARC failed for the From domain: dmarc fail)" in desk.maild("ticket", "log", str(forged["ticket"]))
