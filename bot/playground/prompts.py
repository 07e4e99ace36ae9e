"""What the small local model is asked: short instructions, and where they stand in its prompt. Data.

A model of 135 million parameters drifts from anything long or abstract. What keeps it to the matter is one plain
sentence after the problem; the same sentence as a system message, before it, does not.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from bot.engine.conversation.followups import DRAW_TOGETHER, Further
from bot.engine.conversation.material import Former
from bot.engine.perspectives import Perspective

_INSTRUCTIONS = {
    "Depth": "In one paragraph, explain the root cause of this problem at work.",
    "Breadth": "In one paragraph, give some different ideas for this problem at work.",
    "Structure": "In one paragraph, explain the main causes of this problem at work.",
    "Time": "In one paragraph, explain what to do first about this problem at work, and what to do later.",
}
_OF_ANOTHER = "In one paragraph, explain the {key} of this problem at work."


def simplify(perspective: Perspective) -> Perspective:
    """The same perspective with an instruction that a small model can follow."""
    instruction = _INSTRUCTIONS.get(perspective.key) or _OF_ANOTHER.format(key=perspective.key.lower())
    return replace(perspective, instruction=instruction)


_DEEPER = "Explain in three sentences what this means for this problem at work."
_WEAKEST = "What is uncertain in this answer, and how can it be checked?"  # where nobody has added anything
_TOGETHER = "Explain in three sentences what to do first about this problem at work."

# Bytes, since no token has fewer than one: so all of it fits into a slot's 2,048 tokens in any language, beside the
# instruction, the template and `LONGEST_ANSWER`. English has some five bytes a token, and each takes time to be read.
PROBLEM_ROOM = 600
ANSWERS_ROOM = 600  # for all answers; of each, the sentences at its beginning say the most
ADDED_ROOM = 400
MOST_ANSWERS = 6  # that are drawn together, the newest; more, and each has no room for a sentence
_SENTENCE_END = re.compile(r"(?<=[.!?])\s|(?<=[。！？])")


def deepen(perspective: Perspective) -> Perspective:
    """The same perspective, asked to go further in a way that a small model can follow."""
    return replace(perspective, instruction=_DEEPER)


def compose(problem: str, *, thread: str = "", answers: Sequence[Former] = (), added: str | None = None) -> str:  # noqa: ARG001 - in the demo, nobody calls it into a thread
    """What the small model is to look at: no more than fits into its slot, in plain sentences and without any marks.

    To go deeper, its newest answer and what was `added`; to draw together, the beginnings of all.
    """
    parts = [_begin(problem, PROBLEM_ROOM)]
    told = answers[-MOST_ANSWERS:] if added is None else answers[-1:]
    texts = [_begin(one.draft.text, ANSWERS_ROOM // len(told)) for one in told]
    if added is None:
        parts.append("\n".join(["People have given these answers:", *(f"- {text}" for text in texts)]))
    else:
        parts += [f"One answer is: {text}" for text in texts]
        parts.append(_begin(added, ADDED_ROOM) or _WEAKEST)
    return "\n\n".join(parts)


def _begin(text: str, room: int) -> str:
    """The first sentences of a text, in one line, as many as fit into `room` bytes; cut, where the first does not."""
    line = " ".join(text.split())
    if len(line.encode()) <= room:
        return line
    cut = line.encode()[:room].decode(errors="ignore")
    ends = [match.start() for match in _SENTENCE_END.finditer(cut)]
    return cut[: ends[-1]] if ends else cut


SIMPLY = Further(deepen=deepen, together=replace(DRAW_TOGETHER, instruction=_TOGETHER), compose=compose)
"""How the small model is asked to go on with its answers."""

CHAT_TEMPLATE = """\
{{- '<|im_start|>system\\nYou are a helpful AI assistant<|im_end|>\\n' -}}
{%- for message in messages if message.role == 'user' -%}
{{ '<|im_start|>user\\n' + message.content }}
{%- if messages[0].role == 'system' -%}{{ '\\n\\n' + messages[0].content }}{%- endif -%}
{{ '<|im_end|>\\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\\n' }}{%- endif -%}"""
"""SmolLM2's own form of a chat (Jinja), but the system message comes after the user's, in the same turn.

In its own place stands the beginning of the one that the model was trained with: without any, it strays, and with its
own name in there, it speaks of itself.
"""
