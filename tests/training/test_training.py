"""Every training command runs on made-up data and writes what the product loads."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file as load_numpy
from safetensors.torch import load_file
from transformers import Dinov2Config, PreTrainedTokenizerFast

from models.captioner_assemble import network
from models.photo_features import PhotoFeatures
from models.photo_heads import Heads
from models.photo_tags import Features
from prompts import Rewrite
from training import caption_text, caption_truth, captioner, captioner_batches, emotion_text, mood_ear, photo_heads
from training.annotations import DEV, ROOT, hashed, read_annotated
from training.attention import attend
from training.caption_text import TagSimulator, clean
from training.captioner_batches import pack
from training.drawn import drawn, read_drawn, write_drawn
from training.emotion_fusion import calibrate
from training.emotion_text import choose_thresholds
from training.features import Cache, fill

from .made_up import LABELS, SHORT, make_annotations, make_data, make_minilm


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_data(tmp_path_factory.mktemp("data") / "sets")


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_minilm(tmp_path_factory.mktemp("foundations") / "minilm")


@pytest.fixture(scope="module")
def own(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_annotations(data, tmp_path_factory.mktemp("own") / "annotations")


def small_encoder() -> PhotoFeatures:
    """An encoder with random weights, the real widths, and two layers that are not trained."""
    torch.manual_seed(0)
    dino = Dinov2Config(hidden_size=384, num_attention_heads=6, num_hidden_layers=8, patch_size=14, image_size=224)
    return PhotoFeatures(dino, stages=((1, 3, 2, 1, 8),)).eval()


@pytest.fixture(scope="module")
def cached(data: Path, own: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cached features of all photos, of drawn pictures too."""
    folder, photos, encoder = tmp_path_factory.mktemp("cache"), read_annotated(data, own), small_encoder()
    fill(encoder, photos, folder / "photos")
    write_drawn([photo.file for photo in photos[:2]], folder / "pictures", 10)
    fill(encoder, read_drawn(folder / "pictures"), folder / "drawn")
    return folder


def test_what_is_measured_on_is_not_trained_on(data: Path, own: Path) -> None:
    splits = {photo.id: photo.split for photo in read_annotated(data, own)}
    assert splits["cocosmall_000000000001"] == splits["cocosmall_000000000003"] == "coco"
    assert splits["flickr_0.jpg"] == "flickr8k"
    assert splits["flickr_1.jpg"] == "train"
    flickr = {photo.id: photo for photo in read_annotated(data, own) if photo.id.startswith("flickr_")}
    assert (len(flickr["flickr_1.jpg"].emotion), flickr["flickr_1.jpg"].short) == (9, ())
    assert (flickr["flickr_2.jpg"].short, len(flickr["flickr_2.jpg"].web)) == ((SHORT,), 5)
    first, second = read_annotated(data, own)[:2]
    assert (first.kind, second.kind, first.short, first.emotion[2]) == ("poster", "photo", (SHORT,), 0.6)
    assert sum(first.emotion) == pytest.approx(1)
    real = [json.loads(line) for line in (ROOT / "annotations.jsonl").read_text("utf-8").splitlines()]
    kept = {row["id"] for row in sorted(real, key=lambda row: hashed(row["id"]))[:DEV]}
    assert len(kept) == 500, "names differ, so a hash chooses as many as it should"


def test_cached_features_are_those_of_the_photos_and_are_kept(data: Path, own: Path, cached: Path) -> None:
    cache = Cache(cached / "photos")
    row = cache.read("ade_3", "hidden", "grid", "classes")
    assert [tuple(row[name].shape) for name in ("hidden", "grid", "classes")] == [(257, 384), (26, 1280), (1000,)]
    assert (cache.read("ade_4", "grid")["grid"] - row["grid"]).abs().max() > 0
    before = (cached / "photos/hidden.f16").stat().st_mtime_ns
    fill(small_encoder(), read_annotated(data, own), cached / "photos")
    assert (cached / "photos/hidden.f16").stat().st_mtime_ns == before, "nothing is computed twice"
    with pytest.raises(ValueError, match="other photos"):
        fill(small_encoder(), read_annotated(data, own)[:3], cached / "photos")


