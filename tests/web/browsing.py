"""What tests do with the page in a browser, in few words."""

import re
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, expect

from tests.photos import draw_photo, encoded

ROOT = Path(__file__).parents[2]
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
LITERAL = "A brown dog runs through the snow."


def is_complaint(message: ConsoleMessage) -> bool:
    """Whether the browser says that something is wrong; answers of 4xx and 5xx are what tests ask for."""
    return message.type in ("error", "warning") and "Failed to load resource" not in message.text


def photo(seed: int = 0) -> Any:
    """A file to upload."""
    return {"name": f"photo-{seed}.jpg", "mimeType": "image/jpeg", "buffer": encoded(draw_photo(seed, (300, 200)))}


def upload(page: Page, *files: Any, path: str = "/") -> None:
    """Open the page and hand it files, then wait until each has come to an end."""
    page.goto(path)
    page.get_by_test_id("file-input").first.set_input_files(list(files))
    for number in range(len(files)):
        expect(page.get_by_test_id("card").nth(number)).to_have_attribute("data-status", re.compile("done|failed"))


def assert_accessible(page: Page) -> None:
    """No violation of any rule of axe-core."""
    page.wait_for_timeout(100)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
