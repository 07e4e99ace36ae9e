import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.engine.reasons import Code, Reason
from bot.markup.characters import units
from bot.playground.slack.block_kit.blocks import find_mentions, find_problems
from bot.playground.slack.block_kit.shown import plain
from bot.playground.slack.records import Version
from bot.slack import blocks, notices
from bot.slack.body import SECTION_LIMIT, Block, Body
from bot.slack.markup.pages import PAGE_LIMIT, Page, fit
from bot.texts.en import ENGLISH

DEPTH = PERSPECTIVES[0]
INDEX_ROOM = len(PERSPECTIVES) * blocks.LINE_ROOM

hostile = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "<!channel>",
                "<@U1>",
                "<https://evil.example|bank>",
                "@here",
                "```",
                "> ",
                "&lt;",
                "|",
                "*",
                "_",
                "\n\n",
                "# ",
            ]
        ),
        st.text(max_size=20),
    ),
    max_size=40,
).map("".join)


def told(words: str) -> Reason:
    """A reason in somebody's words."""
    return Reason(Code.TOLD, {"words": words})


drafts = st.builds(
    Draft.of,
    hostile,
    st.sampled_from(State),
    reason=st.builds(told, hostile),
    model=hostile,
    seconds=st.floats(0, 999),
)

STATES = [
    (Draft(), "🔍 *Depth* · why, nine times · 💭 waiting…"),
    (Draft(reason=told("32 are before it")), "🔍 *Depth* · why, nine times · 💭 waiting: 32 are before it"),
    (Draft.of("x", State.WRITING), "🔍 *Depth* · why, nine times · ✍️ writing…"),
    (
        Draft.of("x", State.DONE, model="m<1>", seconds=12.4),
        "🔍 *Depth* · why, nine times · ✅ done in 12 s by m&lt;1&gt;",
    ),
    (Draft.of("x", State.FAILED, reason=told("a & b.")), "🔍 *Depth* · why, nine times · ⚠️ failed: a &amp; b."),
    (Draft.of("x", State.CUT, reason=told("too long.")), "🔍 *Depth* · why, nine times · ✂️ stopped: too long."),
    (Draft.of("x", State.STOPPED), "🔍 *Depth* · why, nine times · ⏹️ stopped"),
    (Draft.of("x", State.INTERRUPTED, reason=told("bye.")), "🔍 *Depth* · why, nine times · ⏸️ interrupted: bye."),
]


@pytest.mark.parametrize(("draft", "line"), STATES)
def test_a_reply_says_what_it_is_and_in_what_state(draft: Draft, line: str) -> None:
    """In the line above its text, escaped."""
    body = blocks.reply(DEPTH, draft, fit(draft.text), ENGLISH, number=1, is_last=True)
    assert body.blocks[0]["elements"][0]["text"] == line
    assert body.has_text == bool(draft.text)


def test_a_reply_that_is_seldom_edited_says_so() -> None:
    """It would seem frozen."""
    draft = Draft.of("x", State.WRITING)
    body = blocks.reply(DEPTH, draft, fit("x"), ENGLISH, number=1, is_last=True, wait=19.6)
    assert plain_line(body).endswith("✍️ writing, with many others: Slack lets me show more every 20 s or so")
    ended = blocks.reply(DEPTH, Draft.of("x", State.DONE), fit("x"), ENGLISH, number=1, is_last=True, wait=19.6)
    assert "every" not in plain_line(ended)


def test_a_full_page_says_that_it_goes_on_and_the_next_its_number() -> None:
    """The state stands where the text grows."""
    draft = Draft.of("x", State.WRITING)
    page = Page("x", 1, None)
    first = blocks.reply(DEPTH, draft, page, ENGLISH, number=1, is_last=False)
    second = blocks.reply(DEPTH, draft, page, ENGLISH, number=2, is_last=True)
    assert plain_line(first) == "🔍 *Depth* · why, nine times · ⤵️ goes on below"
    assert plain_line(second) == "🔍 *Depth* · continued (2) · ✍️ writing…"
    assert first.text == "Depth goes on below"


def plain_line(body: Body) -> str:
    """The line above the text."""
    return str(body.blocks[0]["elements"][0]["text"])


def test_the_notification_of_a_whole_answer_is_its_takeaway() -> None:
    """Short and telling, as a screen reader says it."""
    draft = Draft.of("**Nobody** owns it. More.", State.DONE, model="m")
    assert blocks.reply(DEPTH, draft, fit(draft.text), ENGLISH, number=1, is_last=True).text == "Depth: Nobody owns it."


