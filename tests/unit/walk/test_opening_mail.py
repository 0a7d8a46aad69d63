"""An agent's new mail that opens a ticket for somebody else, from its bytes to the decision (MAIL.md A3, A4, A7-A9)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from maild.config.settings import AgentAuth, Settings, Trust
from maild.effects import AddMessage, Decision, IncomingState, Letter, Link, RecordEvent, SendMended
from maild.ingest.parse import parse_message
from maild.known import Known, Suppression
from maild.known_letter import KnownLetter, ReturnedMail
from maild.message import Address
from maild.pipeline import Desk, consider
from maild.question import Question
from maild.reading import Circumstances
from maild.rules.ruleset import NO_RULES
from maild.ticket import MessageKind, Status
from maild.tokens import LetterKind
from tests.builders import NOW, a_queue, a_ticket, some_settings, some_tokens
from tests.rig.canned import SHELF
from tests.rig.mails import an_email
from tests.unit.walk.test_forgeries import FORGERIES

DORA = Address("Dora Lee", "dora@globex.example")
WORDS = "Dear Dora, your order leaves today."
TO = '#to "Dora Lee" <dora@globex.example>'
FROM = "#from Dora Lee <dora@globex.example>"
RETURNED = some_tokens().mint_message_id(LetterKind.NOTIFICATION, 0, 78, "anna")
GAVE_BACK = KnownLetter(78, RETURNED, LetterKind.NOTIFICATION, None, "anna", False, NOW, returned=ReturnedMail(5, "#to a@b.example", False))


def trusting(agent_auth: AgentAuth = "token+dmarc", **more: Any) -> Settings:
    return some_settings(trust=Trust(authserv_ids=("mx.acme.example",), agent_auth=agent_auth), **more)


def received(
    body: str,
    *,
    verdict: str = "pass",
    known: Known | Callable[[Question], Known] = Known(),
    settings: Settings | None = None,
    sender: str = "Anna Ivanova <anna@acme.example>",
    **mail: Any,
) -> Decision:
    circumstances = {name: mail.pop(name) for name in ("released", "corrected", "quiet", "full_size") if name in mail}
    head = f"Authentication-Results: mx.acme.example; dmarc={verdict} header.from=acme.example\r\n"
    raw = head.encode() + an_email(**{"sender": sender, "to": "support@acme.example", "subject": "Your order", "body": body} | mail)
    asking = known if callable(known) else lambda question: known
    desk = Desk(settings or trusting(), NO_RULES, some_tokens(), SHELF)
    return consider(parse_message(raw), Circumstances("support", **circumstances), asking, desk, NOW)


def sent(decision: Decision) -> list[tuple[str, tuple[Address, ...]]]:
    return [(letter.template, letter.recipients) for letter in decision.letters]


def returned(decision: Decision) -> str:
    """Why a mail came back, of which nothing was done."""
    (letter,) = decision.letters
    assert (letter.template, letter.recipients[0].address) == ("command-failed", "anna@acme.example")
    assert (decision.state, decision.before, decision.after, decision.reason.code) == (IncomingState.DONE, None, None, "command-failed")
    return str(letter.values["why"])


def the_letter(decision: Decision) -> Letter:
    (letter,) = decision.letters
    return letter


def test_an_agent_begins_a_conversation_as_the_department():
    decision = received(f"{TO}\n{WORDS}\n\n-- \nAnna\nRoom 4711\n")
    letter = the_letter(decision)
    assert (letter.template, letter.recipients, letter.body, letter.subject) == ("answer", (DORA,), WORDS, "Your order")
    ticket = decision.after
    assert ticket is not None
    assert (decision.before, ticket.status, ticket.owner, ticket.requester, ticket.subject) == (
        None,
        Status.WAITING,
        "anna",
        DORA,
        "Your order",
    )
    events = [(effect.kind, effect.text) for effect in decision.effects if isinstance(effect, RecordEvent)]
    assert ("opened", "for Dora Lee <dora@globex.example>, to whom Anna Ivanova writes first") in events
    assert events[0][1].startswith("from Anna Ivanova, proven by ")


def test_it_goes_out_in_the_agents_html_without_the_command_line():
    """A8. Mail programs make links of addresses."""
    link = '<a href="mailto:dora@globex.example">dora@globex.example</a>'
    for html, shown in (
        (f'<div dir="ltr">#to {link}<br>Dear <b>Dora</b>,<br>hello</div>', '<div dir="ltr">Dear <b>Dora</b>,<br>hello</div>'),
        (
            f"<div class=WordSection1><p>#to &quot;Dora Lee&quot; &lt;{link}&gt;</p><p class=MsoNormal>Dear <b>Dora</b></p></div>",
            "<div><p>Dear <b>Dora</b></p></div>",
        ),
        ("<p><b>#to dora@globex.example</b></p><p>Dear <i>Dora</i></p>", "<p>Dear <i>Dora</i></p>"),
    ):
        letter = the_letter(received(html, content_type="text/html"))
        assert ([person.key for person in letter.recipients], letter.body_html) == ([DORA.key], shown)


def test_what_an_agent_takes_down_is_told_to_the_department_and_to_nobody_else():
    decision = received(f"{FROM}\n#tag fire\nIt burns again.\n\n-- \nAnna\n")
    letter = the_letter(decision)
    assert (letter.agent, letter.body) == ("boris", "It burns again.")
    ticket = decision.after
    assert ticket is not None
    assert (ticket.status, ticket.owner, ticket.requester, ticket.tags) == (Status.NEW, None, DORA, {"fire"})
    (message,) = [effect for effect in decision.effects if isinstance(effect, AddMessage)]
    assert (message.kind, message.author, message.agent) == (MessageKind.CUSTOMER, DORA, "anna")


def test_another_department_that_gets_what_is_taken_down_watches():
    """F10: it is told once. What is written as one department is no other's business."""
    queues = {"support": a_queue(agents=("anna",), lead=None), "sales": a_queue("sales", agents=("boris",), lead=None)}
    both = {"to": "support@acme.example, sales@acme.example", "settings": trusting(queues=queues)}
    taken = received(f"{FROM}\nIt burns.", **both)
    assert taken.after is not None
    assert (taken.after.queue, taken.after.watchers, [letter.agent for letter in taken.letters]) == ("support", {"sales"}, ["boris"])
    begun = received(f"{TO}\n{WORDS}", **both)
    assert begun.after is not None
    assert (begun.after.watchers, sent(begun)) == (frozenset(), [("answer", (DORA,))])


