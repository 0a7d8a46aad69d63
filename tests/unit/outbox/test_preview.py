"""A preview is called what the letter will be called (MAIL.md O3, O7)."""

from dataclasses import replace

import pytest

from maild.config.settings import Settings, Trust
from maild.outbox.compose import Composer
from maild.outbox.preview import preview_letter
from maild.templates.render import Templates
from maild.templates.values import ABOUT_NO_TICKET, FOR_AGENTS, FOR_CUSTOMERS, sample_values
from maild.tokens import LetterKind
from tests.rig.letters import NOW, TOKENS, a_desk, a_letter, a_ticket

CHECKED = TOKENS.mint_tag(1042).removesuffix("]")[-4:]
UNCHECKED = replace(a_desk(tag_position="suffix"), trust=Trust(tag_check=False))


def subject_sent(kind: str, subject: str, settings: Settings) -> str:
    """What a letter of the kind is called when it is composed."""
    letter_kind = LetterKind.NOTIFICATION if kind in FOR_AGENTS else LetterKind.STATUS
    letter = a_letter(letter_kind, template=kind, subject=subject, values=sample_values(kind))
    ticket = None if kind in ABOUT_NO_TICKET else a_ticket()
    return Composer(settings, TOKENS, Templates(settings)).compose(letter, ticket, 77, NOW, {}).subject.replace(CHECKED, "7QKD")


@pytest.mark.parametrize("settings", [a_desk(), a_desk(tag_position="off"), UNCHECKED], ids=["prefix", "off", "suffix, unchecked"])
@pytest.mark.parametrize("kind", sorted(FOR_AGENTS | FOR_CUSTOMERS))
def test_a_preview_is_called_as_the_letter_will_be(kind: str, settings: Settings):
    letter = preview_letter(settings, kind, "en")
    if kind in ABOUT_NO_TICKET:
        assert (letter.subject, letter.own_subject) == (subject_sent(kind, "", settings), None)
    else:
        assert letter.subject == subject_sent(kind, "Where is my order?", settings)
        assert letter.own_subject == subject_sent(kind, "", settings)


def test_the_tag_is_the_desks_in_the_text_too(tmp_path_factory: pytest.TempPathFactory):
    desk = a_desk(tmp_path_factory.mktemp("desk"), tag="Globex")
    (desk.directory / "templates/en").mkdir(parents=True)
    (desk.directory / "templates/en/own.body.txt").write_text("{{ ticket.tag }}\n", encoding="utf-8")
    letter = preview_letter(desk, "own", "en")
    assert (letter.subject, letter.words.text) == ("Re: [Globex #1042-7QKD] Where is my order?", "[Globex #1042-7QKD]\n")
