"""Whether Slack takes the layouts of all that the bot shows: one of each, held against Slack's own rules.

Slack validates blocks and forms without posting them, so that a rule of its that has changed is seen here before
anybody sees a message refused. What is refused is no reason not to run: the bot then shows it in a plainer form. All
are short: the SDK sends them in the address, which servers take some 8,000 characters of.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

from bot.check.lines import Line, Verdict
from bot.engine.conversation.followups import DRAW_TOGETHER
from bot.engine.draft import Draft, State
from bot.engine.perspectives import PERSPECTIVES
from bot.engine.reasons import Code, Reason
from bot.errors import BotError, SlackError
from bot.slack import blocks, notices
from bot.slack.api import Slack
from bot.slack.body import Body
from bot.slack.controls import buttons, votes
from bot.slack.forms import deeper_form, problem_form
from bot.slack.markup.pages import pages
from bot.slack.question import Action, Press, Question
from bot.texts import LANGUAGES
from bot.texts.en import ENGLISH

LAYOUTS = "layouts"  # what they are called in the line
TIMEOUT = 15.0  # seconds for all of them; whoever looks waits, and Slack says of the method's rate only that it is low
REFUSED = frozenset({"invalid_blocks", "invalid_blocks_format", "invalid_message", "invalid_view"})

_PROBLEM = "Why do our *releases* slip?\n\n- since May\n- for `everyone` <in> the team"
_ANSWER = """\
They slip because nobody decides. So decide.

## Causes
1. **Scope** grows ~~until~~ after the date is set.
2. See [the log](https://example.org/log?a=1&b=2) and `main`.

| cause | share |
|---|---|
| tests | 60 % |

```python
assert 1 < 2
```
> Nobody says no.

- [ ] ask
"""
_MANY_ITEMS = "-\n\n" * 100  # more of them than a message may have blocks
_ANYONE, _ANYWHERE = "U0000000", "C0000000"  # ids that are none


async def look_at_layouts(slack: Slack) -> Line:
    """See which layouts Slack refuses."""
    refused, count = [], 0
    try:
        async with asyncio.timeout(TIMEOUT):
            for name, shown in [*bodies(), *forms()]:
                try:
                    if isinstance(shown, Body):
                        await slack.validate(blocks=shown.blocks)
                    else:
                        await slack.validate(view=shown)
                except SlackError as error:
                    if error.code not in REFUSED:
                        raise
                    refused.append(name)
                count += 1
    except TimeoutError:
        return Line(Verdict.NOTE, LAYOUTS, f"not all checked: Slack took longer than {TIMEOUT:.0f} s")
    except BotError as error:
        code = getattr(error, "code", "")
        if code == "unknown_method":
            return Line(Verdict.NOTE, LAYOUTS, "not checked: there, Slack has no blocks.validate")
        return Line(Verdict.NOTE, LAYOUTS, f"not checked: {code or error}")
    if refused:
        return Line(
            Verdict.WARN, LAYOUTS, f"Slack refuses {', '.join(refused)}: these will be shown in a plainer form, or not"
        )
    return Line(Verdict.OK, LAYOUTS, f"Slack takes all {count} of them")


def bodies() -> Iterator[tuple[str, Body]]:
    """A message of each layout, with what it is called here."""
    side, text = PERSPECTIVES[0], pages(_ANSWER)[0]
    parent = blocks.parent(_PROBLEM, _ANYONE, ENGLISH)
    yield "the parent", parent
    yield "a parent of many parts", blocks.parent(_MANY_ITEMS, _ANYONE, ENGLISH)
    drafts = {state: Draft.of(_ANSWER, state, reason=_reason(state), model="model", seconds=9.0) for state in State}
    for state, draft in drafts.items():
        shown = text if draft.text else pages("")[0]
        yield f"a reply that is {state.value}", blocks.reply(side, draft, shown, ENGLISH, number=1, is_last=True)
        answers = [(one, draft) for one in PERSPECTIVES]
        if state.is_final:
            yield f"an index of {state.value}", blocks.index(_PROBLEM, _ANYONE, answers, ENGLISH, over=parent)
    done = drafts[State.DONE]
    placeholder = blocks.reply(side, Draft(), pages("")[0], ENGLISH, number=1, is_last=True)
    yield "a placeholder", placeholder
    yield "a page that goes on", blocks.reply(side, done, text, ENGLISH, number=1, is_last=False)
    second = blocks.reply(side, done, text, ENGLISH, number=2, is_last=True)
    yield "a further page", second
    many = blocks.reply(side, done, pages(_MANY_ITEMS)[0], ENGLISH, number=1, is_last=True)
    yield "a reply of many parts", many
    yield "a reply in a plainer form", second.plainer()
    yield "a reply that is not shown", second.barest()
    yield "a reply whose rest is not shown", placeholder.barest(second)
    yield "a line over a longer text", placeholder.over(second)
    rows = [*buttons(list(Action)[:4], "run", ENGLISH, side=side.key), *votes("run", side.key, ENGLISH)]
    yield "a parent with buttons", blocks.parent(_PROBLEM, _ANYONE, ENGLISH, controls=rows[:1])
    yield "a reply with buttons", blocks.reply(side, done, text, ENGLISH, number=1, is_last=True, controls=rows)
    answers, lead = [(one, done) for one in PERSPECTIVES], (DRAW_TOGETHER, done)
    yield "an index that is led", blocks.index(_PROBLEM, _ANYONE, answers, ENGLISH, lead=lead, controls=rows[:1])
    yield "a page that is left over", blocks.ends_above(side, 2, ENGLISH)
    for number, body in enumerate(notices.hint(PERSPECTIVES, [*LANGUAGES.values()]), 1):
        yield f"the hint ({number})", body
    (body,) = notices.too_long(_PROBLEM, 1, ENGLISH)
    yield "a problem given back", body


def forms() -> Iterator[tuple[str, Any]]:
    """Each form in each language, since a title that is too long in one is refused."""
    for key, language in LANGUAGES.items():
        asked = Question("", _PROBLEM, _ANYONE, _ANYWHERE, "1.0", "1.0", language=language)
        press = Press(Action.DEEPER, "run", PERSPECTIVES[0].key, _ANYONE, _ANYWHERE, "1.0", language=language)
        yield f"the form for a problem ({key})", problem_form(asked)
        yield f"the form to go deeper ({key})", deeper_form(press)


def _reason(state: State) -> Reason | None:
    """Why an answer stands as it does, where a reply says so."""
    codes = {State.FAILED: Code.EMPTY, State.CUT: Code.CUT, State.INTERRUPTED: Code.BOT_STOPPED}
    return Reason(codes[state]) if state in codes else None
