"""Core statements compiled once and run on the driver's own cursor.

SQLAlchemy's machinery around a statement takes longer than SQLite takes to run it; what everybody waits for (a
decision) is spared it. The tables stay the one definition: SQL, types and conversions are SQLAlchemy's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Dialect, Executable, IteratorResult
from sqlalchemy.engine.result import SimpleResultMetaData
from sqlalchemy.sql.compiler import SQLCompiler

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Convert = Callable[[Any], Any]

STATEMENTS_KEPT = 256


class Rows(IteratorResult[Any]):
    """What a statement gave; `rowcount` as the driver counts the rows that it changed."""

    rowcount: int = -1


class Prepared:
    """One statement for one dialect and one set of parameter names. Lists to be expanded (IN) are not for it."""

    def __init__(self, statement: Executable, *, dialect: Dialect, names: tuple[str, ...]) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
        if not isinstance(compiled, SQLCompiler) or any(bind.expanding for bind in compiled.binds.values()):
            raise TypeError("This statement cannot be prepared.")
        self._sql = str(compiled)
        self._order = compiled.positiontup if compiled.positional else None
        binds = {name: bind for bind, name in compiled.bind_names.items()}
        self._fixed = {name: bind.value for name, bind in binds.items() if not bind.required}
        self._converts = {
            name: convert
            for name, bind in binds.items()
            if (convert := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self._escaped = compiled.escaped_bind_names
        columns = list(statement.exported_columns) if _gives_rows(statement) else []  # type: ignore[attr-defined]
        self._dialect = dialect
        self._types = [column.type.dialect_impl(dialect) for column in columns]
        self._shape = SimpleResultMetaData([column.key for column in columns])
        self._reads: list[Convert | None] | None = None

    def run(self, cursor: Any, params: Parameters | None) -> Rows:
        """Run it with one mapping of parameters, or once for each of a list. Raises: what the driver raises."""
        given = params if isinstance(params, Sequence) else [params or {}]
        if len(given) == 1:  # psycopg's executemany opens a pipeline, which one row does not repay
            cursor.execute(self._sql, self._bound(given[0]))
        else:
            cursor.executemany(self._sql, [self._bound(each) for each in given])
        return self._rows(cursor, cursor.fetchall() if self._types else ())

    def _rows(self, cursor: Any, found: Sequence[Any]) -> Rows:
        rows = Rows(self._shape, iter(self._read(cursor, found) if found else ()))
        rows.rowcount = cursor.rowcount
        return rows

    def _bound(self, params: Mapping[str, Any]) -> Any:
        values = {**self._fixed, **params}
        for name, convert in self._converts.items():
            values[name] = convert(values[name])
        if self._order is not None:
            return [values[name] for name in self._order]
        return {self._escaped.get(name, name): value for name, value in values.items()}

    def _read(self, cursor: Any, found: Sequence[Any]) -> list[tuple[Any, ...]]:
        if self._reads is None:
            codes = [column[1] for column in cursor.description]
            self._reads = [
                each.result_processor(self._dialect, code)
                for each, code in zip(self._types, codes, strict=True)
            ]
        return [
            tuple(
                value if read is None else read(value) for value, read in zip(row, self._reads, strict=True)
            )
            for row in found
        ]


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
        if self._picks is not None:
            rows = [tuple(row[n] for n in self._picks) for row in rows]
        if len(rows) == 1:
            cursor.execute(self._sql, rows[0])
        else:
            cursor.executemany(self._sql, rows)


class Statements:
    """Prepares each statement the first time that it is run. For several threads at once."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._kept: dict[tuple[int, tuple[str, ...]], tuple[Executable, Prepared]] = {}

    def run(self, cursor: Any, statement: Executable, params: Parameters | None) -> Rows:
        """Run a statement. Raises: what the driver raises."""
        return self._prepared(statement, params).run(cursor, params)

    def _prepared(self, statement: Executable, params: Parameters | None) -> Prepared:
        one = params[0] if isinstance(params, Sequence) else params or {}
        key = (id(statement), tuple(one))
        kept = self._kept.get(key)
        if kept is None or kept[0] is not statement:
            if len(self._kept) >= STATEMENTS_KEPT:
                self._kept.clear()
            kept = (statement, Prepared(statement, dialect=self._dialect, names=tuple(one)))
            self._kept[key] = kept
        return kept[1]


def _gives_rows(statement: Executable) -> bool:
    return bool(getattr(statement, "is_select", False)) or bool(getattr(statement, "_returning", ()))
