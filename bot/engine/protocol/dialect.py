"""What a server takes of a request, learned from what it refuses. Pure.

A request asks for a stream, for the count of tokens at its end (`stream_options`), and gives its instruction in a
message of the role `system`. Each of these some servers refuse: Mistral, Databricks, Fireworks and Azure with own data
did so with `stream_options`, the templates of Gemma and early Mistral with the role. What is refused is left out, the
request sent again, and what the server then takes is remembered for all that follow, as long as the process lives.

That a refusal is about one of them is told by its name, in whichever field or sentence; or, where it names none, by a
phrase that says so of *some* parameter: then it is `stream_options`, the one that most servers can do without.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from bot.engine.protocol.provider_errors import Report, find_cause, says_no_system_role
from bot.engine.protocol.thoughts import Thoughts
from bot.engine.reasons import Code

MOST_REASKS = 4  # of one request, for its form; there are three things that can be left out

# Statuses with which servers refuse a form; 500 is an exception in their template.
_REFUSALS = {400, 404, 405, 406, 415, 422, 424, 500, 501}
_OPTIONS = re.compile(r"stream[ _-]?options?|include[_ ]?usage", re.IGNORECASE)
_STREAM = re.compile(
    r"stream(ing)?( mode| responses?)?['\"`]?( is| are)? (not|un)[ -]?(yet )?(support|allow|implement|available)"
    r"|'stream' does not support true|(not|n't) support stream(ing)?\b(?![ _-]?option)"
    r"|(unknown|unsupported|unrecognized)[^.\n]{0,30}['\"`]stream['\"`]"
)
_SOME_PARAMETER = re.compile(
    r"extra[ _](fields?|inputs?|keys?|arguments?|param\w*|properties|forbidden)|extra_forbidden"
    r"|(unknown|unrecognized|unrecognised|unexpected|unsupported|invalid|additional|undefined)"
    r" (request )?(field|param|parameter|argument|arguments|property|properties|key|option|keyword|name|input)"
    r"|(parameter|field|argument|option|property)s?[^.\n]{0,60}"
    r"(not|n't) (be )?(support|allow|permit|recogni|known|accept)"
    r"|does not support (this|the|that|some) (parameter|field|option|argument)|additional ?properties"
)


@dataclass(frozen=True, slots=True)
class Form:
    """Which of the things that a server may refuse are in a request."""

    has_options: bool = True
    has_stream: bool = True
    has_system_role: bool = True

    def write(self, model: str, instruction: str, problem: str) -> dict[str, Any]:
        """The parameters of a request."""
        user = problem if self.has_system_role else f"{instruction}\n\n{problem}"
        system = [{"role": "system", "content": instruction}] if self.has_system_role else []
        request: dict[str, Any] = {"model": model, "messages": [*system, {"role": "user", "content": user}]}
        if self.has_stream:
            request["stream"] = True
            if self.has_options:
                request["stream_options"] = {"include_usage": True}
        return request

    def without_what_is_refused(self, report: Report) -> "Form | None":
        """The form to ask in after `report`; None where the refusal is about something else."""
        if report.status not in _REFUSALS:
            return None
        has_options = self.has_options and self.has_stream
        is_else = find_cause(report) not in {None, Code.NO_MODEL, Code.NO_SYSTEM_ROLE}
        form = None
        if has_options and _OPTIONS.search(report.words):
            form = replace(self, has_options=False)
        elif self.has_system_role and says_no_system_role(report):
            form = replace(self, has_system_role=False)
        elif self.has_stream and not is_else and ("stream" in report.parameters or _STREAM.search(report.words)):
            form = replace(self, has_stream=False)
        elif has_options and not is_else and not report.parameters - {"body"} and _SOME_PARAMETER.search(report.words):
            form = replace(self, has_options=False)
        return form


class Dialect:
    """What one server is known to take, and what it is known to do. Shared by all that ask it."""

    def __init__(self) -> None:
        self.form = Form()
        self.omits_opening_tag = False  # of thoughts, see `protocol.thoughts`

    def keep_to(self, form: Form) -> None:
        """Ask in this form from now on: others were refused."""
        self.form = form

    def note_thoughts(self, thoughts: Thoughts) -> None:
        """Learn from an answer that has ended."""
        if thoughts.has_been_wrong:
            self.omits_opening_tag = True
        elif thoughts.was_held_for_nothing:
            self.omits_opening_tag = False
