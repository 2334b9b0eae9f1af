"""A report in a real browser, from a file."""

import os

import pytest
from browser import CHROMIUM, NO_CHROMIUM
from digits_page import CONTEXT

from analysis.report.report import render


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip(
        "playwright.sync_api",
        reason="no playwright: pip install playwright (it uses your Chromium)",
    )
    if CHROMIUM is None:
        pytest.skip(NO_CHROMIUM)
    options = ["--no-sandbox"] if os.getuid() == 0 else []
    with playwright.sync_playwright() as started:
        running = started.chromium.launch(executable_path=CHROMIUM, args=options)
        yield running
        running.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory, study, curves):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(study, curves(study), CONTEXT), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def shared(browser, file):
    """One page for all tests of the module, and what it complained about or asked for."""
    page = browser.new_page()
    noise = []
    page.on("console", lambda said: noise.append(said.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda one: noise.append(one.url) if one.url != file.as_uri() else None)
    return page, noise


@pytest.fixture
def page(shared, file):
    """The page as it opens, 1,280 pixels wide; nothing may be said or asked for in a test."""
    found, noise = shared
    found.set_viewport_size({"width": 1280, "height": 900})
    found.goto(file.as_uri())
    yield found
    own = [one for one in noise if not one.startswith("blob:")]
    noise.clear()
    assert own == []
