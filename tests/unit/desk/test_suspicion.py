"""Loops and guesses (MAIL.md L1, L5, S6)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from builders import ANN, FAILED, NOW, a_message, a_reading, a_sender, a_ticket, some_tokens

from maild.desk.suspicion import (
    ECHOES,
    GUESSES,
    find_distrust,
    find_echo,
    find_end_of_mute,
    mute_guessers,
    mute_pair,
    observe,
    with_tried_number,
    with_turn,
)
from maild.effects import Mute
from maild.ingest.author import Carrier
from maild.ingest.sender import Sender
from maild.ingest.thread import Evidence, Strength, Thread
from maild.known import Conduct, History, RecentMail, guess_key, pair_key
from maild.known_letter import KnownLetter
from maild.message import Address, Attachment, MessageClass
from maild.reason import Reason
from maild.tokens import LetterKind

TOKENS = some_tokens()
GOOD = TOKENS.mint_message_id(LetterKind.ANSWER, 1042, 77)
WRONG = GOOD.replace(".77.", ".78.")
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
QUICK, SLOW = Conduct(0, True, "one"), Conduct(0, False, "two")


def history(*conducts: Conduct, ticket: int = 1042, **more: object) -> History:
    return History(recent=tuple(RecentMail(ticket, conduct, NOW) for conduct in conducts), **more)


def test_wrong_ids_and_tags_are_counted_and_right_ones_and_foreign_ones_are_not():
    def check(expected: int, **message: object) -> None:
        assert observe(a_message(**message), a_sender(), History(), TOKENS, NOW).wrong_tokens == expected, message

    check(0, in_reply_to=(GOOD,), subject=TOKENS.mint_tag(1042))
    check(1, in_reply_to=(WRONG,))
    check(1, in_reply_to=(WRONG,), references=(GOOD, WRONG))
    check(2, references=(WRONG, TOKENS.mint_anchor(7).replace("t.7.", "t.8.")))
    check(1, subject="Re: [Acme #1042-0000] Printer")
    check(2, subject="Re: [Acme #1042-0000] [Acme #1042-0001] Re: [Acme #1042-0000] Printer")
    check(0, subject="Re: [Acme #1042] Printer")
    check(0, subject="Re: [Other #1042-0000] Printer")
    check(0, in_reply_to=(WRONG.replace("acme.example", "elsewhere.example"),))


def test_wrong_details_of_our_addresses_are_counted_and_others_details_are_not():
    def check(expected: int, *details: str) -> None:
        assert observe(a_message(), a_sender(), History(), TOKENS, NOW, details).wrong_tokens == expected, details

    right = (TOKENS.mint_reply(7), TOKENS.mint_answer(7, 1, "anna"), TOKENS.mint_bounce(7, 1), TOKENS.mint_probe(7))
    check(0, *right, "invoices", "r7")
    check(4, *(detail.replace("7", "8", 1) for detail in right))
    check(1, right[0].replace("r7", "r8"), right[0].replace("r7", "R8"))


def test_a_forged_sender_counts_for_nobody():
    for forged in (a_sender(authentication=FAILED), a_sender(carrier=Carrier(is_form=True))):
        assert observe(a_message(in_reply_to=(WRONG,)), forged, History(), TOKENS, NOW).wrong_tokens == 0


def test_a_number_tried_in_vain_is_a_guess_and_no_other_tag_is():
    """S6, X2: a number has no check characters that could be wrong, so what tells is that it opens nothing and stands alone."""
    number = Evidence("f", Strength.WEAK, 7, "subject tag #7")
    refused = (Reason("not-a-participant", "x"),)

    def check(expected: int, sender: Sender, tag: str = "[Acme #7]", **thread: Any) -> None:
        conduct = with_tried_number(Conduct(2), sender, Thread(**thread), TOKENS.find_tags(f"[Acme #8-0000] {tag}"))
        assert conduct.wrong_tokens - 2 == expected, thread

    check(1, a_sender(), evidence=(number,), refused=refused)
    check(1, a_sender(), evidence=(number,), refused=(Reason("no-such-ticket", "x"),))
    check(0, a_sender(), "[Acme #7-0000]", evidence=(number,), refused=refused)
    check(0, a_sender(), evidence=(number,), ticket=a_ticket(7), chosen=number)
    check(0, a_sender(), evidence=(Evidence("d", Strength.MEDIUM, 7, "In-Reply-To"), number), refused=refused)
    check(0, a_sender(), evidence=(number,), refused=(Reason("another-department", "x"),))
    check(0, a_sender())
    check(0, a_sender(authentication=FAILED), evidence=(number,), refused=refused)
    check(0, a_sender(carrier=Carrier(is_form=True)), evidence=(number,), refused=refused)


def test_prompt_is_within_two_minutes_behind_automatic_mail():
    def check(seconds: float | None, expected: bool) -> None:
        last = None if seconds is None else NOW - timedelta(seconds=seconds)
        assert observe(a_message(), a_sender(), History(last_automatic=last), TOKENS, NOW).is_prompt is expected, seconds

    check(None, False)
    check(0, True)
    check(-0.9, True)  # the server says when it came to the second
    check(120, True)
    check(121, False)
    check(-5, False)


def test_automatic_mail_is_answered_once_and_by_no_report():
    """L5: three additions behind one acknowledgement are a person's."""
    thread, minute = Thread(ticket=a_ticket(1042)), timedelta(minutes=1)

    def check(expected: bool, sent: timedelta, *turns: RecentMail, message_class: MessageClass = MessageClass.HUMAN) -> None:
        nature = a_reading(message_class=message_class).nature
        known = History(recent=turns, last_automatic=NOW + sent)
        assert with_turn(QUICK, nature, thread, known).is_prompt is expected, (sent, turns)

    answer = RecentMail(1042, QUICK, NOW)
    check(True, -minute)
    check(False, -minute, answer)
    check(True, timedelta(), answer)
    check(True, minute, answer)
    check(False, minute, answer, RecentMail(1042, QUICK, NOW + 2 * minute))
    check(True, -minute, RecentMail(1042, SLOW, NOW), RecentMail(7, QUICK, NOW))
    check(True, -minute, message_class=MessageClass.AUTO_REPLY)
    check(False, -minute, message_class=MessageClass.MDN)
    check(False, -minute, message_class=MessageClass.BOUNCE)
    assert not with_turn(SLOW, a_reading().nature, thread, History(last_automatic=NOW)).is_prompt


