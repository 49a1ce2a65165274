"""index.html keeps its exact form: UPDATE_GOLDEN=1 writes it anew, and the test says so."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lib.reports import html
from tests.samples import sample

GOLDEN = Path(__file__).with_name(html.FILENAME)


def test_the_page_of_the_sample_is_byte_for_byte_the_golden_file():
    rendered = html.render(sample()).encode()
    kept = GOLDEN.read_bytes() if GOLDEN.exists() else b""
    if rendered != kept and os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.write_bytes(rendered)
        pytest.fail(f"rewrote {GOLDEN.name}: read what changed, then run the test without UPDATE_GOLDEN")
    assert rendered == kept
