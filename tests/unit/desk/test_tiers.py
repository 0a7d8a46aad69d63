"""Tickets handed to the second tier and back (PRODUCT 14): whose they are then, who follows, and who is told."""

from dataclasses import replace
from typing import Any

import pytest
from builders import AGENTS, NOW, a_queue, a_ticket, some_settings

from maild.config.settings import Agent, Settings
from maild.desk.acts import Act, Done, do
from maild.desk.answered import Answered
from maild.desk.audience import agents_to_tell
from maild.desk.command import Command
from maild.desk.errands import find_wanted
from maild.desk.query import Field, Filter
from maild.desk.tiers import hand_back, settle_tier
from maild.effects import Post, RecordEvent
from maild.ticket import Status, TicketView, Tier
from maild.tokens import LetterKind

WORDS = Answered("m0@globex.example", (), "Where is it?", "Ann Smith")
EXPERTS = tuple(Agent(key, key.capitalize(), f"{key}@acme.example", tier=2) for key in ("eva", "emil"))


def a_desk(*experts: str, **queue: Any) -> Settings:
    """Anna and boris answer support; so do these specialists."""
    staff = {"agents": ("anna", "boris", *experts), "lead": None, "statuses": frozenset({"closed", "passed_on"})}
    agents = {**AGENTS, **{expert.key: expert for expert in EXPERTS}}
    return some_settings(agents=agents, queues={key: a_queue(key, **(staff | queue)) for key in ("support", "sales")})


ONE, TWO = a_desk("eva"), a_desk("eva", "emil")


def done(body: str, *commands: str, settings: Settings = TWO, agent: str = "anna", **ticket: Any) -> Done:
    words = tuple(Command(*command.partition(" ")[::2]) for command in commands)
    act = Act(agent=settings.agents[agent], by=agent, at=NOW, commands=words, body=body)
    return do(a_ticket(**ticket), act, WORDS, settings)


def people(ticket: TicketView) -> tuple[Tier, str | None, str | None]:
    return ticket.tier, ticket.owner, ticket.follower


def told(act: Done) -> list[str | None]:
    return sorted(letter.agent or "" for letter in letters(act) if letter.kind is LetterKind.NOTIFICATION)


def letters(act: Done) -> list[Any]:
    return [effect.letter for effect in act.effects if isinstance(effect, Post)]


def events(act: Done) -> list[tuple[str, str]]:
    return [(effect.kind, effect.text) for effect in act.effects if isinstance(effect, RecordEvent) and effect.kind in ("tier", "assigned")]


def test_the_only_specialist_gets_it_and_whose_it_was_follows():
    act = done("", "l2", settings=ONE, owner="anna")
    assert people(act.after) == (Tier.L2, "eva", "anna")
    assert events(act) == [("tier", "tier L2; to Eva; Anna Ivanova follows")]
    assert told(act) == ["eva"]


def test_of_several_nobody_has_it_until_one_takes_it_and_all_of_them_are_told():
    act = done("", "l2", owner="anna")
    assert people(act.after) == (Tier.L2, None, "anna")
    assert events(act) == [("tier", "tier L2; no owner any more; Anna Ivanova follows")]
    assert told(act) == ["emil", "eva"]
    warnings = next(letter for letter in letters(act) if letter.agent == "eva").values["warnings"]
    assert "Anna Ivanova passed this ticket to the second tier." in warnings


def test_an_owner_whose_ticket_a_colleague_hands_up_hears_of_it():
    act = done("She is right.", "note", "l2", owner="boris")
    assert people(act.after) == (Tier.L2, None, "boris")
    assert told(act) == ["boris", "emil", "eva"]


def test_of_a_ticket_without_an_owner_who_hands_it_up_is_the_follower():
    assert people(done("", "l2").after) == (Tier.L2, None, "anna")
    assert people(done("", "l2", agent="eva").after) == (Tier.L2, None, None)
    assert people(done("", "l2", owner="emil", agent="anna").after) == (Tier.L2, "emil", None)


def test_a_colleague_who_is_named_gets_it_wherever_the_line_stands():
    for commands in (("l2", "assign emil"), ("assign emil", "l2"), ("assign emil", "set tier=L2")):
        act = done("", *commands, owner="anna" if commands[0] == "l2" else None)
        assert people(act.after)[:2] == (Tier.L2, "emil"), commands
        assert told(act) == ["emil"], commands
    assert people(done("", "assign emil", "l2", owner="boris").after) == (Tier.L2, "emil", "boris")


def test_moved_it_goes_to_the_specialists_there():
    settings = replace(TWO, queues={**TWO.queues, "sales": replace(TWO.queues["sales"], agents=("boris", "emil"))})
    act = done("", "l2", "move sales", settings=settings, owner="anna")
    assert people(act.after)[:2] == (Tier.L2, "emil")


