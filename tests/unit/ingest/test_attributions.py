"""Attributions of mail programs in many languages (MAIL.md P8, P10): a language or a program is a line here and a word in the data."""

import pytest

from maild.ingest.attributions import Evidence, weigh
from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply

A = "Ann Smith"
M = "<ann@x.example>"

# Gmail, on the web and on telephones.
GMAIL = [
    f"On Mon, Jan 5, 2026 at 10:00 AM {A} {M} wrote:",
    f"On Mon, 5 Jan 2026, 10:00 {A}, {M} wrote:",
    f"Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb {A} {M}:",
    f"{A} {M} schrieb am Mo., 5. Jan. 2026, 10:00:",
    f"Le lun. 5 janv. 2026 à 10:00, {A} {M} a écrit :",
    f"El lun, 5 ene 2026 a las 10:00, {A} ({M}) escribió:",
    f"El lun., 5 ene. 2026 10:00 a. m., {A} {M} escribió:",
    f"Il giorno lun 5 gen 2026 alle ore 10:00 {A} {M} ha scritto:",
    f"Em seg., 5 de jan. de 2026 às 10:00, {A} {M} escreveu:",
    f"{A} {M} escreveu (segunda, 5/01/2026 à(s) 10:00):",
    f"Op ma 5 jan 2026 om 10:00 schreef {A} {M}:",
    f"Den mån 5 jan. 2026 kl 10:00 skrev {A} {M}:",
    f"Den man. 5. jan. 2026 kl. 10.00 skrev {A} {M}:",
    f"man. 5. jan. 2026 kl. 10:00 skrev {A} {M}:",
    f"ma 5. tammik. 2026 klo 10.00 {A} ({M}) kirjoitti:",
    f"pon., 5 sty 2026 o 10:00 {A} {M} napisał(a):",
    f"po 5. 1. 2026 v 10:00 odesílatel {A} {M} napsal:",
    f"po 5. 1. 2026 o 10:00 {A} {M} napísal(a):",
    f"пн, 5 янв. 2026 г. в 10:00, {A} {M}:",
    f"пн, 5 січ. 2026 р. о 10:00 {A} {M} пише:",
    f"На пн, 5.01.2026 г. в 10:00 {A} {M} написа:",
    f"Στις Δευ 5 Ιαν 2026 στις 10:00 π.μ., ο χρήστης {A} {M} έγραψε:",
    f"{A} {M}, 5 Oca 2026 Pzt, 10:00 tarihinde şunu yazdı:",
    f"lun., 5 ian. 2026 la 10:00, {A} {M} a scris:",
    f"{A} {M} ezt írta (időpont: 2026. jan. 5., H, 10:00):",
    f"pon, 5. sij 2026. u 10:00 {A} {M} napisao je:",
    f"V V pon., 5. jan. 2026 ob 10:00 je oseba {A} {M} napisala:",
    f"2026年1月5日(月) 10:00 {A} {M}:",
    f"{A} {M} 于2026年1月5日周一 10:00写道：",
    f"{A} {M} 於 2026年1月5日 週一 上午10:00寫道：",
    f"2026년 1월 5일 (월) 오전 10:00, {A} {M}님이 작성:",
    f"در تاریخ دوشنبه ۵ ژانویهٔ ۲۰۲۶،\u200f ۱۰:۰۰ {A} \u200f{M} نوشت:",
    f"\u202bבתאריך יום ב׳, 5 בינו׳ 2026 ב-10:00 מאת \u202a{A}\u202c\u200f <\u202aann@x.example\u202c\u200f>:\u202c",
    f"في الاثنين، ٥ يناير ٢٠٢٦ في ١٠:٠٠ ص تمت كتابة ما يلي بواسطة {A} {M}:",
    f"Vào Th 2, 5 thg 1, 2026 vào lúc 10:00 {A} {M} đã viết:",
    f"Pada tanggal Sen, 5 Jan 2026 pukul 10.00 {A} {M} menulis:",
    f"เมื่อ จ. 5 ม.ค. 2026 เวลา 10:00 {A} {M} เขียนว่า:",
    f"2011/4/7 {A} {M}",
    f"2026-01-05 10:00 GMT+01:00 {A} {M}:",
    f"2026-01-05 10:00 GMT+01:00 {A}",
]
# Apple Mail, on computers and telephones.
APPLE = [
    f"On Jan 5, 2026, at 10:00\u202fAM, {A} {M} wrote:",
    f"On 5 Jan 2026, at 10:00, {A} {M} wrote:",
    f"Am 05.01.2026 um 10:00 schrieb {A} {M}:",
    f"Le 5 janv. 2026 à 10:00, {A} {M} a écrit\u00a0:",
    f"El 5 ene 2026, a las 10:00, {A} {M} escribió:",
    f"Il giorno 5 gen 2026, alle ore 10:00, {A} {M} ha scritto:",
    f"Em 5 de jan. de 2026, à(s) 10:00, {A} {M} escreveu:",
    f"No dia 05/01/2026, às 10:00, {A} {M} escreveu:",
    f"Op 5 jan 2026, om 10:00 heeft {A} {M} het volgende geschreven:",
    f"5 jan. 2026 kl. 10:00 skrev {A} {M}:",
    f"Den 5. jan. 2026 kl. 10.00 skrev {A} {M}:",
    f"{A} {M} kirjoitti 5.1.2026 kello 10.00:",
    f"Wiadomość napisana przez {A} {M} w dniu 5 sty 2026, o godz. 10:00:",
    f"5. 1. 2026 v 10:00, {A} {M}:",
    f"Dňa 5. 1. 2026 o 10:00, používateľ {A} {M} napísal:",
    f"5 янв. 2026 г., в 10:00, {A} {M} написал(а):",
    f"5 січ. 2026 р. о 10:00 {A} {M} написав(ла):",
    f"На 5.01.2026 г., в 10:00, {A} {M} написа:",
    f"{A} {M} şunları yazdı (5 Oca 2026 10:00):",
    f"5 Ιαν 2026, 10:00 π.μ., ο χρήστης «{A} {M}» έγραψε:",
    f"2026. jan. 5. dátummal, 10:00 időpontban {A} {M} írta:",
    f"Pe 5 ian. 2026, la 10:00, {A} {M} a scris:",
    f"{A} {M} je napisao/la 5. sij 2026. u 10:00:",
    f"2026/01/05 10:00、{A} {M}のメール:",
    f"在 2026年1月5日，10:00，{A} {M} 写道：",
    f"{A} {M} 於 2026年1月5日 上午10:00 寫道：",
    f"2026. 1. 5. 오전 10:00, {A} {M} 작성:",
    f"ב-5 בינו׳ 2026, בשעה 10:00, \u200f{A} {M} כתב/ה:",
    f"في ٥ يناير ٢٠٢٦، الساعة ١٠:٠٠ ص، كتب/كتبت {A} {M}:",
]
# Thunderbird's styles: "On date author wrote" and "author wrote on date", in its locales.
THUNDERBIRD = [
    f"On 1/5/26 10:00 AM, {A} wrote:",
    f"{A} wrote on 1/5/26 10:00 AM:",
    f"Am 05.01.26 um 10:00 schrieb {A}:",
    f"{A} schrieb am 05.01.26 um 10:00:",
    f"Le 05/01/2026 à 10:00, {A} a écrit :",
    f"{A} a écrit le 05/01/2026 à 10:00 :",
    f"El 5/1/26 a las 10:00, {A} escribió:",
    f"Il 05/01/26 10:00, {A} ha scritto:",
    f"{A} ha scritto il 05/01/2026 alle 10:00:",
    f"Em 05/01/2026 10:00, {A} escreveu:",
    f"Às 10:00 de 05/01/2026, {A} escreveu:",
    f"Op 5-1-2026 om 10:00 schreef {A}:",
    f"Den 2026-01-05 kl. 10:00, skrev {A}:",
    f"Den 05.01.2026 kl. 10.00 skrev {A}:",
    f"Den 05.01.2026 10:00, skrev {A}:",
    f"{A} kirjoitti 5.1.2026 klo 10.00:",
    f"W dniu 5.01.2026 o 10:00, {A} pisze:",
    f"Dne 05. 01. 26 v 10:00 {A} napsal(a):",
    f"Dňa 5. 1. 2026 o 10:00 {A} napísal(a):",
    f"05.01.2026 10:00, {A} пишет:",
    f"05.01.2026 10:00, {A} пише:",
    f"На 5.1.2026 г. в 10:00, {A} написа:",
    f"Στις 5/1/26 10:00, ο/η {A} έγραψε:",
    f"5.01.2026 10:00 tarihinde {A} yazdı:",
    f"2026. 01. 05. 10:00 keltezéssel, {A} írta:",
    f"La 05.01.2026 10:00, {A} a scris:",
    f"{A} je {M} napisao 5. 1. 2026. u 10:00:",
    f"Dana 5.1.2026. u 10:00, {A} je napisao/la:",
    f"On 2026/01/05 10:00, {A} wrote:",
    f"在 2026/1/5 10:00, {A} 写道:",
    f"於 2026/1/5 10:00, {A} 寫道:",
    f"2026-01-05 오전 10:00에 {A} 이(가) 쓴 글:",
    f"נכתב על ידי {A}, ב־5.1.2026 בשעה 10:00:",
    f"على 5/1/26 ‫10:00، كتب {A}:",
    f"در 2026/1/5 10:00, {A} نوشت:",
]
WEBMAIL = [
    # Yahoo
    f"On Monday, January 5, 2026 at 10:00:00 AM GMT+1, {A} {M} wrote:",
    f"Am Montag, 5. Januar 2026, 10:00:00 MEZ hat {A} {M} Folgendes geschrieben:",
    f"Le lundi 5 janvier 2026 à 10:00:00 UTC+1, {A} {M} a écrit :",
    f"El lunes, 5 de enero de 2026, 10:00:00 CET, {A} {M} escribió:",
    f"Em segunda-feira, 5 de janeiro de 2026 10:00:00 BRT, {A} {M} escreveu:",
    # mail.ru, Yandex, NetEase, Zimbra
    f"Понедельник, 5 января 2026, 10:00 +03:00 от {A} {M}:",
    f'05.01.2026, 10:00, "{A}" {M}:',
    f'At 2026-01-05 10:00:00, "{A}" {M} wrote:',
    f'在 2026-01-05 10:00:00，"{A}" {M} 写道：',
    f"----- On Jan 5, 2026, at 10:00 AM, {A} ann@x.example wrote:",
    f"----- Am 5. Jan 2026 um 10:00 schrieb {A} ann@x.example:",
    # Fastmail, Proton, Tuta
    f"On Mon, 5 Jan 2026, at 10:00 AM, {A} wrote:",
    f"On Monday, January 5th, 2026 at 10:00 AM, {A} {M} wrote:",
    f"{A} {M} schrieb am Montag, 5. Januar 2026 um 10:00:",
    "5 Jan 2026, 10:00 by ann@x.example:",
    "05.01.2026, 10:00 von ann@x.example:",
    # Horde
    f"Quoting {A} {M}:",
    f"Zitat von {A} {M}:",
    f"{A} {M} a écrit :",
    f"Citando a {A} {M}:",
    f"Citeren {A} {M}:",
    f"Cytowanie {A} {M}:",
    f"Цитирую {A} {M}:",
    # Roundcube
    f"On 2026-01-05 10:00, {A} wrote:",
    f"Am 2026-01-05 10:00, schrieb {A}:",
    f"{A} schreef op 2026-01-05 10:00:",
    f"{A} skrev den 2026-01-05 10:00:",
    f"W dniu 2026-01-05 10:00, {A} napisał(a):",
    f"{A} писал(а) 2026-01-05 10:00:",
    f"2026-01-05 10:00 időpontban {A} ezt írta:",
    f"2026-01-05 10:00, {A} yazmış:",
    f"2026-01-05 10:00에 {A}이(가) 쓴 내용:",
    f"2026-01-05 10:00 に {A} さんは書きました:",
    f"{A} 於 2026-01-05 10:00 寫到:",
    # SquirrelMail, Front
    f"On Mon, January 5, 2026 10:00 am, {A} wrote:",
    f"On January 5, 2026 at 10:00 AM GMT+1 {A} {M} wrote:",
]
PROGRAMS = [
    # AOL, Outlook Express, old news readers
    "In a message dated 1/5/2026 10:00:00 A.M. Central Standard Time, ann@x.example writes:",
    "In einer eMail vom 05.01.2026 10:00:00 Westeuropäische Normalzeit schreibt ann@x.example:",
    f"{A} {M} wrote in message news:id@x.example...",
    f"In article <id@x.example>, {A} {M} wrote:",
    f"On Mon, Jan 5 2026 at 10:00:00 am, {A} wrote",
    f'Op 5 jan. 2026 10:00 schreef "{A}" {M} het volgende:',
    # Mutt, Gnus, Sylpheed, Claws
    f"On Mon, Jan 05, 2026 at 10:00:00AM +0100, {A} wrote:",
    f"* {A} {M} [2026-01-05 10:00]:",
    f"{A} {M} writes:",
    f"On Mon, 5 Jan 2026 10:00:00 +0100\n{A} {M} wrote:",
    f"Am Mon, 5 Jan 2026 10:00:00 +0100\nschrieb {A} {M}:",
    f"Le Mon, 5 Jan 2026 10:00:00 +0100,\n{A} {M} a écrit :",
    f"Dnia 2026-01-05, o godz. 10:00:00\n{A} {M} napisał(a):",
    # Evolution, KMail
    f"On Mon, 2026-01-05 at 10:00 +0100, {A} wrote:",
    f"Am Montag, dem 05.01.2026 um 10:00 +0100 schrieb {A}:",
    f"Le lundi 05 janvier 2026 à 10:00 +0100, {A} a écrit :",
    f"{A} píše v Po 05. 01. 2026 v 10:00 +0100:",
    f"{A} schreef op ma 05-01-2026 om 10:00 [+0100]:",
    f"W dniu pon, 05.01.2026 o godzinie 10:00 +0100, użytkownik {A} napisał:",
    f"В 10:00 +0200 на 05.01.2026 (пн), {A} написа:",
    f"В Пн, 05/01/2026 в 10:00 +0300, {A} пишет:",
    f"2026. 01. 5, hétfő keltezéssel 10.00-kor {A} ezt írta:",
    f"On Monday, January 5, 2026 10:00:00 AM CET {A} wrote:",
    f"Am Montag, 5. Januar 2026, 10:00:00 MEZ schrieb {A}:",
    # The Bat!, GroupWise, Spark, Airmail, Mailbird, Postbox, K-9, Notes
    "Monday, January 5, 2026, 10:00:00 AM, you wrote:",
    "Am Montag, 5. Januar 2026 um 10:00 schrieben Sie:",
    "Понедельник, 5 января 2026 г., 10:00:00, Вы писали:",
    f">>> {A} {M} 1/5/2026 10:00 AM >>>",
    f'>>> "{A}" {M} 05.01.2026 10:00 >>>',
    f">>> On 1/5/2026 at 10:00 AM, in message <id@x.example>, {A} {M} wrote:",
    f"On Jan 5, 2026, 10:00 +0100, {A} {M}, wrote:",
    f"On January 5, 2026 at 10:00:00 AM, {A} (ann@x.example) wrote:",
    f"On 05.01.2026 10:00:00, {A} {M} wrote:",
    f"{A} wrote on 1/5/26, 10:00 AM:",
    f"On January 5, 2026 10:00:00 AM GMT+01:00, {A} {M} wrote:",
    f"{A} {M} wrote on 01/05/2026 10:00:00 AM:",
    f"---- On Mon, 05 Jan 2026 10:00:00 +0100 {A} {M} wrote ----",
    f"---- Am Mo., 05 Jan. 2026 10:00:00 +0100 schrieb {A} {M} ----",
    f"---- {A} {M} wrote ----",
    f"-----{A}/Globex wrote: -----",
]
BROKEN = [
    f"On Mon, Jan 5, 2026 at 10:00 AM, {A}\n{M} wrote:",
    f"Am Mo., 5. Jan. 2026 um 10:00 Uhr schrieb {A} <\nann@x.example>:",
    f"{A} {M} schrieb am Mo., 5. Jan. 2026\num 10:00 Uhr:",
    f'Am 05.01.2026 10:00 schrieb "{A}" <ann@x.example\n>:',
    f"man. 5. jan. 2026 kl. 10:00 skrev {A} <ann@x.example\n>:",
    f"On Mon, Jan 5, 2026 at 10:00 AM {A} <ann@x.example\n> wrote:",
    f'Le 5 janv. 2026 10:00, "{A}"\n{M}\na écrit :',
    f"On Mon, 5 Jan 2026 at 10:00 {A}\n\n<\nmailto:{A} {M}\n> wrote:",
    f"On Monday, January 5, 2026, {A} via Support Of A Long Name\n<support-of-a-long-name@x.example> wrote:",
]
ALL = [*GMAIL, *APPLE, *THUNDERBIRD, *WEBMAIL, *PROGRAMS, *BROKEN]


