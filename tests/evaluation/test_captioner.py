"""The captioner's figures, on captions whose figures are known."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from evaluation.captioner import OPENERS, captioner_figures, cider, split
from evaluation.chair import chair, patterns, things
from evaluation.marks import counted
from evaluation.metrics import interval
from evaluation.photo_emotions import calibration_error
from training.annotations import Annotated


def test_things_are_found_by_their_words_and_not_inside_longer_names() -> None:
    assert len(patterns()) == 80
    assert things("Two women ride bikes past a parked car.") == {"person", "bicycle", "car"}
    assert things("A hot dog lies beside a teddy bear.") == {"hot dog", "teddy bear"}
    assert things("A dog and a bear.") == {"dog", "bear"}
    assert things("Light falls on an empty wall.") == set()
    assert things("A potted plant and a traffic light.") == {"potted plant", "traffic light"}


def test_what_no_reference_names_is_invented() -> None:
    names, whole = chair(
        ["A man and a dog sit on a bench.", "A quiet street."], [["A person on a bench.", "A man sits."], ["A cat."]]
    )
    assert sorted(names) == [0, 0, 1]
    assert whole == [1, 0]


@pytest.mark.parametrize("text", ["a close up of a cat", "close-up of a cat", "a picture of two men", "there is a dog"])
def test_empty_openers_are_found(text: str) -> None:
    assert OPENERS.search(text)
    assert not OPENERS.search(text.replace("there is ", "").replace("a close up of ", "in it, ").split("of ")[-1])


def test_figures_are_means_over_photos_that_were_kept_aside(tmp_path: Path) -> None:
    def photo(name: str, kept: str) -> Annotated:
        return Annotated(
            name, tmp_path / name, kept, ("A dog runs.",), ("A brown dog runs on grass.",), ("a dog runs",)
        )

    kept = [photo("a", "dev"), photo("b", "dev"), photo("c", "coco"), photo("d", "flickr8k"), photo("e", "train")]
    seen: list[str] = []

    def describe(paths: Sequence[Path]) -> list[str]:
        seen.extend(path.name for path in paths)
        return ["A close up of a cat." for _ in paths]

    figures = {(what, where): values for what, where, values in captioner_figures(describe, kept)}
    assert seen == ["a", "b", "c", "d"]
    assert figures["captioner, opens with a close up, a picture, there is", "annotated dev"] == [1, 1]
    assert figures["captioner, different captions", "annotated dev"] == [1, 0]
    assert figures["captioner, captions with an invented thing (CHAIR s)", "COCO photos kept aside"] == [1]
    assert [one.id for one in split(kept, "dev", 1)] == ["a"]
    assert cider(["a dog runs", "a cat"], [["a dog runs"], ["two birds fly"]])[0] > 5


def test_intervals_hold_the_mean_and_narrow_with_data() -> None:
    values = np.random.default_rng(0).normal(2, 1, 400).tolist()
    low, high = interval(values)
    assert low < np.mean(values) < high
    assert high - low < 0.3
    assert interval(values) == (low, high)
    wide = interval(values[:20])
    assert wide[1] - wide[0] > high - low


def test_calibration_error_is_the_gap_between_confidence_and_truth() -> None:
    assert calibration_error(np.array([0.75] * 4), np.array([1.0, 1, 1, 0])) == pytest.approx(0)
    assert calibration_error(np.array([0.95, 0.95, 0.15, 0.15]), np.array([1.0, 0, 0, 0])) == pytest.approx(0.3)


def test_marks_are_counted() -> None:
    judged = [("right", "wrong", "this", 0.1), ("wrong", "right", "before", 0.6), ("wrong", "partly", "this", 0.1)]
    names = ("mark", "before_mark", "better", "doubt")
    rows = [dict(zip(names, row, strict=True)) for row in judged]
    found = {name: share for name, share, _ in counted(rows)}
    assert found["right"] == pytest.approx(1 / 3)
    assert found["right, the captioner before"] == pytest.approx(1 / 3)
    assert found["better: this"] == pytest.approx(2 / 3)
    assert found["wrong, of those with doubt below 0.2"] == 0.5