def test_all_of_a_mail_that_is_passed_on_is_taken_down():
    """P8: a first message is never cut."""
    head = "From: voicebox@acme.example\nDate: Mon, 2 Mar 2026\nSubject: Call\nTo: x@acme.example"
    voice = f"---------- Forwarded message ---------\n{head}\n\nIt burns."
    decision = received(f"{FROM}\nShe sounded cross.\n\n{voice}\n", subject="Fwd: Call")
    assert the_letter(decision).body == f"She sounded cross.\n\n{voice}"
    to = received(f"{TO}\nSee below.\n\n{voice}\n", subject="Fwd: Call")
    assert (the_letter(to).body, the_letter(to).subject) == ("See below.", "Call"), "what is sent is his own"


def test_what_stands_in_a_mail_that_is_passed_on_writes_to_nobody():
    """Whoever gets an agent to forward his mail must not choose to whom the desk writes."""
    head = "From: Eve <eve@else.example>\nDate: Mon, 2 Mar 2026 10:00\nSubject: Help\nTo: anna@acme.example"
    for above in ("", "Please look.\n\n"):
        for evil in ("#to victim@else.example\nWire the money.", "Wire the money.\n#to victim@else.example", "#from victim@else.example"):
            body = f"{above}---------- Forwarded message ---------\n{head}\n\n{evil}\n"
            decision = received(body, subject="Fwd: Help")
            assert "answer" not in [letter.template for letter in decision.letters], body
            assert decision.after is None or decision.after.requester.key == "eve@else.example", body
    unmarked = returned(received("Please look.\nEve wrote this:\nWire the money.\n#to victim@else.example"))
    assert unmarked == "line 4: #to stands above your words, not below them"


