"""What the small local model is asked: short instructions, and where they stand in its prompt. Data.

A model of 135 million parameters drifts from anything long or abstract. What keeps it to the matter is one plain
sentence after the problem; the same sentence as a system message, before it, does not.
"""

from dataclasses import replace

from bot.engine.perspectives import Perspective

_INSTRUCTIONS = {
    "Depth": "In one paragraph, explain the root cause of this problem at work.",
    "Breadth": "In one paragraph, give some different ideas for this problem at work.",
    "Structure": "In one paragraph, explain the main causes of this problem at work.",
    "Time": "In one paragraph, explain what to do first about this problem at work, and what to do later.",
    "Together": "In one paragraph, say what to do about this problem at work.",
}
_OF_ANOTHER = "In one paragraph, explain the {key} of this problem at work."


def simplify(perspective: Perspective) -> Perspective:
    """The same perspective with an instruction that a small model can follow."""
    instruction = _INSTRUCTIONS.get(perspective.key) or _OF_ANOTHER.format(key=perspective.key.lower())
    return replace(perspective, instruction=instruction)


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
