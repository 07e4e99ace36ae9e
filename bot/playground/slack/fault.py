"""A fault of the network or of Slack, put into a workspace by hand, for whoever wants to see how the bot bears it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

OK = 200  # the status of nearly every answer of Slack, refusals too


@dataclass(slots=True)
class Fault:
    """What befalls the next `times` calls of `method` (or of `response_url`) whose arguments match `where`.

    It strikes instead of the call: by breaking the connection (`breaks`), with an `error` (`ratelimited` comes with
    status 429 and shuts the method for `retry_after` seconds), with a `page` of HTML (an `http_status` and no `error`
    is one too), or with nothing but a `delay` of a call that goes well. With `after`, the call is carried out first,
    and the fault befalls its answer.

    What a client takes for a time-out is a delay longer than it waits: the call is then carried out late, with
    `after` in time, and with `breaks` never.
    """

    method: str
    times: int = 1
    where: Mapping[str, Any] = field(default_factory=dict)
    after: bool = False
    delay: float = 0.0  # seconds
    breaks: bool = False
    error: str = ""
    http_status: int = OK
    page: bool = False  # a page of HTML in place of JSON, also with status 200
    retry_after: int | str | None = 1  # the header: whole seconds, or a text that is no number; None leaves it out

    @property
    def is_page(self) -> bool:
        """Whether it answers with HTML."""
        return self.page or (not self.error and self.http_status != OK)

    @property
    def code(self) -> str:
        """What the call's record says of it; empty when the fault only delays."""
        if self.breaks:
            return "connection_broken"
        return f"http_{self.http_status}" if self.is_page else self.error

    def befalls(self, method: str, args: Mapping[str, Any]) -> bool:
        """Whether it strikes this call."""
        return self.method == method and all(args.get(name) == value for name, value in self.where.items())


def take_fault(faults: list[Fault], method: str, args: Mapping[str, Any]) -> Fault | None:
    """Return the first fault that befalls this call, and count it as used: one that is used up is taken out."""
    fault = next((fault for fault in faults if fault.befalls(method, args)), None)
    if fault is not None:
        fault.times -= 1
        if fault.times <= 0:
            faults.remove(fault)
    return fault
