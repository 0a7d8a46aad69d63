"""Header blocks, markers, quote marks and what stands around them (MAIL.md P8, P10)."""

import pytest

from maild.ingest.header_blocks import role_of
from maild.ingest.html_text import html_lines
from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply


def check(text: str, expected: str) -> None:
    assert cut_reply(plain_lines(text)).visible == expected


def check_kept(text: str) -> None:
    """Nothing is cut."""
    check(text, text)


def check_html(html: str, expected: str) -> None:
    assert cut_reply(html_lines(html)).visible == expected


# Header blocks

BLOCKS = {
    "en": "From: {A}\nSent: Monday, January 5, 2026 10:00 AM\nTo: Bob\nSubject: Printer",
    "de": "Von: {A}\nGesendet: Montag, 5. Januar 2026 10:00\nAn: Bob\nBetreff: Drucker",
    "de, GMX": "Gesendet: Montag, 05. Januar 2026 um 10:00 Uhr\nVon: {A}\nAn: bob@x.example\nBetreff: Drucker",
    "fr": "*De :* {A}\n*Envoyé :* lundi 5 janvier 2026 10:00\n*À :* Bob\n*Objet :* Imprimante",
    "es": "De: {A}\nEnviado el: lunes, 5 de enero de 2026\nPara: Bob\nAsunto: Impresora",
    "it": "Da: {A}\nInviato: lunedì 5 gennaio 2026\nA: Bob\nOggetto: Stampante",
    "pt": "De: {A}\nEnviada em: segunda-feira, 5 de janeiro de 2026 10:00\nPara: Bob\nAssunto: Impressora",
    "nl": "Van: {A}\nVerzonden: maandag 5 januari 2026\nAan: Bob\nOnderwerp: Printer",
    "sv": "Från: {A}\nSkickat: den 5 januari 2026\nTill: Bob\nÄmne: Skrivare",
    "da": "Fra: {A}\nSendt: 5. januar 2026 10:00\nTil: Bob\nEmne: Printer",
    "nb": "Fra: {A}\nSendt: mandag 5. januar 2026 10:00\nTil: Bob\nEmne: Skriver",
    "fi": "Lähettäjä: {A}\nLähetetty: maanantai 5. tammikuuta 2026 10.00\nVastaanottaja: Bob\nAihe: Tulostin",
    "pl": "Od: {A}\nWysłano: poniedziałek, 5 stycznia 2026 10:00\nDo: Bob\nTemat: Drukarka",
    "cs": "Od: {A}\nOdesláno: pondělí 5. ledna 2026 10:00\nKomu: Bob\nPředmět: Tiskárna",
    "sk": "Od: {A}\nOdoslané: pondelok 5. januára 2026 10:00\nKomu: Bob\nPredmet: Tlačiareň",
    "hu": "Feladó: {A}\nElküldve: 2026. január 5., hétfő 10:00\nCímzett: Bob\nTárgy: Nyomtató",
    "ro": "De la: {A}\nTrimis: luni, 5 ianuarie 2026 10:00\nCătre: Bob\nSubiect: Imprimantă",
    "hr": "Šalje: {A}\nPoslano: 5. siječnja 2026. 10:00\nPrima: Bob\nPredmet: Pisač",
    "bg": "От: {A}\nИзпратено: 5 януари 2026 г. 10:00\nДо: Bob\nОтносно: Принтер",
    "ru": "От: {A}\nОтправлено: 5 января 2026 г. 10:00\nКому: Bob\nТема: Принтер",
    "uk": "Від: {A}\nНадіслано: 5 січня 2026 р. 10:00\nКому: Bob\nТема: Принтер",
    "el": "Από: {A}\nΣτάλθηκε: Δευτέρα, 5 Ιανουαρίου 2026 10:00\nΠρος: Bob\nΘέμα: Εκτυπωτής",
    "tr": "Kimden: {A}\nGönderildi: 5 Ocak 2026 Pazartesi 10:00\nKime: Bob\nKonu: Yazıcı",
    "tr, capitals": "KİMDEN: {A}\nGÖNDERİLDİ: 5 OCAK 2026 10:00\nALICI: Bob\nKONU: YAZICI",
    "he": "מאת: {A}\nנשלח: יום שני 05 ינואר 2026 10:00\nאל: Bob\nנושא: מדפסת",
    "ar": "من: {A}\nتم الإرسال: 05/01/2026 10:00\nإلى: Bob\nالموضوع: طابعة",
    "fa": "از: {A}\nفرستاده شده: 2026/01/05\nبه: Bob\nموضوع: چاپگر",
    "ja": "差出人: {A}\n送信日時: 2026年1月5日 10:00\n宛先: Bob\n件名: プリンター",
    "zh-cn": "发件人：{A}\n发送时间：2026年1月5日 10:00\n收件人：Bob\n主题：打印机",
    "zh-tw": "寄件者: {A}\n寄件日期: 2026年1月5日 上午 10:00\n收件者: Bob\n主旨: 印表機",
    "ko": "보낸 사람: {A}\n보낸 날짜: 2026년 1월 5일 월요일 오전 10:00\n받는 사람: Bob\n제목: 프린터",
    "NetEase": "| From | {A} |\n| Date | 01/05/2026 10:00 |\n| To | bob@x.example |\n| Subject | Printer |",
    "Notes": "From: {A}\nTo: bob@x.example,\nDate: 05.01.2026 10:00\nSubject: Printer",
    "many recipients": "From: {A}\nSent: Monday, January 5, 2026\nTo: b@x.example; c@x.example;\n"
    + "d@x.example; e@x.example;\n" * 6
    + "f@x.example\nSubject: Printer",
}


