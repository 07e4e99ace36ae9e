"""The description of the API, as OpenAPI 3.1 has it. Data; tests hold it to what the server does."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from bot.engine.conversation.followups import Kind
from bot.engine.draft import State
from bot.engine.reasons import Code
from bot.texts import LANGUAGES
from bot.texts.web.words import Fault
from bot.web.asking import LONGEST_LINGER
from bot.web.http.refusals import STATUS
from bot.web.http.sending import JSON, NDJSON, SSE

_TEXT = {"type": "string"}
_STREAM = """\
Events, in this order: `run` (schema Run) once; `draft` (Draft) whenever the text or the state of an answer is \
another; `end` (End) once for each answer; `done` (Done) at last, or `error` (Problem) where the server itself failed. \
A reader who is slow gets fewer drafts with more text each, and never a backlog. A comment (`:`) is sent in each \
silence of 15 seconds. As lines of JSON, the name of the event is the member `event`, and a silence has the line \
`{"event":"heartbeat"}`. The run ends when nobody reads it any more, after the `linger` that it was asked with."""
_GUARDED = (Fault.UNAUTHORIZED, Fault.FOREIGN_HOST, Fault.FOREIGN_ORIGIN, Fault.TOO_MANY_FAILURES, Fault.BROKEN)
_BODY = (Fault.NOT_JSON, Fault.NOT_DECLARED, Fault.TOO_LARGE, Fault.TOO_SLOW, Fault.WRONG_SHAPE)
_FURTHER = (Fault.UNKNOWN_RUN, Fault.UNKNOWN_SIDE, Fault.GOING_ON, Fault.NOT_WHOLE)
_LIMITS = (Fault.TOO_MANY_RUNS, Fault.TOO_MANY_WITHIN_THE_HOUR, Fault.CROWDED)


def describe_api(problem_limit: int) -> dict[str, Any]:
    """The whole description, for a server that takes problems of so many characters."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Perspectives",
            "version": "1",
            "description": "A problem in; four answers, which grow at the same time, out.",
        },
        "security": [{}, {"token": []}],
        "paths": {
            "/v1/perspectives": {
                "post": _operation(
                    "ask",
                    "Look at a problem from all sides",
                    (*_BODY, Fault.BLANK, Fault.TOO_LONG, *_LIMITS),
                    body="Question",
                )
            },
            "/v1/perspectives/{id}": {
                "parameters": [_parameter("id")],
                "get": _operation(
                    "read",
                    "Read a run from where it is: what there is in one piece, then what comes",
                    (Fault.UNKNOWN_RUN, Fault.CROWDED),
                ),
            },
            "/v1/perspectives/{id}/stop": {
                "parameters": [_parameter("id")],
                "post": {
                    "operationId": "stop",
                    "summary": "Close the streams of a run; what came of it stands",
                    "responses": {
                        "204": {"description": "They are being closed, or have ended before"},
                        **_refusals((*_BODY, Fault.UNKNOWN_RUN)),
                    },
                },
            },
            "/v1/perspectives/{id}/together": {
                "parameters": [_parameter("id")],
                "post": _operation(
                    "drawTogether",
                    "Draw the answers of a run together",
                    (*_BODY, Fault.UNKNOWN_RUN, Fault.GOING_ON, Fault.TOO_FEW, *_LIMITS),
                    body="Continuation",
                    is_optional=True,
                ),
            },
            "/v1/perspectives/{id}/{key}/deeper": {
                "parameters": [_parameter("id"), _parameter("key")],
                "post": _operation(
                    "goDeeper",
                    "Go further on one answer of a run: on what is added, or on its weakest point",
                    (*_BODY, Fault.TOO_LONG, *_FURTHER, *_LIMITS),
                    body="Addition",
                    is_optional=True,
                ),
            },
            "/openapi.json": {
                "get": {
                    "operationId": "describe",
                    "summary": "This description",
                    "responses": {
                        "200": {"description": "It", "content": {JSON: {"schema": {"type": "object"}}}},
                        **_refusals(()),
                    },
                }
            },
        },
        "components": {
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Where the server has a WEB_TOKEN"}
            },
            "schemas": _schemas(problem_limit),
        },
    }


