"""Headers that only maild may write have no effect where somebody else wrote them (MAIL.md S7; OPERATIONS X3)."""

from dataclasses import replace

from maild.effects import Decision
from maild.ingest.parse import parse_message
from maild.known import NOTHING_KNOWN
from maild.pipeline import Desk, consider
from maild.reading import Circumstances
from tests.builders import NOW, some_settings, some_tokens
from tests.rig.mails import an_email, an_email_with_files
from tests.rig.occasions import rules_from

BELIEVING = """
version: 1
rules:
  - {id: queue, when: mail.received, if: {header.X-Maild-Queue: {exists: true}}, do: [{set: {queue: sales}}]}
  - {id: priority, when: mail.received, if: {header.X-Maild-Priority: {exists: true}}, do: [{set: {priority: urgent}}]}
  - {id: loop, when: mail.received, if: {header.x-maild-loop: {exists: true}}, do: [{drop: "a loop"}]}
  - {id: other, when: mail.received, if: {header.X-Maild-Agent: {exists: true}}, do: [{set: {owner: anna}}]}
"""
"""Rules of a desk that believes in these headers."""

FORGERIES = (
    b"X-Maild-Queue: sales\r\n",
    b"X-Maild-Priority: urgent\r\n",
    b"X-Maild-Agent: anna\r\n",
    b"X-Maild-Loop: acme.example; 00aaaaaaaaaaaaaaaa\r\n",
    b"x-MAILD-queue: sales\r\n",
    b"X-Maild-Queue : sales\r\n",
    b"X-Maild-Queue:\r\n sales\r\n",
    b"X-Maild-Queue:\r\n\t\r\n\tsales\r\n",
    b"X-Maild-Queue: \xff\xfes\xe4les\r\n",
    b"X-Maild-Queue: =?utf-8?q?sales?=\r\n",
    b"X-Maild-Queue: support\r\nX-Maild-Queue: sales\r\nX-Maild-Queue: sales\r\n",
    b"X-Maild-Queue:" + b" sales" * 8_000 + b"\r\n",
    b"".join(b"X-Maild-%d: urgent\r\n" % number for number in range(200)),
)


def decided(raw: bytes) -> Decision:
    desk = Desk(some_settings(), rules_from(BELIEVING), some_tokens())
    decision = consider(parse_message(raw), Circumstances("support"), lambda question: NOTHING_KNOWN, desk, NOW)
    return replace(decision, trace=())


def test_whatever_a_sender_writes_into_our_headers_changes_nothing() -> None:
    plain = an_email(message_id="one@globex.example")
    expected = decided(plain)
    head, _, rest = plain.partition(b"\r\n")
    for forgery in FORGERIES:
        assert decided(forgery + plain) == expected, forgery
        assert decided(head + b"\r\n" + forgery + rest) == expected, forgery


def test_nor_in_a_message_that_is_attached() -> None:
    def with_attached(inner: bytes) -> bytes:
        return an_email_with_files([("note.eml", "message/rfc822", inner)], message_id="two@globex.example")

    expected = decided(with_attached(an_email(message_id="inner@globex.example")))
    for forgery in FORGERIES:
        found = decided(with_attached(forgery + an_email(message_id="inner@globex.example")))
        assert _without_attached_bytes(found) == _without_attached_bytes(expected), forgery


def _without_attached_bytes(decision: Decision) -> Decision:
    """The attached files differ, of course."""
    effects = tuple(replace(effect, attachments=()) if hasattr(effect, "attachments") else effect for effect in decision.effects)
    letters = tuple(
        replace(effect, letter=replace(effect.letter, attachments=())) if hasattr(effect, "letter") else effect for effect in effects
    )
    return replace(decision, effects=letters)
