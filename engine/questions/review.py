"""A review: `{"action": "review", "options": ["approve", …, "reject"], …}` takes `{"action": …, "comments": …}`.

The shape is Content Review in LangGraph's guide to human-in-the-loop.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.decisions import Answer, Json, Verdict
from engine.forms import readable
from engine.questions.question import Asked, Dialect, Option, Question, ReasonWanted, update_of
from engine.questions.text import NO_WORDS, asked_in, one_line
from engine.questions.words import REQUEST_CHANGES, are_words, offers_both, options_of, said_by, word_of


def _recognises(asked: Asked) -> bool:
    value = asked.value
    is_review = isinstance(value, dict) and isinstance(value.get("action"), str)
    return is_review and offers_both(value.get("options"))


def _fits(asked: Asked) -> bool:
    return isinstance(asked.value, dict) and are_words(asked.value.get("options"))


def _read(asked: Asked) -> Question:
    options = options_of(asked, comments=ReasonWanted.OPTIONAL)
    named = _named(asked.value) if asked_in(asked.value) == NO_WORDS else ""
    action = asked.value.get("action")
    says_action = action == "review" or (isinstance(action, str) and named.startswith(f"{readable(action)} "))
    said = said_by(options, words=asked.value["options"])
    return Question(
        dialect="review",
        text=named or asked_in(asked.value),
        shown=asked.value,
        options=options,
        protocol=said | {("action",)} if says_action else said,
    )


def _named(value: Json) -> str:
    """Say what is to be done with what, such as "Review draft"; empty if neither is said."""
    subject = next((key for key in value if key not in ("action", "options")), "")
    return one_line(f"{readable(str(value.get('action', '')))} {readable(subject).lower()}")


def _answer(question: Question, *, option: Option, reason: str, values: Mapping[str, Json]) -> Answer:
    word = word_of(option, values, words=question.shown["options"])
    told = {"comments": reason} if option.verdict in (Verdict.REJECT, Verdict.RESPOND) else {}
    return Answer(resume={"action": word, **told}, update=update_of(option, values))


def _refuses(question: Question, value: Json) -> str | None:
    words = question.shown["options"]
    if not isinstance(value, dict) or value.get("action") not in words or set(value) - {"action", "comments"}:
        return f'This takes {{"action": …, "comments": "…"}}, with one of: {", ".join(words)}.'
    if not isinstance(value.get("comments", ""), str):
        return "The comments have to be a text."
    needs_comments = value["action"] == REQUEST_CHANGES and not value.get("comments", "").strip()
    return "Whoever requests changes has to say which, in the comments." if needs_comments else None


REVIEW = Dialect(
    name="review", recognises=_recognises, fits=_fits, read=_read, answer=_answer, refuses=_refuses
)