def test_what_is_taken_down_is_acknowledged_if_that_is_said_and_it_may():
    """A12, L3, L4."""
    assert [template for template, _ in sent(received(f"{FROM}\n#ack\nIt burns."))] == ["received", "notification"]
    assert [template for template, _ in sent(received(f"{FROM}\nIt burns."))] == ["notification"]
    suppressed = Known(suppressed={DORA.key: Suppression("550 no such user")})
    withheld = received(f"{FROM}\n#ack\nIt burns.", known=suppressed)
    assert [template for template, _ in sent(withheld)] == ["notification"]
    assert "ack_withheld" in [effect.kind for effect in withheld.effects if isinstance(effect, RecordEvent)]
    assert returned(received(f"{TO}\n#ack\n{WORDS}")).startswith("line 2: #ack is for #from")


def test_a_conversation_may_begin_with_a_canned_answer_and_what_is_taken_down_has_none():
    """PRODUCT 22. The ticket has no number yet that could be told."""
    canned = "#canned refund order=12"
    assert the_letter(received(f"{TO}\n{canned}")).body.startswith("Dear Dora,\n\nwe have paid order **12** back:")
    assert the_letter(received(f"{TO}\nHello,\n{canned}\nBye.")).body.startswith("Hello,\n\nDear Dora,\n\nwe have paid")
    assert returned(received(f"{FROM}\n{canned}\nIt burns.")).startswith("line 2: #canned puts in what the desk says")


def test_who_stands_in_copy_takes_part_and_is_not_sent_it_again():
    """A9."""
    decision = received(f"{TO}\n{WORDS}", headers={"Cc": "Carl <carl@globex.example>, boris@acme.example"})
    assert decision.after is not None
    assert decision.after.cc == (Address("Carl", "carl@globex.example"),)
    assert (the_letter(decision).recipients, the_letter(decision).cc) == ((DORA,), ())
    told = received(f"{FROM}\nIt burns.", headers={"Cc": "Carl <carl@globex.example>"})
    assert told.after is not None
    assert told.after.cc == ()
    direct = received(f"{TO}\n{WORDS}", headers={"Cc": "dora@globex.example"})
    assert direct.letters == (), "she has it, with his own address"
    assert "sent_directly" in [effect.kind for effect in direct.effects if isinstance(effect, RecordEvent)]


def test_nothing_is_sent_of_a_mail_that_nobody_vouches_for_until_it_is_released():
    """A3, A4: it would go to whomever a forger names."""
    for verdict in ("fail", "none"):
        held = received(f"{TO}\n{WORDS}", verdict=verdict)
        assert (held.state, [letter.template for letter in held.letters]) == (IncomingState.QUARANTINED, ["unverified"])
        assert sent(received(f"{TO}\n{WORDS}", verdict=verdict, released=True)) == [("answer", (DORA,))]
    for agent_auth in ("token", "dmarc"):
        unjudged = received(f"{TO}\n{WORDS}", settings=some_settings(trust=Trust(agent_auth=agent_auth)))  # type: ignore[arg-type]
        assert unjudged.state is IncomingState.QUARANTINED
    token = {"In-Reply-To": f"<{RETURNED}>"}
    stolen = received(f"{TO}\n{WORDS}", settings=some_settings(trust=Trust(agent_auth="token")), headers=token)
    assert (stolen.state, [letter.template for letter in stolen.letters]) == (IncomingState.QUARANTINED, ["unverified"])
    assert the_letter(stolen).values["why"] == "no trusted server has judged the sender"


