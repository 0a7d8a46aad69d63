"""The clerk and the spam filter: whose mail it is shown, when, and that its time is nobody else's."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from maild.clerk import Clerk
from maild.effects import IncomingState
from maild.ingest.arrival import Arrival, Part
from maild.ingest.inquiry import Inquiry
from maild.ingest.worker import Reader
from maild.notice_board import NoticeBoard
from maild.reports.status import find_status
from maild.store import incoming, received_mail
from maild.store.engine import Store
from tests.rig.desk import NOW
from tests.rig.fake_rspamd import FakeRspamd, Stall, verdict
from tests.rig.mails import an_email
from tests.rig.small_office import DESK, an_office


@pytest.fixture(scope="module")
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


class Desk:
    """A desk that asks this filter."""

    def __init__(self, store: Store, reader: Reader, directory: Path, fake: FakeRspamd) -> None:
        self.store = store
        self.office = an_office(directory, f"{DESK}\nspam: {{rspamd: {{url: '{fake.url}', timeout: 1s}}}}\n")
        inquiry = Inquiry(NoticeBoard(store).note_filter)
        self.clerk = Clerk(store, reader, lambda: self.office, "host:1", lambda: None, inquiry)

    def receive(self, *arrivals: Arrival) -> list[IncomingState]:
        with self.store.writing() as tx:
            messages = incoming.store_arrivals(tx, list(arrivals), NOW)
        while self.clerk.work():
            pass
        with self.store.reading() as tx:
            return [received_mail.show(tx, message).state for message in messages]

    def troubles(self) -> list[str]:
        with self.store.reading() as tx:
            return [trouble.text for trouble in find_status(tx, self.office.desk.settings, NOW + timedelta(minutes=1)).troubles]


def strangers(number: int) -> list[Arrival]:
    return [Arrival("support", an_email(sender=f"ann{each}@globex.example", subject=f"Mail {each}"), NOW) for each in range(number)]


def test_what_the_filter_calls_spam_is_kept_out_and_each_mail_has_its_own_answer(store: Store, reader: Reader, tmp_path: Path):
    with FakeRspamd() as fake:
        desk = Desk(store, reader, tmp_path, fake)
        assert desk.receive(*strangers(3)) == [IncomingState.DONE] * 3
        fake.add(verdict(16, "reject", BAD=16))
        assert desk.receive(Arrival("support", an_email(sender="eve@prizes.example"), NOW)) == [IncomingState.QUARANTINED]
        assert (len(fake.requests), desk.troubles()) == (4, [])


def test_mails_of_a_batch_do_not_wait_for_each_other(store: Store, reader: Reader, tmp_path: Path):
    with FakeRspamd([Stall(0.4, verdict())] * 16) as fake:
        desk = Desk(store, reader, tmp_path, fake)
        assert set(desk.receive(*strangers(16))) == {IncomingState.DONE}
    assert fake.most_at_once > 2


def test_a_filter_that_hangs_costs_its_time_once_and_is_told_of(store: Store, reader: Reader, tmp_path: Path):
    with FakeRspamd([Stall(30)] * 100) as fake:
        desk = Desk(store, reader, tmp_path, fake)
        began = time.monotonic()
        assert set(desk.receive(*strangers(40))) == {IncomingState.DONE}
        assert time.monotonic() - began < 20, "forty seconds, if it were asked about each"
        asked = len(fake.requests)
        assert asked <= 10
        assert set(desk.receive(*strangers(60)[40:])) == {IncomingState.DONE}
        assert len(fake.requests) == asked, "it is left alone"
        assert desk.troubles() == [f"rspamd at 127.0.0.1:{fake.port}: no answer within 1 s; mail is read without it"]


def test_mail_in_the_junk_folder_and_mail_the_desk_has_sent_itself_are_not_shown_to_it(store: Store, reader: Reader, tmp_path: Path):
    with FakeRspamd() as fake:
        desk = Desk(store, reader, tmp_path, fake)
        arrivals = [Arrival("support", an_email(), NOW, part=part) for part in (Part.JUNK, Part.SENT)]
        desk.receive(*arrivals, Arrival("support", an_email(), NOW, withheld="the server does not hand it over"))
        assert fake.requests == []
