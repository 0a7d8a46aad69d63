"""The pictures in a letter's HTML (MAIL.md O8, A8): where the writer put them, under ids of their own, no wider than the page. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

from maild.message import Attachment
from maild.outbox.picture_width import read_width

PAGE_WIDTH = 616
"""In pixels: what the page of a letter leaves within its edges (`templates/layout.html`)."""
_PICTURE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_SOURCE = re.compile(r' src="cid:([^"]*)"', re.IGNORECASE)
_SIZE = re.compile(r' (width|height)="([^"]*)"', re.IGNORECASE)
_PIXELS = re.compile(r"([0-9]{1,6})(?:px)?")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A picture by its id in this letter, and how wide it is by itself; None: that is not known."""

    identifier: str
    width: int | None


def picture_id(attachment: Attachment, letter: int, domain: str) -> str:
    """The Content-ID of a picture in this letter (RFC 2392), without angle brackets. The writer's own may name his address."""
    return f"{attachment.part}.{letter}@{domain}"


def place_pictures(html: str, attached: Iterable[tuple[Attachment, bytes]], letter: int, domain: str) -> str:
    """Safe HTML (`maild.ingest.clean_html`) with each of its pictures under the new id; those that do not go along are left out."""
    pictures = {
        attachment.content_id.casefold(): _Shown(picture_id(attachment, letter, domain), read_width(content))
        for attachment, content in attached
        if attachment.content_id and attachment.content_type.startswith("image/")
    }

    def place(found: re.Match[str]) -> str:
        source = _SOURCE.search(found.group(1))
        picture = pictures.get(unquote(unescape(source.group(1))).casefold()) if source else None
        if picture is None:
            return ""
        attributes = _SOURCE.sub(f' src="cid:{picture.identifier}"', found.group(1))
        return f"<img{_within_page(attributes, picture.width)}>"

    return _PICTURE.sub(place, html)


def _within_page(attributes: str, width: int | None) -> str:
    """Outlook's Word engine knows no limit of width (`max-width`), and shows a picture as wide as it is, or as it is said to be. What
    is said of its height goes with it: the other programs keep the picture's own proportions, as Word does."""
    said = {name.lower(): value for name, value in _SIZE.findall(attributes)}
    pixels = _PIXELS.fullmatch(said.get("width", ""))
    shown = int(pixels[1]) if pixels else None if said else width
    if shown is None or shown <= PAGE_WIDTH:
        return attributes
    return f'{_SIZE.sub("", attributes)} width="{PAGE_WIDTH}"'
