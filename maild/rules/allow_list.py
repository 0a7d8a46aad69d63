"""The allow-list: a rule file that people read and edit, and to whose end `maild message release --train` adds senders (MAIL.md S5).

What is written is tried together with all other rules before it takes the file's place. The daemon heeds it from its next reload on.
"""

import json
from itertools import chain
from pathlib import Path

from maild.config.faults import Faults
from maild.config.initial import quoted
from maild.config.nodes import Items, Scalar, Table, parse_yaml
from maild.config.settings import Settings
from maild.errors import UsageError
from maild.rules.load import load_rules
from maild.rules.rule_files import replace_file

FILE = "05-allowed.yaml"
LIST = "allowed_senders"
_NEW = """\
# Senders whose mail is let in whatever a spam filter says, if they are authenticated. `maild message release ID --train` adds a line at the
# end. Edit it as you like, as long as the list stays last; then reload. A domain stands for all addresses in it and below it.
version: 1

rules:
  - id: allowed-senders
    about: Senders that were let out of quarantine for good.
    when: mail.received
    if: {from: {listed: $allowed_senders}}
    do: [{allow: its sender was let in by hand}]
    OWNER

lists:
  allowed_senders:
"""


def allow_sender(settings: Settings, address: str, why: str) -> bool:
    """Add a sender to the desk's allow-list, with a comment that says why; False if he stands there already.

    Raises:
        UsageError: nothing could be added so that the rules are valid and the sender is in the list. The file is left as it was.
    """
    path = settings.directory / "rules" / FILE
    try:
        before = path.read_text(encoding="utf-8") if path.exists() else _new_file(settings)
        if address.casefold() in _senders(before, path):
            return False
        after = f"{before.rstrip()}\n    - {json.dumps(address, ensure_ascii=False)}    # {_one_line(why)}\n"
        _try(after, address, path, settings)
        replace_file(path, after.encode())
    except (OSError, UnicodeError) as error:
        raise UsageError(f"{address} was not added to the allow-list: {path}: {error}") from error
    return True


def _new_file(settings: Settings) -> str:
    """The file without a sender. The first admin answers for its rule, by his key where he is an agent; else a department's lead."""
    admins = (agent.key if (agent := settings.agent_at(admin)) else admin for admin in settings.desk.admins)
    leads = (queue.lead for queue in settings.queues.values() if queue.lead)
    owner = next(chain(admins, leads), None)
    return _NEW.replace("OWNER", f"owner: {quoted(owner)}" if owner else "# owner: who answers for this rule")


def _one_line(text: str) -> str:
    """A comment is one line, of characters YAML takes."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


def _senders(text: str, path: Path) -> frozenset[str]:
    """Everybody in the file's list."""
    root = parse_yaml(text.encode(), path, Faults())
    lists = root.get("lists") if isinstance(root, Table) else None
    senders = lists.get(LIST) if isinstance(lists, Table) else None
    return frozenset(item.text.casefold() for item in senders if isinstance(item, Scalar)) if isinstance(senders, Items) else frozenset()


def _try(text: str, address: str, path: Path, settings: Settings) -> None:
    loaded = load_rules(settings.directory, settings, drafts={path.name: text.encode()})
    errors = [fault for fault in loaded.faults if loaded.rules is None]
    if errors:
        raise UsageError(f"{address} was not added to the allow-list: {errors[0].describe(settings.directory)}")
    if address.casefold() not in _senders(text, path):
        raise UsageError(f"{address} was not added to the allow-list: the list {LIST} must stand at the end of {path}")
