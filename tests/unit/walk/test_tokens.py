"""Tokens and tags: what is minted verifies, and nothing else does (MAIL.md O1, F5, L8)."""

import re

from builders import KEY, some_tokens

from maild.tokens import BounceToken, LetterKind, LetterToken, Tokens

TOKENS = some_tokens()


def test_our_message_ids_verify_and_name_their_letter():
    for kind in (LetterKind.ANSWER, LetterKind.ACKNOWLEDGEMENT, LetterKind.STATUS):
        identifier = TOKENS.mint_message_id(kind, 1042, 77)
        assert TOKENS.read_message_id(identifier) == LetterToken(kind, 1042, 77, None)
        assert TOKENS.read_message_id(identifier.upper()) == LetterToken(kind, 1042, 77, None)
        assert len(identifier) < 76


def test_a_letter_to_nobody_in_particular_is_known_again_and_its_id_is_no_token():
    """A report about the alarm is about a letter of ours (B2); an answer to it has no rights."""
    identifier = TOKENS.mint_message_id(LetterKind.NOTIFICATION, 0, 77)
    assert (TOKENS.read_message_id(identifier), TOKENS.read_letter(identifier)) == (None, 77)
    assert TOKENS.read_letter(TOKENS.mint_message_id(LetterKind.ANSWER, 1042, 78)) == 78
    assert TOKENS.read_letter(identifier.replace(".77.", ".78.")) is None


def test_a_notification_is_bound_to_its_agent():
    identifier = TOKENS.mint_message_id(LetterKind.NOTIFICATION, 1042, 77, "anna")
    token = TOKENS.read_message_id(identifier)
    assert token is not None
    assert token.agent == "anna"
    assert Tokens([KEY], "acme.example", ["Acme"], ["boris"]).read_message_id(identifier) is None


def test_any_change_to_a_token_makes_it_worthless():
    identifier = TOKENS.mint_message_id(LetterKind.ACKNOWLEDGEMENT, 1042, 77)
    local, domain = identifier.split("@")
    for forged in (
        local.replace("1042", "1043") + "@" + domain,
        local.replace(".77.", ".78.") + "@" + domain,
        "c" + local[1:] + "@" + domain,
        "n" + local[1:] + "@" + domain,
        local[:-1] + ("a" if local[-1] != "a" else "b") + "@" + domain,
        local[:-1] + "@" + domain,
        "x" + identifier,
    ):
        assert TOKENS.read_message_id(forged) is None, forged


def test_old_keys_are_accepted_and_new_ones_used():
    rotated = Tokens([b"n" * 64, KEY], "acme.example", ["Acme"])
    old = TOKENS.mint_message_id(LetterKind.ANSWER, 1, 2)
    assert rotated.read_message_id(old) is not None
    assert rotated.mint_message_id(LetterKind.ANSWER, 1, 2) != old
    assert TOKENS.read_message_id(rotated.mint_message_id(LetterKind.ANSWER, 1, 2)) is None
    assert [tag.valid for tag in rotated.find_tags(TOKENS.mint_tag(5))] == [True]


def check_tags(subject: str, expected: list[tuple[int, bool]]) -> None:
    assert [(tag.ticket, tag.valid) for tag in TOKENS.find_tags(subject)] == expected


def test_tags_are_found_as_clients_leave_them():
    tag = TOKENS.mint_tag(1042)
    check_tags(f"Re: {tag} Printer", [(1042, True)])
    check_tags(f"AW: {tag.lower()} Printer", [(1042, True)])
    check_tags(tag.replace(" #", "  ").replace("[", "[ "), [(1042, True)])
    check_tags("[Acme #1042]", [(1042, False)])
    check_tags("[Acme #1042-0000]", [(1042, False)])
    check_tags("[Acme #1042-OIL0]", [(1042, False)])
    check_tags("[Other #1042-7QKD] and #1042", [])
    check_tags(f"[Acme #7] {tag}", [(7, False), (1042, True)])


