"""RFC 2045 and RFC 2231 parameters."""

from time import process_time

from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.parameters import read_value


def check(raw: str, value: str, **parameters: str) -> None:
    found = read_value(raw)
    assert found.value == value
    assert dict(found.parameters) == parameters


def test_parameters_are_read():
    check('text/plain; charset="utf-8"; Format=flowed', "text/plain", charset="utf-8", format="flowed")
    check("Text/HTML", "text/html")
    check("text/plain;charset=utf-8;", "text/plain", charset="utf-8")
    check('a/b; name="x;y\\"z"', "a/b", name='x;y"z')


def test_rfc_2231_values_are_decoded():
    check("a/b; name*=utf-8''Gr%C3%BC%C3%9Fe.txt", "a/b", name="Grüße.txt")
    check("a/b; name*0*=utf-8''Gr%C3%BC; name*1*=%C3%9Fe; name*2=\".txt\"", "a/b", name="Grüße.txt")
    check('a/b; name*1="b"; name*0="a"', "a/b", name="ab")


def test_the_extended_value_wins_over_the_plain_one():
    check("a/b; name=plain; name*=utf-8''%C3%BC", "a/b", name="ü")


def test_broken_values_are_read_as_far_as_they_go():
    check("a/b; name=two words.txt", "a/b", name="two words.txt")
    check('a/b; name="never closed', "a/b", name="never closed")
    check("a/b; name*=no-quotes%20here", "a/b", name="no-quotes here")
    check("a/b; name=a; name=b", "a/b", name="a")
    check("a/b; name==?utf-8?q?=C3=BC?=", "a/b", name="ü")
    check("", "")


def test_values_other_programs_broke_are_read():
    check('a/b; name="a "b".txt"', "a/b", name='a "b".txt')
    check('a/b; name="a" ; size=1', "a/b", name="a", size="1")
    check("a/b; name*=UTF-8''\"%C3%BC%20b.txt\"", "a/b", name="ü b.txt")
    check("a/b; name*0=UTF-8''%C3%BC; name*1=.txt", "a/b", name="ü.txt")
    check("a/b; name*1*=%BC.txt; name*0*=UTF-8''%C3", "a/b", name="ü.txt")
    check('a/b; name*0="=?utf-8?Q?=C3"; name*1="=BC.txt?="', "a/b", name="ü.txt")


def test_hostile_values_take_linear_time():
    start = process_time()
    for value in ('a/b; a="' + ';"' * 30_000, "a/b" + ";a=b" * 30_000, "a/b;" + " " * 60_000, "a/b;" + "a*0=" * 20_000):
        read_value(value)
    assert process_time() - start < 1


@given(st.text(alphabet="a/b;=*'\"%0 \\\udcff", max_size=60))
def test_any_value_is_read(raw: str) -> None:
    read_value(raw)
