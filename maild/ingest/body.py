"""Which parts of a mail are its text and which are attachments, and what the text is (MAIL.md P7, P11). Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from hashlib import sha256
from html import escape
from urllib.parse import unquote

from maild.ingest.data import word_set, words
from maild.ingest.enclosed import Allowance, find_mentioned
from maild.ingest.filenames import attachment_name, declared_name, unique_names
from maild.ingest.flowed import unfold_flowed
from maild.ingest.html_text import html_lines
from maild.ingest.lines import Line, plain_lines
from maild.ingest.mime import Part
from maild.message import Attachment

LEAST_SHARE = 0.15
STUB_LENGTH = 600
MAX_LOCATIONS = 50

_CID = re.compile(r"cid:([^\"'\s<>)]{1,300})", re.IGNORECASE)
_MARKUP = re.compile(r"<(?:style|script|title)\b[^>]*>[^<]*|<[^>]*>|\s+", re.IGNORECASE)
_TEXT_TYPES = frozenset({"text/plain", "text/html"})


@dataclass(frozen=True, slots=True)
class Section:
    """A piece of the text: the same words as plain text, as HTML, or as both."""

    plain: tuple[Part, ...] = ()
    html: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """A mail's parts by their use."""

    sections: tuple[Section, ...]
    attached: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """What a mail says: its lines, and its HTML as received, empty if it has none."""

    lines: tuple[Line, ...]
    html: str

    @property
    def text(self) -> str:
        return "\n".join(line.text for line in self.lines).strip("\n")


def divide(root: Part) -> Body:
    """The parts that are text, in order, and the attachments. Messages in the mail are attachments, whole (MAIL.md P12)."""
    sections: list[Section] = []
    attached: list[Part] = []
    for item in _visit(root):
        if isinstance(item, Section):
            sections.append(item)
        else:
            attached.append(item)
    return Body(tuple(sections) or _named_texts(attached), tuple(attached))


def _named_texts(attached: list[Part]) -> tuple[Section, ...]:
    """Seen in practice: a mail whose only text has a file name. It is shown as the text too."""
    return tuple(
        Section(plain=(part,))
        for part in attached
        if part.content_type == "text/plain" and _is_file(part) and part.disposition != "attachment"
    )


def _visit(part: Part) -> Iterator[Section | Part]:
    """Sections and attachments in the order of the mail."""
    if not part.children or part.main_type == "message":
        yield from _visit_leaf(part)
    elif part.content_type == "multipart/alternative" or _is_hidden_alternative(part):
        yield from _visit_alternative(part)
    elif part.content_type == "multipart/encrypted":
        yield from part.children
    else:
        for child in part.children:
            yield from _visit(child)


def _visit_leaf(part: Part) -> Iterator[Section | Part]:
    if part.main_type == "multipart":
        # Seen in practice: a multipart whose boundary never comes; what it holds is the text.
        yield Section(plain=(part,))
    elif part.content_type in _TEXT_TYPES and part.disposition != "attachment" and not _is_file(part):
        yield Section(html=(part,)) if part.content_type == "text/html" else Section(plain=(part,))
    elif part.content_type not in word_set("attachments", "other_views"):
        yield part


def _is_file(part: Part) -> bool:
    """A text with a name is a file, unless it is the whole mail."""
    return part.index > 0 and bool(declared_name(part))


def _is_hidden_alternative(part: Part) -> bool:
    """Seen in practice: the plain and the HTML text as neighbours in a multipart/related."""
    kinds = [child.content_type for child in part.children if child.content_type in _TEXT_TYPES and not _is_file(child)]
    return part.content_type == "multipart/related" and kinds == ["text/plain", "text/html"]


def _visit_alternative(part: Part) -> Iterator[Section | Part]:
    """RFC 2046 section 5.1.4: the same words several times. Of several views of one type the first counts."""
    plain: tuple[Part, ...] = ()
    html: tuple[Part, ...] = ()
    attached: list[Part] = []
    for child in part.children:
        inner = divide(child)
        found_plain = tuple(leaf for section in inner.sections for leaf in section.plain)
        found_html = tuple(leaf for section in inner.sections for leaf in section.html)
        plain, html = plain or found_plain, html or found_html
        attached += inner.attached
    if plain or html:
        yield Section(plain, html)
    yield from attached


