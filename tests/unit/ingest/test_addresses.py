"""Address fields: what is read, and what counts as a structural defect (MAIL.md P2, A2)."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.addresses import MAX_ADDRESSES, read_addresses


def check(value: str, *expected: tuple[str, str]) -> None:
    found = read_addresses([value])
    assert [(address.name, address.address) for address in found.addresses] == list(expected)
    assert not found.defects


def check_defect(value: str, *expected: str) -> None:
    """The addresses read, and that they are not believed."""
    found = read_addresses([value])
    assert [address.address for address in found.addresses] == list(expected)
    assert found.defects


def test_mailboxes_are_read():
    check("ann@x.example", ("", "ann@x.example"))
    check("Ann Smith <ann@x.example>", ("Ann Smith", "ann@x.example"))
    check('"Smith, Ann" <ann@x>', ("Smith, Ann", "ann@x"))
    check("ann@x (Ann Smith)", ("Ann Smith", "ann@x"))
    check('"Ann \\"The Boss\\" Smith" <ann@x>', ('Ann "The Boss" Smith', "ann@x"))
    check("<ann@x>", ("", "ann@x"))
    check("Ann (from sales (and more)) <ann@x>", ("Ann", "ann@x"))


def test_lists_have_commas_or_semicolons():
    check("a@x, B <b@x>,c@x", ("", "a@x"), ("B", "b@x"), ("", "c@x"))
    check("a@x; b@x;", ("", "a@x"), ("", "b@x"))
    check(", ,a@x,,", ("", "a@x"))


def test_groups_are_their_members():
    check("undisclosed-recipients:;")
    check("Friends: a@x, B <b@x>;, c@x", ("", "a@x"), ("B", "b@x"), ("", "c@x"))


def test_names_are_decoded_inside_quotes_too():
    check("=?utf-8?q?M=C3=BCller=2C_Ann?= <a@x>", ("Müller, Ann", "a@x"))
    check('"=?utf-8?q?M=C3=BCller?=" <a@x>', ("Müller", "a@x"))


def test_undecodable_bytes_in_a_name_are_no_defect():
    check("M\udcfcller <a@x>", ("Müller", "a@x"))


def test_unusual_addresses_are_read():
    check('"odd local"@x', ("", '"odd local"@x'))
    check("ann@[192.0.2.1]", ("", "ann@[192.0.2.1]"))
    check("用户@例え.example", ("", "用户@例え.example"))


@pytest.mark.parametrize(
    ("value", "addresses"),
    [
        ("agent@corp <evil@x>", ["evil@x"]),
        ("<agent@corp> <evil@x>", ["agent@corp"]),
        ("agent@corp)evil@x", ["agent@corp)evil@x"]),
        ("agent@corp <evil@x> trailing", ["evil@x"]),
        ("<agent@corp>evil@x", ["agent@corp"]),
        ("<agent@corp,evil@x>", ["agent@corp,evil@x"]),
        ("<evil@x:agent@corp>", ["evil@x:agent@corp"]),
        ("<@evil.x:agent@corp>", ["agent@corp"]),
        ("<agent@corp", ["agent@corp"]),
        ("agent@corp evil@x", ["evil@x"]),
        ("agent@corp@x", ["agent@corp@x"]),
        ("=?utf-8?q?agent=40corp_=3Cagent=40corp=3E?=", ["agent@corp"]),
        ("Agent <mailto:agent@corp>", ["agent@corp"]),
        ("Agent", ["Agent"]),
        ("Agent <>", []),
        ("Agent <agent @corp>", ["agent @corp"]),
        ('"agent@corp" agent@x', ["agent@x"]),
    ],
)
def test_an_address_two_readers_could_see_differently_is_a_defect(value: str, addresses: list[str]) -> None:
    check_defect(value, *addresses)


def test_a_quoted_address_as_name_is_only_a_name():
    check('"agent@corp" <evil@x>', ("agent@corp", "evil@x"))


def test_names_and_addresses_are_clean():
    check("=?utf-8?q?A=0D=0ABcc=3A_evil=00?= <a@x>", ("A Bcc: evil", "a@x"))
    check("Ann\u202e <a@x>", ("Ann", "a@x"))


def test_at_most_five_hundred_addresses_are_kept():
    found = read_addresses([",".join(f"a{number}@x" for number in range(20_000))])
    assert len(found.addresses) == MAX_ADDRESSES
    assert found.defects


@pytest.mark.parametrize(
    "value",
    [
        '"' * 60_000,
        "." * 60_000,
        "(" * 60_000,
        "()" * 30_000,
        "(a)(" * 15_000,
        "<" * 60_000,
        ",:" * 30_000,
        "a@x, " * 12_000,
        '\\"' * 30_000,
    ],
)
def test_hostile_fields_take_linear_time(value: str) -> None:
    start = process_time()
    read_addresses([value])
    assert process_time() - start < 1


@given(st.text(alphabet='a@<>()",;:\\ =?.[]\udcff', max_size=60))
def test_any_field_is_read(value: str) -> None:
    for address in read_addresses([value]).addresses:
        assert address.address
        assert "\n" not in address.name + address.address
