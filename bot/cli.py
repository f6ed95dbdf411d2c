"""The command `assent` and its verbs. What is slow to import is imported by the verb that needs it."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bot.settings import StoreSettings
    from engine import Anchor, Desk

FAILED, BAD_SETTINGS = 1, 2
DEMO_PORT = 4390
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit code: 0 done, 1 failed, 2 wrong settings or arguments.

    Errors are told in one sentence each on standard error.
    """
    options = _parser().parse_args(arguments)
    verb: Callable[[argparse.Namespace], int] = options.verb
    try:
        return verb(options)
    except KeyboardInterrupt:
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="assent", description="Approvals in Slack for LangGraph graphs.")
    parser.add_argument("--version", action="version", version=f"assent {_version()}")
    verbs = parser.add_subparsers(required=True, metavar="<what to do>")

    def add(name: str, verb: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
        made = verbs.add_parser(name, help=text, description=text)
        made.set_defaults(verb=verb)
        return made

    add("serve", _serve, "Run the bot with the settings of the environment or .env.")
    demo = add("demo", _demo, "Run the bot with a local Slack in the browser, SQLite and the examples.")
    demo.add_argument(
        "--port", type=_port, default=DEMO_PORT, help=f"port of the local Slack (default {DEMO_PORT})"
    )
    demo.add_argument(
        "--folder", type=Path, default=Path(".demo"), help="where it keeps its files (default .demo)"
    )
    add("list", _list, "List the questions that wait for a decision.")
    show = add("show", _show, "Show one run: what happened, and what it waits for.")
    show.add_argument("run", help="the run's id, or its first characters")
    check = add(
        "check", _check, "Tell what your app asks and who may decide; exit code 1 when it cannot work."
    )
    check.add_argument("app", nargs="?", type=Path, help="path of a langgraph.json (default: ASSENT_APP)")
    verify = add("verify", _verify, "Walk the audit trail and tell whether anything in it was changed.")
    verify.add_argument(
        "--anchor",
        type=_anchor,
        action="append",
        default=[],
        metavar="NUMBER:HASH",
        dest="anchors",
        help="what the thread in Slack says below a decision, such as 41:3f2a9c0d1e2b4a5c; may be given often",
    )
    return parser


def _serve(_options: argparse.Namespace) -> int:
    from bot.settings import Settings

    def work(settings: Settings) -> Coroutine[Any, Any, int]:
        from bot.main import Running, serve
        from bot.terminal import log_shown

        def ready(bot: Running) -> None:
            door = f"Slack's request URL ends here: {bot.slack_url}" if bot.slack_url else "Socket Mode"
            sys.stderr.write(f"Assent runs at {bot.url} ({door}). Ctrl-C stops it.\n")

        async def run() -> int:
            with log_shown():
                await serve(settings, on_ready=ready)
            return 0

        return run()

    return _with_settings(Settings, work)


def _demo(options: argparse.Namespace) -> int:
    from bot.demo import demo
    from bot.terminal import log_shown

    with log_shown():
        return _run(demo(port=options.port, folder=options.folder))


def _list(_options: argparse.Namespace) -> int:
    async def work(desk: Desk) -> int:
        from bot.terminal import listed

        pending = await desk.pending()
        _print(listed(run, approval) for run, approval in pending)
        if not pending:
            _print(["Nothing is waiting for a decision."])
        return 0

    return _at_desk(work)


def _show(options: argparse.Namespace) -> int:
    async def work(desk: Desk) -> int:
        from bot.terminal import shown

        _print(shown(await desk.run(options.run.lower())))
        return 0

    return _at_desk(work)


def _check(options: argparse.Namespace) -> int:
    from bot.settings import AppSettings

    async def work(app: Path) -> int:
        from bot.inspection import told
        from engine import inspect_app

        report = await inspect_app(app)
        _print(told(report))
        return 0 if report.is_sound else FAILED

    if options.app is not None:
        return _run(work(options.app))
    return _with_settings(AppSettings, lambda settings: work(settings.assent_app))


def _verify(options: argparse.Namespace) -> int:
    async def work(desk: Desk) -> int:
        count = await desk.verify(options.anchors)
        fits = f" It fits {_counted(len(options.anchors), 'anchor')}." if options.anchors else ""
        _print([f"The audit trail is whole: {count} entries.{fits}"])
        return 0

    return _at_desk(work)


def _at_desk(work: Callable[[Desk], Coroutine[Any, Any, int]]) -> int:
    from bot.settings import StoreSettings

    async def opened(settings: StoreSettings) -> int:
        from engine import open_desk

        url = settings.assent_database_url.get_secret_value()
        async with open_desk(
            database_url=url,
            app=settings.assent_app,
            drives=False,
            encryption_keys=settings.encryption_keys(),
            allowed_types=settings.allowed_types(),
        ) as desk:
            return await work(desk)

    return _with_settings(StoreSettings, opened)


def _with_settings(kind: type[Any], work: Callable[[Any], Coroutine[Any, Any, int]]) -> int:
    from bot.settings import BadSettings, load

    try:
        settings = load(kind)
    except BadSettings as error:
        return _fail(*error.problems, code=BAD_SETTINGS)
    return _run(work(settings))


def _run(work: Coroutine[Any, Any, int]) -> int:
    from bot.identity import TokenRefused
    from bot.inert import one_line
    from bot.main import CannotStart
    from engine import BadDatabaseUrl, EngineError

    try:
        return asyncio.run(work)
    except BadDatabaseUrl as error:
        return _fail(f"ASSENT_DATABASE_URL: {error}", code=BAD_SETTINGS)
    except (EngineError, TokenRefused, CannotStart) as error:
        return _fail(one_line(str(error)))


def _fail(*sentences: str, code: int = FAILED) -> int:
    sys.stderr.write("".join(f"{sentence}\n" for sentence in sentences))
    return code


def _print(lines: Iterable[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("must be a whole number from 0 to 65535")
    return int(text)


def _anchor(text: str) -> Anchor:
    from engine import Anchor

    found = Anchor.parsed(text.strip().lower())
    if found is None:
        raise argparse.ArgumentTypeError(
            "must look like 41:3f2a9c0d1e2b4a5c, with 16 to 64 digits of the hash"
        )
    return found


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _version() -> str:
    from importlib.metadata import version

    return version("assent")
