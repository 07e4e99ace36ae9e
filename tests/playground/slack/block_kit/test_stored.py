from bot.playground.slack.block_kit.elements import find_buttons
from bot.playground.slack.block_kit.stored import store, write_rich_text
from bot.playground.slack.records import Block
from tests.playground.slack.pressed import actions, button, context_actions, feedback, field, words

MARKDOWN: Block = {"type": "markdown", "text": "# a\n\n**b**"}


def test_markdown_comes_back_as_rich_text() -> None:
    """Under its own id, if it has one."""
    first, second = store([MARKDOWN, {**MARKDOWN, "block_id": "mine"}], "1.0:1")
    section = {"type": "rich_text_section", "elements": [{"type": "text", "text": "# a\n\n**b**"}]}
    assert first == {"type": "rich_text", "block_id": first["block_id"], "elements": [section]}
    assert second == {"type": "rich_text", "block_id": "mine", "elements": [section]}
    assert write_rich_text("why?", "1.0")["elements"][0]["elements"] == [{"type": "text", "text": "why?"}]


def test_what_has_no_id_gets_one_for_as_long_as_it_stands() -> None:
    """Another one with each edit; what was named keeps its name."""
    blocks = [actions(button(), button("stop")), {"type": "divider"}, {**actions(button()), "block_id": "mine"}]
    once, again, edited = store(blocks, "1.0:1"), store(blocks, "1.0:1"), store(blocks, "1.0:2")
    assert once == again
    ids = [block["block_id"] for block in once + edited]
    assert [ids.pop(5), ids.pop(2)] == ["mine", "mine"]
    assert len(set(ids)) == 4
    assert all(len(one) == 5 for one in ids)
    made, named, other = find_buttons(once)
    assert named.action_id == "stop"
    assert len({made.action_id, other.action_id, *ids}) == 6
    assert {made.block_id, named.block_id, other.block_id} == {once[0]["block_id"], "mine"}


def test_what_may_be_left_out_is_filled_in() -> None:
    """What was said stays; the blocks that were sent are left as they are."""
    marked_up = {"type": "mrkdwn", "text": "a"}
    sent: list[Block] = [
        {"type": "section", "text": marked_up, "fields": [{**marked_up, "verbatim": True}], "accessory": button("go")},
        {"type": "context", "elements": [marked_up]},
        context_actions(feedback()),
        {**field(), "optional": True},
    ]
    section, context, votes, typed = store(sent, "1.0:1")
    assert section["text"] == context["elements"][0] == {**marked_up, "verbatim": False}
    assert section["fields"] == [{**marked_up, "verbatim": True}]
    assert section["accessory"]["text"] == {**words("Press"), "emoji": True}
    assert votes["elements"][0]["positive_button"]["text"]["emoji"] is True
    assert (typed["optional"], typed["dispatch_action"], typed["label"]["emoji"]) == (True, False, True)
    assert store([field()], "1.0:1")[0]["optional"] is False
    assert sent[1] == {"type": "context", "elements": [{"type": "mrkdwn", "text": "a"}]}
