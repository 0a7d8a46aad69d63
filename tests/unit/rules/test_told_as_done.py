"""Whatever rules there are, whatever mail comes, whatever people do and however time goes by: who reads the explanations and does what they
say comes to the ticket as it stands, by the daemon's own walk (RULES.md 5.7).

Each thing that happens is decided twice, with the rules and without any: what lies between both is what the rules have done, and all of
it must have been told. A rule in shadow, or one that is stopped, rests, is disabled or paused, lies nowhere between.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from maild.effects import AddMessage, Decision, IncomingState, NoteFiring, RecordEvent
from maild.pipeline import Desk
from maild.rehearsal import rehearse
from maild.rule_limits import letters_by_rules
from maild.rules.explain import read_traces
from maild.rules.ruleset import NO_RULES, RuleSet
from maild.rules.trial import run_case
from maild.rules.verdict import RuleTrace
from maild.ticket import TicketView
from maild.tokens import Tokens
from tests.rig.occasions import a_desk, rules_from

SETTINGS = a_desk()
EVENTS = ("ticket.created", "message.customer", "message.agent", "message.note", "ticket.changed", "ticket.tagged", "ticket.closed")
TIMES = (
    "{after: 1h, while: {status: [new, open]}}",
    "{after: 30m, while: {tags: vip}}",
    "{after: 2h, while: {replies.agent: 0}, clock: business}",
    "{before: 1h, of: snooze}",
    '{cron: "0 * * * *", while: {status: {not: closed}}}',
)
CONDITIONS = (
    "{subject: {contains: printer}}",
    "{body: {matches: '(?P<n>[0-9]+)'}}",
    "{any: [{tags: vip}, {priority: high}]}",
    "{none: [{status: closed}, {text: {word: fire*}}]}",
    "{replies.customer: {gte: 2}}",
    "{was.status: waiting}",
    "{from.domain: {not: globex.example}}",
)
ACTIONS = (
    *("tag: vip", "tag: 'n-{{ match.n }}'", "untag: vip", "set: {priority: high}", "default: {priority: low}", "set: {queue: sales}"),
    *("assign: boris", "set: {owner: null}", "default: {team: payments}", "set: {status: waiting}", "close: true", "snooze: 3h"),
    *("reply: {template: faq-password, then: waiting}", "ack: {template: received}", "note: seen", 'set: {field.n: "{{ match.n }}"}'),
    *("notify: {who: [lead, boris], template: escalation}", "hold: look", "task: {title: Call her, for: boris}"),
)
INTAKE = ("score: +3", "score: -1", "tag: vip", "quarantine: spam", "drop: spam", "set: {priority: urgent}")
OPTIONS = (
    "mode: shadow",
    "stop: true",
    "disabled: it rests",
    "once: ticket",
    "once: 1h",
    "limit: {mails: 1, per: 1h}",
    "group: g, stop: group",
)
STEPS = (
    *("mail: {body: It burns 7 times}", "mail: {body: Thanks}", "wait: 31m", "wait: 1h", "wait: 1d 3h", "{reply: On my way, by: boris}"),
    *("{note: Hm, by: anna}", "{tag: vip, by: anna}", "{untag: vip, by: boris}", "{priority: high, by: anna}", "{close: true, by: boris}"),
    *("{snooze: 2h, by: anna}", "{move: sales, by: boris}"),
)


@st.composite
def rule_files(draw: st.DrawFn) -> str:
    rules = ""
    for number in range(draw(st.integers(3, 7))):
        kind = draw(st.sampled_from(("event", "event", "time", "intake")))
        if kind == "event":
            when, actions = f"[{', '.join(draw(st.lists(st.sampled_from(EVENTS), min_size=1, max_size=3, unique=True)))}]", ACTIONS
        else:
            when, actions = (draw(st.sampled_from(TIMES)), ACTIONS) if kind == "time" else ("mail.received", INTAKE)
        more = draw(st.sampled_from(("", "", *OPTIONS, *(("cascade: true",) * 3 if kind == "event" else ()))))
        asked = draw(st.sampled_from(("",) * len(CONDITIONS) + tuple(f"if: {condition}" for condition in CONDITIONS)))
        if "match.n" in (does := ", ".join(f"{{{action}}}" for action in draw(st.lists(st.sampled_from(actions), min_size=1, max_size=3)))):
            asked = f"if: {CONDITIONS[1]}"
        keys = ", ".join(filter(None, (f"id: r{number}", f"when: {when}", asked, more, f"do: [{does}]")))
        rules += f"  - {{{keys}}}\n"
    return rules


@dataclass
class Heard:
    """Everything that was decided: with the rules, and without any."""

    both: list[tuple[Decision, Decision]] = field(default_factory=list)

    def beside(self, ruled: Callable[..., Any], plain: Callable[..., Any]) -> Callable[..., Any]:
        def decide(*given: Any) -> Any:
            decision, without = ruled(*given), plain(*given)
            if isinstance(decision, Decision):
                self.both.append((decision, without))
            return decision

        return decide


def desk_with(rules: RuleSet) -> Desk:
    return Desk(SETTINGS, rules, Tokens([b"0" * 32], "acme.example", ["Acme"], SETTINGS.agents))


def lived(rules: RuleSet) -> list[tuple[Decision, Decision]]:
    heard, ruled, plain = Heard(), rehearse(desk_with(rules)), rehearse(desk_with(NO_RULES))
    doors = {name: heard.beside(getattr(ruled, name), getattr(plain, name)) for name in ("consider", "act", "wake", "remind", "ask")}
    for case in rules.cases:
        run_case(case, replace(ruled, **doors))
    return heard.both


def a_life(rules: str, steps: list[str], subject: str = "Printer", body: str = "It burns") -> list[tuple[Decision, Decision]]:
    mail = f'mail: {{from: ann@globex.example, to: support@acme.example, subject: "{subject}", body: "{body}"}}'
    lines = "".join(f"      - {step}\n" for step in (*steps, "expect: {}"))
    return lived(rules_from(f"rules:\n{rules}tests:\n  - name: a life\n    at: '2026-03-02 16:10'\n    {mail}\n    steps:\n{lines}"))


ALL_AT_ONCE = """
  - {id: late, when: {after: 1h, while: {status: [new, open]}}, once: 1h, do: [{tag: vip}, {set: {priority: high}}, {note: seen}]}
  - {id: looks, mode: shadow, when: {after: 30m, while: {priority: high}}, do: [{close: true}, {reply: {template: faq-password}}]}
  - {id: follows, when: ticket.tagged, cascade: true, do: [{untag: vip}, {task: {title: Call her, for: boris}}, {snooze: 3h}]}
  - {id: deaf, when: ticket.changed, do: [{set: {status: waiting}}]}
