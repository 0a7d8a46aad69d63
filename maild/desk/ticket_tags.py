"""What a ticket can be tagged with: the same for commands, rules, queries and files. Pure."""

import re

from maild.desk.command import HASHES

_NO_TAG = re.compile(rf"[\s\x00-\x1f\x7f,;!?=\"“”„«»()<>\[\]{{}}{HASHES}]")


def find_tag_problem(word: str) -> str:
    """Why it cannot be a tag; "" if it can: a word of any script, which every way of writing and searching tags leaves whole."""
    if word and not _NO_TAG.search(word):
        return ""
    return f'"{word}" is no tag: a tag is one word without blanks, quotes, brackets, "#" and , ; ! ? ='


def write_tag_word(word: str) -> str:
    """A tag as it stands on a ticket, however it was written."""
    return word.casefold()


def read_tags(argument: str) -> frozenset[str]:
    """The tags behind `#tag` and `#untag`, each with a `#` before it or not."""
    return frozenset(write_tag_word(word.strip("#")) for word in re.split(r"[\s,]+", argument) if word.strip("#"))
