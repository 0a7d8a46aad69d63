"""Words that begin as a letter to somebody."""

from maild.desk.salutation import is_addressed_to
from maild.message import Address


def check(text: str, name: str, expected: bool) -> None:
    assert is_addressed_to(text, Address(name, "x@globex.example")) == expected, (text, name)


def test_the_last_of_a_few_words_is_a_name_of_hers():
    check("Dear Ann,\n\nit is on its way.", "Ann Smith", True)
    check("\n  Guten Tag, Frau Müller", "Erika Müller", True)
    check("Guten Tag Frau Muller!\nJa.", "Erika Müller", True)
    check("Ann: yes", "Ann Smith", True)
    check("سلام رضا،\nبله", "رضا احمدی", True)
    check("Здравствуйте, Анна!\nДа", "Анна", True)
    check("Привет Анна\nда", "Анна Иванова", True)


def test_words_about_her_are_none_to_her():
    for text in ("Ann called again, please look.", "She owes us.", "Please tell Ann that it is on its way", "", "!", "\n\n"):
        check(text, "Ann Smith", False)
    check("Dear all,", "", False)
    check("Dear A,", "A Smith", False)
