"""The page with accounts, in a real browser: sign-in, a session that ends, tokens, and what is nobody else's."""

import re
from typing import Any

from playwright.sync_api import Browser, Page, expect

from .browsing import LITERAL, assert_accessible, photo, upload, visiting
from .visitors import PASSWORD, Visitor


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
    expect(page).to_have_url(re.compile(r":\d+/gallery\?q=dog$"))
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


def test_a_token_is_made_shown_once_and_revoked(visitor: Visitor, browser: Browser) -> None:
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
    assert_works(browser, page, token, 200)
    page.reload()
    expect(page.get_by_test_id("token-item")).to_contain_text("Backup script")
    assert token not in page.content()
    page.get_by_test_id("revoke").click()
    page.get_by_test_id("confirm-delete").click()
    expect(page.get_by_test_id("token-item")).to_have_count(0)
    assert_works(browser, page, token, 401)


def assert_works(browser: Browser, page: Page, token: str, status: int) -> None:
    """What the API answers a program with this token and no cookie."""
    context = browser.new_context()
    answer = context.request.get(f"{origin(page)}/api/v1/captions", headers={"Authorization": f"Bearer {token}"})
    context.close()
    assert answer.status == status


def origin(page: Page) -> str:
    """Where the page comes from."""
    return str(page.evaluate("location.origin"))


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


def test_another_person_sees_nothing_of_it(visitor: Visitor, browser: Browser, accounts_address: str) -> None:
    visitor.register()
    upload(visitor.page, photo(111))
    visitor.page.goto("/gallery")
    path: Any = visitor.page.get_by_test_id("gallery-item").first.locator("a").get_attribute("href")
    with visiting(browser, accounts_address) as page:
        other = Visitor(page)
        other.register(path)
        expect(page.get_by_test_id("error")).to_be_visible()
        page.goto("/gallery")
        expect(page.get_by_text("No photos yet.")).to_be_visible()


def test_a_page_does_not_go_on_in_the_name_of_another(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register()
    upload(page, photo(112))
    page.get_by_test_id("edit-caption").click()
    page.keyboard.type("Ana's own words. ")
    with page.context.new_page() as tab:
        tab.goto("/settings")
        tab.get_by_test_id("sign-out").click()
        expect(tab).to_have_url(re.compile("/sign-in"))
        other = Visitor(tab)
        other.register()
    page.get_by_role("button", name="Save").click()
    again = page.get_by_test_id("sign-in-again")
    expect(again).to_contain_text(f"{other.name} has signed in on another page.")
    assert_accessible(page)
    visitor.enter(PASSWORD)
    expect(again).to_have_count(0)
    expect(page.get_by_test_id("mood-caption")).to_contain_text("Ana's own words.")


def test_operations_are_tried_out_in_the_docs(visitor: Visitor) -> None:
    page = visitor.page
    visitor.register()
    page.goto("/docs")
    operation = page.locator(".opblock", has_text="Forget all that was learnt")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    with page.expect_response(lambda response: response.request.method == "DELETE") as answer:
        operation.get_by_role("button", name="Execute").click()
    assert answer.value.status == 204
