"""What is set aside below a text (MAIL.md P9): signatures, and what mail programs and scanners write by themselves."""

import pytest

from maild.ingest.html_text import html_lines
from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply


def check(text: str, expected: str) -> None:
    assert cut_reply(plain_lines(text)).visible == expected


def check_kept(text: str) -> None:
    check(text, text)


def check_html(html: str, expected: str) -> None:
    assert cut_reply(html_lines(html)).visible == expected


def test_signatures_are_set_aside():
    check("It works.\n\n-- \nAnn Smith\nGlobex", "It works.")
    check("It works.\n--\nAnn", "It works.")
    check("It works.\n-- \nAnn\n\n-- \nThe list's footer", "It works.")
    check("It works.\n\n--\u00a0\nAnn Smith", "It works.")
    check("It works.\n\n—\nAnn Smith\n+44 20 7946 0000", "It works.")


def test_a_line_that_divides_a_text_is_no_signature():
    check_kept("The printer is broken.\n--\nThe other matter is the invoice that you sent last week, it names the wrong address.")
    check_kept("Three things:\n-\nprinter\nphone")
    check_kept("Order 1\n--\nOrder 2\n--\nOrder 3")
    check_kept("One\n—\n" + "\n".join(f"point {number}" for number in range(12)))


PROGRAMS = {
    "en": [
        "Sent from my iPhone",
        "Sent from my iPad",
        "Sent from Yahoo Mail on Android",
        "Sent from Mail for Windows 10",
        "Get Outlook for iOS<https://aka.example>",
    ],
    "en, more": [
        "Sent from my Galaxy",
        "Sent via BlackBerry by T-Mobile",
        "Sent with Proton Mail secure email.",
        "<<sent by galaxy>>",
        "(sent from a phone)",
    ],
    "de": [
        "Von meinem iPhone gesendet",
        "Gesendet von Outlook für Android",
        "Gesendet von Mail für Windows",
        "Von meinem Samsung Gerät gesendet.",
    ],
    "de, more": [
        "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "Gesendet mit der GMX Mail App",
        "Outlook für iOS beziehen",
    ],
    "fr": [
        "Envoyé de mon iPhone",
        "Envoyé à partir d’Outlook pour Android",
        "Télécharger Outlook pour iOS",
        "Provenance : Courrier pour Windows 10",
    ],
    "es": [
        "Enviado desde mi iPhone",
        "Enviado desde Correo para Windows 10",
        "Obtener Outlook para Android",
        "Enviado desde Yahoo Mail para iPhone",
    ],
    "it": ["Inviato da iPhone", "Inviato dal mio Galaxy", "Inviato da Posta per Windows 10", "Ottieni Outlook per iOS"],
    "pt": ["Enviado do meu iPhone", "Enviado do Email para Windows 10", "Obter o Outlook para iOS", "Enviado do Yahoo Mail no Android"],
    "nl": [
        "Verstuurd vanaf mijn iPhone",
        "Verzonden vanuit Mail voor Windows 10",
        "Outlook voor iOS downloaden",
        "Verzonden met BlackBerry Work",
    ],
    "sv": ["Skickat från min iPhone", "Skickades från E-post för Windows 10", "Hämta Outlook för iOS"],
    "da": ["Sendt fra min iPhone", "Sendt fra Mail til Windows 10", "Hent Outlook til Android"],
    "nb": ["Sendt fra min iPhone", "Sendt fra E-post for Windows 10", "Skaff deg Outlook for iOS"],
    "fi": ["Lähetetty iPhonesta", "Lähetetty Outlookista", "Hanki Outlook for iOS"],
    "pl": ["Wysłane z iPhone'a", "Wysłane z aplikacji Poczta dla Windows 10", "Pobierz aplikację Outlook dla systemu iOS"],
    "cs": ["Odesláno z iPhonu", "Odesláno z Pošty pro Windows 10", "Získat Outlook pro iOS"],
    "sk": ["Odoslané z iPhonu", "Získať Outlook pre Android"],
    "hu": ["iPhone-ról küldve", "Elküldve az iPhone-omról", "Az Outlook beszerzése Androidra"],
    "ro": ["Trimis de pe iPhone-ul meu", "Obțineți Outlook pentru iOS"],
    "hr": ["Poslano s mog iPhonea"],
    "bg": ["Изпратено от моя iPhone", "Вземете Outlook за Android"],
    "ru": ["Отправлено с iPhone", "Отправлено из мобильной Почты Mail.ru", "Получить Outlook для Android"],
    "uk": ["Надіслано з iPhone", "Отримати Outlook для iOS"],
    "el": ["Στάλθηκε από το iPhone μου", "Αποκτήστε το Outlook για iOS"],
    "tr": ["iPhone’umdan gönderildi", "iOS için Outlook’u edinin", "Windows 10 için Posta ile gönderildi"],
    "he": ["נשלח מה-iPhone שלי", "‏‏נשלח מ-Outlook"],
    "ar": ["تم الإرسال من الـ iPhone الخاص بي", "مرسل من Samsung"],
    "fa": ["ارسال شده از iPhone من"],
    "ja": ["iPhoneから送信", "Windows 10 版のメールから送信", "Outlook for iOS を入手"],
    "zh": ["发自我的iPhone", "從我的 iPhone 傳送", "获取 Outlook for iOS", "發自我的手機"],
    "ko": ["나의 iPhone에서 보냄", "Samsung 갤럭시에서 보냄", "Windows 10용 메일에서 보냄"],
    "vi": ["Đã gửi từ iPhone của tôi"],
    "id": ["Dikirim dari iPhone saya"],
    "th": ["ส่งจาก iPhone ของฉัน"],
}


