"""People who come to a page with accounts."""

from uuid import uuid4

from playwright.sync_api import Page, expect

PASSWORD = "four words of a kind"


class Visitor:
    """Somebody with a browser, a name that nobody has had and, soon, an account."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.name = f"ana-{uuid4().hex[:8]}"

    def register(self, path: str = "/") -> None:
        """Make the account and come to a view."""
        self.page.goto("/register" if path == "/" else f"/register?next={path}")
        self.enter(PASSWORD)
        expect(self.page.locator("nav[aria-label=Main]")).to_be_visible()

    def enter(self, password: str) -> None:
        """Fill in the form and send it."""
        name = self.page.get_by_test_id("name")
        if name.is_editable():
            name.fill(self.name)
        self.page.get_by_test_id("password").fill(password)
        self.page.get_by_test_id("sign-in").click()

    def end_session(self) -> None:
        """The session is over, as after its time."""
        self.page.context.clear_cookies()