def test_ten_guesses_of_an_address_or_fifty_of_its_domain_are_too_many():
    guess = Conduct(wrong_tokens=1)
    few, many = history(*[guess] * (GUESSES - 2)), history(*[guess] * (GUESSES - 1))
    assert find_distrust(a_sender(), guess, few) is None
    assert find_distrust(a_sender(), guess, many) is not None
    assert [mute.key for mute in mute_guessers(a_sender(), guess, many, NOW)] == [guess_key(ANN.key)]
    domain = History(domain_guesses=49)
    assert list(mute_guessers(a_sender(), guess, domain, NOW)) == [
        Mute(guess_key(ANN.domain), NOW + DAY, "50 tags or tokens guessed wrong within an hour")
    ]
    freemail = a_sender(Address("", "ann@gmail.com"))
    assert list(mute_guessers(freemail, guess, domain, NOW)) == []


def test_who_guessed_too_often_stays_distrusted_for_the_day_and_is_not_muted_anew():
    muted = History(muted={guess_key(ANN.key): NOW + DAY})
    assert find_distrust(a_sender(), Conduct(), muted) is not None
    assert list(mute_guessers(a_sender(), Conduct(), history(*[Conduct(5)] * 3), NOW)) == [], "an honest mail is no guess"


def test_three_prompt_mails_on_a_ticket_are_a_loop_and_so_are_three_of_the_same_text():
    def check(conduct: Conduct, known: History, code: str | None) -> None:
        echo = find_echo(1042, a_sender(), conduct, known)
        assert (echo.code if echo else None) == code, known

    check(QUICK, history(QUICK), None)
    check(QUICK, history(*[Conduct(0, True, str(number)) for number in range(ECHOES - 1)]), "loop")
    check(Conduct(0, False, "x"), history(*[Conduct(0, True, str(number)) for number in range(ECHOES)]), None)
    check(SLOW, history(SLOW, SLOW), "loop")
    check(SLOW, history(SLOW, SLOW, ticket=7), None)
    check(SLOW, History(muted={pair_key(1042, ANN.key): NOW + DAY}), "muted")
    check(SLOW, History(muted={pair_key(7, ANN.key): NOW + DAY}), None)


