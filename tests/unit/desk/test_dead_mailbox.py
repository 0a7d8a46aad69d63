"""What reports do to agents' own mailboxes (MAIL.md B6)."""

from builders import NOW, a_message, a_reading, a_ticket, some_settings

from maild.desk.reports import decide_report
from maild.effects import IncomingState, Post, Suppress
from maild.ingest.bounce import Bounced
from maild.known import Known, Suppression
from maild.known_letter import BouncedLetter, KnownLetter
from maild.message import BouncedRecipient, BounceKind, MessageClass, Report, ReportKind
from maild.ticket import Status
from maild.tokens import LetterKind

ANNA, BORIS, ADMIN = "anna@acme.example", "boris@acme.example", "ops@acme.example"


def check(
    status: str,
    kind: BounceKind,
    suppressed: list[str],
    told: list[str],
    *,
    letter: LetterKind = LetterKind.NOTIFICATION,
    before: tuple[str, ...] = (),
    final: bool = True,
    ticket: int | None = 1042,
    about: int | None = None,
    recipient: str = ANNA,
) -> None:
    """A letter to Anna comes back: whom nothing goes to any more, and who is told."""
    agent = "anna" if letter is LetterKind.NOTIFICATION and ticket else None
    known = Known(
        tickets={1042: a_ticket(), 7: a_ticket(7, status=Status.MERGED, merged_into=1042)},
        letters={77: KnownLetter(77, "n@acme.example", letter, about or ticket, agent, False, NOW)},
        bounced=BouncedLetter(77, (recipient,)),
        suppressed={address: Suppression("mail bounced") for address in before},
    )
    failed = BouncedRecipient(recipient, kind, final, status, f"{status} no")
    report = Report(ReportKind.BOUNCE if final else ReportKind.DELAY, (failed,), (), "a report")
    reading = a_reading(
        message=a_message(report=report),
        message_class=MessageClass.BOUNCE if final else MessageClass.DELAY,
        known=known,
        bounced=Bounced(77, None, "its id"),
    )
    draft = decide_report(reading, some_settings(), NOW)
    assert draft is not None
    assert (draft.state, draft.after and draft.after.number) == (IncomingState.DONE, ticket)
    assert [effect.address for effect in draft.effects if isinstance(effect, Suppress)] == suppressed, status
    letters = [effect.letter for effect in draft.effects if isinstance(effect, Post)]
    assert [address.address for written in letters for address in written.recipients] == told, status


def test_a_final_failure_of_a_notification_suppresses_the_agent_at_once_and_the_others_are_told():
    """B6: 5.7.1 (refused), 5.2.2 (full), 4.4.7 (expired after days) as well as 5.1.1."""
    for status in ("5.1.1", "5.7.1", "5.2.2"):
        check(status, BounceKind.HARD, [ANNA], [BORIS])
    for status in ("4.4.7", "4.2.2"):
        check(status, BounceKind.SOFT, [ANNA], [BORIS])


def test_without_others_the_admins_are_told():
    check("5.2.2", BounceKind.HARD, [ANNA], [ADMIN], before=(BORIS,))


def test_the_others_are_told_once():
    check("5.2.2", BounceKind.HARD, [ANNA], [], before=(ANNA,))


def test_mail_about_no_ticket_counts_like_any_other():
    """The digest of the quarantine, say. The admins' alarm tells them of an agent who cannot be reached, so they get no letter more."""
    for status, kind in (("5.1.1", BounceKind.HARD), ("5.7.1", BounceKind.HARD), ("4.2.2", BounceKind.SOFT)):
        check(status, kind, [ANNA], [BORIS], ticket=None)
    check("5.1.1", BounceKind.HARD, [ANNA], [], before=(BORIS,), ticket=None)
    check("5.1.1", BounceKind.HARD, [ANNA], [], before=(ANNA,), ticket=None)
    check("4.4.1", BounceKind.SOFT, [], [], final=False, ticket=None)


def test_an_admins_mailbox_keeps_its_own_measure_and_nobody_is_told():
    check("5.7.1", BounceKind.HARD, [], [], ticket=None, recipient=ADMIN)
    check("5.1.1", BounceKind.HARD, [ADMIN], [], ticket=None, recipient=ADMIN)


def test_a_delay_changes_nothing_and_a_customers_mailbox_keeps_its_own_measure():
    """B5: another hard failure than "no such mailbox" suppresses a customer the second time only."""
    check("4.4.1", BounceKind.SOFT, [], [], final=False)
    check("5.7.1", BounceKind.HARD, [], [], letter=LetterKind.ACKNOWLEDGEMENT)
    check("4.4.7", BounceKind.SOFT, [], [], letter=LetterKind.ACKNOWLEDGEMENT)
    check("5.1.1", BounceKind.HARD, [ANNA], [], letter=LetterKind.ACKNOWLEDGEMENT)


def test_a_report_about_a_letter_of_a_merged_ticket_stands_where_that_went():
    """F9."""
    check("5.1.1", BounceKind.HARD, [ANNA], [BORIS], about=7)
