"""Keyed tokens and the subject tag: mint and verify. Pure; used by mail in and mail out alike.

Every token is an HMAC-SHA256 under a key derived for one purpose, so that a customer's token never passes for an agent's (MAIL.md A3).
Forms (MAIL.md O1, O2, F5, L8), `mac` being two hex digits of key id and 16 base32 characters (80 bits):

    <c.1042.77.mac@domain>          Message-ID: c answer to the customer, a acknowledgement, s status notice, n agent notification
    <t.1042.mac@domain>             the anchor of a ticket, first of its References
    [Acme #1042-7QKD]               the subject tag
    maild-ref: n.1042.77.mac        the visible line of an agent notification
    X-Maild-Loop: instance; mac     our automatic mail, coming back
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MAC_PATTERN = r"[0-9a-f]{2}[a-z2-7]{16}"
CUSTOMER = "customer"
_ID = re.compile(rf"(?P<kind>[casn])\.(?P<ticket>\d{{1,12}})\.(?P<letter>\d{{1,12}})\.(?P<mac>{MAC_PATTERN})(?:@[^\s<>@]+)?", re.IGNORECASE)
_ANCHOR = re.compile(rf"t\.(?P<ticket>\d{{1,12}})\.(?P<mac>{MAC_PATTERN})(?:@[^\s<>@]+)?", re.IGNORECASE)
_REF_LINE = re.compile(rf"maild-ref:\s{{0,8}}(n\.\d{{1,12}}\.\d{{1,12}}\.{MAC_PATTERN})", re.IGNORECASE)


class LetterKind(Enum):
    """MAIL.md O1: the letter's kind, as it stands in our Message-IDs."""

    ANSWER = "c"
    ACKNOWLEDGEMENT = "a"
    STATUS = "s"
    NOTIFICATION = "n"


@dataclass(frozen=True, slots=True)
class LetterToken:
    """One of our Message-IDs whose MAC is valid. `agent` is set for notifications: whose token it is."""

    kind: LetterKind
    ticket: int
    letter: int
    agent: str | None


@dataclass(frozen=True, slots=True)
class SubjectTag:
    """A tag found in a subject. `valid`: its check characters are ours (MAIL.md F3c); else it is weak evidence (F3f).

    `guessed`: it has check characters, and they are wrong.
    """

    ticket: int
    valid: bool
    guessed: bool
    start: int
    end: int


