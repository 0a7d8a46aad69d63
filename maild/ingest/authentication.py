"""What a server we trust says of the sender: Authentication-Results (RFC 8601) by MAIL.md S1, and the inside proofs of S1a. Pure.

Only headers count that a trusted host wrote (`witness`); others a sender can write himself. What a verdict permits is decided elsewhere.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from maild.ingest.data import word_set
from maild.ingest.witness import NAMELESS, Witness, find_testimony
from maild.message import NOT_JUDGED, Authentication, AuthResult, HeaderField, InboundMessage
from maild.reason import Reason

_LONGEST_FIELD = 16 * 1024
_WORST_FIRST = (AuthResult.FAIL, AuthResult.NONE, AuthResult.PASS)
_FAILURES = frozenset({"fail", "hardfail", "softfail", "policy", "discard"})
"""Not `permerror` and `temperror`: a record that cannot be read or had proves nothing, and fails nobody (RFC 7489 section 11.2)."""


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One `method=result` of RFC 8601 with its `ptype.property=value` pairs, all in lower case except the values."""

    method: str
    result: str
    properties: tuple[tuple[str, str], ...]

    def value(self, name: str) -> str:
        """A property's value; "" where it is missing or given twice with different values."""
        found = {value for key, value in self.properties if key == name}
        return found.pop() if len(found) == 1 else ""


def judge(message: InboundMessage, witness: Witness | None, identities: Iterable[str] = ()) -> Authentication:
    """The trusted verdict on the From domain. `identities` are the logins and addresses of the agent whose address stands in From (S1a).

    `witness` None: nobody is believed.
    """
    if witness is None:
        return NOT_JUDGED
    fields = find_testimony(message, witness)
    results = _topmost_results(fields, witness)
    inside = _inside_proof(fields, witness, results or (), {identity.casefold() for identity in identities})
    if inside:
        return _authentication(AuthResult.PASS, results or (), Reason("inside", inside), inside)
    if results is None:
        return NOT_JUDGED
    verdict, reason = _verdict(message, results)
    return _authentication(verdict, results, reason)


def _authentication(verdict: AuthResult, results: tuple[MethodResult, ...], reason: Reason, inside: str = "") -> Authentication:
    spf, dkim, dmarc, signed = (_worst(results, method) for method in ("spf", "dkim", "dmarc", "smime"))
    return Authentication(verdict, spf, dkim, dmarc, signed, inside, reason)


def _verdict(message: InboundMessage, results: tuple[MethodResult, ...]) -> tuple[AuthResult, Reason]:
    """MAIL.md S1: DMARC decides; where it said nothing, an aligned DKIM or SPF pass will do."""
    dmarc = _worst(results, "dmarc")
    if dmarc is AuthResult.FAIL:
        return AuthResult.FAIL, Reason("dmarc-fail", "DMARC failed for the From domain")
    domain = _strict_from_domain(message)
    if not domain:
        return AuthResult.NONE, Reason("from-not-strict", "the From field does not name exactly one well-formed mailbox")
    if dmarc is AuthResult.PASS and _passed_domains(results, "dmarc", "header.from") == {domain}:
        return AuthResult.PASS, Reason("dmarc-pass", f"DMARC passed for {domain}")
    for method, name in (("dkim", "header.d"), ("spf", "smtp.mailfrom")):
        if _worst(results, method) is AuthResult.PASS and any(is_aligned(d, domain) for d in _passed_domains(results, method, name)):
            return AuthResult.PASS, Reason(f"{method}-pass", f"{method.upper()} passed, aligned with {domain}")
    return AuthResult.NONE, Reason("not-authenticated", f"nothing that passed stands for {domain}")


def _strict_from_domain(message: InboundMessage) -> str:
    """MAIL.md A2: where parsers may disagree about the From, a pass may be another domain's."""
    if message.from_fields != 1 or message.from_defect or len(message.header_from) != 1:
        return ""
    return _comparable(message.header_from[0].domain)


def _worst(results: tuple[MethodResult, ...], method: str) -> AuthResult:
    """S1: of several results of one method the worst counts."""
    found = {_fold(result.result) for result in results if result.method == method}
    return next((result for result in _WORST_FIRST if result in found), AuthResult.UNKNOWN)


def _fold(result: str) -> AuthResult:
    if result == "pass":
        return AuthResult.PASS
    return AuthResult.FAIL if result in _FAILURES else AuthResult.NONE


def _passed_domains(results: tuple[MethodResult, ...], method: str, name: str) -> set[str]:
    passed = (result.value(name) for result in results if result.method == method and result.result == "pass")
    return {_comparable(value.rpartition("@")[2]) for value in passed if value}


# Alignment (RFC 7489 section 3.1)


def is_aligned(one: str, other: str) -> bool:
    """Relaxed alignment: the same organisational domain."""
    return bool(one) and organisational_domain(one) == organisational_domain(other)


def organisational_domain(domain: str) -> str:
    """The registered domain by a small heuristic: two labels; three under a registry's label of a country (co.uk) or a shared domain."""
    labels = _comparable(domain).split(".")
    country = len(labels[-1]) == 2 and labels[-2:-1] and labels[-2] in word_set("suffixes", "registries")
    shared = ".".join(labels[-2:]) in word_set("suffixes", "shared")
    return ".".join(labels[-3:] if country or shared else labels[-2:])


