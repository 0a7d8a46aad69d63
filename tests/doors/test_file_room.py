"""Files of earlier mail for letters that carry them once more (MAIL.md A7): found in the store, read in a worker, sent by the clerk."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from maild.clerk import Clerk
from maild.file_room import fetch
from maild.ingest.arrival import Arrival
from maild.ingest.worker import Reader
from maild.known import StoredFile
from maild.question import Question, Wanted
from maild.store import errands, incoming, letters, outbox, tickets
from maild.store.engine import Store
from maild.store.recall import recall
from tests.rig.mails import an_email_with_files, parsed
from tests.rig.office import an_answer_to
from tests.rig.small_office import an_office

NOW = datetime.now(UTC)
FIRST = [("plan.pdf", "application/pdf", b"%PDF plan"), ("film.mp4", "video/mp4", b"x" * 6_000_000)]
SECOND = [("photo.jpg", "image/jpeg", b"\xff\xd8\xff photo")]


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


@pytest.fixture
def clerk(store: Store, reader: Reader, tmp_path: Path) -> Clerk:
    office = an_office(tmp_path)
    return Clerk(store, reader, lambda: office, "host:1", lambda: None)


def receive(store: Store, clerk: Clerk, *raws: bytes) -> None:
    with store.writing() as tx:
        incoming.store_arrivals(tx, [Arrival("support", raw, NOW) for raw in raws], NOW)
    while clerk.work():
        pass


def ask(store: Store, clerk: Clerk) -> None:
    """Ann writes twice, each time with files."""
    receive(store, clerk, an_email_with_files(FIRST, subject="Leak", message_id="one@globex.example"))
    headers = {"In-Reply-To": "<one@globex.example>"}
    receive(store, clerk, an_email_with_files(SECOND, subject="Re: Leak", headers=headers))


def files(store: Store) -> tuple[StoredFile, ...]:
    with store.reading() as tx:
        return errands.files_of(tx, 1)


def test_a_tickets_files_are_found_the_newest_first(store: Store, clerk: Clerk):
    ask(store, clerk)
    photo, film, plan = files(store)
    assert [item.file.name for item in (photo, film, plan)] == ["photo.jpg", "film.mp4", "plan.pdf"]
    assert (plan.incoming, plan.message) == (film.incoming, film.message)
    assert photo.incoming > plan.incoming
    with store.reading() as tx:
        assert [row.id for row in tickets.list_messages(tx, 1)] == [plan.message, photo.message]


def test_they_are_known_to_the_walk_where_they_are_asked_for_and_only_there(store: Store, clerk: Clerk):
    ask(store, clerk)
    with store.reading() as tx:
        for wanted, known in (
            (Wanted(), []),
            (Wanted(files=frozenset({1})), [1]),
            (Wanted(files_here=True), [1]),
            (Wanted(tickets=frozenset({1})), [1]),
        ):
            question = Question("x@acme.example", tickets=frozenset({1}), wanted=wanted)
            assert list(recall(tx, question, NOW).files) == known


def test_their_bytes_are_those_that_came(store: Store, clerk: Clerk, reader: Reader):
    ask(store, clerk)
    found = fetch(store, reader, files(store))
    assert {item.file.name: content for item, content in found.items()} == {name: content for name, _, content in FIRST + SECOND}


def test_what_is_not_to_be_had_any_more_stops_nothing(store: Store, clerk: Clerk, reader: Reader):
    ask(store, clerk)
    photo, _, plan = files(store)
    gone = replace(plan, incoming=99)
    other = replace(photo, file=replace(photo.file, sha256="0" * 64))
    assert fetch(store, reader, (gone, other, plan)) == {gone: None, other: None, plan: b"%PDF plan"}


def letters_to_anna(store: Store) -> list[bytes]:
    with store.reading() as tx:
        rows = [row for row in outbox.list_outbox(tx) if row.recipient == "anna@acme.example"]
        return [letters.raw(tx, row.id) for row in reversed(rows)]


def test_the_clerk_sends_them_however_many_letters_are_to_carry_some(store: Store, clerk: Clerk):
    """Two letters of one mail, another mail behind it in the same batch."""
    ask(store, clerk)
    notice = parsed(letters_to_anna(store)[0])
    told = len(letters_to_anna(store))
    answer = an_answer_to(notice, "anna@acme.example", "#files plan.pdf\n#files\nIt is on its way.\n")
    later = an_answer_to(notice, "anna@acme.example", "#close\n", date=NOW + timedelta(minutes=1))
    receive(store, clerk, answer, later)
    one, every = map(parsed, letters_to_anna(store)[told:])
    assert [(part.get_filename(), part.get_content()) for part in one.iter_attachments()] == [("plan.pdf", b"%PDF plan")]
    assert [part.get_filename() for part in every.iter_attachments()] == ["plan.pdf", "film.mp4", "photo.jpg"]
    with store.reading() as tx:
        sent = [letters.raw(tx, row.id).decode() for row in outbox.list_outbox(tx) if row.recipient == "ann@globex.example"]
    assert sum("It is on its way." in letter for letter in sent) == 1
