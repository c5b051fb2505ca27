"""Every training command runs on made-up data and writes what the product loads."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from transformers import Dinov2Config, PreTrainedTokenizerFast

from models import emotion_places
from models.captioner_assemble import network
from models.emotion_image_embedded import nearby_emotions
from models.photo_features import PhotoFeatures
from prompts import Rewrite
from training import captioner, emotion_image, emotion_text, mood_ear
from training.caption_text import TagSimulator, clean
from training.captioner_batches import pack
from training.emotion_fusion import calibrate
from training.emotion_text import choose_thresholds
from training.features import cache, load, photo_files, vary

from .made_up import LABELS, make_data, make_minilm


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("data") / "sets")


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_minilm(tmp_path_factory.mktemp("foundations") / "minilm")


@pytest.fixture(scope="module")
def cached(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cached features of all sets, by small encoders with random weights and the real widths."""
    torch.manual_seed(0)
    dino = Dinov2Config(hidden_size=384, num_attention_heads=6, num_hidden_layers=2, patch_size=14, image_size=112)
    encoder = PhotoFeatures(dino, layers=(0, 1, 2), dino_size=112, stages=((1, 3, 2, 1, 8),)).eval()
    folder = tmp_path_factory.mktemp("cache")
    for name in ("flickr8k", "coco_small", "imagenet_named", "oasis"):
        cache(encoder, photo_files(data, name), folder / name / "plain", "plain")
    cache(encoder, photo_files(data, "flickr8k"), folder / "flickr8k" / "varied", "varied")
    return folder


def test_cached_features_are_those_of_the_photos_and_are_kept(data: Path, cached: Path) -> None:
    plain, varied = load(cached / "flickr8k/plain"), load(cached / "flickr8k/varied")
    assert plain["patches"].shape == (6, 65, 1152)
    assert plain["grid"].shape == (6, 26, 1280)
    assert plain["classes"].shape == (6, 1000)
    assert np.abs(plain["grid"] - varied["grid"]).max() > 0
    file = cached / "flickr8k/plain/chunk-000000.npz"
    before = file.stat().st_mtime_ns
    cache(PhotoFeatures(Dinov2Config(hidden_size=12, num_attention_heads=2, num_hidden_layers=1)),
          photo_files(data, "flickr8k"), file.parent, "plain")  # fmt: skip
    assert file.stat().st_mtime_ns == before


def test_the_captioner_is_trained_and_what_it_writes_can_be_assembled(
    data: Path, cached: Path, minilm: Path, tmp_path: Path
) -> None:
    arguments = [str(data), "--cache", str(cached), "--minilm", str(minilm), "--work", str(tmp_path / "work")]
    arguments += [
        "--out",
        str(tmp_path / "out"),
        "--layers",
        "1",
        "--steps",
        "2",
        "--reward-steps",
        "1",
        "--batch",
        "2",
    ]
    captioner.main(arguments)
    settings = json.loads((tmp_path / "out/config.json").read_text())
    model = network(settings["encoder"], settings["decoder"])
    left = model.load_state_dict(load_file(tmp_path / "out/decoder.safetensors"), strict=False)
    assert left.unexpected_keys == []
    tied = ("encoder.features.", "encoder.class_words", "decoder.cls.predictions.decoder.")
    assert all(name.startswith(tied) for name in left.missing_keys)
    assert len(PreTrainedTokenizerFast.from_pretrained(tmp_path / "out")) == settings["decoder"]["vocab_size"]
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").iterdir()}
    captioner.main(arguments)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "work").iterdir()}


def test_the_text_emotion_learns_labels_that_stand_in_the_text(data: Path, minilm: Path, tmp_path: Path) -> None:
    emotion_text.main([str(data), "--minilm", str(minilm), "--out", str(tmp_path), "--epochs", "30", "--rate", "0.001"])
    settings = json.loads((tmp_path / "emotion_text.json").read_text())
    assert settings["labels"] == LABELS
    assert len(settings["thresholds"]) == len(LABELS)
    weights = load_file(tmp_path / "emotion_text.safetensors")
    assert not any("word_embeddings" in name for name in weights)
    assert weights["classifier.weight"].shape == (4, 384)


def test_the_image_emotion_is_fitted(data: Path, cached: Path, tmp_path: Path) -> None:
    emotion_image.main([str(data), "--cache", str(cached), "--out", str(tmp_path)])
    settings = json.loads((tmp_path / "emotion_image.json").read_text())
    weights = load_file(tmp_path / "emotion_image.safetensors")
    assert weights["photos"].shape == (6, sum(settings["widths"]))
    assert weights["weights"].shape == (6, 2)


