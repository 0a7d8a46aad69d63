"""What kind of address one is by its very words: one that nobody reads, one of a freemail provider, one of a list. Pure."""

import re
from collections.abc import Iterator

from maild.ingest.data import word_set, words
from maild.message import InboundMessage

ADDRESS = re.compile(r"[^\s<>,;:\"()@]{1,64}@[^\s<>,;:\"()@?]{1,255}")


def is_never_answered(address: str) -> bool:
    """Whether a local part is a no-reply variant, a daemon's or a list's (MAIL.md L3; the words are in `data/addresses.toml`)."""
    local = address.rpartition("@")[0] or address
    whole = re.sub(r"[._]", "-", local.casefold())
    bare = whole.partition("+")[0]
    return (
        bare in word_set("addresses", "never_answered")
        or bare.rstrip("0123456789").rstrip("-") in word_set("addresses", "never_answered_numbered")
        or whole.startswith(words("addresses", "never_answered_beginnings"))
        or bare.endswith(words("addresses", "never_answered_endings"))
    )


def is_freemail(domain: str) -> bool:
    """Whether a domain's addresses belong to unrelated people, so that a cap per domain means nothing (MAIL.md L4)."""
    return domain.casefold() in word_set("freemail", "domains")


def list_addresses(message: InboundMessage) -> Iterator[str]:
    """The list's own address, as its headers give it: `<mailto:a@b>`, `list a@b; contact …`, and `<a.b>` for a@b (RFC 2919)."""
    for name in ("List-Post", "Mailing-List", "X-Mailing-List", "X-BeenThere"):
        for value in message.fields(name):
            yield from (match[0].casefold() for match in ADDRESS.finditer(value[:2000]))
    for value in message.fields("List-Id"):
        label = value.rpartition("<")[2].partition(">")[0].strip().casefold()
        yield label.replace(".", "@", 1)
