"""A review: `{"action": "review", "options": ["approve", …, "reject"], …}` takes `{"action": …}`.

The shape is Content Review in LangGraph's guide to human-in-the-loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Answer, Json, Verdict
from engine.forms import readable
from engine.questions.question import Dialect, Question, changed, state_form
from engine.questions.text import asked, one_line


def offers_both(options: Json) -> bool:
    """Say whether `options` is a list of texts in which there is "approve" and "reject"."""
    is_list = isinstance(options, list) and all(isinstance(option, str) for option in options)
    return is_list and {"approve", "reject"} <= set(options)


def _recognises(value: Json) -> bool:
    return (
        isinstance(value, dict) and isinstance(value.get("action"), str) and offers_both(value.get("options"))
    )


def _read(value: Json, *, state: Mapping[str, Json], state_schema: Json) -> Question:
    form = state_form(value, state=state, state_schema=state_schema)
    return Question(dialect="review", text=_text(value), shown=value, form=form)


def _text(value: Json) -> str:
    own = asked(value)
    subject = next((key for key in value if key not in ("action", "options")), "")
    named = f"{readable(value['action'])} {readable(subject).lower()}"
    return one_line(named) if own == "Approval needed" and named.strip() else own


def _answer(question: Question, *, verdict: Verdict, reason: str, edits: Mapping[str, Json]) -> Answer:
    if verdict is Verdict.REJECT:
        return Answer(resume={"action": "reject", "comments": reason})
    update = changed(question, edits) if verdict is Verdict.EDIT else None
    return Answer(resume={"action": "approve"}, update=update)


REVIEW = Dialect(name="review", recognises=_recognises, read=_read, answer=_answer)
