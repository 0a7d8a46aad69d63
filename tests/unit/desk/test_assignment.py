"""Who gets a ticket that a rule gives to nobody by name, and why (PRODUCT 11)."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from builders import AGENTS, NOW, a_queue, a_ticket, some_settings

from maild.background import Background
from maild.config.settings import Agent
from maild.desk.assignment import Found, Pick, Search, find_agent, find_crew
from maild.desk.calendar import Calendar, Hours
from maild.ticket import Tier

KNOWS, LEAST, IN_TURN = Pick.KNOWS_CUSTOMER, Pick.LEAST_LOADED, Pick.ROUND_ROBIN
UTC = ZoneInfo("UTC")
OPEN = Calendar(UTC, ((Hours(9 * 60, 18 * 60),),) * 7)
CLOSED = Calendar(UTC, ((Hours(20 * 60, 22 * 60),),) * 7)
CLARA = Agent("clara", "Clara", "clara@acme.example", tier=2)
SETTINGS = some_settings(
    agents={**AGENTS, "clara": CLARA},
    queues={"support": a_queue(agents=("anna", "boris", "clara")), "sales": a_queue("sales", agents=(), lead="anna")},
    teams={"payments": ("boris", "gone")},
    calendars={"day": OPEN, "evening": CLOSED},
)


def check(
    expected: str,
    *picks: Pick,
    loads: dict[str, int] | None = None,
    newest: dict[str, int] | None = None,
    last: str | None = None,
    absent: tuple[str, ...] = (),
    cap: int | None = None,
    hours: str | None = None,
    team: str | None = None,
    queue: str = "support",
    tier: Tier = Tier.L1,
    settings: object = SETTINGS,
    now: datetime = NOW,
) -> None:
    ticket, search = a_ticket(queue=queue, tier=tier), Search(picks, team, cap, hours)
    found = find_agent(
        search, ticket, Background(loads=loads or {}, last_agent=last, newest=newest or {}), frozenset(absent), settings, now
    )
    assert (f"{found.agent} {found.why}" if isinstance(found, Found) else f"nobody: {found.why}") == expected


def test_the_picks_are_asked_in_their_order():
    check("boris knows the customer", KNOWS, LEAST, loads={"boris": 9}, last="boris")
    check("anna has least to do (1)", LEAST, KNOWS, loads={"anna": 1, "boris": 9}, last="boris")
    check("anna has least to do (1)", KNOWS, LEAST, loads={"anna": 1, "boris": 9}, last="somebody else")
    check("anna has least to do (1)", KNOWS, LEAST, loads={"anna": 1, "boris": 9})


def test_in_turn_it_is_whose_newest_ticket_is_the_oldest():
    turn = "has had no ticket for the longest time"
    check(f"boris {turn}", IN_TURN, newest={"anna": 12, "boris": 11}, loads={"boris": 9})
    check(f"anna {turn}", IN_TURN, newest={"boris": 11})
    check("anna has least to do (0)", LEAST, IN_TURN, newest={"anna": 12, "boris": 11}, loads={"boris": 1})
    check(f"boris {turn}", LEAST, IN_TURN, newest={"anna": 12, "boris": 11})


def test_among_equals_it_is_who_has_least_to_do_then_who_stands_first():
    check("anna has least to do (0)", LEAST)
    check("boris has 2 to do", KNOWS, loads={"anna": 3, "boris": 2})


def test_whoever_is_away_or_has_no_room_gets_nothing():
    check("boris is the only one free", LEAST, absent=("anna",))
    check("boris is the only one free", KNOWS, LEAST, absent=("anna",), last="anna")
    check("boris is the only one free", LEAST, loads={"anna": 3, "boris": 2}, cap=3)
    check("nobody: anna is away, boris has 3 to do", LEAST, loads={"boris": 3}, cap=3, absent=("anna",))


def test_nobody_is_looked_for_while_the_calendar_is_closed():
    check("anna has least to do (0)", LEAST, hours="day")
    check("nobody: evening is closed until Mon 2 Mar 2026 20:00 (UTC)", LEAST, hours="evening")


def test_an_agent_may_have_hours_of_his_own():
    night = {**SETTINGS.agents, "anna": replace(AGENTS["anna"], hours="evening"), "boris": replace(AGENTS["boris"], hours="day")}
    check("boris is the only one free", LEAST, settings=replace(SETTINGS, agents=night))
    check("nobody: anna does not work at this hour, boris is away", LEAST, absent=("boris",), settings=replace(SETTINGS, agents=night))


def test_the_crew_is_the_team_named_else_the_tickets_else_the_department_and_of_the_tickets_tier():
    for search, changes, expected in (
        (Search(()), {}, ("anna", "boris")),
        (Search(()), {"tier": Tier.L2}, ("clara",)),
        (Search(()), {"team": "payments"}, ("boris",)),
        (Search((), "payments"), {}, ("boris",)),
        (Search(()), {"queue": "sales"}, ("anna",)),
        (Search(()), {"queue": "gone"}, ()),
    ):
        assert find_crew(search, a_ticket(**changes), SETTINGS) == expected, (search, changes)
    check("nobody: nobody works in gone", LEAST, queue="gone")


def test_of_many_who_cannot_only_some_are_named():
    crowd = {f"agent{number}": Agent(f"agent{number}", "x", f"x{number}@acme.example") for number in range(8)}
    settings = replace(SETTINGS, agents=crowd, queues={"support": a_queue(agents=tuple(crowd))})
    check(
        "nobody: agent0 is away, agent1 is away, agent2 is away, agent3 is away, agent4 is away and 3 more",
        LEAST,
        absent=tuple(crowd),
        settings=settings,
    )
