"""A From that another reader may read differently gives nobody an agent's rights (MAIL.md A2; OPERATIONS X4).

Whoever judges the sender (a DMARC verifier) reads the field by a parser of its own. Three of those there are stand here for it.
"""

import inspect
from collections.abc import Iterable
from email import message_from_bytes, policy
from email.utils import getaddresses

from hypothesis import given
from hypothesis import strategies as st
from mailparser import MailParser

from maild.ingest.parse import parse_message
from maild.ingest.sender import identify
from tests.builders import AGENTS, some_settings, some_tokens

ANNA, EVE = AGENTS["anna"].email, "eve@evil.example"
IS_STRICT_KNOWN = "strict" in inspect.signature(getaddresses).parameters

VARIANTS = r"""
{a}
<{a}>
Anna <{a}>
"Anna" <{a}>
"{e}" <{a}>
"{a}" <{e}>
{a} <{e}>
{e} <{a}>
<{a}> <{e}>
<{e}> <{a}>
<{a}>{e}
<{a}>, <{e}>
{a}, {e}
{e}, {a}
{a}; {e}
{a} {e}
{e} {a}
{a})({e}
{a}){e}
{a}({e})
({e}){a}
({a}){e}
{a} ({e})
({e}) <{a}>
({a}) <{e}>
Anna ({e}) <{a}>
Anna <{a}> ({e})
Anna <({e}){a}>
Anna <{a}({e})>
anna(x)@acme.example
anna@(x)acme.example
anna @acme.example
anna@ acme.example
anna@acme .example
"anna"@acme.example
"anna"@acme.example <{e}>
"anna @"@acme.example
"anna\"@acme.example
anna\@acme.example
"anna@acme.example"@evil.example
anna@acme.example@evil.example
eve@evil.example@acme.example
<@evil.example:{a}>
<@evil.example,@x.example:{a}>
<{a}:{e}>
{a}:{e};
group:{a};
group:{a},{e};
group:;,{a}
:{a}
Anna:<{a}>
Anna <{a}
Anna {a}>
<<{a}>>
<{a}>>
<{a},{e}>
<{a} {e}>
<{a};{e}>
Anna "{e}" <{a}>
"Anna" "{e}" <{a}>
"Anna <{e}>" <{a}>
"Anna <{e}>, " <{a}>
"Anna\" <{e}>, \"x" <{a}>
"Anna\\" <{a}>
"Anna\\" <{e}>, "x" <{a}>
"Anna <{a}>
"Anna <{e}>" <{a}> "
Anna" <{a}>
Anna' <{a}>
Anna\ <{a}>
Anna, <{a}>
Anna;<{a}>
Smith, Anna <{a}>
{a},
,{a}
<>,{a}
{a},<>
<> {a}
Anna <> <{a}>
=?utf-8?q?anna=40acme.example?=
=?utf-8?q?Anna?= <{a}>
=?utf-8?q?=3Ceve=40evil.example=3E?= <{a}>
=?utf-8?q?=3Canna=40acme.example=3E?= <{e}>
=?utf-8?b?PGV2ZUBldmlsLmV4YW1wbGU+?= <{a}>
=?utf-8?q?eve=40evil.example=2C?= <{a}>
=?utf-8?q?eve=40evil.example=00?= <{a}>
=?utf-8?q?x=0D=0AFrom=3A_eve=40evil.example?= <{a}>
<=?utf-8?q?anna?=@acme.example>
<anna@=?utf-8?q?acme.example?=>
<=?utf-8?q?anna=40acme.example?=>
<=?utf-8?q?anna=40acme.example=3E_=3Ceve?=@evil.example>
anna=?utf-8?q?=40?=acme.example
Anna <mailto:{a}>
Anna <'{a}'>
'{a}'
'{a}' <{e}>
Anna [{e}] <{a}>
Anna <anna@[acme.example]>
Anna <{a}>.
Anna <{a}> x
x <{a}> y <{e}>
ANNA@ACME.EXAMPLE
anna@acme.example.
anna@.acme.example
anna@acme..example
.anna@acme.example
Anna <{a}>,
Anna <{a}> , (x)
""".strip().splitlines()
ODD_CHARACTERS = ("\t", "\x01", "\x0b", "\x0c", "\x7f", "\x85", "\xa0", "\u200b", "\u202e", "\ufeff", "\uff0c", "\uff1b", "\u2028")
VARIANTS += [f"{{a}}{character}{{e}}" for character in ODD_CHARACTERS] + [f"{character}{{a}}" for character in ODD_CHARACTERS]


def has_rights(raw: bytes) -> bool:
    """Whether this mail, with any results whatever that pass, could be an agent's."""
    sender = identify(parse_message(raw), None, some_settings(), some_tokens())
    return sender.agent is not None and sender.proof.code != "from-not-strict"


def readings(raw: bytes) -> Iterable[frozenset[str]]:
    """The addresses other parsers find. One that finds none, or gives up, believes nobody."""
    value = str(message_from_bytes(raw)["From"])
    yield _addresses(getaddresses([value]))
    if IS_STRICT_KNOWN:
        yield _addresses(getaddresses([value], strict=False))
    yield _addresses(MailParser(message_from_bytes(raw)).from_)
    try:
        modern = message_from_bytes(raw, policy=policy.default)["From"]
        yield _addresses(("", address.addr_spec) for address in modern.addresses)
    except (ValueError, IndexError, AttributeError):
        # The standard library's parser gives up over line breaks in encoded words.
        return


def _addresses(found: Iterable[tuple[str, str]]) -> frozenset[str]:
    return frozenset(address.casefold() for _, address in found if "@" in address)


def check(value: str) -> bool:
    """Whether the field gives rights; then nobody may see another sender in it."""
    raw = b"From: " + value.encode("utf-8", "surrogateescape") + b"\r\nTo: support@acme.example\r\nMessage-ID: <x@y>\r\n\r\nhi\r\n"
    if not has_rights(raw):
        return False
    assert {reading for reading in readings(raw) if reading} <= {frozenset({ANNA})}, value
    return True


def test_no_variant_of_from_gives_rights_that_another_reader_would_give_somebody_else() -> None:
    """Acceptance row 8."""
    assert len(set(VARIANTS)) >= 120
    granted = [variant for variant in VARIANTS if check(variant.format(a=ANNA, e=EVE))]
    assert {"{a}", "Anna <{a}>", '"{e}" <{a}>', "Anna ({e}) <{a}>"} <= set(granted)
    assert len(granted) < len(VARIANTS) / 2


@given(st.lists(st.sampled_from([ANNA, EVE, *'<>()",;:\\ @[]=?.', "=?utf-8?q?", "=40", "?=", "anna", "acme.example", "x"]), max_size=12))
def test_nor_does_any_other(pieces: list[str]) -> None:
    check("".join(pieces))
