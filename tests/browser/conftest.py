"""A real Chromium for the HTML report. Whatever a test does, the page must stay silent: no request, dialog or error."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from lib.artifacts import Verdict
from lib.reports import html


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's own; REQUIRE_BROWSER turns a missing one into a failure."""
    binary = shutil.which("chromium") or shutil.which("chromium-browser")
    if not binary:
        assert not os.environ.get("REQUIRE_BROWSER"), "chromium was not found on PATH"
        pytest.skip("needs chromium on PATH (Debian: apt-get install chromium)")
    flags = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=binary, args=flags)
        yield browser
        browser.close()


@dataclass
class Reader:
    """Opens reports, and keeps what their pages did that no report may do."""

    browser: Browser
    folder: Path
    noises: list[str] = field(default_factory=list)

    def open(self, verdict: Verdict, route: str = "", **context: Any) -> Page:
        """The report of a verdict at a route. context: Playwright's options, as viewport or color_scheme."""
        return self.show(html.FILENAME, html.render(verdict), route, **context)

    def show(self, name: str, content: str, route: str = "", **context: Any) -> Page:
        """A page as a file of that name."""
        file = self.folder / name
        file.write_text(content, encoding="utf-8")
        page = self.browser.new_context(**context).new_page()
        page.on("request", lambda request: self._request(request.url, file.as_uri()))
        page.on("console", lambda message: self.noises.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.noises.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (self.noises.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.goto(file.as_uri() + route)
        return page

    def _request(self, url: str, own: str) -> None:
        if url.split("#", maxsplit=1)[0] != own:
            self.noises.append(f"request: {url}")


@pytest.fixture
def reader(chromium: Browser, tmp_path: Path) -> Iterator[Reader]:
    """Opens reports; the test fails where one of them asks the network, complains, or shows a dialog."""
    made = Reader(chromium, tmp_path)
    yield made
    for context in chromium.contexts:
        context.close()
    assert made.noises == []
