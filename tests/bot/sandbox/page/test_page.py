"""What people see and do on the page: messages, threads, people, commands, the home."""

import pytest
from playwright.async_api import expect

from bot.sandbox import Sandbox
from tests.bot.sandbox.page.conftest import Visit
from tests.bot.sandbox.page.small_page import (
    CHANNEL,
    Answering,
    Json,
    button,
    hook,
    message,
    mrkdwn,
    option,
    plain,
)

pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_blocks_are_drawn_with_their_names_and_dates(app: Answering, visit: Visit) -> None:
    """A posted message shows its blocks: header, fields, table, rich text, names for ids, dates in words."""
    page = await visit()
    ts = await app.post(
        {"type": "header", "text": plain("Expense")},
        {"type": "section", "text": mrkdwn("<@U0RITA> asks <!subteam^S0APPROVERS> in <#C0GENERAL>, *now*")},
        {
            "type": "section",
            "fields": [mrkdwn("*Amount*\n12 EUR"), mrkdwn("<!date^86400^{date_short} {time}|x>")],
        },
        {"type": "context", "elements": [mrkdwn("a ~b~ `c &lt;d&gt;`")]},
        {
            "type": "rich_text",
            "elements": [
                {
                    "type": "rich_text_list",
                    "style": "bullet",
                    "elements": [
                        {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0DORA"}]}
                    ],
                },
            ],
        },
        {
            "type": "table",
            "rows": [[{"type": "raw_text", "text": "Tool"}], [{"type": "raw_text", "text": "<b>"}]],
        },
    )
    shown = message(page, ts)
    await expect(shown.get_by_role("heading", name="Expense")).to_be_visible()
    await expect(shown).to_contain_text("@Rita Requester asks @approvers in #general, now")
    await expect(shown.locator("strong", has_text="now")).to_be_visible()
    await expect(shown.locator("time.date")).to_have_text("2 Jan 1970 00:00")
    await expect(shown.locator("[data-block-type=context] s")).to_have_text("b")
    await expect(shown.locator("[data-block-type=context] code")).to_have_text("c <d>")
    await expect(shown.locator("li [data-mention=U0DORA]")).to_have_text("@Dora Director")
    await expect(shown.locator("td")).to_have_text("<b>")


async def test_a_card_in_full_is_drawn(app: Answering, visit: Visit) -> None:
    """Struck and monospaced text, lists of both kinds, code over lines, several notes, fields and a table's heads."""

    def text(words: str, **style: bool) -> Json:
        return {"type": "text", "text": words, "style": style}

    def section(*elements: Json) -> Json:
        return {"type": "rich_text_section", "elements": list(elements)}

    def items(style: str, *words: str, **more: int) -> Json:
        return {
            "type": "rich_text_list",
            "style": style,
            "elements": [section(text(one)) for one in words],
            **more,
        }

    code = {"type": "rich_text_preformatted", "elements": [text('{\n  "amount": 1\n}')]}
    before = section(text("80", strike=True), text("total()", code=True), text("new", bold=True, italic=True))
    changed = {"type": "rich_text", "elements": [section(text("old", strike=True), text(" new", bold=True))]}
    rows = [["Field", "Value"], ["reason", "rain"]]
    cells = [[{"type": "raw_text", "text": one} for one in row] for row in rows]
    page = await visit()
    ts = await app.post(
        {
            "type": "rich_text",
            "elements": [
                before,
                items("bullet", "one", "two"),
                items("ordered", "three", indent=1, offset=2),
                code,
            ],
        },
        {"type": "context", "elements": [mrkdwn("*Round 2*"), plain("due today"), mrkdwn("`expense`")]},
        {"type": "section", "fields": [mrkdwn("~80~ *100*"), plain("*as it is*")]},
        {
            "type": "table",
            "rows": [*cells, [cells[1][0], changed]],
            "column_settings": [{"is_wrapped": True}],
        },
    )
    shown = message(page, ts)
    rich = shown.locator("[data-block-type=rich_text]")
    await expect(rich.locator("s")).to_have_text("80")
    await expect(rich.locator(".rich-section code")).to_have_text("total()")
    await expect(rich.locator("strong em, em strong")).to_have_text("new")
    await expect(rich.locator("ul li")).to_have_text(["one", "two"])
    await expect(rich.locator("ol.indent-1")).to_have_attribute("start", "3")
    await expect(rich.locator("pre code")).to_have_text('{\n  "amount": 1\n}', use_inner_text=True)
    await expect(shown.locator("[data-block-type=context] .text")).to_have_text(
        ["Round 2", "due today", "expense"]
    )
    await expect(shown.locator(".fields .text")).to_have_text(["80 100", "*as it is*"])
    await expect(shown.get_by_role("columnheader")).to_have_text(["Field", "Value"])
    await expect(shown.get_by_role("cell")).to_have_text(["reason", "rain", "reason", "old new"])
    await expect(shown.locator("td s")).to_have_text("old")


async def test_button_reaches_the_app_as_the_person_one_is(
    app: Answering, visit: Visit, sandbox: Sandbox
) -> None:
    """A click is delivered once, for the person of the page; when the message changes, the focus stays on it."""
    page = await visit("U0AMY")
    ts = await app.post(button())
    await message(page, ts).get_by_role("button", name="Approve").click()
    body = await sandbox.until(app.heard_at)
    assert (body["user"]["id"], body["actions"][0]["value"], body["container"]["message_ts"]) == (
        "U0AMY",
        "v1",
        ts,
    )
    await app.client.chat_update(
        channel=CHANNEL, ts=ts, text="done", blocks=[{"type": "section", "text": plain("Done")}]
    )
    await expect(message(page, ts)).to_contain_text("Done")
    await expect(message(page, ts).get_by_role("button", name="Approve")).to_have_count(0)
    await expect(message(page, ts)).to_be_focused()
    assert len(app.heard) == 1


async def test_confirm_and_overflow_ask_before_the_app_hears(
    app: Answering, visit: Visit, sandbox: Sandbox
) -> None:
    """A button with a confirm sends nothing until it is confirmed; an overflow item sends its own value."""
    confirm = {
        "title": plain("Sure?"),
        "text": plain("It ends."),
        "confirm": plain("Yes"),
        "deny": plain("No"),
    }
    menu = {"type": "overflow", "action_id": "more", "options": [option("trail"), option("withdraw")]}
    page = await visit()
    ts = await app.post(button(confirm=confirm), {"type": "actions", "block_id": "m", "elements": [menu]})
    press = message(page, ts).locator("[data-action-id=approve]")
    await press.click()
    await expect(page.get_by_role("alertdialog", name="Sure?")).to_be_visible()
    await hook(page, "confirm-deny").click()
    await expect(press).to_be_focused()
    await message(page, ts).locator("[data-action-id=more]").click()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    body = await sandbox.until(app.heard_at)
    assert body["actions"][0]["selected_option"]["value"] == "withdraw"
    await press.click()
    await hook(page, "confirm-yes").click()
    body = await sandbox.until(lambda: app.heard_at(1))
    assert body["actions"][0]["action_id"] == "approve"


async def test_acting_as_another_person_hides_what_is_private(app: Answering, visit: Visit) -> None:
    """Only its reader sees an ephemeral message; the address remembers who one is, and two tabs are two people."""
    amy, otto = await visit("U0AMY"), await visit("U0OTTO")
    await app.client.chat_postEphemeral(channel=CHANNEL, user="U0OTTO", text="not for you to decide")
    await expect(hook(otto, "message")).to_contain_text("Only visible to you")
    await app.post(text="for everybody")
    await expect(hook(amy, "message")).to_have_count(1)
    await expect(hook(amy, "message")).to_contain_text("for everybody")
    await amy.locator("[data-person=U0OTTO]").click()
    await expect(hook(amy, "only-you")).to_be_visible()
    await expect(amy.locator("[data-person=U0OTTO]")).to_have_attribute("aria-pressed", "true")
    await otto.locator("[data-person=U0DORA]").click()
    await expect(hook(otto, "only-you")).to_have_count(0)
    await otto.reload()
    await expect(hook(otto, "app")).to_have_attribute("data-me", "U0DORA")


@pytest.mark.parametrize("as_block", [True, False])
async def test_hostile_text_stays_text(app: Answering, visit: Visit, as_block: bool) -> None:
    """Markup, script links, escaped mentions and absurd dates of a payload are shown, and nothing of it lives."""
    hostile = (
        "<img src=x onerror=alert(1)> <script>alert(2)</script> <javascript:alert(3)|click> &lt;!channel&gt; "
        '&lt;@U0AMY&gt; <a href="x">x</a> <!date^99999999999999999^{date}|never> '
        "<data:text/html,x|data> &amp;lt;b&amp;gt; *un_closed ``` <"
    )
    page = await visit()
    section = {"type": "section", "text": mrkdwn(hostile)}
    ts = await app.post(section, text="x") if as_block else await app.post(text=hostile)
    shown = message(page, ts).locator(".message-body")
    await expect(shown).to_contain_text("<img src=x onerror=alert(1)> <script>alert(2)</script>")
    await expect(shown).to_contain_text("<javascript:alert(3)|click> <!channel> <@U0AMY>")
    await expect(shown).to_contain_text("never <data:text/html,x|data> &lt;b&gt; *un_closed ``` <")
    await expect(shown.locator("img, script, a, [data-mention]")).to_have_count(0)


async def test_plain_text_is_literal_and_only_web_links_live(app: Answering, visit: Visit) -> None:
    """plain_text shows its characters as they are; mrkdwn links are live for http and https and carry no opener."""
    page = await visit()
    ts = await app.post(
        {
            "type": "section",
            "block_id": "p",
            "text": plain("*no* <@U0AMY> <https://example.com|l> &amp; :tada:"),
        },
        {
            "type": "section",
            "block_id": "l",
            "text": mrkdwn("<https://example.com/?a=1&amp;b=2|docs> and <!here>"),
        },
        button(url="javascript:alert(1)"),
    )
    shown = message(page, ts)
    literal = shown.locator("[data-block-id=p]")
    await expect(literal).to_have_text("*no* <@U0AMY> <https://example.com|l> &amp; :tada:")
    live = shown.locator("[data-block-id=l] a")
    await expect(live).to_have_attribute("href", "https://example.com/?a=1&b=2")
    await expect(live).to_have_attribute("rel", "noopener noreferrer")
    await expect(shown.locator("[data-mention-kind=broadcast]")).to_have_text("@here")
    await expect(shown.locator("a")).to_have_count(1)


async def test_thread_pane_counts_answers_and_shows_broadcasts(
    app: Answering, visit: Visit, sandbox: Sandbox
) -> None:
    """The count under a root opens its thread, an answer typed there stays in it, a broadcast shows in both."""
    page = await visit()
    root = await app.post(text="the question")
    await app.post(text="line one", thread_ts=root)
    loud = await app.post(text="line two", thread_ts=root, reply_broadcast=True)
    await expect(hook(page, "open-thread")).to_contain_text("2 replies")
    await expect(page.locator("main [data-testid=message]")).to_have_count(2)
    await expect(message(page, loud).locator("[data-testid=replied-to]")).to_contain_text("the question")
    await hook(page, "open-thread").click()
    pane = hook(page, "thread")
    await expect(pane.locator("[data-testid=message]")).to_have_count(3)
    await expect(pane.locator("[data-testid=composer-input]")).to_be_focused()
    await page.keyboard.type("and a third")
    await page.keyboard.press("Enter")
    await expect(pane.locator("[data-testid=message]")).to_have_count(4)
    assert sandbox.thread(CHANNEL, root)[-1]["user"] == "U0RITA"
    await expect(hook(page, "open-thread")).to_contain_text("3 replies")
    await expect(page.locator("main [data-testid=message]")).to_have_count(2)
    await page.keyboard.press("Escape")
    await expect(pane).to_have_count(0)
    await expect(hook(page, "open-thread")).to_be_focused()


async def test_newcomer_is_told_what_to_type(app: Answering, visit: Visit, sandbox: Sandbox) -> None:
    """An empty channel offers a first command, puts it into the box, and the strip says whether the app is there."""
    page = await visit()
    await expect(hook(page, "app-status")).to_contain_text("connected over HTTP")
    await expect(hook(page, "empty")).to_contain_text("/approvals")
    await hook(page, "try-command").click()
    await expect(page.locator("main [data-testid=composer-input]")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(hook(page, "modal")).to_be_visible()
    assert app.heard[0]["command"] == "/approvals"
    sandbox.deliver_to(None)
    await expect(hook(page, "banner")).to_contain_text("not connected")


async def test_home_is_fetched_when_opened_and_answers(
    app: Answering, visit: Visit, sandbox: Sandbox
) -> None:
    """Opening the app's home tells the app, shows what it publishes, and its buttons work."""
    page = await visit("U0DORA")
    await hook(page, "open-home").click()
    await expect(hook(page, "home")).to_contain_text("Waiting for you")
    await hook(page, "home").get_by_role("button", name="Look").click()
    body = await sandbox.until(app.heard_at)
    assert (body["user"]["id"], body["view"]["type"]) == ("U0DORA", "home")


async def test_files_and_permalinks_lead_somewhere(app: Answering, visit: Visit, sandbox: Sandbox) -> None:
    """A file is a download link with its content; a permalink to an answer opens its thread in the page."""
    page = await visit()
    root = await app.post(text="root")
    reply = await app.post(text="the answer", thread_ts=root)
    permalink = (await app.client.chat_getPermalink(channel=CHANNEL, message_ts=reply))["permalink"]
    await app.client.files_upload_v2(channel=CHANNEL, filename="trail.csv", content="a,b\n")
    async with page.expect_download() as downloading:
        await hook(page, "file").click()
    download = await downloading.value
    assert download.suggested_filename == "trail.csv"
    ts = await app.post({"type": "section", "text": mrkdwn(f"<{permalink}|there>")})
    await message(page, ts).get_by_role("link", name="there").click()
    await expect(hook(page, "thread").locator(f"[data-ts='{reply}']")).to_be_focused()
