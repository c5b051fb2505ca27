"""Moods that fight the photo: the rewrite still tells the truth about it."""

import numpy as np
import pytest

from chains import CaptionRequest, Settings, build_chain
from chains.checks_content import compare_content
from chains.checks_contradictions import contradictions
from models import EMOTIONS, LiteralCaption, Models
from models.emotion_labels import make_reading

FIGHTS = (
    ("People in black stand around a coffin at a funeral.", "joy"),
    ("Two children laugh on a swing in the sun.", "grief"),
    ("A man cries on a bench.", "amusement"),
    ("A bride and a groom kiss under an arch of white roses.", "disgust"),
    ("A dog sleeps on a rug.", "fear"),
)
CALM = make_reading(np.array([float(emotion == "neutral") for emotion in EMOTIONS]))


@pytest.fixture(scope="module")
def told(embedded: Models) -> list[tuple[str, str, bool]]:
    """The literal caption, the text, and whether it is a fallback."""
    requests = [
        CaptionRequest(literal=LiteralCaption(text=literal, confidence=1.0), emotion=CALM, mood=mood, intensity=1.0)
        for literal, mood in FIGHTS
    ]
    records = build_chain(Settings(seed=5), embedded).batch(requests)
    return [(record.literal, record.text, record.fallback) for record in records]


def test_what_is_there_stays_and_nothing_else_comes(told: list[tuple[str, str, bool]]) -> None:
    for literal, text, _ in told:
        content = compare_content(literal, text)
        assert not content.lost_things, text
        assert not content.added, text
        assert not contradictions(literal, text), text


def test_a_mood_that_fights_is_written_all_the_same(told: list[tuple[str, str, bool]]) -> None:
    assert sum(not fallback for _, _, fallback in told) >= len(FIGHTS) - 1
    for literal, text, fallback in told:
        assert fallback or len(text.split()) > len(literal.split())