@pytest.mark.parametrize("name", BLOCKS)
def test_a_header_block_begins_the_quote(name: str) -> None:
    block = BLOCKS[name].replace("{A}", "Ann Smith <ann@x.example>")
    check(f"Thanks, that helped.\n\n{block}\n\nHave you tried to turn it off?", "Thanks, that helped.")
    check(f"Thanks, that helped.\n\n________________________________\n{block}\n\nHave you?", "Thanks, that helped.")


def test_labels_say_what_they_name():
    named = {"From: x": "from", "*Gesendet:* x": "sent", "À : x": "to", "Oggetto: x": "subject", "抄送: x": "other", "Farm: x": ""}
    assert {text: role_of(text) for text in named} == named


def test_turkish_capitals_are_letters_of_the_same_labels():
    named = {"TARİH: x": "sent", "Tarih: x": "sent", "ALICI: x": "to", "Alıcı: x": "to", "ſent: x": "sent"}
    assert {text: role_of(text) for text in named} == named
    check_html("Evet.<hr>KİMDEN: ann@x.example TARİH: 05.01.2026<p>Denediniz mi?</p>", "Evet.")


def test_labels_alone_are_no_header_block():
    check_kept("From: my office\nTo: your office\n\nPlease bring the printer.")
    check_kept("Subject: printer\nDate: unknown\nFrom: me\n\nA form without date or address.")
    check_kept("From: Hamburg\nTo: Berlin\nDate: 05.01.2026\n\nTwo persons, please.")
    check_kept("Cc: ann@x.example\nTo: bob@x.example\nSubject: Printer\n\nThese should go out today, 05.01.2026.")


def test_a_form_is_no_header_block():
    check_kept("I want to travel.\n\nFrom: Berlin\nTo: Hamburg\nDate: 05.01.2026\nE-Mail: ann@x.example\nCc: my boss\n\nWe are twenty.")
    check_kept("Order form\n-----\nFrom: Berlin\nTo: Hamburg\nDate: 05.01.2026\n\nWe are twenty.")
    check_kept("Von: Berlin\nAn: Hamburg\nDatum: 05.01.2026\nTelefon: ann@x.example\nKopie: an mich\n\nWir sind zwanzig.")


def test_the_writers_own_labels_above_a_header_block_stay():
    block = BLOCKS["en"].replace("{A}", "Ann Smith <ann@x.example>")
    check(f"From: the office\nI called.\nTo: whom?\n{block}\n\nHave you?", "From: the office\nI called.\nTo: whom?")
    check_html(
        f"From: the office<br>To: whom?<hr>{block.replace(chr(10), '<br>').replace('<ann', '&lt;ann')}", "From: the office\nTo: whom?"
    )