@pytest.mark.parametrize("program", [line for lines in PROGRAMS.values() for line in lines])
def test_what_a_mail_program_wrote_below_is_set_aside(program: str) -> None:
    check(f"It works.\n\n{program}\n", "It works.")


def test_several_such_lines_are_one_signature():
    check("It works.\n\nSent from my iPhone\nGet Outlook for iOS\n", "It works.")
    check("It works.\n\nSent from my phone.\nAnn Smith\n+44 20 7946 0000", "It works.")
    check("It works.\n\nSent from my iPhone, please excuse any typos and the short answer", "It works.")


def test_a_postscript_below_such_a_line_stays():
    check_kept("It works.\n\nSent from my iPhone\n\nP.S. Call me at +44 20 7946 0000.")
    check_kept("It works.\n\nSent from my iPhone\n\nOr do you need the serial number too?")
    for postscript in (
        "P.S. Please call",
        "PS: Bitte anrufen",
        "P.-S. : rappelez",
        "PD: llamar",
        "З.Ы. Звоните",
        "Υ.Γ. Τηλέφωνο",
        "追伸 電話",
    ):
        check_kept(f"It works.\n\n-- \nAnn Smith\n\n{postscript}")
        check_kept(f"It works.\n\nSent from my iPhone\n\n{postscript}")


def test_words_below_what_looks_like_a_signature_stay():
    for words in (
        "Also please call me back.",
        "Oh wait, it fails again!",
        "no it does not",
        "Bitte rufen Sie mich an.",
        "Rappelez-moi demain matin.",
        "Llámeme por favor mañana.",
        "Перезвоните мне завтра утром.",
        "また電話してください。",
        "请给我打电话。",
    ):
        check_kept(f"It works.\n\nSent from my iPhone\n\n{words}")
        check_kept(f"It works.\n--\n{words}")
        check_kept(f"It works.\n\nVirus-free. www.scanner.example\n\n{words}")


def test_sentences_like_a_programs_stay():
    check_kept("Here it is.\n\nSent from my desk, which is much easier than my mobile phone.")
    check_kept("Here it is.\n\nSent the iPhone back today.")
    check_kept("Here it is.\n\nSent by courier on Monday.")
    check_kept("Alles da.\n\nGesendet mit DHL am Montag.")
    check_kept("Alles da.\n\nVon meinem Kollegen habe ich nichts gehört.")
    check_kept("好的。\n\n从我的角度来看没问题。")
    check_kept("Voilà.\n\nEnvoyé avec la poste hier.")
    check_kept("Sent from my iPhone")


