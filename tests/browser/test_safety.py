"""A hostile stack cannot run anything in the report, nor hide in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Reader
from tests.samples import HOSTILE, hostile, sample

ROUTES = (
    "", "#results", "#results?state=waived&open=3", "#architecture", "#frameworks", "#waivers", "#policies", "#history",
    "#basis", "#/resources", "#/policy/PG_ENC_SQS", "#/framework/iso27001-2022",
)  # fmt: skip


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("text", [HOSTILE, "x" * 100_000], ids=["markup", "long"])
def test_hostile_content_stays_text_on_every_page(reader: Reader, route: str, text: str):
    page = reader.open(hostile(text), route)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    expect(page.locator("main > section.current")).to_be_visible()


def test_hostile_content_is_shown_with_its_invisible_characters_marked(reader: Reader):
    page = reader.open(hostile(), "#results?state=failed")
    shown = page.locator("table.results").inner_text()
    assert "</script><img src=x onerror=alert(1)>\\u{202E}=cmd" in shown
    assert "\\u{0000}\\u{001B}[31m" in shown
    assert not set("\u202e\x00\x1b") & set(page.content())


def test_the_page_of_a_resource_with_a_hostile_address_opens(reader: Reader):
    page = reader.open(hostile(), "#/resources")
    page.locator("#page tbody a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<img src=x onerror=alert(1)>")
    assert page.locator("table.results tr.result").count() > 0


@pytest.mark.parametrize(
    "route",
    ["#results?framework=constructor&control=__proto__", "#results?sort=x&page=-3&open=1e9", "#data", "#page", "#dots",
     "#/toString", "#/control/%E0%A4%A", "#/", "#?", "#%", "#results?%=%&q=%00", "#/resources?page=x"],
)  # fmt: skip
def test_no_address_breaks_the_page(reader: Reader, route: str):
    page = reader.open(sample(), route)
    assert page.locator("main > section.current h1").first.is_visible()


def test_a_source_that_is_no_web_address_is_no_link(reader: Reader):
    base = sample()
    odd = replace(base.policies[0], source="javascript:alert(1)")
    page = reader.open(replace(base, policies=(odd, *base.policies[1:])), f"#/policy/{odd.policy_id}")
    expect(page.get_by_text("javascript:alert(1)")).to_be_visible()
    assert page.get_by_role("link", name="javascript:").count() == 0


def test_a_long_value_is_clamped_until_it_is_asked_for(reader: Reader):
    page = reader.open(hostile("x" * 100_000), "#/policy/PG_ENC_SQS")
    lead = page.locator("#page .lead")
    assert len(lead.inner_text()) < 500
    lead.get_by_role("button", name="show all").click()
    assert len(lead.inner_text()) > 20_000
    assert "more characters, whole in verdict.json" in lead.inner_text()


@pytest.mark.parametrize(
    ("attack", "blocked"),
    [
        ("document.body.innerHTML = '<b>x</b>'", "TrustedHTML"),
        ("document.body.append(Object.assign(new Image(), {src: 'https://example.com/x'}))", "img-src"),
        ("fetch('https://example.com/').catch(() => 0)", "connect-src"),
        ("document.body.setAttribute('style', 'color: red')", "style-src"),
        ("document.body.setAttribute('onclick', 'window.ran = 1'); document.body.click()", "TrustedScript"),
    ],
)
def test_the_page_itself_forbids_what_an_injection_would_need(reader: Reader, attack: str, blocked: str):
    page = reader.open(sample())
    page.evaluate(f"try {{ {attack} }} catch (error) {{ console.log(String(error)) }}")
    page.wait_for_timeout(50)
    assert page.evaluate("window.ran") is None
    complaints, reader.noises = reader.noises, []
    assert any(blocked in text for text in complaints), complaints