def test_under_a_rule_less_is_a_header_block():
    check_html("Yes.<hr><b>From:</b> ann@x.example <b>Date:</b> 5 Jan 2026<p>Have you?", "Yes.")
    check_html(
        '<p>Yes.</p><div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        "<p class=MsoNormal><b>Nork:</b> Ann &lt;ann@x.example&gt;<br><b>Bidalia:</b> 2026(e)ko urtarrilak 5</p></div><p>Have you?</p>",
        "Yes.",
    )
    check_html(
        '<p>Yes.</p><div style="border:none;border-top:solid #B5C4DF 1.0pt"><p>Igorria: Ann &lt;ann@x.example&gt;<br>Eguna: 5/1/2026<br>'
        "Izenburua: Printer</p></div><p>Have you?</p>",
        "Yes.",
    )
    check_html("Yes.<hr>From: Hamburg<br>To: Berlin", "Yes.\nFrom: Hamburg\nTo: Berlin")
    check_html('<div style="border-top:1px solid red;border-left:1px solid red">From: ann@x<br>Date: x</div>y', "From: ann@x\nDate: x\ny")


# Markers

MARKERS = [
    "-----Original Message-----",
    "-------- Original Message --------",
    "-------- Original message --------",
    "‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐",
    "------ Original Message ------",
    "------------------ Original ------------------",
    "------------------&nbsp;Original&nbsp;------------------".replace("&nbsp;", "\u00a0"),
    "-------- Forwarded Message --------",
    "---------- Forwarded message ---------",
    "Begin forwarded message:",
    "----- Forwarded by Ann Smith/Globex on 01/05/2026 10:00 AM -----",
    "-----Ursprüngliche Nachricht-----",
    "-------- Original-Nachricht --------",
    "-------- Weitergeleitete Nachricht --------",
    "Anfang der weitergeleiteten Nachricht:",
    "----- Weitergeleitet von Ann am 05.01.2026 10:00 -----",
    "-----Message d’origine-----",
    "-------- Message transféré --------",
    "Début du message transféré :",
    "----- Mensaje original -----",
    "Inicio del mensaje reenviado:",
    "-----Messaggio originale-----",
    "-------- Messaggio Inoltrato --------",
    "-----Mensagem original-----",
    "---------- Mensagem encaminhada ---------",
    "-----Oorspronkelijk bericht-----",
    "Begin doorgestuurd bericht:",
    "-----Ursprungligt meddelande-----",
    "-----Oprindelig meddelelse-----",
    "-----Opprinnelig melding-----",
    "-----Alkuperäinen viesti-----",
    "-----Wiadomość oryginalna-----",
    "-----Původní zpráva-----",
    "-----Pôvodná správa-----",
    "-----Eredeti üzenet-----",
    "-----Mesaj original-----",
    "-----Izvorna poruka-----",
    "-------- Исходное сообщение --------",
    "-------- Пересылаемое сообщение --------",
    "-------- Вихідне повідомлення --------",
    "-------- Оригинално съобщение --------",
    "-------- Αρχικό μήνυμα --------",
    "-----Orijinal Mesaj-----",
    "-----הודעה מקורית-----",
    "-------- الرسالة الأصلية --------",
    "-------- پیام اصلی --------",
    "-----元のメッセージ-----",
    "------------------ 原始邮件 ------------------",
    "---- 回复的原邮件 ----",
    "---原始邮件---",
    "-----邮件原件-----",
    "---- 원본 메시지 ----",
    "##- Please type your reply above this line -##",
    "##- Bitte geben Sie Ihre Antwort oberhalb dieser Zeile ein. -##",
    "Reply above this line.",
    "=== Répondre au-dessus de cette ligne ===",
]


@pytest.mark.parametrize("marker", MARKERS)
def test_a_marker_begins_the_quote(marker: str) -> None:
    check(f"Thanks, that helped.\n\n{marker}\nHave you tried to turn it off?", "Thanks, that helped.")


