"""Who is told of an answer that did not arrive (MAIL.md B4)."""

from dataclasses import replace

from builders import a_ticket, some_settings

from maild.desk.reports import tell_who_answered
from maild.effects import Post

ANNA, BORIS, ADMIN = "anna@acme.example", "boris@acme.example", "ops@acme.example"
SETTINGS = some_settings()


def check(author: str | None, owner: str | None, expected: list[str], *, dead: tuple[str, ...] = ()) -> None:
    settings = replace(SETTINGS, desk=replace(SETTINGS.desk, admins=(ADMIN,)))
    effects = tell_who_answered(author, a_ticket(owner=owner), "ann@globex.example: no such user", frozenset(dead), settings)
    letters = [effect.letter for effect in effects if isinstance(effect, Post)]
    assert [person.address for letter in letters for person in letter.recipients] == expected
    assert all("could not be delivered" in str(letter.values["warnings"]) for letter in letters)


def test_the_author_and_the_owner_are_told():
    check("anna", None, [ANNA])
    check("anna", "boris", [ANNA, BORIS])
    check(None, "boris", [BORIS])


def test_where_neither_is_an_agent_the_department_is_told_or_else_the_admins():
    """An answer written at the command line, by an admin."""
    check("admin", None, [ANNA, BORIS])
    check(None, "gone", [ANNA, BORIS])
    check("admin", None, [BORIS], dead=("anna",))
    check("admin", None, [ADMIN], dead=("anna", "boris"))
