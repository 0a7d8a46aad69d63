"""Initial: a new desk's first files, for `maild init`, and whether its answers can stand in them.

Writes nothing that `load.py` would refuse, and nothing over what is there.
"""

import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from itertools import count
from pathlib import Path
from string import Template

from maild.config.faults import Place, Severity
from maild.config.findings import Findings, Reader, Reading
from maild.config.load import load_text
from maild.config.nodes import Scalar
from maild.config.readers import address, domain, text, zone
from maild.config.report import describe_counts
from maild.config.settings import Security
from maild.config.terms import RESERVED_NAMES, host
from maild.errors import ConfigurationError, UsageError

PRIVATE, SHARED = 0o600, 0o640
_PLAIN = re.compile(r"[A-Za-z][\w./@+-]*(?: [\w./@+-]+)*", re.ASCII)
_WORDS_WITH_MEANING = frozenset({"true", "false", "null"})
_KEY = re.compile(r"[a-z0-9][\w.-]{0,63}", re.ASCII)
_MAIN, _SECRET, _RULES = Path("maild.yaml"), Path("secret.key"), Path("rules/10-example.yaml")
_CANNED = (Path("canned/refund.en.md"), Path("canned/refund.bg.md"))
_READERS: Mapping[str, Reader[object]] = {
    "name": text,
    "address": address,
    "domain": domain,
    "host": host,
    "username": text,
    "timezone": zone,
}


@dataclass(frozen=True, slots=True)
class Server:
    """A mail server to log in to."""

    host: str
    port: int
    security: Security


@dataclass(frozen=True, slots=True)
class FirstAgent:
    key: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Answers:
    """What `maild init` was told. Of the passwords exactly one is given; `password` itself goes into a file of its own.

    `password_file` is written as it stands: relative to the desk's folder, or absolute.
    """

    name: str
    domain: str
    address: str
    imap: Server
    smtp: Server
    username: str
    agents: tuple[FirstAgent, ...] = ()
    timezone: str = "UTC"
    password: str = ""
    password_env: str = ""
    password_file: str = ""

    @property
    def queue(self) -> str:
        """The department's key: what stands before the @, where that can be a name."""
        local = self.address.partition("@")[0].casefold()
        return local if _KEY.fullmatch(local) else "support"

    @property
    def tag(self) -> str:
        """The first word of the name: short enough for subjects."""
        return re.sub(r"[^\w.-]", "", self.name.partition(" ")[0])[:20] or "Desk"


@dataclass(frozen=True, slots=True)
class _NewFile:
    path: Path
    text: str
    mode: int


def find_problem(kind: str, answer: str) -> str | None:
    """What speaks against an answer before anything is written, as the configuration would say it; None where it can stand.

    `kind` is one of name, address, domain, host, username, timezone.
    """
    place, findings = Place(_MAIN, 1, 1), Findings(Path())
    _READERS[kind](Scalar(place, answer, answer, quoted=True), Reading(findings, place, (kind,)))
    return next((fault.message for fault in findings.faults.errors), None)


def told_apart(agents: Iterable[FirstAgent]) -> tuple[FirstAgent, ...]:
    """The same agents, each with a key of his own. Raises UsageError where two have one address."""
    named: dict[str, FirstAgent] = {}
    owners: dict[str, str] = {}
    for agent in agents:
        if first := owners.get(agent.email.casefold()):
            raise UsageError(f"{agent.email} is the address of {first} already; each agent needs one of his own")
        owners[agent.email.casefold()] = agent.name
        key = next(key for key in _keys_of(agent) if key not in named and key not in RESERVED_NAMES)
        named[key] = replace(agent, key=key)
    return tuple(named.values())


def _keys_of(agent: FirstAgent) -> Iterator[str]:
    """His first name; with the first letter of his last; what stands before the @; the first name and a number."""
    yield agent.key
    _, _, last = agent.name.rpartition(" ")
    if last != agent.name and last[0].isalpha():
        yield f"{agent.key}-{last[0].casefold()}"
    local = agent.email.partition("@")[0].casefold()
    if _KEY.fullmatch(local):
        yield local
    yield from (f"{agent.key}-{number}" for number in count(2))


def refuse_overwriting(directory: Path, names: Iterable[Path] = (_MAIN, _SECRET, _RULES, *_CANNED)) -> None:
    """Raises UsageError where one of these files stands in the folder already."""
    standing = [str(name) for name in names if os.path.lexists(directory / name)]
    if standing:
        raise UsageError(f"{directory} holds {', '.join(standing)} already; nothing was written")


