"""Spam and forgeries from mailbox to ticket, on a desk that trusts its mail server (MAIL.md S1-S5)."""

from collections.abc import Callable

from maild.daemon import App
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk

DeskMaker = Callable[..., RunningDesk]
TRUSTING = "limits: {automatic: off, storm: off}\ntrust: {authserv_ids: [mx.desk.example]}"


def seen_through(desk: RunningDesk) -> list[dict[str, object]]:
    """All that came in, oldest first, once everything that lies on the server is read and its letters are sent."""
    assert App(desk.directory).run_once()
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
