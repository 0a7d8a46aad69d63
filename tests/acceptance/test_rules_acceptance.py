"""Rules on a running desk: what they do, that they say why, and that they are swapped while it runs (RULES.md 2-6; PRODUCT promise 5)."""

import json
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from click.testing import CliRunner

from cli.main import command
from tests.rig.dovecot import DovecotServer
from tests.rig.mails import an_email
from tests.rig.office import RunningDesk, a_running_desk, an_answer_to, eventually, text_of
from tests.rig.sink import SmtpSink

RULES = """
version: 1
lists: {pay_words: [invoice*, payment*]}
rules:
  - {id: spam, when: mail.received, if: {header.X-Spam-Flag: "YES"}, do: [{quarantine: flagged as spam}], stop: true}
  - {id: newsletter, when: mail.received, if: {subject: {starts: newsletter}}, do: [{drop: nobody reads it}]}
  - {id: pay, when: ticket.created, if: {text: {word: $pay_words}}, do: [{tag: [payment]}, {set: {queue: billing, priority: high}}]}
  - id: order
    when: ticket.created
    if: {subject: {matches: '(?i)order (?P<number>[0-9]{5})'}}
    do: [{default: {field.order: "{{ match.number }}"}}]
  - {id: quiet, when: ticket.created, if: {text: {contains: "no need to answer"}}, do: [{ack: false}]}
  - {id: faq, when: ticket.created, if: {text: {contains_all: [password, reset]}}, do: [{reply: {template: faq-password, then: waiting}}]}
  - id: urgent
    when: ticket.created
    if: {subject: {contains: fire}}
    do: [{notify: {who: [boris], template: escalation}}, {note: a fire}, {assign: boris}]
  - {id: done, when: ticket.created, if: {subject: {is: please close}}, do: [{close: {template: closed}}]}
  - {id: more, when: message.customer, if: {text: {contains: refund}}, do: [{tag: [refund]}]}
  - {id: promised, when: message.agent, if: {text: {contains: "by Friday"}}, once: ticket, do: [{tag: [promised]}, {note: promised}]}
  - {id: done-with, when: ticket.closed, if: {was.tags: promised}, do: [{untag: [promised]}, {tag: [kept]}]}
  - {id: hand-over, when: macro, do: [{assign: boris}, {note: handed over}]}
"""


@pytest.fixture(scope="module")
def desk(
    tmp_path_factory: pytest.TempPathFactory, dovecot_server: DovecotServer, smtp_sink: SmtpSink, usual_storage: Callable[[], str]
) -> Iterator[RunningDesk]:
    with a_running_desk(tmp_path_factory.mktemp("desk"), dovecot_server, smtp_sink, storage=usual_storage(), rules=RULES) as running:
        yield running


def received(desk: RunningDesk, sender: str, **mail: Any) -> dict[str, Any]:
    return desk.receive(an_email(sender=sender, to=desk.at("support"), **mail))


def explained(desk: RunningDesk, number: int) -> dict[str, bool]:
    """Rule → did it fire, as `rules explain` has it."""
    return {trace["rule"]: trace["fired"] for trace in desk.ask("rules", "explain", str(number))}


def test_spam_is_quarantined_by_a_rule_and_let_in_by_release(desk: RunningDesk):
    row = received(desk, "bob@spam.example", subject="You have won", headers={"X-Spam-Flag": "YES"})
    assert (row["state"], row["ticket"], row["reason"]) == ("quarantined", None, "flagged as spam")
    assert desk.letters("bob@spam.example") == []
    (trace,) = [trace for trace in desk.ask("rules", "explain", "--message", str(row["id"])) if trace["fired"]]
    assert (trace["rule"], trace["event"], trace["actions"]) == ("spam", "mail.received", ["quarantined: flagged as spam"])
    desk.maild("message", "release", str(row["id"]))
    desk.letter_about("anna", "You have won")
    (released,) = [again for again in desk.incoming() if again["id"] == row["id"]]
    assert (released["state"], released["ticket"] is not None) == ("done", True)
    assert desk.letters("bob@spam.example") == [], "what a filter calls spam is never acknowledged (L3)"


def test_a_dropped_mail_keeps_its_bytes_and_makes_no_noise(desk: RunningDesk):
    row = received(desk, "news@letters.example", subject="Newsletter 7")
    assert (row["state"], row["ticket"]) == ("quarantined", None)
    assert "Newsletter 7" in desk.maild("message", "show", str(row["id"]), "--raw")
    assert desk.letters("news@letters.example") == []