def test_tags_are_found_as_keyboards_and_writing_systems_leave_them():
    """F5: soft breaks are tolerated; the rest is what the same characters become elsewhere."""
    tag = TOKENS.mint_tag(1042)
    for written in (
        tag.replace("-", "\u2011"),
        tag.replace("-", "–"),
        tag.replace("-", "\u00ad-\u200b"),
        tag.replace(" ", "\u00a0"),
        tag.replace("#", "\u200e#").replace("]", "\u200f]"),
        tag.translate(str.maketrans("[]#-", "［］＃－")),
    ):
        check_tags(f"Re: {written} Printer", [(1042, True)])
        assert TOKENS.strip_tags(f"Re: {written} Printer") == "Re: Printer"
    check_tags(tag.replace("-", "="), [])
    check_tags(tag.replace("#", "-"), [])


def test_stripping_leaves_foreign_tags():
    assert TOKENS.strip_tags(f"Re: {TOKENS.mint_tag(5)} [Other #3] Printer") == "Re: [Other #3] Printer"


def test_the_reference_line_survives_quoting():
    line = TOKENS.mint_reference_line(1042, 77, "anna")
    for quoted in (line, f"> {line}", f"<p>{line}</p>", f"bla {line} bla"):
        assert TOKENS.find_reference_line(quoted) == LetterToken(LetterKind.NOTIFICATION, 1042, 77, "anna")
    assert TOKENS.find_reference_line(line.replace("1042", "1041")) is None


def test_anchor_and_loop_header_verify():
    assert TOKENS.read_anchor(TOKENS.mint_anchor(9)) == 9
    assert TOKENS.read_anchor(TOKENS.mint_anchor(9).replace("t.9", "t.8")) is None
    assert TOKENS.is_loop_header(TOKENS.mint_loop_header())
    assert not TOKENS.is_loop_header(Tokens([b"o" * 64], "other.example", ["Other"]).mint_loop_header())
    for junk in ("", ";", "x; y", "a" * 5000):
        assert not TOKENS.is_loop_header(junk)


def test_each_plus_address_names_what_it_was_made_for_and_nothing_else():
    details = {
        "r": (TOKENS.mint_reply(1042), TOKENS.read_reply, 1042),
        "a": (TOKENS.mint_answer(1042, 77, "anna"), TOKENS.read_answer, LetterToken(LetterKind.NOTIFICATION, 1042, 77, "anna")),
        "b": (TOKENS.mint_bounce(77, 1), TOKENS.read_bounce, BounceToken(77, 1)),
        "p": (TOKENS.mint_probe(4711), TOKENS.read_probe, 4711),
    }
    for form, (detail, read, expected) in details.items():
        assert read(detail) == read(detail.upper()) == expected
        for other, (_, read_other, _) in details.items():
            assert other == form or read_other(other + detail[1:]) is None, f"{form} passes for {other}"


def test_any_change_to_a_plus_address_makes_it_worthless():
    for forged in (
        TOKENS.mint_reply(1042).replace("1042", "1043"),
        TOKENS.mint_reply(1042)[:-1] + "7",
        TOKENS.mint_reply(1042)[:-1],
        TOKENS.mint_reply(1042) + "a",
        Tokens([b"o" * 64], "acme.example", ["Acme"]).mint_reply(1042),
        "r1042",
        "r1042." + "a" * 5000,
        "",
    ):
        assert TOKENS.read_reply(forged) is None, forged
    assert TOKENS.read_bounce(TOKENS.mint_bounce(77, 1).replace("77.1.", "77.2.")) is None


def test_an_answer_address_is_bound_to_its_agent():
    detail = TOKENS.mint_answer(1042, 77, "anna")
    assert Tokens([KEY], "acme.example", ["Acme"], ["boris"]).read_answer(detail) is None
    assert TOKENS.read_answer(TOKENS.mint_answer(1042, 77, "boris")) == LetterToken(LetterKind.NOTIFICATION, 1042, 77, "boris")


