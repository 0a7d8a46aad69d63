"""Opinion: what a spam filter that was asked says of one mail. Plain values; who asks is `maild.ingest.inquiry`."""

from dataclasses import dataclass

ASKED = "filter"
"""The code of what tells of an opinion that decides nothing."""
SHOWN_SYMBOLS = 8
SPAM_ACTIONS = frozenset({"add header", "rewrite subject", "quarantine", "discard", "reject"})
"""What rspamd advises about spam. "greylist" and "soft reject" ask a server to wait; names of a site's own are for its rules."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """`by`: which filter. `score`, and from which on it rejects mail; the `action` it advises; `symbols`: what it found, what weighs most
    first. `problem`: why nothing was heard of it, and then there is nothing else."""

    by: str
    score: float | None = None
    required: float | None = None
    action: str = ""
    symbols: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_spam(self) -> bool:
        return self.action in SPAM_ACTIONS

    def __str__(self) -> str:
        if self.problem:
            return f"{self.by} was not heard: {self.problem}"
        of = f" of {self.required:g}" if self.required is not None else ""
        rest = len(self.symbols) - SHOWN_SYMBOLS
        found = ", ".join(self.symbols[:SHOWN_SYMBOLS]) + (f" and {rest} more" if rest > 0 else "")
        return f"{self.by}: {self.action}, score {self.score or 0:g}{of}" + (f" ({found})" if found else "")
