"""Signatures of agents that nothing marks as such (MAIL.md P9)."""

from maild.desk.agent_signatures import is_signature_alone, without_signature
from maild.known import OwnAnswer

SIGNED = "Best regards\nAnna Ivanova\nSenior Engineer\nRoom 4711, Building C"
DEPARTMENT = "Acme Support\n+44 20 7946 0000\nhttps://acme.example"
QUOTED = "\n\nOn Monday Ann Smith wrote:\n> Where is it?"


def three(signature: str, quoted: str = QUOTED) -> tuple[OwnAnswer, ...]:
    """Three mails, of which the last was cut already."""
    said = ("Have you tried another cable?", "It is on its way.", "Please send us the number.")
    whole = [f"{words}\n\n{signature}" for words in said]
    return (*(OwnAnswer(text + quoted, text) for text in whole[:2]), OwnAnswer(whole[2] + quoted, said[2]))


def check(text: str, expected: str, earlier: tuple[OwnAnswer, ...] = (), *configured: str) -> None:
    assert without_signature(text, "Anna Ivanova", configured, earlier) == expected


def check_kept(text: str, earlier: tuple[OwnAnswer, ...] = (), *configured: str) -> None:
    check(text, text, earlier, *configured)


def test_what_has_ended_three_mails_is_a_signature():
    check(f"It is mended.\n\n{SIGNED}", "It is mended.", three(SIGNED))
    check(f"It is mended.\n{SIGNED}", "It is mended.", three(SIGNED))
    check(f"It is mended.\n\n{SIGNED.upper().replace(' ', '  ')}\n", "It is mended.", three(SIGNED))
    check("It is mended.\n\nAnna Ivanova", "It is mended.", three("Anna Ivanova"))


def test_a_signature_of_several_paragraphs_goes_with_all_of_them():
    several = "Best regards,\n\nAnna Ivanova\nSenior Engineer\n\nWe print while you are asleep, and not only then."
    check(f"It is mended.\n\n{several}", "It is mended.", three(several))


def test_a_writer_who_changes_the_end_of_his_mail_is_left_alone():
    check_kept(f"It is mended.\n\n{SIGNED}", three(SIGNED)[:2])
    check_kept(f"It is mended.\n\n{SIGNED}", (*three(SIGNED)[:2], OwnAnswer("Yes.\n\nAnna", "Yes.\n\nAnna")))
    check_kept(f"It is mended.\n\n{SIGNED}\nMobile 0170 12345", three(SIGNED))
    check_kept("It is mended.\n\nAnna", three("Anna"))


def test_words_that_are_said_again_stay():
    again = "Please turn it off and on again."
    check_kept(f"Hello Ann,\n\n{again}", three(again))
    check_kept(f"It is broken.\n\n{again}\nIt helps.", three(f"{again}\nIt helps."))
    check_kept("Anna Ivanova will call you.\nShe knows more about it.", three("Anna Ivanova will call you.\nShe knows more about it."))
    address = "Acme Returns\n4 Mill Street"
    check_kept(f"Please send it to:\n\n{address}", three(address))
    within = tuple(OwnAnswer(text := f"It goes to\n\n{address}\n\nfrom Monday on.", text) for _ in range(3))
    check_kept(f"Here it is.\n\n{address}", within)
    check_kept("It is mended.\n\n> Anna Ivanova\n> Senior Engineer", three("> Anna Ivanova\n> Senior Engineer"))


def test_something_is_always_left_and_more_than_a_greeting():
    for above in ("", "Hello Ann,\n\n"):
        check_kept(f"{above}{SIGNED}", three(SIGNED))
        check_kept(f"{above}{DEPARTMENT}", (), DEPARTMENT)
    same = "Hello Ann,\n\nMended\n\nAnna Ivanova\nEngineer"
    check(same, "Hello Ann,\n\nMended", (OwnAnswer(same, same),) * 3)


def test_a_departments_signature_in_an_agents_mail_is_not_sent_twice():
    check(f"It is mended.\n\n{DEPARTMENT}", "It is mended.", (), "Other\nwords", DEPARTMENT)
    check("It is mended.\n\n*ACME  Support*\nTel. 1\n", "It is mended.", (), "Acme Support\nTel.: 1\nFax: 2")
    check("It is mended.\nRegards\nAcme Support", "It is mended.\nRegards", (), "Acme Support")
    check(f"It is mended.\n{DEPARTMENT}", "It is mended.", (), DEPARTMENT)


def test_lines_that_a_departments_signature_has_too_stay_where_they_are_no_signature():
    check_kept(f"Call us:\n{DEPARTMENT}", (), DEPARTMENT)
    check_kept("You have talked to\nAcme Support", (), "Acme Support")
    check_kept("The page is new.\n\nhttps://acme.example", (), DEPARTMENT)
    check_kept(f"{DEPARTMENT}\n\nis what we write below.", (), DEPARTMENT)


def test_a_name_and_what_stands_below_names_say_nothing():
    """`#close` in Outlook, above the signature that was there before."""
    for text in (
        "Anna Ivanova",
        f"\n\n{SIGNED}",
        "Best regards\nAnna",
        "Kind regards,\n\n*Anna Ivanova*\n\nSenior Engineer | Acme\n+44 20 7946 0000\n",
    ):
        assert is_signature_alone(text, "Anna Ivanova"), text
    for text in (
        "",
        "Anna Ivanova",
        "Best regards",
        "It is mended.\n\nAnna Ivanova",
        "Thank you\nAnna Ivanova",
        "Anna Ivanova will call you.",
        "Anna\nRoom 4711",
        "Anna Ivanova\nRoom 4711\n\nShe will call you tomorrow.",
        "Boris Petrov\nAnna Ivanova",
        f"> {SIGNED}",
    ):
        assert not is_signature_alone(text, "Anna" if text == "Anna Ivanova" else "Anna Ivanova"), text
    assert not is_signature_alone("Room 4711", "")
