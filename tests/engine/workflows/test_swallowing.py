"""Pauses that a node's own `except` takes for errors, found in its source."""

from __future__ import annotations

import inspect
import textwrap

import pytest

from engine.workflows.swallowing import swallowed
from tests.engine import guide

SWALLOWING = {
    "broad": """
        try:
            answer = interrupt("Pay?")
        except Exception:
            answer = None
        """,
    "bare": """
        try:
            answer = interrupt("Pay?")
        except:
            pass
        """,
    "in a tuple, with a module before it": """
        try:
            answer = types.interrupt("Pay?")
        except (ValueError, builtins.BaseException) as error:
            log(error)
        """,
    "a narrow handler comes first": """
        try:
            answer = interrupt("Pay?")
        except ValueError:
            raise
        except Exception as error:
            return {"error": str(error)}
        """,
    "another error is raised instead": """
        try:
            answer = interrupt("Pay?")
        except Exception as error:
            raise RuntimeError("no answer") from error
        """,
    "deep inside, and approval()": """
        try:
            for item in items:
                with lock:
                    answers.append(approval(item) if item else None)
        except Exception:
            pass
        """,
    "caught further out": """
        try:
            try:
                answer = interrupt("Pay?")
            except KeyError:
                pass
        except Exception:
            pass
        """,
    "suppressed": """
        with contextlib.suppress(Exception):
            answer = interrupt("Pay?")
        """,
    "caught by its own name": """
        try:
            answer = interrupt("Pay?")
        except GraphInterrupt:
            answer = None
        """,
}

HARMLESS = {
    "narrow": """
        try:
            answer = interrupt("Pay?")
        except (ValueError, KeyError):
            pass
        """,
    "raised again": """
        try:
            answer = interrupt("Pay?")
        except Exception as error:
            if isinstance(error, GraphInterrupt):
                raise error
            answer = None
        """,
    "let through first": """
        try:
            answer = interrupt("Pay?")
        except GraphBubbleUp:
            raise
        except Exception:
            answer = None
        """,
    "asked in the handler, in else and in finally": """
        try:
            work()
        except Exception:
            answer = interrupt("Retry?")
        else:
            answer = interrupt("Good?")
        finally:
            interrupt("Done?")
        """,
    "only defined within": """
        try:
            def ask():
                return interrupt("Pay?")
            later = lambda: interrupt("Pay?")
        except Exception:
            pass
        """,
    "no Python": "try: interrupt(",
}


@pytest.mark.parametrize("source", SWALLOWING.values(), ids=SWALLOWING)
def test_a_handler_that_keeps_the_pause_is_found(source: str) -> None:
    """Whatever takes every exception around a call that asks, and does not raise it again, is named."""
    (found,) = swallowed(source)
    line = source.splitlines()[found.line - 1]
    assert f"{found.call}(" in line
    assert source.splitlines()[found.caught_at - 1].strip().startswith(found.caught_by)


@pytest.mark.parametrize("source", HARMLESS.values(), ids=HARMLESS)
def test_a_pause_that_gets_through_is_no_fault(source: str) -> None:
    """Narrow handlers, handlers that raise again, and calls outside the guarded part are fine."""
    assert swallowed(source) == ()


def test_the_sentence_tells_the_lines_of_the_file() -> None:
    """Lines count from where the function stands in its file, and the sentence says what to do."""
    (found,) = swallowed(textwrap.indent(SWALLOWING["broad"].lstrip("\n"), "    "), first_line=41)
    assert str(found) == (
        "interrupt() in line 42 never pauses: “except Exception” in line 43 takes the pause for an error. "
        "Move the call out of it, or let GraphInterrupt through with raise."
    )


def test_a_name_of_ones_own_can_ask() -> None:
    """A helper or an alias that asks is found by the name given."""
    source = "try:\n    ask_boss()\nexcept Exception:\n    pass\n"
    assert swallowed(source) == ()
    assert [each.call for each in swallowed(source, asking={"ask_boss"})] == ["ask_boss"]


def test_the_guides_nodes_are_harmless() -> None:
    """Every node of LangGraph's guide pauses, also the one that asks within `except Exception`."""
    assert swallowed(inspect.getsource(guide)) == ()
