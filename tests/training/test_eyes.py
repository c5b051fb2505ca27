"""The training of the next captioner runs on made-up data, and what it writes can be assembled."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import Dinov2Config, PreTrainedTokenizerFast

from models.captioner_assemble import network
from models.photo_features import PhotoFeatures
from training.eyes import caption_text, captioner, captioner_batches, photo_heads
from training.eyes.annotations import DEV, ROOT, hashed, read_annotated
from training.eyes.drawn import drawn, read_drawn, write_drawn
from training.eyes.features import Cache, fill

from .made_up import SHORT, make_annotations, make_data, make_minilm


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
    weights = load_file(tmp_path / "heads/photo_heads.safetensors")
    assert weights["concepts.weight"].shape[0] == weights["lift"].shape[0] == len(settings["words"])
    assert weights["emotions.weight"].shape[0] == 9
    assert weights["kinds.weight"].shape[0] == len(settings["kinds"]) == 7
