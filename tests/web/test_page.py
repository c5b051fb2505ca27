"""The page in a real browser: from a photo to its caption, other moods, errors, and what to do with a caption."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect

from .browsing import LITERAL, ROOT, assert_accessible, photo, upload
from .conftest import free_port, until
from .served import answers


def test_a_photo_becomes_a_caption(page: Page) -> None:
    upload(page, photo())
    expect(page.get_by_test_id("literal")).to_contain_text(LITERAL)
    expect(page.get_by_test_id("mood-caption")).to_contain_text("brown dog")
    chart = page.get_by_test_id("emotion-chart")
    for emotion in ("amusement", "awe", "sadness", "neutral"):
        expect(chart).to_contain_text(emotion)
    assert_accessible(page)


def test_many_photos_queue_up(page: Page) -> None:
    upload(page, *(photo(seed) for seed in range(5)))
    expect(page.get_by_test_id("card")).to_have_count(5)
    expect(page.get_by_test_id("literal")).to_have_count(5)


def test_a_mood_is_changed_without_uploading_again(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    upload(page, photo(1))
    chip = page.get_by_test_id("chip-melancholy").or_(page.locator("[data-testid^=chip-]").nth(1)).first
    chip.click()
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")
    page.wait_for_timeout(300)
    expect(page.get_by_test_id("mood-caption")).to_contain_text("brown dog")
    assert [url.rpartition("/")[2] for url in asked] == ["captions", "rewrites"]


def test_a_mood_is_searched_by_keys_and_blended(page: Page) -> None:
    upload(page, photo(2))
    search = page.get_by_test_id("card").get_by_test_id("mood-search").first
    search.focus()
    search.press_sequentially("grat")
    with page.expect_request("**/rewrites") as asked:
        search.press("ArrowDown")
        search.press("Enter")
    assert asked.value.post_data_json["mood"] == "gratitude"
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")
    page.get_by_test_id("blend-toggle").check()
    second = page.get_by_test_id("blend-search")
    with page.expect_request("**/rewrites") as asked:
        second.fill("hope")
        second.press("ArrowDown")
        second.press("Enter")
    sent: Any = asked.value.post_data_json
    assert (sent["mood"], sent["blend"]) == ("gratitude", "hope")
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")
    assert_accessible(page)


def test_intensity_asks_for_a_rewrite(page: Page) -> None:
    upload(page, photo(3))
    with page.expect_request("**/rewrites") as asked:
        page.get_by_test_id("intensity").focus()
        page.get_by_test_id("intensity").press("Home")
    assert asked.value.post_data_json["intensity"] == 0
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")


def test_a_fallback_says_that_it_is_one(page: Page) -> None:
    upload(page, photo(4))
    search = page.get_by_test_id("card").get_by_test_id("mood-search").first
    search.fill("anger")
    search.press("ArrowDown")
    search.press("Enter")
    expect(page.get_by_test_id("fallback-note")).to_be_visible()
    expect(page.get_by_test_id("mood-caption")).to_contain_text(LITERAL)
    assert_accessible(page)


def test_a_caption_is_edited_rated_copied_downloaded_and_deleted(page: Page) -> None:
    upload(page, photo(5))
    page.get_by_test_id("edit-caption").click()
    page.keyboard.press("Control+a")
    page.keyboard.type('Snow & <b>"dog"</b>')
    page.keyboard.press("Control+Enter")
    expect(page.get_by_test_id("mood-caption")).to_contain_text('Snow & <b>"dog"</b>')
    page.get_by_test_id("rate-good").click()
    expect(page.get_by_test_id("rate-good")).to_have_attribute("aria-pressed", "true")
    page.get_by_test_id("copy-caption").click()
    page.wait_for_timeout(100)
    assert page.evaluate("navigator.clipboard.readText()") == 'Snow & <b>"dog"</b>'
    page.get_by_test_id("copy-alt").click()
    page.wait_for_timeout(100)
    assert page.evaluate("navigator.clipboard.readText()") == LITERAL
    with page.expect_download() as download:
        page.get_by_test_id("download").click()
    assert b"Snow &amp; &lt;b&gt;" in Path(download.value.path()).read_bytes()
    page.get_by_test_id("delete").click()
    assert_accessible(page)
    page.get_by_role("dialog").get_by_role("button", name=re.compile("delete", re.IGNORECASE)).click()
    expect(page.get_by_test_id("card")).to_have_count(0)


def test_errors_are_told_and_can_be_tried_again(page: Page) -> None:
    upload(page, {"name": "notes.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"})
    expect(page.get_by_test_id("error")).to_contain_text("no photo of a known format")
    assert_accessible(page)
    upload(page, {"name": "large.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8" + b"0" * 300_000})
    expect(page.get_by_test_id("error")).to_be_visible()


def test_a_server_that_cannot_be_reached_is_told_and_tried_again(page: Page) -> None:
    page.goto("/")
    page.route("**/api/v1/captions", lambda route: route.abort())
    page.get_by_test_id("file-input").first.set_input_files([photo(6)])
    expect(page.get_by_test_id("error")).to_be_visible()
    page.unroute("**/api/v1/captions")
    page.get_by_test_id("retry").first.click()
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")


def test_a_busy_server_is_waited_for(page: Page) -> None:
    page.goto("/")
    problem = {"status": 503, "code": "busy", "title": "", "detail": "Too many photos are waiting.", "type": ""}
    answers = iter([True])

    def answer(route: Any) -> None:
        if next(answers, False):
            route.fulfill(
                status=503, json=problem, headers={"Retry-After": "1", "Content-Type": "application/problem+json"}
            )
        else:
            route.continue_()

    page.route("**/api/v1/captions", answer)
    page.get_by_test_id("file-input").first.set_input_files([photo(7)])
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done", timeout=15_000)


def test_the_embedded_models_caption_a_photo(browser: Browser, home: Path, tmp_path: Path) -> None:
    port = free_port()
    settings = {"MOODCAP_HOME": str(home), "MOODCAP_DATA": str(tmp_path / "data"), "MOODCAP_PORT": str(port)}
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=os.environ | settings, stderr=log)
    try:
        until(lambda: answers(f"http://127.0.0.1:{port}/readyz"), 90)
        page = browser.new_page(base_url=f"http://127.0.0.1:{port}")
        page.goto("/")
        page.get_by_test_id("file-input").first.set_input_files([photo(12)])
        expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done", timeout=60_000)
        literal = page.get_by_test_id("literal").inner_text()
        assert len(literal.split()) > 3
        expect(page.get_by_test_id("mood-caption")).to_contain_text(re.compile(r"\w+ \w+ \w+"))
        page.close()
    finally:
        server.terminate()
        server.wait(40)
