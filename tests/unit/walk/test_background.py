"""What rules want to know beyond a mail and its ticket is asked for once the ticket is known, and only where a rule asks (RULES.md 3)."""

from builders import ANN, NOW, a_message, some_settings, some_tokens

from maild.background import NO_BACKGROUND, Aspect, Background, Behind
from maild.known import NOTHING_KNOWN, Known
from maild.pipeline import Desk, consider
from maild.question import Question
from maild.reading import Circumstances
from tests.rig.occasions import rules_from

THREE = Background(tickets=3)


def asked(condition: str, event: str = "ticket.created") -> tuple[list[Behind], frozenset[str]]:
    """What was asked beside, and the tags of the new ticket."""
    rules = rules_from(f"rules: [{{id: it, when: {event}, if: {{{condition}}}, do: [{{tag: hit}}]}}]")
    questions: list[Question] = []

    def asking(question: Question) -> Known:
        questions.append(question)
        return Known(background=THREE if question.behind else NO_BACKGROUND)

    decision = consider(a_message(), Circumstances("support"), asking, Desk(some_settings(), rules, some_tokens()), NOW)
    assert decision.after is not None
    return [question.behind for question in questions if question.behind], decision.after.tags


def test_it_is_asked_about_the_requester_of_the_ticket_that_is_to_be():
    behind = Behind(frozenset({Aspect.REQUESTER}), 0, ANN.key)
    assert asked("customer.tickets: 3") == ([behind], frozenset({"hit"}))


def test_nothing_is_asked_where_no_rule_for_the_mail_wants_to_know():
    assert asked("subject: {exists: true}") == ([], frozenset({"hit"}))
    assert asked("customer.tickets: 3", "message.customer") == ([], frozenset())
    assert NOTHING_KNOWN.background is NO_BACKGROUND
