"""What the writer's own words lead over to is his own (MAIL.md P8): citations, forms, and answers he promises within the quote."""

import pytest

from maild.ingest.html_text import html_lines
from maild.ingest.introductions import is_greeting, says_nothing_else
from maild.ingest.lines import plain_lines
from maild.ingest.new_text import cut_reply

BLOCK = "From: Bob <bob@acme.example>\nSent: Monday, January 5, 2026 10:00 AM\nTo: ann@globex.example\nSubject: Printer"
REFERENCE = "maild-ref: n.1042.77.0aabcdefghijklmnop"


def check(text: str, expected: str) -> None:
    assert cut_reply(plain_lines(text)).visible == expected


def check_kept(text: str) -> None:
    check(text, text)


@pytest.mark.parametrize(
    "introduction",
    [
        "I get this error:",
        "Ich bekomme diese Meldung:",
        "Voici l'erreur :",
        "Me sale este error:",
        "Ricevo questo errore:",
        "Komt deze melding:",
        "Получаю такую ошибку:",
        "Излиза ми това:",
        "Βγάζει αυτό το λάθος:",
        "このエラーが出ます：",
        "出现这个错误：",
    ],
)
def test_what_a_sentence_leads_over_to_is_the_writers(introduction: str) -> None:
    check_kept(f"Hello,\n\n{introduction}\n> Error 500\n> in line 5")
    check_kept(f"{introduction}\n\n{BLOCK}\n\nWe pay you back.\n\nNothing has come yet.")
    check_kept(f"{introduction}\n{BLOCK}\n\nNothing has come yet.")


def test_a_quote_below_a_citation_is_still_cut():
    attribution = "On Mon, Jan 5, 2026 at 10:00, Bob <b@x.example> wrote:"
    cited = "I get this error:\n> Error 500\n\nWhat now?"
    check(f"{cited}\n\n{attribution}\n> Have you?", cited)
    check(f"{cited}\n\n{BLOCK}\n\nHave you?", cited)
    mail = f"Your mail:\n\n{BLOCK}\n\nWhat now?"
    check(f"{mail}\n\n{attribution}\n> Have you?", mail)


def test_an_attribution_leads_over_to_nothing_of_the_writers():
    check("Yes.\n\nAnn Smith wrote:\n> Have you?", "Yes.\n\nAnn Smith wrote:")
    check("Yes.\n\nAnn Smith <ann@x.example>:\n> Have you?", "Yes.\n\nAnn Smith <ann@x.example>:")
    check(f"Yes.\n\n-----Original Message:\n{BLOCK}\n\nHave you?", "Yes.")


@pytest.mark.parametrize(
    "told",
    [
        "On 5 January 2026 at 10:00 your colleague Bob wrote:",
        "on 5 January 2026 at 10:00 somebody from bob@acme.example wrote:",
        "am 05.01.2026 um 10:00 Uhr haben wir Ihnen geschrieben:",
        "05.01.2026 в 10:00 я написал:",
        "am 05.01.2026 um 10:00 Uhr hat mir Ihr Kollege Bob geschrieben:",
        "le 5 janvier 2026 à 10:00 votre collègue Bob m'a écrit :",
        "el 5 de enero de 2026 a las 10:00 su compañero Bob escribió:",
        "il 5 gennaio 2026 alle 10:00 il vostro collega Bob ha scritto:",
        "em 5/1/2026 às 10:00 o seu colega Bob escreveu:",
        "op 5-1-2026 om 10:00 heeft uw collega Bob geschreven:",
        "05.01.2026 в 10:00 ваш сотрудник Иван мне написал:",
        "на 5.01.2026 в 10:00 вашият колега Иван написа:",
        "5.01.2026 o 10:00 państwa kolega Jan napisał:",
        "στις 5/1/2026 10:00 ο συνάδελφός σας Νίκος έγραψε:",
    ],
)
def test_who_wrote_what_as_a_person_tells_it_is_no_attribution(told: str) -> None:
    check_kept(f"Hello,\n\n{told}\n\nYou get your money.\n\nBut nothing has come.")
    check_kept(f"Hello,\n\n{told}\n> You get your money.")


