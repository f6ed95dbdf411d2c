"""The atoms keep Slack's limits, whatever they are given."""

from __future__ import annotations

from typing import Any

import pytest

from bot import blocks as b
from bot.sandbox.limits import check_message, check_view
from tests.bot.hostile import live_parts, sdk_accepts, strings
from tests.bot.runs import NOON


@pytest.mark.parametrize("given", strings())
def test_f23_every_block_of_a_message_is_accepted(given: str) -> None:
    """Header, section, context, button and label stay within their limits and never become live."""
    made = [
        b.header(given),
        b.section(given, accessory=b.button(given, action_id="x", value="v")),
        b.context(given, given),
        b.rich(
            b.line(b.text(given[:1000], "bold"), b.user(given[:100], name=given[:100]), b.group(given[:100]))
        ),
    ]
    for block in made:
        check_message(text="", blocks=[block])
    sdk_accepts(made)
    assert not live_parts(made)


@pytest.mark.parametrize("given", strings())
def test_f23_every_input_of_a_modal_is_accepted(given: str) -> None:
    """Labels, hints and options of any length make a view that Slack takes."""
    element = b.select([(given, "0"), ("other", "1")], initial="0")
    view = _modal([b.field_input(block_id="x", label=given, element=element, optional=True, hint=given)])
    check_view(view, kind="modal")
    assert not live_parts(view)


@pytest.mark.parametrize(
    ("made", "limit"),
    [
        (b.header("x" * 999)["text"], 150),
        (b.section("x" * 9999)["text"], 3000),
        (b.button("x" * 999, action_id="a")["text"], 75),
        (b.options([("x" * 999, "v")])[0]["text"], 75),
        (
            b.modal(title="x" * 99, callback_id="c", private_metadata="", blocks=[], submit="y" * 99)[
                "title"
            ],
            24,
        ),
    ],
)
def test_a_long_text_is_cut_to_the_limit_and_shows_it(made: dict[str, Any], limit: int) -> None:
    """A cut text uses the whole room that Slack gives and ends in an ellipsis."""
    assert len(made["text"]) == limit
    assert made["text"].endswith("…")


@pytest.mark.parametrize("count", [1, 100, 101, 10_000])
def test_a_menu_holds_up_to_ten_thousand_options(count: int) -> None:
    """More than 100 options stand in groups, and the initial one is found in them."""
    element = b.select([(f"option {n}", str(n)) for n in range(count)], initial=str(count - 1))
    assert element["initial_option"]["value"] == str(count - 1)
    view = _modal([b.field_input(block_id="x", label="Pick", element=element, optional=False)])
    if count <= 1000:
        check_view(view, kind="modal")
    groups = element.get("option_groups", [])
    assert sum(len(group["options"]) for group in groups) == (count if count > 100 else 0)


def test_what_would_change_a_meaning_is_refused_instead_of_cut() -> None:
    """A button value, private metadata or an initial value over Slack's limit is an error of ours."""
    with pytest.raises(ValueError, match="2 000"):
        b.button("ok", action_id="x", value="v" * 2001)
    with pytest.raises(ValueError, match="3 000"):
        b.modal(title="t", callback_id="c", private_metadata="m" * 3001, blocks=[], submit=None)
    with pytest.raises(ValueError, match="3 000"):
        b.text_input(initial="x" * 3001)


def test_a_date_has_words_for_clients_that_cannot_show_it() -> None:
    """The fallback of a date names the time and its zone."""
    assert b.date(NOON)["fallback"] == "23 Nov 2026, 12:00 UTC"


@pytest.mark.parametrize("user_id", ["U0AMY", "W012ABC"])
def test_only_a_real_user_id_is_a_mention(user_id: str) -> None:
    """An id of Slack's form becomes a mention, everything else literal text."""
    assert b.user(user_id) == {"type": "user", "user_id": user_id}
    assert b.user(f"<@{user_id}>", name="Amy")["type"] == "text"
    assert b.group(user_id)["type"] == "text"


def _modal(made: list[b.Block]) -> b.Block:
    return b.modal(title="Title", callback_id="c", private_metadata="", blocks=made, submit="Send")