def write_initial(directory: Path, answers: Answers) -> tuple[Path, ...]:
    """Write `maild.yaml`, `secret.key`, a first rule, a first canned answer, and a password's file where a password was given. The files
    written.

    Raises:
        UsageError: one of them is there already; nothing is written.
        ConfigurationError: the answers make no valid desk; nothing is written, the error carries the faults.
    """
    new = _plan(directory, answers)
    refuse_overwriting(directory, (file.path.relative_to(directory) for file in new))
    _refuse_invalid(new[0], directory)
    for folder in (directory, directory / "rules", directory / "canned"):
        folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    for file in new:
        _write(file)
    return tuple(file.path for file in new)


def _plan(directory: Path, answers: Answers) -> tuple[_NewFile, ...]:
    password_file = f"{answers.queue}.pw"
    plan = [
        _NewFile(directory / _MAIN, render_initial(answers, password_file), SHARED),
        _NewFile(directory / _SECRET, f"{secrets.token_hex(32)}\n", PRIVATE),
        _NewFile(directory / _RULES, _render_rules(answers), SHARED),
        *(_NewFile(directory / name, text, SHARED) for name, text in canned_samples().items()),
    ]
    if answers.password:
        plan.append(_NewFile(directory / password_file, f"{answers.password}\n", PRIVATE))
    return tuple(plan)


def _refuse_invalid(main: _NewFile, directory: Path) -> None:
    loaded = load_text(main.text.encode(), directory)
    if loaded.settings is None:
        errors = tuple(fault for fault in loaded.faults if fault.severity is Severity.ERROR)
        raise ConfigurationError(f"these answers make no valid desk, nothing was written: {describe_counts(errors)}", errors)


def _write(file: _NewFile) -> None:
    """Never over anything, never readable by others, not even for a moment."""
    descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as opened:
        opened.write(file.text)


def render_initial(answers: Answers, password_file: str) -> str:
    """The text of `maild.yaml`: at most 20 lines that are not comments, for up to four agents."""
    keys = [agent.key for agent in answers.agents]
    agents = [f"  {quoted(agent.key)}: {{name: {quoted(agent.name)}, email: {quoted(agent.email)}}}" for agent in answers.agents]
    return _template("initial.yaml").substitute(
        name=quoted(answers.name),
        tag=quoted(answers.tag),
        tag_plain=answers.tag,
        domain=quoted(answers.domain),
        domain_plain=_on_one_line(answers.domain),
        timezone=quoted(answers.timezone),
        admins=", ".join(quoted(agent.email) for agent in answers.agents[:1]),
        imap_host=quoted(answers.imap.host),
        imap_port=answers.imap.port,
        imap_security=answers.imap.security,
        smtp_host=quoted(answers.smtp.host),
        smtp_port=answers.smtp.port,
        smtp_security=answers.smtp.security,
        username=quoted(answers.username),
        password=_describe_password(answers, password_file),
        queue=quoted(answers.queue),
        address=quoted(answers.address),
        agent_keys=", ".join(quoted(key) for key in keys),
        agents="\n".join(agents) or "  # anna: {name: Anna Ivanova, email: anna@acme.example}",
    )


def _describe_password(answers: Answers, password_file: str) -> str:
    if answers.password_env:
        return f"{{env: {quoted(answers.password_env)}}}"
    return f"{{file: {quoted(answers.password_file or password_file)}}}"


def _render_rules(answers: Answers) -> str:
    owner = f"    owner: {quoted(answers.agents[0].key)}" if answers.agents else "    # owner: anna"
    return _template("initial-rules.yaml").substitute(owner=owner)


def canned_samples() -> Mapping[Path, str]:
    """A canned answer for a start, in two languages, by the files of a desk's folder (PRODUCT 22)."""
    return {name: _read_data(f"canned-{name.name}") for name in _CANNED}


def _template(name: str) -> Template:
    return Template(_read_data(name))


def _read_data(name: str) -> str:
    return files("maild.config").joinpath("data", name).read_text(encoding="utf-8")


def quoted(value: str) -> str:
    """A value as YAML text, in quotes where it could be taken for something else. JSON's strings are YAML's (YAML 1.2, 1.3)."""
    is_plain = _PLAIN.fullmatch(value) and value.casefold() not in _WORDS_WITH_MEANING
    return value if is_plain else json.dumps(value, ensure_ascii=False)


def _on_one_line(value: str) -> str:
    return " ".join(value.split())
