"""Views of controls, byte for byte. UPDATE_GOLDEN=1 writes them anew; read the difference before you commit it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from lib.artifacts import Verdict
from lib.reports import applicability, controls_csv, oscal
from tests.samples import sample

GOLDEN = Path(__file__).parent


@pytest.mark.parametrize("view", [oscal, controls_csv, applicability], ids=lambda view: view.FILENAME)
def test_the_sample_gives_the_bytes_that_were_kept(view: object) -> None:
    render: Callable[[Verdict], str | bytes] = view.render
    made = render(sample())
    content = made if isinstance(made, bytes) else made.encode()
    kept = GOLDEN / view.FILENAME
    if os.environ.get("UPDATE_GOLDEN"):
        kept.write_bytes(content)
    assert content == kept.read_bytes()
