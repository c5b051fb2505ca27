"""Every backend fulfils the same contract: batch first, one answer an input, in order, within its ranges."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from chains.truth import fact_checker
from models import (
    BACKENDS,
    EMOTIONS,
    KINDS,
    Captioner,
    EmotionClassifier,
    EmotionInput,
    FactChecker,
    ModelContext,
    ModelError,
    ModelNotFound,
    Models,
    UnknownBackend,
    UnknownLabels,
    load,
    open_photo,
)
from tests.photos import draw_photo

from .tiny import CAPTIONERS, tiny_clip, tiny_image_classifier, tiny_nli, tiny_text_classifier

GOEMOTIONS = ["admiration", "amusement", "anger", "fear", "joy", "neutral", "sadness"]
READERS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "one label": ("emotion_text", lambda folder: tiny_text_classifier(folder, GOEMOTIONS)),
    "several labels": ("emotion_text", lambda folder: tiny_text_classifier(folder, GOEMOTIONS, several=True)),
    "image classifier": ("emotion_image", lambda folder: tiny_image_classifier(folder, ["Happy", "sad", "Neutral"])),
    "clip": ("emotion_image", tiny_clip),
}


@pytest.fixture(scope="module", params=["embedded", *CAPTIONERS, "embedded as hf"])
def captioner(request: pytest.FixtureRequest, home: Path, tmp_path_factory: pytest.TempPathFactory) -> Captioner:
    torch.manual_seed(0)
    context = ModelContext(home, device="cpu", dtype="float32")
    if request.param == "embedded":
        return request.getfixturevalue("embedded").captioner
    if request.param == "embedded as hf":
        folder = home / "models" / "captioner"
    else:
        folder = CAPTIONERS[request.param](tmp_path_factory.mktemp("captioner"))
    loaded: Captioner = load("captioner", f"hf:{folder}", context)
    return loaded


@pytest.fixture(scope="module", params=["embedded image", "embedded text", "fused", *READERS])
def reader(request: pytest.FixtureRequest, home: Path, tmp_path_factory: pytest.TempPathFactory) -> EmotionClassifier:
    torch.manual_seed(0)
    models: Models = request.getfixturevalue("embedded")
    if request.param == "fused":
        from models import FusedEmotion

        return FusedEmotion(models.emotion_image, models.emotion_text)
    if request.param.startswith("embedded"):
        return models.emotion_image if request.param == "embedded image" else models.emotion_text
    part, build = READERS[request.param]
    loaded: EmotionClassifier = load(part, f"hf:{build(tmp_path_factory.mktemp('reader'))}", ModelContext(home, "cpu"))
    return loaded


def test_a_captioner_answers_every_photo_in_order(captioner: Captioner) -> None:
    photos = [open_photo(draw_photo(seed, size)) for seed, size in enumerate([(96, 64), (40, 90), (64, 64)])]
    together = captioner.caption(photos)
    assert len(together) == 3
    for one in together:
        assert one.text[-1] in ".!?"
        assert one.text[0] == one.text[0].upper()
        assert 0 <= one.confidence <= 1
    alone = [captioner.caption([photo])[0] for photo in photos]
    assert [one.text for one in alone] == [one.text for one in together]
    assert [one.confidence for one in alone] == pytest.approx([one.confidence for one in together], abs=1e-3)
    assert captioner.caption([]) == []
    assert {one.kind for one in together} <= set(KINDS)
    assert {one.detail for one in together} == {"short"}


def test_a_captioner_says_how_much_it_tells(captioner: Captioner, request: pytest.FixtureRequest) -> None:
    told = captioner.caption([open_photo(draw_photo())], "long")[0]
    asks = request.node.callspec.params["captioner"] in ("embedded", "chat vlm")
    assert told.detail == ("long" if asks else "short"), "a plain captioner has one length, and says so"


def test_chat_models_are_asked_for_the_detail_that_is_wanted(tmp_path: Path) -> None:
    vlm: Any = load("captioner", f"hf:{CAPTIONERS['chat vlm'](tmp_path)}", ModelContext(tmp_path, "cpu"))
    photo = open_photo(draw_photo())
    lengths = [vlm._inputs([photo.image], detail)["input_ids"].shape[1] for detail in ("short", "long")]
    assert lengths[0] < lengths[1], "the long one is told a number of words"


def test_a_reader_answers_every_input_in_order(reader: EmotionClassifier) -> None:
    inputs = [
        EmotionInput(open_photo(draw_photo(1)), "A dog sits happily in the snow."),
        EmotionInput(open_photo(draw_photo(2)), "I am so afraid of the dark street."),
        EmotionInput(),
    ]
    together = reader.read(inputs)
    assert len(together) == 3
    for one in together:
        assert tuple(one.distribution) == EMOTIONS
        assert sum(one.distribution.values()) == pytest.approx(1)
        assert all(share >= 0 for share in one.distribution.values())
        assert -1 <= one.valence <= 1
        assert -1 <= one.arousal <= 1
    for given, wanted in zip(inputs, together, strict=True):
        found = reader.read([given])[0]
        assert list(found.distribution.values()) == pytest.approx(list(wanted.distribution.values()), abs=1e-4)
    assert reader.read([]) == []


@pytest.fixture(scope="module", params=["rules", "nli"])
def checker(request: pytest.FixtureRequest, home: Path, tmp_path_factory: pytest.TempPathFactory) -> FactChecker:
    torch.manual_seed(0)
    if request.param == "rules":
        assert load("fact_checker", "rules", ModelContext(home, "cpu")) is None
        return fact_checker(None)
    spec = "embedded" if request.param == "embedded" else f"nli:{tiny_nli(tmp_path_factory.mktemp('nli'))}"
    loaded: FactChecker = load("fact_checker", spec, ModelContext(home, "cpu", "float32"))
    return loaded


def test_a_fact_checker_answers_every_pair_in_order(checker: FactChecker) -> None:
    pairs = [
        ("A brown dog runs through the snow.", "Through the snow, as if late, a brown dog runs."),
        ("A dog.", "A dog, a cat and two red birds, on a ship that nobody could see in all that rain!"),
        ("Two women sit on a bench.", ""),
        ("", "A dog."),
    ]
    together = checker.check(pairs)
    assert len(together) == len(pairs)
    for pair, one in zip(pairs, together, strict=True):
        assert 0 <= one.untrue <= 1
        assert 0 <= one.kept_share <= 1
        assert set(one.lost_things) <= set(one.lost)
        alone = checker.check([pair])[0]
        assert alone.untrue == pytest.approx(one.untrue, abs=1e-4)
        assert alone[1:5] == one[1:5]
    assert checker.check([]) == []


def test_a_classifier_without_entailment_is_no_fact_checker(tmp_path: Path) -> None:
    folder = tiny_text_classifier(tmp_path, ["joy", "anger"])
    with pytest.raises(ModelError, match="its labels: joy, anger"):
        load("fact_checker", f"nli:{folder}", ModelContext(tmp_path, "cpu"))


def test_every_backend_names_what_it_cannot_find(home: Path, tmp_path: Path) -> None:
    context = ModelContext(tmp_path, device="cpu")
    for backend in BACKENDS:
        if backend.spec in ("openai:", "rules"):
            continue
        with pytest.raises(ModelNotFound, match=r"not (on this machine|at)|no GGUF"):
            load(backend.part, backend.spec + ("no/such-model" if backend.takes else ""), context)


def test_unknown_labels_are_named(tmp_path: Path) -> None:
    folder = tiny_text_classifier(tmp_path, ["joy", "spam", "ham"])
    with pytest.raises(UnknownLabels, match="spam, ham"):
        load("emotion_text", f"hf:{folder}", ModelContext(tmp_path, "cpu"))


def test_a_model_of_another_kind_is_refused(tmp_path: Path) -> None:
    folder = tiny_text_classifier(tmp_path / "text", ["joy", "anger"])
    with pytest.raises(ModelError):
        load("captioner", f"hf:{folder}", ModelContext(tmp_path, "cpu"))


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    folder = tiny_text_classifier(tmp_path / "whole", ["joy", "anger"])
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    weights = broken / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    with pytest.raises(ModelError):
        load("emotion_text", f"hf:{broken}", ModelContext(tmp_path, "cpu"))


@pytest.mark.parametrize(("part", "spec"), [("captioner", "openai:http://x"), ("rewriter", "hf:"), ("captioner", "")])
def test_specs_that_name_no_backend_are_answered_with_those_that_there_are(
    part: str, spec: str, tmp_path: Path
) -> None:
    with pytest.raises(UnknownBackend, match="embedded, hf:"):
        load(part, spec, ModelContext(tmp_path))


def test_the_embedded_emotion_never_looks_at_a_photo_twice(embedded: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    captioner: Any = embedded.captioner
    look = captioner.network.look

    def counting(pixels: torch.Tensor) -> Any:
        looks.append(len(pixels))
        return look(pixels)

    monkeypatch.setattr(captioner.network, "look", counting)
    photo = open_photo(draw_photo(7))
    captioner.caption([photo])
    embedded.emotion_image.read([EmotionInput(photo)])
    captioner.caption([photo])
    assert looks == [1]
