"""Plus addresses (RFC 5233): mail to `support+detail@acme.example` comes to `support@acme.example`, where the server plays along. Pure.

What may stand in a detail, and proves itself there, is `maild.tokens`'s; where such addresses are used is `maild.outbox.ways_back`'s.
"""

from collections.abc import Iterator

LONGEST_LOCAL_PART = 64
"""RFC 5321 section 4.5.3.1.1, in octets."""


def with_detail(address: str, detail: str) -> str | None:
    """The address with a detail behind its plus; None where it would be longer than mail servers take."""
    local, _, domain = address.rpartition("@")
    extended = f"{local}+{detail}"
    return f"{extended}@{domain}" if len(extended.encode()) <= LONGEST_LOCAL_PART else None


def readings(address: str) -> Iterator[tuple[str, str]]:
    """(address, detail): what an address may mean, the shortest detail first. A department's own address may have a plus in it.

    At most 65, however many thousand pluses a hostile header has: before a detail stands no more than a whole local part.
    """
    local, at, domain = address.rpartition("@")
    yield address, ""
    position = local.rfind("+", 0, LONGEST_LOCAL_PART + 1)
    while position > 0:
        yield f"{local[:position]}{at}{domain}", local[position + 1 :]
        position = local.rfind("+", 0, position)
