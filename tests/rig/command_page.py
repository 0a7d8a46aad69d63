"""The manual's page of commands, made of the commands themselves. `python -m tests.rig.command_page` writes it anew."""

from collections.abc import Iterator

import click

from cli.main import command as maild
from tests.rig.pages import MANUAL

PAGE = MANUAL / "commands.md"
HEAD = """\
# Commands

`maild [-c DIR] NOUN VERB`. This page is made of the commands' own help: `maild NOUN VERB --help` says the same.

Data goes to standard output, talk to standard error. On a terminal lists are tables, with the time in the desk's zone; in a pipe a
row is one tab-separated line, without a head, `-` where there is nothing, and every time is RFC 3339 in UTC, as in JSON. Both show 50 rows,
and say on standard error how many more there are: `--limit N` shows so many, `--json` all. `NO_COLOR` in the environment leaves the colours
out. Acts that cannot be undone ask, `--yes` answers. [Shells complete](#maild-completion) commands and names.

A ticket's NUMBER is written `8`, `'#8'` or as its subject has it, `'[Acme #8-7QKD]'`, where the check characters must be right. Faults are
named from the desk's folder, all other paths are printed in full.

Exit status: 0 done, 1 failed or an expectation was not met, 2 wrong usage or invalid configuration, 3 a backtest over its limit. A mistake
is one sentence on standard error.

Mail data never controls a terminal: in text, control characters, invisible characters and lone surrogates become blanks; in JSON they are
escaped.

## JSON

`--json` prints one document in UTF-8: an array for a list, complete unless `--limit N` is given, else an object. Times are RFC 3339 in
UTC. Every key is always there; what there is nothing of is null. A command that changes something prints the thing as it stands
afterwards, with the keys it has in its list; an incoming mail with `attempts error` beside them.

| object | keys |
|---|---|
| ticket | `number tag subject queue status priority owner requester tags created updated messages snoozed_until` |
| ticket of `ticket show` | the same, `messages` a list of messages instead of their number, and `cc fields events team \
merged_into links tasks` |
| task of a ticket | `number title agent due made_by made done done_by`, the last two null while it is to be done |
| message of a ticket | `id kind from at text attachments message_id full_text internal agent waits_until` |
| attachment | `name type size` |
| event | `at kind by text` |
| incoming mail | `id mailbox uid received from subject state class reason ticket auth` |
| incoming mail of `message show` | the same, and `attempts error evidence`, each piece of evidence with `code text` |
| outbox row | `id ticket kind to subject state message_id attempts next_attempt error template queue created` |
| outbox row of `outbox show` | the same, and `settled reply`: when it was sent, given up or cancelled, and the relay's word on taking it |
| suppressed address | `address reason since until` |
| department | `queue name address mode lead new open waiting depth unassigned oldest load snoozed` |
| department of `queue show` | the same, `teams` (its agents in each), and `tickets`: those to be done, in order, with one key more, `why` |
| mailbox | `mailbox host username folder queues state last_success error` |
| mailbox of `mailbox test` | `mailbox ok findings`, each finding with `level text remedy` |
| agent | `agent name email emails added role queues leads teams away welcome devices` |
| `welcome` of an agent | `sent until answers`, or null where he has not been welcomed |
| device of an agent | `program address whose answered message automatic proven proof token auth mechanism \
replies new_mail form read signature commands to_change` |
| `away` of an agent | `since until deputy`, or null where he is not away |
| rule | `rule when mode does place about owner disabled limit paused` |
| `limit` of a rule | `mails per_seconds`, or null where it sends nothing by itself |
| `paused` of a rule | `since why`, or null where it is not |
| rule of `rules explain` | `at event rule file line file_hash fired leaves actions problem skipped shadow` |
| template | `kind language own files` |
| letter of `template preview` | `kind language subject own_subject text html`, `own_subject` null where that is the subject |
| `status`, `run --once` | `daemon mailboxes incoming quarantine outbox held_back oldest_queued paused accounts observing troubles` |
| `daemon` of `status` | `state host pid last_sign text loaded refused_reload`, the last null or `at errors first` |
| `report` | `since until queues` |
| department of `report` | `queue mode requests customers_mails answered answered_elsewhere never_answered perhaps_answered closed \
first_answer oldest_unanswered sent_about_nothing automatic not_sent rules doubts` |
| `rules backtest` | `since until baseline judged rules differences mails rules_mails limit_mails unjudged problems pauses` |
| rule of `rules backtest` | `rule place fired shadow broke was tickets mails` |
| difference of `rules backtest` | `ticket mail at subject changes rules`, each change with `field before after` |
| `rules stats` | `rule mode asked fired would_have_fired failed skipped letters`, `mode` null where the rule is gone |
| `rules diff` | `kind what name place parts`, each part `path before after`, in JSON, or null |
| `rules disable`, `rules enable`, `rules reload` | `reloaded text`; `reloaded` null where no daemon answers, or need not |
| `check`, `rules check`, `rules lint` | `valid errors warnings faults`, each fault with `file line column code severity message`; \
those of rules also `waits`, each with `rule tickets due` |

`requester`, `cc` and the `from` of a ticket's message are `{name, address}`; the `from` of incoming mail is the address alone. `owner`,
`queue` and `mailbox` are keys of the configuration, or null. A ticket's messages and events come oldest first. `text` is the new part of
a message, `full_text` all of it; `agent` is who wrote it, or who took it down for a customer, else null. `waits_until`: an answer that is
held back does not leave before then (`send_after`); null for all others.

As long as an incoming mail is `received`, nothing is known of it: `from`, `subject`, `class`, `reason` and `ticket` are null, also where
it waits to be read again after `message retry` or `message release`. Afterwards `from` is null only where the mail names no address,
`subject` is "" where it has none, `class` and `ticket` are null where it has none. Mail that is held because nothing in it could be read
keeps its nulls. `reason` begins with a stable word, as in `auto: automatic answer that belongs to no ticket`;
[operations](operations.md#held-and-quarantined-mail) lists those of held and quarantined mail. Where a rule kept the mail out, it is the
rule's own reason.

`observing` of `status` is a list of `{queue, since}`: the departments in mode `observe`, and since when their mailboxes are read.

In a `report`, `first_answer` has `median_hours p90_hours`, or is null where nobody was answered. `oldest_unanswered` is a list of
`{number, asked, hours, requester, subject, perhaps_answered}`, `automatic` of `{class, mails, kept_out}`, `not_sent` of
`{kind, template, letters}`, `rules` of `{rule, fired, would_have_fired, broke, actions}` with `actions` a list of `{action, times}` (the
twenty commonest), `doubts` of `{state, reason, mails}`.
[Operations](operations.md#the-report) says what is counted.

In a `rules backtest`, `baseline` is `rules` or `record`, `mails` a list of `{kind, to, mails, was}`, and `unjudged` says how many mails
were not judged, by why: `{after_divergence, by_hand, released, older, strayed, deleted, held, broken, changed}`, where `changed` are
tickets. `problems` says over what the replay broke, and how; `pauses` is a list of `{rule, since, why}`: the rules that would have
gone past their limits.
[Rules](rules.md#on-the-mail-of-the-last-weeks) has the words.

`evidence` of `message show` is all that maild went by, in the order in which it was found: what machine or person wrote the mail, what
points at a ticket, what is proved of the sender, what calls it spam. `code` is a stable word, `text` says what stands in the mail. As long
as the mail is not read it is `[]`.

`message inspect` prints JSON lines: one object a file. `ticket raw` and `show --raw` print bytes, `completion` a script.
"""
Named = tuple[str, click.Command]


def page() -> str:
    return "\n".join([HEAD, *(line for name, command in commands() for line in _section(name, command))])


def commands() -> Iterator[Named]:
    """Every command that does something, with its whole name, in the order of the help."""
    yield from _below("maild", maild)


def _below(name: str, command: click.Command) -> Iterator[Named]:
    if not isinstance(command, click.Group):
        yield name, command
        return
    context = context_of(command)
    for verb in command.list_commands(context):
        found = command.get_command(context, verb)
        assert found is not None, verb
        yield from _below(f"{name} {verb}", found)


def _section(name: str, command: click.Command) -> Iterator[str]:
    usage = command.collect_usage_pieces(context_of(command))
    yield f"## `{name}`\n"
    yield f"    {' '.join([name, *usage])}\n"
    yield f"{' '.join((command.help or '').split())}\n"
    for option in options(command):
        form, words = option.get_help_record(context_of(command)) or ("", "")
        yield f"- `{form}`: {' '.join(words.split())}"
    yield from [""] if options(command) else []


def context_of(command: click.Command) -> click.Context:
    """As `maild` makes it: click remembers the first context in which a command is asked for its help."""
    return click.Context(command, **maild.context_settings)


def options(command: click.Command) -> list[click.Option]:
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
