"""The captioner's network by onnxruntime against the same by torch: tiny ones with random weights."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import GenerationConfig, LogitsProcessor, LogitsProcessorList
from transformers.modeling_outputs import BaseModelOutput

from models import KINDS, Detail, ModelError, open_photo
from models.beam_search import Beam
from models.caption_truth import PhotoTruth, TruthHead, Vocabulary
from models.captioner_assemble import network
from models.captioner_embedded import EmbeddedCaptioner
from models.captioner_graphs import write_graphs
from models.captioner_onnx import GRAPHS, OnnxNetwork
from models.captioner_torch import TorchNetwork
from models.onnx_session import open_graph
from models.photo_heads import Heads
from models.photo_tags import Features, Lifts
from tests.photos import draw_photo

from .tiny import tiny_tokenizer

BOUND = 1e-5
"""How far numbers may lie apart, as a share of the largest."""
ENCODER = {
    "dino": {"hidden_size": 12, "num_attention_heads": 2, "num_hidden_layers": 2, "patch_size": 14, "image_size": 56},
    "layers": (0, 1, 2), "stages": ((1, 3, 1, 1, 8), (2, 5, 2, 2, 8)), "head": 16, "hidden_size": 24,
    "words": ("cat", "dog", "owl"), "class_words": (0, 1, 1, 2), "tags": 2,
}  # fmt: skip
LIFTS = [
    Lifts({7: 2.0, 9: 1.5}), Lifts(), Lifts({3: 4.0}, frozenset({0, 1, 2, 5})), Lifts(), Lifts({8: 1.0}), Lifts(),
    Lifts({5: 3.0}, frozenset()),
]  # fmt: skip
GENERATION = {"num_beams": 3, "max_new_tokens": 9, "no_repeat_ngram_size": 3, "length_penalty": 1.0}


def tiny_captioner(folder: Path, words: int, seed: int = 0, **generation: Any) -> Path:
    """A captioner's folder, as `assemble` writes it, with so many words; large weights, so that words differ much."""
    torch.manual_seed(seed)
    tokenizer = tiny_tokenizer()
    decoder = {
        "vocab_size": words or len(tokenizer), "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 3,
        "intermediate_size": 32, "max_position_embeddings": 32, "bos_token_id": 1, "eos_token_id": 2,
        "pad_token_id": 0, "initializer_range": 0.5,
    }  # fmt: skip
    model = network(ENCODER, decoder)
    for name, weight in model.named_parameters():
        if name.startswith("encoder.features.efficientnet") or name == "encoder.places":
            torch.nn.init.normal_(weight, std=0.3)
    with torch.no_grad():
        model.decoder.cls.predictions.bias[:3] = torch.tensor([-99.0, -99.0, 2.0])  # texts end, some of them soon
    special = {"bos_token_id": 1, "decoder_start_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
    model.generation_config = GenerationConfig(**GENERATION | special | generation)
    model.save_pretrained(folder)
    write_graphs(model.config, folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_captioner(tmp_path_factory.mktemp("captioner"), 0)


def near(one: Any, other: Any) -> bool:
    found, wanted = torch.as_tensor(one), torch.as_tensor(other)
    return bool((found - wanted).abs().max() <= BOUND * wanted.abs().max())


@pytest.mark.parametrize("photos", [1, 3])
def test_features_and_tags_are_those_of_torch(folder: Path, photos: int) -> None:
    pixels = torch.rand(photos, 3, 260, 260) * 255
    with torch.inference_mode():
        found, wanted = OnnxNetwork(folder).look(pixels), TorchNetwork(folder).look(pixels)
        assert all(one.shape == other.shape for one, other in zip(found, wanted, strict=True))
        assert all(near(one, other) for one, other in zip(found, wanted, strict=True))
        shares, words = OnnxNetwork(folder).likely_tags(wanted.classes)
        assert words.tolist() == TorchNetwork(folder).likely_tags(wanted.classes)[1].tolist()
        assert shares.shape == (photos, 2)


def some_features(photos: int) -> Features:
    return Features(torch.randn(photos, 65, 36), torch.rand(photos, 26, 16), torch.randn(photos, 4))


@pytest.mark.parametrize(
    ("seed", "rules"),
    [(0, {}), (1, {}), (2, {"num_beams": 2}), (3, {"length_penalty": 2.0}), (4, {"length_penalty": 0.0}),
     (5, {"no_repeat_ngram_size": 2}), (6, {"no_repeat_ngram_size": 0}), (7, {"max_new_tokens": 20})],
)  # fmt: skip
@pytest.mark.parametrize("start", [[1], [1, 5, 6, 5]])
@pytest.mark.parametrize("lifts", [None, LIFTS])
def test_texts_and_their_log_probabilities_are_those_of_transformers(
    tmp_path: Path, seed: int, rules: dict[str, Any], start: list[int], lifts: list[Lifts] | None
) -> None:
    folder = tiny_captioner(tmp_path, 14, seed, **rules)
    onnx, plain = OnnxNetwork(folder), TorchNetwork(folder)
    features = some_features(7)
    with torch.inference_mode():
        found, read = onnx.tell(onnx.read(features), start, lifts), plain.read(features)
        alone = onnx.tell([part[4:5] for part in onnx.read(features)], start, lifts and lifts[4:5])[0]
        wanted = generated(plain, read, start, lifts)
        assert_same(plain.tell(read, start, lifts), found)
    for beams, others in zip(found, wanted, strict=True):
        assert len(beams) == len(others)
        for beam, (theirs, theirs_logprob) in zip(beams, others, strict=True):
            assert list(beam.tokens) == list(theirs[: len(beam.tokens)])
            assert set(theirs[len(beam.tokens) :]) <= {2}, "what is filled up with"
            assert beam.score == pytest.approx(theirs_logprob, abs=1e-4)
    assert [beam.tokens for beam in alone] == [beam.tokens for beam in found[4]]
    assert rules or len({len(beams[0].tokens) for beams in found}) > 1, "some end sooner than others"


class Lifting(LogitsProcessor):
    """Adds each photo's lifts to the log-probabilities of its beams."""

    def __init__(self, lifts: list[Lifts], beams: int) -> None:
        self.lifts = [one for one in lifts for _ in range(beams)]

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        for row, (said, lifts) in enumerate(zip(input_ids.tolist(), self.lifts, strict=True)):
            for token, more in lifts.after(said).items():
                scores[row, token] += more
        return scores


def generated(
    plain: TorchNetwork, memory: torch.Tensor, start: list[int], lifts: list[Lifts] | None
) -> list[list[tuple[list[int], float]]]:
    """What transformers' own search finds for each photo: tokens and score."""
    beams = plain.model.generation_config.num_beams
    out = plain.model.generate(
        encoder_outputs=BaseModelOutput(last_hidden_state=memory),
        decoder_input_ids=torch.tensor([start] * len(memory)),
        decoder_start_token_id=start[0],
        num_return_sequences=beams,
        logits_processor=LogitsProcessorList([Lifting(lifts, beams)] if lifts else []),
        output_scores=True,
        return_dict_in_generate=True,
    )
    found = list(zip(out.sequences.tolist(), out.sequences_scores.tolist(), strict=True))
    return [found[i : i + beams] for i in range(0, len(found), beams)]


def assert_same(found: list[list[Beam]], wanted: list[list[Beam]]) -> None:
    for beams, others in zip(found, wanted, strict=True):
        assert [beam.tokens for beam in beams] == [beam.tokens for beam in others]
        for part in ("score", "last", "truth", "weakest"):
            values = [[getattr(beam, part) for beam in some] for some in (beams, others)]
            assert values[0] == pytest.approx(values[1], abs=1e-4)


def tiny_truth() -> TruthHead:
    chance = np.random.default_rng(0)
    return TruthHead(chance.normal(size=24).astype(np.float32), 0.3, 0.4, 0.1, 1.0)


def test_what_is_told_to_be_untrue_is_left_out(tmp_path: Path) -> None:
    folder = tiny_captioner(tmp_path, 14, 1)
    onnx, plain, features = OnnxNetwork(folder), TorchNetwork(folder), some_features(3)
    head = TruthHead(np.zeros(24, np.float32), 0.0, 1.0, 0.0, 0.0)  # it goes by the image heads alone
    vocabulary = Vocabulary(np.arange(14) > 2, np.arange(14) - 3)
    concepts = np.full((3, 11), 0.9, np.float32)
    with torch.inference_mode():
        before = onnx.tell(onnx.read(features), [1])
        words = [next(token for beam in beams for token in beam.tokens if token > 2) for beams in before]
        for row, word in zip(concepts, words, strict=True):
            row[word - 3] = 1e-9
        truths = [PhotoTruth(head, vocabulary, row) for row in concepts]
        found = onnx.tell(onnx.read(features), [1], None, truths, 9.0)
        assert_same(plain.tell(plain.read(features), [1], None, truths, 9.0), found)
        unmoved = onnx.tell(onnx.read(features), [1], None, truths, 0.0)
    assert [beam.tokens for beam in unmoved[0]] == [beam.tokens for beam in before[0]]
    for word, beams in zip(words, found, strict=True):
        assert word not in beams[0].tokens
        said = [token for token in beams[0].tokens[1:] if token > 2]
        last = beams[0].tokens[-1]
        asked = said[:-1] if last > 2 else said  # the search broke off before the last was read
        wanted = [np.log(0.9) - np.log1p(0.9)] * len(asked)
        assert beams[0].truth == pytest.approx(sum(wanted), abs=1e-4)
        assert beams[0].weakest == pytest.approx(min(wanted, default=0.0), abs=1e-4)


def test_lifts_do_not_count_as_what_the_decoder_finds_likely() -> None:
    vocabulary = Vocabulary(np.array([False, True, True]), np.array([-1, 0, -1]))
    one = PhotoTruth(TruthHead(np.zeros(2, np.float32), 1.0, 1.0, 0.5, 0.0), vocabulary, np.array([0.5], np.float32))
    beams = [Beam(-1.0, (0, 1), last=-1.0), Beam(-1.0, (0, 2), last=-1.0), Beam(-1.0, (1, 0), last=-1.0)]
    states = np.zeros((3, 2), np.float32)
    plain, lifted = one.of(beams, states, Lifts()), one.of(beams, states, Lifts({1: 2.0}))
    assert plain == pytest.approx([-np.logaddexp(0, 1 - np.log(0.5) - 0.5), -np.logaddexp(0, 1), 0])
    assert lifted[0] < plain[0]
    assert lifted[1:] == plain[1:]


def tiny_heads() -> Heads:
    """Heads of random weights for the tiny captioner's features."""
    chance, width = np.random.default_rng(0), 3 * 36 + 2 * 16
    shapes = {"inner": (8, width), "direct": (2, width), "concepts": (2, 8), "kinds": (7, 8), "emotions": (9, 8)}
    weights = {f"{name}.weight": chance.normal(size=shape) for name, shape in (shapes | {"places": (2, 8)}).items()}
    weights |= {name.replace("weight", "bias"): chance.normal(size=len(one)) for name, one in weights.items()}
    weights |= {"mean": np.zeros(width), "scale": np.ones(width), "lift": np.zeros((2, 9))}
    return Heads(weights, ("cat", "dog"), KINDS, 1.0)


@pytest.mark.parametrize("detail", ["short", "long"])
def test_captions_are_those_of_torch(folder: Path, tmp_path: Path, detail: Detail) -> None:
    photos = [open_photo(draw_photo(seed)) for seed in range(4)]
    captioner = EmbeddedCaptioner(folder, heads=tiny_heads(), truth=tiny_truth())
    assert isinstance(captioner.network, OnnxNetwork)
    found = captioner.caption(photos, detail)
    for file in folder.iterdir():
        if file.name not in GRAPHS:
            (tmp_path / file.name).write_bytes(file.read_bytes())
    plain = EmbeddedCaptioner(tmp_path, heads=tiny_heads(), truth=tiny_truth())
    assert isinstance(plain.network, TorchNetwork), "without graphs, torch serves"
    photos = [open_photo(draw_photo(seed)) for seed in range(4)]
    wanted = plain.caption(photos, detail)
    assert [(one.text, one.kind) for one in found] == [(one.text, one.kind) for one in wanted]
    assert {one.detail for one in found} == {detail}
    for name in ("confidence", "doubt"):
        values = [[getattr(one, name) for one in some] for some in (found, wanted)]
        assert values[0] == pytest.approx(values[1], abs=1e-3)
    assert [[tag.name for tag in one.tags] for one in found] == [[tag.name for tag in one.tags] for one in wanted]
    assert captioner.caption([]) == []


def test_another_number_type_takes_torch(folder: Path) -> None:
    captioner = EmbeddedCaptioner(folder, dtype=torch.bfloat16, heads=tiny_heads(), truth=tiny_truth())
    assert isinstance(captioner.network, TorchNetwork)


def test_weights_are_on_the_disk_once(folder: Path, tmp_path: Path) -> None:
    for name in GRAPHS:
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    with pytest.raises(ModelError, match=r"tell\.onnx cannot be read"):
        open_graph(tmp_path / "tell.onnx")
    config = network(ENCODER, {"hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 3}).config
    with pytest.raises(KeyError, match=r"layer\.2"):
        write_graphs(config, folder)
