"""Photos come to the page: dropped, pasted, picked many at once; and the way back from one to the gallery."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from .browsing import LITERAL, carrying, photo, upload

DONE = "[data-testid=card][data-status=done]"
PASTE = """(target, transfer) => {
  const event = new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true });
  target.dispatchEvent(event);
}"""


def test_photos_are_dropped_anywhere(page: Page) -> None:
    page.goto("/gallery")
    page.get_by_test_id("gallery-search").wait_for()
    transfer = carrying(page, [photo(41), photo(42)])
    page.dispatch_event("h1", "dragenter", {"dataTransfer": transfer})
    page.dispatch_event("h1", "dragover", {"dataTransfer": transfer})
    page.dispatch_event("h1", "drop", {"dataTransfer": transfer})
    expect(page).to_have_url(re.compile("/$"))
    expect(page.locator(DONE)).to_have_count(2)
    expect(page.get_by_test_id("literal").first).to_contain_text(LITERAL)


def test_the_zone_says_that_it_takes_what_is_dragged(page: Page) -> None:
    page.goto("/")
    zone = page.get_by_test_id("drop-zone")
    transfer = carrying(page, [photo(43)])
    page.dispatch_event("body", "dragenter", {"dataTransfer": transfer})
    expect(zone).to_contain_text("Let go to add them")
    page.dispatch_event("h1", "dragenter", {"dataTransfer": transfer})
    page.dispatch_event("body", "dragleave", {"dataTransfer": transfer})
    expect(zone).to_contain_text("Let go to add them")
    page.dispatch_event("h1", "dragleave", {"dataTransfer": transfer})
    expect(zone).to_contain_text("Drop photos anywhere")
    expect(page.get_by_test_id("card")).to_have_count(0)


def test_text_that_is_dragged_is_left_alone(page: Page) -> None:
    page.goto("/")
    text = page.evaluate_handle("() => { const t = new DataTransfer(); t.setData('text/plain', 'dog'); return t }")
    taken = page.evaluate(
        "t => !document.body.dispatchEvent(new DragEvent('drop', {dataTransfer: t, bubbles: true, cancelable: true}))",
        text,
    )
    assert not taken
    expect(page.get_by_test_id("card")).to_have_count(0)


def test_a_photo_is_pasted(page: Page) -> None:
    page.goto("/")
    page.get_by_test_id("drop-zone").wait_for()
    page.locator("body").evaluate(PASTE, carrying(page, [photo(44)]))
    expect(page.locator(DONE)).to_have_count(1)
    expect(page.get_by_test_id("literal")).to_contain_text(LITERAL)


def test_text_with_its_picture_is_pasted_into_a_field_as_text(page: Page) -> None:
    page.goto("/")
    transfer = carrying(page, [photo(45)])
    transfer.evaluate("transfer => transfer.setData('text/plain', 'calm')")
    page.get_by_test_id("start-mood").evaluate(PASTE, transfer)
    page.wait_for_timeout(200)
    expect(page.get_by_test_id("card")).to_have_count(0)
    page.locator("body").evaluate(PASTE, transfer)
    expect(page.locator(DONE)).to_have_count(1)


def test_many_photos_are_picked_in_one_go_each_with_its_name(page: Page) -> None:
    page.goto("/")
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Choose photos").click()
    assert chooser.value.is_multiple()
    chooser.value.set_files([photo(seed) for seed in (46, 47, 48)])
    expect(page.locator(DONE)).to_have_count(3)
    titles = page.get_by_test_id("card").locator("h2").all_inner_texts()
    assert titles == ["photo-46.jpg", "photo-47.jpg", "photo-48.jpg"]
    expect(page.get_by_text("3 of 3 photos ready")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Choose photos").click()
    chooser.value.set_files([photo(46)])
    expect(page.locator(DONE)).to_have_count(4)


def test_a_broken_photo_among_many_stops_none_of_them(page: Page) -> None:
    broken: Any = {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"}
    upload(page, photo(49), broken, photo(50))
    expect(page.locator(DONE)).to_have_count(2)
    expect(page.locator("[data-testid=card][data-status=failed]")).to_contain_text("no photo of a known format")
    expect(page.get_by_text("2 of 3 photos ready, 1 not captioned")).to_be_visible()


def test_the_gallery_is_as_it_was_left(page: Page) -> None:
    upload(page, *(photo(seed) for seed in range(60, 90)))
    expect(page.locator(DONE)).to_have_count(30, timeout=60_000)
    page.goto("/gallery?q=dog")
    items = page.get_by_test_id("gallery-item")
    expect(items).to_have_count(24)
    page.get_by_text("Load more").click()
    items.nth(27).scroll_into_view_if_needed()
    shown, place = items.count(), page.evaluate("window.scrollY")
    for back in (lambda: page.go_back(), lambda: page.locator("a.back").click()):
        items.nth(27).locator("a").click()
        expect(page.get_by_test_id("literal")).to_contain_text(LITERAL)
        back()
        expect(page).to_have_url(re.compile(r"/gallery\?q=dog$"))
        expect(items).to_have_count(shown)
        page.wait_for_function(f"Math.abs(window.scrollY - {place}) < 50")


def test_what_is_deleted_is_gone_from_the_gallery(page: Page) -> None:
    upload(page, photo(91))
    page.goto("/gallery")
    items = page.get_by_test_id("gallery-item")
    newest = items.first.locator("a").get_attribute("href")
    items.first.locator("a").click()
    page.get_by_test_id("delete").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page).to_have_url(re.compile("/gallery$"))
    expect(page.locator(f"a[href='{newest}']")).to_have_count(0)