class Tokens:
    """Mints with the first key of the ring, verifies with all of them (MAIL.md O1: a key ring with key ids)."""

    def __init__(self, keys: Sequence[bytes], domain: str, prefixes: Sequence[str], agents: Iterable[str] = ()) -> None:
        if not keys:
            raise ValueError("a key ring needs at least one key")
        self._ring = {_key_id(key): key for key in reversed(keys)}
        self._keys = tuple(keys)
        self._newest = keys[0]
        self.domain = domain
        self.prefix = prefixes[0]
        self._agents = tuple(agents)
        names = "|".join(re.escape(prefix) for prefix in prefixes)
        check = r"(?:\s{0,2}-\s{0,2}([0-9A-Za-z]{4}))?"
        self._tag = re.compile(rf"\[\s{{0,4}}(?:{names})\s{{0,4}}#?\s{{0,4}}(\d{{1,12}}){check}\s{{0,4}}\]", re.IGNORECASE)

    @property
    def instance(self) -> str:
        """A public name of this desk, the same as long as its newest key (MAIL.md L8)."""
        return _mac(self._newest, "instance", self.domain)[:10]

    def mint_message_id(self, kind: LetterKind, ticket: int, letter: int, agent: str | None = None) -> str:
        """A Message-ID without angle brackets, under 76 characters for domains up to 40 (MAIL.md O1)."""
        return f"{kind.value}.{ticket}.{letter}.{self._letter_mac(self._newest, kind, ticket, letter, agent)}@{self.domain}"

    def read_message_id(self, message_id: str) -> LetterToken | None:
        """The token in one of our Message-IDs, None where the form or the MAC is not ours."""
        match = _ID.fullmatch(message_id)
        return self._verify_letter(match) if match else None

    def mint_anchor(self, ticket: int) -> str:
        """The anchor id of a ticket (MAIL.md O2)."""
        return f"t.{ticket}.{_stamped(self._newest, 'anchor', str(ticket))}@{self.domain}"

    def read_anchor(self, message_id: str) -> int | None:
        """The ticket number of a valid anchor."""
        match = _ANCHOR.fullmatch(message_id)
        if not match or not (key := self._key_of(match["mac"])):
            return None
        return int(match["ticket"]) if _same(_stamped(key, "anchor", match["ticket"]), match["mac"].lower()) else None

    def mint_reference_line(self, ticket: int, letter: int, agent: str) -> str:
        """The small visible line of a notification (MAIL.md A1)."""
        mac = self._letter_mac(self._newest, LetterKind.NOTIFICATION, ticket, letter, agent)
        return f"maild-ref: {LetterKind.NOTIFICATION.value}.{ticket}.{letter}.{mac}"

    def find_reference_line(self, text: str) -> LetterToken | None:
        """The first valid `maild-ref` line of a text."""
        tokens = (self.read_message_id(match[1]) for match in _REF_LINE.finditer(text))
        return next((token for token in tokens if token), None)

    def mint_tag(self, ticket: int, prefix: str | None = None) -> str:
        """The subject tag of a ticket (MAIL.md F5): `[Acme #1042-7QKD]`."""
        return f"[{prefix or self.prefix} #{ticket}-{_check(self._newest, ticket)}]"

    def find_tags(self, subject: str) -> tuple[SubjectTag, ...]:
        """Our own tags in a subject, in order; foreign prefixes are never ours."""
        return tuple(self._read_tag(match) for match in self._tag.finditer(subject))

    def count_wrong(self, message_ids: Iterable[str], subject: str) -> int:
        """How many ids and tags have our form, and a MAC or check characters that are not ours (MAIL.md S6)."""
        ours = f"@{self.domain}".casefold()
        ids = [given for given in message_ids if given.casefold().endswith(ours) and (_ID.fullmatch(given) or _ANCHOR.fullmatch(given))]
        wrong = [given for given in ids if self.read_message_id(given) is None and self.read_anchor(given) is None]
        return len(wrong) + sum(tag.guessed for tag in self.find_tags(subject))

    def strip_tags(self, subject: str) -> str:
        """The subject without our own tags."""
        return " ".join(self._tag.sub(" ", subject).split())

    def mint_loop_header(self) -> str:
        """The value of X-Maild-Loop (MAIL.md L8)."""
        return f"{self.instance}; {_stamped(self._newest, 'loop', self.instance)}"

    def is_loop_header(self, value: str) -> bool:
        """Whether an X-Maild-Loop value was written by this desk; anybody else's is ignored (MAIL.md L1)."""
        instance, _, mac = (part.strip() for part in value.partition(";"))
        key = self._key_of(mac)
        return key is not None and _same(_stamped(key, "loop", instance), mac.lower())

    def _verify_letter(self, match: re.Match[str]) -> LetterToken | None:
        kind = LetterKind(match["kind"].lower())
        ticket, letter, mac = int(match["ticket"]), int(match["letter"]), match["mac"].lower()
        if not (key := self._key_of(mac)):
            return None
        readers: tuple[str | None, ...] = self._agents if kind is LetterKind.NOTIFICATION else (None,)
        for agent in readers:
            if _same(self._letter_mac(key, kind, ticket, letter, agent), mac):
                return LetterToken(kind, ticket, letter, agent)
        return None

    def _letter_mac(self, key: bytes, kind: LetterKind, ticket: int, letter: int, agent: str | None) -> str:
        purpose = "agent" if kind is LetterKind.NOTIFICATION else "customer"
        return _stamped(key, purpose, f"{kind.value}.{ticket}.{letter}.{agent or CUSTOMER}")

    def _key_of(self, mac: str) -> bytes | None:
        return self._ring.get(mac[:2].lower())

    def _read_tag(self, match: re.Match[str]) -> SubjectTag:
        is_valid = self._is_check(int(match[1]), match[2])
        return SubjectTag(int(match[1]), is_valid, match[2] is not None and not is_valid, *match.span())

    def _is_check(self, ticket: int, given: str | None) -> bool:
        if not given:
            return False
        typed = given.upper().translate(_CROCKFORD_READING)
        return any(_same(_check(key, ticket), typed) for key in self._keys)


_CROCKFORD_READING = str.maketrans({"O": "0", "I": "1", "L": "1"})


@lru_cache(maxsize=64)
def _key_id(key: bytes) -> str:
    """INTERFACE.md: the first two hex digits of the key's SHA-256."""
    return hashlib.sha256(key).hexdigest()[:2]


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: str) -> bytes:
    return hmac.digest(key, f"maild {purpose}".encode(), "sha256")


def _mac(key: bytes, purpose: str, text: str) -> str:
    """80 bits of HMAC-SHA256 in lower-case base32: 16 characters."""
    return base64.b32encode(hmac.digest(_derived(key, purpose), text.encode(), "sha256")[:10]).decode().lower()


def _stamped(key: bytes, purpose: str, text: str) -> str:
    return _key_id(key) + _mac(key, purpose, text)


def _check(key: bytes, ticket: int) -> str:
    """Four Crockford base32 characters: a guess is right once in a million (MAIL.md F5)."""
    digest = int.from_bytes(hmac.digest(_derived(key, "tag"), str(ticket).encode(), "sha256")[:4], "big")
    return "".join(CROCKFORD[digest >> shift & 31] for shift in (15, 10, 5, 0))


def _same(expected: str, given: str) -> bool:
    return hmac.compare_digest(expected.encode(), given.encode())
