"""What SMTP replies mean (OPERATIONS T5–T7)."""

from maild.outbox.replies import Meaning, Phase, Reply, read_reply


def check(phase: Phase, code: int, text: str, expected: Meaning) -> None:
    assert read_reply(phase, Reply(code, text)) is expected


def test_the_first_digit_decides():
    check(Phase.RCPT, 250, "ok", Meaning.TAKEN)
    check(Phase.RCPT, 251, "will forward", Meaning.TAKEN)
    check(Phase.RCPT, 451, "4.7.1 greylisted", Meaning.LATER)
    check(Phase.RCPT, 452, "4.2.2 mailbox full", Meaning.LATER)
    check(Phase.RCPT, 550, "5.1.1 no such user", Meaning.NEVER)
    check(Phase.ANSWER, 552, "5.3.4 too big", Meaning.NEVER)
    check(Phase.ANSWER, 554, "5.7.1 spam", Meaning.NEVER)


def test_data_wants_354():
    check(Phase.DATA, 354, "go on", Meaning.TAKEN)
    check(Phase.DATA, 250, "what?", Meaning.LATER)
    check(Phase.ANSWER, 354, "what?", Meaning.LATER)


def test_a_busy_server_is_left_alone_for_a_while():
    check(Phase.MAIL, 421, "4.4.2 closing", Meaning.BUSY)
    check(Phase.RCPT, 421, "4.7.0 try later", Meaning.BUSY)
    check(Phase.MAIL, 432, "4.3.2 Concurrent connections limit exceeded", Meaning.BUSY)


def test_some_permanent_refusals_concern_the_account_and_mean_later():
    check(Phase.ANSWER, 550, "5.4.5 Daily user sending limit exceeded", Meaning.ACCOUNT)
    check(Phase.MAIL, 530, "5.7.0 Authentication required", Meaning.ACCOUNT)
    check(Phase.MAIL, 535, "5.7.139 SmtpClientAuthentication is disabled", Meaning.ACCOUNT)
    check(Phase.MAIL, 550, "5.7.30 Basic authentication is not supported", Meaning.ACCOUNT)
    check(Phase.ANSWER, 554, "5.2.2 mailbox full", Meaning.ACCOUNT)
    check(Phase.RCPT, 554, "5.2.2 mailbox full", Meaning.NEVER)