def test_folds_never_see_the_theme_that_they_predict() -> None:
    chance = np.random.default_rng(0)
    rows, themes = chance.normal(size=(40, 6)), [f"theme {i // 4}" for i in range(40)]
    target = np.repeat(chance.normal(size=(10, 2)), 4, 0)  # nothing but the theme tells the target
    found = emotion_image.cross_validate(rows, target, themes, [3, 3])
    assert abs(np.corrcoef(found[:, 0], target[:, 0])[0, 1]) < 0.6
    seen = emotion_image.predict(emotion_image.fit(rows, target, [3, 3]), rows, [3, 3])
    assert np.corrcoef(seen[:, 0], target[:, 0])[0, 1] > 0.9


def test_thresholds_follow_the_best_f1() -> None:
    found = torch.tensor([[0.9], [0.8], [0.4], [0.3], [0.2], [0.1]])
    threshold = choose_thresholds(found, torch.tensor([[1.0], [1], [1], [0], [0], [0]]))
    assert 0.3 < float(threshold) <= 0.4


def test_simulated_tags_are_as_right_as_they_are_sure() -> None:
    words = ["dog", "cat", "bench", *(f"word{i}" for i in range(60))]
    simulator = TagSimulator(words, tags=4, seed=1)
    drawn = [simulator.draw("a dog and a cat on a bench") for _ in range(2000)]
    sure = [row[0][0] < 3 for row in drawn if row[1][0] > 0.6]
    unsure = [row[0][3] < 3 for row in drawn if row[1][3] < 0.05]
    assert np.mean(sure) > 0.6
    assert np.mean(unsure) < 0.45
    assert simulator.find("two cats and a dog") == ["cat", "dog"]


def test_small_helpers() -> None:
    assert clean("A  man's Well-Lit hat , RED!") == "a man's well-lit hat, red"
    packed = pack([[[1, 5, 6, 2], [1, 7, 2]], [[1, 2]]], pad=0)
    assert packed.inputs.tolist() == [[1, 5, 6, 1, 7], [1, 0, 0, 0, 0]]
    assert packed.targets.tolist() == [[5, 6, 2, 7, 2], [2, 0, 0, 0, 0]]
    assert packed.segments.tolist() == [[0, 0, 0, 1, 1], [0, -1, -1, -1, -1]]
    varied = {vary(Image.new("RGB", (224, 224)), random.Random(i)).size for i in range(20)}
    assert len(varied) > 10
    assert all(0.4 < w / h < 2.5 for w, h in varied)


def test_fusion_weighs_a_text_that_knows_and_passes_over_one_that_does_not() -> None:
    chance = np.random.default_rng(0)
    places = emotion_places()[chance.integers(0, 8, 200)]
    wanted = np.stack([nearby_emotions(place, (0.1, 0.1)) for place in places])
    image = np.stack([nearby_emotions(place + chance.normal(size=2) * 0.4, (0.4, 0.4)) for place in places])
    noise = np.stack([chance.dirichlet(np.ones(9) * 0.2) for _ in places])
    trusted, figures = calibrate(image, wanted, wanted, places[:, 0])
    assert trusted.text > calibrate(image, noise, wanted, places[:, 0])[0].text
    assert figures["right"] >= 0.85
    assert figures["named"] > 0.5


def test_the_mood_ear_is_fitted_and_says_how_well_it_hears(tmp_path: Path) -> None:
    rows = [Rewrite(f"{i}", mood, 1.0, f"{mood} {i}") for i in range(20) for mood in ("awe", "fear")]
    assert mood_ear.shown([*rows, Rewrite("a", "fear", 1.0, "So dark.")]) == [Rewrite("a", "fear", 1.0, "So dark.")]
    said: list[str] = []
    mood_ear.train(
        rows,
        rows[:10],
        lambda texts: torch.tensor([[text.startswith("awe"), 1] for text in texts]).float(),
        tmp_path,
        said.append,
    )
    assert [line.split(";")[0] for line in said] == ["intensity 1.0: of 10 1.000 heard first, 1.000 among five"]
    stored = load_file(tmp_path / "mood_ear.safetensors")
    assert bytes(stored["moods"].numpy()).decode().split("\n") == ["awe", "fear"]
    logits = stored["weight"].float() @ torch.tensor([1.0, 1.0]) + stored["bias"]
    assert logits.argmax() == 0
