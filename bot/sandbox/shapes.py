"""Rules over JSON values that answer with Slack's own sentences and a JSON pointer to the place."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

type_of = "type"
Rule = Callable[[Any, str], Iterable[str]]


def problem(words: str, pointer: str) -> str:
    """Return one line of response_metadata.messages; the form is the one that Slack's answers have."""
    return f"[ERROR] {words} [json-pointer:{pointer}]"


def string(*, most: int, least: int = 0) -> Rule:
    """Accept a string of `least` to `most` characters; a character is a Unicode code point."""

    def check(value: Any, pointer: str) -> Iterable[str]:
        if not isinstance(value, str):
            yield problem("must be a string", pointer)
        elif len(value) > most:
            yield problem(f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            yield problem(f"must be more than {least - 1} characters", pointer)

    return check


def written(form: str, *, read: Callable[[str], object]) -> Rule:
    """Accept a string that `read` takes without a ValueError; `form` is how it is written, e.g. "YYYY-MM-DD"."""

    def check(value: Any, pointer: str) -> Iterable[str]:
        if not isinstance(value, str):
            yield problem("must be a string", pointer)
            return
        try:
            read(value)
        except ValueError:
            yield problem(f"must be in format '{form}'", pointer)

    return check


def one_of(*allowed: Any) -> Rule:
    """Accept exactly the named values."""

    def check(value: Any, pointer: str) -> Iterable[str]:
        if value not in allowed:
            yield problem(f"must be one of {', '.join(map(str, allowed))}", pointer)

    return check


def flag(value: Any, pointer: str) -> Iterable[str]:
    """Accept true and false."""
    if not isinstance(value, bool):
        yield problem("must be a boolean", pointer)


def anything(_value: Any, _pointer: str) -> Iterable[str]:
    """Accept every value: a field that this sandbox does not look into."""
    return ()


def whole(*, least: int, most: int) -> Rule:
    """Accept an integer of `least` to `most`."""

    def check(value: Any, pointer: str) -> Iterable[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield problem("must be an integer", pointer)
        elif value > most:
            yield problem(f"must be less than {most + 1}", pointer)
        elif value < least:
            yield problem(f"must be more than {least - 1}", pointer)

    return check


def items(rule: Rule, *, most: int, least: int = 1) -> Rule:
    """Accept a list of `least` to `most` values that each follow `rule`."""

    def check(value: Any, pointer: str) -> Iterable[str]:
        if not isinstance(value, list):
            yield problem("must be an array", pointer)
            return
        if len(value) > most:
            yield problem(f"no more than {most} items allowed", pointer)
        if len(value) < least:
            yield problem(f"no fewer than {least} items allowed", pointer)
        for index, item in enumerate(value):
            yield from rule(item, f"{pointer}/{index}")

    return check


def shape(
    required: Mapping[str, Rule],
    optional: Mapping[str, Rule] | None = None,
    *,
    also: Iterable[Rule] = (),
    is_open: bool = False,
) -> Rule:
    """Accept an object with these fields; other fields only when `is_open`. `also` sees a sound whole object."""
    known = {**required, **(optional or {})}
    more = tuple(also)

    def check(value: Any, pointer: str) -> Iterable[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", pointer)
            return
        found = [
            problem(f"missing required field: {name}", pointer)
            for name in required
            if value.get(name) is None
        ]
        for name, field in value.items():
            if name in known and field is not None:
                found += known[name](field, f"{pointer}/{name}")
            elif name not in known and name != type_of and not is_open:
                found.append(problem(f"invalid additional property: {name}", pointer))
        yield from found
        for rule in more if not found else ():
            yield from rule(value, pointer)

    return check


def by_type(kinds: Mapping[str, Rule]) -> Rule:
    """Accept an object whose `type` is one of `kinds` and that follows the rule of its type."""

    def check(value: Any, pointer: str) -> Iterable[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", pointer)
        elif not isinstance(value.get(type_of), str):
            yield problem("missing required field: type", pointer)
        elif value[type_of] not in kinds:
            yield problem(f"unsupported type: {value[type_of]}", f"{pointer}/type")
        else:
            yield from kinds[value[type_of]](value, pointer)

    return check


def plain(most: int) -> Rule:
    """Accept a plain_text object of 1 to `most` characters."""
    return by_type({"plain_text": shape({"text": string(least=1, most=most)}, {"emoji": flag})})


def text(most: int) -> Rule:
    """Accept a plain_text or mrkdwn object of 1 to `most` characters."""
    length = string(least=1, most=most)
    return by_type(
        {
            "plain_text": shape({"text": length}, {"emoji": flag}),
            "mrkdwn": shape({"text": length}, {"verbatim": flag}),
        }
    )
