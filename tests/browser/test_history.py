"""The page of a stack's runs is usable like the report: for everyone, on a phone, in the dark."""

from __future__ import annotations

from dataclasses import replace

import pytest
from axe_playwright_python.sync_playwright import Axe

from lib.evidence import history_page
from lib.evidence.history import History, history_of
from tests.browser.conftest import Reader
from tests.samples import HOSTILE, sample
from tests.unit.evidence.test_history import NET, A, B, verdict

TREND = history_of([verdict(0, A, NET), verdict(1, A), verdict(4, B, waived=sample().waived)])
FOUND = replace(A, resource_address=HOSTILE * 20, argument=HOSTILE, got=HOSTILE)
NASTY = replace(history_of([verdict(0, FOUND), verdict(1, FOUND)], [HOSTILE]), stack=HOSTILE)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("history", [TREND, NASTY], ids=["trend", "hostile"])
def test_axe_finds_nothing_and_nothing_runs(reader: Reader, history: History, scheme: str):
    page = reader.show(history_page.FILENAME, history_page.render(history), color_scheme=scheme)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("history", [TREND, NASTY], ids=["trend", "hostile"])
def test_it_does_not_scroll_sideways_on_a_phone(reader: Reader, history: History):
    phone = {"width": 375, "height": 700}
    page = reader.show(history_page.FILENAME, history_page.render(history), viewport=phone)
    assert page.evaluate("document.documentElement.scrollWidth") == 375
