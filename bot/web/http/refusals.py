"""What is refused, with the status that HTTP has for it. Pure; the words are in `texts.web`."""

import math
from http import HTTPStatus

from bot.texts.web import WORDS
from bot.texts.web.words import Fault

STATUS = {
    Fault.NOT_HTTP: HTTPStatus.BAD_REQUEST,
    Fault.NOT_JSON: HTTPStatus.BAD_REQUEST,
    Fault.UNAUTHORIZED: HTTPStatus.UNAUTHORIZED,
    Fault.FOREIGN_HOST: HTTPStatus.FORBIDDEN,
    Fault.FOREIGN_ORIGIN: HTTPStatus.FORBIDDEN,
    Fault.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Fault.NO_SUCH_METHOD: HTTPStatus.METHOD_NOT_ALLOWED,
    Fault.UNKNOWN_RUN: HTTPStatus.NOT_FOUND,
    Fault.UNKNOWN_SIDE: HTTPStatus.NOT_FOUND,
    Fault.TOO_SLOW: HTTPStatus.REQUEST_TIMEOUT,
    Fault.GOING_ON: HTTPStatus.CONFLICT,
    Fault.TOO_FEW: HTTPStatus.CONFLICT,
    Fault.NOT_WHOLE: HTTPStatus.CONFLICT,
    Fault.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Fault.NOT_DECLARED: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    Fault.WRONG_SHAPE: HTTPStatus.UNPROCESSABLE_ENTITY,
    Fault.BLANK: HTTPStatus.UNPROCESSABLE_ENTITY,
    Fault.TOO_LONG: HTTPStatus.UNPROCESSABLE_ENTITY,
    Fault.TOO_MANY_RUNS: HTTPStatus.TOO_MANY_REQUESTS,
    Fault.TOO_MANY_WITHIN_THE_HOUR: HTTPStatus.TOO_MANY_REQUESTS,
    Fault.TOO_MANY_FAILURES: HTTPStatus.TOO_MANY_REQUESTS,
    Fault.CROWDED: HTTPStatus.SERVICE_UNAVAILABLE,
    Fault.BROKEN: HTTPStatus.INTERNAL_SERVER_ERROR,
}


class RefusedError(Exception):
    """A request comes to nothing, for `fault`; `args_` are the arguments of its words.

    `retry_after` is how many seconds to wait before the next try; None where waiting does not help.
    """

    def __init__(self, fault: Fault, /, *, retry_after: float | None = None, **args: str | float) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.args_ = args
        self.retry_after = None if retry_after is None else max(1, math.ceil(retry_after))

    @property
    def status(self) -> HTTPStatus:
        """The status of the answer."""
        return STATUS[self.fault]

    def write(self, language: str) -> dict[str, object]:
        """The body of the answer, in a language by its key."""
        return {"error": write_fault(self.fault, language, **self.args_)}


def write_fault(fault: Fault, language: str, /, **args: str | float) -> dict[str, str]:
    """A fault as a code and words."""
    return {"code": fault.value, "words": WORDS[language].explain(fault, **args)}
