"""From files to settings: the contract's example, defaults, inheritance, and any bytes whatsoever."""

import os
import time
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.context import find_directory
from maild.config.load import load_keys, load_settings, require_settings
from maild.config.schema import (
    MAILBOX,
    SMTP,
    TOP_LEVEL_KEYS,
    agent,
    calendar,
    desk,
    outbox,
    queue,
    retention,
    spam,
    spam_score,
    storage,
    trust,
)
from maild.config.settings import After, Limits, Mode, Queue, Rate, Role, Settings, SpamFlag, SpamPolicy, SpamScore
from maild.desk.calendar import Calendar, Hours
from maild.errors import ConfigurationError
from maild.secret import Secret

ETC = Path(__file__).parents[2] / "etc"

CONTRACT = r"""
desk:
  name: Acme Support            # shown to people
  tag: Acme                     # [Acme #1042-7QKD] in subjects
  domain: acme.example          # right-hand side of our Message-IDs
  secret: {file: secret.key}    # keys of all tokens; `maild init` writes it, mode 0600
  timezone: Europe/Sofia
  language: en
  admins: [ops@acme.example]    # held mail, tripped brakes, unreachable mailboxes
storage: {url: "sqlite:///maild.db"}          # default; or postgresql+psycopg://…
imap: {host: imap.acme.example, port: 993, security: tls}   # defaults of every mailbox; security: tls | starttls | none
smtp: {host: smtp.acme.example, port: 587, security: starttls, username: desk, password: {env: MAILD_SMTP_PASSWORD}}
trust: {authserv_ids: [mx.acme.example], agent_auth: token+dmarc}   # token+dmarc | token | dmarc
queues:
  support:
    name: Support
    address: support@acme.example
    aliases: [help@acme.example]
    mailbox:
      {username: support@acme.example, password: {env: SUPPORT_PASSWORD}, folder: INBOX, start: 24h, after: keep, sent: auto, junk: watch}
    agents: [anna, boris]
    lead: anna
  sales: {address: sales@acme.example, mailbox: {username: sales@acme.example, password: {file: sales.pw}}, agents: [boris]}
  billing: {address: billing@acme.example, mailbox: support, agents: [anna]}   # arrives in support's mailbox, told apart by recipient
teams: {payments: [anna, boris]}
agents:
  anna: {name: Anna Ivanova, email: anna@acme.example, role: lead}             # role: agent | lead | admin
  boris: {name: Boris Petrov, email: boris@acme.example}
"""

DEFAULTS = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}, control: null, legacy_tags: [], first_number: 1,
  reopen_days: 30, on_crossing: hold, default_visibility: public, answers_from: agent, tag_position: prefix,
  attach_max: 20MiB, precedence: off, plus: auto}
imap: {host: imap.acme.example}
smtp: {host: smtp.acme.example, username: null, password: null}
trust: {authserv_ids: [mx.acme.example], hops: 1, agent_auth: null, tag_check: on, tag_grants: anybody, unauthenticated: ticket}
spam: {strangers: quarantine, evidence: trusted, flags: {}, scores: {}}
queues:
  support: {address: support@acme.example, agents: [anna], mode: live, ack: always, notify: {new: agents, reply: owner},
    statuses: [closed], assign: manual, send_after: 0s, split: false, copy_to_sent: false, language: null, calendar: null,
    signature: null, brand: null, smtp: null,
    mailbox: {password: {file: mail.pw}, folder: INBOX, start: 24h, after: keep, sent: auto, junk: watch, max_size: 25MiB,
      mark_seen: never, provider: null, allow_plaintext: false}}
agents:
  anna: {email: anna@acme.example, emails: [], logins: [], role: agent, notify: all, quiet: null, hours: null, timezone: null, tier: 1}
outbox: {unknown_retry: 15m}
limits: {automatic: {per_recipient: [3/1h, 10/1d], per_domain: 60/1h, per_queue: 300/1h, breaker: 600/10m},
  storm: {per_sender: 5/10m, per_domain: 50/10m}}
retention: {closed: never, spam: 30d, quarantine: 30d, attachments: never}
"""

SMALL = """
desk: {name: Acme, tag: Acme, domain: acme.example, secret: {file: secret.key}}
imap: {host: imap.acme.example}
smtp: {host: smtp.acme.example, username: desk, password: {file: smtp.pw}}
trust: {authserv_ids: [mx.acme.example]}
queues:
  support: {address: support@acme.example, agents: [anna], mailbox: {password: {file: mail.pw}}}
