"""Regular expressions that every Python from 3.11 on reads alike."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from typing import Any

import maild


def test_nothing_is_repeated_possessively_that_could_be_given_back_otherwise():
    """Python before 3.11.5, Debian 12's among them, gets it wrong (gh-106052): `(?:a|b)*+` where `(?>a|b)*+` is right everywhere."""
    patterns = {f"{name}: {pattern.pattern!r}": pattern for name, pattern in _patterns()}
    assert len(patterns) > 100
    assert [name for name, pattern in patterns.items() if _is_misread(_parsed(pattern), in_repetition=False)] == []


def _patterns() -> Iterator[tuple[str, re.Pattern[Any]]]:
    for module in pkgutil.walk_packages(maild.__path__, "maild."):
        if ".migrations." not in module.name and "__main__" not in module.name:
            values = vars(importlib.import_module(module.name)).items()
            yield from ((f"{module.name}.{name}", value) for name, value in values if isinstance(value, re.Pattern))


def _parsed(pattern: re.Pattern[Any]) -> Any:
    parser: Any = importlib.import_module("re._parser")
    return parser.parse(pattern.pattern, pattern.flags & ~re.UNICODE if isinstance(pattern.pattern, bytes) else pattern.flags)


def _is_misread(tree: Any, *, in_repetition: bool) -> bool:
    """Whether a choice or a repetition that may give something back stands in a possessive repetition, and in nothing atomic there."""
    for operation, argument in tree:
        kind = str(operation)
        if kind in ("BRANCH", "MAX_REPEAT", "MIN_REPEAT") and in_repetition:
            return True
        inside = in_repetition or kind == "POSSESSIVE_REPEAT"
        if any(_is_misread(part, in_repetition=inside and kind != "ATOMIC_GROUP") for part in _parts(kind, argument)):
            return True
    return False


def _parts(kind: str, argument: Any) -> Iterator[Any]:
    if kind == "BRANCH":
        yield from argument[1]
    elif kind == "ATOMIC_GROUP":
        yield argument
    elif kind in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        yield argument[2]
    elif kind in ("SUBPATTERN", "ASSERT", "ASSERT_NOT"):
        yield argument[-1]
    elif kind == "GROUPREF_EXISTS":
        yield from (part for part in argument[1:] if part is not None)
