"""Why a question is not answered, in words for whoever asked. Pure."""

from collections.abc import Sequence

from bot.engine.conversation.followups import Kind
from bot.engine.perspectives import Perspective
from bot.quotas import Refusal
from bot.runs.admission import Unfit
from bot.slack import notices
from bot.slack.body import Body
from bot.slack.question import Question
from bot.texts.language import Language
from bot.texts.phrases import Phrase


class Refusals:
    """What is said where a question is refused; before there is any problem, in each of `languages`."""

    def __init__(
        self, perspectives: Sequence[Perspective], languages: Sequence[Language], *, problem_limit: int
    ) -> None:
        self._perspectives = perspectives
        self._languages = languages
        self._problem_limit = problem_limit

    def hint(self, language: Language) -> Sequence[Body]:  # noqa: ARG002 - there are no words that have a language
        """How to ask, for somebody who has asked nothing."""
        return notices.hint(self._perspectives, self._languages)

    def explain(self, refusal: Unfit | Refusal, problem: str, language: Language) -> Sequence[Body]:
        """The messages that say it, with the problem."""
        match refusal:
            case Unfit.BLANK:
                return self.hint(language)
            case Unfit.TOO_LONG:
                return notices.too_long(problem, self._problem_limit, language)
            case Unfit.CROWDED:
                return notices.crowded(problem, language)
            case _:
                if refusal.wait is None:
                    return notices.too_many_runs(refusal.limit, problem, language)
                return notices.too_many_within_the_hour(refusal.limit, refusal.wait, problem, language)

    def explain_in_form(self, refusal: Unfit | Refusal, problem: str, language: Language) -> str:
        """The same at the field in which the problem stands: in plain words, and with nothing to be given back."""
        length = len(problem)
        match refusal:
            case Unfit.BLANK:
                return " / ".join(one.say(Phrase.FORM_EMPTY) for one in self._languages)
            case Unfit.TOO_LONG if length > self._problem_limit:
                return language.say(Phrase.FORM_TOO_LONG, length=length, limit=self._problem_limit)
            case Unfit.TOO_LONG:
                return language.say(Phrase.FORM_TOO_LONG_FOR_SLACK)
            case _:
                return self.explain(refusal, "", language)[0].text


def needs_words(question: Question) -> bool:
    """Whether there is nothing to look into where a question has no words."""
    return question.kind is Kind.PERSPECTIVES and not question.reads_thread


def code_of(refusal: Unfit | Refusal) -> str:
    """A refusal for the log."""
    return refusal.value.replace(" ", "_") if isinstance(refusal, Unfit) else "busy"
