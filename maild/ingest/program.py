"""Which mail program has written a message, by what it says of itself. Pure; a name to show, and no proof of anything."""

import re

from maild.ingest.hygiene import one_line
from maild.message import InboundMessage

_FIELDS = ("User-Agent", "X-Mailer", "X-Newsreader")
_LONGEST = 60
_COMMENT = re.compile(r"[(\[][^()\[\]]*[)\]]")
_VERSION = re.compile(r"v?\d[\w.,-]*")
_MUTT_ID = re.compile(r"[\w+/-]{16}", re.ASCII)
"""Mutt names itself no more. Its ids are of one form, and it calls a text that is the whole of a mail "inline", which few others do."""
_BY_ID = (
    ("mail.gmail.com", "Gmail"),
    (".outlook.com", "Outlook"),
    ("mail.yahoo.com", "Yahoo Mail"),
    ("email.android.com", "Android"),
)
"""Seen in practice: web mail that names itself nowhere but in the ids it gives."""


def find_program(message: InboundMessage) -> str:
    """`Thunderbird`, `iPhone Mail`, `Microsoft Outlook`, without version and system; "" where nothing tells."""
    for field in _FIELDS:
        if value := message.field(field):
            return _without_version(one_line(value)[:200])[:_LONGEST].strip()
    local = message.message_id.partition("@")[0] if message.message_id_given else ""
    if _MUTT_ID.fullmatch(local) and (message.field("Content-Disposition") or "").strip().casefold() == "inline":
        return "Mutt"
    domain = message.message_id.rpartition("@")[2].casefold() if message.message_id_given else ""
    return next((name for ending, name in _BY_ID if domain.endswith(ending)), "")


def _without_version(said: str) -> str:
    """Seen in practice: `Mozilla/5.0 (X11; rv:102.0) Gecko/20100101 Thunderbird/102.5.0`: the last name is the program's."""
    products = [word.partition("/")[0] for word in _COMMENT.sub(" ", said).split()]
    named = [product for product in products if product and not _VERSION.fullmatch(product)]
    return " ".join(named[-1:] if said.startswith("Mozilla/") else named)
