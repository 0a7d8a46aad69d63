"""The new words of a reply (MAIL.md P8, P9): one column per kind of mail."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maild.ingest.html_text import html_lines, plain_lines
from maild.ingest.new_text import cut_reply


def check(text: str, expected: str) -> None:
    assert cut_reply(plain_lines(text)).visible == expected


def check_kept(text: str) -> None:
    """Nothing is cut."""
    check(text, text)


def check_html(html: str, expected: str) -> None:
    assert cut_reply(html_lines(html)).visible == expected


ATTRIBUTIONS = [
    "On Mon, Jan 5, 2026 at 10:00 AM, Ann Smith <ann@x.example> wrote:",
    "On 05/01/2026 10:00, Ann Smith wrote:",
    "On Mon, Jan 5, 2026 at 10:00 AM, Ann Smith\n<ann@x.example> wrote:",
    "Am 05.01.2026 um 10:00 schrieb Ann Smith:",
    "Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb Ann Smith <\nann@x.example>:",
    "Ann Smith <ann@x.example> schrieb am Mo., 5. Jan. 2026\num 10:00 Uhr:",
    "Le lun. 5 janv. 2026 à 10:00, Ann Smith <ann@x.example> a écrit :",
    'Le 5 janv. 2026 10:00, "Ann Smith"\n<ann@x.example>\na écrit :',
    "El lun, 5 ene 2026 a las 10:00, Ann Smith (<ann@x.example>) escribió:",
    "Il giorno lun 5 gen 2026 alle ore 10:00 Ann Smith <ann@x.example> ha scritto:",
    "Em seg., 5 de jan. de 2026 às 10:00, Ann Smith <ann@x.example> escreveu:",
    "Op ma 5 jan 2026 om 10:00 schreef Ann Smith <ann@x.example>:",
    "Den mån 5 jan. 2026 kl 10:00 skrev Ann Smith <ann@x.example>:",
    "ma 5. tammik. 2026 klo 10.00 Ann Smith (ann@x.example) kirjoitti:",
    "pon., 5 sty 2026 o 10:00 Ann Smith <ann@x.example> napisał(a):",
    "po 5. 1. 2026 v 10:00 odesílatel Ann Smith <ann@x.example> napsal:",
    "пн, 5 янв. 2026 г. в 10:00, Ann Smith <ann@x.example>:",
    "5 января 2026, 10:00 от Ann Smith <ann@x.example>:",
    "пн, 5 січ. 2026 р. о 10:00 Ann Smith <ann@x.example> пише:",
    "На пн, 5.01.2026 г. в 10:00 Ann Smith <ann@x.example> написа:",
    "Στις Δευ 5 Ιαν 2026 στις 10:00 π.μ., ο χρήστης Ann Smith <ann@x.example> έγραψε:",
    "Ann Smith <ann@x.example>, 5 Oca 2026 Pzt, 10:00 tarihinde şunu yazdı:",
    "lun., 5 ian. 2026 la 10:00, Ann Smith <ann@x.example> a scris:",
    "Ann Smith <ann@x.example> ezt írta (időpont: 2026. jan. 5., H, 10:00):",
    "2026年1月5日(月) 10:00 Ann Smith <ann@x.example>:",
    "Ann Smith <ann@x.example> 于2026年1月5日周一 10:00写道：",
    "2026년 1월 5일 (월) 오전 10:00, Ann Smith <ann@x.example>님이 작성:",
    "در تاریخ دوشنبه ۵ ژانویه 2026 10:00 Ann Smith <ann@x.example> نوشت:",
    "2026-01-05 10:00 GMT+01:00 Ann Smith <ann@x.example>:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_attribution_with_its_quote_is_cut(attribution: str) -> None:
    check(f"Thanks, that helped.\n\n{attribution}\n\n> Have you tried\n> to turn it off?\n", "Thanks, that helped.")


def test_the_writers_own_line_right_above_an_attribution_stays():
    check("Thanks, that helped.\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you?", "Thanks, that helped.")
    check("See you then!\nOn Mon, Jan 5, 2026\nAnn wrote:\n> Have you?", "See you then!")


def test_words_and_attribution_may_share_a_line():
    check("Yes.\nFine by me--- On Mon, Jan 5, 2026 at 10:00, ann@x wrote:\n> Have you?", "Yes.\nFine by me")
    check_kept("Yes --- or no, as you like it --- we wrote to ann@x today")


def test_prose_that_begins_like_an_attribution_stays():
    check_kept("On Tuesday I am away.\nAm Dienstag bin ich nicht da.\n\nAnn")
    check_kept("On 5 January 2026 Bob wrote to me about the printer.\nI have not heard since.")
    check_kept("Write to bob@x.example or call:\nthe number is 12345")
    check_kept("See what you sent me at 10:30 yesterday\n\n> the printer is fine\n\nIt is not.")
    check("See what you sent me at 10:30 yesterday\n\n> the printer is fine", "See what you sent me at 10:30 yesterday")
    check_kept("The log says:\nat 10:00 the printer sent an error to admin@x.example")


BLOCKS = [
    "From: Ann Smith <ann@x.example>\nSent: Monday, January 5, 2026 10:00 AM\nTo: Bob\nSubject: Printer",
    "Von: Ann Smith <ann@x.example>\nGesendet: Montag, 5. Januar 2026 10:00\nAn: Bob\nBetreff: Drucker",
    "*De :* Ann Smith <ann@x.example>\n*Envoyé :* lundi 5 janvier 2026 10:00\n*À :* Bob\n*Objet :* Imprimante",
    "De: Ann Smith <ann@x.example>\nEnviado el: lunes, 5 de enero de 2026\nPara: Bob\nAsunto: Impresora",
    "Da: Ann Smith <ann@x.example>\nInviato: lunedì 5 gennaio 2026\nA: Bob\nOggetto: Stampante",
    "Van: Ann Smith <ann@x.example>\nVerzonden: maandag 5 januari 2026\nAan: Bob\nOnderwerp: Printer",
    "Från: Ann Smith <ann@x.example>\nSkickat: den 5 januari 2026\nTill: Bob\nÄmne: Skrivare",
    "Od: Ann Smith <ann@x.example>\nWysłano: 5 stycznia 2026\nDo: Bob\nTemat: Drukarka",
    "От: Ann Smith <ann@x.example>\nОтправлено: 5 января 2026 г.\nКому: Bob\nТема: Принтер",
    "От: Ann Smith <ann@x.example>\nИзпратено: 5 януари 2026 г.\nДо: Bob\nОтносно: Принтер",
    "Kimden: Ann Smith <ann@x.example>\nGönderildi: 5 Ocak 2026\nKime: Bob\nKonu: Yazıcı",
    "差出人: Ann Smith <ann@x.example>\n送信日時: 2026年1月5日\n宛先: Bob\n件名: プリンター",
    "发件人：Ann Smith <ann@x.example>\n发送时间：2026年1月5日\n收件人：Bob\n主题：打印机",
    "보낸 사람: Ann Smith <ann@x.example>\n보낸 날짜: 2026년 1월 5일\n받는 사람: Bob\n제목: 프린터",
    "از: Ann Smith <ann@x.example>\nفرستاده شده: 2026\nبه: Bob\nموضوع: چاپگر",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_a_header_block_begins_the_quote(block: str) -> None:
    check(f"Thanks, that helped.\n\n{block}\n\nHave you tried to turn it off?", "Thanks, that helped.")
    check(f"Thanks, that helped.\n\n________________________________\n{block}\n\nHave you?", "Thanks, that helped.")


def test_two_labels_are_no_header_block():
    check_kept("From: my office\nTo: your office\n\nPlease bring the printer.")
    check_kept("Subject: printer\nDate: unknown\nFrom: me\n\nA form without date or address.")


MARKERS = [
    "-----Original Message-----",
    "-------- Forwarded Message --------",
    "---------- Forwarded message ---------",
    "-----Ursprüngliche Nachricht-----",
    "-----Message d'origine-----",
    "----- Mensaje original -----",
    "-----Messaggio originale-----",
    "-----Oorspronkelijk bericht-----",
    "------------------ 原始邮件 ------------------",
    "-------- Исходное сообщение --------",
    "-------- Оригинално съобщение --------",
    "---- 원본 메시지 ----",
]


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_begins_the_quote(marker: str) -> None:
    check(f"Thanks, that helped.\n\n{marker}\nHave you tried to turn it off?", "Thanks, that helped.")


def test_words_of_a_marker_in_prose_stay():
    check_kept("I have lost the original message, sorry.\noriginal message\nPlease send it again.")


def test_our_own_reference_line_begins_the_quote():
    check("Fixed.\n\nmaild-ref: n.1.2.00abcdefghijklmnop\nold", "Fixed.")


def test_text_below_or_between_quotes_keeps_everything():
    check_kept("On Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you tried?\n\nYes, twice.")
    check_kept("> Have you tried?\nYes.\n> And then?\nNothing.")


def test_a_wrapped_quote_is_still_a_quote():
    check("Yes.\n\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> a very long line that was\nwrapped\n> on its way", "Yes.")


def test_a_mail_of_quotes_alone_is_shown_whole():
    check_kept("> Have you tried?\n> to turn it off?")
    check_kept("On Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you tried?")


def test_signatures_are_set_aside():
    check("It works.\n\n-- \nAnn Smith\nGlobex", "It works.")
    check("It works.\n--\nAnn", "It works.")
    check("It works.\n-- \nAnn\n\n-- \nThe list's footer", "It works.")
    check("It works.\n\n-- \nAnn\n\nOn Mon, Jan 5, 2026 at 10:00, Bob <b@x> wrote:\n> Have you?", "It works.")


PROGRAMS = [
    "Sent from my iPhone",
    "Von meinem iPhone gesendet",
    "Envoyé de mon iPhone",
    "Enviado desde mi iPhone",
    "Inviato da iPhone",
    "Verstuurd vanaf mijn iPhone",
]
PROGRAMS += [
    "Skickat från min iPhone",
    "Wysłane z iPhone'a",
    "Odesláno z iPhonu",
    "Отправлено с iPhone",
    "Изпратено от моя iPhone",
    "iPhoneから送信",
    "发自我的iPhone",
]
PROGRAMS += ["나의 iPhone에서 보냄", "Get Outlook for Android", "ارسال شده از iPhone", "<<Sent from my phone>>"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_what_a_mail_program_wrote_below_is_set_aside(program: str) -> None:
    check(f"It works.\n\n{program}\n", "It works.")


def test_sentences_like_a_programs_stay():
    check_kept("Here it is.\n\nSent from my desk, which is much easier than my phone.")
    check_kept("Sent from my iPhone")


def test_containers_of_mail_clients_are_cut():
    check_html('<div>Yes.</div><div class="gmail_quote">Ann wrote<blockquote>Have you?</blockquote></div>', "Yes.")
    check_html('<p>Yes.</p><div id="divRplyFwdMsg">whatever</div><p>Have you?</p>', "Yes.")
    check_html(
        '<p>Yes.</p><div class="moz-cite-prefix">Ann:</div><blockquote type="cite">?</blockquote><div class="moz-signature">Ann</div>',
        "Yes.",
    )
    check_html('<blockquote type="cite">Have you?</blockquote><p>Yes.</p>', "> Have you?\n\nYes.")


def test_nothing_is_lost():
    cut = cut_reply(plain_lines("Yes.\n\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you?"))
    assert cut.visible + "\n\n" + cut.elided == "Yes.\n\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you?"


HOSTILE = {
    "blank lines": "\n" * 5_000_000,
    "On": "On " * 3_000_000,
    "attributions": "On Mon, 1 Jan 2026 at 10:00, Ann <a@b.c> wrote\n" * 200_000,
    "labels": "From: a@b.c\nTo: b\n" * 300_000,
    "marks": "> " * 3_000_000,
    "quotes": "> x\n" * 1_000_000,
    "one line": "a@" * 5_000_000,
    "digits": "1" * 10_000_000,
    "dashes": "-" * 10_000_000,
    "dashed lines": "-----\n" * 1_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_ten_hostile_megabytes_are_cut_in_time(name: str) -> None:
    start = process_time()
    cut_reply(plain_lines(HOSTILE[name]))
    assert process_time() - start < 4


@given(
    st.lists(
        st.sampled_from(
            ["> q", "On 1/1/2026 a@x wrote:", "text", "", "-- ", "From: a@x", "Sent: 1/1/2026", "To: b", "-----", "Sent from my iPhone"]
        ),
        max_size=20,
    )
)
def test_any_lines_are_cut_without_loss(lines: list[str]) -> None:
    text = "\n".join(lines)
    cut = cut_reply(plain_lines(text))
    assert "".join((cut.visible + cut.elided).split()) == "".join(text.split())
    assert bool(cut.visible.strip()) == bool(text.strip())
