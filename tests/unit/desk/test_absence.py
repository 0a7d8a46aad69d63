"""Who is away, and who is told in his place (PRODUCT 12, INTERFACE.md: notify)."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from builders import AGENTS, NOW, a_ticket, some_settings

from maild.desk.absence import describe_absence, is_spoken, read_absence, read_spoken
from maild.desk.audience import Circle, agents_named, agents_to_tell
from maild.known import Absence

ANNA = AGENTS["anna"]
AWAY = frozenset({"boris"})


def test_absences_are_said_in_words():
    def check(argument: str, until: datetime | None, deputy: str | None = None) -> None:
        assert is_spoken(argument) or argument == "3d"
        assert read_spoken(argument, ANNA, some_settings(), NOW) == Absence("anna", NOW, until, deputy)

    twelfth = datetime(2026, 5, 12, 9, tzinfo=UTC)
    check("", None)
    check("until 12 May", twelfth)
    check("Until 12 May deputy Boris", twelfth, "boris")
    check("deputy boris", None, "boris")
    check("3d deputy Boris", datetime(2026, 3, 5, 10, tzinfo=UTC), "boris")
    check("12 May deputy boris", twelfth, "boris")
    check("3d", datetime(2026, 3, 5, 10, tzinfo=UTC))


def test_the_time_is_meant_by_the_agents_own_clock():
    sofia = replace(ANNA, timezone=ZoneInfo("Europe/Sofia"))
    absence = read_absence(sofia, "12 May", "", some_settings(agents={"anna": sofia}), NOW)
    assert absence == Absence("anna", NOW, datetime(2026, 5, 12, 6, tzinfo=UTC))


def test_what_cannot_be_is_said_in_words():
    def check(argument: str, why: str) -> None:
        fault = read_spoken(argument, ANNA, some_settings(), NOW)
        assert isinstance(fault, str)
        assert why in fault

    check("until someday", '"someday" is no time; write it as in 3d')
    check("until 1 March 2026", "is past")
    check("on holiday", '"on holiday" is no time')
    check("deputy bors", 'there is no agent "bors" (did you mean "boris"?)')
    check("on holiday deputy boris", '"on holiday" is no time')
    check("until 12 May deputy anna", "nobody stands in for himself")


def test_an_absence_is_described():
    assert describe_absence(Absence("boris", NOW), some_settings()) == "Boris Petrov is away"
    until = Absence("boris", NOW, datetime(2026, 5, 12, 9, tzinfo=UTC))
    assert describe_absence(until, some_settings()) == "Boris Petrov is away until Tue 12 May 2026 09:00 (UTC)"


def test_others_are_told_while_he_is_away():
    def check(circle: Circle, told: tuple[str, ...], deputy: str = "", owner: str | None = None, away: frozenset[str] = AWAY) -> None:
        deputies = {"boris": deputy} if deputy else {}
        assert agents_to_tell(circle, a_ticket(owner=owner), settings, absent=away, deputies=deputies) == told

    settings = some_settings(agents={**AGENTS, "ivan": replace(AGENTS["boris"], key="ivan", notify="mine")})
    check("agents", ("anna",))
    check("owner", ("anna",), owner="boris")
    check("owner", ("ivan",), owner="boris", deputy="ivan")
    check("owner", ("anna",), owner="boris", deputy="gone")
    check("owner", ("anna",), owner="boris", deputy="ivan", away=frozenset({"boris", "ivan"}))
    check("owner", ("anna",), owner="anna", deputy="ivan")
    check("agents", (), away=frozenset({"anna", "boris"}))


def test_rules_tell_others_too_but_for_who_is_named_himself():
    ticket, settings = a_ticket(owner="boris"), some_settings()
    assert agents_named(["owner"], ticket, settings, absent=AWAY, deputies={"boris": "anna"}) == ("anna",)
    assert agents_named(["payments"], ticket, settings, absent=AWAY) == ()
    assert agents_named(["boris"], ticket, settings, absent=AWAY) == ("boris",)