@pytest.mark.parametrize("agent_auth", ["dmarc", "token+dmarc", "token"])
@pytest.mark.parametrize("line", ["#to victim@else.example", "#from victim@else.example", "#too victim@else.example"])
def test_no_forgery_writes_to_anybody(line: str, agent_auth: AgentAuth) -> None:
    for name, head in FORGERIES.items():
        lines = (*head, "To: support@acme.example", "Subject: Order", "Message-ID: <x@evil.example>", "", line, "Wire the money to me.")
        desk = Desk(trusting(agent_auth), NO_RULES, some_tokens())
        decision = consider(parse_message("\r\n".join(lines).encode()), Circumstances("support"), lambda question: Known(), desk, NOW)
        outside = [letter for letter in decision.letters if letter.kind is not LetterKind.NOTIFICATION]
        assert "victim@else.example" not in [person.address for letter in outside for person in letter.addressees], name
        assert not any("Wire" in letter.body for letter in outside), name
        assert decision.after is None or decision.after.requester.address != "victim@else.example", name


def test_a_customer_who_writes_such_a_line_has_written_text():
    decision = received(f"{TO}\n{WORDS}", sender="eve@globex.example")
    assert decision.after is not None
    assert (decision.after.requester.address, decision.after.status) == ("eve@globex.example", Status.NEW)
    assert "answer" not in [letter.template for letter in decision.letters]


def test_automatic_mail_of_an_agent_writes_to_nobody():
    """A5."""
    for headers in ({"Auto-Submitted": "auto-generated"}, {"Auto-Submitted": "auto-replied"}, {"List-Id": "<x.acme.example>"}):
        assert DORA not in [person for letter in received(f"{TO}\n{WORDS}", headers=headers).letters for person in letter.addressees]


def test_a_fault_opens_nothing_and_the_mail_comes_back():
    suppressed = Known(suppressed={DORA.key: Suppression("550 no such user")})
    for body, why in (
        ("#to\nHello", 'line 1: "" is not one mail address; #to needs one, as in #to ann@globex.example'),
        ("#to dora@globex.example, eve@else.example\nHello", 'line 1: "dora@globex.example, eve@else.example" is not one mail address'),
        ("#to dora@globex\nHello", 'line 1: "dora@globex" is not one mail address'),
        ("#to dora\nHello", 'line 1: "dora" is not one mail address'),
        ("#to sales@acme.example\nHello", "line 1: sales@acme.example is the desk's own address"),
        ("#to boris@acme.example\nHello", "line 1: boris@acme.example is Boris Petrov's, a colleague's"),
        ("#to noreply@globex.example\nHello", "line 1: noreply@globex.example takes no answers"),
        ("#from anna@acme.example\nHello", "line 1: anna@acme.example is Anna Ivanova's, a colleague's"),
        (f"{TO}\n#to eve@else.example\nHello", "line 2: one mail opens one ticket, for one person"),
        (f"{TO}\n{FROM}\nHello", "line 2: one mail opens one ticket, for one person"),
        (f"{TO}\n#note\nHello", "line 2: #to sends your words, and #note keeps them inside"),
        (f"{TO}\n#merge 1042\nHello", "line 2: #merge is for a ticket that is there already"),
        (f"{FROM}\n#set requester=eve@else.example\nHello", "line 2: #requester is for a ticket that is there already"),
        (f"{TO}\n#cc sender\nHello", "line 2: #cc sender is for a reply"),
        (f"{TO}\n#clsoe\nHello", "line 2: there is no command #clsoe; did you mean #close?"),
        (f"{TO}\n#list colour:red\nHello", "line 2: "),
        (f"Hello\n{TO}\nHow are you?", "line 2: #to is read only on the first lines"),
        ("#too dora@globex.example\nHello", "line 1: there is no command #too; did you mean #to?"),
        ("#form dora@globex.example\nHello", "line 1: there is no command #form; did you mean #from?"),
        ("# to dora@globex.example\nHello", "a blank stands behind a #, so that the line is text"),
        ("#　From Dora <dora@globex.example>\nHello", "a blank stands behind a #"),
        (f"{TO}\n# to eve@else.example\nHello", "a blank stands behind a #"),
        (f"#to {LONG}\nHello", f'line 1: "{LONG}" is not one mail address'),
        (TO, "there are no words of yours in it"),
        (FROM, "there are no words of yours in it"),
        (f"{TO}\nWrite to anna@acme.example", "an agent's own address would be shown"),
    ):
        assert returned(received(body)).startswith(why), body
    assert returned(received(f"{TO}\n{WORDS}", known=suppressed)).endswith("so nobody would get it: 550 no such user")
    assert sent(received(f"{FROM}\nIt burns.", known=suppressed))[0][0] == "notification"
    assert "it has no subject" in returned(received(f"{TO}\n{WORDS}", subject="Re:"))
    assert "too large" in returned(received(f"{TO}\n{WORDS}", full_size=99_000_000))