def test_words_of_a_marker_in_prose_stay():
    check_kept("I have lost the original message, sorry.\noriginal message\nPlease send it again.")
    check_kept("Forwarded by mistake, sorry.\nPlease ignore it.")
    check_kept("Original message.\nIs that what you need?")
    check_kept("-- original plan --\nIs that what you need?")
    check_kept("--- as you wrote ---\nIs that what you need?")
    check_kept("I have lost it.\n\n-- original message was deleted, so I cannot say more\n\nCan you send it again?")
    check_kept("Il me manque\n\nmessage transféré\n\nMerci de l'envoyer.")
    check_kept("Mir fehlen\n\nursprüngliche Nachricht\nRechnung\n\nDanke!")
    check_kept("Hi\n\n**Message**\n\nIt burns.\n\n*** Quote ***\n\nTwice.")


def test_a_separator_named_in_prose_stays():
    check_kept("Hello.\n\nYour mail says reply above this line, where is it?\n\nPlease tell me.")
    check_kept("Hello.\n\nI cannot see “reply above this line”.\n\nPlease tell me.")
    check_kept("Hallo.\nIch soll laut Ihrer Mail oberhalb dieser Linie antworten, sehe aber gar keine Linie.\nBitte helfen Sie.")


def test_words_of_a_marker_over_a_header_block_belong_to_it():
    check("Yes.\n\n  Original Message  \nFrom: Ann\nSent: 5 January 2026\nTo: bob@x.example\nSubject: Printer\n\nHave you?", "Yes.")


def test_our_own_reference_line_begins_the_quote():
    check("Fixed.\n\nmaild-ref: n.1.2.00abcdefghijklmnop\nold", "Fixed.")
    check("Fixed.\n\nmaild-ref:\nn.1.2.00abcdefghijklmnop\nold", "Fixed.")
    check_kept("Hello.\nWhat does maild-ref: in your mail mean?\nAnn")


# Quote marks


def test_quote_marks_of_all_kinds_are_known():
    check("Yes.\n\nAS> Have you tried?\nAS> Twice?", "Yes.")
    check("Yes.\n\nАС> Вы пробовали?\nАС>> Да?", "Yes.")
    check("Yes.\n\n＞ 試しましたか?", "Yes.")
    check("Yes.\n\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n\n| Have you tried?\n| Twice?", "Yes.")
    check("Yes.\n\n\ufeff> Have you tried?", "Yes.")


def test_what_only_looks_like_a_quote_mark_stays():
    check_kept("The table:\n| id | name |\n| 1 | Ann |")
    check_kept("It is so when\na>b and c>d")
    check_kept("What does that say?\n\nmysql> show tables;\nSQL> select 1;")
    check_kept("Hello,\n>From my point of view it is broken.")
    check_kept("It is under\nSettings> Mail> Advanced")
    check_kept("I typed this\nRouter> show version\nRouter> show users")
    check_kept("The program said\nOK> done")
    check_kept("The folder looks like this\n\n|\n|  src\n|  lib")
    check_kept("Totals\n\n|  12\n|  15")


def test_text_below_or_between_quotes_keeps_everything():
    """Acceptance row 11."""
    check_kept("On Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you tried?\n\nYes, twice.")
    check_kept("> Have you tried?\nYes.\n> And then?\nNothing.")
    check_kept("Hello,\n> Have you tried?\nYes.\n> And then?")
    check_kept("Hello,\n> How many?\n42\n> And then?")
    check_kept("Hello,\n> " + "a long quoted line " * 4 + "\nYes, that works.\n> And then?")


def test_answers_between_marked_lines_below_a_header_block_keep_everything():
    """Seen in practice (Outlook Express, K-9): the block of an unmarked quote, and marks below it."""
    block = BLOCKS["en"].replace("{A}", "Ann Smith <ann@x.example>")
    for above in (
        block,
        f"----- Original Message -----\n{block}",
        f"________________________________\n{block}",
        "-----Original Message-----",
    ):
        check_kept(f"Hello,\n\n{above}\n\n> Which printer?\n\nThe blue one.\n\n> Which room?\n\nRoom 5.")
        check(f"Hello,\n\n{above}\n\n> Which printer?\n\n> Which room?", "Hello,")
    check_kept("Hello,\n\n> ##- Please type your reply above this line -##\n> Which printer?\n\nThe blue one.")