"""
"""A time rule that is asked again and again, one in shadow, one that cascades, one that is not considered."""


@example(ALL_AT_ONCE, ["wait: 1d 3h", "{reply: On my way, by: boris}", "wait: 1h"], "Printer", "x")
@settings(max_examples=60, deadline=None)
@given(
    rule_files(),
    st.lists(st.sampled_from(STEPS), min_size=2, max_size=6),
    st.sampled_from(("Printer", "Fire 12")),
    st.sampled_from(("x", "fires 9")),
)
def test_what_is_told_is_what_was_done_and_nothing_else(rules: str, steps: list[str], subject: str, body: str):
    for decision, without in a_life(rules, steps, subject, body):
        check(decision, without)


def check(decision: Decision, without: Decision) -> None:
    traces = read_traces(decision.trace)
    assert not any(trace.problem for trace in traces)
    done = [trace for trace in traces if trace.fired and not trace.shadow]
    told = [action for trace in done for action in trace.actions]
    assert decision.score == sum(float(points[1]) for action in told if (points := re.match(r"score ([+-]\d+)", action)))
    if decision.after is None or without.after is None:
        assert any(action.startswith(("quarantined", "dropped")) for action in told) or decision.score >= SETTINGS.spam.threshold
        assert decision.state is not without.state is IncomingState.DONE
        return
    assert shown(decision.after) == read_and_done(without.after, told)
    names = {trace.rule for trace in done}
    assert {letter.rule for letter in letters_by_rules(decision)} <= names
    assert {effect.rule for effect in decision.effects if isinstance(effect, NoteFiring)} <= names
    assert count_notes(decision) - count_notes(without) == sum(action == "noted" or action.startswith("on hold: ") for action in told)
    logged = [effect.by for effect in decision.effects if isinstance(effect, RecordEvent) and effect.kind == "rule"]
    assert logged == [f"rule {trace.rule}" for trace in done if trace.actions]
    check_letters(decision, done)


def check_letters(decision: Decision, done: list[RuleTrace]) -> None:
    """An alert that was told goes out, or the log says why it does not."""
    alerting = {trace.rule for trace in done if any(action.startswith("notified ") for action in trace.actions)}
    sent = {letter.rule for letter in letters_by_rules(decision) if letter.template == "escalation"}
    withheld = {event.by for event in decision.effects if isinstance(event, RecordEvent) and event.kind == "notify_withheld"}
    assert {f"rule {rule}" for rule in alerting} <= {f"rule {rule}" for rule in sent} | withheld


def count_notes(decision: Decision) -> int:
    return sum(isinstance(effect, AddMessage) and effect.author.name.startswith("rule ") for effect in decision.effects)


def shown(ticket: TicketView) -> dict[str, Any]:
    fields = {f"field.{name}": value for name, value in ticket.fields.items() if value}
    found = {name: getattr(ticket, name) for name in ("queue", "owner", "team")}
    words = {"status": ticket.status.value, "priority": ticket.priority.value, "tags": frozenset(ticket.tags)}
    return {
        **found,
        **words,
        **fields,
        "snoozed": ticket.snoozed_until is not None,
        "tasks": [(task.agent, task.title) for task in ticket.tasks],
    }


def read_and_done(ticket: TicketView, told: list[str]) -> dict[str, Any]:
    """What comes of it where somebody reads what was done, sentence by sentence, and does it himself."""
    seen: dict[str, Any] = shown(ticket)
    for words in told:
        seen |= next(do(seen, *match.groups()) for pattern, do in SENTENCES.items() if (match := re.fullmatch(pattern, words)))
        seen["snoozed"] = seen["snoozed"] and seen["status"] != "closed"
    return seen


SENTENCES: dict[str, Callable[..., dict[str, Any]]] = {
    r"tagged (.+)": lambda seen, tags: {"tags": seen["tags"] | set(tags.split(", "))},
    r"untagged (.+)": lambda seen, tags: {"tags": seen["tags"] - set(tags.split(", "))},
    r"(\S+) set to (.+?)(?: by default)?": lambda seen, name, value: {name: value},
    r"(\S+) cleared": lambda seen, name: {name: None},
    r"assigned to (\w+)": lambda seen, agent: {"owner": agent},
    r"replied with \S+, then (\w+)": lambda seen, status: {"status": status},
    r"task for (\w+): (.+)": lambda seen, agent, title: {"tasks": [*seen["tasks"], (agent, title)]},
    r"closed": lambda seen: {"status": "closed"},
    r"snoozed until .+": lambda seen: {"snoozed": True},
    r"on hold: .+": lambda seen: {"tags": seen["tags"] | {"hold"}},
    r"(?:skipped|acknowledged|notified|score) .+|noted": lambda seen: {},
}
"""What each sentence means; any other would be one that nobody understands."""
