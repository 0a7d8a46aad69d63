"""What rules hand to the templates they name: for checking those, and for previews.

Pure: rules → values, made up where mail decides them.
"""

from collections.abc import Iterable
from pathlib import Path

from maild.config.faults import Place
from maild.rules.ruleset import Rule
from maild.rules.strings import Name, Text
from maild.templates.values import Handed


def find_handed(rules: Iterable[Rule], directory: Path) -> tuple[Handed, ...]:
    """Each letter that a rule may send, in the rules' order. `directory` is the desk's, which rules' files are relative to."""
    return tuple(
        Handed(
            letter.template, rule.id, Place(directory / rule.file, rule.line, 1), {name: _sample(value) for name, value in letter.values}
        )
        for rule in rules
        for action in rule.actions
        if (letter := action.letter)
    )


def _sample(value: object) -> object:
    """`order [match.order]` for `order {{ match.order }}`."""
    if not isinstance(value, Text):
        return value
    return "".join(f"[{piece}]" if isinstance(piece, Name) else piece for piece in value.pieces)
