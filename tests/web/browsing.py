"""What tests do with the page in a browser, in few words."""

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.photos import draw_photo, encoded

ROOT = Path(__file__).parents[2]
OPTIONS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
LITERAL = "A brown dog runs through the snow."


@contextmanager
def visiting(browser: Browser, address: str, **options: Any) -> Iterator[Page]:
    """A page of a new visitor; whatever the browser complains of fails the test."""
    given: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options
    context = browser.new_context(base_url=address, **given)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    yield page
    context.close()
    assert complaints == []


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


def carrying(page: Page, files: list[Any]) -> Any:
    """A DataTransfer in the page that carries files, as a drag from a folder or a copied photo does."""
    given = [
        {"name": one["name"], "type": one["mimeType"], "buffer": base64.b64encode(one["buffer"]).decode()}
        for one in files
    ]
    return page.evaluate_handle(
        """files => {
          const transfer = new DataTransfer();
          for (const { name, type, buffer } of files) {
            const bytes = Uint8Array.from(atob(buffer), letter => letter.charCodeAt(0));
            transfer.items.add(new File([bytes], name, { type }));
          }
          return transfer;
        }""",
        given,
    )


def assert_fits(page: Page, width: int) -> None:
    """Nothing reaches beyond the window's side."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def assert_accessible(page: Page) -> None:
    """No violation of any rule of axe-core."""
    page.wait_for_timeout(100)
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
