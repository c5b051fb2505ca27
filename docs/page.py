"""Take the README's pictures of the page: `python docs/page.py http://127.0.0.1:5000 PHOTO [PHOTO …]`.

The server has to run, and Chromium to be installed. Photos go to the gallery; the last is shown as a card.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

DOCS = Path(__file__).parent


def main(address: str, *photos: str) -> None:
    """Write docs/page-light.png (a card, wide) and docs/page-dark.png (the same on a phone)."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for name, width, height in (("light", 1280, 1230), ("dark", 390, 1100)):
            scheme = {"color_scheme": name}
            page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce", **scheme)
            for photo in photos:
                page.goto(address)
                page.get_by_test_id("file-input").first.set_input_files(photo)
                expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done", timeout=60_000)
            page.evaluate("scrollTo(0, innerWidth > 600 ? 0 : document.querySelector('.card').offsetTop - 12)")
            page.screenshot(path=DOCS / f"page-{name}.png")
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
