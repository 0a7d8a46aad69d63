"""What people of other systems write: each word is known by one of the language."""

from maild.rules.fields import FIELDS
from maild.rules.foreign_words import MEANT, suggest, suggest_flag
from maild.rules.load import RULE_KEYS
from maild.rules.load_actions import ACTIONS
from maild.rules.load_conditions import GROUPS
from maild.rules.load_operators import OPERATORS


def test_every_meaning_is_a_word_of_the_language_and_no_word_of_it_is_foreign():
    places = (RULE_KEYS, GROUPS, FIELDS, OPERATORS, ACTIONS)
    words = {word for place in places for word in place}
    for foreign, meant in MEANT.items():
        assert meant in words, foreign
        assert not any(foreign in place and meant in place for place in places), foreign


def test_a_foreign_word_is_told_where_its_meaning_can_stand():
    assert suggest("On", RULE_KEYS) == ' (did you mean "when"?)'
    assert suggest("then", RULE_KEYS) == ' (did you mean "do"?)'
    assert suggest("then", ("template", "when")) == ' (did you mean "when"?)'
    assert suggest("actoins", ACTIONS) == ""
    assert suggest("tagg", ACTIONS) == ' (did you mean "tag"?)'


def test_a_flag_is_true_or_false():
    assert suggest_flag("No") == " (write false)"
    assert suggest_flag("on") == " (write true)"
    assert suggest_flag("perhaps") == ""
