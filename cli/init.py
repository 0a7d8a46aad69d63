"""`maild init DIR`: asks for host and address, writes a first configuration, tests the login."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, get_args

import click

from cli.options import json_option
from cli.output import print_json, print_text, say
from maild.config.initial import Answers, FirstAgent, Server, find_problem, refuse_overwriting, told_apart, write_initial
from maild.config.load import require_settings
from maild.config.settings import Security
from maild.errors import UsageError

SECURITIES: tuple[str, ...] = get_args(Security)
LAST_PORT = 65_535
DEFAULT_PASSWORD_ENV = "MAILD_PASSWORD"
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Questions:
    """Answers each question by the flag, else by asking, else, where nobody can be asked, by the default.

    `read` makes a value of what was answered, or raises UsageError: a flag is then refused, a person is asked once more.
    """

    def __init__(self, interactive: bool) -> None:
        self.interactive = interactive

    def ask(self, given: str | None, label: str, default: str | None, read: Callable[[str], T], **how: Any) -> T:
        if given is not None:
            return read(given)
        if self.interactive:
            is_needed = default is None
            how = {"default": default or "", "show_default": not is_needed, **how}
            answer: T = click.prompt(label, err=True, value_proc=_asked_again(_needed(label, read) if is_needed else read), **how)
            return answer
        if default is None:
            raise UsageError(f"--{label.casefold().replace(' ', '-')} is needed with --non-interactive")
        return read(default)


def _needed(label: str, read: Callable[[str], T]) -> Callable[[str], T]:
    """An empty answer is a fault, and told: click asks again without a word where nothing stands for it."""

    def read_needed(answer: str) -> T:
        if not answer.strip():
            raise UsageError(f"{label} cannot be empty")
        return read(answer)

    return read_needed


def _asked_again(read: Callable[[str], T]) -> Callable[[str], T]:
    """As click wants it: a fault in this form makes it ask once more."""

    def ask_again(answer: str) -> T:
        try:
            return read(answer)
        except UsageError as error:
            raise click.UsageError(str(error)) from error

    return ask_again


def sound(kind: str) -> Callable[[str], str]:
    """Reads an answer as it stands, if the configuration would take it for such a value."""

    def read(answer: str) -> str:
        problem = find_problem(kind, answer)
        if problem:
            raise UsageError(problem)
        return answer

    return read


def server_options(kind: str, port_help: str) -> Callable[[F], F]:
    """`--imap-host --imap-port --imap-security`, and the same for smtp."""
    options = (
        click.option(f"--{kind}-host", help="Name of the server."),
        click.option(f"--{kind}-port", type=click.IntRange(1, LAST_PORT), help=port_help),
        click.option(
            f"--{kind}-security", type=click.Choice(SECURITIES), help="How the connection is secured; none is for this machine only."
        ),
    )

    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


@click.command("init", short_help="Write a new desk's configuration and its secret.")
@click.argument("directory", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--non-interactive", is_flag=True, help="Ask nothing; take the flags, else the defaults.")
@click.option("--name", help="What people see, such as “Acme Support”.")
@click.option("--address", help="The department's mail address.")
@click.option("--domain", help="Right-hand side of our Message-IDs; by default the address's.")
@server_options("imap", "993 by default, 143 with starttls.")
@click.option("--username", help="Login name; by default the address.")
@click.option("--password-env", metavar="NAME", help="The password stands in this environment variable.")
@click.option(
    "--password-file",
    metavar="PATH",
    type=click.Path(path_type=Path),
    help="The password stands in this file, which need not be there yet.",
)
@server_options("smtp", "587 by default, 465 with tls.")
@click.option("--agent", "agents", multiple=True, metavar="NAME=EMAIL", help="Somebody who answers; may be repeated.")
@click.option("--timezone", help="A time zone such as Europe/Sofia.")
@click.option("--test-login/--no-test-login", default=None, help="Log in to the mailbox once the files are written.")
@json_option
def command(directory: Path, non_interactive: bool, test_login: bool | None, as_json: bool, **flags: Any) -> None:
    """Write an annotated configuration, a secret, a first rule and a first canned answer into DIR. Nothing that is there is overwritten.

    The new desk only observes: it sends nothing and touches nothing until its mode is changed.
    """
    directory = directory.absolute()
    questions = Questions(not non_interactive)
    refuse_overwriting(directory)
    answers = collect_answers(questions, flags, directory)
    written = write_initial(directory, answers)
    if not as_json:
        print_text("\n".join(map(str, written)))
    if test_login is None:
        test_login = questions.interactive and click.confirm("Test the login now?", default=True, err=True)
    problem = find_login_problem(directory) if test_login else None
    if as_json:
        login = {"ok": problem is None, "problem": problem} if test_login else None
        print_json({"directory": str(directory), "files": [str(file) for file in written], "login": login})
    if test_login and not problem:
        say("The login works.")
    if problem:
        say(f"The files are written, but the login does not work yet: {problem}")
        raise click.exceptions.Exit(1)
    say(f"Next: maild -c {directory} check")


def collect_answers(questions: Questions, flags: dict[str, Any], directory: Path) -> Answers:
    """All that a first desk in this folder needs, in the order in which one would ask."""
    guess = f"support@{flags['domain']}" if flags["domain"] else None
    address = questions.ask(flags["address"], "Address", guess, sound("address"))
    domain = questions.ask(flags["domain"], "Domain", address.rpartition("@")[2], sound("domain"))
    name = questions.ask(flags["name"], "Name", f"{domain.partition('.')[0].capitalize()} Support", sound("name"))
    imap = _ask_server(questions, flags, "imap", f"imap.{domain}", {"tls": 993, "starttls": 143, "none": 143}, "tls")
    smtp = _ask_server(questions, flags, "smtp", f"smtp.{domain}", {"tls": 465, "starttls": 587, "none": 25}, "starttls")
    username = questions.ask(flags["username"], "Username", address, sound("username"))
    env, file, password = _ask_password(questions, flags, directory)
    agents = told_apart([parse_agent(agent) for agent in flags["agents"]]) or _ask_agent(questions)
    timezone = questions.ask(flags["timezone"], "Timezone", "UTC", sound("timezone"))
    return Answers(name, domain, address, imap, smtp, username, agents, timezone, password, env, file)


def _ask_server(questions: Questions, flags: dict[str, Any], kind: str, host: str, ports: dict[str, int], security: str) -> Server:
    label = kind.upper()
    host = questions.ask(flags[f"{kind}_host"], f"{label} host", host, sound("host"))
    secured = questions.ask(flags[f"{kind}_security"], f"{label} security", security, _security, type=click.Choice(SECURITIES))
    given = flags[f"{kind}_port"]
    port = questions.ask(None if given is None else str(given), f"{label} port", str(ports[secured]), _port)
    return Server(host, port, secured)


def _security(answer: str) -> Security:
    match answer.casefold():
        case "tls" | "starttls" | "none" as security:
            return security
    raise UsageError(f'"{answer}" is no way to secure a connection; one of: {", ".join(SECURITIES)}')


def _port(answer: str) -> int:
    if answer.isascii() and answer.isdecimal() and 0 < int(answer[:6]) <= LAST_PORT:
        return int(answer[:6])
    raise UsageError(f'"{answer}" is no port from 1 to {LAST_PORT}')


def _ask_password(questions: Questions, flags: dict[str, Any], directory: Path) -> tuple[str, str, str]:
    """Environment variable, file as the desk's folder sees it, or the password itself; two of them are empty."""
    env, file = flags["password_env"], flags["password_file"]
    if env and file:
        raise UsageError("the password stands in one place: give --password-env or --password-file")
    if env or file:
        return env or "", _seen_from(directory, file) if file else "", ""
    if questions.interactive:
        return "", "", questions.ask(None, "Password", None, str, hide_input=True)
    return DEFAULT_PASSWORD_ENV, "", ""


