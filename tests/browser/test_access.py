"""The report is usable by keyboard, with a screen reader, in the dark and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from lib.artifacts import Verdict
from tests.browser.conftest import Reader
from tests.browser.test_safety import ROUTES
from tests.samples import hostile, passing, sample

EVERY = (
    *ROUTES, "#/control/iso27001-2022/A.8.24", "#/control/nist-800-53-r5/SC-8", "#/resource/aws_kms_key.data",
    "#/nothing", "#results?q=no+such+text",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("verdict", [sample, passing, hostile])
def test_axe_finds_nothing_on_any_page(reader: Reader, verdict: Callable[[], Verdict], scheme: str):
    page = reader.open(verdict(), color_scheme=scheme)
    for route in EVERY:
        go(page, route)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{route} {scheme}: {found.generate_report()}"


@pytest.mark.parametrize("verdict", [sample, passing, hostile, lambda: hostile("x" * 100_000)])
def test_no_page_scrolls_sideways_on_a_phone(reader: Reader, verdict: Callable[[], Verdict]):
    page = reader.open(verdict(), viewport={"width": 375, "height": 700})
    for route in EVERY:
        go(page, route)
        assert page.evaluate("document.documentElement.scrollWidth") == 375, route


def test_without_scripts_a_phone_does_not_scroll_sideways_either(reader: Reader):
    page = reader.open(hostile(), viewport={"width": 375, "height": 700})
    page.evaluate("document.documentElement.classList.remove('js')")
    assert page.evaluate("document.documentElement.scrollWidth") == 375


def test_a_row_opens_and_closes_by_keyboard_alone(reader: Reader):
    page = reader.open(sample(), "#results")
    page.get_by_role("heading", name="Results").wait_for()
    tab_to(page, "Search")
    page.keyboard.type("raw")
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.focus?.startsWith('detail-')"):
            break
    page.keyboard.press("Enter")
    toggle = page.locator("[data-focus^=detail-]")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    expect(toggle).to_be_focused()
    page.keyboard.press("Escape")
    expect(toggle).to_have_attribute("aria-expanded", "false")
    expect(toggle).to_be_focused()


def test_the_focus_goes_to_the_heading_of_a_new_page_and_the_title_names_it(reader: Reader):
    page = reader.open(sample(), "#frameworks")
    page.get_by_role("link", name="IEC 62443-3-3").first.click()
    expect(page.get_by_role("heading", name="Framework IEC 62443-3-3")).to_be_focused()
    assert page.title() == "FAIL · sensor-dev · Framework IEC 62443-3-3"
    page.get_by_role("link", name="Waivers").click()
    expect(page.get_by_role("heading", name="Waivers", exact=True)).to_be_focused()


def test_the_first_stop_of_the_keyboard_skips_to_the_content(reader: Reader):
    page = reader.open(sample())
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_what_has_the_focus_shows_it(reader: Reader):
    page = reader.open(sample(), "#results")
    tab_to(page, "Search")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def go(page: Page, route: str) -> None:
    page.goto(page.url.split("#")[0] + (route or "#overview"))


def tab_to(page: Page, label: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.labels?.[0]?.firstChild.textContent") == label:
            return
    raise AssertionError(f"the keyboard does not reach {label}")