agents: {anna: {email: anna@acme.example}}
"""


def load(directory: Path, main: str, **parts: str) -> Settings:
    """The settings of a desk that must have no faults at all."""
    (directory / "maild.yaml").write_text(main, encoding="utf-8")
    for name, text in parts.items():
        (directory / f"{name}.yaml").write_text(text, encoding="utf-8")
    loaded = load_settings(directory)
    assert [fault.describe(directory) for fault in loaded.faults] == []
    assert loaded.settings is not None
    return loaded.settings


def test_the_example_of_the_contract_loads(tmp_path: Path):
    loaded = load(tmp_path, CONTRACT)
    assert loaded.desk.admins == ("ops@acme.example",)
    assert set(loaded.mailboxes) == {"support", "sales"}
    assert loaded.queues["billing"].mailbox == "support"
    assert loaded.mailboxes["sales"].host == "imap.acme.example"
    assert loaded.mailboxes["sales"].password == Secret("file", "sales.pw", tmp_path)
    assert loaded.queues["support"].addresses == ("support@acme.example", "help@acme.example")
    assert loaded.agents["anna"].role is Role.LEAD
    assert loaded.teams == {"payments": ("anna", "boris")}


def test_what_the_contract_calls_a_default_is_the_default(tmp_path: Path):
    written = load(tmp_path, DEFAULTS)
    small = load(tmp_path, SMALL.replace(", username: desk, password: {file: smtp.pw}", ""))
    assert written == small
    assert small.limits == Limits()
    assert small.queues["support"] == Queue("support", "Support", "support@acme.example", "support", agents=("anna",))


def test_the_annotated_desk_loads_and_explains_every_key():
    loaded = load_settings(ETC)
    assert [fault.describe(ETC) for fault in loaded.faults] == []
    words = (ETC / "maild.yaml").read_text(encoding="utf-8")
    records = (desk, storage, trust, queue, agent, calendar, outbox, spam, spam_score, retention)
    names = [*TOP_LEVEL_KEYS, *(key.name for key in (*MAILBOX, *SMTP)), *(key.name for record in records for key in record.keys)]
    assert [name for name in names if f"{name}:" not in words] == []


def test_a_mailbox_takes_from_imap_what_it_does_not_say(tmp_path: Path):
    main = SMALL.replace("{host: imap.acme.example}", "{host: imap.acme.example, port: 1993, start: 3d, after: {move: Done}}")
    mailbox = load(tmp_path, main).mailboxes["support"]
    assert (mailbox.port, mailbox.start, mailbox.after) == (1993, timedelta(days=3), After("move", "Done"))
    assert mailbox.username == "support@acme.example"
    own = load(tmp_path, main.replace("{file: mail.pw}", "{file: mail.pw}, start: now, after: delete, username: desk, security: starttls"))
    mailbox = own.mailboxes["support"]
    assert (mailbox.port, mailbox.start, mailbox.after, mailbox.username) == (143, timedelta(0), After("delete"), "desk")


def test_agents_are_proved_twice_where_somebody_judges_the_senders_in_each_mailbox(tmp_path: Path):
    def agent_auth(provider: str, trust: str = "") -> str:
        main = SMALL.replace("trust: {authserv_ids: [mx.acme.example]}\n", trust).replace("{file: mail.pw}", f"{{file: mail.pw}}{provider}")
        (tmp_path / "maild.yaml").write_text(main, encoding="utf-8")
        loaded = load_settings(tmp_path)
        assert loaded.settings is not None
        codes = "".join(f" {fault.code}" for fault in loaded.faults)
        return f"{loaded.settings.trust.agent_auth}{codes}"

    assert agent_auth("") == "token W303"
    assert agent_auth(", provider: microsoft365") == "token+dmarc"
    assert agent_auth(", provider: gmail", "trust: {agent_auth: null}\n") == "token+dmarc"
    assert agent_auth(", provider: gmail", "trust: {agent_auth: dmarc}\n") == "dmarc"
    assert agent_auth(", provider: gmail", "trust: {agent_auth: token}\n") == "token W303"


def test_a_desk_may_say_what_spam_is(tmp_path: Path):
    own = """spam:
  strangers: ticket
  evidence: anywhere
  flags: {X-Our-Filter: [bad, "*;spam"], X-Mark: yes, X-Spam-Flag: []}
  scores: {X-Rspamd-Score: 10.5, X-Our-Score: {after: "points=", from: 80}}