def _seen_from(directory: Path, named: Path) -> str:
    """A path that was named in the working directory, as it is written in a desk's files: relative where it lies in their folder."""
    file, folder = named.expanduser().absolute(), directory.absolute()
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)


def _ask_agent(questions: Questions) -> tuple[FirstAgent, ...]:
    if not questions.interactive:
        return ()
    return questions.ask(None, "Agent (NAME=EMAIL, empty for none)", "", _agent_if_any, show_default=False)


def _agent_if_any(answer: str) -> tuple[FirstAgent, ...]:
    return told_apart([parse_agent(answer)]) if answer else ()


def parse_agent(written: str) -> FirstAgent:
    """`anna=anna@acme.example` or `Anna Ivanova=anna@acme.example`; the key is the first word of the name."""
    name, equals, email = (part.strip() for part in written.partition("="))
    key = re.sub(r"[^\w.-]", "", name.split(" ")[0].casefold())
    if not equals or not key:
        raise UsageError(f'"{written}" is no agent; write NAME=EMAIL')
    return FirstAgent(key, name if " " in name else name.capitalize(), sound("address")(email))


def find_login_problem(directory: Path) -> str | None:
    """Why the first mailbox cannot be logged in to; None when it can."""
    from maild.ingest.mailbox_checkup import check_login

    settings = require_settings(directory)
    return next((problem for mailbox in settings.mailboxes.values() if (problem := check_login(mailbox))), None)
