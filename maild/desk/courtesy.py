"""Is a mail nothing but thanks? MAIL.md F9's courtesy. In doubt it is not, since a courtesy does not reopen a ticket. Pure."""

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

from maild.message import Attachment, InboundMessage

MAX_WORDS = 12
REACTION_TYPE = "text/vnd.google.email-reaction+json"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_UNCERTAIN = re.compile(r"[?？؟;\d]")


def is_courtesy(message: InboundMessage) -> bool:
    """Only words of thanks, at most twelve, without question mark, digit or attachment but a signature's picture; or a mail client's
    reaction. Seen in practice: "Thanks", and a screenshot of the next fault pasted below it."""
    if REACTION_TYPE in message.part_types:
        return True
    if any(map(_says_more, message.attachments)) or _UNCERTAIN.search(message.new_text):
        return False
    written = _WORD.findall(message.new_text[:2000])
    words = frozenset(map(_fold, written))
    thanks, beside = _words()
    return len(written) <= MAX_WORDS and bool(words & thanks) and words <= thanks | beside


def _says_more(attachment: Attachment) -> bool:
    return not (attachment.elided or attachment.is_small_picture)


@cache
def _words() -> tuple[frozenset[str], frozenset[str]]:
    """(words of thanks, words that may stand beside them), of all languages together."""
    data = tomllib.loads(files("maild.desk").joinpath("data/courtesy.toml").read_text(encoding="utf-8"))
    thanks, beside = ([_fold(word) for lists in data.values() for word in lists[kind]] for kind in ("thanks", "beside"))
    return frozenset(thanks), frozenset(beside)


def _fold(word: str) -> str:
    """Case and accents off."""
    decomposed = unicodedata.normalize("NFD", word.casefold().replace("’", "'"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
