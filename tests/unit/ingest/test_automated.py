"""What kind of mail it is, and whether it may be answered (MAIL.md L1, L3)."""

from dataclasses import replace
from typing import Any

from maild.config.settings import Settings
from maild.ingest.address_kinds import is_freemail, is_never_answered
from maild.ingest.automated import classify, with_own_letter
from maild.ingest.thread import Thread
from maild.known_letter import KnownLetter
from maild.message import NOT_JUDGED, Address, Authentication, MessageClass, Report, ReportKind
from maild.tokens import LetterKind
from tests.builders import FAILED, NOW, PASSED, a_message, some_settings, some_tokens

HUMAN = MessageClass.HUMAN
AUTO_REPLY = MessageClass.AUTO_REPLY
AUTO_GENERATED = MessageClass.AUTO_GENERATED
LIST = MessageClass.LIST
CALENDAR_REPLY = MessageClass.CALENDAR_REPLY


def check(
    headers: str,
    expected: MessageClass,
    settings: Settings | None = None,
    proof: Authentication = NOT_JUDGED,
    *,
    prompt: bool = False,
    **changes: Any,
) -> None:
    """`headers` as in a mail, one a line; `proof` is what is known of the sender. `prompt`: it came right behind automatic mail of ours."""
    fields = {name: value.strip() for name, _, value in (line.partition(":") for line in headers.splitlines())}
    nature = classify(a_message(headers=fields, **changes), some_tokens(), settings, proof, is_prompt=prompt)
    assert nature.message_class is expected, nature.reasons
    assert nature.silence or expected is HUMAN


def test_auto_submitted_is_read_as_a_keyword() -> None:
    check("Auto-Submitted: auto-replied", AUTO_REPLY)
    check("Auto-Submitted: Auto-Replied; owner-email=x", AUTO_REPLY)
    check("Auto-Submitted: auto-notified", AUTO_REPLY)
    check("Auto-Submitted: auto-replied (vacation)", AUTO_REPLY)
    check("Auto-Submitted: auto-generated", AUTO_GENERATED)
    check("Auto-Submitted: something-new", AUTO_GENERATED)
    check("Auto-Submitted:  no ", HUMAN)
    check("Auto-Submitted: no; x=y", HUMAN)
    check("Auto-Submitted:", HUMAN)


def test_fields_of_autoresponders_make_an_automatic_reply() -> None:
    check("X-Autoreply: yes", AUTO_REPLY)
    check("X-Autoresponder: Confixx", AUTO_REPLY)
    check("X-Autorespond: no", HUMAN)
    check("X-MS-Exchange-Inbox-Rules-Loop: boss@globex.example", AUTO_REPLY)
    check("X-AMAZON-MAIL-RELAY-TYPE: notification", AUTO_REPLY)
    check("Precedence: auto_reply", AUTO_REPLY)
    check("Preference: auto_reply", AUTO_REPLY)
    check("Delivered-To: Autoresponder", AUTO_REPLY)
    check("X-FC-Machinegenerated: true", AUTO_GENERATED)
    check("Feedback-ID: 7:shop\nList-Unsubscribe: <https://x.example>", AUTO_GENERATED)
    check("Feedback-ID: 7:shop", HUMAN)


def test_a_list_is_known_by_its_own_headers() -> None:
    check("List-Id: Talk <talk.example.org>", LIST)
    check("List-Post: <mailto:talk@example.org>", LIST)
    check("Mailing-List: contact x@example.org", LIST)
    check("X-ML-Name: talk", LIST)
    check("Precedence: bulk", LIST)
    check("Precedence: JUNK", LIST)
    check("Precedence: normal", HUMAN)
    check("List-Unsubscribe: <https://shop.example/u>", HUMAN)


def test_a_department_behind_a_list_address_is_no_list() -> None:
    desk = some_settings()
    own = some_settings(own_lists=frozenset({"team@lists.acme.example"}))
    check("List-Id: <support.acme.example>", HUMAN, desk)
    check("List-Post: <mailto:support@acme.example>\nPrecedence: list", HUMAN, desk)
    check("Mailing-list: list support@acme.example; contact support+owners@acme.example", HUMAN, desk)
    check("List-Post: <mailto:team@lists.acme.example>", HUMAN, own)
    check("List-Post: <mailto:team@lists.acme.example>", LIST, desk)
    check("List-Id: <support.acme.example>\nAuto-Submitted: auto-replied", AUTO_REPLY, desk)


def test_trusted_automation_is_human_once_it_is_proved() -> None:
    trusting = some_settings(trusted_automation=frozenset({"globex.example"}))
    check("Auto-Submitted: auto-generated", HUMAN, trusting, PASSED)
    check("Auto-Submitted: auto-generated", AUTO_GENERATED, trusting)
    check("Auto-Submitted: auto-generated", AUTO_GENERATED, some_settings(), PASSED)
    check("Auto-Submitted: auto-replied", AUTO_REPLY, trusting, PASSED)


