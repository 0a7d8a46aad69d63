"""The first line of every letter to an agent says where a reply will go, and there it goes (MAIL.md A6, O7)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from pathlib import Path
from shutil import copytree

from maild.store import tickets
from maild.store.engine import open_store
from maild.ticket import MessageKind
from tests.rig.mails import parsed
from tests.rig.office import an_answer_to, text_of
from tests.rig.replay import Replay, a_replay
from tests.rig.ticket_life import ANN, ANNA, BORIS, TWO_AGENTS, Life

WORDS = "Some plain words for whoever reads this."


def test_a_reply_to_any_letter_goes_where_its_first_line_says(tmp_path: Path):
    """Each is answered with plain words on a copy of the desk. What has crossed with a colleague's answer comes back instead (A11)."""
    (tmp_path / "desk").mkdir()
    with a_replay(tmp_path / "desk", TWO_AGENTS) as desk:
        life = Life(desk)
        number = life.live()
        told = [(who, letter) for who in (ANNA, BORIS) for letter in life.letters(who, number)]
    went: Counter[str] = Counter()
    numbers = count(1)
    for who, letter in told:
        first = text_of(letter).partition("\n")[0]
        with a_copy(desk, tmp_path, next(numbers)) as copy:
            before = said(copy, number)
            copy.receive(an_answer_to(letter, who, f"{WORDS}\n", date=life.now), life.now + timedelta(minutes=5))
            outside = [parsed(sent.raw) for address, letters in copy.letters.items() if address not in (ANNA, BORIS) for sent in letters]
            added = said(copy, number) - before
            returned = [text_of(parsed(sent.raw)) for sent in copy.letters.get(who, ())]
        if first == "Reply = internal note":
            assert (outside, added) == ([], Counter({(MessageKind.NOTE, WORDS): 1})), first
        elif outside:
            assert first == "Reply = to Ann"
            assert [str(mail["To"]) for mail in outside] == [f"Ann <{ANN}>"]
            assert text_of(outside[0]).startswith(f"{WORDS}\n")
            assert added == Counter({(MessageKind.AGENT, WORDS): 1})
        else:
            assert "A colleague has answered since the notification" in returned[0]
        went["inside" if first == "Reply = internal note" else "outside" if outside else "crossed"] += 1
    assert went == {"outside": 7, "inside": 2, "crossed": 2}


@contextmanager
def a_copy(desk: Replay, directory: Path, number: int) -> Iterator[Replay]:
    """The desk as it stands, to go on alone."""
    copytree(directory / "desk", directory / str(number))
    store = open_store("sqlite:///replay.db", directory / str(number), create=False)
    try:
        yield Replay(desk.office, store)
    finally:
        store.close()


def said(desk: Replay, number: int) -> Counter[tuple[MessageKind, str]]:
    with desk.store.reading() as tx:
        return Counter((row.kind, row.visible) for row in tickets.list_messages(tx, number))