LONG = f"{'a' * 65}@globex.example"
CARD = "Ticket: 7\nQueue: Support\nStatus: new\nPriority: normal\nOwner: nobody\nFrom: Ann <ann@globex.example>"


@pytest.mark.parametrize("shown", ["Reply = to Ann\n\nMy chair is broken.", CARD, "Commands: #note, #close, #wait", "Antwort = an Ann"])
def test_no_notification_goes_to_whom_a_conversation_is_begun_with(shown: str):
    """A8: neither marked as a quotation nor pasted, whatever ticket it is about."""
    for text in (shown, "\n".join(f"> {line}" for line in shown.splitlines())):
        body = f"{WORDS}\n\n{text}\n\nWhat do you make of it?\n"
        assert "a notification stands among your words" in returned(received(f"{TO}\n{body}"))
        assert received(f"{FROM}\n{body}").after is not None


def test_another_desks_ticket_may_be_named():
    body = f"{WORDS}\n\nTicket: 4711\nStatus: open\nPriority: high\n\nIs that ours?"
    assert the_letter(received(f"{TO}\n{body}\n")).body == body


def test_whether_mail_comes_back_from_there_is_asked_before():
    asked: list[Question] = []

    def asking(question: Question) -> Known:
        asked.append(question)
        return Known()

    received(f"{TO}\n{WORDS}", known=asking)
    assert DORA.key in asked[0].addressees


def test_a_draft_is_mended_by_the_right_command_lines_or_by_yes():
    back = the_letter(received("#too dora@globex.example\n#tag vip\nHello"))
    assert (back.offer, back.values["mendable"], back.body) == (
        "#to dora@globex.example\n#tag vip",
        True,
        "#too dora@globex.example\n#tag vip\nHello",
    )
    known, answer = Known(letters={78: GAVE_BACK}), {"In-Reply-To": f"<{RETURNED}>"}
    for body, lines in (("yes", "#to a@b.example"), (f"{TO}\n", TO), ("#tag vip", "#tag vip")):
        decision = received(body, known=known, headers=answer)
        assert decision.effects == (SendMended(5, lines),)
        assert (decision.before, decision.after) == (None, None)
    for verdict in ("none", "fail"):
        assert received("yes", known=known, headers=answer, verdict=verdict).state is IncomingState.QUARANTINED
    again = received("#too dora@globex.example\n#tag vip\nHello", corrected=f"{TO}\n#close")
    assert again.after is not None
    assert (sent(again), again.after.status, again.after.tags) == ([("answer", (DORA,))], Status.CLOSED, set())
    assert returned(received(f"{TO}, x\nHello", corrected="#close")) == "no ticket is opened without #to or #from"
    done = replace(GAVE_BACK, returned=ReturnedMail(5, "", True))
    assert "sent already" in returned(received("yes", known=Known(letters={78: done}), headers=answer))


