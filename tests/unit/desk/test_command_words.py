"""The words of commands in the desk's languages (MAIL.md A7)."""

import pytest

from maild.desk.command import Command
from maild.desk.command_lines import find_named_tickets, hash_words, is_opening, parse, with_corrections
from maild.desk.command_words import aliases, command_of, plain, words
from maild.desk.control import CONTROLS
from maild.desk.verbs import VERBS
from maild.ingest.hygiene import clean_text

LANGUAGES = ("de", "fr", "es", "bg", "el", "ru", "fa")
ALL = (*VERBS, *dict.fromkeys(word for word in CONTROLS if word not in VERBS))


def commands(text: str) -> list[str]:
    parsed = parse(text)
    assert parsed.faults == (), text
    return [str(command) for command in (*parsed.commands, *parsed.errands)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_a_word_for_each_command(language: str):
    assert sorted(words()[language]) == sorted(ALL)
    for command, others in words()[language].items():
        for word in others:
            argument = {"note": "", "canned": "refund"}.get(command, "")
            (parsed,) = commands(f"#{word} {argument}\n\nHello")
            assert parsed == f"#{command} {argument}".rstrip(), word
            assert commands(f"#{word.upper()} {argument}\n\nHello") == [parsed], word


def test_no_word_means_two_things():
    told = [(plain(word), command) for language in words().values() for command, others in language.items() for word in others]
    assert len(aliases()) == len(set(told)), "one word, one command"
    assert [word for word, command in told if word in (*VERBS, *CONTROLS) and word != command] == []
    assert [word for word in ("send", "yes", "release", "me", "none") if word in aliases()] == []
    assert [word for word, _ in told if clean_text(f"#{word}") != f"#{word}"] == []


def test_accents_and_the_letters_of_another_keyboard_do_not_matter():
    for written, command in (
        ("#schliessen", "close"),
        ("#Zuruckstellen 3d", "snooze"),
        ("#etiqueter vip", "tag"),
        ("#ΣΗΜΕΙΩΣΗ", "note"),
        ("#κλεισιμο", "close"),
        ("#تایید", "ack"),
        ("#بعدي", "next"),
        ("#فایلها", "files"),
        ("#فایل\u200cها", "files"),
        ("＃закрыть.", "close"),
        ("＃ｃｌｏｓｅ", "close"),
        ("#Ｔａｇ vip", "tag"),
    ):
        assert commands(f"{written}\n\nHello")[0].split()[0] == f"#{command}", written


def test_what_stands_behind_a_word_is_read_as_behind_the_commands_own():
    assert commands("#zurückstellen 12.5.\n#textbaustein refund order=1\nHello") == ["#snooze 12.5.", "#canned refund order=1"]
    assert commands("#prendre\n#liste status:open\nHello") == ["#take", "#list status:open"]
    assert parse("#заметка он сердится\nHello").body == "он сердится\nHello"
    assert find_named_tickets("#обединить 7\n#обедини 8\n#verknüpfen #9") == {7, 8, 9}
    assert is_opening("#an ann@globex.example\nHello")
    assert is_opening("#кому ann@globex.example\nHello")
    (fault,) = parse("#fermer merci\nHello").faults
    assert str(fault) == "line 1: #fermer takes no text; put the text on a line of its own"


def test_a_slip_in_any_language_comes_back_with_what_was_meant():
    for written, meant in (
        ("#schliesen", "schließen"),
        ("#закрить", "закрыть"),
        ("#κλείσμο", "κλείσιμο"),
        ("#cerar", "cerrar"),
        ("#clsoe", "close"),
        ("#notte", "note"),
    ):
        (fault,) = parse(f"{written}\nHello").faults
        assert fault.text == f"there is no command {written}; did you mean #{meant}?"
        assert fault.better == f"#{meant}"
        (below,) = parse(f"Hello\n{written}\nBye").faults
        wrong = f"there is no command {written}, and if you meant #{meant}: "
        assert below.text.startswith(f"{wrong}#{meant} is read only on the first lines"), written
    assert parse("Hello\n#schließen\nBye").faults[0].text.startswith("#schliessen is read only on the first lines")
    assert with_corrections("#заметко\n#clsoe\nHello", "#close") == "#close\n#заметко\nHello", "a note stays one"


def test_words_that_are_no_commands_stay_text():
    """Among words that people and programs write behind a #."""
    usual = """
        ticket order invoice include define todo customer important issue number reference support project team version release pragma
        ifdef endif import print price pricing port server client error warning question answer update urgent follow hashtag marketing
        innovation hiring offer news summer bug feature fix winter report confirm fusion model area differ
        test build deploy docker python java linux windows apple google
        rechnung bestellung kunde wichtig frage angebot neuigkeiten facture commande client urgent question pedido factura cliente
        urgente заказ счет клиент важно вопрос поръчка фактура клиент важно παραγγελία τιμολόγιο πελάτης σημαντικό سفارش فاکتور مشتری
    """
    told = {word: [str(fault) for fault in parse(f"Hello\n#{word} 12\nBye").faults] for word in usual.split()}
    assert {word: faults for word, faults in told.items() if faults} == {}


def test_a_word_of_a_language_is_no_tag_whatever_tags_there_are():
    """A7: who means a note by it must not find it sent."""
    parsed = parse("#nota\nHello", ("nota",))
    assert parsed.commands == (Command("note", "", 1),)
    assert hash_words("#nota\n#vip") == {"note", "vip"}
    assert command_of("vip") == "vip"
