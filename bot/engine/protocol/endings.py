"""What a server means by the word with which it ends an answer (its `finish_reason`). Pure.

OpenAI's own words are five. Servers that speak its protocol pass on those of what stands behind them, in any spelling:
`END_TURN`, `FinishReason.STOP`, `eos_token`, `eosFound`. So only letters are compared.

Law: unknown is not good. A word that stands in none of these lists does not say that an answer is whole.

The words are those of OpenAI, Azure, Anthropic, Gemini, Bedrock, Cohere, Mistral, DeepSeek, Groq, Together, vLLM,
SGLang, TGI, llama.cpp, Ollama, LM Studio, KoboldCpp and the gateways before them (LiteLLM, Portkey, OpenRouter).
"""

import re
from enum import Enum


class Ending(Enum):
    """How an answer ended, as its server has it."""

    WHOLE = "whole"  # the model was done
    CUT = "cut"  # it may not say more
    FILTERED = "filtered"  # somebody withholds the rest
    DECLINED = "declined"  # the model would not
    TOOL = "tool"  # it waits for what a tool says, of which it has none here
    UNKNOWN = "unknown"  # an error, or a word that nobody knows
    NONE = "none"  # it has not ended: what stands in place of null on some servers


_WORDS = {
    Ending.WHOLE: "stop stopped stop_sequence stop_token stop_str stop_string stop_string_found stop_trigger eos "
    "eos_found eos_token eog_token eot end end_turn end_of_turn end_of_text end_of_sequence endoftext complete "
    "completed finish finished done success natural normal",
    Ending.CUT: "length length_capped max_tokens max_token max_output_tokens max_new_tokens max_completion_tokens "
    "max_length max_tokens_reached max_predicted_tokens_reached model_length model_context_window_exceeded "
    "context_length context_length_exceeded context_length_reached context_window_exceeded token_limit "
    "token_limit_reached limit",
    Ending.FILTERED: "content_filter content_filtered content_filter_error content_policy content_policy_violation "
    "content_moderation output_filter filter filtered blocked blocklist guardrail guardrails guardrail_intervened "
    "moderation safety image_safety recitation language prohibited_content spii sensitive toxic error_toxic "
    "policy_violation violation risk",
    Ending.DECLINED: "refusal refused",
    Ending.NONE: "null none nil unfinished not_finished unspecified in_progress streaming continue",
    Ending.TOOL: "tool tool_call tool_calls tool_use function function_call function_calls",
}
_NO_LETTERS = re.compile(r"[^a-z]")
_PREFIX = "finishreason"  # of the names of enumerations


def _letters(word: str) -> str:
    return _NO_LETTERS.sub("", word.lower()).removeprefix(_PREFIX)


_BY_LETTERS = {_letters(word): ending for ending, words in _WORDS.items() for word in words.split()}
LONGEST_WORD = 80  # characters that are looked at; the longest above has 29


def read_ending(word: str) -> Ending:
    """What `word` means."""
    word = word[:LONGEST_WORD]
    if (ending := _BY_LETTERS.get(_letters(word))) is None and ":" in word:
        # Gemini's gateway names the kind behind a colon: `content_filter: RECITATION`. No good word is taken from that.
        kind = _BY_LETTERS.get(_letters(word.partition(":")[0]))
        ending = kind if kind is Ending.FILTERED else None
    return ending or Ending.UNKNOWN