@pytest.mark.parametrize(
    "words",
    [
        "From my iPhone it does not work",
        "From my Android the login fails",
        "Get Outlook for iOS to open your mails",
        "Von meinem iPhone geht es nicht",
        "Per Handy bin ich immer erreichbar",
        "Vom Outlook bekomme ich einen Fehler",
        "De mon iPhone ça ne marche pas",
        "Outlook pour Android n'ouvre pas vos mails",
        "Desde mi iPhone no funciona",
        "Dal mio iPhone non funziona",
        "Do meu iPhone não funciona",
        "Vanaf mijn iPhone lukt het niet",
        "Från min iPhone fungerar det inte",
        "Fra min iPhone virker det ikke",
        "Benim iPhone'umda çalışmıyor",
        "从我的iPhone打不开",
        "スマートフォンからログインできません",
        "Outlook for iOS で開けません",
        "나의 iPhone에서 안 열려요",
        "Sent from my iPhone is what your mail says, why?",
        "Enviado el móvil ayer por la tarde a la tienda",
        "Отправлено с телефона вчера, но ответа нет",
    ],
)
def test_a_sentence_about_a_device_stays(words: str) -> None:
    check_kept(f"Hello Bob.\n\n{words}")
    check_kept(f"{words}\n\nAnn Smith".replace("\n\n", "\n\nIt is new.\n\n", 1))
    check("Hello Bob.\n\nFrom my iPhone", "Hello Bob.")


def test_below_a_greeting_alone_stands_no_signature():
    check_kept("Hello Bob,\n-- \nAnn Smith\n\nThe printer is broken.")
    check("Hello Bob, it works.\n-- \nAnn Smith", "Hello Bob, it works.")
    check("Hello Bob,\n-- \nAnna\n\nmaild-ref: n.1042.77.0aabcdefghijklmnop", "Hello Bob,")


def test_signature_elements_of_mail_clients_are_set_aside():
    check_html('<div>It works.</div><div class="gmail_signature">Ann<br>Globex</div>', "It works.")
    check_html('<div>It works.</div><br><div id="Signature"><p>Ann</p></div><div id="divRplyFwdMsg">From</div>', "It works.")
    check_html('<div>It works.</div><div name="messageSignatureSection">Ann</div>', "It works.")
    check_html('<div>It works.</div><div id="AppleMailSignature">Ann</div><blockquote type="cite">Have you?</blockquote>', "It works.")


LIST = "_______________________________________________\nTalk mailing list\nTalk@lists.example.org\nhttps://lists.example.org/mailman/listinfo/talk"


def test_the_block_of_a_list_server_is_set_aside():
    check(f"It works.\n\n{LIST}", "It works.")
    check(f"It works.\n\nOn Mon, Jan 5, 2026 at 10:00, Bob <b@x> wrote:\n> Have you?\n{LIST}", "It works.")
    check(f"It works.\n\n-- \nAnn\n\n{LIST}", "It works.")
    check("It works.\n\nhttp://x.example/mailman/listinfo/talk", "It works.")
    check_kept("It works.\n\n-----\nPlease put me on your mailing list.")
    check_kept("How do I leave this list?\n\nhttps://lists.example.org/mailman/listinfo/talk")
    check_kept("I mean this one:\n\nhttps://lists.example.org/mailman/listinfo/talk")
    check_kept("Please take me off\nhttps://lists.example.org/mailman/listinfo/talk")
    check_kept(
        "Which of them?\n\n-----\n"
        + "The one at https://lists.example.org/mailman/listinfo/talk is where I saw it first, and then there is another one."
    )


def test_footers_of_scanners_and_lists_are_set_aside():
    check("It works.\n\nVirus-free. www.scanner.example", "It works.")
    check("It works.\n\n-- \nAnn\n\n--\nYou received this message because you are subscribed to the Google Groups group.", "It works.")
    check("It works.\n\nReply to this email directly or view it on GitHub:\nhttps://x.example/1", "It works.")
    check_kept("It works.\n\nReply to this email directly, please, not to the group.\n\nAnn")
    check_kept("It works.\n\nThe footer says:\nVirus-free. www.scanner.example\nIs that so?")


def test_a_rule_right_below_words_is_theirs():
    table = "Name | Count\n-----+------\nBolt | 5\n------------"
    check(f"{table}\n\nOn Mon, Jan 5, 2026 at 10:00, Bob <b@x> wrote:\n> Have you?", table)
    check_kept(table)
    check("It works.\n\n------------\n============\n\nOn Mon, Jan 5, 2026 at 10:00, Bob <b@x> wrote:\n> Have you?", "It works.")
