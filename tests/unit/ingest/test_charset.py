"""The ladder of MAIL.md P4."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.charset import decode_bytes, normalise
from maild.ingest.data import table


def check(octets: bytes, declared: str, expected: str) -> None:
    assert decode_bytes(octets, declared) == expected


def test_the_declared_charset_is_believed_if_it_fits():
    check("Grüße".encode("iso-8859-1"), "iso-8859-1", "Grüße")
    check("Привет".encode("koi8-r"), "KOI8-R", "Привет")
    check("żółć".encode("iso-8859-2"), "'iso-8859-2'", "żółć")


def test_names_as_they_come_are_understood():
    check("你好".encode("gbk"), "gb2312", "你好")
    check("안녕".encode("cp949"), "ks_c_5601-1987", "안녕")
    check("“quoted”".encode("cp1252"), "latin-1", "“quoted”")
    check("日本".encode("cp932"), "x-sjis", "日本")
    check("Grüße".encode(), "utf-8; format=flowed", "Grüße")
    check("Grüße".encode(), "utf8mb4", "Grüße")
    check("Привет".encode("cp1251"), "win-1251", "Привет")
    check("שלום".encode("iso8859-8"), "iso-8859-8-i", "שלום")
    check("“x”".encode("cp1252"), "x-windows-1252", "“x”")
    check("日本".encode("euc_jp"), "x-euc-jp", "日本")


def test_japanese_mail_may_use_the_vendors_rows():
    check("日本語".encode("iso-2022-jp"), "iso-2022-jp", "日本語")
    check(b"\x1b$B-!-j\x1b(B abc", "iso-2022-jp", "①㈱ abc")
    check(b"\x1b(I1234\x1b(B", "iso-2022-jp", "ｱｲｳｴ")
    check(b"\x1b$BF|\r\n\r\nK\\8l", "iso-2022-jp", "日\n\n本語")
    check(b"\x1b$BF|K\n\x1b(B\x1b$BK\\", "iso-2022-jp", "日\n本")
    check(b"\x1b$BF|  \x1b(Ba", "iso-2022-jp", "\x1b$BF|  \x1b(Ba")


def test_without_a_name_utf_8_goes_before_cp1252():
    check("Grüße".encode(), "", "Grüße")
    check("Grüße".encode("cp1252"), "", "Grüße")
    check("Grüße".encode(), "us-ascii", "Grüße")
    check("Grüße".encode(), "x-unknown", "Grüße")


def test_a_wrong_name_is_found_out():
    check("Grüße".encode(), "gb18030x", "Grüße")
    check("Grüße".encode("cp1252"), "utf-8", "Grüße")
    check(b"plain words", "utf-16", "plain words")


def test_a_cut_character_does_not_cost_the_rest():
    check(("ü" * 40).encode() + b"\xc3", "utf-8", "ü" * 40 + "\ufffd")


@pytest.mark.parametrize(
    "name", ["", "undefined", "idna", "punycode", "unicode_escape", "base64", "zlib", "hex", "rot13", "utf-8\0", "\0", "\ud800", "x" * 500]
)
def test_what_crashes_stdlib_is_text_all_the_same(name: str) -> None:
    assert decode_bytes(b"caf\xe9", name) == "café"


def test_halves_of_a_pair_encoded_apart_are_put_together():
    check(b"hi \xed\xa0\xbd\xed\xb8\x80", "utf-8", "hi 😀")
    check(b"hi \xed\xa0\xbd", "utf-8", "hi í\xa0½")


@pytest.mark.parametrize("name", table("charsets")["aliases"])
def test_every_alias_names_a_codec(name: str) -> None:
    assert normalise(name) == "" or codecs.lookup(normalise(name))


def test_the_charset_of_the_html_counts_where_nothing_else_fits():
    page = '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r"><p>Привет'.encode("koi8-r")
    assert decode_bytes(page, "", html=True).endswith("Привет")


@given(
    st.binary(),
    st.sampled_from(["", "utf-7", "utf-16", "iso-2022-jp", "iso-2022-kr", "hz-gb-2312", "big5", "euc-kr", "cp1255"]) | st.text(max_size=20),
)
def test_any_bytes_are_decoded(octets: bytes, name: str) -> None:
    decode_bytes(octets, name)
