"""The fields of machine reports: message/delivery-status (RFC 3464), message/disposition-notification (RFC 8098) and
message/feedback-report (RFC 5965). Pure; what a report means is judged in `maild.ingest.reports`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from maild.ingest.bounce_verdict import find_status, read_kind
from maild.ingest.hygiene import one_line
from maild.message import BouncedRecipient, ReportKind

MAX_DIAGNOSTIC = 500
_MAX_LINES = 20_000
_MAX_RECIPIENTS = 500
_FIELD = re.compile(r"[ \t]{0,8}([A-Za-z][A-Za-z0-9-]{1,60})[ \t]{0,8}:[ \t]*+(.{0,2000})")
_ADDRESS = re.compile(r"(?:\"[^\"@\n]{1,128}\"|[^\s<>()\[\],;:\"@]{1,128})@[^\s<>()\[\],;:\"@]{1,255}")
FAILED_ACTIONS = frozenset({"failed", "failure", "expired", "undeliverable", "bounced"})
GOOD_ACTIONS = frozenset({"delivered", "relayed", "expanded", "success", "delivered-to-relay"})


@dataclass(frozen=True, slots=True)
class Group:
    """One block of fields: names in lower case, values unfolded. The first block of a report speaks of the message, the others each of
    a recipient."""

    fields: tuple[tuple[str, str], ...]

    def value(self, name: str) -> str:
        return next((value for key, value in self.fields if key == name), "")

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value for key, value in self.fields if key == name)


@dataclass(frozen=True, slots=True)
class DeliveryStatus:
    """What a delivery-status part says: of a delay where nothing is final and something late, of success where nobody is left out."""

    recipients: tuple[BouncedRecipient, ...]
    kind: ReportKind


def read_groups(text: str) -> tuple[Group, ...]:
    """The blocks of fields. Seen in practice: no blank line between the recipients, so a second Final-Recipient opens a block too."""
    groups: list[list[tuple[str, str]]] = [[]]
    for line in text.split("\n", _MAX_LINES)[:_MAX_LINES]:
        if not line.strip():
            groups.append([])
        elif line[0] in " \t" and groups[-1] and not _FIELD.fullmatch(line):
            name, value = groups[-1][-1]
            groups[-1][-1] = (name, f"{value} {line.strip()}"[:4000])
        elif match := _FIELD.match(line):
            _add_field(groups, match[1].lower(), match[2].strip())
    return tuple(Group(tuple(fields)) for fields in groups if fields)


def read_delivery_status(text: str) -> DeliveryStatus:
    """The recipients of a delivery-status part, each judged on its own (MAIL.md B3)."""
    groups = [group for group in read_groups(text) if _recipient_address(group)][:_MAX_RECIPIENTS]
    recipients = _distinct(_recipient(group) for group in groups)
    late = any(_action(group) == "delayed" for group in groups) and not any(recipient.final for recipient in recipients)
    good = bool(recipients) and all(recipient.delivered for recipient in recipients)
    return DeliveryStatus(recipients, ReportKind.DELAY if late else ReportKind.DELIVERED if good else ReportKind.BOUNCE)


def read_address(value: str) -> str:
    """The address of `rfc822; user@example.org`, "" without one. Seen in practice: brackets, comments, quotes, no type."""
    match = _ADDRESS.search(one_line(value[:2000]))
    return match[0].strip("'.").rstrip(">") if match else ""


def _add_field(groups: list[list[tuple[str, str]]], name: str, value: str) -> None:
    if name == "final-recipient" and any(key == name for key, _ in groups[-1]):
        groups.append([])
    groups[-1].append((name, value))


def _recipient(group: Group) -> BouncedRecipient:
    diagnostic = " ".join(_diagnostic(group).split())
    status = find_status(group.value("status")) or find_status(diagnostic)
    action = _action(group)
    delivered = action in GOOD_ACTIONS or (not action and status.startswith("2"))
    kind = None if delivered else read_kind(status, diagnostic)
    final = not delivered and (action in FAILED_ACTIONS or (action != "delayed" and not status.startswith("4")))
    return BouncedRecipient(_recipient_address(group), kind, final, status, diagnostic[:MAX_DIAGNOSTIC], delivered)


def _recipient_address(group: Group) -> str:
    names = ("final-recipient", "original-recipient", "x-actual-recipient", "x-failed-recipient", "original-rcpt-to")
    return next((address for name in names if (address := read_address(group.value(name)))), "")


def _action(group: Group) -> str:
    """RFC 3464 section 2.3.3. Seen in practice: `failed (mailbox full)`, `Failed.`, or no Action at all."""
    words = re.split(r"[\s(;]", group.value("action").strip(), maxsplit=1)
    return words[0].strip(".,").lower()


def _diagnostic(group: Group) -> str:
    """The diagnostic without its type: `smtp; 550 …`. Exchange writes more beside it.

    Seen in practice: the reply as `Status: 553 Too big`.
    """
    given = group.value("status")
    values = (
        *((given,) if not find_status(given) else ()),
        *group.values("diagnostic-code"),
        *group.values("x-supplementary-info"),
        *group.values("x-display-reason"),
    )
    return " ".join(re.sub(r"^[\w.-]{1,30}\s?;\s?", "", value) for value in values)


def _distinct(recipients: Iterator[BouncedRecipient]) -> tuple[BouncedRecipient, ...]:
    found: dict[str, BouncedRecipient] = {}
    for recipient in recipients:
        found.setdefault(recipient.address.casefold(), recipient)
    return tuple(found.values())
