"""What was put off until one moment comes back as one mail, from which each ticket can be had (PRODUCT 18, A7)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from maild.store.tables.mail_out import folds
from tests.rig.office import RunningDesk, an_answer_to, text_of

DeskMaker = Callable[..., RunningDesk]


def let_folds_ripen(desk: RunningDesk) -> None:
    """Nothing more has come for a while."""
    with desk.store() as store, store.writing() as tx:
        tx.execute(update(folds).values(since=datetime.now(UTC) - timedelta(minutes=3)))


def test_half_a_day_put_off_until_monday_is_one_mail_and_each_ticket_is_a_word_away(make_desk: DeskMaker, storage: str):
    desk = make_desk(storage=storage, extra="limits: {automatic: off, storm: off}\ntrust: {agent_auth: token}")
    for number in range(1, 7):
        desk.deliver(sender=f"ann{number}@globex.example", subject=f"Spare part {number}")
    desk.run_once()
    for number in range(1, 7):
        desk.ask("ticket", "snooze", str(number), "tomorrow")
    desk.let_snoozes_end()
    desk.run_once()
    assert (desk.tickets("snoozed"), len(desk.letters("anna"))) == ([], 6)
    let_folds_ripen(desk)
    desk.run_once()
    desk.start()
    digest = desk.letter("anna", 7)
    assert "3  Spare part 3 (back in the queue)\n4  Spare part 4 (back in the queue)\n" in text_of(digest)
    desk.receive(an_answer_to(digest, desk.at("anna"), "#show 3\n"))
    shown = desk.letter("anna", 8)
    assert text_of(shown).startswith("Reply = to ann3@globex.example\n")
    desk.receive(an_answer_to(shown, desk.at("anna"), "It is on its way.\n"))
    assert "It is on its way." in text_of(desk.letter("ann3@globex.example", 2))