"""
    assert load(tmp_path, SMALL + own).spam == SpamPolicy(
        "ticket",
        "anywhere",
        (SpamFlag("X-Our-Filter", ("bad", "*;spam")), SpamFlag("X-Mark", ("yes",)), SpamFlag("X-Spam-Flag", ())),
        (SpamScore("X-Rspamd-Score", 10.5), SpamScore("X-Our-Score", 80, "points=")),
    )
    assert load(tmp_path, SMALL + "spam: off\n").spam is None


def test_a_queue_may_send_by_an_account_of_its_own(tmp_path: Path):
    account = (
        load(tmp_path, SMALL.replace("agents: [anna],", "agents: [anna], smtp: {username: s, password: {file: s.pw}},"))
        .queues["support"]
        .smtp
    )
    assert account is not None
    assert (account.host, account.port, account.username, account.password) == (
        "smtp.acme.example",
        587,
        "s",
        Secret("file", "s.pw", tmp_path),
    )


def test_a_port_tells_its_usual_security(tmp_path: Path):
    loaded = load(
        tmp_path,
        SMALL.replace("imap.acme.example}", "imap.acme.example, port: 143}").replace("username: desk", "port: 465, username: desk"),
    )
    assert loaded.mailboxes["support"].security == "starttls"
    assert loaded.smtp is not None
    assert loaded.smtp.security == "tls"


def test_plaintext_is_for_this_machine_or_for_those_who_insist(tmp_path: Path):
    for host in ("127.0.0.1", "localhost", '"::1"', "mail.localhost", "10.0.0.1, allow_plaintext: true"):
        loaded = load(tmp_path, SMALL.replace("{host: imap.acme.example}", f"{{host: {host}, port: 1143, security: none}}"))
        assert loaded.mailboxes["support"].security == "none"


def test_brakes_can_be_switched_off_one_by_one_or_all(tmp_path: Path):
    limits = load(tmp_path, SMALL + "limits: {automatic: off, storm: off}\n").limits
    assert (limits.automatic, limits.storm) == (None, None)
    limits = load(tmp_path, SMALL + "limits: {automatic: {per_recipient: off, breaker: off, per_queue: 5/1m}}\n").limits
    assert limits.automatic is not None
    assert (limits.automatic.per_recipient, limits.automatic.breaker) == ((), None)
    assert limits.automatic.per_queue == Rate(5, timedelta(minutes=1))
    assert limits.storm == Limits().storm


def test_two_proofs_are_the_default_where_a_server_can_be_trusted(tmp_path: Path):
    assert load(tmp_path, SMALL).trust.agent_auth == "token+dmarc"
    (tmp_path / "maild.yaml").write_text(SMALL.replace("[mx.acme.example]", "[]"))
    loaded = load_settings(tmp_path)
    assert loaded.settings is not None
    assert loaded.settings.trust.agent_auth == "token"
    assert [fault.code for fault in loaded.faults] == ["W303"]


def test_each_top_level_key_may_be_a_file_of_its_own(tmp_path: Path):
    whole = load(tmp_path, SMALL)
    rest = SMALL[: SMALL.index("queues:")]
    queues = "support: {address: support@acme.example, agents: [anna], mailbox: {password: {file: mail.pw}}}\n"
    agents = "agents:\n  anna: {email: anna@acme.example}\n"  # the key repeated at the top is understood too
    assert load(tmp_path, rest, queues=queues, agents=agents) == whole
    assert load(tmp_path, rest, teams="payments: [anna]\n").teams == {"payments": ("anna",)}


def test_calendars_have_the_desks_time_zone_or_their_own(tmp_path: Path):
    main = SMALL.replace("desk: {", "desk: {timezone: Europe/Sofia, ").replace("agents: [anna],", "agents: [anna], calendar: office,")
    calendars = """
