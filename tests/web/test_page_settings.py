"""The page's settings in a real browser, with accounts: preferences, what was learnt, and one's data."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from .browsing import assert_accessible, assert_fits, photo, upload, visiting
from .visitors import PASSWORD, Visitor

SECTIONS = ("/settings", "/settings/learnt", "/settings/data", "/settings/account", "/settings/tokens")


def test_preferences_apply(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register("/settings")
    for testid, typed in (("preferred-mood", "gratit"), ("first-search", "wonder"), ("first-search", "serenity")):
        page.get_by_test_id(testid).fill(typed)
        page.keyboard.press("Enter")
    page.get_by_role("button", name="Move serenity up").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Move serenity down")).to_be_focused()
    page.get_by_test_id("preferred-intensity").focus()
    page.keyboard.press("Home")
    expect(page.get_by_test_id("saved")).to_have_text("Saved")
    assert_accessible(page)
    page.reload()
    expect(page.get_by_test_id("preferred-mood")).to_have_value("gratitude")
    page.get_by_role("link", name="Caption", exact=True).click()
    expect(page.get_by_test_id("start-mood")).to_have_value("gratitude")
    page.get_by_test_id("file-input").first.set_input_files([photo(107)])
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")
    assert newest(page)["request"]["mood"] == "gratitude"
    assert newest(page)["result"]["mood"] == {"name": "gratitude", "intensity": 0, "source": "asked"}
    chips = page.locator("[data-testid^=chip-]")
    assert [chips.nth(place).get_attribute("data-testid") for place in range(3)] == [
        "chip-gratitude", "chip-serenity", "chip-wonder",
    ]  # fmt: skip
    expect(page.get_by_test_id("intensity")).to_have_value("0")
    page.get_by_role("button", name="Clear mood").click()
    page.get_by_test_id("file-input").first.set_input_files([photo(108)])
    expect(page.get_by_test_id("card")).to_have_count(2)
    expect(page.get_by_test_id("card").first).to_have_attribute("data-status", "done")
    assert newest(page)["result"]["mood"]["source"] == "detected"


def newest(page: Page) -> Any:
    """The record of the newest caption."""
    return page.request.get("/api/v1/captions?limit=1").json()["captions"][0]


def test_what_was_learnt_is_seen_and_forgotten(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register()
    upload(page, photo(109))
    page.get_by_test_id("edit-caption").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("Snow, dog, bliss!")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("mood-caption")).to_contain_text("bliss")
    page.goto("/settings/learnt")
    example = page.get_by_test_id("example").filter(has_text="Snow, dog, bliss!")
    expect(example).to_have_count(1)
    assert_accessible(page)
    example.get_by_test_id("forget").click()
    expect(example).to_have_count(0)
    expect(page.get_by_role("heading", name="What was learnt")).to_be_focused()


def test_data_are_exported_and_deleted(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register()
    upload(page, photo(110))
    page.goto("/settings/data")
    expect(page.get_by_test_id("captions-today")).to_contain_text("1")
    with page.expect_download() as download:
        page.get_by_test_id("export").click()
    with zipfile.ZipFile(Path(download.value.path())) as archive:
        assert visitor.name in json.dumps(json.loads(archive.read("data.json")))
        assert [name for name in archive.namelist() if name.startswith("photos/")]
    page.get_by_test_id("delete-data").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page.get_by_role("status").filter(has_text="are deleted")).to_be_visible()
    page.goto("/gallery")
    expect(page.get_by_text("No photos yet.")).to_be_visible()


def test_keys_alone_sign_in_and_set_preferences(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/register")
    page.get_by_test_id("name").focus()
    page.keyboard.type(visitor.name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("drop-zone")).to_be_visible()
    page.goto("/settings")
    page.get_by_test_id("preferred-mood").wait_for()
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(
            page.evaluate("(e => e?.dataset?.testid ?? e?.closest('fieldset')?.dataset.testid)(document.activeElement)")
        )
    wanted = {"sign-out", "preferred-mood", "preferred-intensity", "length", "spelling", "never-input", "first-search"}
    wanted |= {"detail", "people"}
    assert wanted | {"keep-photos", "keep-days"} <= reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_view_is_accessible_and_fits(browser: Browser, accounts_address: str, scheme: Any, width: int) -> None:
    with visiting(browser, accounts_address, viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        visitor = Visitor(page)
        for path in ("/sign-in", "/register"):
            page.goto(path)
            assert_accessible(page)
            assert_fits(page, width)
        visitor.register()
        for path in SECTIONS:
            page.goto(path)
            page.wait_for_load_state("networkidle")
            assert_accessible(page)
            assert_fits(page, width)


def test_nothing_jumps_while_settings_load(visitor: Visitor) -> None:
    visitor.register()
    page = visitor.page
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => { for (const e of list.getEntries()) "
        "if (!e.hadRecentInput) window.shift += e.value }).observe({type: 'layout-shift', buffered: true})"
    )
    for path in SECTIONS:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.shift") < 0.05, path