def test_a_calendars_answer_is_no_person() -> None:
    check("", CALENDAR_REPLY, calendar_method="REPLY")
    check("", CALENDAR_REPLY, calendar_method="cancel")
    check("", HUMAN, calendar_method="REQUEST")


def test_a_report_goes_before_everything_but_our_own_mail() -> None:
    for kind, expected in (("bounce", "bounce"), ("delay", "delay"), ("delivered", "mdn"), ("mdn", "mdn"), ("arf", "arf")):
        report = Report(ReportKind(kind), (), (), "a sign")
        check("Auto-Submitted: auto-replied\nPrecedence: bulk", MessageClass(expected), report=report)


def test_our_own_automatic_mail_is_a_loop() -> None:
    tokens = some_tokens()
    check("", MessageClass.OWN_LOOP, loop_marks=(tokens.mint_loop_header(),))
    check("", MessageClass.OWN_LOOP, loop_marks=("nonsense", tokens.mint_loop_header()))
    check("", HUMAN, loop_marks=("somebody; 00aaaaaaaaaaaaaaaa",))
    check("", MessageClass.OWN_LOOP, message_id=tokens.mint_message_id(LetterKind.ACKNOWLEDGEMENT, 1, 2))


def test_our_own_answer_is_one_too_where_no_other_department_was_to_get_it() -> None:
    tokens = some_tokens()
    returned = a_message(message_id=tokens.mint_message_id(LetterKind.ANSWER, 1042, 77))
    answer = KnownLetter(77, returned.message_id, LetterKind.ANSWER, 1042, None, False, NOW)
    nature = classify(returned, tokens, None)
    for thread, expected in (
        (Thread(), HUMAN),
        (Thread(own=answer, passed_on=True), HUMAN),
        (Thread(own=answer), MessageClass.OWN_LOOP),
    ):
        assert with_own_letter(nature, thread).message_class is expected
    assert with_own_letter(nature, Thread(own=answer)).reasons[0].text == "Message-ID: our own answer 77"


def test_weak_signs_count_only_in_an_answer_to_our_automatic_mail() -> None:
    acknowledgement = some_tokens().mint_message_id(LetterKind.ACKNOWLEDGEMENT, 1042, 7)
    answer = some_tokens().mint_message_id(LetterKind.ANSWER, 1042, 8)
    check("", AUTO_REPLY, subject="Abwesenheit: Re: Drucker", in_reply_to=(acknowledgement,))
    check("", AUTO_REPLY, return_path="", in_reply_to=(acknowledgement,))
    check("", HUMAN, in_reply_to=(acknowledgement,))
    # Our own neutral acknowledgement has a phrase of autoresponders in its subject; a person who answers it is none.
    neutral = f"Re: {some_tokens().mint_tag(1042)} We have received your message"
    check("", HUMAN, subject=neutral, in_reply_to=(acknowledgement,))
    check("", HUMAN, subject="Abwesenheit: Re: Drucker", in_reply_to=(answer,))
    check("", HUMAN, subject="Abwesenheit: Re: Drucker")


def test_weak_signs_count_too_in_a_mail_right_behind_our_automatic_one() -> None:
    check("", AUTO_REPLY, prompt=True, subject="Abwesenheit: Re: Drucker")
    check("", AUTO_REPLY, prompt=True, return_path="")
    check("", HUMAN, prompt=True)


TO_BOUNCES = (Address("", f"support+{some_tokens().mint_bounce(77, 1)}@acme.example"),)
BY_ADDRESS = Report(ReportKind.BOUNCE, (), (), "sent to the bounce address of a letter", by_address=True)


def at_bounces(headers: str, expected: MessageClass, **changes: Any) -> None:
    """A mail to a bounce address of ours, in which the reading worker found no sign of a report but that."""
    check(headers, expected, some_settings(), **{"to": TO_BOUNCES, "report": BY_ADDRESS} | changes)


def test_what_is_sent_to_a_bounce_address_is_a_report_unless_it_answers_something() -> None:
    at_bounces("", MessageClass.BOUNCE)
    at_bounces("Auto-Submitted: auto-generated\nPrecedence: bulk", MessageClass.BOUNCE, return_path="")
    at_bounces("", MessageClass.DELAY, report=replace(BY_ADDRESS, kind=ReportKind.DELAY))
    at_bounces("", MessageClass.BOUNCE, recipients=(TO_BOUNCES[0].address.upper(),), to=())
    at_bounces("", MessageClass.BOUNCE, references=("c.1@acme.example",))
    at_bounces("", HUMAN, in_reply_to=("c.1@acme.example",))


def test_a_vacation_program_answers_the_envelope_sender_and_is_no_report() -> None:
    at_bounces("Auto-Submitted: auto-replied", AUTO_REPLY, return_path="")
    at_bounces("", AUTO_REPLY, subject="Out of office: Printer", return_path="")
    at_bounces("", AUTO_REPLY, in_reply_to=("c.1@acme.example",), return_path="")


