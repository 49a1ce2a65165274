"""verdict.json: Verdict <-> bytes, and the JSON Schema that is published for it. Pure; the only format read back."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from lib.artifacts import Verdict
from lib.errors import ReportError

SCHEMA_VERSION = 2
"""Goes up when a reader of the version before would be misled; a key that is only added leaves it."""
SCHEMA_FILE = f"verdict.v{SCHEMA_VERSION}.schema.json"
REQUIRES = f"requires a verdict.json of schema_version {SCHEMA_VERSION} that `gate` wrote"


@cache
def _adapter() -> TypeAdapter[Verdict]:
    return TypeAdapter(Verdict)


def to_json(verdict: Verdict) -> str:
    """The verdict as verdict.json holds it; the same verdict gives the same bytes."""
    body = {"schema_version": SCHEMA_VERSION, **_adapter().dump_python(verdict, mode="json")}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def from_json(content: bytes, name: str) -> Verdict:
    """The verdict of a verdict.json. name: the file's, for messages. Raises: ReportError, saying where it is wrong."""
    try:
        body = json.loads(content)
        version = body.pop("schema_version") if isinstance(body, dict) else None
    except (ValueError, RecursionError, KeyError) as wrong:
        what = "no schema_version" if isinstance(wrong, KeyError) else f"no JSON ({type(wrong).__name__})"
        raise ReportError(f"{name}: got {what}, {REQUIRES}") from wrong
    if version != SCHEMA_VERSION:
        raise ReportError(f"{name}: got schema_version {str(version)[:20]}, {REQUIRES}")
    try:
        return _adapter().validate_python(body)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise ReportError(f"{name}: at {where}, {first['msg']}; {REQUIRES}") from wrong


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of verdict.json, made from the artifacts themselves so that it cannot lag behind.

    Every key is written, and no other: what is not known is an empty text, an empty list or null.
    """
    made = _adapter().json_schema(mode="serialization")
    objects = [made, *made["$defs"].values()]
    for each in objects:
        if "properties" in each:
            each |= {"required": list(each["properties"]), "additionalProperties": False}
            for value in each["properties"].values():
                value.pop("default", None)
                value.pop("title", None)
    version = {"const": SCHEMA_VERSION, "description": "Of this schema."}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:plantguard:verdict:{SCHEMA_VERSION}",
        **made,
        "title": "Plantguard verdict",
        "properties": {"schema_version": version, **made["properties"]},
        "required": ["schema_version", *made["required"]],
    }
