"""Files of letters are kept once, and every letter stays as it was to the last byte (MAIL.md P13, O6)."""

import zlib
from collections.abc import Callable
from datetime import datetime
from random import Random

import pytest
from sqlalchemy import func, select

from maild.effects import Letter, Post
from maild.outbox.delivery import Composed, DeliveryState, Envelope
from maild.store import deliveries, letters, outbox
from maild.store.apply import apply
from maild.store.engine import Store
from maild.store.letter_files import LEAST_BYTES
from maild.store.retention import forget_tickets
from maild.store.tables import mail_out
from maild.ticket import Status, TicketView
from maild.tokens import LetterKind
from tests.rig import letters as written
from tests.rig.desk import MINUTE, NOTIFICATION, NOW, a_decision, a_message, a_ticket, composed
from tests.rig.mails import parsed

MIB = 1024 * 1024
PHOTO, PLAN = (Random(seed).randbytes(3 * LEAST_BYTES) for seed in (1, 2))
HEAD = b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n"


def a_letter_with(*contents: bytes) -> bytes:
    """As it goes out."""
    files = dict(enumerate(contents, 1))
    attachments = tuple(written.an_attachment(f"{part}.bin", part=part) for part in files)
    letter = written.a_letter(LetterKind.NOTIFICATION, body="See the files. " * 100, attachments=attachments)
    return written.composed(letter, files=files).raw


def settled(store: Store, *raws: bytes, when: datetime = NOW) -> int:
    """A ticket whose letters have these bytes, which nobody waits for any more; its number."""
    with store.writing() as tx:
        decision = a_decision(a_message(), *(Post(NOTIFICATION) for _ in raws), after=a_ticket(status=Status.CLOSED))
        ticket = apply(tx, decision, now=when, compose=composing(*raws), incoming=None, first_number=1).ticket
        for row in outbox.list_outbox(tx, state=DeliveryState.QUEUED):
            outbox.cancel(tx, row.id, NOW)
        while letters.pack(tx, 10, MIB):
            pass
    assert ticket is not None
    return ticket.number


def composing(*raws: bytes) -> Callable[[Letter, TicketView | None, int], Composed]:
    following = iter(raws)

    def compose(letter: Letter, ticket: TicketView | None, number: int) -> Composed:
        simple = composed(letter, ticket, number)
        return Composed(simple.message_id, simple.subject, next(following), tuple(Envelope(person, "", "") for person in letter.addressees))

    return compose


def bytes_of(store: Store, ticket: int) -> list[bytes]:
    with store.reading() as tx:
        return [letters.raw(tx, row.id) for row in reversed(outbox.list_outbox(tx, ticket=ticket))]


def kept(store: Store) -> tuple[int, int]:
    """How many files are kept, and by how many places in letters."""
    with store.reading() as tx:
        counted = (tx.execute(select(func.count()).select_from(table)).scalar_one() for table in (mail_out.files, mail_out.letter_files))
        return next(counted), next(counted)


def test_a_file_that_several_letters_carry_is_kept_once(store: Store):
    raws = [a_letter_with(PHOTO), a_letter_with(PLAN, PHOTO), a_letter_with(PHOTO, PLAN, PHOTO), a_letter_with(b"small"), a_letter_with()]
    number = settled(store, *raws)
    assert kept(store) == (2, 6)
    assert bytes_of(store, number) == raws
    with store.reading() as tx:
        stored = tx.execute(select(func.sum(func.length(mail_out.letters.c.content)))).scalar_one()
        assert stored < LEAST_BYTES, "nothing of them is left in the letters"
        assert letters.content(tx, 2) == raws[1]
        texts = [written.text_of(parsed(raw)) for raw in raws]
        assert [letters.text_of(tx, letter) for letter in range(1, 7)] == [*texts, ""]


def test_a_letter_whose_files_lie_apart_is_sent_again_with_the_same_bytes(store: Store):
    """O6."""
    raw = a_letter_with(PLAN, PHOTO)
    settled(store, raw)
    with store.writing() as tx:
        (row,) = outbox.list_outbox(tx)
        outbox.retry(tx, row.id, NOW)
        delivery = deliveries.claim(tx, NOW + MINUTE, "host:1", 60)
    assert delivery
    assert delivery.raw == raw


def test_a_file_goes_with_the_last_letter_that_carries_it(store: Store):
    settled(store, a_letter_with(PHOTO), a_letter_with(PLAN), when=NOW - MINUTE)
    last = settled(store, a_letter_with(PHOTO))
    assert kept(store) == (2, 3)
    with store.writing() as tx:
        assert forget_tickets(tx, Status.CLOSED, NOW + MINUTE, 1) == 1
    assert (kept(store), bytes_of(store, last)) == ((1, 1), [a_letter_with(PHOTO)])
    with store.writing() as tx:
        assert forget_tickets(tx, Status.CLOSED, NOW + MINUTE, 1) == 1
    assert kept(store) == (0, 0)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        HEAD,
        HEAD + b"\r\n",
        HEAD + b"\r\n" + b"x" * LEAST_BYTES,
        HEAD + b"\r\n" + b"x" * LEAST_BYTES + b"\r\n--y\r\n" + HEAD + b"\r\n" + b"x" * LEAST_BYTES,
        HEAD + b"x" * LEAST_BYTES + HEAD * 3,
        (HEAD + b"\r\n--\r\n") * 2000,
    ],
)
def test_whatever_looks_like_a_file_comes_back_as_it_was(store: Store, raw: bytes):
    assert bytes_of(store, settled(store, raw)) == [raw]


def test_a_letter_that_was_packed_with_its_files_in_it_is_read_as_before(store: Store):
    """By a maild of an earlier schema."""
    number = settled(store, b"small")
    whole = a_letter_with(PHOTO)
    with store.writing() as tx:
        tx.execute(mail_out.letters.update().values(content=zlib.compress(whole)))
    assert bytes_of(store, number) == [whole]