@pytest.mark.parametrize(
    ("state", "word"), [(State.CUT, "stopped"), (State.STOPPED, "stopped"), (State.WRITING, "writing")]
)
def test_the_notification_of_another_answer_is_its_state(state: State, word: str) -> None:
    """In a word that people know."""
    draft = Draft.of("x", state, reason=told("too long."))
    assert blocks.reply(DEPTH, draft, fit(draft.text), ENGLISH, number=1, is_last=True).text == f"Depth: {word}"


STOPPED = Reason(Code.STOPPED_BY, {"user": "U9"})
OUTCOMES = [
    (Draft.of("It ends. Well.", State.DONE), "🔍 *Depth* It ends."),
    (Draft.of("It ends. Well.", State.CUT, reason=told("too long.")), "🔍 *Depth* It ends. _(stopped early)_"),
    (Draft.of("", State.CUT, reason=told("too long.")), "🔍 *Depth* stopped: too long."),
    (Draft.of("It ends. Well.", State.STOPPED), "🔍 *Depth* It ends. · stopped"),
    (Draft.of("It ends.", State.STOPPED, reason=STOPPED), "🔍 *Depth* It ends. · stopped by <@U9>"),
    (Draft.of("", State.STOPPED, reason=STOPPED), "🔍 *Depth* stopped by <@U9>"),
    (Draft.of("", State.STOPPED), "🔍 *Depth* stopped"),
    (Draft.of("It ends.", State.FAILED, reason=told("no key.")), "🔍 *Depth* failed: no key."),
    (Draft.of("It ends.", State.INTERRUPTED, reason=told("bye.")), "🔍 *Depth* interrupted: bye."),
]


@pytest.mark.parametrize(("draft", "line"), OUTCOMES)
def test_the_index_has_a_line_for_each_answer(draft: Draft, line: str) -> None:
    """Under the problem."""
    body = blocks.index("Why?", "U1", [(DEPTH, draft)], ENGLISH)
    assert [block["text"] for block in body.blocks if block["type"] == "markdown"] == ["> Why?"]
    assert body.blocks[2]["text"]["text"] == line


def test_what_whole_answers_rest_on_is_said_once_and_small() -> None:
    """Under their lines; not where one of them is not whole."""
    whole, cut = Draft.of("It ends.", State.DONE), Draft.of("It", State.CUT, reason=told("too long."))
    last = blocks.index("Why?", "U1", [(DEPTH, whole), (DEPTH, whole)], ENGLISH).blocks[-1]
    words = "From these words alone, by a model; each answer ends with a way to test it."
    assert last == {"type": "context", "elements": [{"type": "mrkdwn", "text": words}]}
    assert words not in str(blocks.index("Why?", "U1", [(DEPTH, whole), (DEPTH, cut)], ENGLISH).blocks)


@given(hostile, st.lists(drafts, max_size=4))
def test_whatever_was_written_no_message_rings_anybody_or_breaks_a_block(problem: str, answers: list[Draft]) -> None:
    """Every message, its notification and its index lines; only who asked is mentioned, in the parent."""
    made = [blocks.reply(DEPTH, one, fit(one.text), ENGLISH, number=1, is_last=True) for one in answers]
    made += notices.too_long(problem or "x", 1, ENGLISH)
    opened = [
        blocks.parent(problem or "x", "U0", ENGLISH),
        blocks.index(problem or "x", "U0", [(DEPTH, one) for one in answers], ENGLISH),
    ]
    for body in [*made, *opened]:
        message = shown(body)
        mentions = find_mentions(message)
        assert mentions == [] if body in made else set(mentions) == {"@U0"}
        assert "<" not in body.text.replace("<@U0>", "")
        assert units(body.text) <= 4_000
        if problem.strip() and all(one.text.strip() or not one.text for one in answers):
            assert find_problems(list(body.blocks)) == []


def shown(body: Body) -> Version:
    """A body as the stand-in sees it."""
    return Version(0.0, body.text, list(body.blocks))


@given(hostile)
def test_the_plainer_form_has_the_same_words_without_markdown(text: str) -> None:
    """For when Slack refuses the form."""
    draft = Draft.of(text, State.WRITING)
    body = blocks.reply(DEPTH, draft, fit(text), ENGLISH, number=1, is_last=True)
    plainer = body.plainer()
    assert not [block for block in plainer.blocks if block["type"] == "markdown"]
    assert "".join(plain(shown(plainer)).split()) == "".join(plain(shown(body)).split())
    assert all(units(block["text"]["text"]) <= SECTION_LIMIT for block in plainer.blocks[1:])


def test_a_problem_fits_the_parent_or_it_does_not() -> None:
    """As long as it is after escaping and quoting."""
    assert blocks.fits_parent("x" * (PAGE_LIMIT - INDEX_ROOM - 2))
    assert not blocks.fits_parent("x" * (PAGE_LIMIT - INDEX_ROOM - 1))
    assert not blocks.fits_parent("<" * 3_000)
    assert not blocks.fits_parent("\n" * 6_000)


