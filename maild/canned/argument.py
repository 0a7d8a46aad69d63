"""What stands behind `#canned`: a name, and values by name, as in `refund order=1234 name="Ann Smith"`. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from maild.canned.notation import NAME

_VALUE = re.compile(
    rf"(?P<name>{NAME.pattern})=(?:\"(?P<double>(?:[^\"]|\"\")*)\"(?!\S)|'(?P<single>(?:[^']|'')*)'(?!\S)|(?P<bare>[^\s\"]\S*)?(?!\S))"
)
_NAMED = re.compile(rf"{NAME.pattern}=")
_WORD = re.compile(r"\S+")
# Seen in practice: `site=acme.example<http://acme.example>`, Outlook's text for what it made a link of.
_LINK = re.compile(r"(?<=\S)[ ]?<(?:https?:|mailto:|tel:)[^<>\s]{1,2000}>")


@dataclass(frozen=True, slots=True)
class Asked:
    """A canned answer that is asked for, and the values given."""

    name: str
    values: Mapping[str, str]


def read_asked(argument: str) -> Asked | str:
    """What is asked for, or what is wrong with the argument."""
    name, _, rest = _LINK.sub("", argument).strip().partition(" ")
    values: dict[str, str] = {}
    at = _next_word(rest, 0)
    while at < len(rest):
        match = _VALUE.match(rest, at)
        if match is None:
            return _describe_stray(rest, at)
        given = match["name"].casefold()
        if given in values:
            return f'"{given}" is given twice'
        values[given] = _unquoted(match)
        at = _next_word(rest, match.end())
    return Asked(name.casefold(), values)


def is_value(word: str) -> bool:
    """Whether it is a name with its value, as a shell gives it: `name=Ann Smith`."""
    return _NAMED.match(word) is not None


def write_asked(name: str, values: Iterable[tuple[str, str]]) -> str:
    """The argument that asks for this."""
    return " ".join((name, *(f'{given}="{value.replace(chr(34), chr(34) * 2)}"' for given, value in values)))


def _next_word(text: str, at: int) -> int:
    match = _WORD.search(text, at)
    return match.start() if match else len(text)


def _unquoted(match: re.Match[str]) -> str:
    for group, mark in (("double", '"'), ("single", "'")):
        if match[group] is not None:
            return match[group].replace(mark * 2, mark)
    return match["bare"] or ""


def _describe_stray(text: str, at: int) -> str:
    word = _WORD.match(text, at)
    shown = word[0] if word else ""
    if _NAMED.match(text, at):
        return f'a quotation mark in {shown} is not closed; write it as in name="Ann Smith"'
    return f'"{shown}" is no value; write a name, "=" and a value, as in order=1234 or name="Ann Smith"'
