"""The schema: every key of INTERFACE.md in one line, in the contract's order. `unbuilt` keys wait for their feature."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from maild.config.accounts import build_mailbox, build_smtp, refuse_half_login, refuse_plain_http, refuse_plaintext
from maild.config.calendars import build_calendar, holiday, hours_of_week
from maild.config.findings import BAD, Bad, Findings, Reading
from maild.config.nodes import Node, Table
from maild.config.readers import (
    address,
    address_or_domain,
    anything,
    choice,
    decimal,
    domain,
    duration,
    duration_between,
    duration_up_to,
    either,
    flag,
    language,
    lines,
    list_of,
    mapped,
    member,
    nullable,
    number,
    one_or_more,
    path,
    size,
    table_of,
    text,
    word_or,
    zone,
)
from maild.config.records import checked, optional, record, relaxed, required, table_with, unbuilt
from maild.config.secret import secret
from maild.config.settings import (
    Agent,
    AgentAuth,
    AutomaticLimits,
    Desk,
    Limits,
    Mailbox,
    Mode,
    Notify,
    OutboxSettings,
    Provider,
    Queue,
    Retention,
    Role,
    Rspamd,
    SpamFlag,
    SpamPolicy,
    SpamScore,
    Storage,
    StormLimits,
    Trust,
    View,
)
from maild.config.terms import (
    RESERVED_NAMES,
    WORDS_OF_QUERIES,
    admin_address,
    after,
    agent_address,
    agent_name,
    calendar_name,
    control_address,
    database_url,
    department_address,
    filter_url,
    host,
    listener,
    mailbox_owner,
    never_or_duration,
    port,
    queue_name,
    quiet_hours,
    rate_or_off,
    rates_or_off,
    security,
    sort,
    start,
    subject_prefix,
)
from maild.config.written import Written, WrittenQueue

desk = record(
    Desk,
    required("name", text),
    required("tag", subject_prefix),
    required("domain", domain),
    required("secret", secret),
    optional("timezone", zone),
    optional("language", language),
    optional("admins", list_of(admin_address)),
    optional("control", nullable(control_address)),
    unbuilt("legacy_tags", list_of(table_with(required("system", text), required("pattern", text))), default=()),
    optional("first_number", number(1, 1_000_000_000)),
    optional("reopen_days", number(0, 36_500)),
    optional("on_crossing", choice("hold", "send", "note")),
    optional("default_visibility", choice("public", "internal")),
    optional("answers_from", choice("agent", "first_name", "department")),
    optional("tag_position", choice("prefix", "suffix", "off")),
    optional("attach_max", size),
    optional("precedence", choice("off", "bulk", "list", "junk", "auto_reply")),
    optional("plus", choice("auto", "on", "off")),
)

storage = record(Storage, optional("url", database_url))

MAILBOX = (
    required("host", host),
    optional("port", port),
    optional("security", security),
    optional("username", text),
    required("password", secret),
    unbuilt("auth", anything),
    optional("folder", text),
    optional("start", start),
    optional("after", after),
    optional("sent", text),
    optional("junk", text),
    optional("max_size", size),
    unbuilt("mark_seen", choice("never", "after"), default="never"),
    optional("provider", nullable(member(Provider))),
    optional("allow_plaintext", flag),
    optional("ca_file", nullable(path)),
)
mailbox = record(build_mailbox, *MAILBOX, checks=(refuse_plaintext,))
imap = table_with(*relaxed(MAILBOX))

SMTP = (
    required("host", host),
    optional("port", port),
    optional("security", security),
    optional("username", nullable(text)),
    optional("password", nullable(secret)),
    optional("allow_plaintext", flag),
    optional("ca_file", nullable(path)),
)
smtp = record(build_smtp, *SMTP, checks=(refuse_plaintext, refuse_half_login))


def _build_trust(authserv_ids: tuple[str, ...] = (), agent_auth: AgentAuth | None = None, **rest: Any) -> Trust:
    """MAIL.md A3: two proofs where a server's judgement can be trusted, else the token alone. Providers are considered in `load`."""
    return Trust(authserv_ids=authserv_ids, agent_auth=agent_auth or ("token+dmarc" if authserv_ids else "token"), **rest)


trust = record(
    _build_trust,
    optional("authserv_ids", list_of(text)),
    optional("hops", number(0, 20)),
    optional("agent_auth", nullable(choice("token+dmarc", "token", "dmarc"))),
    optional("tag_check", flag),
    optional("tag_grants", choice("anybody", "participants")),
    optional("unauthenticated", choice("ticket", "quarantine")),
)


def _build_queue(key: str, address: str, mailbox: Mailbox | str, name: str | None = None, **rest: Any) -> WrittenQueue:
    """A department; without a name it is called after its key, and it logs in with its address."""
    own = replace(mailbox, key=key, username=mailbox.username or address) if isinstance(mailbox, Mailbox) else None
    shared = key if isinstance(mailbox, Mailbox) else mailbox
    return WrittenQueue(Queue(key=key, name=name or key.capitalize(), address=address, mailbox=shared, **rest), own)


notified = choice("agents", "owner", "lead", "none")
queue = record(
    _build_queue,
    optional("name", text),
    required("address", department_address),
    optional("aliases", list_of(department_address)),
    required("mailbox", either(mailbox_owner, mailbox)),
    optional("agents", list_of(agent_name)),
    optional("lead", nullable(agent_name)),
    optional("mode", member(Mode)),
    optional("ack", choice("always", "closed_hours", "off")),
    optional("notify", record(Notify, optional("new", notified), optional("reply", notified))),
    optional("statuses", mapped(list_of(choice("waiting", "closed", "reopened", "passed_on")), frozenset)),
    unbuilt("assign", anything, default="manual"),
    optional("send_after", duration_up_to("1d")),
    optional("split", flag),
    optional("copy_to_sent", flag),
    optional("language", nullable(language)),
    optional("calendar", nullable(calendar_name)),
    optional("signature", nullable(lines)),
    unbuilt("brand", nullable(text)),
    optional("smtp", nullable(smtp)),
    keyed=True,
)


