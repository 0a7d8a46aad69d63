"""Enclosed messages: what the mails attached to a mail mention, for the final scan of what goes to customers (MAIL.md A8). Pure.

Who must not be shown is not known here, so that every word is kept that may name somebody or be one of our tokens. The bytes of a message
are looked through as they stand, too, so that nothing is passed over which is beyond the limits of opening it (P2).
"""

import html
import re
from collections.abc import Iterator

from maild.ingest.filenames import declared_name
from maild.ingest.headers import read_headers
from maild.ingest.mime import Part
from maild.ingest.tree import build_tree, guard_header, open_with_stdlib
from maild.ingest.words import decode_header
from maild.tokens import MAC_PATTERN

MOST_MENTIONED = 5_000
MOST_LEVELS = 5
"""So many files named *.eml are opened within each other; what mail programs declare as messages the tree has opened already."""

_RUN = re.compile(r"[^\s<>,;()\[\]\"|/?&=]{1,500}")
_MENTION = re.compile(rf"@|%40|maild-ref|n\.\d{{1,12}}\.\d{{1,12}}\.{MAC_PATTERN}", re.IGNORECASE)
_MARKUP = re.compile(r"<[^<>]{0,2000}>")


def find_mentioned(part: Part) -> tuple[str, ...] | None:
    """The words of an attached message, and of those in it, that hold an address or a token, each once; nothing of any other attachment.

    None: it holds more of them than are looked through.
    """
    if not _is_message(part):
        return ()
    found: dict[str, None] = {}
    for text in _texts_of(part, 0):
        if _MENTION.search(text):
            found.update((run, None) for run in _RUN.findall(text) if _MENTION.search(run))
        if len(found) > MOST_MENTIONED:
            return None
    return tuple(found)


def _is_message(part: Part) -> bool:
    return part.main_type == "message" or declared_name(part).casefold().endswith(".eml")


def _texts_of(message: Part, level: int) -> Iterator[str]:
    """Everything that can be read in a message, its header fields included."""
    for part in message.walk():
        yield from (decode_header(field.value) for field in part.headers)
        if _is_message(part):
            yield part.payload.decode("latin-1")
            if not part.children and level < MOST_LEVELS:
                yield from _texts_of(_open(part), level + 1)
        elif part.main_type == "text":
            yield from _readings(part)


def _open(part: Part) -> Part:
    """The tree of a message that a mail program has attached like any file."""
    block = read_headers(part.payload)
    opened, remainder = open_with_stdlib(guard_header(block.fields) + part.payload[block.body_start :])
    root, _ = build_tree(opened, block.fields, remainder)
    return root


def _readings(part: Part) -> Iterator[str]:
    """The text as it stands; HTML also as its reader sees it."""
    yield (text := part.text)
    if part.content_type == "text/html":
        yield html.unescape(text)
        yield html.unescape(_MARKUP.sub("", text))