PROMISES = [
    "My answers are below in red.",
    "Please see my comments inline.",
    "Meine Antworten stehen unten im Text.",
    "Kommentare von mir in Rot:",
    "Mes réponses ci-dessous.",
    "Mis respuestas abajo, en rojo.",
    "Le mie risposte sono di seguito.",
    "As minhas respostas seguem abaixo.",
    "Mijn antwoorden staan hieronder.",
    "Mina svar nedan.",
    "Mine svar står nedenfor.",
    "Vastaukset alla.",
    "Moje odpowiedzi poniżej.",
    "Odpovědi níže.",
    "Мои ответы ниже красным.",
    "Відповіді нижче.",
    "Отговорите ми са по-долу.",
    "Οι απαντήσεις μου παρακάτω.",
    "Cevaplarım aşağıda.",
    "回答は以下の通りです。",
    "我的回复如下。",
    "답변은 아래에 있습니다.",
]


@pytest.mark.parametrize("promise", PROMISES)
def test_answers_promised_within_a_quote_without_marks_are_kept(promise: str) -> None:
    check_kept(f"Hello,\n{promise}\n\n{BLOCK}\n\nWhich printer?\nThe blue one.")
    html = f'<p>{promise}</p><div id="divRplyFwdMsg">From: Bob</div><p>Which printer?</p><p style="color:red">The blue one.</p>'
    assert "The blue one." in cut_reply(html_lines(html)).visible


GREETINGS = [
    *(
        "Hello,",
        "Hi Bob,",
        "Dear Ms Smith,",
        "Hi there!",
        "Good morning Bob,",
        "Guten Tag Herr Müller,",
        "Hallo zusammen,",
        "Sehr geehrte Frau Ivanova,",
    ),
    *(
        "Bonjour Madame,",
        "Bonjour à tous,",
        "Hola Juan:",
        "Buenos días,",
        "Gentile Signora Rossi,",
        "Olá Maria,",
        "Geachte heer Jansen,",
        "Hej Anna!",
    ),
    *(
        "Kære Bob,",
        "Hei Ola,",
        "Dzień dobry,",
        "Dobrý den,",
        "Здравейте,",
        "Добрый день, Анна!",
        "Уважаемые коллеги!",
        "Γεια σας,",
        "Merhaba Ahmet Bey,",
    ),
    *("שלום,", "مرحبا،", "سلام،", "こんにちは。", "您好，", "안녕하세요!"),
]


@pytest.mark.parametrize("greeting", GREETINGS)
def test_below_a_greeting_alone_the_answer_stands_in_the_quote(greeting: str) -> None:
    assert is_greeting(greeting)
    check_kept(f"{greeting}\n\n{BLOCK}\n\nWhich printer?\n\nThe blue one.")
    check(f"{greeting}\nyes.\n\n{BLOCK}\n\nWhich printer?", f"{greeting}\nyes.")
    check(f"{greeting}\n\n{BLOCK}\n\nWhich printer?\n\n{REFERENCE}", greeting)


def test_more_than_a_greeting_is_none():
    for words in (
        "Hi Bob, it works",
        "Hello is there anybody",
        "Hidden.",
        "Dear me, what a mess",
        "Thanks",
        "",
        "Hi\nBob",
        "Hey " + "Bob " * 20,
    ):
        assert not is_greeting(words), words


def test_a_promise_keeps_no_quote_with_marks_and_no_plain_words_do():
    quote = "On Mon, Jan 5, 2026 at 10:00, Bob <b@x.example> wrote:\n> Which printer?"
    check(f"{PROMISES[0]}\n\n{quote}", PROMISES[0])
    for words in ("The answer is yes.", "It is below 5 degrees.", "I wait for your answer."):
        check(f"{words}\n\n{BLOCK}\n\nWhich printer?", words)


def test_a_mail_with_our_own_reference_line_is_never_in_doubt():
    """An agent's answer: what stands below is our notification, with notes that are nobody else's."""
    for words in ("Please do this:", PROMISES[0]):
        check(f"{words}\n\n{BLOCK}\n\nold\n\n{REFERENCE}", words)
        check(f"{words}\n\n> old\n>\n> {REFERENCE}", words)


def test_what_says_nothing_else():
    for words in ("Hello Bob,", *PROMISES, f"Hello Bob,\n{PROMISES[0]}\n\nBest regards\nAnn"):
        assert says_nothing_else(words), words
    for words in ("", "Best regards\nAnn", f"{PROMISES[0]}\nIt comes on Monday.", "The answer is yes."):
        assert not says_nothing_else(words), words


def test_who_asks_for_care_not_to_be_taken_gets_none():
    assert cut_reply(plain_lines("Please do this:\n\n> old"), is_careful=False).visible == "Please do this:"
    assert cut_reply(plain_lines(f"{PROMISES[0]}\n\n{BLOCK}\n\nold"), is_careful=False).visible == PROMISES[0]
