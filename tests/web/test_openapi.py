"""The description, held to what the server does."""

import json
import re
from typing import Any

import jsonschema
import pytest
from aiohttp import web

from bot.engine.perspectives import PERSPECTIVES
from bot.quotas import Limits
from bot.texts.web.words import Fault
from bot.web.http.guard import Guard
from bot.web.http.refusals import STATUS, RefusedError
from bot.web.openapi import EVENTS, describe_api
from bot.web.runs import Runs
from bot.web.server import make_app
from tests.support.model_server import ModelServer, Script, words
from tests.support.web import ASK, PROBLEM, read, serving

DESCRIPTION = describe_api(4_000)


def validate(data: Any, schema: str) -> None:
    """Hold data to a schema of the description."""
    jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{schema}", "components": DESCRIPTION["components"]}
    ).validate(data)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Path, method and description of all."""
    return [
        (path, method, operation)
        for path, methods in DESCRIPTION["paths"].items()
        for method, operation in methods.items()
        if method != "parameters"
    ]


def test_what_is_described_is_what_is_served() -> None:
    """Each path with its methods, of those that are the API's."""
    runs = Runs(None, PERSPECTIVES, Limits(1, 1), problem_limit=9, most_runs=1)  # type: ignore[arg-type]
    app = make_app(runs, Guard(None), "auto")
    served = {
        (route.resource.canonical, route.method.lower())
        for route in app.router.routes()
        if isinstance(route.resource, web.Resource) and route.method != "HEAD"
    }
    described = {(path, method) for path, method, _ in operations()}
    assert described == {(path, method) for path, method in served if path.startswith(("/v1/", "/openapi"))}
    for path, _, _ in operations():
        named = [one["name"] for one in DESCRIPTION["paths"][path].get("parameters", [])]
        assert named == re.findall(r"\{(\w+)\}", path)


def test_every_refusal_is_described_somewhere_in_its_status() -> None:
    """But for those of what is no operation."""
    told = {
        (status, code)
        for _, _, operation in operations()
        for status, response in operation["responses"].items()
        if status >= "400"
        for code in response["description"].partition(": ")[2].split(", ")
    }
    no_operation = {Fault.NOT_HTTP, Fault.NOT_FOUND, Fault.NO_SUCH_METHOD}
    assert {(str(status.value), fault.value) for fault, status in STATUS.items() if fault not in no_operation} <= told
    assert {code for _, code in told} <= {fault.value for fault in Fault}


def test_every_schema_is_one_and_is_there() -> None:
    """Nothing points outside, and nothing nowhere."""
    text = json.dumps(DESCRIPTION)
    assert "//" not in text
    schemas = DESCRIPTION["components"]["schemas"]
    for name in schemas:
        jsonschema.Draft202012Validator.check_schema(schemas[name])
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) == set(schemas)


@pytest.mark.parametrize("fault", Fault)
def test_a_refusal_has_its_form(fault: Fault) -> None:
    """Each of them, in each language."""
    args: dict[str, Any] = {"limit": 1, "length": 2, "count": 3, "field": "problem", "form": "string"}
    for language in ("en", "ja"):
        validate(RefusedError(fault, **args).write(language), "Refusal")


async def test_what_is_sent_has_the_form_that_is_described() -> None:
    """Events, lines and the whole; of answers that end in many ways, and of what goes on with them."""
    scripts: dict[str, Any] = {
        "Depth": words(50, 50),
        "Breadth": Script(("Cut",), finish="length"),
        "Structure": Script(status=500),
        "Time": [Script(("Bro",), breaks=True), Script(("No",))],
        "other": Script(("On.",)),
    }
    async with serving(ModelServer(**scripts)) as site:
        first = await site.ask(problem=PROBLEM)
        root = first.run["id"]
        readings = [first, await site.ask(f"{ASK}/{root}/Depth/deeper", added="And?")]
        readings.append(await site.ask(f"{ASK}/{root}/together"))
        assert {name for reading in readings for name, _ in reading.events} == {"run", "draft", "end", "done"}
        for reading in readings:
            for name, data in reading.events:
                validate(data, EVENTS[name])
        for run in (reading.run["id"] for reading in readings):
            url, headers = f"{site.url}{ASK}/{run}", {"Accept": "application/json"}
            async with site.client.get(url, headers=headers) as response:
                validate(await response.json(), "Whole")
            async with site.client.get(url) as response:
                assert (await read(response)).events[-1][0] == "done"
        async with site.client.get(site.url + "openapi.json") as response:
            assert await response.json() == DESCRIPTION
    assert set(first.states.values()) == {"done", "cut", "failed"}


def test_an_error_event_has_its_form() -> None:
    """It cannot be brought about from outside."""
    error = RefusedError(Fault.BROKEN).write("en")["error"]
    validate(error, EVENTS["error"])


@pytest.mark.parametrize(
    ("schema", "data", "is_taken"),
    [
        ("Question", {"problem": "Why?", "colour": "red"}, True),
        ("Question", {"problem": "Why?", "language": "ja", "linger": 60}, True),
        ("Question", {}, False),
        ("Question", {"problem": ""}, False),
        ("Question", {"problem": "x" * 4_001}, False),
        ("Question", {"problem": "Why?", "language": "xx"}, False),
        ("Question", {"problem": "Why?", "linger": 61}, False),
    ],
)
async def test_what_is_taken_is_what_is_described(schema: str, data: dict[str, Any], *, is_taken: bool) -> None:
    """By the schema, and by the server."""
    async with serving(ModelServer()) as site, site.client.post(site.url + ASK, json=data) as response:
        assert (response.status == 200) is is_taken
    if is_taken:
        validate(data, schema)
    else:
        with pytest.raises(jsonschema.ValidationError):
            validate(data, schema)
