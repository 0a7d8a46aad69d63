"""When the spam filter is asked, and when it is left alone."""

import threading

from maild.config.settings import Rspamd
from maild.errors import FilterUnavailableError
from maild.ingest.inquiry import AT_ONCE, Inquiry
from maild.ingest.opinion import Opinion

OURS = Rspamd("http://127.0.0.1:11333")
HEARD = Opinion(OURS.name, 1, 15, "no action")


class Filter:
    """One that can be broken; `asked` are the mails it was shown, `now` is everybody's clock."""

    def __init__(self) -> None:
        self.is_broken = False
        self.asked: list[bytes] = []
        self.told: list[tuple[str, str]] = []
        self.now = 0.0
        self.inquiry = Inquiry(lambda name, trouble: self.told.append((name, trouble)), self.ask, lambda: self.now)

    def ask(self, rspamd: Rspamd, raw: bytes) -> Opinion:
        self.asked.append(raw)
        if self.is_broken:
            raise FilterUnavailableError("it is out")
        return HEARD

    def show(self, *mails: bytes | None, rspamd: Rspamd | None = OURS) -> list[Opinion | None]:
        """One after the other."""
        return [opinion for mail in mails for opinion in self.inquiry.hear(self.inquiry.ask_ahead(rspamd, [mail]))]


def problems(opinions: list[Opinion | None]) -> list[str]:
    return [opinion.problem for opinion in opinions if opinion]


def test_each_mail_gets_its_own_opinion_in_order():
    inquiry = Inquiry(ask=lambda rspamd, raw: Opinion(rspamd.name, float(raw), 15, "no action"))
    heard = inquiry.hear(inquiry.ask_ahead(OURS, [b"%d" % number for number in range(50)]))
    assert [opinion.score for opinion in heard if opinion] == list(range(50))


def test_nobody_is_asked_where_no_filter_is_configured_or_the_mail_is_not_for_it():
    filter_ = Filter()
    assert filter_.show(b"1", b"2", rspamd=None) == [None, None]
    assert filter_.show(None, b"2", None) == [None, HEARD, None]
    assert filter_.asked == [b"2"]


def test_mails_of_a_batch_are_shown_at_once():
    together = threading.Barrier(AT_ONCE, timeout=10)

    def ask(rspamd: Rspamd, raw: bytes) -> Opinion:
        together.wait()
        return HEARD

    inquiry = Inquiry(ask=ask)
    assert inquiry.hear(inquiry.ask_ahead(OURS, [b"x"] * (3 * AT_ONCE))) == [HEARD] * (3 * AT_ONCE)


def test_a_dead_filter_is_left_alone_after_three_failures_and_then_tried_with_one_mail():
    filter_ = Filter()
    filter_.is_broken = True
    assert (
        problems(filter_.show(*[b"x"] * 5))
        == ["it is out"] * 3 + ["it is left alone for 30 s more, since 3 questions in a row have failed (it is out)"] * 2
    )
    filter_.now += 29
    filter_.show(b"x")
    assert len(filter_.asked) == 3
    filter_.now += 1
    filter_.show(b"x", b"x", b"x")
    assert len(filter_.asked) == 4, "one is the trial"
    filter_.now += 59
    filter_.show(b"x")
    assert len(filter_.asked) == 4, "the second rest is twice as long"
    filter_.is_broken = False
    filter_.now += 1
    assert filter_.show(*[b"x"] * 4) == [HEARD] * 4
    filter_.is_broken = True
    assert problems(filter_.show(b"x", b"x", b"x")) == ["it is out"] * 3, "it has all our patience again"


def test_no_rest_is_longer_than_ten_minutes():
    filter_ = Filter()
    filter_.is_broken = True
    filter_.show(b"x", b"x", b"x")
    for _ in range(40):
        filter_.now += 600
        before = len(filter_.asked)
        filter_.show(b"x")
        assert len(filter_.asked) == before + 1


def test_a_failure_now_and_then_is_forgiven():
    filter_ = Filter()
    for _ in range(10):
        filter_.is_broken = True
        filter_.show(b"x", b"x")
        filter_.is_broken = False
        filter_.show(b"x")
    assert len(filter_.asked) == 30


def test_trouble_is_told_once_and_so_is_its_end():
    filter_ = Filter()
    filter_.show(b"x", b"x")
    filter_.is_broken = True
    filter_.show(*[b"x"] * 6)
    filter_.is_broken = False
    filter_.now += 30
    filter_.show(b"x")
    assert filter_.told == [(OURS.name, ""), (OURS.name, "it is out"), (OURS.name, "")]


def test_another_filter_starts_with_all_our_patience():
    filter_ = Filter()
    filter_.is_broken = True
    filter_.show(*[b"x"] * 4)
    filter_.is_broken = False
    assert filter_.show(b"x", rspamd=Rspamd("http://127.0.0.1:11444")) == [HEARD]


def test_a_question_that_never_ends_keeps_nobody_waiting_for_long():
    never = threading.Event()

    def ask(rspamd: Rspamd, raw: bytes) -> Opinion:
        never.wait(30)
        return HEARD

    inquiry = Inquiry(ask=ask)
    quick = Rspamd("http://name.example:11333", OURS.timeout / 10)
    assert problems(inquiry.hear(inquiry.ask_ahead(quick, [b"x"] * 2))) == ["no answer in all the time there was"] * 2
    never.set()
