"""Readers, one column each: what is written → what it means, or None where it is a fault."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.config import readers, terms
from maild.config.faults import Faults, Place
from maild.config.findings import BAD, Findings, Reader, Reading
from maild.config.nodes import Table, parse_yaml
from maild.config.settings import After, Mode, Rate

FILE = Path("maild.yaml")


def read(reader: Reader[Any], written: str) -> Any:
    """What the reader makes of `key: written`; None and a fault belong together."""
    faults = Faults()
    root = parse_yaml(f"key: {written}\n".encode(), FILE, faults)
    assert isinstance(root, Table)
    findings = Findings(Path("/desk"), faults)
    value = reader(root.entries[0].value, Reading(findings, Place(FILE, 1, 1)).at(root.entries[0].key))
    assert (value is BAD) == bool(faults.errors)
    return None if value is BAD else value


def check(reader: Reader[Any], written: str, expected: object) -> None:
    assert read(reader, written) == expected, written


def test_durations_are_a_number_and_a_unit():
    def check_duration(written: str, expected: timedelta | None) -> None:
        check(readers.duration, written, expected)

    check_duration("0s", timedelta(0))
    check_duration("30m", timedelta(minutes=30))
    check_duration("24h", timedelta(hours=24))
    check_duration("3d", timedelta(days=3))
    check_duration("1w", timedelta(weeks=1))
    check_duration('"24h"', timedelta(hours=24))
    check_duration("24 h", timedelta(hours=24))
    check_duration("24", None)
    check_duration("24H", None)
    check_duration("1.5h", None)
    check_duration("-1h", None)
    check_duration("1h30m", None)
    check_duration("22:30", None)  # YAML 1.1 takes it for 1350
    check_duration("999999999w", None)
    check_duration("", None)


def test_where_a_filter_listens_is_a_url_without_secrets():
    for url in ("http://127.0.0.1:11333", "https://mx.acme.example/rspamd/", "http://localhost:65535", "http://[::1]:11333/a"):
        check(terms.filter_url, f'"{url}"', url)
    for url in ("127.0.0.1:11333", "ftp://mx", "http://", "http://mx:0", "http://mx:65536", "http://[:::]:80", "http://[1.2.3]"):
        check(terms.filter_url, f'"{url}"', None)
    for url in ("http://user:secret@mx", "http://mx/checkv2?key=1", "http://mx/a b", "http://mx\\n:80", "http://м.example"):
        check(terms.filter_url, f'"{url}"', None)


def test_sizes_know_thousands_and_1024s():
    check(readers.size, "25MiB", 25 * 1024 * 1024)
    check(readers.size, "20MB", 20_000_000)
    check(readers.size, "512KiB", 524_288)
    check(readers.size, "512 kib", 524_288)
    check(readers.size, "1GB", 1_000_000_000)
    check(readers.size, "65536", 65_536)
    check(readers.size, "65536B", 65_536)
    check(readers.size, "25M", None)
    check(readers.size, "0", None)
    check(readers.size, "1.5MiB", None)
    check(readers.size, "-1", None)


def test_rates_are_a_count_in_a_window():
    check(readers.rate, "3/1h", Rate(3, timedelta(hours=1)))
    check(readers.rate, "600 / 10m", Rate(600, timedelta(minutes=10)))
    check(readers.rate, "3", None)
    check(readers.rate, "3/0s", None)
    check(readers.rate, "3/1", None)
    check(terms.rates_or_off, "[3/1h, 10/1d]", (Rate(3, timedelta(hours=1)), Rate(10, timedelta(days=1))))
    check(terms.rates_or_off, "3/1h", (Rate(3, timedelta(hours=1)),))
    check(terms.rates_or_off, "off", ())


def test_numbers_are_whole_and_never_octal():
    port = readers.number(1, 65_535)
    check(port, "993", 993)
    check(port, '"993"', 993)
    check(port, "0993", None)
    check(port, "0x10", None)
    check(port, "1_000", None)
    check(port, "9:00", None)
    check(port, "993.0", None)
    check(port, "true", None)
    check(port, "0", None)
    check(port, "65536", None)


def test_flags_take_the_words_people_use():
    for word in ("true", "True", "on", "yes", '"yes"'):
        check(readers.flag, word, True)
    for word in ("false", "off", "no"):
        check(readers.flag, word, False)
    check(readers.flag, "1", None)
    check(readers.flag, "[]", None)


def test_text_is_taken_as_it_is_written():
    check(readers.text, "0123", "0123")
    check(readers.text, "1e5", "1e5")
    check(readers.text, "no", "no")
    check(readers.text, "true", "true")
    check(readers.text, "2026-03-01", "2026-03-01")
    check(readers.text, "~", None)
    check(readers.text, '""', None)
    check(readers.text, '"a\\nb"', None)
    check(readers.text, '"a\\0b"', None)
    check(readers.text, "[a]", None)
    check(readers.lines, '"a\\nb"', "a\nb")


def test_a_domain_is_no_number_of_a_host():
    check(readers.domain, "Acme.example", "acme.example")
    check(readers.domain, "127.acme.example", "127.acme.example")
    check(readers.domain, "127.0.0.1", None)


def test_addresses_are_bare():
    check(readers.address, "support@acme.example", "support@acme.example")
    check(readers.address, "Support+x@Acme.Example", "Support+x@acme.example")
    check(readers.address, "info@bücher.example", "info@xn--bcher-kva.example")
    check(readers.address, "info@größe.example", None)  # IDNA 2003 and 2008 name two different domains
    check(readers.address, "Support <support@acme.example>", None)
    check(readers.address, "support", None)
    check(readers.address, '"@acme.example"', None)
    check(readers.address, "a@b@c.example", None)
    check(readers.address, "a@-acme.example", None)
    check(readers.address_or_domain, "Forms@Acme.example", "forms@acme.example")
    check(readers.address_or_domain, "Monitoring.Acme.example", "monitoring.acme.example")


def test_hosts_are_names_or_addresses():
    check(terms.host, "imap.acme.example", "imap.acme.example")
    check(terms.host, "127.0.0.1", "127.0.0.1")
    check(terms.host, '"::1"', "::1")
    check(terms.host, "imaps://imap.acme.example", None)
    check(terms.host, "imap.acme.example:993", None)


def test_the_server_copy_is_kept_moved_or_deleted():
    check(terms.after, "keep", After("keep"))
    check(terms.after, "delete", After("delete"))
    check(terms.after, "{move: Processed}", After("move", "Processed"))
    check(terms.after, "{move: }", None)
    check(terms.after, "move", None)


def test_a_mailbox_starts_at_an_age_now_or_with_all_there_is():
    check(terms.start, "24h", timedelta(hours=24))
    check(terms.start, "now", timedelta(0))
    assert read(terms.start, "all") is None


def test_lists_want_brackets_and_no_repetition():
    names = readers.list_of(readers.text)
    check(names, "[a, b]", ("a", "b"))
    check(names, "[]", ())
    check(names, "", ())
    check(names, "a", None)


def test_enums_are_read_by_their_values():
    check(readers.member(Mode), "observe", Mode.OBSERVE)
    check(readers.member(Mode), "OBSERVE", None)


@pytest.mark.parametrize(
    "reader", [readers.duration, readers.size, readers.rate, readers.text, readers.address, readers.zone, terms.after, terms.host]
)
@given(written=st.text(max_size=60))
def test_any_text_gives_a_value_or_a_fault(reader: Reader[Any], written: str):
    faults = Faults()
    node = parse_yaml(written.encode("utf-8", "replace"), FILE, faults)
    if node is not None:
        findings = Findings(Path("/desk"))
        value = reader(node, Reading(findings, node.place))
        assert (value is BAD) == bool(findings.faults.errors)