def check(text: str, expected: str) -> None:
    assert cut_reply(plain_lines(text)).visible == expected


def check_kept(text: str) -> None:
    check(text, text)


@pytest.mark.parametrize("attribution", ALL)
def test_an_attribution_with_its_quote_is_cut(attribution: str) -> None:
    check(f"Thanks, that helped.\n\n{attribution}\n\n> Have you tried\n> to turn it off?\n", "Thanks, that helped.")
    check(f"Thanks, that helped.\n{attribution}\n> Have you tried\n> to turn it off?\n", "Thanks, that helped.")


@pytest.mark.parametrize("attribution", [*GMAIL[:37], *APPLE, *THUNDERBIRD[:5], *WEBMAIL[:11], *PROGRAMS[-14:-8], *PROGRAMS[-5:]])
def test_an_attribution_with_date_and_writer_is_cut_without_quote_marks_too(attribution: str) -> None:
    check(f"Thanks, that helped.\n\n{attribution}\n\nHave you tried\nto turn it off?\n", "Thanks, that helped.")


def test_the_writers_own_line_right_above_an_attribution_stays():
    check("Thanks, that helped.\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you?", "Thanks, that helped.")
    check("See you then!\nOn Mon, Jan 5, 2026\nAnn wrote:\n> Have you?", "See you then!")
    check("Access denied for user@host.example\nAnn wrote:\n> Have you?", "Access denied for user@host.example\nAnn wrote:")


