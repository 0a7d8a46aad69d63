"""The tables' indexes. No query names one, so only who creates tables loads them: their conditions alone make SQLAlchemy load the dialects
of both engines, a tenth of what a command takes to start.
"""

from sqlalchemy import Connection, Index

from maild.store.tables import all_tables
from maild.store.tables.desk import absences
from maild.store.tables.mail_in import GUESSING, KEPT_OUT, LENT, PASSED, UNSETTLED, WITH_TICKET, incoming
from maild.store.tables.mail_out import (
    AUTOMATIC,
    BY_RULES,
    NOTIFICATIONS,
    UNDELIVERED,
    UNPACKED,
    bounces,
    delayed_answers,
    deliveries,
    folds,
    letter_aliases,
    letter_files,
    letters,
    sent_copies,
)
from maild.store.tables.tickets import (
    AGENTS,
    DUE,
    ENDED,
    MERGED,
    SNOOZED,
    SOUGHT,
    UNDONE,
    events,
    message_names,
    message_references,
    messages,
    regroupings,
    rule_stays,
    rule_traces,
    tags,
    tasks,
    tickets,
)

Index("ix_incoming_uid", incoming.c.mailbox, incoming.c.folder, incoming.c.uid_validity, incoming.c.uid, unique=True)
# SQLite prefers the index of which more columns are given: with one less this would be no better than the one above, of all mail.
Index(
    "ix_incoming_lent",
    incoming.c.claimed_by,
    incoming.c.mailbox,
    incoming.c.folder,
    incoming.c.uid_validity,
    sqlite_where=LENT,
    postgresql_where=LENT,
)
Index("ix_incoming_raw", incoming.c.raw)
Index("ix_incoming_ticket", incoming.c.ticket, sqlite_where=WITH_TICKET, postgresql_where=WITH_TICKET)
Index("ix_incoming_message_id", incoming.c.message_id)
Index("ix_incoming_author", incoming.c.author_key, incoming.c.settled)
Index("ix_incoming_guesses", incoming.c.author_domain, incoming.c.settled, sqlite_where=GUESSING, postgresql_where=GUESSING)
Index("ix_incoming_kept_out", incoming.c.settled, sqlite_where=KEPT_OUT, postgresql_where=KEPT_OUT)
Index("ix_incoming_passed", incoming.c.author_key, sqlite_where=PASSED, postgresql_where=PASSED)
Index("ix_incoming_unsettled", incoming.c.state, incoming.c.id, sqlite_where=UNSETTLED, postgresql_where=UNSETTLED)
Index("ix_tickets_status", tickets.c.status, tickets.c.number)
Index("ix_tickets_ended", tickets.c.status, tickets.c.updated, sqlite_where=ENDED, postgresql_where=ENDED)
Index("ix_tickets_snoozed", tickets.c.snoozed_until, sqlite_where=SNOOZED, postgresql_where=SNOOZED)
Index("ix_tickets_sought", tickets.c.sought_by, sqlite_where=SOUGHT, postgresql_where=SOUGHT)
Index("ix_tickets_queue", tickets.c.queue, tickets.c.number)
Index("ix_tickets_owner", tickets.c.owner, tickets.c.number)
Index("ix_tickets_requester", tickets.c.requester_key, tickets.c.created)
Index("ix_tickets_domain", tickets.c.requester_domain, tickets.c.created)
Index("ix_tickets_merged", tickets.c.merged_into, sqlite_where=MERGED, postgresql_where=MERGED)
Index("ix_tags_tag", tags.c.tag, tags.c.ticket)
Index("ix_tasks_ticket", tasks.c.ticket, tasks.c.number)
Index("ix_tasks_due", tasks.c.due, sqlite_where=DUE, postgresql_where=DUE)
Index("ix_tasks_agent", tasks.c.agent, sqlite_where=UNDONE, postgresql_where=UNDONE)
Index("ix_messages_ticket", messages.c.ticket, messages.c.id)
Index("ix_messages_incoming", messages.c.incoming)
Index("ix_messages_message_id", messages.c.message_id)
Index("ix_messages_agent", messages.c.agent, messages.c.id, sqlite_where=AGENTS, postgresql_where=AGENTS)
Index("ix_message_references_reference", message_references.c.reference)
Index("ix_message_names_address", message_names.c.address)
Index("ix_events_ticket", events.c.ticket, events.c.id)
Index("ix_rule_traces_ticket", rule_traces.c.ticket, rule_traces.c.id)
Index("ix_rule_traces_incoming", rule_traces.c.incoming)
Index("ix_rule_stays_due", rule_stays.c.rule, rule_stays.c.due)
Index("ix_rule_stays_since", rule_stays.c.since)
Index("ix_absences_until", absences.c.until)
Index("ix_regroupings_ticket", regroupings.c.ticket, regroupings.c.id)
Index("ix_regroupings_other", regroupings.c.other, regroupings.c.id)
Index("ix_letters_unpacked", letters.c.number, sqlite_where=UNPACKED, postgresql_where=UNPACKED)
Index("ix_letters_ticket", letters.c.ticket, letters.c.number)
Index("ix_letters_message_id", letters.c.message_id)
Index("ix_letters_notified", letters.c.created, letters.c.agent, sqlite_where=NOTIFICATIONS, postgresql_where=NOTIFICATIONS)
Index("ix_letters_rule", letters.c.rule, letters.c.created, sqlite_where=BY_RULES, postgresql_where=BY_RULES)
Index("ix_deliveries_letter", deliveries.c.letter)
Index(
    "ix_deliveries_undelivered",
    deliveries.c.priority,
    deliveries.c.next_attempt,
    deliveries.c.id,
    deliveries.c.queue,
    sqlite_where=UNDELIVERED,
    postgresql_where=UNDELIVERED,
)
for _name, _column in (("recipient", deliveries.c.recipient_key), ("domain", deliveries.c.recipient_domain), ("queue", deliveries.c.queue)):
    Index(f"ix_deliveries_cap_{_name}", _column, deliveries.c.created, sqlite_where=AUTOMATIC, postgresql_where=AUTOMATIC)
Index("ix_deliveries_cap_all", deliveries.c.created, sqlite_where=AUTOMATIC, postgresql_where=AUTOMATIC)
Index("ix_bounces_address", bounces.c.address, bounces.c.at)
Index("ix_delayed_answers_message", delayed_answers.c.message)
Index("ix_letter_aliases_letter", letter_aliases.c.letter)
Index("ix_letter_files_file", letter_files.c.file)
Index("ix_folds_ticket", folds.c.ticket)
Index("ix_sent_copies_due", sent_copies.c.due)


def create_tables(tx: Connection) -> None:
    """Every table with its indexes, in a database that has none."""
    all_tables().create_all(tx, checkfirst=False)
