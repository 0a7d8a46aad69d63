"""The door to nh3: foreign HTML made safe to show and to send (OPERATIONS 2.5). Its nesting is capped by `maild.ingest.html_shown`."""

from functools import lru_cache

import nh3

from maild.ingest.data import word_set

MAX_DEPTH = 200

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

    Its elements must be nested no deeper than `MAX_DEPTH`: nh3 takes the square of it (seen: 500 kB of `<div>` took 28 s).
    """
    return _cleaner().clean(html)


@lru_cache(maxsize=1)
def _cleaner() -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=set(word_set("clean_html", "tags")),
        clean_content_tags=set(word_set("clean_html", "dropped")),
        attributes=_ATTRIBUTES,
        attribute_filter=_filter,
        url_schemes=_SCHEMES,
        link_rel="noopener noreferrer",
    )


def _filter(tag: str, name: str, value: str) -> str | None:
    """A picture from elsewhere tells its owner that the mail was read."""
    if tag == "img" and name == "src" and not value.strip().lower().startswith("cid:"):
        return None
    return value
