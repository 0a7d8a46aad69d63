"""The pictures in a letter's HTML (MAIL.md O8, A8): where the writer put them, under ids of their own. Pure."""

import re
from collections.abc import Iterable
from html import unescape
from urllib.parse import unquote

from maild.message import Attachment

_PICTURE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_SOURCE = re.compile(r' src="cid:([^"]*)"', re.IGNORECASE)


def picture_id(attachment: Attachment, letter: int, domain: str) -> str:
    """The Content-ID of a picture in this letter (RFC 2392), without angle brackets. The writer's own may name his address."""
    return f"{attachment.part}.{letter}@{domain}"


def place_pictures(html: str, attached: Iterable[Attachment], letter: int, domain: str) -> str:
    """Safe HTML (`maild.ingest.clean_html`) with each of its pictures under the new id; those that do not go along are left out."""
    ids = {
        attachment.content_id.casefold(): picture_id(attachment, letter, domain)
        for attachment in attached
        if attachment.content_id and attachment.content_type.startswith("image/")
    }

    def place(found: re.Match[str]) -> str:
        source = _SOURCE.search(found.group(1))
        identifier = ids.get(unquote(unescape(source.group(1))).casefold()) if source else None
        attributes = _SOURCE.sub(f' src="cid:{identifier}"', found.group(1))
        return f"<img{attributes}>" if identifier else ""

    return _PICTURE.sub(place, html)