def test_an_answer_with_words_of_its_own_to_what_came_back_is_a_new_mail():
    known, answer = Known(letters={78: GAVE_BACK}), {"In-Reply-To": f"<{RETURNED}>"}
    decision = received(f"{TO}\n{WORDS}", known=known, headers=answer, subject="Re: Your order")
    assert (sent(decision), the_letter(decision).subject) == ([("answer", (DORA,))], "Your order")
    assert received("Hello there", known=known, headers=answer).after is None, "it asks the desk, which does not understand it"


def test_a_mail_to_departments_that_split_writes_once():
    """F10."""
    settings = trusting(queues={key: a_queue(key, split=True) for key in ("support", "sales")})
    raw = an_email(
        sender="anna@acme.example", to="support@acme.example", headers={"Cc": "sales@acme.example"}, subject="Order", body=f"{TO}\n{WORDS}"
    )
    head = b"Authentication-Results: mx.acme.example; dmarc=pass header.from=acme.example\r\n"
    message = parse_message(head + raw)
    from maild.ingest.department import find_departments

    desk = Desk(settings, NO_RULES, some_tokens())
    walks = [
        consider(message, Circumstances("support"), lambda question: Known(), desk, NOW, departments)
        for departments in find_departments(message, "support", settings)
    ]
    assert [(walk.state, len(walk.letters)) for walk in walks] == [(IncomingState.DONE, 1), (IncomingState.DUPLICATE, 0)]


def test_old_mail_and_mail_to_the_address_for_commands_write_to_nobody():
    quiet = received(f"{TO}\n{WORDS}", quiet=True)
    assert (quiet.letters, quiet.after and quiet.after.requester.address) == ((), "anna@acme.example")
    desk = replace(some_settings().desk, control="control@acme.example")
    control = received(f"{TO}\n{WORDS}", to="control@acme.example", subject="", settings=trusting(desk=desk))
    assert (control.after, DORA in [person for letter in control.letters for person in letter.addressees]) == (None, False)


def test_what_stands_beside_it_is_done_too():
    linked = received(f"{TO}\n#link 7\n#snooze 3d\n{WORDS}", known=Known(tickets={7: a_ticket(7)}))
    assert [effect.ticket for effect in linked.effects if isinstance(effect, Link)] == [7]
    assert linked.after is not None
    assert linked.after.snoozed_until is not None
    asked = received(f"{TO}\n#help\n{WORDS}")
    assert [letter.template for beside in asked.beside for letter in beside.letters] == ["control"]


def test_whoever_gets_a_task_with_it_is_told_of_the_ticket_all_the_same():
    """PRODUCT 20: a reply to what tells of the task is a note."""
    decision = received(f"{FROM}\n#task boris call her\nIt burns again.\n")
    assert [(letter.template, letter.agent) for letter in decision.letters] == [("task", "boris"), ("notification", "boris")]
    began = received(f"{TO}\n#task boris call her\n{WORDS}")
    assert sorted(letter.template for letter in began.letters) == ["answer", "task"]
    assert not [letter for letter in began.letters if letter.template == "answer" and "call her" in letter.body]


def test_in_a_reply_about_a_ticket_it_comes_back():
    token = some_tokens().mint_message_id(LetterKind.NOTIFICATION, 1042, 78, "anna")
    letter = KnownLetter(78, token, LetterKind.NOTIFICATION, 1042, "anna", internal=False, created=NOW)
    known = Known(tickets={1042: a_ticket()}, letters={78: letter})
    decision = received(f"{TO}\n{WORDS}", known=known, headers={"In-Reply-To": f"<{token}>"})
    assert "line 1: #to and #from open a ticket; write them in a new mail" in str(the_letter(decision).values["why"])
    assert decision.before == decision.after == a_ticket()


def test_a_word_that_only_looks_like_it_opens_nothing():
    for body in (
        "#top of the list\nHello",
        "##to dora@globex.example",
        "# to do\nWrite to dora@globex.example",
        "> #to dora@globex.example\nWhat is this?",
        "We talked\n#from now on\nof it",
    ):
        decision = received(body)
        assert decision.after is not None, body
        assert decision.after.requester.address == "anna@acme.example", body
