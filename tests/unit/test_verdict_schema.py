"""verdict.json keeps to the schema that is published for it; that file itself is one of the golden files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from lib.artifacts import Verdict
from lib.verdict_json import schema, to_json
from tests.samples import hostile, large, passing, sample

SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=FormatChecker())
RECORDS = {frozenset(each["properties"]) for each in [SCHEMA, *SCHEMA["$defs"].values()] if "properties" in each}


def body(verdict: Verdict) -> dict[str, Any]:
    return json.loads(to_json(verdict))


def records(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where the records are; a mapping with free keys, such as evidence, is none."""
    if isinstance(value, dict) and frozenset(value) in RECORDS:
        yield path
    for key, item in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from records(item, (*path, key))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def one_of_each_kind() -> list[tuple[Any, ...]]:
    full = body(sample())
    return list({frozenset(at(full, path)): path for path in records(full)}.values())


@pytest.mark.parametrize(
    "made",
    [sample, passing, hostile, lambda: hostile("x" * 100_000), lambda: large(200)],
    ids=["sample", "passing", "hostile", "long", "large"],
)
def test_a_verdict_keeps_to_its_schema(made: Callable[[], Verdict]):
    assert not [error.message for error in VALIDATOR.iter_errors(body(made()))]


def test_the_schema_is_itself_valid():
    Draft202012Validator.check_schema(SCHEMA)


def test_the_sample_holds_a_record_of_every_kind_that_the_schema_knows():
    full = body(sample())
    assert {frozenset(at(full, path)) for path in records(full)} == RECORDS


@pytest.mark.parametrize("path", one_of_each_kind(), ids=lambda path: ".".join(map(str, path)) or "verdict")
def test_a_record_without_one_of_its_keys_is_refused(path: tuple[Any, ...]):
    for key in at(body(sample()), path):
        less = body(sample())
        del at(less, path)[key]
        assert not VALIDATOR.is_valid(less), key


@pytest.mark.parametrize("path", one_of_each_kind(), ids=lambda path: ".".join(map(str, path)) or "verdict")
def test_a_record_with_one_key_more_is_refused(path: tuple[Any, ...]):
    more = body(sample())
    at(more, path)["and_more"] = ""
    assert not VALIDATOR.is_valid(more)