def test_drawn_pictures_are_of_every_kind_and_the_same_again(data: Path) -> None:
    photos = [data / "flickr8k/images/0.jpg"]
    pictures = list(drawn(photos, 20, seed=3))
    assert {one.kind for one in pictures} == {"blank", "document", "screenshot", "chart", "photo"}
    assert all(one.short.endswith(".") and len(one.short) < len(one.long) for one in pictures)
    assert [one.image.tobytes() for one in drawn(photos, 20, seed=3)] == [one.image.tobytes() for one in pictures]


@pytest.mark.filterwarnings("ignore:.*lr_scheduler.step.*:UserWarning")
def test_the_captioner_and_the_heads_are_trained_and_what_they_write_can_be_assembled(
    data: Path, own: Path, cached: Path, minilm: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(captioner, "load_encoders", lambda encoder, efficientnet, dino: None)
    monkeypatch.setattr(captioner_batches, "LEAST_PHOTOS", 1)
    options: dict[str, object] = {
        "cache": cached,
        "foundations": minilm.parent,
        "annotations": own,
        "work": tmp_path / "work",
    }
    options |= {"out": tmp_path / "out", "layers": 1, "steps": 2, "decoder-steps": 2, "reward-steps": 1, "batch": 2}
    arguments = [str(data), *(text for name, value in options.items() for text in (f"--{name}", str(value)))]
    captioner.main(arguments)
    settings = json.loads((tmp_path / "out/config.json").read_text())
    model = network(settings["encoder"], settings["decoder"])
    learnt = load_file(tmp_path / "out/decoder.safetensors") | load_file(tmp_path / "out/encoder.safetensors")
    left = model.load_state_dict(learnt, strict=False)
    assert left.unexpected_keys == []
    tied = ("encoder.features.", "encoder.class_words", "decoder.cls.predictions.decoder.")
    assert all(name.startswith(tied) for name in left.missing_keys)
    assert any(name.startswith("encoder.features.dino.encoder.layer.11.") for name in learnt)
    tokenizer = PreTrainedTokenizerFast.from_pretrained(tmp_path / "out")
    assert len(tokenizer) == settings["decoder"]["vocab_size"]
    assert len({tokenizer.convert_tokens_to_ids(style) for style in caption_text.STYLES}) == 3
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "work").glob("*.pt")}
    captioner.main(arguments)
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "work").glob("*.pt")}, "it goes on"
    monkeypatch.setattr(photo_heads, "EPOCHS", 1)
    photo_heads.main([str(data), "--cache", str(cached), "--annotations", str(own), "--out", str(tmp_path / "heads")])
    settings = json.loads((tmp_path / "heads/photo_heads.json").read_text())
    heads = Heads(load_numpy(tmp_path / "heads/photo_heads.safetensors"), settings["words"], settings["kinds"], 1.0)
    facts = heads.read(Features(torch.randn(2, 65, 1152), torch.randn(2, 26, 1280), torch.randn(2, 1000)))
    assert facts.concepts.shape == (2, len(settings["words"]))
    assert np.allclose(facts.emotions.sum(1), 1)
    assert np.allclose(facts.kinds.sum(1), 1)
    assert np.abs(facts.places).max() <= 1


def test_what_names_nothing_is_no_evidence(data: Path, own: Path) -> None:
    photos = read_annotated(data, own)
    table = photo_heads.Table(photos, ["dog", "run"], [{"dog", "run"}] * 3 + [set()] * (len(photos) - 3))
    found = photo_heads.lifts(table, ["dog", "run"])
    assert np.abs(found[0]).max() > 0
    assert not found[1].any()


def test_the_text_emotion_learns_labels_that_stand_in_the_text(data: Path, minilm: Path, tmp_path: Path) -> None:
    emotion_text.main([str(data), "--minilm", str(minilm), "--out", str(tmp_path), "--epochs", "30", "--rate", "0.001"])
    settings = json.loads((tmp_path / "emotion_text.json").read_text())
    assert settings["labels"] == LABELS
    assert len(settings["thresholds"]) == len(LABELS)
    weights = load_file(tmp_path / "emotion_text.safetensors")
    assert not any("word_embeddings" in name for name in weights)
    assert weights["classifier.weight"].shape == (4, 384)


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


