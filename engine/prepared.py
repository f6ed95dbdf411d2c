"""Core statements compiled once in a process and run on the driver's own cursor.

SQLAlchemy's machinery around a statement takes longer than SQLite takes to run it. The tables stay the one
definition: SQL, types and conversions are SQLAlchemy's own. Statements that are built anew for each use are known by
the key that SQLAlchemy's own cache takes (https://docs.sqlalchemy.org/en/21/core/connections.html#sql-compilation-caching).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary, ref

from sqlalchemy import Dialect, Executable, IteratorResult, LargeBinary
from sqlalchemy.dialects.postgresql import psycopg
from sqlalchemy.dialects.sqlite import pysqlite
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.compiler import ExpandedState, SQLCompiler

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Convert = Callable[[Any], Any]

STATEMENTS_KEPT = 1024
EXPANSIONS_UP_TO = 8
"""Values in a statement's lists (IN) up to which it is kept as it is then written."""

PIPELINED: Final[Dialect] = psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
"""PostgreSQL as engine.pipelines speaks to it, with `$1` for the first parameter."""

_DIALECTS: Final[Mapping[str, Dialect]] = {
    "sqlite": pysqlite.dialect(),
    "postgresql": psycopg.dialect(),  # type: ignore[no-untyped-call]
    "pipelined": PIPELINED,
}


class Rows(IteratorResult[Any]):
    """What a statement gave; `rowcount` as the driver counts the rows that it changed.

    `plain`: the same rows as tuples, for who reads hundreds.
    """

    rowcount: int = -1
    plain: Sequence[tuple[Any, ...]] = ()


class Call(NamedTuple):
    """What a cursor is called with: `values` are one set of parameters, or one for each time if it is `many`."""

    sql: str
    values: Any
    is_many: bool = False


