"""The sandbox templates run in: plain values in, at most 1 MB out, a bounded number of steps (OPERATIONS X19).

Beyond what Jinja2's own sandbox refuses, no method of any value can be called, only harmless filters exist, text cannot be multiplied or
formatted to a width, and nothing that is put together is longer than the output may be, so that neither a template nor a value in it can
exhaust memory. Part of the Jinja2 door.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any, Literal

from jinja2 import BaseLoader, StrictUndefined, TemplateNotFound, nodes, pass_context, pass_eval_context
from jinja2.filters import do_join, do_round, make_attrgetter
from jinja2.nodes import EvalContext
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from maild import paragraphs as plain
from maild.errors import TemplateError
from maild.templates.catalogue import Catalogue
from maild.templates.values import Html

MAX_OUTPUT = 1024 * 1024
MAX_STEPS = 100_000
MAX_COMPILED = 10_000
MAX_BITS = 256
MAX_DIGITS = 20
STEP = "_step"
_HARMLESS_FILTERS = """
    abs capitalize count d default e escape first float int last length lower max min reverse sort string title trim truncate unique upper
    urlencode wordcount
"""
_TOO_LONG = f"gives more than {MAX_OUTPUT // 1024} kB"


_compiled: dict[tuple[object, ...], object] = {}


class Sandbox(ImmutableSandboxedEnvironment):
    """A Jinja2 environment over one catalogue; templates are compiled once and kept."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self, catalogue: Catalogue) -> None:
        super().__init__(
            loader=_Loader(catalogue),
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and name.endswith(".html"),
            trim_blocks=True,
            lstrip_blocks=True,
            cache_size=-1,
            auto_reload=False,
        )
        self.meter = Meter()
        self.globals = {}
        harmless = {name: self.filters[name] for name in _HARMLESS_FILTERS.split()}
        ours = {"paragraphs": paragraphs, "prose": prose, "quoted": quoted, "numbered": numbered, "listed": listed, "isolated": isolated}
        limited = {"join": joined, "round": rounded, "sum": summed}
        self.filters = {**harmless, **limited, **ours, STEP: self.meter.step}

    def compile(self, source: Any, *where: Any, **how: Any) -> Any:
        """What this process has compiled before is not compiled again: an office loaded anew costs what has changed in it."""
        key = (source, where, *how.items())
        compiled = _compiled.get(key)
        if compiled is None:
            if len(_compiled) >= MAX_COMPILED:
                _compiled.clear()
            compiled = _compiled[key] = super().compile(source, *where, **how)
        return compiled

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        bodies = [node.body for node in tree.find_all(nodes.For)]
        bodies += [node.body for node in tree.find_all(nodes.Macro)]
        bodies += [node.body for node in tree.find_all(nodes.CallBlock)]
        for body in bodies:
            body.insert(0, _step(body[0].lineno if body else 1))
        _Joining().visit(tree)
        return tree

    def concat(self, pieces: Iterable[str]) -> str:
        """What a block or a macro has put together."""
        return capped(pieces)

    def make_globals(self, d: MutableMapping[str, object] | None) -> MutableMapping[str, object]:
        """A plain dict: Jinja2's own mapping is slow to copy, and each rendering copies it."""
        return {**self.globals, **(d or {})}

    def getattr(self, obj: object, attribute: str) -> object:
        """A name after a dot is a key of a mapping, or one of the facts about a loop; never an attribute."""
        if isinstance(obj, LoopContext):
            return super().getattr(obj, attribute)
        return self.getitem(obj, attribute)

    def getitem(self, obj: object, argument: object) -> object:
        """A key of a mapping or a place in a list; anything else is as if it were missing."""
        try:
            # Asked some hundred times of every letter: most are plain dicts, for which nothing slower need be asked.
            if isinstance(obj, (dict, Mapping)):
                return obj[argument]
            if isinstance(obj, Sequence) and isinstance(argument, int | slice):
                return obj[argument]
        except (LookupError, TypeError):
            pass
        return self.undefined(obj=obj, name=str(argument))

    def call_binop(self, context: object, operator: str, left: object, right: object) -> object:
        if isinstance(left, int | float) and isinstance(right, int | float) and operator != "**":
            if isinstance(left, int) and isinstance(right, int) and left.bit_length() + right.bit_length() > MAX_BITS:
                raise TemplateError(f'"{operator}" is allowed between small numbers only')
            return self.binop_table[operator](left, right)
        if operator != "+":
            raise TemplateError(f'"{operator}" is allowed between small numbers only')
        if isinstance(left, Sequence) and isinstance(right, Sequence) and len(left) + len(right) > MAX_OUTPUT:
            raise TemplateError(_TOO_LONG)
        return self.binop_table[operator](left, right)


