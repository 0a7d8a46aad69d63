"""OpenPGP armour out of view (MAIL.md P12)."""

from maild.ingest.armour import Armour, remove_armour
from maild.ingest.lines import plain_lines
from maild.ingest.parse import parse_message

SIGNATURE = "-----BEGIN PGP SIGNATURE-----\n\niQEzBAEBCAAdFiEE\n=abcd\n-----END PGP SIGNATURE-----"
MESSAGE = "-----BEGIN PGP MESSAGE-----\nVersion: x\n\nhQIMA1Zm\n=abcd\n-----END PGP MESSAGE-----"


def check(text: str, expected: str, *found: Armour) -> None:
    lines, armour = remove_armour(plain_lines(text))
    assert ("\n".join(line.text for line in lines).strip("\n"), armour) == (expected, frozenset(found))


def test_signed_words_stand_without_their_armour():
    check(f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nHello.\n- -- \nAnn\n{SIGNATURE}\n", "Hello.\n-- \nAnn", Armour.SIGNED)
    check(f"Hi,\n-----BEGIN PGP SIGNED MESSAGE-----\n\nHello.\n{SIGNATURE}\n- a list\n", "Hi,\nHello.\n- a list", Armour.SIGNED)


def test_ciphertext_and_keys_are_taken_out():
    check(f"Hello.\n\n{MESSAGE}\n\nAnn", "Hello.\n\n\nAnn", Armour.ENCRYPTED)
    check("Mine:\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmQ\n-----END PGP PUBLIC KEY BLOCK-----", "Mine:", Armour.KEY)
    check("-----BEGIN PGP MESSAGE, PART 1/2-----\nx\n-----END PGP MESSAGE, PART 1/2-----", "", Armour.ENCRYPTED)


def test_what_never_ends_or_is_quoted_stays():
    check("-----BEGIN PGP MESSAGE-----\nno end", "-----BEGIN PGP MESSAGE-----\nno end")
    check(f"> {MESSAGE}", f"> {MESSAGE}")
    check("- no armour at all", "- no armour at all")


def test_the_stored_text_keeps_the_armour_and_the_view_does_not():
    message = parse_message(f"Subject: x\n\nHello.\n{MESSAGE}\n".encode())
    assert "BEGIN PGP" in message.text
    assert (message.new_text, message.uncut_text) == ("Hello.", "Hello.")
    only = parse_message(f"Subject: x\n\n{MESSAGE}\n".encode())
    assert (only.new_text, only.uncut_text) == ("", "")


def test_endless_blocks_take_linear_time():
    check("-----BEGIN PGP MESSAGE-----\n" * 5_000, ("-----BEGIN PGP MESSAGE-----\n" * 5_000).strip())
    check(f"{SIGNATURE}\n" * 900, "", Armour.SIGNED)