def _comparable(domain: str) -> str:
    """ASCII, lower case, no final dot. A name that IDNA refuses stays as it is and equals only itself."""
    plain = domain.strip().rstrip(".").casefold()[:255]
    try:
        return plain.encode("idna").decode("ascii")
    except UnicodeError:
        return plain


# Which results count


def _topmost_results(fields: Iterable[HeaderField], witness: Witness) -> tuple[MethodResult, ...] | None:
    """The results of the witness's topmost Authentication-Results, None where there is none.

    One that cannot be read may be his own: a sender's envelope address or HELO name stands in it and may have broken it. Whatever stands
    below is not the topmost.
    """
    for value in _values(fields, "authentication-results"):
        parsed = parse_results(value)
        if parsed is None:
            return None
        if parsed[0] in witness.names:
            return parsed[1]
    return None


def _values(fields: Iterable[HeaderField], name: str) -> tuple[str, ...]:
    return tuple(field.value for field in fields if field.name.casefold() == name)


# Inside proofs (S1a)


def _inside_proof(fields: tuple[HeaderField, ...], witness: Witness, results: tuple[MethodResult, ...], identities: set[str]) -> str:
    for result in results:
        login = result.value("smtp.auth").casefold()
        if result.method == "auth" and result.result == "pass" and login in identities:
            return f"logged in as {login} (auth=pass)"
    for value in _values(fields, "received"):
        login = _submitter(value)
        if login in identities:
            return f"logged in as {login} (Received)"
    return "sent from inside the organisation (AuthAs: Internal)" if identities and _is_internal(fields, witness) else ""


def _is_internal(fields: tuple[HeaderField, ...], witness: Witness) -> bool:
    """Exchange's own word, once; X-MS-Exchange-CrossTenant-AuthAs says the same of other people's organisations."""
    said = [value.strip().casefold() for value in _values(fields, witness.inside)] if witness.inside else []
    return said == ["internal"]


def _submitter(received: str) -> str:
    """Who logged in, by Postfix's comment. The HELO name stands before it and is the client's own, so the last comment counts,
    and the protocol, which only the server writes, must be one with authentication (RFC 3848)."""
    value = " ".join(received[:_LONGEST_FIELD].split())
    protocol = value.rpartition(" with ")[2].partition(" ")[0].upper()
    if protocol not in ("ESMTPA", "ESMTPSA", "UTF8SMTPA", "UTF8SMTPSA", "LMTPA", "LMTPSA"):
        return ""
    return value.rpartition("(Authenticated sender: ")[2].partition(")")[0].casefold() if "(Authenticated sender: " in value else ""


# RFC 8601 section 2.2


def parse_results(value: str) -> tuple[str, tuple[MethodResult, ...]] | None:
    """The authserv-id in lower case and the results of one field; None where the field is not well formed.

    Seen in practice: Exchange Online begins with the first result and gives no authserv-id, here NAMELESS. An unquoted "=" tells: it
    cannot stand in an authserv-id.
    """
    if len(value) > _LONGEST_FIELD or (clauses := _clauses(value)) is None:
        return None
    words = clauses[0].split()
    if not words:
        return None
    is_nameless = "=" in words[0] and not words[0].startswith('"')
    server, said = (NAMELESS, clauses) if is_nameless else (_unquoted(words[0]).casefold(), clauses[1:])
    return server, tuple(result for clause in said if (result := _method_result(clause)))


_PAIR = re.compile(r"(?<![^\s])([A-Za-z0-9._/-]++)\s*+=\s*+(\"(?>[^\"\\]|\\.)*+\"(?:@[^\s\"]*+)?|[^\s\"]++)")


def _method_result(clause: str) -> MethodResult | None:
    pairs = [(match[1].lower(), _unquoted(match[2])) for match in _PAIR.finditer(clause)]
    if not pairs:
        return None
    (method, result), *properties = pairs
    return MethodResult(method.partition("/")[0].strip(), result.lower(), tuple(properties))


def _unquoted(text: str) -> str:
    if not text.startswith('"'):
        return text
    quoted, _, rest = text[1:].rpartition('"')
    return re.sub(r"\\(.)", r"\1", quoted) + rest


def _clauses(value: str) -> list[str] | None:
    """The field without comments, cut at the semicolons outside quoted strings. None: a quote or comment never ends, so nothing in it
    can be believed. Quotes mean nothing inside comments (RFC 5322 section 3.2.2)."""
    clauses = [""]
    depth = position = 0
    while position < len(value):
        piece = (_IN_COMMENT if depth else _OUTSIDE).match(value, position)
        if piece is None or (piece[0] == ")" and not depth):
            return None
        position = piece.end()
        if piece[0] in "()":
            depth += 1 if piece[0] == "(" else -1
            clauses[-1] += " "
        elif piece[0] == ";" and not depth:
            clauses.append("")
        elif not depth:
            clauses[-1] += piece[0]
    return None if depth else clauses


_IN_COMMENT = re.compile(r"\\.|[()]|[^()\\]++", re.DOTALL)
_OUTSIDE = re.compile(r"[();]|\"(?>[^\"\\]|\\.)*+\"|[^()\";]++", re.DOTALL)
