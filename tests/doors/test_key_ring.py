"""`maild secret rotate`: a new key first, the old ones kept (INTERFACE.md; MAIL.md O1)."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import command
from maild.config.key_ring import rotate, tokens_of
from maild.config.load import load_keys
from maild.config.settings import Settings
from maild.errors import ConfigurationError, UsageError
from maild.key_watch import KeyWatch
from maild.secret import Secret
from maild.tokens import LetterKind, key_id
from tests.builders import some_settings
from tests.rig.small_office import DESK, an_office

OLD = "o" * 64


def a_desk(directory: Path, content: str = f"{OLD}\n") -> Settings:
    (directory / "secret.key").write_text(content, encoding="ascii")
    (directory / "secret.key").chmod(0o640)
    return with_secret(Secret("file", "secret.key", directory))


def with_secret(secret: Secret) -> Settings:
    settings = some_settings()
    return replace(settings, desk=replace(settings.desk, secret=secret))


def test_the_new_key_mints_and_the_old_ones_still_verify(tmp_path: Path):
    settings = a_desk(tmp_path)
    before = tokens_of(settings)
    letter, address = before.mint_message_id(LetterKind.ANSWER, 1, 2), before.mint_reply(1)
    rotated = rotate(settings)
    after = tokens_of(settings)
    assert after.read_message_id(letter)
    assert after.read_reply(address) == 1
    assert [tag.valid for tag in after.find_tags(before.mint_tag(1))] == [True]
    assert before.read_message_id(after.mint_message_id(LetterKind.ANSWER, 1, 2)) is None
    assert load_keys(settings)[1:] == (OLD.encode(),)
    assert (rotated.keys, rotated.key_id) == (2, key_id(load_keys(settings)[0]))


def test_the_file_is_private_whole_and_alone_afterwards(tmp_path: Path):
    settings = a_desk(tmp_path, f"{OLD}\r\n\n{'p' * 40}\n")
    for count in (3, 4):
        assert rotate(settings).keys == count == len(load_keys(settings))
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"]
    assert len({key_id(key) for key in load_keys(settings)}) == 4


def test_a_link_stays_a_link_to_the_file_with_the_keys(tmp_path: Path):
    settings = a_desk(tmp_path)
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "link.key").symlink_to(tmp_path / "secret.key")
    linked = with_secret(Secret("file", "link.key", tmp_path / "desk"))
    assert rotate(linked).file == tmp_path / "secret.key"
    assert (tmp_path / "desk" / "link.key").is_symlink()
    assert load_keys(linked) == load_keys(settings)


def test_a_ring_that_cannot_be_read_is_left_as_it_is(tmp_path: Path):
    settings = a_desk(tmp_path, "too short\n")
    with pytest.raises(ConfigurationError, match="is no key"):
        rotate(settings)
    assert (tmp_path / "secret.key").read_text(encoding="ascii") == "too short\n"


def test_a_secret_that_stands_elsewhere_is_left_to_its_keeper():
    with pytest.raises(UsageError, match="where maild cannot write"):
        rotate(with_secret(Secret("env", "MAILD_TEST_RING")))


def test_the_command_says_what_was_done_and_what_comes_next(tmp_path: Path):
    flags = ["--non-interactive", "--address", "support@acme.example", "--password-env", "X"]
    assert CliRunner().invoke(command, ["init", str(tmp_path / "desk"), *flags]).exit_code == 0
    done = CliRunner().invoke(command, ["-c", str(tmp_path / "desk"), "secret", "rotate"])
    assert (done.exit_code, done.stdout.startswith(f"{tmp_path}/desk/secret.key holds 2 keys")) == (0, True)
    assert "takes the new key before it reads its next mail" in done.stderr
    told = json.loads(CliRunner().invoke(command, ["-c", str(tmp_path / "desk"), "secret", "rotate", "--json"]).stdout)
    assert (told["keys"], len(told["key_id"])) == (3, 2)


def test_a_daemon_takes_a_new_key_by_itself_and_keeps_the_old_ones_where_the_file_is_spoilt(tmp_path: Path, log: pytest.LogCaptureFixture):
    office, watch, file = an_office(tmp_path), KeyWatch(), tmp_path / "secret.key"
    assert watch.renew(office) is office
    rotate(office.desk.settings)
    newest = tokens_of(office.desk.settings)
    renewed = watch.renew(office)
    minted = newest.mint_message_id(LetterKind.ANSWER, 1, 2)
    assert (office.desk.tokens.read_message_id(minted), renewed.desk.tokens.read_message_id(minted) is not None) == (None, True)
    assert (renewed.desk.settings, renewed.desk.rules) == (office.desk.settings, office.desk.rules)
    assert renewed.composer is not office.composer
    for spoil in (lambda: file.write_text("short\n", encoding="ascii"), file.unlink):
        spoil()
        assert [watch.renew(renewed) is renewed for _ in range(3)] == [True] * 3
    assert [record.getMessage() for record in log.records] == ["keys_changed", "keys_refused", "keys_refused"]


def test_a_secret_in_the_configuration_itself_waits_for_a_reload(tmp_path: Path):
    office = an_office(tmp_path, DESK.replace("{file: secret.key}", "k" * 64))
    assert KeyWatch().renew(office) is office