def test_a_token_of_welcome_is_of_no_other_use():
    """PRODUCT 34c."""
    identifier = TOKENS.mint_message_id(LetterKind.WELCOME, 0, 77, "anna")
    line = TOKENS.mint_reference_line(0, 77, "anna", LetterKind.WELCOME)
    detail = TOKENS.mint_welcome(77, "anna")
    welcome = LetterToken(LetterKind.WELCOME, 0, 77, "anna")
    assert [TOKENS.read_message_id(identifier), TOKENS.find_reference_line(f"> {line}"), TOKENS.read_welcome(detail.upper())] == [
        welcome
    ] * 3
    for other in ("n", "c", "a", "s"):
        assert TOKENS.read_message_id(other + identifier[1:]) is None
    for forged in (identifier.replace(".0.", ".1042."), identifier.replace(".77.", ".78.")):
        assert TOKENS.read_message_id(forged) is None
    for read in (TOKENS.read_reply, TOKENS.read_answer, TOKENS.read_bounce, TOKENS.read_probe, TOKENS.read_personal):
        assert read(detail) is None
    assert TOKENS.read_welcome("a0" + detail[1:]) is None
    assert TOKENS.read_welcome(TOKENS.mint_answer(0, 77, "anna")) is None


def test_a_personal_address_is_its_agents_and_of_no_other_use():
    """A3."""
    detail = TOKENS.mint_personal("anna")
    assert detail is not None
    assert detail.startswith("anna.")
    assert TOKENS.read_personal(detail) == TOKENS.read_personal(detail.upper()) == "anna"
    for read in (TOKENS.read_reply, TOKENS.read_answer, TOKENS.read_bounce, TOKENS.read_probe):
        assert read(detail) is None
    for forged in (detail.replace("anna", "boris"), detail[:-1], f"x{detail}", detail[:-1] + ("a" if detail[-1] != "a" else "b"), ""):
        assert TOKENS.read_personal(forged) is None, forged
    for other in (TOKENS.mint_reply(1042), TOKENS.mint_answer(1042, 77, "anna"), TOKENS.mint_bounce(77, 1)):
        assert TOKENS.read_personal(other) is None
    assert Tokens([KEY], "acme.example", ["Acme"], ["boris"]).read_personal(detail) is None
    assert Tokens([b"n" * 64, KEY], "acme.example", ["Acme"], ["anna"]).read_personal(detail) == "anna"


def test_no_personal_address_looks_like_another_of_ours_or_like_none_that_servers_take():
    for key in ("r1042", "b77.1", "p4711", "анна"):
        assert TOKENS.mint_personal(key) is None
    shouting = Tokens([KEY], "acme.example", ["Acme"], ["Anna", "anna"])
    assert [shouting.read_personal(shouting.mint_personal(key) or "") for key in ("Anna", "anna")] == ["Anna", "anna"]


def test_a_wrong_personal_address_is_a_guess_only_under_an_agents_name():
    """S6."""
    mac = (TOKENS.mint_personal("anna") or "").partition(".")[2]
    assert TOKENS.count_wrong((), "", (f"boris.{mac}",)) == 1
    assert TOKENS.count_wrong((), "", (f"newsletter.{mac}", f"anna.{mac}", "anna")) == 0


def test_plus_addresses_are_short_and_plain_and_outlive_their_key():
    rotated = Tokens([b"n" * 64, KEY], "acme.example", ["Acme"], ["anna"])
    for detail in (TOKENS.mint_reply(10**6), TOKENS.mint_answer(10**6, 10**7, "anna"), TOKENS.mint_bounce(10**7, 25)):
        assert len(f"customer-service+{detail}") <= 64
        assert re.fullmatch(r"[a-z0-9.]+", detail)
    assert rotated.read_reply(TOKENS.mint_reply(1042)) == 1042
    assert rotated.read_bounce(TOKENS.mint_bounce(77, 1)) == BounceToken(77, 1)
    assert TOKENS.read_reply(rotated.mint_reply(1042)) is None
