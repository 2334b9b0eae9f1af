"""The page that tests open in a browser, and what they read and save there."""

import time

from analysis.report.report import Context, Spec

CONTEXT = Context(
    name="digits",
    description="A study of digits.",
    specs=(
        Spec(
            "name: digits\n" + "# a long line of a spec " * 12,
            "sweeps run digits.yaml --set 'subnetworks=[dense, {strategy: imp, levels: [11]}]'",
            "digits.yaml",
        ),
    ),
    provenance={"torch": "2.15.0", "network_arguments": "{" + "a: 1, " * 60 + "}"},
    matching="one-std",
    stable_below=2.0,
    runs="#",
)


def column(page, table, number):
    rows = page.locator(f"table[data-name={table}] > tbody > tr:not(.samples):visible")
    return [
        text.strip() for text in rows.locator(f":scope > :nth-child({number})").all_inner_texts()
    ]


def saved(page, button):
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    return download.value.suggested_filename, download.value.path().read_text(encoding="utf-8")


def until(page, expression):
    """Wait until an expression is true in the page.

    Playwright's own way may have the page evaluate a text, which its policy forbids.
    """
    deadline = time.monotonic() + 30
    while not page.evaluate(f"() => Boolean({expression})"):
        assert time.monotonic() < deadline, f"never: {expression}"
        time.sleep(0.02)