def read_text(body: Body) -> Text:
    """The text of a mail, all sections in order (MAIL.md P7)."""
    lines: list[Line] = []
    sources = tuple("\n".join(part.text for part in section.html) for section in body.sections)
    for section, html in zip(body.sections, sources, strict=True):
        found = _choose_lines(section, html)
        if lines and found:
            lines.append(Line(""))
        lines += found
    return Text(tuple(lines), _join_html(body.sections, sources))


def _choose_lines(section: Section, html: str) -> tuple[Line, ...]:
    plain = "\n".join(_plain_text(part) for part in section.plain)
    if not html or (plain.strip() and not _is_stub(plain) and _is_enough(plain, html)):
        return plain_lines(plain.strip("\n")) if plain.strip() else ()
    return html_lines(html) or plain_lines(plain.strip("\n"))


def _plain_text(part: Part) -> str:
    if (part.parameter("format") or "").lower() != "flowed":
        return part.text
    return unfold_flowed(part.text, (part.parameter("delsp") or "").lower() == "yes")


def _is_stub(plain: str) -> bool:
    """Seen in practice: "This message requires HTML"."""
    if len(plain) > STUB_LENGTH:
        return False
    folded = " ".join(plain.casefold().split())
    return any(stub in folded for stub in words("attachments", "stubs"))


def _is_enough(plain: str, html: str) -> bool:
    """Not under 15 % of what the HTML shows. Markup is longer than what it shows, so most mails need no closer look."""
    written = len("".join(plain.split()))
    return written >= LEAST_SHARE * len(html) or written >= LEAST_SHARE * len(_MARKUP.sub("", html))


def _join_html(sections: tuple[Section, ...], sources: tuple[str, ...]) -> str:
    """The HTML of all sections; plain sections between them are kept as preformatted text."""
    if not any(section.html for section in sections):
        return ""
    pairs = zip(sections, sources, strict=True)
    return "\n".join(html if section.html else f"<pre>{escape(''.join(map(_plain_text, section.plain)))}</pre>" for section, html in pairs)


def describe_attachments(attached: tuple[Part, ...], html: str, find_elided: Callable[[str], frozenset[str]]) -> tuple[Attachment, ...]:
    """The attachments; those the HTML shows are inline, whatever their disposition says (MAIL.md P11).

    `find_elided` tells of an HTML text which pictures stand only where nobody looks; it is asked only if any picture is shown at all.
    """
    shown = frozenset(unquote(found).casefold() for found in _CID.findall(html))
    names = unique_names(attachment_name(part, number) for number, part in enumerate(attached, 1))
    named = enumerate(zip(attached, names, strict=True), 1)
    allowance = Allowance()
    described = tuple(_describe(part, name, shown, html if number <= MAX_LOCATIONS else "", allowance) for number, (part, name) in named)
    if not any(attachment.inline for attachment in described):
        return described
    elided = find_elided(html)
    return tuple(
        replace(attachment, elided=attachment.inline and not elided.isdisjoint(_references(part)))
        for attachment, part in zip(described, attached, strict=True)
    )


def _describe(part: Part, name: str, shown: frozenset[str], html: str, allowance: Allowance) -> Attachment:
    identifier = _content_id(part)
    location = _location(part)
    return Attachment(
        name=name,
        content_type=part.content_type,
        size=len(part.payload),
        sha256=sha256(part.payload).hexdigest(),
        inline=(identifier or "").casefold() in shown or bool(location and location in html),
        content_id=identifier,
        part=part.index,
        mentions=find_mentioned(part, allowance),
    )


def _content_id(part: Part) -> str | None:
    return (part.field("Content-ID") or "").strip().strip("<>").strip() or None


def _location(part: Part) -> str:
    return (part.field("Content-Location") or "").strip()


def _references(part: Part) -> frozenset[str]:
    """How an HTML text may refer to this part, as `Line.images` has it."""
    return frozenset(filter(None, ((_content_id(part) or "").casefold(), _location(part).casefold())))