@pytest.mark.parametrize("masked", [True, False])
def test_plain_attention_is_attention(masked: bool) -> None:
    torch.manual_seed(0)
    query, key, value = torch.randn(2, 3, 5, 8), torch.randn(2, 3, 7, 8), torch.randn(2, 3, 7, 8)
    seen = torch.rand(2, 1, 5, 7) < 0.7
    seen[..., 0] = True
    wanted = F.scaled_dot_product_attention(query, key, value, attn_mask=seen if masked else None)
    found = attend(None, query, key, value, seen if masked else None)[0]
    assert torch.allclose(found, wanted.transpose(1, 2), atol=1e-5)
    added = torch.zeros(seen.shape).masked_fill(~seen, float("-inf"))
    again = attend(None, query, key, value, added if masked else None)[0]
    assert torch.allclose(again, wanted.transpose(1, 2), atol=1e-5)


def test_small_helpers() -> None:
    assert clean("A  man's Well-Lit hat , RED!") == "a man's well-lit hat, red"
    packed = pack([[[1, 5, 6, 2], [1, 7, 2]], [[1, 2]]], pad=0)
    assert packed.inputs.tolist() == [[1, 5, 6, 1, 7], [1, 0, 0, 0, 0]]
    assert packed.targets.tolist() == [[5, 6, 2, 7, 2], [2, 0, 0, 0, 0]]
    assert packed.segments.tolist() == [[0, 0, 0, 1, 1], [0, -1, -1, -1, -1]]


def test_fusion_weighs_a_text_that_knows_and_passes_over_one_that_does_not() -> None:
    chance = np.random.default_rng(0)
    wanted = np.eye(9)[chance.integers(0, 8, 300)] * 0.8 + 0.2 / 9
    blurred = wanted + chance.dirichlet(np.ones(9) * 0.3, 300) * 1.5
    image = blurred / blurred.sum(1, keepdims=True)
    noise = chance.dirichlet(np.ones(9) * 0.2, 300)
    trusted, figures = calibrate(image, wanted, wanted)
    assert trusted.text > calibrate(image, noise, wanted)[0].text
    assert figures["right"] >= 0.7
    assert figures["named"] > 0.5


def marked(chance: np.random.Generator, number: int) -> caption_truth.Said:
    """A caption of four words, of which the first state tells those that are true."""
    true = chance.random(4) < 0.7
    states = chance.normal(size=(4, 3))
    states[:, 0] += 4 * true
    more = np.stack([chance.normal(size=4), np.log(np.where(true, 0.8, 0.4)), np.ones(4)], 1)
    mark = "right" if true.all() else "wrong" if true.sum() < 3 else "partly"
    return caption_truth.Said(
        "a b c d", states, more, true, -1.0, mark, number % caption_truth.FOLDS, 0.9, number < 250
    )


def test_the_truth_of_words_is_learnt_and_the_doubt_with_it(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    said = [marked(chance, i) for i in range(300)]
    head = caption_truth.fit_truth(said)
    told = [caption_truth.told_true(head, one) for one in said]
    words = np.concatenate([one.true for one in said])
    assert caption_truth.area(np.concatenate(told), words) > 0.95
    assert all((one < 0).all() for one in told)
    doubt, lines = caption_truth.calibrate(said, told)
    assert doubt["truth"] < 0
    assert "300 captions, 1200 words" in lines[0]
    assert lines[1].startswith("doubt of 250: area ")
    caption_truth.write(tmp_path, head, doubt, lines)
    table = tomllib.loads((tmp_path / "caption_choice.toml").read_text("utf-8"))
    assert table["doubt"]["truth"] == pytest.approx(doubt["truth"], abs=1e-3)
    stored = load_file(tmp_path / "embedded/captioner/truth.safetensors")
    assert stored["state"].tolist() == pytest.approx(head.state.tolist())
    assert float(stored["known"]) == pytest.approx(head.known)


def test_the_untrue_words_of_a_caption_are_found_in_its_pieces() -> None:
    assert [caption_truth.word_at("a snowboarder falls", *at) for at in ((2, 6), (6, 13), (14, 19))] == [
        "snowboarder", "snowboarder", "falls",
    ]  # fmt: skip


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
