"""Every report keeps its exact form: UPDATE_GOLDEN=1 writes the files anew, and the test says which it wrote."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from difflib import unified_diff
from functools import partial
from pathlib import Path

import pytest

from lib.artifacts import Verdict
from lib.reports import RENDERERS, view
from lib.verdict_json import SCHEMA_FILE, schema, to_json
from tests.samples import sample

ROOT = Path(__file__).parents[2]


SOURCES = re.compile(rb"(?<=<style>).*?(?=</style>)|(?<=<script>).*?(?=</script>)", re.DOTALL)
"""Of the page: they stand in the repository already, and the page's policy names the digest of each."""


def _content(format_: str, verdict: Verdict) -> bytes:
    content = view(format_, verdict)[1]
    return SOURCES.sub(b"...", content) if format_ == "html" else content


GOLDEN: dict[str, Callable[[Verdict], bytes]] = {
    "tests/golden/verdict.json": lambda verdict: to_json(verdict).encode(),
    f"compliance_reports/{SCHEMA_FILE}": lambda _: json.dumps(schema(), indent=2).encode() + b"\n",
    **{f"tests/golden/{view(format_, sample())[0]}": partial(_content, format_) for format_ in RENDERERS},
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_report_of_the_sample_is_byte_for_byte_the_golden_file(name: str):
    path, rendered = ROOT / name, GOLDEN[name](sample())
    kept = path.read_bytes() if path.exists() else b""
    if rendered != kept and os.environ.get("UPDATE_GOLDEN"):
        path.write_bytes(rendered)
        pytest.fail(f"rewrote {name}: read what changed, then run the test without UPDATE_GOLDEN")
    lines = [text.decode("utf-8", "replace").splitlines(keepends=True) for text in (kept, rendered)]
    assert rendered == kept, "".join(unified_diff(*lines))[:10_000]


@pytest.mark.parametrize("name", GOLDEN)
def test_the_same_verdict_gives_the_same_bytes(name: str):
    assert GOLDEN[name](sample()) == GOLDEN[name](sample())
