"""How a mail is wrapped: signed, encrypted, in TNEF, in pieces (MAIL.md P12). Pure; nothing is opened, decrypted or verified."""

from collections.abc import Iterator

from maild.ingest.armour import Armour
from maild.ingest.filenames import declared_name
from maild.ingest.mime import Part
from maild.message import Wrapping

_TNEF_TYPES = frozenset({"application/ms-tnef", "application/vnd.ms-tnef", "application/x-tnef"})
_SMIME_TYPES = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SMIME_SIGNATURES = frozenset({"application/pkcs7-signature", "application/x-pkcs7-signature"})
_SMIME_EXTENSIONS = (".p7m", ".p7z")
# RFC 5652 section 3: the content type stands at the beginning: signedData, envelopedData, authEnvelopedData.
_OID_WINDOW = 64
_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_ENVELOPED_DATA = (bytes.fromhex("06092a864886f70d010703"), bytes.fromhex("060b2a864886f70d0109100117"))
_INLINE = {Armour.SIGNED: Wrapping.PGP_SIGNED, Armour.ENCRYPTED: Wrapping.PGP_ENCRYPTED}


def find_wrappings(root: Part, armour: frozenset[Armour]) -> tuple[Wrapping, ...]:
    """Everything that wraps this message, each once; messages attached to it do not count. `armour` is what stood in its text."""
    found = [wrapping for part in _own_parts(root) if (wrapping := _wrapping_of(part))]
    found += [_INLINE[kind] for kind in Armour if kind in armour and kind in _INLINE]
    return tuple(dict.fromkeys(found))


def is_tnef(content_type: str, name: str) -> bool:
    """Seen in practice: winmail.dat as application/octet-stream."""
    return content_type in _TNEF_TYPES or (content_type == "application/octet-stream" and name.casefold() == "winmail.dat")


def _own_parts(part: Part) -> Iterator[Part]:
    yield part
    if part.main_type != "message":
        for child in part.children:
            yield from _own_parts(child)


def _wrapping_of(part: Part) -> Wrapping | None:
    match part.content_type:
        case "message/partial":
            return Wrapping.PARTIAL
        case "multipart/signed":
            return _signature_of(part)
        case "multipart/encrypted" | "application/pgp-encrypted":
            return Wrapping.PGP_ENCRYPTED
        case kind if kind in _SMIME_TYPES or (kind == "application/octet-stream" and declared_name(part).endswith(_SMIME_EXTENSIONS)):
            return _smime(part)
        case kind if is_tnef(kind, declared_name(part)) and not part.children:
            return Wrapping.TNEF
        case _:
            return None


def _signature_of(part: Part) -> Wrapping | None:
    """RFC 1847 section 2.1. Seen in practice: no protocol, so that the second part tells."""
    kinds = {(part.parameter("protocol") or "").lower(), *(child.content_type for child in part.children)}
    if kinds & _SMIME_SIGNATURES:
        return Wrapping.SMIME_SIGNED
    return Wrapping.PGP_SIGNED if "application/pgp-signature" in kinds else None


def _smime(part: Part) -> Wrapping | None:
    """RFC 8551 section 3.2.2. Seen in practice: no smime-type, so that the content's own identifier tells."""
    match (part.parameter("smime-type") or "").lower():
        case "signed-data":
            return Wrapping.SMIME_SIGNED
        case "enveloped-data" | "authenveloped-data":
            return Wrapping.SMIME_ENCRYPTED
        case "certs-only" | "compressed-data":
            return None
    beginning = part.payload[:_OID_WINDOW]
    if _SIGNED_DATA in beginning:
        return Wrapping.SMIME_SIGNED
    return Wrapping.SMIME_ENCRYPTED if any(identifier in beginning for identifier in _ENVELOPED_DATA) else None
