"""What the desk keeps for itself: numbers, switches, leases, who is muted, who is away, which addresses agents have added to theirs and
which they had, which rules are paused, and how agents' mail programs fare."""

from datetime import datetime

from sqlalchemy import JSON, Boolean, Column, Integer, Named, Table, Text, TypedColumns

from maild.store.columns import Key, Number, Time, Words
from maild.store.tables import metadata


class CounterColumns(TypedColumns):
    name: Named[str] = Column(Text, primary_key=True)
    value: Named[int] = Column(Number)


counters = Table("counters", metadata, CounterColumns)


class SettingColumns(TypedColumns):
    name: Named[str] = Column(Text, primary_key=True)
    value: Named[str] = Column(Words)


settings = Table("settings", metadata, SettingColumns)


class LeaseColumns(TypedColumns):
    name: Named[str] = Column(Text, primary_key=True)
    owner: Named[str] = Column(Text)
    token: Named[int] = Column(Number)
    expires: Named[datetime] = Column(Time)


leases = Table("leases", metadata, LeaseColumns)


class MuteColumns(TypedColumns):
    key: Named[str] = Column(Key, primary_key=True)
    until: Named[datetime] = Column(Time)
    why: Named[str] = Column(Words)


mutes = Table("mutes", metadata, MuteColumns)


class AbsenceColumns(TypedColumns):
    agent: Named[str] = Column(Text, primary_key=True)
    since: Named[datetime] = Column(Time)
    until: Named[datetime | None] = Column(Time)
    deputy: Named[str | None] = Column(Text)


absences = Table("absences", metadata, AbsenceColumns)


class AgentAddressColumns(TypedColumns):
    address: Named[str] = Column(Key, primary_key=True)
    agent: Named[str] = Column(Text)
    added: Named[datetime] = Column(Time)


agent_addresses = Table("agent_addresses", metadata, AgentAddressColumns)


class FormerAgentAddressColumns(TypedColumns):
    address: Named[str] = Column(Key, primary_key=True)
    added: Named[datetime] = Column(Time, primary_key=True)
    agent: Named[str] = Column(Text)
    ended: Named[datetime] = Column(Time)


former_agent_addresses = Table("former_agent_addresses", metadata, FormerAgentAddressColumns)


class RulePauseColumns(TypedColumns):
    rule: Named[str] = Column(Text, primary_key=True)
    since: Named[datetime | None] = Column(Time)
    why: Named[str] = Column(Words)
    counted_after: Named[int] = Column(Number)


rule_pauses = Table("rule_pauses", metadata, RulePauseColumns, sqlite_with_rowid=False)


class WelcomeColumns(TypedColumns):
    agent: Named[str] = Column(Text, primary_key=True)
    letter: Named[int] = Column(Number)
    sent: Named[datetime] = Column(Time)
    answers: Named[int] = Column(Integer)
    unproven: Named[int] = Column(Integer)


welcomes = Table("welcomes", metadata, WelcomeColumns)


class DeviceColumns(TypedColumns):
    agent: Named[str] = Column(Text, primary_key=True)
    program: Named[str] = Column(Key, primary_key=True)
    address: Named[str] = Column(Key, primary_key=True)
    automatic: Named[bool] = Column(Boolean, primary_key=True)
    at: Named[datetime] = Column(Time)
    whose: Named[str] = Column(Text)
    replies: Named[str] = Column(Text)
    auth: Named[str] = Column(Text)
    proven: Named[bool] = Column(Boolean)
    proof: Named[str] = Column(Words)
    fresh: Named[bool] = Column(Boolean)
    token: Named[str] = Column(Text)
    mechanism: Named[str] = Column(Words)
    read: Named[str] = Column(Words)
    signature: Named[str] = Column(Words)
    form: Named[str] = Column(Text)
    commands: Named[list[str]] = Column(JSON)
    changes: Named[list[str]] = Column(JSON)
    incoming: Named[int | None] = Column(Number)


devices = Table("devices", metadata, DeviceColumns, sqlite_with_rowid=False)
