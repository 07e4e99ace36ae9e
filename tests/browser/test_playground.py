"""The playground: a small Slack, with the bot behind it."""

import re
from typing import Any

import pytest

from bot.playground.slack.records import Warned
from tests.browser.doing import ask, write
from tests.browser.looking import PHONE, find_barriers, is_dark, looking, scrolls_sideways
from tests.browser.test_page import HOSTILE
from tests.support.model_server import ModelServer, Script, words
from tests.support.playground import playing
from tests.support.world import NAMES, PROBLEM

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

QUICK = {name: Script((f"{name} says so.\n\nAnd **more**.",)) for name in NAMES}

SEE = """isSeen => {
    Object.defineProperty(document, "hidden", { value: !isSeen, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def quick() -> ModelServer:
    """A model that answers at once."""
    return ModelServer(**QUICK, other=Script(("So in the end.",)))


async def cut_off(page: Any) -> None:
    """Cut its connection until it says that nobody answers; and see that it says so no more when somebody does.

    A browser without a network keeps the connections that it has, so the window lets go of its own first: out of sight.
    """
    await page.evaluate(SEE, arg=False)
    await page.context.set_offline(True)
    await page.evaluate(SEE, arg=True)
    await page.get_by_role("alert").get_by_text("does not answer").wait_for()
    await page.context.set_offline(False)
    await page.locator("#trouble").wait_for(state="hidden")


async def name(page: Any) -> str:
    """Who sits before a window."""
    await page.get_by_role("button", name="general").wait_for()
    words: str = await page.locator("#me").inner_text()
    return words


async def test_a_question_from_the_composer_to_together(browser: Any) -> None:
    """It grows in its thread, is voted on, and drawn together; a reload knows all of it, and who sits there."""
    async with playing(quick()) as place, looking(browser, place.address) as page:
        await ask(page)
        thread = page.get_by_role("complementary", name="Thread")
        await thread.get_by_text("Time says so.", exact=True).wait_for()
        vote = thread.get_by_role("button", name="Helpful", exact=True).first
        await vote.click()
        await page.locator("#thread [aria-pressed=true]").wait_for()
        await page.get_by_role("main").get_by_role("button", name="Draw together").click()
        await thread.locator(".markdown", has_text="So in the end.").wait_for()
        assert await thread.locator("strong", has_text="more").count() == 4
        assert await find_barriers(page) == []
        await page.reload()
        assert await name(page) == "ada"
        await page.get_by_role("button", name="5 replies").click()
        assert await thread.locator("[aria-pressed=true]").inner_text() == "👍 Helpful"
        assert re.fullmatch("[1-9][0-9]? of 50", await page.locator("#edits").inner_text())


async def test_a_form_says_what_is_wrong_and_goes(browser: Any) -> None:
    """It has the focus; Escape closes it, and what is asked by it is answered."""
    async with playing(quick()) as place, looking(browser, place.address) as page:
        await write(page, "/perspectives")
        form = page.get_by_role("dialog")
        field = form.get_by_role("textbox")
        await field.wait_for()
        assert await field.evaluate("one => one === document.activeElement")
        await field.fill(" ")
        await form.locator("button.main").click()
        await form.get_by_role("alert").filter(has_text=" ").wait_for()
        assert await field.get_attribute("aria-invalid") == "true"
        assert await find_barriers(page) == []
        await page.keyboard.press("Escape")
        await form.wait_for(state="hidden")
        await write(page, "/perspectives")
        await field.fill(PROBLEM)
        await form.locator("button.main").click()
        await page.get_by_role("button", name="4 replies").wait_for()
        assert not await form.is_visible()


@pytest.mark.parametrize("has_form", [False, True])
async def test_what_went_wrong_is_said_and_put_away_by_keys(browser: Any, *, has_form: bool) -> None:
    """A warning of Slack's, too; and while a form is open, which keeps the focus within itself."""
    async with playing(quick()) as place, looking(browser, place.address) as page:
        assert await name(page) == "ada"
        if has_form:
            await write(page, "/perspectives")
            await page.get_by_role("dialog").get_by_role("textbox").wait_for()
        workspace = place.world.workspace
        workspace.keep(Warned(workspace.now(), workspace.user("ada").id, "block_actions", "operation_timeout"))
        said = page.get_by_role("alert").get_by_text("We had some trouble connecting.")
        await said.wait_for()
        assert await find_barriers(page) == []
        for _ in range(50):
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement.id") == "trouble-close":
                break
        await page.keyboard.press("Enter")
        await said.wait_for(state="hidden")
        assert await page.evaluate("document.activeElement.tagName") == "TEXTAREA"
        assert await page.get_by_role("dialog").is_visible() is has_form


