"""Who is told of a message: `notify:`, rules, and the departments that got the same mail (INTERFACE.md, MAIL.md F10)."""

from dataclasses import replace
from typing import Any

from builders import AGENTS, a_queue, a_ticket, some_settings

from maild.desk.audience import Circle, admins_named, agents_named, agents_to_tell, unreachable_agents, watchers_to_tell
from maild.known import Known, Suppression
from maild.message import Address

NOBODY = {"agents": (), "lead": None}


def check(
    circle: Circle, told: tuple[str, ...], *, queue: dict[str, Any] | None = None, without: tuple[str, ...] = (), **ticket: Any
) -> None:
    settings = some_settings(queues={"support": a_queue(**(queue or {})), "sales": a_queue("sales", agents=("boris",), lead=None)})
    assert agents_to_tell(circle, a_ticket(**ticket), settings, without=without) == told


def test_the_agents_are_the_team_else_the_queue_else_its_lead():
    check("agents", ("anna", "boris"))
    check("agents", ("boris",), team="payments")
    check("agents", ("anna",), queue={"agents": ()})
    check("agents", (), queue=NOBODY)


def test_the_owner_is_told_and_without_one_the_agents():
    check("owner", ("boris",), owner="boris")
    check("owner", ("anna", "boris"))
    check("owner", ("anna", "boris"), owner="gone")
    check("owner", ("anna",), queue={"agents": ()})


def test_for_an_agent_whose_mail_comes_back_others_are_told():
    known = Known(suppressed={"boris@acme.example": Suppression("mail bounced")})
    absent = unreachable_agents(known.suppressed, some_settings())
    assert absent == {"boris"}
    for circle, owner, told in (("owner", "boris", ("anna",)), ("agents", None, ("anna",)), ("lead", None, ("anna",))):
        assert agents_to_tell(circle, a_ticket(owner=owner), some_settings(), absent=absent) == told
    everybody = frozenset({"anna", "boris"})
    assert agents_to_tell("agents", a_ticket(), some_settings(), absent=everybody) == ()


def test_the_lead_is_told_and_without_one_the_owner():
    check("lead", ("anna",))
    check("lead", ("boris",), queue={"lead": None}, owner="boris")
    check("lead", ("anna", "boris"), queue={"lead": None})


def test_nobody_is_told_twice_or_against_the_settings():
    check("none", ())
    check("agents", ("boris",), without=("anna",))
    check("agents", ("anna",), queue={"agents": ("anna", "anna", "gone")})


def test_a_ticket_of_a_queue_that_is_gone_is_told_to_its_owner_only():
    check("owner", ("boris",), queue=NOBODY, owner="boris")
    assert agents_to_tell("agents", a_ticket(queue="gone"), some_settings()) == ()


def test_an_agent_who_wants_only_his_own_tickets_hears_of_no_others():
    agents = {"anna": AGENTS["anna"], "boris": replace(AGENTS["boris"], notify="mine")}
    settings = some_settings(agents=agents)
    assert agents_to_tell("agents", a_ticket(), settings) == ("anna",)
    assert agents_to_tell("owner", a_ticket(owner="boris"), settings) == ("boris",)
    alone = some_settings(agents=agents, queues={"support": a_queue(agents=("boris",))})
    assert agents_to_tell("agents", a_ticket(), alone) == ("anna",), "the lead, before nobody hears of it"


def test_each_watching_department_is_told_through_its_lead_else_its_agents():
    settings = some_settings()
    ticket = a_ticket(queue="sales", owner="boris")
    assert watchers_to_tell({"support"}, ticket, settings) == ("anna",)
    assert watchers_to_tell({"support"}, ticket, settings, without=("anna",)) == ()
    assert watchers_to_tell({"sales"}, a_ticket(), settings) == ("boris",)
    assert watchers_to_tell((), a_ticket(), settings) == ()


def test_a_rule_names_circles_teams_agents_and_admins():
    settings, ticket = some_settings(), a_ticket(owner="boris")
    for who, told in (
        (("owner",), ("boris",)),
        (("lead", "owner"), ("anna", "boris")),
        (("payments",), ("boris",)),
        (("boris", "payments"), ("boris",)),
        (("gone",), ()),
        (("admins",), ()),
    ):
        assert agents_named(who, ticket, settings) == told, who
    assert admins_named(("lead", "admins"), settings) == (Address("", "ops@acme.example"),)
    assert admins_named(("lead",), settings) == ()
