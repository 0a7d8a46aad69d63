"""Prepared statements: those asked for every message and every letter, whose SQL is worked out once for each database.

SQLAlchemy looks up what it has compiled, and builds a context around it, each time a statement is executed; that takes several times as
long as SQLite takes to answer (docs/decisions/21-prepared-statements.md). Here the SQL of its compiler and the conversions of its types are
kept, and go to the driver's own cursor. Errors are raised as SQLAlchemy raises them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NamedTuple, TypeVarTuple, overload

from sqlalchemy import BindParameter, Connection, Dialect, Result, Select, UpdateBase
from sqlalchemy.engine import IteratorResult
from sqlalchemy.engine.interfaces import DBAPICursor, DBAPIModule
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.visitors import iterate

MOST_LISTED = 20
"""A statement with a longer list of values is left to SQLAlchemy: each length is another statement."""

Columns = TypeVarTuple("Columns")
Values = Mapping[str, Any]
Convert = Callable[[Any], Any]


class Prepared(Generic[*Columns]):
    """A statement of a module, to be run with values for its parameters, under the names SQLAlchemy wants.

    Columns an `Insert` or `Update` does not name are taken from the values, as SQLAlchemy does.
    """

    @overload
    def __init__(self, statement: Select[*Columns]) -> None: ...

    @overload
    def __init__(self: "Prepared[*tuple[Any, ...]]", statement: UpdateBase) -> None: ...

    def __init__(self, statement: Select[*Columns] | UpdateBase) -> None:
        self._statement = statement
        self._forms: dict[tuple[object, ...], _Form] = {}

    def read(self, tx: Connection, values: Values) -> Result[*Columns]:
        """The rows it answers."""
        form = self._form_for(tx, values)
        return form.read(tx, values) if form else tx.execute(self._statement, dict(values))

    def write(self, tx: Connection, *rows: Values) -> int:
        """Run it for each of these rows, all of the same columns; answers how many rows it has touched."""
        form = self._form_for(tx, rows[0])
        return form.write(tx, rows) if form else tx.execute(self._statement, [dict(values) for values in rows]).rowcount

    def _form_for(self, tx: Connection, values: Values) -> "_Form | None":
        """What is prepared for values of this shape; None where a list is too long."""
        lengths = tuple(len(values[name]) for name in self._lists)
        if lengths and max(lengths) > MOST_LISTED:
            return None
        shape = (tx.dialect.name, lengths, *values)
        form = self._forms.get(shape)
        if form is None:
            self._forms[shape] = form = _prepare(self._statement, tx.dialect, values, self._lists)
        return form

    @cached_property
    def _lists(self) -> tuple[str, ...]:
        """The parameters that are lists of values."""
        found = (part.key for part in iterate(self._statement) if isinstance(part, BindParameter) and part.expanding and part.required)
        return tuple(dict.fromkeys(found))


def run_plain(tx: Connection, sql: str) -> None:
    """A statement without values and without an answer: what begins, ends or marks a transaction."""
    cursor = tx.connection.cursor()
    try:
        cursor.execute(sql)
    except tx.dialect.loaded_dbapi.Error as error:
        raise _fault(tx, cursor, error, sql, {}) from error
    finally:
        cursor.close()


class _Source(NamedTuple):
    """Where the value of a placeholder comes from: what is given under a name, or a member of the list given there, and what it becomes for
    the driver. `fixed`: the statement's own."""

    key: str
    place: int | None
    fixed: Any
    convert: Convert | None


@dataclass(frozen=True, slots=True)
class _Form:
    """A statement as one database takes it, for values of one shape. `names` of its placeholders: None where only their order counts.
    `converts` what the driver answers: None where nothing needs to be."""

    sql: str
    names: tuple[str, ...] | None
    sources: tuple[_Source, ...]
    columns: SimpleResultMetaData
    converts: tuple[Convert | None, ...] | None

    def read(self, tx: Connection, values: Values) -> Result[*tuple[Any, ...]]:
        cursor = tx.connection.cursor()
        try:
            cursor.execute(self.sql, self._bind(values))
            rows: Iterable[Sequence[Any]] = cursor.fetchall()
        except tx.dialect.loaded_dbapi.Error as error:
            raise _fault(tx, cursor, error, self.sql, values) from error
        finally:
            cursor.close()
        if self.converts:
            rows = [tuple(convert(value) if convert else value for convert, value in zip(self.converts, row, strict=True)) for row in rows]
        return IteratorResult(self.columns, iter(rows))

    def write(self, tx: Connection, rows: Sequence[Values]) -> int:
        cursor = tx.connection.cursor()
        try:
            if len(rows) == 1:
                cursor.execute(self.sql, self._bind(rows[0]))
            else:
                cursor.executemany(self.sql, list(map(self._bind, rows)))
            return cursor.rowcount
        except tx.dialect.loaded_dbapi.Error as error:
            raise _fault(tx, cursor, error, self.sql, rows[0]) from error
        finally:
            cursor.close()

    def _bind(self, values: Values) -> Any:
        bound = []
        for key, place, fixed, convert in self.sources:
            value = values.get(key, fixed)
            if place is not None:
                value = value[place]
            bound.append(convert(value) if convert else value)
        return bound if self.names is None else dict(zip(self.names, bound, strict=True))


def _prepare(statement: Select[*Columns] | UpdateBase, dialect: Dialect, values: Values, lists: Iterable[str]) -> _Form:
    compiled = statement.compile(dialect=dialect, column_keys=list(values))
    assert isinstance(compiled, SQLCompiler)
    given = {name: values[name] for name in lists}
    state = compiled.construct_expanded_state({**compiled.params, **given}, escape_names=False)
    members = {member: (key, place) for key, all_of_it in state.parameter_expansion.items() for place, member in enumerate(all_of_it)}
    names = tuple((state.positiontup or ()) if dialect.positional else state.parameters)
    sources = []
    for key, place in (members.get(name, (name, None)) for name in names):
        convert = compiled.binds[key].type.dialect_impl(dialect).bind_processor(dialect)
        sources.append(_Source(key, place, compiled.params[key], convert))
    columns = tuple(statement.exported_columns)
    keys = [column.key or f"column_{place}" for place, column in enumerate(columns)]
    converts = tuple(column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns)
    return _Form(
        state.statement,
        None if dialect.positional else names,
        tuple(sources),
        SimpleResultMetaData(keys),
        converts if any(converts) else None,
    )


def _fault(tx: Connection, cursor: DBAPICursor, error: DBAPIModule.Error, sql: str, values: Values) -> BaseException:
    """The error as SQLAlchemy tells it. A connection that is lost is given up, as everywhere."""
    base = tx.dialect.loaded_dbapi.Error
    is_lost = tx.dialect.is_disconnect(error, tx.connection.dbapi_connection, cursor)
    if is_lost:
        tx.invalidate(error)
    return DBAPIError.instance(sql, values, error, base, dialect=tx.dialect, connection_invalidated=is_lost)
