"""The names a template uses that nothing stands for (MAIL.md O9). Part of the Jinja2 door; where they stand in a file is `checking`'s."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from maild.config.faults import did_you_mean


@dataclass(frozen=True, slots=True)
class UnknownName:
    """A name, the line of the template it stands in, and a word on what may have been meant."""

    name: str
    line: int
    hint: str


def find_needed_names(tree: nodes.Template) -> frozenset[str]:
    """The values a template cannot do without. What is asked for with `is defined` or `default` need not be there."""
    return frozenset(find_undeclared_variables(tree)) - _asked_for(tree)


def find_unknown_names(tree: nodes.Template, values: Mapping[str, object]) -> Iterator[UnknownName]:
    """Needed names that are no values, and fields a value does not have."""
    for name in sorted(find_needed_names(tree) - values.keys()):
        line = next((node.lineno for node in tree.find_all(nodes.Name) if node.name == name), 1)
        yield UnknownName(name, line, did_you_mean(name, values))
    for node in tree.find_all(nodes.Getattr):
        fields = _fields_of(node.node, values)
        if fields and node.attr not in fields:
            yield UnknownName(node.attr, node.lineno, did_you_mean(node.attr, fields))


def _fields_of(node: nodes.Expr, values: Mapping[str, object]) -> Mapping[str, object]:
    """What may stand after the dot behind `ticket` or `words.card`; empty where that is not known."""
    found: object = None
    if isinstance(node, nodes.Name):
        found = values.get(node.name)
    elif isinstance(node, nodes.Getattr):
        found = _fields_of(node.node, values).get(node.attr)
    return found if isinstance(found, Mapping) else {}


def _asked_for(tree: nodes.Template) -> frozenset[str]:
    tests = (node.node for node in tree.find_all(nodes.Test) if node.name == "defined")
    filters = (node.node for node in tree.find_all(nodes.Filter) if node.name in ("default", "d"))
    return frozenset(node.name for node in (*tests, *filters) if isinstance(node, nodes.Name))
