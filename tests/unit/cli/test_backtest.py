"""What a backtest says beside its figures."""

from builders import a_queue, some_settings

from cli.backtest import describe_modes
from maild.config.settings import Mode


def test_where_a_mode_keeps_letters_back_no_mail_does_not_mean_that_rules_want_none():
    settings = some_settings(
        queues={"support": a_queue(mode=Mode.OBSERVE), "sales": a_queue("sales", mode=Mode.AGENTS), "hr": a_queue("hr")}
    )
    sentence = "queue support is in mode observe: what its mode keeps back is not among the mails"
    assert [text.partition(":")[0] for text in describe_modes(settings, None)] == [
        "queue support is in mode observe",
        "queue sales is in mode agents",
    ]
    assert list(describe_modes(settings, "support")) == [sentence]
    assert list(describe_modes(settings, "hr")) == []
