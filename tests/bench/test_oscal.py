from __future__ import annotations

import time

import pytest

from lib.reports import oscal
from tests.samples import large, sample


@pytest.mark.slow
def test_five_thousand_results_become_oscal_within_a_second_and_a_half() -> None:
    oscal.render(sample())  # builds OSCAL's models, once a process
    verdict = large(5_000)
    before = time.process_time()
    oscal.render(verdict)
    assert time.process_time() - before < 1.5