def test_the_customer_is_told_once_and_not_beside_an_answer():
    assert [letter.template for letter in letters(done("", "l2")) if letter.kind is LetterKind.STATUS] == ["passed-to-specialist"]
    answered = done("We have asked our specialists.", "l2", owner="anna")
    assert [letter.kind for letter in letters(answered)].count(LetterKind.ANSWER) == 1
    assert [letter for letter in letters(answered) if letter.kind is LetterKind.STATUS] == []
    again = done("", "l2", tier=Tier.L2)
    assert ([letter for letter in letters(again) if letter.kind is LetterKind.STATUS], events(again)) == ([], [])
    silent = done("", "l2", settings=a_desk("eva", statuses=frozenset({"closed"})))
    assert [letter for letter in letters(silent) if letter.kind is LetterKind.STATUS] == []


def test_an_answer_of_the_first_tier_takes_nothing_from_the_second_and_a_specialists_does():
    handed = done("We have asked our specialists.", "l2", owner="anna")
    assert (people(handed.after), handed.after.status) == ((Tier.L2, None, "anna"), Status.OPEN)
    waiting = {"tier": Tier.L2, "follower": "anna"}
    assert done("A word more.", **waiting).after.owner is None
    assert done("It is the cable.", agent="eva", **waiting).after.owner == "eva"
    assert people(done("", "take", **waiting).after) == (Tier.L2, "anna", None)
    assert done("A word.", settings=a_desk(), **waiting).after.owner == "anna", "where there is no second tier it waits for nobody"


def test_who_follows_hears_what_others_say():
    followed = {"tier": Tier.L2, "owner": "eva", "follower": "anna"}
    assert told(done("It is the cable.", agent="eva", **followed)) == ["anna"]
    assert told(done("Ask her.", "note", agent="boris", **followed)) == ["anna", "eva"]
    assert told(done("Any news?", "note", agent="anna", **followed)) == ["eva"]
    assert told(done("", "close", agent="eva", **followed)) == []


def test_without_a_specialist_nothing_is_done():
    act = done("Hello.", "close", "l2", settings=a_desk())
    (fault,) = act.faults
    assert "sets `tier: 2` for an agent" in fault.text
    assert act.effects == ()


def test_given_back_it_is_his_again_who_handed_it_up():
    act = done("", "set tier=L1", agent="eva", tier=Tier.L2, owner="eva", follower="anna")
    assert people(act.after) == (Tier.L1, "anna", None)
    assert told(act) == ["anna"]
    assert people(done("", "set tier=L1", agent="eva", tier=Tier.L2, owner="eva").after) == (Tier.L1, "eva", None)
    gone = a_ticket(tier=Tier.L2, owner="eva", follower="someone")
    assert people(hand_back(gone, TWO)) == (Tier.L1, "eva", None)


def test_a_tier_that_there_is_not_says_which_there_are():
    (fault,) = done("", "set tier=L3").faults
    assert 'there is no tier "L3"' in fault.text


@pytest.mark.parametrize(
    ("ticket", "circle", "expected"),
    [
        ({}, "agents", ("anna", "boris")),
        ({"tier": Tier.L2}, "agents", ("eva", "emil")),
        ({"tier": Tier.L2, "follower": "anna"}, "owner", ("eva", "emil", "anna")),
        ({"tier": Tier.L2, "follower": "anna", "owner": "eva"}, "owner", ("eva", "anna")),
        ({"tier": Tier.L2, "team": "payments"}, "agents", ("eva", "emil")),
        ({"team": "payments"}, "agents", ("boris",)),
    ],
)
def test_each_tier_hears_of_its_own_tickets(ticket: dict[str, Any], circle: Any, expected: tuple[str, ...]):
    assert agents_to_tell(circle, a_ticket(**ticket), TWO) == expected


def test_without_specialists_every_agent_hears_of_every_ticket():
    for tier in Tier:
        assert agents_to_tell("agents", a_ticket(tier=tier), a_desk()) == ("anna", "boris")


def test_the_first_tier_is_given_nothing_of_the_second_as_its_next():
    next_of = {
        agent: find_wanted((Command("next", "support"),), TWO.agents[agent], TWO, NOW).queues["support"].filters
        for agent in ("anna", "eva")
    }
    assert next_of == {"anna": (Filter(Field.TIER, "L1"),), "eva": ()}
    assert find_wanted((Command("next", "support"),), AGENTS["anna"], a_desk(), NOW).queues["support"].filters == ()


def test_a_rule_hands_up_as_a_person_does_and_whom_it_names_stays():
    drafted = a_ticket(owner="anna")
    assert people(settle_tier(drafted, replace(drafted, tier=Tier.L2), ONE)[0]) == (Tier.L2, "eva", "anna")
    assert people(settle_tier(drafted, replace(drafted, tier=Tier.L2, owner="emil"), ONE)[0]) == (Tier.L2, "emil", "anna")
    settled, (event,) = settle_tier(drafted, replace(drafted, tier=Tier.L2), TWO)
    assert (people(settled), event.text) == ((Tier.L2, None, "anna"), "no owner any more; Anna Ivanova follows")
    raised = replace(drafted, tier=Tier.L2, decided=frozenset({"tier"}))
    assert settle_tier(drafted, raised, a_desk()) == (raised, ())
    assert settle_tier(drafted, drafted, TWO) == (drafted, ())