class Prepared:
    """One statement for one dialect and one set of parameter names."""

    def __init__(self, statement: Executable, *, dialect: Dialect, names: tuple[str, ...], key: Any) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names), cache_key=key)  # type: ignore[attr-defined]
        if not isinstance(compiled, SQLCompiler):
            raise TypeError("This statement cannot be prepared.")
        if any(bind.callable is not None for bind in compiled.bind_names):
            raise TypeError("A parameter whose value is asked of a function cannot be prepared.")
        self._compiled = compiled
        self._sql = str(compiled)
        self._order = compiled.positiontup if compiled.positional else None
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        self._defaults = dict(_defaults(compiled))
        self._given = [name for name, bind in binds.items() if not bind.required]
        self._lists = tuple(name for name, bind in binds.items() if bind.expanding)
        self._is_spelled = any(bind.literal_execute for bind in binds.values())
        self._is_expanded = bool(self._lists) or self._is_spelled
        self._expansions: dict[tuple[int, ...], ExpandedState] = {}
        self._converts = {
            name: convert
            for name, bind in binds.items()
            if not bind.expanding
            and (convert := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self._escaped = compiled.escaped_bind_names
        columns = list(statement.exported_columns) if _gives_rows(statement) else []  # type: ignore[attr-defined]
        self._dialect = dialect
        self._types = [column.type.dialect_impl(dialect) for column in columns]
        self._shape = SimpleResultMetaData([column.key for column in columns]) if columns else None
        self._reads: list[tuple[int, Convert]] | None = None

    def given(self, key: Any) -> dict[str, Any]:
        """Return the values that a statement with this cache key brings along."""
        extracted = key.bindparams if key is not None else None
        values = self._compiled.construct_params(
            extracted_parameters=extracted, escape_names=False, _check=False, _no_postcompile=True
        )
        return {name: values[name] for name in self._given} | self._defaults

    def call(self, given: Mapping[str, Any], params: Parameters | None) -> Call:
        """Bind one mapping of parameters, or each of a list; more than one cannot have lists to expand (IN)."""
        rows = params if isinstance(params, Sequence) else [params or {}]
        if len(rows) != 1:  # psycopg's executemany opens a pipeline, which one row does not repay
            if self._is_expanded:
                raise TypeError("A statement with an IN list takes one set of parameters.")
            if self._types:
                raise TypeError("A statement that gives rows takes one set of parameters.")
            return Call(self._sql, [self._bound({**given, **each}) for each in rows], is_many=True)
        values = {**given, **rows[0]}
        if self._is_expanded:
            return self._expanded(values)
        return Call(self._sql, self._bound(values))

    def rows(self, cursor: Any, found: Sequence[Any]) -> Rows:
        """Make rows of what the cursor gave."""
        shape = self._shape or SimpleResultMetaData([column[0] for column in cursor.description or ()])
        values = self._read(cursor, found) if found and self._types else found
        rows = Rows(shape, iter(values))
        rows.rowcount, rows.plain = cursor.rowcount, values
        return rows

    def _bound(self, values: dict[str, Any]) -> Any:
        for name, convert in self._converts.items():
            values[name] = convert(values[name])
        if self._order is not None:
            return [values[name] for name in self._order]
        return {self._escaped.get(name, name): value for name, value in values.items()}

    def _expanded(self, values: dict[str, Any]) -> Call:
        state = self._expansion(values)
        parameters = state.parameters or self._spread(values, state.parameter_expansion)
        converts = {**self._converts, **state.processors}
        bound = {
            name: converts[name](value) if name in converts else value for name, value in parameters.items()
        }
        if state.positiontup is not None:
            return Call(state.statement, [bound[name] for name in state.positiontup])
        named = {self._escaped.get(name, name): value for name, value in bound.items()}
        return Call(state.statement, named)

    def _spread(self, values: Mapping[str, Any], names: Mapping[str, Sequence[str]]) -> Mapping[str, Any]:
        """Give each value of a list its own name."""
        spread: dict[str, Any] = {}
        for name, value in values.items():
            spread |= zip(names[name], value, strict=True) if name in names else {name: value}
        return spread

    def _expansion(self, values: Mapping[str, Any]) -> ExpandedState:
        """Return the statement for lists as long as these; most are short, and come again and again."""
        lengths = tuple(len(values[name]) for name in self._lists)
        found = self._expansions.get(lengths)
        if found is None:
            found = self._compiled.construct_expanded_state(values, escape_names=False)
            names = [found.parameter_expansion.get(name, ()) for name in self._lists]
            is_plain = [len(each) for each in names] == list(lengths)  # no tuples, which take several names
            if is_plain and not self._is_spelled and sum(lengths) <= EXPANSIONS_UP_TO:
                self._expansions[lengths] = found._replace(parameters={})
        return found

    def _read(self, cursor: Any, found: Sequence[Any]) -> Sequence[tuple[Any, ...]]:
        if self._reads is None:
            codes = [column[1] for column in cursor.description]
            reads = [
                None if isinstance(each, LargeBinary) else each.result_processor(self._dialect, code)
                for each, code in zip(self._types, codes, strict=True)
            ]  # all drivers here give bytes
            self._reads = [(place, read) for place, read in enumerate(reads) if read is not None]
        return [_converted(row, self._reads) for row in found] if self._reads else found


class Positional:
    """One statement that gives no rows, for rows of parameters in the order of `names`; nothing is converted."""

    def __init__(self, statement: Executable, dialect: Dialect, names: Sequence[str]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
        places = {name: n for n, name in enumerate(names)}
        picks = tuple(places[name] for name in compiled.positiontup)
        self._sql = str(compiled)
        self._picks = None if picks == tuple(range(len(names))) else picks

    def run(self, cursor: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it once for each row. Raises: what the driver raises."""
        rows = self._picked(rows)
        if len(rows) == 1:
            cursor.execute(self._sql, rows[0])
        else:
            cursor.executemany(self._sql, rows)

    def calls(self, rows: Sequence[tuple[Any, ...]]) -> list[Call]:
        """Return what to call for each row."""
        return [Call(self._sql, row) for row in self._picked(rows)]

    def _picked(self, rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
        picks = self._picks
        return rows if picks is None else [tuple(row[n] for n in picks) for row in rows]


class Multiplied:
    """One statement in forms for 1, 2, 4, 8 … rows of parameters at once, so that few are sent for many rows.

    `forms`: the shortest first; each takes its rows as one after the other.
    """

    def __init__(self, forms: Sequence[Positional]) -> None:
        self._forms = forms

    def run(self, cursor: Any, rows: Sequence[tuple[Any, ...]]) -> None:
        """Run it for all rows. Raises: what the driver raises."""
        for call in self.calls(rows):
            cursor.execute(call.sql, call.values)

    def calls(self, rows: Sequence[tuple[Any, ...]]) -> list[Call]:
        """Return what to call for all rows."""
        found: list[Call] = []
        at = 0
        while at < len(rows):
            power = min((len(rows) - at).bit_length(), len(self._forms)) - 1
            count = 1 << power
            found += self._forms[power].calls([tuple(chain.from_iterable(rows[at : at + count]))])
            at += count
        return found


class Statements:
    """Runs statements on cursors of one database. For several threads at once.

    What was prepared is known to the whole process: a database that is opened anew compiles nothing again.
    """

    def __init__(self, dialect: str) -> None:
        self._dialect = dialect

    def run(self, cursor: Any, statement: Executable, params: Parameters | None) -> Rows:
        """Run a statement with one mapping of parameters, or once for each of a list.

        Raises: what the driver raises.
        """
        call, prepared = self.called(statement, params)
        (cursor.executemany if call.is_many else cursor.execute)(call.sql, call.values)
        return prepared.rows(cursor, cursor.fetchall() if cursor.description else ())

    async def run_async(self, cursor: Any, statement: Executable, params: Parameters | None) -> Rows:
        """Run a statement on a cursor whose methods are awaited; otherwise as `run`."""
        call, prepared = self.called(statement, params)
        await (cursor.executemany if call.is_many else cursor.execute)(call.sql, call.values)
        return prepared.rows(cursor, await cursor.fetchall() if cursor.description else ())

    def called(self, statement: Executable, params: Parameters | None) -> tuple[Call, Prepared]:
        """Return what to call, and what makes rows of the answer."""
        prepared, given = self._prepared(statement, params)
        return prepared.call(given, params), prepared

    def _prepared(
        self, statement: Executable, params: Parameters | None
    ) -> tuple[Prepared, Mapping[str, Any]]:
        one = params[0] if isinstance(params, Sequence) else params or {}
        shape = (self._dialect, tuple(one))
        known = _KNOWN.get(statement)
        if known is None:
            known = _KNOWN[statement] = {}
        found = known.get(shape)
        if found is not None and (prepared := found[0]()) is not None:
            return prepared, found[1]
        key = statement._generate_cache_key()  # type: ignore[attr-defined]
        prepared = _shared(statement, key, shape)
        given = prepared.given(key)
        if key is not None:
            known[shape] = ref(prepared), given
        return prepared, given


Shape = tuple[str, tuple[str, ...]]
"""A dialect and the names of the parameters."""

Known = dict[Shape, tuple[ref[Prepared], Mapping[str, Any]]]

_KNOWN: WeakKeyDictionary[Executable, Known] = WeakKeyDictionary()
"""What a statement that still exists was prepared to, and the values that it brings along.

What was prepared holds a statement, so it must not be held here: no statement would ever be forgotten.
"""

_SHARED: dict[tuple[Shape, Any], Prepared] = {}
"""What equal statements were prepared to, by SQLAlchemy's key."""


def _converted(row: Sequence[Any], reads: Sequence[tuple[int, Convert]]) -> tuple[Any, ...]:
    values = list(row)
    for place, read in reads:
        values[place] = read(values[place])
    return tuple(values)


def _shared(statement: Executable, key: Any, shape: Shape) -> Prepared:
    dialect, names = _DIALECTS[shape[0]], shape[1]
    if key is None:
        return Prepared(statement, dialect=dialect, names=names, key=None)
    found = _SHARED.get((shape, key.key))
    if found is None:
        if len(_SHARED) >= STATEMENTS_KEPT:
            _SHARED.clear()
        found = _SHARED[shape, key.key] = Prepared(statement, dialect=dialect, names=names, key=key)
    return found


def _defaults(compiled: SQLCompiler) -> Iterator[tuple[str, Any]]:
    """Yield the values of columns that the statement leaves to the table's definition."""
    inserted = [(column, column.default) for column in compiled.insert_prefetch]
    updated = [(column, column.onupdate) for column in compiled.update_prefetch]
    default: Any
    for column, default in (*inserted, *updated):
        if default is None or not default.is_scalar:
            raise TypeError(f"The default of {column} is not a plain value.")
        yield column.key, default.arg


def _gives_rows(statement: Executable) -> bool:
    return bool(getattr(statement, "is_select", False)) or bool(getattr(statement, "_returning", ()))