def test_a_mail_is_routed_tagged_and_acknowledged_by_the_department_it_was_routed_to(desk: RunningDesk):
    row = received(desk, "ann@pays.example", subject="Order 12345", body="Where is my invoice?\n")
    ticket = desk.ticket(row["ticket"])
    assert (ticket["queue"], ticket["tags"], ticket["priority"], ticket["fields"]) == ("billing", ["payment"], "high", {"order": "12345"})
    (ack,) = desk.letters("ann@pays.example")
    assert ack["From"].addresses[0].addr_spec == desk.at("billing")
    assert len(desk.letters_about("boris", ticket["tag"])) == 1
    assert desk.letters_about("anna", ticket["tag"]) == []


def test_an_acknowledgement_is_withheld_by_a_rule_and_the_log_says_by_which(desk: RunningDesk):
    row = received(desk, "ann@quiet.example", subject="Just so you know", body="There is no need to answer.\n")
    assert desk.letters("ann@quiet.example") == []
    (withheld,) = [event for event in desk.ticket(row["ticket"])["events"] if event["kind"] == "ack_withheld"]
    assert withheld["by"] == "rule quiet"


def test_a_rules_reply_takes_the_place_of_the_acknowledgement_and_never_answers_a_machine(desk: RunningDesk):
    row = received(desk, "ann@forgets.example", subject="Password", body="How do I reset it?\n")
    (reply,) = desk.letters("ann@forgets.example")
    assert "Forgot your password?" in text_of(reply)
    assert reply["Auto-Submitted"] == "auto-replied"
    assert desk.ticket(row["ticket"])["status"] == "waiting"
    machine = received(desk, "cron@forgets.example", subject="Password", body="reset\n", headers={"Auto-Submitted": "auto-generated"})
    assert desk.letters("cron@forgets.example") == []
    (rule,) = [event for event in desk.ticket(machine["ticket"])["events"] if event["kind"] == "rule"]
    assert "skipped reply" in rule["text"]


def test_a_rule_notifies_notes_and_assigns_and_the_note_stays_inside(desk: RunningDesk):
    row = received(desk, "ann@burns.example", subject="A fire in the cellar")
    assert desk.ticket(row["ticket"])["owner"] == "boris"
    assert desk.kinds(row["ticket"]) == ["customer", "note"]
    assert any("needs somebody now" in text_of(letter) for letter in desk.letters_about("boris", "A fire in the cellar"))
    told = desk.letter_about("anna", "A fire in the cellar")
    assert "\nNote: rule urgent: a fire\n" in text_of(told)
    answer = f"I come.\n\nOn Monday Support wrote:\n{quoted(text_of(told))}\nIs it still burning?\n"
    desk.receive(an_answer_to(told, desk.at("anna"), answer))
    assert "Is it still burning?" in text_of(desk.letters("ann@burns.example")[-1])
    assert not any("a fire\n" in text_of(letter) or "rule urgent" in text_of(letter) for letter in desk.letters("ann@burns.example"))


def quoted(text: str) -> str:
    return "".join(f"> {line}\n" for line in text.splitlines())


def test_a_rule_that_closes_sends_its_own_letter_and_nothing_else(desk: RunningDesk):
    row = received(desk, "ann@closes.example", subject="Please close")
    assert desk.ticket(row["ticket"])["status"] == "closed"
    (letter,) = desk.letters("ann@closes.example")
    assert "we have closed your request" in text_of(letter)


def test_the_log_and_the_explanation_name_every_rule_that_fired_and_why_the_others_did_not(desk: RunningDesk):
    row = received(desk, "ann@asks.example", subject="An invoice", body="Where is it?\n")
    rules = [event for event in desk.ask("ticket", "log", str(row["ticket"])) if event["kind"] == "rule"]
    assert [event["by"] for event in rules] == ["rule pay"]
    assert "10-test.yaml:" in rules[0]["text"]
    fired = explained(desk, row["ticket"])
    assert fired["pay"]
    assert not fired["faq"]
    why_not = desk.maild("rules", "explain", str(row["ticket"]), "--why-not", "faq")
    assert "password" in why_not
    follow_up = received(desk, "ann@asks.example", subject=f"Re: {desk.ticket(row['ticket'])['tag']} x", body="I want a refund.\n")
    assert follow_up["ticket"] == row["ticket"]
    assert "refund" in desk.ticket(row["ticket"])["tags"]


