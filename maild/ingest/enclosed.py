"""Enclosed messages: what the mails attached to a mail mention, for the final scan of what goes to customers (MAIL.md A8). Pure.

So do invitations, which name who invites, and a notification that was saved as a file.

Who must not be shown is not known here, so that every word is kept that may name somebody or be one of our tokens. The bytes of a message
are looked through as they stand, too, so that nothing is passed over which is beyond the limits of opening it (P2). Those of a message
within it stand there already unless they are encoded, so that each is opened once and looked through once.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from maild.ingest.filenames import declared_name
from maild.ingest.headers import read_headers
from maild.ingest.mime import Part
from maild.ingest.tree import MAX_DEPTH, MAX_PARTS, MESSAGES, build_tree, guard_header, open_with_stdlib
from maild.ingest.words import decode_header
from maild.tokens import MAC_PATTERN

MOST_MENTIONED = 5_000
MOST_LEVELS = 5
"""So many files named *.eml are opened within each other; what mail programs declare as messages the tree has opened already."""
MOST_TEXT = 2 * 1024 * 1024
"""So many bytes of the text files of one mail are looked through: a notification has a tenth of that."""
_MAILS = (".eml", ".mht", ".mhtml")
_CALENDARS = (".ics",)
_PAGES = (".htm", ".html", ".txt")

_RUN = re.compile(r"[^\s<>,;()\[\]\"|/?&=]{1,500}")
# What it may begin with stands first: a text without is soon looked through.
_MENTION = re.compile(rf"[@%mMnNwW](?:(?<=@)|(?<=%)40|(?i:(?<=m)aild-ref|(?<=[nw])\.\d{{1,12}}\.\d{{1,12}}\.{MAC_PATTERN}))")
_MARKUP = re.compile(r"<[^<>]{0,2000}>")
_TOKEN = re.compile(rf"maild-ref|{MAC_PATTERN}", re.IGNORECASE)
# RFC 5545 section 3.1: its lines are broken anywhere, within an address, too.
_FOLD = re.compile(r"\n[ \t]")
_UNENCODED = frozenset({"", "7bit", "8bit", "binary"})


@dataclass(slots=True)
class Allowance:
    """How many parts may still be opened to look through what is attached to one mail (P2); none: something has been left closed. `text`:
    how many bytes of text files may still be looked through."""

    parts: int = MAX_PARTS
    text: int = MOST_TEXT


def find_mentioned(part: Part, allowance: Allowance) -> tuple[str, ...] | None:
    """The words of an attached message, of those in it, and of an invitation, that hold an address or a token, each once; of other text
    those with a token, since lists and logs are full of addresses; nothing of any other attachment.

    None: it holds more of them than are looked through.
    """
    is_message = _is_message(part)
    texts = _texts_of(part, _Place(), allowance) if is_message else _text_of(part, allowance)
    found: dict[str, None] = {}
    for text in texts:
        found.update(dict.fromkeys(_mentions(text)))
        if len(found) > MOST_MENTIONED and is_message:
            return None
    if not is_message and not _is_calendar(part):
        return tuple(filter(_TOKEN.search, found))
    return tuple(found) if allowance.parts > 0 else None


def _is_message(part: Part) -> bool:
    return part.main_type == "message" or _is_named(part, _MAILS)


def _is_calendar(part: Part) -> bool:
    return part.content_type == "text/calendar" or _is_named(part, _CALENDARS)


def _is_named(part: Part, endings: tuple[str, ...]) -> bool:
    return declared_name(part).casefold().endswith(endings)


def _text_of(part: Part, allowance: Allowance) -> Iterator[str]:
    """What can be read in a file that is text by its type or its name, as far as the allowance goes."""
    if len(part.payload) > allowance.text or not (part.main_type == "text" or _is_named(part, (*_CALENDARS, *_PAGES))):
        return
    allowance.text -= len(part.payload)
    text = part.text
    yield _FOLD.sub("", text) if _is_calendar(part) else text


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a part stands: how deep, and in how many files *.eml. `is_read`: what is around it has been looked through as it stands."""

    depth: int = 1
    level: int = 0
    is_read: bool = False


def _texts_of(part: Part, place: _Place, allowance: Allowance) -> Iterator[str]:
    """Everything that can be read in a part, its header fields included."""
    yield from (decode_header(field.value) for field in part.headers)
    is_read = place.is_read and _is_verbatim(part)
    if _is_message(part):
        if not is_read:
            yield part.payload.decode("latin-1")
        inner, is_read, level = _children(part, place, allowance), True, place.level + (not part.children)
    else:
        inner, level = part.children, place.level
        if part.main_type == "text":
            yield from _readings(part)
    for child in inner:
        yield from _texts_of(child, _Place(place.depth + 1, level, is_read), allowance)


def _is_verbatim(part: Part) -> bool:
    """Do the bytes in it stand like that in the message around it?"""
    encoding = (part.field("Content-Transfer-Encoding") or "").strip().lower()
    return encoding in _UNENCODED and (not part.children or part.main_type in ("multipart", "message"))


def _children(message: Part, place: _Place, allowance: Allowance) -> tuple[Part, ...]:
    """What stands in a message: what the tree has opened, else what may be opened of one that a mail program has attached like any file."""
    if message.children or message.content_type in MESSAGES or place.level >= MOST_LEVELS or place.depth + 1 >= MAX_DEPTH:
        return message.children
    if allowance.parts <= 0:
        return ()
    block = read_headers(message.payload)
    opened, remainder = open_with_stdlib(guard_header(block.fields) + message.payload[block.body_start :])
    root, _ = build_tree(opened, block.fields, remainder, depth=place.depth + 1, parts=MAX_PARTS - allowance.parts)
    allowance.parts -= sum(1 for _ in root.walk())
    return (root,)


def _mentions(text: str) -> Iterator[str]:
    """Only lines with a mention are taken apart into words: a large mail is full of lines without."""
    position = 0
    while mention := _MENTION.search(text, position):
        start = text.rfind("\n", position, mention.start()) + 1 or position
        end = text.find("\n", mention.end())
        position = end if end >= 0 else len(text)
        yield from (run for run in _RUN.findall(text, start, position) if _MENTION.search(run))


def _readings(part: Part) -> Iterator[str]:
    """The text as it stands; HTML also as its reader sees it."""
    yield (text := part.text)
    if part.content_type == "text/html":
        yield html.unescape(text)
        yield html.unescape(_MARKUP.sub("", text))
