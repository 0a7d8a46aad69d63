"""The door to google-re2: regular expressions that run in linear time, whatever a rule's author or a hostile mail brings (OPERATIONS X18).

Nothing else in maild imports re2. Which texts a pattern is tried on is decided in `operators`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import re2

MAX_INPUT_CHARACTERS = 64 * 1024
MAX_PATTERN_CHARACTERS = 4 * 1024
_MAX_MEMORY_BYTES = 64 * 1024 * 1024
"""For ten thousand words of rules and what a megabyte of text makes of them. Most sets take a hundredth."""
_NAMES_A_GROUP = ("?P<", "?<")
"""Without one of these no group can be asked for, and none is followed: that costs a hundred times what finding the match does."""
_REMEDIES = (
    (("(?=", "(?!", "(?<=", "(?<!"), "look-around is not supported; write what stands there and capture the part you want"),
    (("(?P=", "\\1", "\\2", "\\3", "\\4", "\\5", "\\6", "\\7", "\\8", "\\9", "\\k"), "back-references are not supported"),
    (("(?>", "++", "*+", "?+"), "atomic groups and possessive quantifiers are not supported and not needed: no pattern can run away"),
    (("\\Z",), 'write "\\z" for the end of the text'),
)


class _Match(Protocol):
    def group(self, index: int, /) -> str: ...
    def groupdict(self) -> Mapping[str, str | None]: ...


class _Compiled(Protocol):
    @property
    def groupindex(self) -> Mapping[str, int]: ...
    def search(self, text: str, /) -> _Match | None: ...


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a pattern matched: the text it covers and its named groups, those left out that took no part."""

    text: str
    captures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Pattern:
    """A compiled pattern. Two patterns with the same source are equal."""

    source: str
    _compiled: _Compiled

    @property
    def names(self) -> tuple[str, ...]:
        """The named groups, in order."""
        return tuple(self._compiled.groupindex)

    def search(self, text: str) -> Hit | None:
        """The first match in the first 64 KiB of the text."""
        match = self._compiled.search(text[:MAX_INPUT_CHARACTERS])
        if match is None:
            return None
        return Hit(match.group(0), {name: value for name, value in match.groupdict().items() if value is not None})


def compile_pattern(source: str) -> Pattern | str:
    """The pattern, or why it cannot be one, in words for the author of a rule."""
    if len(source) > MAX_PATTERN_CHARACTERS:
        return f"the pattern is longer than {MAX_PATTERN_CHARACTERS} characters"
    options = _options()
    options.never_capture = not any(sign in source for sign in _NAMES_A_GROUP)
    try:
        return Pattern(source, re2.compile(source, options))
    except re2.error as error:
        return _explain(source, _words(error))
    except UnicodeEncodeError:
        return "the pattern holds half a character"


def compile_glob(glob: str) -> Pattern | str:
    """The pattern of a glob over a whole text: `*` any text, `?` one character."""
    special = {"*": ".*", "?": "."}
    return compile_pattern(rf"(?s)\A{''.join(special.get(character) or re2.escape(character) for character in glob)}\z")


@dataclass(frozen=True, slots=True)
class Literals:
    """Many texts that are looked for at once: it takes as long as for one."""

    _set: re2.Set

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Literals | None":
        """None where they are too many. Bytes, not characters: a text may hold half of one."""
        options = _options()
        options.literal, options.encoding, options.max_mem = True, re2.Options.Encoding.LATIN1, _MAX_MEMORY_BYTES
        literals = re2.Set.SearchSet(options)
        try:
            for text in texts:
                literals.Add(_bytes(text))
            literals.Compile()
        except re2.error:
            return None
        return cls(literals)

    def find(self, text: str) -> Sequence[int]:
        """The positions of those that stand in the text."""
        return self._set.Match(_bytes(text)) or ()


@dataclass(frozen=True, slots=True)
class PatternSet:
    """Many patterns that are tried at once, as far as a text must hold certain letters for them to match: it takes as long as for one."""

    _filter: re2.Filter

    @classmethod
    def of(cls, sources: Sequence[str]) -> "PatternSet | None":
        """None where they are too many. Each must have been compiled before."""
        patterns = re2.Filter()
        try:
            for source in sources:
                patterns.Add(source, _options())
            patterns.Compile()
        except re2.error:
            return None
        return cls(patterns)

    def find(self, text: str) -> Sequence[int]:
        """The positions of those that may match, all of those among them that do."""
        return self._filter.Match(_bytes(text[:MAX_INPUT_CHARACTERS]), potential=True) or ()


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _words(error: re2.error) -> str:
    """re2 hands its words over as bytes."""
    words = error.args[0] if error.args else ""
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)


def _explain(source: str, problem: str) -> str:
    for signs, remedy in _REMEDIES:
        if any(sign in problem for sign in signs) or ("invalid perl operator" in problem and any(sign in source for sign in signs)):
            return remedy
    return f"not a valid pattern: {problem}"