def test_words_and_attribution_may_share_a_line():
    check("Yes.\nFine by me--- On Mon, Jan 5, 2026 at 10:00, ann@x wrote:\n> Have you?", "Yes.\nFine by me")
    check("Thanks! On Mon, Jan 5, 2026 at 10:00 AM Ann <ann@x> wrote:\n> Have you?", "Thanks!")
    check("Danke. Am 05.01.2026 um 10:00 schrieb Ann <ann@x>:\n> Haben Sie?", "Danke.")
    check_kept("Yes --- or no, as you like it --- we wrote to ann@x today")


def test_prose_that_begins_like_an_attribution_stays():
    """Acceptance row 11."""
    check_kept("On Tuesday I am away.\nAm Dienstag bin ich nicht da.\n\nAnn")
    check_kept("On 5 January 2026 Bob wrote to me about the printer.\nI have not heard since.")
    check_kept("On 5 January 2026 at 10:00 Bob wrote to bob@x.example about the printer\n\n> the printer is fine\n\nIt is not.")
    check_kept("Write to bob@x.example or call:\nthe number is 12345")
    check_kept("Answers go by 05.01.2026 at 10:00 to Ann <ann@x.example>:\nthe room, the time, the price")
    check_kept("See what you sent me at 10:30 yesterday\n\n> the printer is fine\n\nIt is not.")
    check("See what you sent me at 10:30 yesterday\n\n> the printer is fine", "See what you sent me at 10:30 yesterday")
    check_kept("The log says:\nat 10:00 the printer sent an error to admin@x.example")
    check_kept("At 10:00 on 2026-01-05 we wrote the following code:\nprint(1)")
    check_kept("On 5 January 2026 at 10:00 AM we wrote:\nThe printer is broken.\nIt still is.")
    check_kept("On 5 January 2026 at 10:00 AM I wrote:\nThe printer is broken.\nIt still is.")
    check_kept("Sie schrieben am 05.01.2026:\nDer Drucker geht.\nEr geht nicht.")
    check_kept("On 05.01.2026 Bob sent this error to me:\n> printer on fire\nWhat does it mean?")
    check_kept("On 05.01.2026 Bob sent this error to me:\n> printer on fire")
    check_kept("I wrote to bob@x.example on 05.01.2026 about it\nand he has not answered.")


def test_evidence_is_weighed():
    assert weigh(f"On 5 Jan 2026 at 10:00, {A} wrote:") is Evidence.ALONE
    assert weigh(f"{A} {M} writes:") is Evidence.BEFORE_QUOTE
    assert weigh(f"{A} wrote:") is Evidence.NONE
    assert weigh(f"On 5 Jan 2026 at 10:00, your colleague {A} wrote:") is Evidence.NONE
    assert weigh("On 5 Jan 2026 at 10:00, Ann <your.me@that.example> wrote:") is Evidence.ALONE
    assert weigh("On 5 Jan 2026 at 10:00 we met:") is Evidence.NONE