def test_answers_below_the_writers_signature_keep_everything():
    quote = "On Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Which printer?\nThe blue one.\n> Which room?"
    for signature in ("-- \nBob Jones", "--\nBob", "Sent from my iPhone", "Von meinem iPhone gesendet"):
        check_kept(f"Hello, see below.\n\n{signature}\n\n{quote}\nRoom 5.")
        check(f"Hello.\n\n{signature}\n\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Which?\n\n{signature}", "Hello.")
    check_html(
        '<p>See below.</p><div class="moz-signature">-- <br>Bob</div><div class="moz-cite-prefix">On 05.01.2026 10:00, Ann wrote:</div>'
        '<blockquote type="cite">Which printer?</blockquote><p>The blue one.</p>',
        "See below.\n\n--\nBob\nOn 05.01.2026 10:00, Ann wrote:\n\n> Which printer?\n\nThe blue one.",
    )


def test_answers_in_small_letters_and_links_keep_everything():
    attribution = "Hello,\n\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:"
    long = "> Could you please tell us which version of the program you are using there?"
    check_kept(f"{attribution}\n{long}\nversion 5\n> And which system?")
    check_kept(f"{attribution}\n> Please tell us the number of the version you are using there\nversion 5\n> Thanks")
    check_kept(f"{attribution}\n> Where is the page?\nhttps://x.example/page\n> Thanks")
    check_kept(f"{attribution}\n> Where is the file?\n/etc/hosts\n> Thanks")
    check_kept(f"{attribution}\n> Please restart it.\n?? how\n> Thanks")
    check(f"{attribution}\n> see (http://x.example/a\n_b=3)\n> Thanks", "Hello,")


def test_answers_below_a_shortened_quote_keep_everything():
    attribution = "On Sun, 01 Sep 2002 00:05:03 MDT Ann Smith wrote:"
    check_kept(f"Hi,\n\n{attribution}\n\n[...]\n> Have you tried?\n\nYes, twice.")
    check_kept(f"Hi,\n\n{attribution}\nThanks for that.\n> Have you tried?")
    check(f"Hi,\n\n{attribution}\n\n[...]\n> Have you tried?\n[snip]\n> Twice?", "Hi,")


def test_a_wrapped_quote_is_still_a_quote():
    attribution = "On Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:"
    check(f"Yes.\n\n{attribution}\n> {'a very long line ' * 4}that was\nwrapped\n> on its way", "Yes.")
    check(f"Yes.\n\n{attribution}\n> see the link\n(http://x.example/a\n> on its way", "Yes.")


def test_a_mail_of_quotes_alone_is_shown_whole():
    check_kept("> Have you tried?\n> to turn it off?")
    check_kept("On Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you tried?")


# What servers write below everything


def test_footers_below_a_quote_do_not_make_it_an_answer_below():
    quote = "On Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you?"
    check(f"Yes.\n\n{quote}\n\nThis e-mail and any attachments are confidential.\nIf you are not the addressee, delete it.", "Yes.")
    check(f"Yes.\n\n{quote}\n\n\nVirus-free. www.scanner.example\n", "Yes.")
    check(
        f"Yes.\n\n{quote}\n\n-- \nYou received this message because you are subscribed to the Google Groups group.\nTo unsubscribe, go.",
        "Yes.",
    )
    check(f"Yes.\n\n{quote}\n\n________\nDiese E-Mail enthält vertrauliche Informationen.", "Yes.")


def test_an_answer_below_the_quote_that_begins_like_a_notice_stays():
    check_kept("Hello,\n\nOn Mon, Jan 5, 2026 at 10:00, Ann <a@x> wrote:\n> Have you?\n\nThis message is the third one I get.")
    check_kept("Hello,\n\n> How do I get off the list?\n\nUnsubscribe: that is what I mean.")


def test_a_writers_own_legal_notice_stays():
    check_kept("Yes.\n\nThis e-mail and any attachments are confidential.")


# HTML


def test_containers_of_mail_clients_are_cut():
    check_html('<div>Yes.</div><div class="gmail_quote">Ann wrote<blockquote>Have you?</blockquote></div>', "Yes.")
    check_html('<p>Yes.</p><div id="divRplyFwdMsg">whatever</div><p>Have you?</p>', "Yes.")
    check_html(
        '<p>Yes.</p><div class="moz-cite-prefix">Ann:</div><blockquote type="cite">?</blockquote><div class="moz-signature">Ann</div>',
        "Yes.",
    )
    check_html('<blockquote type="cite">Have you?</blockquote><p>Yes.</p>', "> Have you?\n\nYes.")
    check_html('<html><body><p>Yes.</p><div class="protonmail_quote"><html><body>Have you?</body></html></div></body></html>', "Yes.")
    check_html('<p>Yes.</p><div class="protonmail_quote">Ann wrote:<br>Have you?</div><html><body></body></html>', "Yes.")
    check_html('<p>Yes.</p><div id="x_x_mail-editor-reference-message-container"><p>whatever</p></div><p>Have you?</p>', "Yes.")