office: {hours: {mon-thu: 09:00-18:00, Fri: ["10:00 - 12:00", "13:00-24:00"]}, holidays: [2026-05-06, 02-29]}
night: {timezone: Asia/Tehran, hours: {sat-sun: 22:00-06:00}}
weekend: {hours: {fri-mon: 00:00-24:00}}
"""
    loaded = load(tmp_path, main, calendars=calendars)
    assert loaded.queues["support"].calendar == "office"
    nine_to_six, all_day = (Hours(540, 1080),), (Hours(0, 1440),)
    friday, sofia = (Hours(600, 720), Hours(780, 1440)), ZoneInfo("Europe/Sofia")
    saturday, sunday, monday = (Hours(1320, 1440),), (Hours(0, 360), Hours(1320, 1440)), (Hours(0, 360),)
    assert loaded.calendars == {
        "office": Calendar(sofia, (*(nine_to_six,) * 4, friday, (), ()), frozenset({date(2026, 5, 6)}), frozenset({(2, 29)})),
        "night": Calendar(ZoneInfo("Asia/Tehran"), (monday, (), (), (), (), saturday, sunday)),
        "weekend": Calendar(sofia, (all_day, (), (), (), all_day, all_day, all_day)),
    }
    assert load(tmp_path, SMALL, calendars=calendars).calendars["office"].zone == ZoneInfo("UTC")


def test_byte_order_marks_and_windows_line_ends_are_accepted(tmp_path: Path):
    (tmp_path / "maild.yaml").write_bytes(b"\xef\xbb\xbf" + SMALL.replace("\n", "\r\n").encode())
    loaded = load_settings(tmp_path)
    assert loaded.faults == ()
    assert loaded.settings is not None


def test_modes_and_notices_are_read(tmp_path: Path):
    queue = load(tmp_path, SMALL.replace("agents: [anna],", "agents: [anna], mode: observe, statuses: [], ack: off,")).queues["support"]
    assert (queue.mode, queue.statuses, queue.ack) == (Mode.OBSERVE, frozenset(), "off")


def test_the_faults_travel_with_the_error(tmp_path: Path):
    (tmp_path / "maild.yaml").write_text(SMALL.replace("tag:", "tga:"))
    with pytest.raises(ConfigurationError, match="1 error") as caught:
        require_settings(tmp_path)
    assert [fault.code for fault in caught.value.faults] == ["E102"]


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path):
    assert [fault.code for fault in load_settings(tmp_path / "nowhere").faults] == ["E100"]
    (tmp_path / "file").write_text("")
    assert [fault.code for fault in load_settings(tmp_path / "file").faults] == ["E100"]


def test_a_pipe_or_a_circle_of_links_does_not_hang(tmp_path: Path):
    os.mkfifo(tmp_path / "maild.yaml")
    (tmp_path / "queues.yaml").symlink_to(tmp_path / "queues.yaml")
    assert [fault.code for fault in load_settings(tmp_path).faults] == ["E100", "E100"]


def test_billions_of_laughs_are_refused_at_once(tmp_path: Path):
    levels = [f"  {chr(98 + level)}: &{chr(98 + level)} [{', '.join(['*' + chr(97 + level)] * 9)}]" for level in range(20)]
    (tmp_path / "maild.yaml").write_text(SMALL + "sla:\n  a: &a [ha]\n" + "\n".join(levels))
    started = time.monotonic()
    assert {fault.code for fault in load_settings(tmp_path).faults} == {"E104", "W300"}
    assert time.monotonic() - started < 1


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=400))
def test_any_bytes_give_faults_or_settings(tmp_path: Path, raw: bytes):
    (tmp_path / "maild.yaml").write_bytes(raw)
    loaded = load_settings(tmp_path)
    assert (loaded.settings is None) == any(fault.code.startswith("E") for fault in loaded.faults)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_slip_in_a_good_desk_gives_faults_or_settings(tmp_path: Path, data: st.DataObject):
    start = data.draw(st.integers(0, len(DEFAULTS)))
    end = data.draw(st.integers(start, min(len(DEFAULTS), start + 12)))
    slip = data.draw(
        st.text(st.characters(codec="utf-8"), max_size=6) | st.sampled_from(["[]", "{}", "null", "~", "-1", ": ", "\n", '"', "*a", "&a "])
    )
    (tmp_path / "maild.yaml").write_text(DEFAULTS[:start] + slip + DEFAULTS[end:], encoding="utf-8", newline="")
    loaded = load_settings(tmp_path)
    assert (loaded.settings is None) == any(fault.code.startswith("E") for fault in loaded.faults)


def test_the_directory_is_the_flag_else_the_environment_else_etc(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MAILD_CONFIG", "/srv/desk")
    assert find_directory("here") == Path.cwd() / "here"
    assert find_directory(None) == Path("/srv/desk")
    monkeypatch.delenv("MAILD_CONFIG")
    assert find_directory(None) == Path("/etc/maild")


def keys_in(tmp_path: Path, content: str) -> tuple[bytes, ...]:
    (tmp_path / "secret.key").write_bytes(content.encode())
    return load_keys(load(tmp_path, SMALL))


def test_keys_stand_one_a_line_newest_first(tmp_path: Path):
    new, old = "n" * 64, "any printable words of 32 characters"
    (tmp_path / "secret.key").touch(0o600)
    assert keys_in(tmp_path, f"{new}\n{old}\n") == (new.encode(), old.encode())
    assert keys_in(tmp_path, f"{new}\r\n\r\n{old}") == (new.encode(), old.encode())
    assert keys_in(tmp_path, "ключ, в котором тридцать два знака") == ("ключ, в котором тридцать два знака".encode(),)


def test_a_short_or_unprintable_key_is_refused(tmp_path: Path):
    (tmp_path / "secret.key").touch(0o600)
    for content in ("", "\n", "k" * 31, "k" * 40 + "\n" + "short", "k" * 40 + "\x00"):
        with pytest.raises(ConfigurationError, match="secret"):
            keys_in(tmp_path, content)
