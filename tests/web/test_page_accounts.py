"""The page with accounts, in a real browser: sign-in, settings, tokens, data, and a session that ends."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from playwright.sync_api import Browser, Page, expect

from chains import Settings

from .account_stub import AccountStub
from .browsing import LITERAL, assert_accessible, assert_fits, photo, upload, visiting
from .served import served

REAL = "accounts" in Settings.model_fields
"""Whether this server has accounts; the stub stands in for them otherwise."""
PASSWORD = "four words of a kind"
SECTIONS = ("/settings", "/settings/learnt", "/settings/data", "/settings/account", "/settings/tokens")
only_real = pytest.mark.skipif(not REAL, reason="this server has no accounts")


class Visitor(NamedTuple):
    """Somebody with a browser and, soon, an account."""

    page: Page
    name: str
    stub: AccountStub | None

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
        """The session ends, as after its time."""
        if self.stub:
            self.stub.end_session()
        self.page.context.clear_cookies()


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server over doubles, with accounts where there are any."""
    accounts: dict[str, Any] = {"accounts": True, "account_attempts": "", "address_attempts": ""} if REAL else {}
    with served(tmp_path_factory.mktemp("accounts") / "data", 0.1, threads=32, **accounts) as (address, _):
        yield address


@pytest.fixture
def visitor(browser: Browser, address: str) -> Iterator[Visitor]:
    """A new visitor."""
    with visiting(browser, address) as page:
        yield new_visitor(page)


def new_visitor(page: Page) -> Visitor:
    """Somebody with a name that nobody has had."""
    stub = None if REAL else AccountStub()
    if stub:
        stub.install(page.context)
    return Visitor(page, f"ana-{uuid4().hex[:8]}", stub)


def test_a_visitor_registers_signs_out_and_signs_in_again(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    expect(page).to_have_url(re.compile("/sign-in$"))
    expect(page.locator("nav[aria-label=Main]")).to_have_count(0)
    assert_accessible(page)
    page.get_by_text("Create an account").click()
    expect(page.get_by_role("heading", name="Create an account")).to_be_focused()
    assert_accessible(page)
    visitor.enter(PASSWORD)
    expect(page.get_by_test_id("drop-zone")).to_be_visible()
    upload(page, photo(101))
    expect(page.get_by_test_id("literal")).to_contain_text(LITERAL)
    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_text(visitor.name)).to_be_visible()
    page.get_by_test_id("sign-out").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    visitor.enter("a wrong password")
    expect(page.get_by_test_id("error")).to_be_visible()
    assert_accessible(page)
    visitor.enter(PASSWORD)
    expect(page.get_by_test_id("drop-zone")).to_be_visible()
    page.get_by_role("link", name="Gallery").click()
    expect(page.get_by_test_id("gallery-item").first).to_be_visible()


def test_a_name_that_is_taken_is_refused(visitor: Visitor) -> None:
    visitor.register()
    visitor.end_session()
    visitor.page.goto("/register")
    visitor.enter("another long password")
    expect(visitor.page.get_by_test_id("error")).to_be_visible()
    expect(visitor.page.get_by_test_id("name")).to_have_value(visitor.name)


