"""Letters as they are sent: their bytes, which lie compressed once nobody waits for them any more."""

import zlib

from sqlalchemy import bindparam, func, select, update

from maild.errors import NotFoundError
from maild.outbox.mime_parts import read_text
from maild.store import letter_files
from maild.store.counters import await_turn
from maild.store.engine import Transaction
from maild.store.tables.mail_out import UNDELIVERED, UNPACKED, deliveries, letters
from maild.store.views import within

COMPRESSION = 6
TEXT_BYTES = 2**20
"""No letter's text is longer."""
_BEGINNING = select(func.substr(letters.c.content, 1, TEXT_BYTES).label("beginning"), letters.c.packed).where(
    letters.c.number == bindparam("number")
)
_IS_WAITED_FOR = select(deliveries.c.id).where(deliveries.c.letter == letters.c.number, UNDELIVERED).exists()
_SETTLED_LETTERS = (
    select(letters.c.number, func.length(letters.c.content).label("size"))
    .where(UNPACKED, ~_IS_WAITED_FOR)
    .order_by(letters.c.number)
    .limit(bindparam("most"))
)
_CONTENTS = select(letters.c.number, letters.c.content).where(letters.c.number.in_(bindparam("numbers", expanding=True)))
_PACK = update(letters).where(letters.c.number == bindparam("letter")).values(content=bindparam("content"), packed=True)


def find_author(tx: Transaction, letter: int) -> str | None:
    """The agent who answers in a letter; None in any other."""
    return tx.execute(select(letters.c.author).where(letters.c.number == letter)).scalar()


def raw(tx: Transaction, delivery: int) -> bytes:
    """The bytes every attempt sends. Raises NotFoundError as `show` does."""
    query = select(letters.c.number, letters.c.content, letters.c.packed).join(deliveries, deliveries.c.letter == letters.c.number)
    row = tx.execute(query.where(deliveries.c.id == delivery)).first()
    if row is None:
        raise NotFoundError(f"there is no outbox row {delivery}")
    return unpacked(tx, row.number, row.content, row.packed)


def text_of(tx: Transaction, letter: int) -> str:
    """The plain text of a letter, "" for one that is gone or has no bytes, as in a scratch copy. It stands before all files, which are left
    where they are."""
    row = tx.execute(_BEGINNING, {"number": letter}).first()
    if row is None or not row.beginning:
        return ""
    return read_text(zlib.decompressobj().decompress(row.beginning) if row.packed else row.beginning)


def content(tx: Transaction, letter: int) -> bytes:
    """The bytes of a letter, by its number."""
    row = tx.execute(select(letters.c.content, letters.c.packed).where(letters.c.number == letter)).one()
    return unpacked(tx, letter, row.content, row.packed)


def pack(tx: Transaction, limit: int, most_bytes: int) -> int:
    """Compress letters that nobody waits for any more, their files aside; answers how many. While they wait they lie as they are sent.

    Up to `limit`, and as many as fit into `most_bytes` of memory, but at least one.
    """
    await_turn(tx)
    settled = tx.execute(_SETTLED_LETTERS, {"most": limit}).all()
    numbers = [row.number for row in settled[: within([row.size for row in settled], most_bytes)]]
    if numbers:
        contents = tx.execute(_CONTENTS, {"numbers": numbers}).all()
        rests = ((number, letter_files.take_out(tx, number, content)) for number, content in contents)
        tx.execute(_PACK, [{"letter": number, "content": zlib.compress(rest, COMPRESSION)} for number, rest in rests])
    return len(numbers)


def unpacked(tx: Transaction, letter: int, content: bytes, packed: bool) -> bytes:
    """The bytes that are sent, of the `content` of a letter's row."""
    return letter_files.put_back(tx, letter, zlib.decompress(content)) if packed else content
