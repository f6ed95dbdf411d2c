"""Connections to PostgreSQL that many tasks share: none waits for the answer to another one before it asks.

libpq's pipeline mode on the event loop (https://www.postgresql.org/docs/current/libpq-pipeline-mode.html), through
psycopg.pq: for a statement a thread or a cursor of psycopg takes as long as the server does.
"""

from __future__ import annotations

import asyncio
import os
import select
import socket
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGresult
from sqlalchemy import URL

from engine.connections import shared_connection
from engine.prepared import Call

_ANSWERS = (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
_COPIES = (ExecStatus.COPY_IN, ExecStatus.COPY_OUT, ExecStatus.COPY_BOTH)
_OF_A_PLAN = (psycopg.ProgrammingError, psycopg.NotSupportedError, psycopg.InternalError)
_CLOSED = "The connection was closed."
_TEXT, _BINARY = Format.TEXT, Format.BINARY  # a lookup in an Enum takes as long as all the rest for a value


class Answer:
    """What a statement gave, read when it is asked for."""

    __slots__ = ("_result", "_values")

    def __init__(self, result: PGresult, values: Any) -> None:
        self._result = result
        self._values = values

    @property
    def rows(self) -> Sequence[tuple[Any, ...]]:
        self._values.set_pgresult(self._result)
        rows: list[tuple[Any, ...]] = self._values.load_rows(0, self._result.ntuples, tuple)
        return rows

    @property
    def rowcount(self) -> int:
        """How many rows it changed, or gave."""
        return self._result.command_tuples or 0

    @property
    def description(self) -> Sequence[tuple[str, int]]:
        """The name and the type's OID of each column, as a cursor has them."""
        result = self._result
        return [((result.fname(n) or b"").decode(), result.ftype(n)) for n in range(result.nfields)]


@dataclass(slots=True)
class _Question:
    """Statements that were sent together, and what came back for them so far."""

    count: int
    done: asyncio.Future[list[Answer]]
    results: list[PGresult] = field(default_factory=list)


class Pipeline:
    """One connection, which has to be in autocommit mode. For the event loop it is made in.

    `is_broken`: the connection was lost or closed under what it had been asked. `is_usable`: something may be asked
    of it. After an error that may come from a plan which does not fit the tables any more nothing more should be;
    what was asked before is still answered. `ended` is called once, when the connection is closed.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any], ended: Callable[[Pipeline], None]) -> None:
        self._connection = connection
        self._ended = ended
        self._libpq = connection.pgconn
        self._arrived = select.poll()
        self._loop = asyncio.get_running_loop()
        self._names: dict[str, bytes] = {}
        self._asked: deque[_Question] = deque()
        self._values: Any = Transformer(connection)
        # kept by it, so that texts can be read when the connection is gone
        self._encoding = "utf-8" if self._values.encoding == "ascii" else self._values.encoding
        self.is_broken = False
        self.is_usable = True
        self._is_closed = False
        self._libpq.enter_pipeline_mode()
        # of our own: libpq closes its socket before it says that anything is wrong
        self._socket = socket.socket(fileno=os.dup(self._libpq.socket))
        self._arrived.register(self._socket, select.POLLIN)
        self._loop.add_reader(self._socket, self._read)

    def lives(self) -> bool:
        """Say whether something may be asked of it, after a look at the socket when nothing is under way."""
        while self.is_usable and not self._asked and self._arrived.poll(0):
            self._read()  # nothing was asked, so it is a notice, or the end
        return self.is_usable

    def ask(self, calls: Sequence[Call]) -> asyncio.Future[list[Answer]]:
        """Send statements with `$1` for parameters; all of them are one transaction.

        The answers come in the same order. Whoever is cancelled meanwhile does not learn how it ended.
        Raises, or the future does: psycopg.Error, UnicodeEncodeError before anything was sent.
        """
        values = [self._encoded(call.values) for call in calls]
        question = _Question(len(calls), self._loop.create_future())
        try:
            for call in calls:
                if call.sql not in self._names:
                    name = self._names[call.sql] = f"assent_{len(self._names)}".encode()
                    self._libpq.send_prepare(name, call.sql.encode())
            for call, (params, formats) in zip(calls, values, strict=True):
                self._libpq.send_query_prepared(self._names[call.sql], params, formats, Format.BINARY)
            self._libpq.pipeline_sync()
            self._flush()
        except psycopg.Error as error:
            self._break(error)
            raise
        self._asked.append(question)
        return question.done

    def close(self) -> None:
        """Close the connection; what is under way fails."""
        self._break(psycopg.InterfaceError(_CLOSED))

    def _encoded(self, values: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Format]]:
        # numbers in binary would have to have the very size of their column; bytes as text are twice as long
        params: list[Any] = []
        formats: list[Format] = []
        for value in values:
            kind = type(value)
            is_bytes = isinstance(value, bytes)
            if value is None or is_bytes:
                params.append(value)
            elif kind is str and "\0" not in value:
                params.append(value.encode(self._encoding))
            elif kind is int:
                params.append(b"%d" % value)
            else:
                params += self._values.dump_sequence((value,), (PyFormat.TEXT,))
            formats.append(_BINARY if is_bytes else _TEXT)
        return params, formats

    def _flush(self) -> None:
        if self._libpq.flush():
            self._loop.add_writer(self._socket, self._flush_more)

    def _flush_more(self) -> None:
        try:
            if not self._libpq.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.Error as error:
            self._break(error)

    def _read(self) -> None:
        try:
            self._libpq.consume_input()
            was_none = False
            while self._asked and not self._libpq.is_busy():
                result = self._libpq.get_result()
                if result is None:  # stands between two answers; twice, where nothing more comes
                    if was_none:
                        raise psycopg.OperationalError(self._libpq.get_error_message())
                    was_none = True
                    continue
                was_none = False
                if result.status in _COPIES:
                    raise psycopg.NotSupportedError("COPY cannot be asked of a pipeline.")
                if result.status == ExecStatus.PIPELINE_SYNC:
                    self._answer(self._asked.popleft())
                else:
                    self._asked[0].results.append(result)
        except psycopg.Error as error:
            self._break(error)
        if not self.is_usable and not self._asked:
            self._finish()

    def _answer(self, question: _Question) -> None:
        prepared = len(question.results) - question.count
        failed = next((n for n, each in enumerate(question.results) if each.status not in _ANSWERS), None)
        if failed is not None:
            error = _error_of(question.results[failed])
            if failed < prepared or isinstance(error, _OF_A_PLAN):
                self.is_usable = False
            if not question.done.done():
                question.done.set_exception(error)
        elif not question.done.done():
            results = question.results[prepared:]
            question.done.set_result([Answer(each, self._values) for each in results])

    def _break(self, error: psycopg.Error) -> None:
        if self._is_closed:
            return
        self.is_broken = True
        self._finish()
        while self._asked:
            question = self._asked.popleft()
            if not question.done.done():
                question.done.set_exception(error)

    def _finish(self) -> None:
        if self._is_closed:
            return
        self._is_closed, self.is_usable = True, False
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._libpq.finish()
        self._ended(self)


class Pipelines:
    """A database's connections of this kind, one for each purpose: opened at its first use, anew when it broke."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._pipelines: dict[str, Pipeline] = {}
        self._all: set[Pipeline] = set()
        self._opening: dict[str, asyncio.Future[Pipeline]] = {}
        self._tasks: set[asyncio.Task[Pipeline]] = set()

    async def ask(self, purpose: str, calls: Sequence[Call], *, is_repeatable: bool) -> Sequence[Answer]:
        """Ask as Pipeline.ask does. What `is_repeatable` is asked once more when the connection breaks meanwhile.

        That is not for what writes rows: a server may have received it, and may run it when it gets to it, after all
        that was written since. Raises: psycopg.Error, UnicodeEncodeError.
        """
        pipeline = await self._opened(purpose)
        try:
            return await pipeline.ask(calls)
        except psycopg.OperationalError:
            if not (pipeline.is_broken and is_repeatable):
                raise
        return await (await self._opened(purpose)).ask(calls)

    async def close(self) -> None:
        """Close all, those that are being opened as soon as they are; the next use would open new ones.

        To cancel the opening would leave the server with a connection until the garbage collector finds it.
        """
        while self._opening:
            self._opening.popitem()[1].set_exception(psycopg.InterfaceError(_CLOSED))
        self._pipelines.clear()
        while self._all:
            self._all.pop().close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _opened(self, purpose: str) -> Pipeline:
        found = self._pipelines.get(purpose)
        if found is not None and found.lives():
            return found
        opening = self._opening.get(purpose)
        if opening is None:  # all who wait share one attempt, and its failure
            opening = self._opening[purpose] = asyncio.get_running_loop().create_future()
            # so that an error which nobody waits for any more is not told as one that was never read
            opening.add_done_callback(asyncio.Future.exception)
            task = asyncio.create_task(self._open(purpose, opening))
            self._tasks.add(task)
            task.add_done_callback(partial(self._tried, purpose, opening))
        return await asyncio.shield(opening)

    async def _open(self, purpose: str, wanted: asyncio.Future[Pipeline]) -> Pipeline:
        connection = await shared_connection(self._url)
        if wanted.done():  # all were closed meanwhile
            await connection.close()
            raise psycopg.InterfaceError(_CLOSED)
        try:
            pipeline = Pipeline(connection, self._all.discard)
        except BaseException:  # such as too many open files
            await connection.close()
            raise
        self._pipelines[purpose] = pipeline
        self._all.add(pipeline)
        return pipeline

    def _tried(self, purpose: str, wanted: asyncio.Future[Pipeline], task: asyncio.Task[Pipeline]) -> None:
        """Tell those who wait for a connection what came of opening it."""
        self._tasks.discard(task)
        error = psycopg.InterfaceError(_CLOSED) if task.cancelled() else task.exception()
        if wanted.done():
            return
        del self._opening[purpose]
        if error is not None:
            wanted.set_exception(error)
        else:
            wanted.set_result(task.result())


def _error_of(result: PGresult) -> psycopg.Error:
    """Return the server's error as psycopg names it, without its detail, which may hold the values of a row."""
    code = (result.error_field(DiagnosticField.SQLSTATE) or b"").decode()
    message = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or result.error_message).decode(
        errors="replace"
    )
    try:
        kind: type[psycopg.Error] = psycopg.errors.lookup(code)
    except KeyError:  # a function's own
        kind = psycopg.DatabaseError
    return kind(message)