def test_sighup_swaps_the_rules_and_a_broken_file_leaves_the_running_ones(make_desk: Callable[..., RunningDesk]):
    rules_of_one = "version: 1\nrules: [{id: one, when: ticket.created, do: [{tag: [first]}]}]\n"
    # Where maild.yaml is no YAML, nobody can know of another database than the usual one.
    desk = make_desk(rules=rules_of_one, storage="sqlite:///maild.db")
    process = desk.launch_and_wait()
    assert tags_of_new_ticket(desk, 1) == ["first"]

    rules = desk.directory / "rules" / "10-test.yaml"
    rules.write_text("version: 1\nrules: [{id: broken, when: ticket.cretaed, do: [{tga: [second]}]}]\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    eventually(lambda: '"reload_refused"' in desk.log())
    refused = next(json.loads(line) for line in desk.log().splitlines() if '"reload_refused"' in line)
    assert (refused["faults"], refused["first"].partition(": ")[0]) == (2, "rules/10-test.yaml:2:28")
    assert tags_of_new_ticket(desk, 2) == ["first"]
    assert_it_says_which_files_run(desk)
    number = str(desk.tickets()[0]["number"])
    assert "rule one" in desk.maild("rules", "explain", number)
    assert desk.maild("rules", "explain", number, "--why-not", "one").startswith("ticket.created: rule one")
    assert desk.maild("rules", "explain", number, "--why-not", "broken", status=1) == ""
    assert desk.maild("ticket", "close", number).startswith(f"#{number} closed")

    rules.write_text("version: 1\nrules: [{id: two, when: ticket.created, do: [{tag: [second]}]}]\n", encoding="utf-8")
    process.send_signal(signal.SIGHUP)
    eventually(lambda: '"reloaded"' in desk.log())
    assert tags_of_new_ticket(desk, 3) == ["second"]
    assert desk.ask("status")["daemon"]["refused_reload"] is None
    assert "refused" not in desk.maild("doctor", status=None)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0


def assert_it_says_which_files_run(desk: RunningDesk) -> None:
    """OPERATIONS C6: also where the files are so broken that no command can be run with them."""
    status = desk.ask("status")
    refused = status["daemon"]["refused_reload"]
    assert (refused["errors"], refused["first"].partition(": ")[0]) == (2, "rules/10-test.yaml:2:28")
    assert any("were refused: 2 errors, the first: rules/10-test.yaml:2:28" in trouble for trouble in status["troubles"])
    assert "were refused: 2 errors" in desk.maild("status", status=1)
    assert "warn  daemon: running" in desk.maild("doctor", status=None)
    main = desk.directory / "maild.yaml"
    valid = main.read_bytes()
    main.write_bytes(valid + b"oops: [")
    for noun in ("status", "doctor"):
        assert "the daemon is running (process" in CliRunner().invoke(command, ["-c", str(desk.directory), noun]).stderr
    main.write_bytes(valid)


def tags_of_new_ticket(desk: RunningDesk, number: int) -> list[str]:
    row = desk.receive(an_email(sender=f"ann@reload{number}.example", to=desk.at("support"), subject=f"Reload {number}"))
    return list(desk.ticket(row["ticket"])["tags"])


def test_rules_follow_what_agents_do_by_mail_and_at_the_command_line(desk: RunningDesk):
    number = received(desk, "ann@waits.example", subject="My chair")["ticket"]
    for words in ("You have it by Friday.\n", "By Friday, I said: by Friday.\n"):
        told = desk.letter_about("anna", "My chair")
        desk.receive(an_answer_to(told, desk.at("anna"), words))
    assert "by Friday" in text_of(desk.letters("ann@waits.example")[-1])
    assert (desk.ticket(number)["tags"], desk.kinds(number)) == (["promised"], ["customer", "agent", "note", "agent"])
    desk.maild("macro", "hand-over", str(number))
    assert desk.ticket(number)["owner"] == "boris"
    desk.maild("ticket", "close", str(number))
    assert desk.ticket(number)["tags"] == ["kept"]
    asked = {(trace["event"], trace["rule"]) for trace in desk.ask("rules", "explain", str(number)) if trace["fired"]}
    assert asked == {("message.agent", "promised"), ("macro", "hand-over"), ("ticket.closed", "done-with")}
