"""The door to nh3: foreign HTML made safe to show and to send (OPERATIONS 2.5). Linear: nesting is capped before nh3 sees it."""

from html import escape

import nh3

from maild.ingest.data import word_set
from maild.ingest.html_nesting import Nesting
from maild.ingest.html_tokens import read_html, render_tag

MAX_HTML = 512 * 1024
MAX_DEPTH = 200
CUT_NOTE = "<p>[…]</p>"

# Elements that do not nest: void ones, and those the next of their kind closes.
_FLAT = frozenset({"br", "img", "hr", "wbr", "col", "area", "p", "li", "dt", "dd", "td", "th", "tr", "thead", "tbody", "tfoot", "option"})
_ATTRIBUTES = {
    "*": {"dir", "lang"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "align", "valign"},
    "th": {"colspan", "rowspan", "align", "valign"},
    "table": {"border", "cellpadding", "cellspacing", "width"},
    "ol": {"start", "type"},
}
_SCHEMES = {"http", "https", "mailto", "tel", "cid"}


def clean(html: str) -> str:
    """Safe HTML with the same visible text: no scripts, no styles, no forms, no frames; pictures only from the mail itself (`cid:`).
    No colours either: black text of the writer's would be black on black in a reader's dark theme.

    Beyond 512 KiB it is cut, and says so.
    """
    cleaned = nh3.clean(
        _flatten(html[:MAX_HTML]),
        tags=set(word_set("clean_html", "tags")),
        clean_content_tags=set(word_set("clean_html", "dropped")),
        attributes=_ATTRIBUTES,
        attribute_filter=_filter,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )
    return cleaned + CUT_NOTE if len(html) > MAX_HTML else cleaned


def _filter(tag: str, name: str, value: str) -> str | None:
    """A picture from elsewhere tells its owner that the mail was read."""
    if tag == "img" and name == "src" and not value.strip().lower().startswith("cid:"):
        return None
    return value


def _flatten(html: str) -> str:
    """The markup with every element deeper than 200 taken off, its text kept."""
    if html.count("<") <= MAX_DEPTH:
        return html
    pieces: list[str] = []
    nesting: Nesting[bool] = Nesting()
    for token in read_html(html):
        if isinstance(token, str):
            pieces.append(escape(token, quote=False))
        elif token.name in _FLAT:
            pieces.append(render_tag(token))
        elif token.closes:
            # An end tag that ends nothing must not make room for one more element (seen: 56,000 times `<div></b>` took 7 s).
            pieces += [f"</{name}>" for name, is_kept in nesting.close(token.name) if is_kept]
        else:
            is_kept = len(nesting.elements) < MAX_DEPTH
            nesting.open(token.name, is_kept)
            pieces += [render_tag(token)] if is_kept else []
    return "".join(pieces)