@pytest.mark.parametrize(
    "markup",
    [
        '<div id="yahoo_quoted_0123456789">',
        '<div class="ydp1a2b3cyahoo_quoted">',
        '<div class="yiv0123456789gmail_quote">',
        '<div class="aolmail_gmail_quote">',
        '<div class="ox-0123456789-gmail_quote">',
        '<div class="gmail_quote_mr_css_attr">',
        '<div id="v1reply-intro">',
        '<div name="messageReplySection">',
        '<div name="quote">',
        '<blockquote data-marker="__QUOTED_TEXT__">',
        '<div class="history_container" type="cite">',
        '<div class="moz-forward-container">',
        '<blockquote class="tutanota_quote">',
        '<div id="isReplyContent">',
        '<span id="OLK_SRC_BODY_SECTION">',
        '<hr id="zwchr"><div>',
        '<hr id="stopSpelling"><div>',
        '<a name="_MailOriginal"></a><div>',
    ],
)
def test_a_container_of_any_client_is_cut(markup: str) -> None:
    check_html(f"<div>Yes.</div>{markup}<p>Have you?</p>", "Yes.")


def test_answers_between_quotes_in_a_frame_of_gmail_keep_everything():
    frame = '<div>Hello.</div><div class="gmail_quote"><div class="gmail_attr">On Monday Ann wrote:</div><blockquote class="gmail_quote">'
    check_html(f"{frame}One?</blockquote></div>", "Hello.")
    check_html(
        f'{frame}One?</blockquote><div>Yes.</div><blockquote class="gmail_quote">Two?</blockquote><div>No.</div></div>',
        "Hello.\nOn Monday Ann wrote:\n\n> One?\n\nYes.\n\n> Two?\n\nNo.",
    )
    check_html(
        '<div>See.</div><div class="gmail_quote"><div>---------- Forwarded message ---------<br>From: Ann</div>'
        "<blockquote>One?</blockquote><p>Yes.</p></div>",
        "See.",
    )


@pytest.mark.parametrize(
    "frame",
    [
        '<div class="protonmail_quote">On Monday, January 5th, 2026 at 10:00 AM, Bob &lt;bob@x.example&gt; wrote:<br>',
        '<div class="zmail_extra"><br>---- On Mon, 05 Jan 2026 10:00:00 +0100 <b>Bob &lt;bob@x.example&gt;</b> wrote ----<br><br>',
        '<div name="messageReplySection">On 5 Jan 2026, 10:00 +0100, Bob &lt;bob@x.example&gt;, wrote:<br>',
        '<div class="cm_quote">On January 5, 2026 at 10:00 AM GMT, Bob &lt;bob@x.example&gt; wrote:<br>',
    ],
)
def test_answers_between_quotes_in_any_frame_keep_everything(frame: str) -> None:
    quote = "<blockquote>Which printer?</blockquote>"
    check_html(f"<div>Hello.</div>{frame}{quote}</div>", "Hello.")
    html = f"<div>Hello.</div>{frame}{quote}<div>The blue one.</div><blockquote>Which room?</blockquote></div>"
    assert "The blue one." in cut_reply(html_lines(html)).visible


def test_what_is_only_indented_is_no_quote():
    check_html(
        '<div>Do this:</div><blockquote style="margin:0 0 0 40px;border:none;padding:0px">turn it off</blockquote>',
        "Do this:\n\nturn it off",
    )
    check_html(
        'Yes.<blockquote style="border:none;border-left:solid blue 1.5pt;margin-left:4.0pt">Have you?</blockquote>',
        "Yes.",
    )


def test_a_reply_typed_into_the_frame_alone_is_shown():
    check_html('<div class="gmail_quote"><blockquote>One?</blockquote></div>', "> One?")
