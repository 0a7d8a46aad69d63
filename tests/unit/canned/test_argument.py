"""What stands behind `#canned` (MAIL.md A7)."""

from hypothesis import given
from hypothesis import strategies as st

from maild.canned.argument import Asked, read_asked, write_asked

LETTERS = st.text("abzÄя_", min_size=1, max_size=5)


def check(argument: str, name: str, /, **values: str) -> None:
    assert read_asked(argument) == Asked(name, values)


def check_fault(argument: str, words: str) -> None:
    problem = read_asked(argument)
    assert isinstance(problem, str), problem
    assert words in problem


def test_a_name_and_its_values():
    check("refund", "refund")
    check("Refund order=1234", "refund", order="1234")
    check('refund order=1234 name="Ann Smith"', "refund", order="1234", name="Ann Smith")
    check("refund  name='Ann Smith'  order=12/34-B", "refund", name="Ann Smith", order="12/34-B")
    check("refund name=O'Brien", "refund", name="O'Brien")
    check('refund size=5" ', "refund", size='5"')
    check('refund name="the ""big"" one"', "refund", name='the "big" one')
    check("refund formula=a=b", "refund", formula="a=b")
    check("refund order=", "refund", order="")
    check('refund Order="{{ x }}"', "refund", order="{{ x }}")


def test_what_outlook_makes_of_an_address_is_that_address():
    check("refund site=acme.example<http://acme.example> order=1", "refund", site="acme.example", order="1")
    check("refund mail=ann@globex.example <mailto:ann@globex.example>", "refund", mail="ann@globex.example")


def test_what_cannot_be_read_is_said():
    check_fault("refund 1234", '"1234" is no value')
    check_fault("refund order = 1234", '"order" is no value')
    check_fault('refund name="Ann Smith', "is not closed")
    check_fault('refund name="Ann" Smith', '"Smith" is no value')
    check_fault("refund order=1 order=2", '"order" is given twice')


@given(
    LETTERS,
    st.dictionaries(LETTERS, st.text(st.characters(codec="utf-8", exclude_characters="<>", exclude_categories=["Cc", "Z"]) | st.just(" "))),
)
def test_what_is_written_is_read_again(name: str, values: dict[str, str]):
    folded = {key.casefold(): value for key, value in values.items()}
    assert read_asked(write_asked(name, folded.items())) == Asked(name.casefold(), folded)
