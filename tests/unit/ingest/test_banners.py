"""What mail systems put before a text is set aside (MAIL.md P9)."""

import pytest

from maild.ingest.banners import end_of_banners
from maild.ingest.lines import plain_lines, simplify
from maild.ingest.new_text import cut_reply


def check(text: str, visible: str) -> None:
    assert cut_reply(plain_lines(text)).visible == visible


def check_kept(text: str) -> None:
    check(text, text)


BANNERS = [
    "[EXTERNAL]",
    "*** EXTERNAL EMAIL ***",
    "[EXT]",
    "CAUTION: This email originated from outside of the organization. Do not click links or open attachments unless you\n"
    "recognize the sender and know the content is safe.",
    "WARNING: This message came from outside your organization.",
    "You don't often get email from ann@x.example. Learn why this is important<https://aka.example/Learn>",
    "ZjQcmQRYFpfptBannerStart\nThis Message Is From an External Sender\nZjQcmQRYFpfptBannerEnd",
    "ACHTUNG: Diese E-Mail stammt von außerhalb der Organisation.",
    "Sie erhalten nicht oft E-Mails von ann@x.example. Erfahren Sie, warum dies wichtig ist",
    "ATTENTION : Ce courriel provient de l’extérieur de l’organisation.",
    "PRECAUCIÓN: Este correo electrónico se originó fuera de la organización.",
    "ATTENZIONE: Questa email proviene dall'esterno dell'organizzazione.",
    "Dit bericht is afkomstig van buiten de organisatie.",
    "Внимание! Это письмо отправлено извне организации.",
    "このメールは社外から送信されています。",
    "| [EXTERNAL] |",
]


@pytest.mark.parametrize("banner", BANNERS)
def test_a_banner_at_the_front_is_set_aside(banner: str) -> None:
    check(f"{banner}\n\nIt works.\n\nAnn", "It works.\n\nAnn")
    check(f"\n________\n{banner}\n________\n\nIt works.", "It works.")


def test_several_banners_go_together():
    check("[EXTERNAL]\n\nYou don't often get email from ann@x.example.\n\nIt works.", "It works.")


def test_a_banner_elsewhere_or_alone_stays():
    check_kept("It works.\n\n[EXTERNAL]\n\nWhat does that mean?")
    check_kept("[EXTERNAL]")
    check_kept("External help would be fine.\n\nAnn")
    check_kept("Why do I see “This email originated from outside of the organization” in your mails?\n\nAnn")


def test_a_word_after_a_hash_is_an_agents_slip_and_no_banner():
    """A7: set aside, "#ext" for "#next" would let the words below it go out."""
    for line in ("#ext", "＃ext", " #external", "#Caution: this email came from outside"):
        check_kept(f"{line}\nIt works.")
    check("### EXT ###\n\nIt works.", "It works.")
    check("# EXTERNAL\n\nIt works.", "It works.")


def test_a_text_right_below_its_banner_stays():
    words = "My printer is on fire.\nPlease help."
    check(f"CAUTION: This email originated from outside of the organization.\n{words}", words)
    check(f"[EXTERNAL]\n{words}", words)
    check(f"CAUTION: This email originated from outside of the organization, be careful with links\n{words}", words)


def test_where_the_banners_end():
    assert end_of_banners(simplify(plain_lines("[EXTERNAL]\n\nIt works."))) == 2
    assert end_of_banners(simplify(plain_lines("It works."))) == 0
    assert end_of_banners(()) == 0
