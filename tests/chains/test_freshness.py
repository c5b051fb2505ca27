"""How fresh a text is beside those before it."""

from chains.freshness import STALER, Recent

LITERAL = "A dog runs through the park."
TEXT = "So happy that it hurts, a dog runs through the park."


def test_a_text_is_fresh_until_its_opener_or_a_phrase_comes_again() -> None:
    assert Recent().freshness(TEXT, LITERAL) == 1
    assert Recent(["A cat sleeps, glad."]).freshness(TEXT, LITERAL) == 1
    assert Recent(["So happy that nothing is missing."]).freshness(TEXT, LITERAL) == STALER
    assert Recent(["A girl laughs, happy that it hurts."]).freshness(TEXT, LITERAL) == STALER
    assert Recent([TEXT, TEXT]).freshness(TEXT, LITERAL) == STALER**2


def test_what_the_literal_caption_says_is_nobodys_phrase() -> None:
    seen = Recent()
    seen.add("A dog runs through the park, furious.", LITERAL)
    assert seen.freshness("A dog runs through the park, glad.", LITERAL) == 1


def test_a_text_that_says_what_one_before_it_said_is_stale_though_no_phrase_comes_again() -> None:
    again = "Happy, so much that it even hurts: through the park runs a small dog, bright as brass."
    seen = Recent(["A cat, bright as brass, runs, and happy is what hurts so much."])
    assert seen.freshness(again, LITERAL) < 1
    assert seen.freshness("A dog runs through the park, and the leaves applaud it.", LITERAL) == 1
