"""Some weeks of mail, kept in the real store: every mail comes to its ticket, and none to another's (MAIL.md F3-F9)."""

from pathlib import Path

from tests.rig.mailbag import Mailbag, Told, score
from tests.rig.replay import a_replay


def test_mail_finds_its_ticket_and_no_other(tmp_path: Path):
    with a_replay(tmp_path) as desk:
        result = score(Mailbag(desk, seed=5).empty(20))
    assert result.mails > 100
    assert result.precision == 1.0, result.astray
    assert result.recall >= 0.95, result.astray


def test_the_score_counts_pairs_and_names_what_went_astray():
    right = [Told("a", 1, ""), Told("a", 1, ""), Told("b", 2, ""), Told("c", None, ""), Told("d", None, "")]
    assert (score(right).precision, score(right).recall, score(right).astray) == (1.0, 1.0, ())
    lost = [*right, Told("a", 3, "lost")]
    assert (score(lost).precision, score(lost).recall, [mail.what for mail in score(lost).astray]) == (1.0, 1 / 3, ["lost"])
    wrong = [*right, Told("e", 1, "wrong")]
    assert (score(wrong).precision, score(wrong).recall, [mail.what for mail in score(wrong).astray]) == (1 / 3, 1.0, ["wrong"])
