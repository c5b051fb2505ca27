"""The OpenAPI 3.1 document, made from the views: what `operation` says of each, and the pydantic records themselves."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chains import AUTOMATIC

from .errors import STATUS
from .records import Problem

View = TypeVar("View", bound=Callable[..., Any])
REF = "#/components/schemas/{model}"
EVENT = {
    "type": "object",
    "description": "An event. Its data is JSON: {text, kind, unsure, note} of literal, {text} of token, else a record.",
    "properties": {
        "id": {"type": "string"},
        "event": {"enum": ["literal", "emotion", "token", "caption", "error"]},
        "data": {"type": "string"},
    },
    "required": ["id", "event", "data"],
}
SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "A personal access token."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "moodcap_session",
        "description": "A session's cookie (`__Host-moodcap_session` over HTTPS). Changes need `X-CSRF-Token` besides.",
    },
}
SECURITY: list[dict[str, list[str]]] = [{}, {"token": []}, {"session": []}]
"""Nothing where there are no accounts; else a token or a session."""
ID = {"type": "string", "pattern": "^[A-Za-z0-9_-]{22}$"}


@dataclass(frozen=True)
class Answer:
    """One answer of an operation: a record, or bytes or text of a media type."""

    description: str
    record: type[BaseModel] | None = None
    media: str = "application/json"
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Operation:
    """What a view takes and answers. Problems are those of the error table.

    With accounts, an `open` one needs no sign-in, and a `personal` one no token but a person; without, there is none.
    """

    summary: str
    tag: str
    answers: Mapping[int, tuple[Answer, ...]]
    query: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    form: type[BaseModel] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[int, ...] = ()
    open: bool = False
    personal: bool = False

    def records(self) -> Iterable[tuple[type[BaseModel], str]]:
        """All records that it speaks of, with the direction."""
        for taken in (self.query, self.body, self.form):
            if taken is not None:
                yield taken, "validation"
        for answers in self.answers.values():
            yield from ((one.record, "serialization") for one in answers if one.record is not None)


def operation(summary: str, tag: str, *answers: tuple[int, Answer], **more: Any) -> Callable[[View], View]:
    """Say what a view does."""
    grouped: dict[int, tuple[Answer, ...]] = {}
    for status, answer in answers:
        grouped[status] = (*grouped.get(status, ()), answer)

    def say(view: View) -> View:
        view.operation = Operation(summary, tag, grouped, **more)  # type: ignore[attr-defined]
        return view

    return say


def document(app: Flask, version: str, moods: Iterable[str]) -> dict[str, Any]:
    """The OpenAPI document of an app; `moods` are the names that a mood can be asked by."""
    found = [
        (rule, operation)
        for rule in app.url_map.iter_rules()
        if (operation := getattr(app.view_functions[rule.endpoint], "operation", None)) is not None
    ]
    pairs = list(dict.fromkeys([pair for _, operation in found for pair in operation.records()]))
    pairs.append((Problem, "serialization"))
    refs: Any = pairs
    names, schemas = models_json_schema(refs, ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for rule, operation in sorted(found, key=lambda one: one[0].rule):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(path, {})[method.lower()] = _operation(rule, operation, method, names, schemas["$defs"])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Moodcap",
            "version": version,
            "description": "Captions that carry a feeling, checked against what is in the photo.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": _with_moods(schemas["$defs"], sorted(moods)), "securitySchemes": SCHEMES},
    }


def _operation(
    rule: Any, operation: Operation, method: str, names: Mapping[Any, Any], schemas: Mapping[str, Any]
) -> dict[str, Any]:
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": ID} for name in sorted(rule.arguments)
    ]  # fmt: skip
    parameters += [
        {"name": name, "in": "header", "description": about, "schema": {"type": "string"}}
        for name, about in operation.headers.items()
    ]
    if operation.query is not None:
        parameters += _query(schemas[names[operation.query, "validation"]["$ref"].rpartition("/")[2]])
    answers = {str(status): _answers(all_, names) for status, all_ in operation.answers.items()}
    told: dict[str, Any] = {
        "operationId": rule.endpoint.rpartition(".")[2],
        "summary": operation.summary,
        "tags": [operation.tag],
        "parameters": parameters,
        "responses": answers | {str(status): _problem(status, names) for status in _problems(operation, method)},
        "security": [{}] if operation.open else [{"session": []}] if operation.personal else SECURITY,
    }
    if operation.body is not None:
        schema = names[operation.body, "validation"]
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if operation.form is not None:
        told["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": names[operation.form, "validation"]}},
        }
    return told


def _problems(operation: Operation, method: str) -> list[int]:
    """Its own, and those that the door has."""
    door = () if operation.open else (401,) if method == "GET" and not operation.personal else (401, 403)
    kept = (503, 507) if method != "GET" else () if operation.open else (503,)  # a busy database, a full disk
    return sorted({*operation.problems, *door, *kept, *((404,) if operation.personal else ())})


def _query(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "query", "description": part.get("description", ""), "schema": _not_null(part)}
        for name, part in schema["properties"].items()
    ]


def _not_null(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema without null, which a query cannot hold, and with its description outside."""
    told = {key: value for key, value in schema.items() if key not in ("description", "title")}
    options = [option for option in told.get("anyOf", ()) if option.get("type") != "null"]
    if "anyOf" in told:
        told = {key: value for key, value in told.items() if key not in ("anyOf", "default")} | options[0]
    return told


def _answers(answers: Iterable[Answer], names: Mapping[Any, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {"description": " Or: ".join(one.description for one in answers)}
    content = {}
    for one in answers:
        if one.record is not None:
            content[one.media] = {"schema": names[one.record, "serialization"]}
        elif one.media:
            content[one.media] = {"schema": EVENT if one.media == "text/event-stream" else {"type": "string"}}
    headers = {name: {"schema": {"type": "string"}} for one in answers for name in one.headers}
    return told | ({"content": content} if content else {}) | ({"headers": headers} if headers else {})


def _problem(status: int, names: Mapping[Any, Any]) -> dict[str, Any]:
    codes = sorted({kind.code for kind, of in STATUS.items() if of == status})
    told: dict[str, Any] = {
        "description": f"A problem: {', '.join(codes)}.",
        "content": {"application/problem+json": {"schema": names[Problem, "serialization"]}},
    }
    if status in (429, 503):
        told["headers"] = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
    return told


def _with_moods(schemas: dict[str, Any], moods: list[str]) -> dict[str, Any]:
    """The schemas, with the moods' names where a mood is asked for."""
    for name in ("Asked", "CaptionForm"):
        for field_ in ("mood", "blend"):
            part = schemas[name]["properties"][field_]
            named = [*moods, AUTOMATIC] if field_ == "mood" else moods
            part["anyOf"] = [{"type": "string", "enum": named}, {"type": "null"}]
    for name in [name for name in schemas if name.startswith("StatedPreferences")]:
        preferred = schemas[name]["properties"]
        preferred["mood"]["anyOf"] = [{"type": "string", "enum": moods}, {"type": "null"}]
        preferred["first"]["items"] = {"type": "string", "enum": moods}
    form = schemas["CaptionForm"]
    for part in form["properties"].values():
        part.update(_not_null(part))
        part.pop("anyOf", None)
    form["properties"]["photo"] = {"type": "string", "format": "binary", "description": "The photo's file."}
    form["required"] = ["photo"]
    for name in ("Asked", "CaptionForm"):
        schemas[name]["dependentRequired"] = {"blend": ["mood"]}
    return schemas