def _operation(
    key: str, summary: str, faults: Iterable[Fault], *, body: str = "", is_optional: bool = False
) -> dict[str, Any]:
    events = {"schema": _TEXT, "x-events": {name: _ref(schema) for name, schema in EVENTS.items()}}
    operation = {
        "operationId": key,
        "summary": summary,
        "responses": {
            "200": {
                "description": _STREAM,
                "content": {SSE: events, NDJSON: events, JSON: {"schema": _ref("Whole")}},
            },
            **_refusals(faults),
        },
    }
    if body:
        operation["requestBody"] = {"required": not is_optional, "content": {JSON: {"schema": _ref(body)}}}
    return operation


def _refusals(faults: Iterable[Fault]) -> dict[str, Any]:
    """The answers of an operation that comes to nothing, by their status."""
    by_status: dict[HTTPStatus, list[str]] = {}
    for fault in (*faults, *_GUARDED):
        by_status.setdefault(STATUS[fault], []).append(fault.value)
    return {
        str(status.value): {
            "description": f"{status.phrase}: {', '.join(codes)}",
            "content": {JSON: {"schema": _ref("Refusal")}},
            **({"headers": {"Retry-After": {"schema": {"type": "integer"}}}} if status in _WAITING else {}),
        }
        for status, codes in sorted(by_status.items())
    }


_WAITING = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}

EVENTS: Mapping[str, str] = {"run": "Run", "draft": "Draft", "end": "End", "done": "Done", "error": "Problem"}
"""The schema of each event's data."""


def _schemas(problem_limit: int) -> dict[str, Any]:
    language = {"enum": [*LANGUAGES], "description": "In which the server names things; the problem's own by default"}
    linger = {
        "type": "number",
        "minimum": 0,
        "maximum": LONGEST_LINGER,
        "default": 0,
        "description": "Seconds that the run goes on when nobody reads it",
    }
    perspective = {"type": "string", "description": "The key of a perspective"}
    state = {"enum": [one.value for one in State]}
    final = {"enum": [one.value for one in State if one.is_final]}
    problem = {"type": "string", "maxLength": problem_limit}
    end = {
        "perspective": perspective,
        "state": final,
        "reason": _ref("Reason"),
        "takeaway": {"type": "string", "description": "The first sentence, without Markdown"},
        "tokens": {"type": "integer", "description": "0 where the model's server does not count them"},
        "seconds": {"type": "number"},
        "model": _TEXT,
    }
    head = {
        "id": {"type": "string", "description": "Whoever knows it can read the run: keep it to yourself"},
        "kind": {"enum": [one.value for one in Kind]},
        "problem": {"type": "string", "description": "Or what was added, of a run that goes on with another"},
        "language": {"enum": [*LANGUAGES]},
        "perspectives": {
            "type": "array",
            "items": _object({"key": perspective, "name": _TEXT, "emoji": _TEXT, "angle": _TEXT}),
        },
        "root": {"type": "string", "description": "The id of the run that it goes on with"},
        "further": {"type": "array", "items": _TEXT, "description": "The ids of runs that go on with it"},
    }
    return {
        "Question": _taken({"problem": {**problem, "minLength": 1}, "language": language, "linger": linger}, "problem"),
        "Continuation": _taken({"linger": linger}),
        "Addition": _taken({"added": problem, "linger": linger}),
        "Run": _object(head, optional=("root",)),
        "Draft": _object(
            {
                "perspective": perspective,
                "append": {"type": "string", "description": "What follows on the text so far"},
                "text": {"type": "string", "description": "In place of all text so far"},
                "state": state,
                "reason": _ref("Reason"),
            },
            optional=("append", "text", "reason"),
        ),
        "End": _object(end, optional=("reason",)),
        "Done": _object({"id": _TEXT}),
        "Whole": _object(
            head | {"answers": {"type": "array", "items": _object(end | {"text": _TEXT}, optional=("reason",))}},
            optional=("root",),
        ),
        "Reason": _object({"code": {"enum": [one.value for one in Code]}, "words": _TEXT}),
        "Problem": _object({"code": {"enum": [one.value for one in Fault]}, "words": _TEXT}),
        "Refusal": _object({"error": _ref("Problem")}),
    }


def _object(properties: Mapping[str, Any], *, optional: Iterable[str] = ()) -> dict[str, Any]:
    """What the server sends: what is described, and nothing else."""
    required = [name for name in properties if name not in set(optional)]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _taken(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    """What the server takes; what it does not know in it, it passes over."""
    return {"type": "object", "properties": properties, "required": [*required]}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": _TEXT}
