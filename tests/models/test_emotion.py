"""Emotions: labels, places, evidence, and the pooling of image and text."""

import numpy as np
import pytest

from models import EMOTIONS, EmotionInput, EmotionReading, Evidence, Models, MoodListener, UnknownLabels
from models.emotion_fusion import Weights, certainty, fuse, fusion_weights, phrase, pool
from models.emotion_labels import label_weights, make_reading
from models.emotion_text_embedded import left_out, word_evidence

EVEN = Weights(image=1.0, text=1.0, quiet=1.0, neutral=1.0, threshold=0.3)


def reading(place: tuple[float, float] | None = None, **shares: float) -> EmotionReading:
    said = [Evidence(source="text" if place is None else "image", what="it", emotion=e, weight=0.5) for e in shares]
    return make_reading(np.array([shares.get(emotion, 0.001) for emotion in EMOTIONS]), said, place)


def test_the_table_knows_goemotions_and_every_label_is_shared_out_whole() -> None:
    labels = (
        "admiration amusement anger annoyance approval caring confusion curiosity desire disappointment disapproval "
        "disgust embarrassment excitement fear gratitude grief joy love nervousness optimism pride realization relief "
        "remorse sadness surprise neutral"
    ).split()
    weights = label_weights(labels)
    assert weights.shape == (28, 9)
    assert weights.sum(1) == pytest.approx(np.ones(28))
    assert label_weights(["Fear"])[0, EMOTIONS.index("fear")] == 1
    with pytest.raises(UnknownLabels, match="spam"):
        label_weights(["joy", "spam"])


def test_both_sources_count_and_agreement_strengthens() -> None:
    joint = fuse(reading((0.6, -0.4), contentment=0.5, awe=0.4), reading(contentment=0.6, amusement=0.3), EVEN)
    assert joint.emotion == "contentment"
    assert joint.confidence > 0.6
    assert {one.source for one in joint.evidence} == {"image", "text"}
    assert joint.evidence[0].emotion == "contentment"


def test_a_caption_without_feeling_says_nothing_against_the_photo() -> None:
    image = reading((-0.6, 0.6), fear=0.7, anger=0.2)
    joint = fuse(image, reading(neutral=1.0), EVEN)
    assert joint.emotion == "fear"
    assert joint.distribution["fear"] == pytest.approx(image.distribution["fear"], abs=0.05)
    assert (joint.valence, joint.arousal) == pytest.approx((-0.6, 0.6), abs=0.02)
    assert all(one.source == "image" for one in joint.evidence)


def test_below_the_threshold_it_abstains() -> None:
    flat = reading((0.0, 0.0), **dict.fromkeys(EMOTIONS, 1.0))
    joint = fuse(flat, flat, EVEN)
    assert joint.abstained
    assert joint.emotion == "neutral"
    assert not fuse(flat, flat, EVEN._replace(threshold=0.05)).abstained


def test_confidence_is_the_share_as_it_was_calibrated() -> None:
    assert certainty(0.4, EVEN) == pytest.approx(0.4)
    assert certainty(0.4, EVEN._replace(slope=2.0, bias=1.0)) == pytest.approx(1 / (1 + np.exp(2 * np.log(1.5) - 1)))
    assert 0 < certainty(0.0, EVEN) < certainty(1.0, EVEN) < 1


def test_the_weight_of_neutral_moves_only_neutral() -> None:
    image, text = np.full(9, 1 / 9), np.full(9, 1 / 9)
    before, after = pool(image, text, EVEN), pool(image, text, EVEN._replace(neutral=0.5))
    assert after[-1] < before[-1]
    assert after.sum() == pytest.approx(1)
    assert after[:-1] / after[0] == pytest.approx(before[:-1] / before[0])
    assert 0 < fusion_weights().threshold < 1


@pytest.mark.parametrize("emotion", ["disgust", "anger"])
@pytest.mark.parametrize(
    "caption", ["A bearded man looks at the camera.", "Two women sit on a bench.", "A crowd of people, soldiers."]
)
def test_disgust_and_anger_are_never_found_in_people_alone(emotion: str, caption: str) -> None:
    def seen(*words: str) -> EmotionReading:
        said = [Evidence(source="image", what=word, emotion=emotion, weight=0.5) for word in words]
        return make_reading(np.array([0.9 if e == emotion else 0.01 for e in EMOTIONS]), said, (-0.5, 0.4))

    quiet = reading(neutral=1.0)
    for people in ((), ("man",), ("face", "beard")):
        found = fuse(seen(*people), quiet, EVEN, caption)
        assert found.emotion == "neutral"
        assert found.distribution["anger"] + found.distribution["disgust"] == 0
    assert fuse(seen("man", "garbage"), quiet, EVEN, caption).emotion == emotion
    assert fuse(seen(), quiet, EVEN, "A heap of garbage lies on a street.").emotion == emotion


def test_evidence_is_told_as_the_caption_puts_it() -> None:
    caption = "A dark funnel cloud hangs over two fields."
    assert phrase("cloud", caption) == "a dark funnel cloud"
    assert phrase("field", caption) == "two fields"
    assert phrase("storm", caption) == "storm"
    said = [Evidence(source="image", what=word, emotion="fear", weight=0.5) for word in ("funnel", "cloud", "storm")]
    image = make_reading(np.array([0.9 if e == "fear" else 0.01 for e in EMOTIONS]), said, (-0.6, 0.5))
    found = fuse(image, reading(neutral=1.0), EVEN, caption)
    assert [one.what for one in found.evidence] == ["a dark funnel cloud", "storm"]


def test_evidence_are_the_words_without_which_the_emotion_fades() -> None:
    text = "A dog is terribly afraid."
    assert [word for word, _ in left_out(text)] == ["dog", "terribly", "afraid"]
    assert left_out(text)[2][1] == "A dog is terribly ."
    whole, faded = np.eye(9)[6] * 0.9 + 0.01, np.eye(9)[8] * 0.9 + 0.01
    found = word_evidence(["dog", "afraid"], whole, [whole, faded])
    assert [(one.what, one.emotion) for one in found] == [("afraid", "fear")]


@pytest.mark.parametrize(
    ("text", "emotion", "word"),
    [
        ("I am so afraid of the dark.", "fear", "afraid"),
        ("She cries, her heart is full of sorrow.", "sadness", "sorrow"),
        ("That is disgusting, it makes me sick.", "disgust", "disgusting"),
        ("That was hilarious.", "amusement", "hilarious"),
    ],
)
def test_the_embedded_reader_hears_feelings_and_says_where(
    embedded: Models, text: str, emotion: str, word: str
) -> None:
    found = embedded.emotion_text.read([EmotionInput(text=text)])[0]
    assert found.emotion == emotion
    assert word in {one.what.lower() for one in found.evidence}


def test_the_mood_ear_hears_moods_and_emotions_at_once(embedded: Models) -> None:
    ear = embedded.emotion_text
    assert isinstance(ear, MoodListener)
    texts = ["A dog runs, tender as anything, and held dear.", "A dog runs, furious with it all."]
    emotions, moods = ear.hear(texts)
    assert emotions.shape == (2, len(EMOTIONS))
    assert moods.shape == (2, len(ear.moods))
    assert moods.sum(1) == pytest.approx(1)
    assert [ear.moods[i] for i in moods.argmax(1)] == ["tenderness", "anger"]
    assert ear.hear([]).moods.shape == (0, len(ear.moods))