def a_file(content: str, content_type: str = "image/jpeg", *, elided: bool = False) -> Attachment:
    return Attachment("IMG_1.jpg", content_type, 50_000, content, inline=False, content_id=None, part=2, elided=elided)


def test_mails_are_the_same_by_their_words_and_files():
    """L5 against F9: a person sends one photograph after the other without a word."""

    def check(expected: str | None, *mails: tuple[str, tuple[Attachment, ...]]) -> None:
        contents = [a_message(new_text=text, attachments=files) for text, files in mails]
        *before, last = [observe(content, a_sender(), History(), TOKENS, NOW) for content in contents]
        echo = find_echo(1042, a_sender(), last, history(*before))
        assert (echo.code if echo else None) == expected, mails

    photos = [(a_file(str(number)),) for number in range(ECHOES)]
    check(None, *(("", photo) for photo in photos))
    check(None, *(("See the picture.", photo) for photo in photos))
    check(None, *[("", ())] * ECHOES)
    check(None, *(("", (a_file("ours", "message/rfc822"),)) for _ in photos))
    check("loop", *[("", photos[0])] * ECHOES)
    check("loop", *[("I am away.", ())] * ECHOES)
    check("loop", *(("I am  away.", (a_file(str(number), "message/rfc822"),)) for number in range(ECHOES)))
    check("loop", *(("I am away.", (a_file(str(number), elided=True),)) for number in range(ECHOES)))


def test_who_answers_a_colleagues_letter_is_heard_again():
    """L5: no machine's, none from before, and none on another ticket."""
    muted = History(muted={pair_key(1042, ANN.key): NOW + DAY})

    def check(expected: bool, history: History = muted, **letter: object) -> None:
        answered = replace(KnownLetter(77, "c", LetterKind.ANSWER, 1042, None, False, NOW + MINUTE, author="anna"), **letter)
        assert (find_end_of_mute(1042, a_sender(), (answered,), history) is not None) is expected

    check(True)
    check(False, created=NOW - MINUTE)
    check(False, kind=LetterKind.ACKNOWLEDGEMENT)
    check(False, ticket=7)
    check(False, History())
    assert find_end_of_mute(1042, a_sender(), (), muted) is None


def test_who_is_heard_is_a_loop_by_the_content_of_his_mails_only():
    muted = replace(history(*[Conduct(0, True, str(number)) for number in range(ECHOES)]), muted={pair_key(1042, ANN.key): NOW + DAY})
    assert find_echo(1042, a_sender(), QUICK, muted, is_heard=True) is None
    same = find_echo(1042, a_sender(), SLOW, replace(history(SLOW, SLOW), muted=muted.muted), is_heard=True)
    assert same is not None
    assert same.code == "loop"


def test_an_agent_is_no_loop():
    assert find_echo(1042, a_sender(agent="anna"), SLOW, history(SLOW, SLOW)) is None


def test_a_pair_is_muted_when_it_is_noticed_and_not_every_time():
    echo = find_echo(1042, a_sender(), SLOW, history(SLOW, SLOW))
    assert echo is not None
    (mute,) = mute_pair(1042, a_sender(), echo, NOW)
    assert (mute.key, mute.until) == (pair_key(1042, ANN.key), NOW + DAY)
    again = find_echo(1042, a_sender(), SLOW, History(muted={mute.key: NOW + DAY}))
    assert again is not None
    assert list(mute_pair(1042, a_sender(), again, NOW)) == []