def test_a_forged_bounce_address_makes_no_report() -> None:
    forged = (Address("", "support+b77.1.ab" + "a" * 16 + "@acme.example"),)
    at_bounces("", HUMAN, to=forged)
    at_bounces("", HUMAN, to=(Address("", TO_BOUNCES[0].address.replace("acme", "evil")),))
    check("", HUMAN, None, report=BY_ADDRESS, to=TO_BOUNCES)
    assert not classify(a_message(to=forged, report=BY_ADDRESS), some_tokens(), some_settings()).silence


def silence(
    expected: str | None,
    headers: dict[str, str] | None = None,
    settings: Settings | None = None,
    proof: Authentication = NOT_JUDGED,
    **changes: Any,
) -> None:
    nature = classify(a_message(headers=headers or {}, **changes), some_tokens(), settings, proof)
    codes = [reason.code for reason in nature.silence]
    assert codes == ([expected] if expected else []), codes


def test_a_person_may_be_acknowledged() -> None:
    silence(None)
    silence(None, subject="Re: Question about vacation requests")
    silence(None, subject="Automatics are broken")
    silence(None, header_from=(Address("", "replytome@globex.example"),))
    silence(None, {"X-Auto-Response-Suppress": "DR, RN, NRN"})


def test_wishes_and_vendor_fields_stop_the_acknowledgement_alone() -> None:
    silence("suppress", {"X-Auto-Response-Suppress": "All"})
    silence("suppress", {"X-Auto-Response-Suppress": "DR, OOF, AutoReply"})
    silence("vendor-field", {"X-Loop": "anything"})
    silence("vendor-field", {"X-Apple-Action": "VACATION"})


def test_senders_nobody_reads_are_not_answered() -> None:
    silence("no-reply", header_from=(Address("Shop", "No_Reply@shop.example"),))
    silence("no-reply", reply_to=(Address("", "do.not.reply@shop.example"),))
    silence("no-sender", header_from=())
    silence("null-return-path", return_path="")
    silence("own-address", settings=some_settings(), header_from=(Address("", "Support@acme.example"),))
    silence("own-letter", message_id=some_tokens().mint_message_id(LetterKind.ANSWER, 1, 2))


def test_a_failed_dmarc_is_not_answered() -> None:
    silence("unauthenticated", proof=FAILED)
    silence(None, proof=PASSED)


def test_subjects_of_automatic_replies_in_many_languages() -> None:
    for subject in (
        "Automatic reply: [Acme #1042-7QKD] Printer",
        "Re: Out of Office: Printer",
        "Automatische Antwort: Drucker",
        "AW: Abwesenheitsnotiz",
        "Réponse automatique : Imprimante",
        "Respuesta automática: Impresora",
        "Risposta automatica: stampante",
        "Resposta automática: impressora",
        "Automatisch antwoord: printer",
        "Autosvar: Skrivare",
        "Automatisk svar: Printer",
        "Automaattinen vastaus: Tulostin",
        "Automatyczna odpowiedź: Drukarka",
        "Automatická odpověď: Tiskárna",
        "Automatická odpoveď: Tlačiareň",
        "Automatikus válasz: Nyomtató",
        "Răspuns automat: Imprimantă",
        "Автоматический ответ: Принтер",
        "Автоматична відповідь: Принтер",
        "Автоматичен отговор: Принтер",
        "Αυτόματη απάντηση: Εκτυπωτής",
        "Otomatik Yanıt: Yazıcı",
        "自動応答: プリンター",
        "【自動返信】お問い合わせ",
        "自动回复：打印机",
        "자동 회신: 프린터",
        "پاسخ خودکار: چاپگر",
        "رد تلقائي: طابعة",
        "תשובה אוטומטית: מדפסת",
        "Vacation",
        "OOO - back Monday",
        "[Acme #1042] Auto: gone fishing",
    ):
        silence("auto-reply-subject", subject=subject)


def test_local_parts_nobody_reads() -> None:
    for address, expected in (
        ("noreply@x.example", True),
        ("NoReply+7f3@x.example", True),
        ("dmarc-noreply@x.example", True),
        ("noreply123@x.example", True),
        ("owner-talk@x.example", True),
        ("talk-request@x.example", True),
        ("talk-bounces+ann=x.example@lists.example", True),
        ("MAILER-DAEMON@x.example", True),
        ("MAILER-DAEMON", True),
        ("norbert@x.example", False),
        ("bouncer@x.example", False),
        ("request@x.example", False),
        ("postmaster.general@x.example", False),
    ):
        assert is_never_answered(address) is expected, address


def test_freemail_domains_are_known() -> None:
    assert is_freemail("GMail.com")
    assert not is_freemail("acme.example")
