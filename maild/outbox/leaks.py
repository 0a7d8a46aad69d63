"""The final scan (MAIL.md A8): nothing that goes to a customer names an agent's own address or carries an agent's token."""

import html
import re
from collections.abc import Iterable

from maild.errors import LeakError
from maild.reason import Reason
from maild.tokens import MAC_PATTERN

_REFERENCE_LINE = "maild-ref"
_TOKEN = re.compile(rf"(?:n\.|\+a)\d{{1,12}}\.\d{{1,12}}\.{MAC_PATTERN}")
_MARKUP = re.compile(r"<[^<>]{0,2000}>")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")


def find_leak(text: str, secret_addresses: Iterable[str]) -> Reason | None:
    """What in a text, or in HTML, a customer must not see; None if there is nothing."""
    for form in _readings(text):
        if _REFERENCE_LINE in form or _TOKEN.search(form):
            return Reason("agent-token", "an agent's token would be shown")
        if shown := next((address for address in secret_addresses if address.casefold() in form), None):
            return Reason("agent-address", f"an agent's own address would be shown: {shown}")
    return None


def refuse_leaks(parts: Iterable[str], secret_addresses: tuple[str, ...]) -> None:
    """
    Raises:
        LeakError: one of the parts shows what it must not; the message says what.
    """
    for part in parts:
        if reason := find_leak(part, secret_addresses):
            raise LeakError(reason.text)


def _readings(text: str) -> tuple[str, ...]:
    """The text as it stands, and as a reader of HTML would see it: `anna<b></b>@acme.example` and `anna&#64;acme.example` count too."""
    plain = _INVISIBLE.sub("", text).casefold()
    if "<" not in plain and "&" not in plain:
        return (plain,)
    return (plain, html.unescape(plain), _INVISIBLE.sub("", html.unescape(_MARKUP.sub("", plain))))
