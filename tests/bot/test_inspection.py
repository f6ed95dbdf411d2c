"""The report of `assent check`, line by line."""

from __future__ import annotations

from pathlib import Path

from bot.inspection import told
from engine import AppReport, Ask, Field, FieldKind, Form, Policy, Terms, WorkflowReport

AMOUNT = Field(name="amount", label="Amount", kind=FieldKind.NUMBER, required=True)
COLOUR = Field(
    name="colour", label="Colour", kind=FieldKind.CHOICE, required=True, choices=("red", 1, None, *"abcdef")
)
RECEIPT = Field(name="receipt", label="Receipt", kind=FieldKind.BOOLEAN, required=False)

FULL = WorkflowReport(
    name="expense",
    title="Expense",
    form=Form(fields=(AMOUNT, COLOUR, RECEIPT), schema={}),
    before=frozenset({"pay", "book"}),
    after="*",
    editable=("amount",),
    asks=(
        Ask("approval", "expense.py:48", "level", "Manager approval", {"Approve": (), "Edit": ("amount",)}),
        Ask("agent", "HumanInTheLoopMiddleware", "batched", "Run the tool?", {"send": ("approve", "reject")}),
        Ask("free", "expense.py:60", None, "", {}),
    ),
    dialect="level",
    answers={"approve": {"yes": "ja"}},
    terms=(
        Terms({"level": "director"}, Policy(users=frozenset({"U0DORA"}), allow_self=True)),
        Terms({}, Policy(groups=frozenset({"S0APPROVERS"}), expires_after_s=5400, carry_out_within_s=600)),
    ),
    starters=Policy(groups=frozenset({"S0STAFF"})),
    channel="#approvals",
    problems=("Something is wrong.",),
)

BARE = WorkflowReport(
    name="bare",
    title="Bare\u202e\nname",
    form=Form(fields=(), schema={}),
    before=frozenset(),
    after=frozenset(),
    editable=(),
    asks=(),
    dialect=None,
    answers={},
    terms=(Terms({}, Policy()),),
    starters=None,
    channel=None,
    problems=(),
)

LINES = """\
expense (Expense)
  inputs      amount: number
              colour: choice of red, 1, null, a, b, c, 3 more
              receipt: yes or no, optional
  stops       before book, pay and after every node; an edit changes amount
  asks        approval, expense.py:48: level “Manager approval” with Approve,
                Edit (amount)
              agent, HumanInTheLoopMiddleware: batched “Run the tool?” with send
                (approve, reject)
              free, expense.py:60: told when it asks
  answers     dialect = "level", approve = {"yes": "ja"}
  may start   group S0STAFF
  may decide  where level = "director": user U0DORA; also who asked; no deadline
              group S0APPROVERS; not who asked; within 90m; to be carried out
                within 10m of the approval
  channel     #approvals
  problem     Something is wrong.

bare (Bare⟨U+202E⟩ name)
  inputs      none
  stops       at no breakpoint
  asks        no interrupt() was found in its nodes
  answers     as the dialect of each question has them
  may start   everybody
  may decide  nobody; not who asked; no deadline
  channel     none

gone
  problem     could not be loaded. There is no file ./gone.py.

3 workflows: 2 of them cannot work as set up."""


def test_a_report_can_be_read_in_a_terminal() -> None:
    """Each workflow is a paragraph of lines of at most 80 columns, and what is from outside is one plain line."""
    report = AppReport(Path("langgraph.json"), (FULL, BARE), {"gone": "There is no file ./gone.py."})
    assert list(told(report)) == LINES.splitlines()
    assert max(map(len, LINES.splitlines())) <= 80
    assert not report.is_sound


def test_a_word_wider_than_the_line_is_cut() -> None:
    """A name without spaces takes several lines instead of a wide one."""
    report = AppReport(Path("langgraph.json"), (), {"x": "y" * 200})
    assert max(map(len, told(report))) == 80
    assert "".join(line.strip() for line in told(report)).count("y") == 200


def test_the_sum_is_told_last() -> None:
    """An app without problems ends in a line that says so, and one without graphs is not sound."""
    report = AppReport(Path("langgraph.json"), (BARE,), {})
    assert list(told(report))[-1] == "1 workflow: nothing is known to be wrong."
    assert report.is_sound
    assert not AppReport(Path("langgraph.json"), (), {}).is_sound
