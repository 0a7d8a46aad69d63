"""MAIL.md P5."""

from binascii import b2a_uu

from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.transfer import decode_transfer, split_uuencoded


def check(octets: bytes, encoding: str, expected: bytes) -> None:
    assert decode_transfer(octets, encoding) == expected


def test_encodings_are_taken_off():
    check(b"aGVsbG8=", "base64", b"hello")
    check(b"Gr=C3=BC=\r\n=C3=9Fe", "Quoted-Printable", "Grüße".encode())
    check(b"a=20b", "7bit", b"a=20b")
    check(b"aGVsbG8=", ' "BASE64" ; x', b"hello")


def test_an_unknown_encoding_is_eight_bit():
    check(b"gr\xfc\xdfe", "x-nonsense", b"gr\xfc\xdfe")
    check(b"text", "", b"text")


def test_broken_base64_is_read_as_far_as_it_goes():
    check(b"aGV\r\n sbG8", "base64", b"hello")
    check(b"aGV!!sbG8===", "base64", b"hello")
    check(b"aGVsbG8=\r\n-- \r\na list's footer", "base64", b"hello")
    check(b"aGVsbG8h=", "base64", b"hello!")
    check(b"a", "base64", b"")


def test_base64_of_pieces_one_after_the_other_is_read_whole():
    check(b"b25lIG9uZSBvbmU=\r\ndHdvIHR3byB0d28=\r\ndGhyZWUgdGhyZWU=\r\n", "base64", b"one one onetwo two twothree three")
    check(b"b25lIG9uZSBvbmU=\r\nUnsubscribe\r\n", "base64", b"one one one")
    check(b"b25l=" * 300_000, "base64", b"one")


def uuencoded(content: bytes, name: str = "a.txt") -> bytes:
    lines = b"".join(b2a_uu(content[start : start + 45]) for start in range(0, len(content), 45))
    return b"begin 644 " + name.encode() + b"\n" + lines + b"`\nend\n"


def test_uuencoded_files_are_taken_out_of_a_text():
    text, files = split_uuencoded(b"Hello\n" + uuencoded(b"x" * 100) + b"Bye\n" + uuencoded(b"second", "b.txt"))
    assert text == b"Hello\n\nBye\n\n"
    assert files == (("a.txt", b"x" * 100), ("b.txt", b"second"))


def test_prose_that_looks_uuencoded_stays():
    prose = b"begin 644 words\nthis is prose, not a file\nend\n"
    assert split_uuencoded(prose) == (prose, ())
    assert split_uuencoded(b"begin 644 x\nnever ended") == (b"begin 644 x\nnever ended", ())


@given(st.binary(), st.sampled_from(["base64", "quoted-printable", "x-uuencode", "8bit", "\0"]))
def test_any_bytes_are_decoded(octets: bytes, encoding: str) -> None:
    decode_transfer(octets, encoding)
