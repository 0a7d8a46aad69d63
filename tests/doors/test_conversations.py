"""A ticket is one conversation in everybody's mail program, whatever happens to it: as a server threads mail, and as Gmail does (O2, O3).

Thunderbird and mutt thread as Dovecot does (RFC 5256, by References, REFS: never by subject). Gmail and Outlook want one subject besides.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.rig.dovecot import DovecotServer
from tests.rig.mails import parsed
from tests.rig.replay import a_replay
from tests.rig.ticket_life import ANN, ANNA, BORIS, TWO_AGENTS, Life


def test_it_is_one_thread_on_a_real_server_in_every_mailbox_under_one_subject(tmp_path: Path, dovecot: DovecotServer):
    """Two tickets of one customer, about the same."""
    with a_replay(tmp_path, TWO_AGENTS) as desk:
        life = Life(desk)
        numbers = life.live(), life.live()
    for who, fewest in ((ANN, 3), (ANNA, 7), (BORIS, 4)):
        assert sorted(map(len, threaded(dovecot, who, life.mailbox(who)))) == [1, 1], who
        for number in numbers:
            letters = life.letters(who, number)
            assert len(letters) >= fewest, who
            assert len({str(letter["Subject"]) for letter in letters}) == 1, who
            (first,) = {str(letter["References"]).split()[0] for letter in letters}
            assert first.startswith(f"<t.{number}."), who


def threaded(dovecot: DovecotServer, who: str, mails: list[bytes]) -> list[set[str]]:
    """The tags in each of the threads that the server makes of these mails."""
    dovecot.wipe(who)
    dovecot.append_all(who, mails)
    with dovecot.connect(who) as client:
        client.select_folder("INBOX", readonly=True)
        threads = [sorted(flat(thread)) for thread in client.thread("REFS")]
    assert sorted(number for thread in threads for number in thread) == list(range(1, len(mails) + 1))
    return [{tag_of(mails[number - 1]) for number in thread} - {""} for thread in threads]


def flat(thread: Iterable[object]) -> Iterator[int]:
    """The numbers in a thread of threads."""
    for each in thread:
        if isinstance(each, int):
            yield each
        elif isinstance(each, tuple | list):
            yield from flat(each)


def tag_of(raw: bytes) -> str:
    """ "" in her first mail, which has none."""
    _, begun, rest = str(parsed(raw)["Subject"]).partition("[Acme ")
    return rest.partition("]")[0] if begun else ""
