"""Every mail of tests/corpus against what its .yaml says of it (HOUSE.md section 5), read by the daemon's own code.

A .yaml names only what matters in its mail, and begins with a comment that says what that is. Texts and lists are compared whole;
keys with `contains`, `contain` and `lacks` take a list of pieces. Mails are read as replies, to a desk of the queues support and sales.
"""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import ndiff
from pathlib import Path

import pytest

from maild.config.faults import Faults
from maild.config.nodes import Items, Node, Scalar, parse_yaml
from maild.ingest.automated import classify
from maild.ingest.parse import parse_message
from maild.message import InboundMessage, Nature, Report
from tests.builders import some_settings, some_tokens

CORPUS = Path(__file__).parents[1] / "corpus"
EVERY_MAIL_HAS = {"from", "subject", "class"}

Value = str | int | float | bool | list["Value"] | dict[str, "Value"] | None


@dataclass(frozen=True, slots=True)
class Read:
    """A mail as maild reads it."""

    message: InboundMessage
    nature: Nature


VALUES: dict[str, Callable[[Read], Value]] = {
    "from": lambda read: [str(address) for address in read.message.header_from],
    "from_fields": lambda read: read.message.from_fields,
    "from_defect": lambda read: read.message.from_defect,
    "sender": lambda read: str(read.message.sender) if read.message.sender else None,
    "reply_to": lambda read: [str(address) for address in read.message.reply_to],
    "to": lambda read: [str(address) for address in read.message.to],
    "cc": lambda read: [str(address) for address in read.message.cc],
    "recipients": lambda read: list(read.message.recipients),
    "return_path": lambda read: read.message.return_path,
    "subject": lambda read: read.message.subject,
    "date": lambda read: read.message.date.isoformat() if read.message.date else None,
    "message_id": lambda read: read.message.message_id,
    "message_id_given": lambda read: read.message.message_id_given,
    "in_reply_to": lambda read: list(read.message.in_reply_to),
    "references": lambda read: list(read.message.references),
    "text": lambda read: read.message.text,
    "new_text": lambda read: read.message.new_text,
    "elided": lambda read: read.message.elided,
    "attachments": lambda read: [attachment.name for attachment in read.message.attachments],
    "attachment_sizes": lambda read: [attachment.size for attachment in read.message.attachments],
    "attachments_inline": lambda read: [attachment.inline for attachment in read.message.attachments],
    "attachments_elided": lambda read: [attachment.elided for attachment in read.message.attachments],
    "wrappings": lambda read: [wrapping.value for wrapping in read.message.wrappings],
    "invitation": lambda read: read.message.invitation,
    "forwarded_from": lambda read: (
        [str(address) for address in read.message.forwarded.mail.header_from] if read.message.forwarded else None
    ),
    "forwarded_subject": lambda read: read.message.forwarded.mail.subject if read.message.forwarded else None,
    "forwarded_text": lambda read: read.message.forwarded.mail.text if read.message.forwarded else None,
    "forwarded_words": lambda read: read.message.forwarded.words if read.message.forwarded else None,
    "calendar_method": lambda read: read.message.calendar_method,
    "defects": lambda read: list(read.message.defects),
    "class": lambda read: read.nature.message_class.value,
    "reason_codes": lambda read: [reason.code for reason in read.nature.reasons],
    "silence_codes": lambda read: [reason.code for reason in read.nature.silence],
    "may_acknowledge": lambda read: not read.nature.silence,
}
REPORT_VALUES: dict[str, Callable[[Report], Value]] = {
    "recipients": lambda report: [recipient.address for recipient in report.recipients],
    "kinds": lambda report: [recipient.kind.value if recipient.kind else None for recipient in report.recipients],
    "final": lambda report: [recipient.final for recipient in report.recipients],
    "statuses": lambda report: [recipient.status for recipient in report.recipients],
    "returned_ids": lambda report: list(report.returned_ids),
}
TEXTS: dict[str, Callable[[Read], str]] = {
    "text_contains": lambda read: read.message.text,
    "new_text_contains": lambda read: read.message.new_text,
    "elided_contains": lambda read: read.message.elided,
    "defects_contain": lambda read: "\n".join(read.message.defects),
    "text_lacks": lambda read: read.message.text,
    "new_text_lacks": lambda read: read.message.new_text,
}


def names(suffix: str) -> set[str]:
    return {path.stem for path in CORPUS.glob(f"*{suffix}")}


