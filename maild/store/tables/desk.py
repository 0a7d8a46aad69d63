"""What the desk keeps for itself: numbers, switches, leases, who is muted, and who is away."""

from datetime import datetime

from sqlalchemy import Column, Named, Table, Text, TypedColumns

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