@pytest.mark.parametrize("count", [1, 4, 8])
def test_the_longest_index_is_one_message(count: int) -> None:
    """A problem that fits the parent fits the index, whatever the answers say, and however many there are."""
    answers = [(DEPTH, Draft.of("&" * 200, State.CUT, reason=told("x")))] * count
    problem = "x" * (PAGE_LIMIT - count * blocks.LINE_ROOM - 2)
    assert blocks.fits_parent(problem, count)
    assert not blocks.fits_parent(problem + "x", count)
    body = blocks.index(problem, "U1", answers, ENGLISH)
    assert find_problems(list(body.blocks)) == []
    assert sum(units(text_in(block)) for block in body.blocks) <= 13_000


def text_in(block: Block) -> str:
    """The text of a block."""
    return str(block["text"] if block["type"] == "markdown" else block["text"]["text"])


def test_the_barest_form_says_what_it_is_and_that_the_text_cannot_be_shown() -> None:
    """For when Slack refuses the plainer one too."""
    draft = Draft.of("text", State.DONE, model="m")
    body = blocks.reply(DEPTH, draft, fit("text"), ENGLISH, number=1, is_last=True)
    assert body.size == 4
    assert plain(shown(body.barest())).splitlines() == [plain_line(body), "Slack refuses to show this text."]


def test_a_text_that_is_started_over_says_so() -> None:
    """While the old one stands; a page that the new one does not need says where it ends."""
    draft = Draft.of("old", State.WRITING, reason=Reason(Code.CONNECTION_LOST))
    body = blocks.reply(PERSPECTIVES[0], draft, fit("old"), ENGLISH, number=1, is_last=True)
    assert "✍️ writing: the connection to the model broke; it starts over." in str(body.blocks[0])
    assert "ends above" in str(blocks.ends_above(PERSPECTIVES[0], 2, ENGLISH).blocks)


def weight(body: Body) -> int:
    """All that it shows, but for the line above, in bytes."""
    return sum(len(text_in(block).encode()) for block in body.blocks if block["type"] != "context")


def test_a_parent_that_is_too_long_for_slack_shows_the_beginning_of_the_problem() -> None:
    """Half of it, and half again; its index keeps to that, and has shorter lines."""
    problem = "最初の一週間がすべてを決める。" * 200
    answers = [(one, Draft.of("あ" * 200, State.DONE)) for one in PERSPECTIVES]
    whole = blocks.parent(problem, "U1", ENGLISH)
    half = blocks.parent(problem, "U1", ENGLISH, below=weight(whole))
    assert half.weight == weight(half) < 0.6 * weight(whole)
    assert text_in(half.blocks[1]).endswith("…")
    index = blocks.index(problem, "U1", answers, ENGLISH, over=half)
    shorter = blocks.index(problem, "U1", answers, ENGLISH, over=half, below=index.weight)
    assert list(index.blocks[:2]) == list(shorter.blocks[:2]) == list(half.blocks)
    assert shorter.weight < index.weight
    shortest = blocks.index(problem, "U1", answers, ENGLISH, over=half, below=1)
    assert shortest.weight < shorter.weight
    assert blocks.parent("Why?", "U1", ENGLISH, below=1) == blocks.parent("Why?", "U1", ENGLISH)


def test_a_problem_of_many_headings_is_quoted_plainly() -> None:
    """Slack would make a block of each."""
    problem = "# <b>\n" * 60
    body = blocks.parent(problem, "U1", ENGLISH)
    assert [block["type"] for block in body.blocks] == ["section", "section"]
    assert plain(shown(body)).endswith(problem)
    assert blocks.fits_parent(problem)
    assert not blocks.fits_parent("# &\n" * 1_500)


def test_a_page_with_more_parts_than_text_is_shown_plainly() -> None:
    """The page as it is."""
    text = "-\n\n" * 500
    body = blocks.reply(DEPTH, Draft.of(text, State.DONE), fit(text), ENGLISH, number=1, is_last=True)
    assert [block["type"] for block in body.blocks] == ["context", "section"]


def test_what_stands_is_kept_under_a_new_line() -> None:
    """Where it is more than what would be shown in its place."""
    long = blocks.reply(DEPTH, Draft.of("a long text"), fit("a long text"), ENGLISH, number=1, is_last=True)
    short = blocks.reply(DEPTH, Draft.of("a", State.DONE), fit("a"), ENGLISH, number=1, is_last=True)
    assert plain(shown(short.over(long))).splitlines() == [plain_line(short), "a long text"]
    assert long.over(short) is long
    assert long.over(None) is long
    barest = short.barest(long)
    assert plain(shown(barest)).splitlines()[1:] == ["a long text", "Slack refuses to show the rest of this text."]
    assert short.barest(barest).blocks == barest.blocks
