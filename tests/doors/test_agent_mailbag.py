"""Every kind of agent's mail through the real walk and store: nothing leaks, mistakes come back, what is well-formed is done (A5-A8)."""

from pathlib import Path
from random import Random

from tests.rig.agent_mailbag import (
    AGENT,
    KNOWN,
    OTHER_WORDS,
    AgentMailbag,
    Errand,
    Outcome,
    an_agents_desk,
    errands,
    find_leaks,
    find_pieces,
    ways,
)
from tests.rig.mail_forms import PROGRAMS, Place
from tests.rig.mails import an_email, parsed

TEXT, HTML = "text/plain; charset=utf-8", "text/html; charset=utf-8"


def test_nothing_leaks_and_all_or_nothing_is_done(tmp_path: Path):
    with an_agents_desk(tmp_path) as desk:
        judged = list(AgentMailbag(desk).empty())
    assert [mail for mail in judged if mail.leaks] == []
    assert [mail for mail in judged if mail.faults] == []
    written = "\n".join(mail.what for mail in judged)
    assert [way for way in ways() if f"({way})" not in written] == []


def test_a_bag_has_every_command_rightly_and_wrongly_and_every_way_of_writing():
    kinds = errands(Random(1))
    words = {errand.text.partition(" ")[0].partition("\n")[0] for errand in kinds}
    assert {f"#{word}" for word in KNOWN | OTHER_WORDS.keys()} <= words
    assert sum(errand.what.startswith("mistyped") for errand in kinds) == len(KNOWN | OTHER_WORDS.keys())
    assert {way.program for way in ways()} == set(PROGRAMS)
    assert {way.place for way in ways() if way.html_only} == set(Place)
    assert {way.place for way in ways() if way.columns} == set(Place)
    assert {errand.outcome for errand in kinds} >= {Outcome.SENT, Outcome.INSIDE, Outcome.RETURNED}


def test_the_judge_sees_what_leaks():
    errand = Errand("", "#note\nHe owes us money.", Outcome.INSIDE, "He owes us money.")
    token = "n.1042.77.0aabcdefghijklmnop"
    for body, content_type, leak in (
        (f"Write to {AGENT}.", TEXT, "an agent's address"),
        (f'<a href="mailto:{AGENT}">me</a>', HTML, "an agent's address"),
        (f"> maild-ref: {token}", TEXT, "a token"),
        (f"<p>See {token}</p>", HTML, "a token"),
        ("<p><b>#clsoe</b></p><p>Here it is.</p>", HTML, "a command line"),
        ("Hello,\n ＃note\n", TEXT, "a command line"),
        ("He owes us money.", TEXT, "words that were not to be sent"),
    ):
        letter = parsed(an_email(body=body, content_type=content_type))
        assert [found.partition(":")[0] for found in find_leaks(letter, errand)] == [leak], body
    assert not list(find_leaks(parsed(an_email(body=f"Dear joan{AGENT}, it is #1.")), errand))


def test_the_judge_sees_pieces_of_the_notification():
    said = "Reply = to Ann Smith\n\nWhere is my order?\n\n----------\nTicket: 1042\nCustomer: since 2025-11-20, last with Boris\n"
    for body, leaks in (("It is on its way, Ann Smith.\n> Where is my order?", False), ("On its way.\nlast with\nBoris", True)):
        assert bool(list(find_pieces(parsed(an_email(body=body)), said))) is leaks
