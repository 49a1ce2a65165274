"""Every report keeps its exact form: UPDATE_GOLDEN=1 writes the files anew, and the test says which it wrote."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path

import pytest

from lib.artifacts import Verdict
from lib.reports import digests, junit, markdown, sarif
from lib.verdict_json import SCHEMA_FILE, schema, to_json
from tests.samples import sample

ROOT = Path(__file__).parents[2]
GOLDEN: tuple[tuple[str, Callable[[Verdict], str]], ...] = (
    ("tests/golden/verdict.json", to_json),
    (f"compliance_reports/{SCHEMA_FILE}", lambda _: json.dumps(schema(), indent=2) + "\n"),
    (f"tests/golden/{sarif.FILENAME}", sarif.render),
    (f"tests/golden/{junit.FILENAME}", junit.render),
    (f"tests/golden/{markdown.FILENAME}", markdown.render),
    (f"tests/golden/{digests.FILENAME}", digests.render),
)


@pytest.mark.parametrize(("name", "render"), GOLDEN, ids=[name for name, _ in GOLDEN])
def test_a_report_of_the_sample_is_byte_for_byte_the_golden_file(name: str, render: Callable[[Verdict], str]):
    path, rendered = ROOT / name, render(sample()).encode()
    kept = path.read_bytes() if path.exists() else b""
    if rendered != kept and os.environ.get("UPDATE_GOLDEN"):
        path.write_bytes(rendered)
        pytest.fail(f"rewrote {name}: read what changed, then run the test without UPDATE_GOLDEN")
    lines = [text.decode().splitlines(keepends=True) for text in (kept, rendered)]
    assert rendered == kept, "".join(unified_diff(*lines))


@pytest.mark.parametrize(("name", "render"), GOLDEN, ids=[name for name, _ in GOLDEN])
def test_the_same_verdict_gives_the_same_bytes(name: str, render: Callable[[Verdict], str]):
    assert render(sample()) == render(sample())
