"""What a rewrite turns round."""

import pytest

from chains.checks_relations import turned_round


@pytest.mark.parametrize(
    ("literal", "text", "found"),
    [
        ("A bird flies above the water.", "Under the water flies a bird.", ["water"]),
        ("A bird flies above the water.", "Over the water flies a bird, below the sky.", []),
        ("A girl plays inside a tent.", "A girl plays outside the red tent.", ["tent"]),
        ("A dog corners a cat.", "A cat corners a dog.", ["corner"]),
        ("A dog corners a cat.", "A cat is cornered by a dog.", []),
        ("A dog corners a cat.", "A dog corners a cat, glad.", []),
        ("A dog chases a dog.", "A dog chases a dog.", []),
    ],
)
def test_what_is_turned_round(literal: str, text: str, found: list[str]) -> None:
    assert turned_round(literal, text) == found
