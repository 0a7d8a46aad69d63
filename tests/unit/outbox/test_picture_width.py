"""How wide a picture is, and that none is wider than the page where a mail program knows no limit (MAIL.md O7, O8)."""

import struct
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from maild.outbox.picture_width import read_width
from maild.outbox.pictures import PAGE_WIDTH, place_pictures
from tests.rig.letters import an_attachment


def a_png(width: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, 10) + b"\x08\x02\x00\x00\x00"


def a_jpeg(width: int, *before: bytes) -> bytes:
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", len(part) + 2) + part for part in before)
    return b"\xff\xd8" + segments + b"\xff\xc2" + struct.pack(">HBHH", 17, 8, 10, width) + b"\x03"


def test_the_width_stands_in_the_first_bytes():
    assert read_width(a_png(2560)) == 2560
    assert read_width(b"GIF89a" + struct.pack("<HH", 700, 10)) == 700
    assert read_width(b"BM" + bytes(16) + struct.pack("<ii", 1024, -768)) == 1024
    assert read_width(a_jpeg(4032)) == 4032
    assert read_width(a_jpeg(4032, b"Exif" * 1000, a_jpeg(160))) == 4032, "and not that of the preview within"


def test_of_what_is_broken_or_another_kind_it_is_not_known():
    for content in (
        b"",
        b"\x89PNG\r\n\x1a\n" + b"shot" * 9,
        a_png(0),
        a_png(700)[:18],
        a_jpeg(700)[:9],
        b"\xff\xd8\xff\xe1\x00\x00" * 99,
        b"\xff\xd8\xff\xe1\x00\x02" * 999,
        b"RIFF....WEBP",
        b"<svg/>",
    ):
        assert read_width(content) is None, content[:20]


@given(st.sampled_from((b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"\xff\xd8\xff")), st.binary(max_size=200))
def test_no_bytes_break_it(start: bytes, rest: bytes):
    width = read_width(start + rest)
    assert width is None or width > 0


def check(attributes: str, content: bytes, expected: str) -> None:
    shot = replace(an_attachment("shot.png", 3, "image/png"), inline=True, content_id="shot@client")
    html = place_pictures(f'<p>See <img src="cid:shot@client"{attributes}> here.</p>', [(shot, content)], 7, "acme.example")
    assert html == f'<p>See <img src="cid:3.7@acme.example"{expected}> here.</p>'


def test_a_picture_wider_than_the_page_is_said_to_be_as_wide_as_that():
    page = f' width="{PAGE_WIDTH}"'
    check("", a_png(2560), page)
    check(' alt="shot"', a_png(PAGE_WIDTH + 1), f' alt="shot"{page}')
    check(' width="2000" height="300" alt="x"', b"", f' alt="x"{page}')


def test_any_other_stays_as_it_is():
    check("", a_png(PAGE_WIDTH), "")
    check("", b"RIFF....WEBP", "")
    for said in (' width="400"', ' height="300"', ' width="100%"', ' width="400" height="300"', f' width="{"9" * 9999}"'):
        check(said, a_png(2560), said)
