"""Which of the template languages a text is written in, by its script and its small words. Pure; a guess, so None where unsure."""

import re
import tomllib
from collections import Counter
from functools import cache
from importlib.resources import files

SAMPLE_CHARACTERS = 4000
ENOUGH_HITS = 2
_WORD = re.compile(r"[^\W\d_]+")
_PERSIAN_LETTERS = frozenset("پچژگکی")
_GREEK = re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]")
_ARABIC = re.compile(r"[\u0600-\u06ff]")


def guess_language(text: str) -> str | None:
    """`en de fr es bg el ru fa`, or None where the text is too short or in another language."""
    sample = text[:SAMPLE_CHARACTERS].casefold()
    if len(_GREEK.findall(sample)) * 2 > len(sample) * 0.5:
        return "el"
    if _ARABIC.search(sample) and not _PERSIAN_LETTERS.isdisjoint(sample):
        return "fa"
    words = Counter(_WORD.findall(sample))
    hits = {language: sum(words[word] for word in marks & words.keys()) for language, marks in _small_words().items()}
    ranking = sorted(hits, key=lambda language: -hits[language])
    best, second = ranking[0], ranking[1]
    return best if hits[best] >= ENOUGH_HITS and hits[best] > hits[second] else None


@cache
def _small_words() -> dict[str, frozenset[str]]:
    data = tomllib.loads(files("maild.ingest").joinpath("data/small_words.toml").read_text(encoding="utf-8"))
    return {language: frozenset(words) for language, words in data.items()}
