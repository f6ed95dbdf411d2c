"""Values read from the source of an expression."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from engine.workflows.samples import TEXT, UNKNOWN, fillings, sample_of, variables

VALUES = {"WORDS": ["approve", "reject"], "LIMIT": 1000, "helper": len}
NAMES = {"known": ast.parse("{'a': 1}", mode="eval").body, "loop": ast.parse("loop", mode="eval").body}

EXPRESSIONS: list[tuple[str, Any]] = [
    ("'Pay?'", "Pay?"),
    ("f'Pay {amount} now?'", f"Pay {TEXT} now?"),
    ("'Pay ' + name", TEXT),
    ("'Pay %s' % name", TEXT),
    ("1 + amount", UNKNOWN),
    ("None", None),
    ("b'bytes'", UNKNOWN),
    ("{'level': 'manager', 'amount': amount, **more}", {"level": "manager", "amount": UNKNOWN}),
    ("[{'a': 1}, (True, state['x'])]", [{"a": 1}, [True, UNKNOWN]]),
    ("{'options': WORDS, 'limit': LIMIT, 'how': helper}",
     {"options": ["approve", "reject"], "limit": 1000, "how": UNKNOWN}),
    ("known", {"a": 1}),
    ("loop", UNKNOWN),
    ("str(error)", TEXT),
    ("', '.join(names)", TEXT),
    ("len(items)", 1),
    ("dict(question='Pay?', amount=amount)", {"question": "Pay?", "amount": UNKNOWN}),
    ("types.Request(action='send', args={'to': to}).model_dump()", {"action": "send", "args": {"to": UNKNOWN}}),
    ("make(question='Pay?')", UNKNOWN),
    ("Request('Pay?')", UNKNOWN),
    ("state['draft']", UNKNOWN),
]  # fmt: skip


@pytest.mark.parametrize(("source", "value"), EXPRESSIONS, ids=[source for source, _ in EXPRESSIONS])
def test_what_stands_in_the_source_is_known(source: str, value: Any) -> None:
    """Literals, names of them and objects made of keywords are read; what only shows when it runs is not."""
    sample = sample_of(ast.parse(source, mode="eval").body, names=NAMES, values=VALUES)
    assert sample == value
    assert type(sample) is type(value)


def test_a_variable_is_known_if_it_has_one_value() -> None:
    """A name that is given a value once is that value; again, in a loop or as a parameter it is not."""
    tree = ast.parse(
        "def node(state, given):\n    once = 1\n    typed: int = 2\n    twice = 1\n    twice = 2\n"
        "    given = 3\n    added = 1\n    added += 1\n    for each in state:\n        pass\n"
    )
    assert {name: ast.unparse(value) for name, value in variables(tree).items()} == {
        "once": "1",
        "typed": "2",
    }


def test_unknown_parts_are_tried_as_each_type() -> None:
    """A few unknown parts are combined in every way, texts first; many are all filled with the same."""
    few = list(fillings({"a": UNKNOWN, "b": [UNKNOWN], "c": 1}))
    assert few[0] == {"a": TEXT, "b": [TEXT], "c": 1}
    assert {"a": {}, "b": [True], "c": 1} in few
    assert len(few) == 25
    assert list(fillings("Pay?")) == ["Pay?"]
    assert list(fillings([UNKNOWN] * 9))[1] == [{}] * 9