def test_signing_in_leads_to_what_was_asked_for(visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/gallery?q=dog")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.get_by_text("Create an account").click()
    visitor.enter(PASSWORD)
    expect(page).to_have_url(re.compile(r"/gallery\?q=dog$"))
    page.goto("/sign-in?next=//evil.example/")
    expect(page.get_by_test_id("drop-zone")).to_be_visible()


def test_a_session_that_ends_loses_nothing(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register()
    upload(page, photo(102))
    page.get_by_test_id("edit-caption").click()
    page.keyboard.press("Control+a")
    page.keyboard.type("A dog, a winter, and all the time there is.")
    visitor.end_session()
    page.get_by_test_id("file-input").first.set_input_files([photo(seed) for seed in (103, 104, 105)])
    again = page.get_by_test_id("sign-in-again")
    expect(again).to_be_visible()
    expect(again.get_by_test_id("name")).to_have_value(visitor.name)
    expect(again.get_by_test_id("password")).to_be_focused()
    assert_accessible(page)
    visitor.enter("a wrong password")
    expect(again.get_by_test_id("error")).to_be_visible()
    visitor.enter(PASSWORD)
    expect(again).to_have_count(0)
    expect(page.locator("[data-testid=card][data-status=done]")).to_have_count(4)
    visitor.end_session()
    page.get_by_role("button", name="Save").click()
    expect(again).to_be_visible()
    visitor.enter(PASSWORD)
    expect(page.get_by_test_id("mood-caption").last).to_contain_text("all the time there is")


def test_who_does_not_sign_in_again_can_try_later(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register()
    visitor.end_session()
    page.get_by_test_id("file-input").first.set_input_files([photo(106)])
    expect(page.get_by_test_id("sign-in-again")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("sign-in-again")).to_have_count(0)
    expect(page.get_by_test_id("error")).to_contain_text("Sign in again")
    page.get_by_test_id("retry").click()
    visitor.enter(PASSWORD)
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")


def test_preferences_apply(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register("/settings")
    for testid, typed in (("preferred-mood", "gratit"), ("first-search", "wonder"), ("first-search", "serenity")):
        page.get_by_test_id(testid).fill(typed)
        page.keyboard.press("Enter")
    page.get_by_test_id("preferred-intensity").focus()
    page.keyboard.press("Home")
    expect(page.get_by_test_id("saved")).to_have_text("Saved")
    assert_accessible(page)
    page.reload()
    expect(page.get_by_test_id("preferred-mood")).to_have_value("gratitude")
    page.get_by_role("link", name="Caption", exact=True).click()
    expect(page.get_by_test_id("start-mood")).to_have_value("gratitude")
    with page.expect_request("**/captions") as asked:
        page.get_by_test_id("file-input").first.set_input_files([photo(107)])
    assert b"gratitude" in (asked.value.post_data_buffer or b"")
    expect(page.get_by_test_id("card")).to_have_attribute("data-status", "done")
    chips = page.locator("[data-testid^=chip-]")
    assert [chips.nth(place).get_attribute("data-testid") for place in range(3)] == [
        "chip-gratitude", "chip-wonder", "chip-serenity",
    ]  # fmt: skip
    expect(page.get_by_test_id("intensity")).to_have_value("0")
    page.get_by_role("button", name="Clear mood").click()
    with page.expect_request("**/captions") as asked:
        page.get_by_test_id("file-input").first.set_input_files([photo(108)])
    assert b"automatic" in (asked.value.post_data_buffer or b"")
    expect(page.get_by_test_id("card").first).to_have_attribute("data-status", "done")
    forget_preferences(page)


def forget_preferences(page: Page) -> None:
    """As they are at first; where the stub stands in, all visitors have the same ones."""
    page.goto("/settings")
    page.get_by_role("button", name="Clear mood to begin with").click()
    page.get_by_text("Back to what is usual here").click()
    while page.get_by_test_id("first").count():
        page.get_by_test_id("first").get_by_role("button").first.click()
    expect(page.get_by_test_id("saved")).to_have_text("Saved")


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


def test_a_token_is_made_shown_once_and_revoked(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register("/settings/tokens")
    page.get_by_test_id("token-name").fill("Backup script")
    page.get_by_test_id("token-scope").get_by_text("Read and write").click()
    page.get_by_test_id("token-days").select_option("In a year")
    page.get_by_test_id("create-token").click()
    token = page.get_by_test_id("token").inner_text()
    assert token.startswith("mc_")
    assert_accessible(page)
    page.get_by_test_id("copy-token").click()
    page.wait_for_timeout(100)
    assert page.evaluate("navigator.clipboard.readText()") == token
    if REAL:
        assert_works(page, token, 200)
    page.reload()
    expect(page.get_by_test_id("token-item")).to_contain_text("Backup script")
    assert token not in page.content()
    page.get_by_test_id("revoke").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page.get_by_test_id("token-item")).to_have_count(0)
    if REAL:
        assert_works(page, token, 401)


def assert_works(page: Page, token: str, status: int) -> None:
    """What the API answers a program with this token."""
    api = page.context.browser.new_context(base_url=page.url) if page.context.browser else page.context
    answer = api.request.get("/api/v1/captions", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == status


def test_the_password_is_changed_and_told_of(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register("/settings/account")
    fresh = "five more words of this kind"
    page.get_by_test_id("current-password").fill(PASSWORD)
    page.get_by_test_id("new-password").fill(fresh)
    page.get_by_test_id("change-password").click()
    expect(page.get_by_text("Your password is changed")).to_be_visible()
    expect(page.get_by_test_id("audit")).to_contain_text("Password changed")
    page.get_by_test_id("sign-out").click()
    expect(page).to_have_url(re.compile("/sign-in"))
    visitor.enter(PASSWORD)
    expect(page.get_by_test_id("error")).to_be_visible()
    visitor.enter(fresh)
    expect(page.get_by_test_id("drop-zone")).to_be_visible()


def test_an_account_is_deleted(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register("/settings/account")
    for password in ("a wrong password", PASSWORD):
        page.get_by_test_id("delete-password").fill(password)
        page.get_by_test_id("delete-account").click()
        page.get_by_test_id("confirm-delete").click()
        if password != PASSWORD:
            expect(page.get_by_test_id("error")).to_be_visible()
            assert_accessible(page)
    expect(page.get_by_text("Your account and everything in it are deleted.")).to_be_visible()
    visitor.enter(PASSWORD)
    expect(page.get_by_test_id("error")).to_be_visible()


@only_real
def test_data_are_exported_and_deleted(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register()
    upload(page, photo(110))
    page.goto("/settings/data")
    expect(page.get_by_test_id("captions-today")).to_contain_text("1")
    with page.expect_download() as download:
        page.get_by_test_id("export").click()
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
    page.get_by_test_id("delete-data").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page.get_by_role("status").filter(has_text="are deleted")).to_be_visible()
    page.goto("/gallery")
    expect(page.get_by_text("No photos yet.")).to_be_visible()


@only_real
def test_another_person_sees_nothing_of_it(visitor: Visitor, browser: Browser, address: str) -> None:
    visitor.register()
    upload(visitor.page, photo(111))
    visitor.page.goto("/gallery")
    path: Any = visitor.page.get_by_test_id("gallery-item").first.locator("a").get_attribute("href")
    with visiting(browser, address) as page:
        other = new_visitor(page)
        other.register(path)
        expect(page.get_by_test_id("error")).to_be_visible()
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
    assert wanted | {"keep-photos", "keep-days"} <= reached


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_every_view_is_accessible_and_fits(browser: Browser, address: str, scheme: Any, width: int) -> None:
    with visiting(browser, address, viewport={"width": width, "height": 800}, color_scheme=scheme) as page:
        visitor = new_visitor(page)
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
