"""A ticket's files as agents ask for them (MAIL.md A7, O7): which there are, and which go into one mail. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from maild.known import StoredFile
from maild.outbox.hygiene import one_line
from maild.sizes import describe_size

SEALS = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature", "application/pgp-keys"})
MOST_NAMED = 100


@dataclass(frozen=True, slots=True)
class Parcel:
    """The files of one mail, oldest first, and what does not fit, with the words by which it is to be had."""

    files: tuple[StoredFile, ...]
    left_out: tuple[str, ...] = ()


def has_file(stored: Iterable[StoredFile], name: str) -> bool:
    return any(_is_called(item, name) for item in stored)


def pack(stored: Sequence[StoredFile], name: str, ticket: int, attach_max: int) -> Parcel | None:
    """As many as one mail carries, the newest first; None where there are none. `name`: only those called so, "": all. `attach_max` in
    bytes."""
    wanted = [item for item in _worth_sending(stored) if not name or _is_called(item, name)]
    chosen, left, room = [], [], attach_max
    for item in wanted:
        if item.file.size <= room:
            chosen.append(item)
            room -= item.file.size
        else:
            left.append(item)
    if not wanted:
        return None
    return Parcel(tuple(reversed(chosen)), tuple(_how_to_get(item, ticket, attach_max) for item in left[:MOST_NAMED]))


def describe_files(stored: Iterable[StoredFile]) -> tuple[str, ...]:
    """Each with its size, oldest first."""
    described = [describe_file(item.file.name, item.file.size) for item in _worth_sending(stored)]
    return tuple(reversed(described[:MOST_NAMED]))


def describe_file(name: str, size: int) -> str:
    """`plan.pdf (12 KiB)`"""
    return f"{one_line(name)} ({describe_size(size)})"


def _worth_sending(stored: Iterable[StoredFile]) -> Iterator[StoredFile]:
    """Each once, as the newest mail has it. Pictures of signatures and seals are none that anybody looks for.

    Seen in practice: Outlook, which attaches the pictures of what it quotes to every answer.
    """
    seen: set[str] = set()
    for item in stored:
        is_dress = item.file.is_small_picture or item.file.content_type in SEALS
        if not is_dress and item.file.sha256 not in seen:
            seen.add(item.file.sha256)
            yield item


def _is_called(item: StoredFile, name: str) -> bool:
    return one_line(item.file.name).casefold() == one_line(name).casefold()


def _how_to_get(item: StoredFile, ticket: int, attach_max: int) -> str:
    """What fits alone may be asked for alone; the rest only an admin has, within the mail that brought it."""
    is_mailable = item.file.size <= attach_max
    way = f"#files {one_line(item.file.name)}" if is_mailable else f"maild ticket raw {ticket} {item.message}"
    return f"{describe_file(item.file.name, item.file.size)}: {way}"
