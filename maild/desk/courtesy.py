"""Is a mail nothing but thanks? MAIL.md F9's courtesy. In doubt it is not, since a courtesy does not reopen a ticket. Pure."""

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

from maild.message import Attachment, InboundMessage

MAX_WORDS = 12
LONGEST_NAME = 8
"""In words."""
REACTION_TYPE = "text/vnd.google.email-reaction+json"
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_UNCERTAIN = re.compile(r"[?？؟;\d]")


def is_courtesy(message: InboundMessage) -> bool:
    """Only words of thanks, at most twelve, without question mark, digit or attachment but a signature's picture; or a mail client's
    reaction. Seen in practice: "Thanks", and a screenshot of the next fault pasted below it."""
    if REACTION_TYPE in message.part_types or _is_reaction(message):
        return True
    if any(map(_says_more, message.attachments)) or _UNCERTAIN.search(message.new_text):
        return False
    written = _WORD.findall(message.new_text[:2000])
    words = frozenset(map(_fold, written))
    thanks, beside = _words()
    return len(written) <= MAX_WORDS and bool(words & thanks) and words <= thanks | beside


def says_thanks(text: str) -> bool:
    """Whether there is a word of thanks in it."""
    return not _words()[0].isdisjoint(map(_fold, _WORD.findall(text)))


def _is_reaction(message: InboundMessage) -> bool:
    """Seen in practice: Outlook's "[👍] Ann Smith reacted to your message:", and nothing else. Where From has a name, it is that name: a
    person may write so of somebody else."""
    lines = [line for line in message.new_text[:2000].split("\n") if _WORD.search(_without_picture(line))]
    if len(lines) != 1 or not all(attachment.elided or attachment.inline for attachment in message.attachments):
        return False
    line = _fold(" ".join(_without_picture(lines[0]).split())).rstrip(" :.")
    phrase = next((phrase for phrase in _reactions() if line.endswith(phrase)), "")
    name = _WORD.findall(line.removesuffix(phrase))
    own = _WORD.findall(_fold(message.author.name if message.author else ""))
    return bool(phrase) and 0 < len(name) <= LONGEST_NAME and (not own or not set(own).isdisjoint(name))


def _without_picture(line: str) -> str:
    """Without what stands for the face."""
    return re.sub(r"^\s*\[[^\[\]]{0,100}\]", "", line)


def _says_more(attachment: Attachment) -> bool:
    return not (attachment.elided or attachment.is_small_picture)


@cache
def _words() -> tuple[frozenset[str], frozenset[str]]:
    """(words of thanks, words that may stand beside them), of all languages together."""
    return frozenset(_read("thanks")), frozenset(_read("beside"))


@cache
def _reactions() -> tuple[str, ...]:
    return tuple(f" {phrase}" for phrase in _read("reactions"))


@cache
def _read(kind: str) -> tuple[str, ...]:
    """One kind of words of all languages, folded."""
    data = tomllib.loads(files("maild.desk").joinpath("data/courtesy.toml").read_text(encoding="utf-8"))
    return tuple(_fold(word) for lists in data.values() for word in lists[kind])


def _fold(word: str) -> str:
    """Case and accents off."""
    decomposed = unicodedata.normalize("NFD", word.casefold().replace("’", "'"))
    return "".join(character for character in decomposed if not unicodedata.combining(character))
