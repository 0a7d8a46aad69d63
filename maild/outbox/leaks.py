"""The final scan (MAIL.md A8): nothing that goes to a customer names an agent's own address or carries an agent's token."""

import html
import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote

from maild.errors import LeakError
from maild.reason import Reason
from maild.tokens import MAC_PATTERN

_REFERENCE_LINE = "maild-ref"
# Letters and addresses for answers, and the personal ones (`maild.tokens`). What customers get themselves, `+r1042.…` and `+b77.1.…`, is no
# secret.
_TOKEN = re.compile(
    rf"(?:[nw]\.|\+a)\d{{1,12}}\.\d{{1,12}}\.{MAC_PATTERN}|\+(?!r\d{{1,12}}\.|b\d{{1,12}}\.\d)\w[\w.-]{{0,63}}\.{MAC_PATTERN}(?!\w)",
    re.ASCII,
)
_MARKUP = re.compile(r"<[^<>]{0,2000}>")
_INVISIBLE = re.compile(r"[\u00ad\u200b-\u200f\u2060\ufeff]")


def find_leak(text: str, secret_addresses: Iterable[str]) -> Reason | None:
    """What in a text, or in HTML, a customer must not see; None if there is nothing."""
    secrets = tuple((address, spelling) for address in secret_addresses for spelling in _spellings(address))
    for form in _readings(text):
        if _REFERENCE_LINE in form or _TOKEN.search(form):
            return Reason("agent-token", "an agent's token would be shown")
        if shown := next((address for address, spelling in secrets if spelling.search(form)), None):
            return Reason("agent-address", f"an agent's own address would be shown: {shown}")
    return None


def refuse_leaks(parts: Iterable[str], secret_addresses: tuple[str, ...], *, author: str | None, ticket: int | None) -> None:
    """
    Raises:
        LeakError: one of the parts shows what it must not; the message says what, the rest whose letter it is.
    """
    for part in parts:
        if reason := find_leak(part, secret_addresses):
            raise LeakError(reason.text, author=author, ticket=ticket)


def _spellings(address: str) -> Iterator[re.Pattern[str]]:
    """How an address may be written, its domain for people as well as for machines. `joanna@acme.example` is not `anna@acme.example`."""
    local, at, domain = address.casefold().rpartition("@")
    for name in dict.fromkeys((domain, _for_people(domain))):
        yield re.compile(rf"(?<![a-z0-9_]){re.escape(local + at + name)}")


def _for_people(domain: str) -> str:
    try:
        return domain.encode("ascii").decode("idna").casefold()
    except UnicodeError:
        return domain


def _readings(text: str) -> Iterator[str]:
    """The text as it stands, and as a reader of HTML and of its links would see it: `anna<b></b>@acme.example`, `anna&#64;acme.example` and
    `mailto:anna%40acme.example` count too."""
    yield (plain := _unveiled(text))
    if "<" in plain or "&" in plain:
        yield (plain := _unveiled(html.unescape(plain)))
        yield _unveiled(html.unescape(_MARKUP.sub("", text)))
    if "%" in plain:
        yield _unveiled(unquote(plain))


def _unveiled(text: str) -> str:
    return _INVISIBLE.sub("", text).casefold()