class _Joining(NodeTransformer):
    """`a ~ b` is `[a, b]|join`, which has a limit."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        return nodes.Filter(nodes.List(node.nodes, lineno=node.lineno), "join", [], [], None, None, lineno=node.lineno)


class Meter:
    """Counts the steps of the rendering that runs in this thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    def start(self) -> None:
        self._local.steps = 0

    @pass_context
    def step(self, _: Context, nothing: None) -> None:
        """Called by every turn of a loop and every call of a macro; handed the context, or Jinja2 would call it when it compiles."""
        self._local.steps = getattr(self._local, "steps", 0) + 1
        if self._local.steps > MAX_STEPS:
            raise TemplateError(f"takes more than {MAX_STEPS} steps")


class _Loader(BaseLoader):
    """Serves the files of a catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def get_source(self, environment: object, template: str) -> tuple[str, str | None, Callable[[], bool] | None]:
        file = self._catalogue.find(template)
        if file is None:
            raise TemplateNotFound(template)
        return file.read().decode("utf-8"), str(file.path), None


def capped(pieces: Iterable[str]) -> str:
    """The output of a rendering, refused beyond 1 MB."""
    kept: list[str] = []
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_OUTPUT:
            raise TemplateError(_TOO_LONG)
        kept.append(piece)
    return "".join(kept)


@pass_eval_context
def joined(scope: EvalContext, value: Iterable[object], d: str = "", attribute: str | int | None = None) -> str:
    """Jinja2's `join`, with a limit."""
    pieces = [item if isinstance(item, str) else str(item) for item in _chosen(scope, value, attribute)]
    if sum(map(len, pieces)) + len(d) * len(pieces) > MAX_OUTPUT:
        raise TemplateError(_TOO_LONG)
    text: str = do_join(scope, pieces, d)
    return text


@pass_eval_context
def summed(scope: EvalContext, iterable: Iterable[object], attribute: str | int | None = None, start: float = 0) -> float:
    """Jinja2's `sum`, of numbers alone: lists would grow."""
    total = start
    for number in _chosen(scope, iterable, attribute):
        if not isinstance(number, int | float):
            raise TemplateError("only numbers have a sum")
        total += number
    return total


def _chosen(scope: EvalContext, items: Iterable[object], attribute: str | int | None) -> Iterable[object]:
    return items if attribute is None else map(make_attrgetter(scope.environment, attribute), items)


def rounded(value: float, precision: int = 0, method: Literal["common", "ceil", "floor"] = "common") -> float:
    """Jinja2's `round`, which would reckon with powers of ten of any size."""
    if abs(precision) > MAX_DIGITS:
        raise TemplateError(f"a number is rounded to {MAX_DIGITS} places at most")
    return do_round(value, precision, method)


def paragraphs(text: object, direction: str = "") -> Html:
    """Plain text as HTML; see `maild.paragraphs`."""
    return Html(plain.paragraphs(str(text), direction))


def prose(text: object) -> Html:
    """The text of a template as HTML; see `maild.paragraphs`."""
    return Html(plain.prose(str(text)))


def quoted(text: object) -> str:
    """Every line behind `> `."""
    return "\n".join(f"> {line}".rstrip() for line in str(text).strip().split("\n"))


@pass_eval_context
def numbered(scope: EvalContext, text: object) -> str:
    """Every line behind its number (MAIL.md A7: a failed draft comes back like this); in HTML a list, so that it is copied without them."""
    lines = str(text).rstrip().split("\n")
    if scope.autoescape:
        items = "\n".join(f"<li><bdi>{plain.line_of(line)}</bdi></li>" for line in lines)
        return Html(f'<ol dir="auto">\n{items}\n</ol>')
    return "\n".join(f"{number:3} {line}".rstrip() for number, line in enumerate(lines, 1))


@pass_context
def isolated(context: Context, words: object) -> str:
    """Foreign words, a name or an address, which shall not turn the order of what stands around them (Unicode UAX #9).

    Lines are kept apart one by one, and so are the items of a list, with commas between. In HTML that is `<bdi>`; in text it takes
    invisible marks, which only right-to-left letters need.
    """
    between, pieces = (", ", words) if isinstance(words, list | tuple) else ("\n", str(words).split("\n"))
    if context.eval_ctx.autoescape:
        return Html(between.replace("\n", "<br>\n").join(f"<bdi>{plain.line_of(str(piece))}</bdi>" for piece in pieces))
    before, after = ("\u2068", "\u2069") if context.resolve("direction") == "rtl" else ("", "")
    return between.join(f"{before}{piece}{after}" for piece in pieces)


@pass_context
def listed(context: Context, items: Iterable[object]) -> str:
    """Every item on a line of its own, behind `- `."""
    return "\n".join(f"- {isolated(context, item)}" for item in items)


def _step(line: int) -> nodes.ExprStmt:
    """A filter and not a function: the sandbox looks into every call of a function anew."""
    return nodes.ExprStmt(nodes.Filter(nodes.Const(None), STEP, [], [], None, None), lineno=line)
