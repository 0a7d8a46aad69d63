"""Subject prefixes of all languages (MAIL.md P10)."""

from time import process_time

from maild.ingest.prefixes import is_forward, starts_with_forward, strip_prefixes


def check(subject: str, expected: str) -> None:
    assert strip_prefixes(subject) == expected


def test_reply_prefixes_go():
    for prefix in (
        "Re",
        "RE",
        "AW",
        "SV",
        "VS",
        "Antw",
        "Rif",
        "R",
        "Odp",
        "RES",
        "YNT",
        "Отв",
        "答复",
        "返信",
        "회신",
        "Vá",
        "ΑΠ",
        "Отн",
        "پاسخ",
        "RĂSP",
    ):
        check(f"{prefix}: Printer", "Printer")


def test_forward_prefixes_go():
    for prefix in ("Fwd", "FW", "WG", "TR", "Doorst", "VB", "ENC", "Pd", "I", "İLT", "RV", "转发", "転送", "전달", "Пересл", "ΠΡΘ"):
        check(f"{prefix}: Printer", "Printer")


def test_counts_and_full_width_colons_are_understood():
    check("Re[2]: Printer", "Printer")
    check("Re^3: Printer", "Printer")
    check("Re (4): Printer", "Printer")
    check("RE2: Printer", "Printer")
    check("回复：打印机", "打印机")


def test_many_prefixes_go_together():
    check("Re: AW: Fwd: Re[2]: SV:Printer", "Printer")
    check("[EXTERNAL] Re: [EXT] Printer", "Printer")
    check("【社外】Re: Printer", "Printer")
    check("[Fwd: Printer]", "Printer")
    check("Re: [Fwd: [Globex] Printer]", "[Globex] Printer")
    check("\u200fהשב: מדפסת", "מדפסת")


def test_nothing_is_left_of_a_subject_that_is_nothing_else():
    for subject in ("Re:", "Re: AW[2]: ", "[Fwd: Re:]", "[EXT] Fwd:", ""):
        check(subject, "")


def test_words_stay():
    check("Red: a colour", "Red: a colour")
    check("Printer: Re: broken", "Printer: Re: broken")
    check("Invoice", "Invoice")
    check("[Globex] Printer", "[Globex] Printer")
    check("", "")


def test_forwards_are_told_from_replies():
    assert starts_with_forward("Fwd: x")
    assert starts_with_forward("Re: WG: x")
    assert starts_with_forward("转发：x")
    assert starts_with_forward("[Fwd: x]")
    assert not starts_with_forward("Re: x")
    assert not starts_with_forward("x Fwd: y")


def test_endless_prefixes_take_linear_time():
    start = process_time()
    strip_prefixes("Re:" * 20_000)
    strip_prefixes("Re " * 20_000)
    assert process_time() - start < 0.5


def test_a_subject_says_what_was_done_last():
    for subject, expected in (
        ("Fwd: Chair", True),
        ("[EXTERNAL] WG: Re: Chair", True),
        ("[Fwd: Chair]", True),
        ("转发：椅子", True),
        ("Re: Fwd: Chair", False),
        ("Chair", False),
    ):
        assert is_forward(subject) is expected, subject