@pytest.mark.parametrize("case", sorted(names(".eml") & names(".yaml")))
def test_a_mail_is_read_as_its_yaml_says(case: str):
    wanted = expectation(CORPUS / f"{case}.yaml")
    read = read_mail((CORPUS / f"{case}.eml").read_bytes())
    if difference := differences(wanted, {key: found(read, key, value) for key, value in wanted.items()}):
        pytest.fail(f"{case}.eml is not read as {case}.yaml says (- wanted, + found):\n{difference}", pytrace=False)


def test_every_mail_has_its_yaml_and_every_yaml_its_mail():
    assert names(".eml") - names(".yaml") == set()
    assert names(".yaml") - names(".eml") == set()
    assert sorted(path.name for path in CORPUS.iterdir() if path.suffix not in (".eml", ".yaml")) == [".gitattributes"]


def test_the_bytes_of_mails_are_left_alone_by_git():
    assert "*.eml -text" in (CORPUS / ".gitattributes").read_text(encoding="utf-8").splitlines()


def test_a_key_nobody_reads_is_refused(tmp_path: Path):
    file = tmp_path / "case.yaml"
    file.write_text("# A slip of the pen.\nfrom: []\nsubject: Hello\nclass: human\nsubjekt: Hello\n")
    with pytest.raises(AssertionError, match="subjekt"):
        expectation(file)


def test_a_difference_shows_the_lines_that_differ_and_nothing_of_keys_that_agree():
    shown = differences({"subject": "Hello", "text": "one\ntwo"}, {"subject": "Hello", "text": "one\nt\0wo"})
    assert [line for line in shown.splitlines() if not line.startswith("?")] == ["  text:", "    one", "-   two", "+   t\\x00wo"]


def expectation(file: Path) -> dict[str, Value]:
    """What a .yaml says; fails where it is no YAML, names what nobody reads, or leaves out what every mail has."""
    raw = file.read_bytes()
    faults = Faults()
    wanted = _plain(parse_yaml(raw, file, faults))
    assert faults.errors == ()
    assert raw.startswith(b"# "), "the first line says what the mail shows"
    assert isinstance(wanted, dict)
    assert sorted(wanted.keys() - VALUES.keys() - TEXTS.keys() - {"bounce"}) == []
    assert sorted(EVERY_MAIL_HAS - wanted.keys()) == []
    return wanted


def _plain(node: Node | None) -> Value:
    match node:
        case None:
            return None
        case Scalar():
            return node.value
        case Items():
            return [_plain(item) for item in node]
        case _:
            return {entry.key.text: _plain(entry.value) for entry in node.entries}


def read_mail(raw: bytes) -> Read:
    message = parse_message(raw)
    return Read(message, classify(message, some_tokens(), some_settings()))


def found(read: Read, key: str, wanted: Value) -> Value:
    """What the mail has under this key; of a text that is searched the pieces that are as wanted, and where one is not, all of it."""
    if key == "bounce":
        return _found_report(read.message.report, wanted)
    if key not in TEXTS:
        return VALUES[key](read)
    assert isinstance(wanted, list), f"{key} takes a list"
    text = TEXTS[key](read)
    is_wanted = not key.endswith("lacks")
    right = [piece for piece in wanted if (str(piece) in text) is is_wanted]
    return right if right == wanted else [*right, "in all of this:", *text.split("\n")]


def _found_report(report: Report | None, wanted: Value) -> Value:
    assert isinstance(wanted, dict), "bounce takes a mapping"
    assert sorted(wanted.keys() - REPORT_VALUES.keys()) == []
    return {key: REPORT_VALUES[key](report) for key in wanted} if report else None


def differences(wanted: dict[str, Value], read: dict[str, Value]) -> str:
    """Line by line, for the keys that differ; "" where all is as wanted."""
    keys = [key for key in wanted if wanted[key] != read[key]]
    return "\n".join(line.rstrip("\n") for key in keys for line in ndiff(_lines(key, wanted[key]), _lines(key, read[key])))


def _lines(key: str, value: Value) -> list[str]:
    return [f"{key}:", *(f"  {line}" for line in _value_lines(value))]


def _value_lines(value: Value) -> list[str]:
    match value:
        case str():
            return [_shown(line) for line in value.split("\n")]
        case list():
            return [f"- {_shown(str(item))}" for item in value] or ["[]"]
        case dict():
            return [line for key, item in value.items() for line in _lines(key, item)]
        case _:
            return [str(value)]


def _shown(line: str) -> str:
    """With escapes for what no terminal shows."""
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in line)
