"""`maild init DIR`: asks for host and address, writes a first configuration, tests the login."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from cli.options import json_option
from cli.output import print_json, print_text, say
from maild.config.initial import Answers, FirstAgent, Server, write_initial
from maild.config.load import require_settings
from maild.errors import UsageError

SECURITY = click.Choice(("tls", "starttls", "none"))
DEFAULT_PASSWORD_ENV = "MAILD_PASSWORD"
T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Questions:
    """Answers each question by the flag, else by asking, else, where nobody can be asked, by the default."""

    def __init__(self, interactive: bool) -> None:
        self.interactive = interactive

    def ask(self, given: T | None, label: str, default: T | None, **how: Any) -> T:
        if given is not None:
            return given
        if self.interactive:
            answer: T = click.prompt(label, default=default, err=True, **how)
            return answer
        if default is None:
            raise UsageError(f"--{label.casefold().replace(' ', '-')} is needed with --non-interactive")
        return default


def server_options(kind: str, port_help: str) -> Callable[[F], F]:
    """`--imap-host --imap-port --imap-security`, and the same for smtp."""
    options = (
        click.option(f"--{kind}-host", help="Name of the server."),
        click.option(f"--{kind}-port", type=click.IntRange(1, 65_535), help=port_help),
        click.option(f"--{kind}-security", type=SECURITY, help="How the connection is secured; none is for this machine only."),
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
@click.option("--password-file", metavar="PATH", help="The password stands in this file.")
@server_options("smtp", "587 by default, 465 with tls.")
@click.option("--agent", "agents", multiple=True, metavar="NAME=EMAIL", help="Somebody who answers; may be repeated.")
@click.option("--timezone", help="A time zone such as Europe/Sofia.")
@click.option("--test-login/--no-test-login", default=None, help="Log in to the mailbox once the files are written.")
@json_option
def command(directory: Path, non_interactive: bool, test_login: bool | None, as_json: bool, **flags: Any) -> None:
    """Write an annotated configuration, a secret and a first rule into DIR. Nothing that is there is overwritten.

    The new desk only observes: it sends nothing and touches nothing until its mode is changed.
    """
    questions = Questions(not non_interactive)
    answers = collect_answers(questions, flags)
    written = write_initial(directory, answers)
    if not as_json:
        print_text("\n".join(map(str, written)))
    if test_login is None:
        test_login = questions.interactive and click.confirm("Test the login now?", default=True, err=True)
    problem = find_login_problem(directory) if test_login else None
    if as_json:
        login = {"ok": problem is None, "problem": problem} if test_login else None
        print_json({"directory": str(directory), "files": [str(file) for file in written], "login": login})
    if problem:
        say(f"The files are written, but the login does not work yet: {problem}")
        raise click.exceptions.Exit(1)
    say(f"Next: maild -c {directory} check")


def collect_answers(questions: Questions, flags: dict[str, Any]) -> Answers:
    """All that a first desk needs, in the order in which one would ask."""
    guess = f"support@{flags['domain']}" if flags["domain"] else None
    address = questions.ask(flags["address"], "Address", guess)
    domain = questions.ask(flags["domain"], "Domain", address.rpartition("@")[2])
    name = questions.ask(flags["name"], "Name", f"{domain.partition('.')[0].capitalize()} Support")
    imap = _ask_server(questions, flags, "imap", f"imap.{domain}", {"tls": 993, "starttls": 143, "none": 143}, "tls")
    smtp = _ask_server(questions, flags, "smtp", f"smtp.{domain}", {"tls": 465, "starttls": 587, "none": 25}, "starttls")
    username = questions.ask(flags["username"], "Username", address)
    env, file, password = _ask_password(questions, flags)
    agents = tuple(parse_agent(agent) for agent in flags["agents"]) or _ask_agent(questions)
    timezone = questions.ask(flags["timezone"], "Timezone", "UTC")
    return Answers(name, domain, address, imap, smtp, username, agents, timezone, password, env, file)


def _ask_server(questions: Questions, flags: dict[str, Any], kind: str, host: str, ports: dict[str, int], security: str) -> Server:
    label = kind.upper()
    host = questions.ask(flags[f"{kind}_host"], f"{label} host", host)
    security = questions.ask(flags[f"{kind}_security"], f"{label} security", security, type=SECURITY)
    port = questions.ask(flags[f"{kind}_port"], f"{label} port", ports[security], type=click.IntRange(1, 65_535))
    match security:
        case "tls" | "starttls" | "none":
            return Server(host, port, security)
    raise UsageError(f"{security} is no way to secure a connection")


def _ask_password(questions: Questions, flags: dict[str, Any]) -> tuple[str, str, str]:
    """Environment variable, file, or the password itself; two of them are empty."""
    if flags["password_env"] or flags["password_file"]:
        return flags["password_env"] or "", "" if flags["password_env"] else flags["password_file"], ""
    if questions.interactive:
        return "", "", questions.ask(None, "Password", None, hide_input=True)
    return DEFAULT_PASSWORD_ENV, "", ""


def _ask_agent(questions: Questions) -> tuple[FirstAgent, ...]:
    if not questions.interactive:
        return ()
    answer = questions.ask(None, "Agent (NAME=EMAIL, empty for none)", "", show_default=False)
    return (parse_agent(answer),) if answer else ()


def parse_agent(written: str) -> FirstAgent:
    """`anna=anna@acme.example` or `Anna Ivanova=anna@acme.example`; the key is the first word of the name."""
    name, equals, email = (part.strip() for part in written.partition("="))
    key = re.sub(r"[^\w.-]", "", name.split(" ")[0].casefold())
    if not equals or not key or "@" not in email:
        raise UsageError(f'"{written}" is no agent; write NAME=EMAIL')
    return FirstAgent(key, name if " " in name else name.capitalize(), email)


def find_login_problem(directory: Path) -> str | None:
    """Why the first mailbox cannot be logged in to; None when it can."""
    from maild.ingest.mailbox_checkup import check_login

    settings = require_settings(directory)
    return next((problem for mailbox in settings.mailboxes.values() if (problem := check_login(mailbox))), None)