async def test_two_windows_are_two_people_and_only_one_sees_what_is_for_one(browser: Any) -> None:
    """Each as on a machine of its own: what one writes the other reads, but not what is ephemeral or direct."""
    async with (
        playing(quick()) as place,
        looking(browser, place.address) as ada,
        looking(browser, place.address) as ben,
    ):
        assert [await name(ada), await name(ben)] == ["ada", "ben"]
        await write(ada, "Good morning @ben")
        await ben.locator(".mention", has_text="@ben").wait_for()
        await write(ada, "/remind me")
        await ada.get_by_text("Only visible to you").wait_for()
        await ada.get_by_role("button", name="perspectives", exact=True).click()
        await write(ada, PROBLEM, "Message perspectives")
        await ada.get_by_role("button", name="4 replies").wait_for()
        await write(ben, "Still here")
        await ben.get_by_text("Still here").wait_for()
        assert await ben.get_by_text("Only visible to you").count() == 0
        await ben.get_by_role("button", name="perspectives", exact=True).click()
        await ben.get_by_text("This is the beginning of perspectives.").wait_for()
        assert await ben.locator("article").count() == 0
        async with ada.context.expect_page() as opened:
            await ada.get_by_role("link", name="Open a window as somebody else").click()
        assert await name(await opened.value) == "cleo"


async def test_a_message_is_chosen_by_its_menu_and_answered_in_its_thread(browser: Any) -> None:
    """Its words stand in the form."""
    async with playing(quick()) as place, looking(browser, place.address) as page:
        await write(page, PROBLEM)
        message = page.locator("article").first
        await message.hover()
        await message.get_by_role("button", name="Get four perspectives").click()
        form = page.get_by_role("dialog")
        assert await form.get_by_role("textbox").input_value() == PROBLEM
        await form.locator("button.main").click()
        await page.get_by_role("button", name="4 replies").or_(page.get_by_role("button", name="5 replies")).wait_for()


async def test_hostile_words_execute_nothing_and_load_nothing(browser: Any) -> None:
    """Of people and of models, in messages, answers and forms."""
    hostile = ModelServer(**dict.fromkeys(NAMES, Script((HOSTILE,))))
    async with playing(hostile) as place, looking(browser, place.address) as page:
        await page.get_by_label("Message #general").fill(HOSTILE)
        await page.get_by_role("button", name="Send").click()
        await page.locator("article", has_text="<img src=x onerror=alert(2)>").wait_for()
        await ask(page)
        await page.get_by_role("button", name="Draw together").first.wait_for()
        bodies = page.locator(".body")
        assert await bodies.locator("script, img, iframe, style, svg, [onclick]").count() == 0
        addresses = await bodies.locator("a").evaluate_all("links => links.map((one) => one.href)")
        assert {one.partition(":")[0] for one in addresses} <= {"https"}
        message = page.locator("#messages article").first
        await message.hover()
        await message.get_by_role("button", name="Get four perspectives").click()
        assert "<script>" in await page.get_by_role("dialog").get_by_role("textbox").input_value()


async def test_all_of_it_can_be_done_by_keys(browser: Any) -> None:
    """Names are offered and chosen; a thread is opened, left by Escape, and the focus is where it was."""
    async with playing(quick()) as place, looking(browser, place.address) as page:
        composer = page.get_by_label("Message #general", exact=True)
        await composer.focus()
        await page.keyboard.type("@per")
        await page.get_by_role("option", name="@perspectives").wait_for()
        await page.keyboard.press("Enter")
        assert await composer.input_value() == "@perspectives "
        await page.keyboard.type("Why?")
        await page.keyboard.press("Shift+Enter")
        await page.keyboard.type("And what now?")
        assert await composer.input_value() == "@perspectives Why?\nAnd what now?"
        await page.keyboard.press("Enter")
        replies = page.get_by_role("button", name="replies")
        await replies.wait_for()
        await replies.focus()
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "thread-composer-field"
        await page.keyboard.press("Escape")
        assert not await page.get_by_role("complementary").is_visible()
        assert await page.evaluate("document.activeElement.className") == "replies"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_one_column_is_shown_at_a_time(browser: Any, scheme: str) -> None:
    """Channels, messages or a thread; nothing scrolls sideways, in the colours that the system has."""
    how = {"viewport": PHONE, "color_scheme": scheme}
    async with playing(quick()) as place, looking(browser, place.address, **how) as page:
        await ask(page)
        await page.get_by_text("Time says so.", exact=True).wait_for()
        assert not await page.get_by_role("main").is_visible()
        assert await find_barriers(page) == []
        await page.get_by_role("button", name="Close the thread").click()
        assert await find_barriers(page) == []
        await page.get_by_role("button", name="Channels").click()
        await page.get_by_role("button", name="random").click()
        await page.get_by_text("perspectives is not in this channel").wait_for()
        assert not await scrolls_sideways(page)
        assert await is_dark(page) is (scheme == "dark")


async def test_a_window_goes_on_when_the_connection_was_cut(browser: Any) -> None:
    """It says that nobody answers, and then has all that came meanwhile, and says so no more."""
    slow = ModelServer(**dict.fromkeys(NAMES, words(40, 20)))
    async with playing(slow) as place, looking(browser, place.address) as page:
        await ask(page)
        await page.get_by_text("word3 ").first.wait_for()
        await cut_off(page)
        await page.get_by_role("button", name="Draw together").first.wait_for()
        assert await page.locator("#thread").get_by_text("word39").count() == 4
        assert not await page.locator("#trouble").is_visible()


async def test_a_window_in_which_nothing_is_new_says_no_more_that_nobody_answers(browser: Any) -> None:
    """It is answered at once, if only with nothing."""
    async with playing() as place, looking(browser, place.address) as page:
        assert await name(page) == "ada"
        await cut_off(page)
        assert await name(page) == "ada"
