"""The Subject of every letter about a ticket (MAIL.md O3), the same for acknowledgement, answer and notification: one conversation."""

from maild.ingest.prefixes import strip_prefixes
from maild.outbox.hygiene import one_line
from maild.tokens import Tokens

MAX_LENGTH = 200


def write_reply_subject(original: str, tag: str, position: str, tokens: Tokens) -> str:
    """`Re: [Acme #1042-7QKD] original`: one `Re:`, our own tag once, foreign tags kept, at most 200 characters, the tag always whole."""
    return write_reply_to(_bare(original, tokens), tag, position)


def write_new_subject(original: str, tag: str, position: str, tokens: Tokens) -> str:
    """`[Acme #1042-7QKD] original`: of the letter that begins a conversation. A "Re:" that answers nothing is what spam has."""
    return _join("", _bare(original, tokens), tag, position)


def _bare(original: str, tokens: Tokens) -> str:
    return strip_prefixes(tokens.strip_tags(strip_prefixes(one_line(original)))).strip()


def write_reply_to(bare: str, tag: str, position: str) -> str:
    """The same, of a subject that has neither prefixes nor tags of ours."""
    return _join("Re:", bare, tag, position)


def write_first_subject(wording: str, tag: str, position: str) -> str:
    """A subject of our own words, where the customer's may not be repeated (MAIL.md O7) or there is none."""
    return _join("", one_line(wording), tag, position)


def _join(prefix: str, text: str, tag: str, position: str) -> str:
    kept_tag = "" if position == "off" else tag
    room = MAX_LENGTH - len(prefix) - len(kept_tag) - 2
    text = text if len(text) <= room else text[: room - 1].rstrip() + "…"
    words = (prefix, text, kept_tag) if position == "suffix" else (prefix, kept_tag, text)
    return " ".join(word for word in words if word)
