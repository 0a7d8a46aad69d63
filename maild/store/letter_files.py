"""The files of letters that nobody waits for: kept once, by hash, however many letters have carried them (MAIL.md P13).

A notification goes to each agent as a letter of his own, and each carries the customer's files. Here they are taken out of the letters as
they stand there, encoded, and put back where they stood, so that a letter stays the same to the last byte.
"""

import hashlib
import zlib
from collections.abc import Collection, Iterator

from sqlalchemy import bindparam, delete, exists, select

from maild.store.engine import Transaction
from maild.store.tables.mail_out import files, letter_files, letters

COMPRESSION = 6
LEAST_BYTES = 16 * 1024
"""What is smaller costs more in rows than it saves."""

_ENCODED = b"\r\nContent-Transfer-Encoding: base64\r\n"
_HEAD_ENDS = b"\r\n\r\n"
_DELIMITER = b"\r\n--"

_KNOWN = select(files.c.sha256).where(files.c.sha256.in_(bindparam("hashes", expanding=True)))
_OF_LETTER = (
    select(letter_files.c.position, files.c.content)
    .join(files, files.c.sha256 == letter_files.c.file)
    .where(letter_files.c.letter == bindparam("number"))
    .order_by(letter_files.c.position)
)
_OF_TICKETS = (
    select(letter_files.c.file)
    .join(letters, letters.c.number == letter_files.c.letter)
    .where(letters.c.ticket.in_(bindparam("numbers", expanding=True)))
    .distinct()
)
_DELETE = delete(files).where(
    files.c.sha256.in_(bindparam("hashes", expanding=True)), ~exists().where(letter_files.c.file == files.c.sha256)
)


def take_out(tx: Transaction, letter: int, content: bytes) -> bytes:
    """Keep the files of a letter; answers the rest of its bytes. The caller has stood in line (`counters.await_turn`)."""
    rest, position, taken = [], 0, []
    for start, end in _find_files(content):
        rest.append(content[position:start])
        taken.append((sum(map(len, rest)), content[start:end]))
        position = end
    if taken:
        _store(tx, letter, taken)
    return b"".join([*rest, content[position:]])


def put_back(tx: Transaction, letter: int, rest: bytes) -> bytes:
    """The letter's bytes as they were."""
    pieces, position = [], 0
    for row in tx.execute(_OF_LETTER, {"number": letter}):
        pieces += [rest[position : row.position], zlib.decompress(row.content)]
        position = row.position
    return b"".join([*pieces, rest[position:]])


def find_files_of(tx: Transaction, tickets: Collection[int]) -> frozenset[str]:
    """The hashes of what letters about these tickets carry."""
    return frozenset(tx.execute(_OF_TICKETS, {"numbers": list(tickets)}).scalars())


def delete_unused(tx: Transaction, hashes: Collection[str]) -> None:
    """Those of these files that no letter carries any more."""
    if hashes:
        tx.execute(_DELETE, {"hashes": list(hashes)})


def _find_files(content: bytes) -> Iterator[tuple[int, int]]:
    """Where large encoded parts begin and end. Whatever else looks like one is put back as exactly."""
    position = content.find(_ENCODED)
    while position >= 0:
        head_end = content.find(_HEAD_ENDS, position)
        start = head_end + len(_HEAD_ENDS)
        delimiter = content.find(_DELIMITER, start)
        end = len(content) if delimiter < 0 else delimiter
        if head_end >= 0 and end - start >= LEAST_BYTES:
            yield start, end
        position = content.find(_ENCODED, end if head_end >= 0 else len(content))


def _store(tx: Transaction, letter: int, taken: list[tuple[int, bytes]]) -> None:
    named = [(position, hashlib.sha256(octets).hexdigest(), octets) for position, octets in taken]
    fresh = {sha256: octets for _, sha256, octets in named}
    for known in tx.execute(_KNOWN, {"hashes": list(fresh)}).scalars().all():
        del fresh[known]
    if fresh:
        rows = [{"sha256": sha256, "content": zlib.compress(octets, COMPRESSION)} for sha256, octets in fresh.items()]
        tx.execute(files.insert(), rows)
    tx.execute(letter_files.insert(), [{"letter": letter, "position": position, "file": sha256} for position, sha256, _ in named])