def _build_agent(key: str, email: str, name: str | None = None, **rest: Any) -> Agent:
    return Agent(key=key, name=name or key.capitalize(), email=email, **rest)


agent = record(
    _build_agent,
    optional("name", text),
    required("email", agent_address),
    optional("emails", list_of(agent_address)),
    optional("logins", list_of(text)),
    optional("role", member(Role)),
    optional("notify", choice("all", "mine", later={"digest": "all"})),
    unbuilt("quiet", nullable(quiet_hours)),
    optional("hours", nullable(calendar_name)),
    optional("timezone", nullable(zone)),
    optional("tier", number(1, 2)),
    keyed=True,
)


calendar = record(build_calendar, optional("timezone", zone), required("hours", hours_of_week), optional("holidays", list_of(holiday)))


def _build_view(key: str, query: str, **rest: Any) -> View:
    return View(key, query, **rest)


def _written_short(node: Node, reading: Reading) -> View | Bad:
    """The query alone."""
    query = text(node, reading)
    return BAD if query is BAD else View(reading.name, query)


view = either(
    _written_short,
    record(
        _build_view,
        required("query", text),
        optional("about", text),
        optional("sort", one_or_more(sort)),
        optional("queues", list_of(queue_name)),
        optional("agents", list_of(agent_name)),
        keyed=True,
    ),
)

automatic = record(
    AutomaticLimits,
    optional("per_recipient", rates_or_off),
    optional("per_domain", rate_or_off),
    optional("per_queue", rate_or_off),
    optional("breaker", rate_or_off),
)
storm = record(StormLimits, optional("per_sender", rate_or_off), optional("per_domain", rate_or_off))
limits = record(Limits, optional("automatic", word_or("off", None, automatic)), optional("storm", word_or("off", None, storm)))


def _build_score(after: str, **limit: float) -> SpamScore:
    """A score; its field is filled in by the table around it."""
    return SpamScore("", limit["from"], after)


def _score_from(limit: float) -> SpamScore:
    return SpamScore("", limit)


spam_score = record(_build_score, required("after", text), required("from", decimal))


def _as_flags(written: Mapping[str, tuple[str, ...]]) -> tuple[SpamFlag, ...]:
    return tuple(SpamFlag(field, says) for field, says in written.items())


def _as_scores(written: Mapping[str, SpamScore]) -> tuple[SpamScore, ...]:
    return tuple(replace(score, field=field) for field, score in written.items())


rspamd = record(
    Rspamd,
    required("url", filter_url),
    optional("timeout", duration_between("1s", "30s")),
    optional("password", nullable(secret)),
    optional("allow_plaintext", flag),
    optional("ca_file", nullable(path)),
    checks=(refuse_plain_http,),
)
spam = record(
    SpamPolicy,
    optional("strangers", choice("quarantine", "ticket")),
    optional("evidence", choice("trusted", "anywhere")),
    optional("flags", mapped(table_of(one_or_more(text)), _as_flags)),
    optional("scores", mapped(table_of(either(mapped(decimal, _score_from), spam_score)), _as_scores)),
    optional("threshold", word_or("off", None, decimal)),
    optional("rspamd", word_or("off", None, rspamd)),
)

outbox = record(OutboxSettings, optional("unknown_retry", duration))

retention = record(
    Retention,
    optional("closed", never_or_duration),
    optional("spam", never_or_duration),
    optional("quarantine", never_or_duration),
    unbuilt("attachments", never_or_duration),
)


def _read_form(**values: str) -> str:
    """The form's own address; its requester can only be Reply-To."""
    return values["from"]


brand = table_with(optional("name", text), optional("tag", subject_prefix), optional("domain", domain), optional("language", language))
form = record(_read_form, required("from", address), required("requester", choice("reply_to")))
http = table_with(optional("listen", listener))

desk_files = record(
    Written,
    required("desk", desk),
    optional("storage", storage),
    checked("imap", imap),
    optional("smtp", smtp),
    optional("trust", trust),
    required("queues", table_of(queue)),
    optional("teams", table_of(list_of(agent_name), RESERVED_NAMES)),
    optional("agents", table_of(agent, RESERVED_NAMES)),
    optional("calendars", table_of(calendar)),
    optional("views", table_of(view, WORDS_OF_QUERIES)),
    unbuilt("sla", table_of(anything), default={}),
    unbuilt("goals", table_of(anything), default={}),
    optional("outbox", outbox),
    optional("limits", limits),
    optional("spam", word_or("off", None, spam)),
    optional("retention", retention),
    unbuilt("brands", table_of(brand), default={}),
    optional("forms", list_of(form)),
    optional("own_lists", list_of(address)),
    optional("trusted_automation", list_of(address_or_domain)),
    unbuilt("http", http, default={}),
    partial=True,
)
TOP_LEVEL_KEYS = tuple(key.name for key in desk_files.keys)
INHERITED_BY_MAILBOXES = tuple(key.name for key in MAILBOX)
INHERITED_BY_SMTP = tuple(key.name for key in SMTP)


def read_desk(root: Table, findings: Findings) -> Written:
    """All that the files say. Faults are added to the findings."""
    written = desk_files(root, Reading(findings, root.place))
    return written if isinstance(written, Written) else Written()
