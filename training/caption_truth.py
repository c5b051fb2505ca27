"""Teach the captioner which of its words are true, and calibrate how much a caption is doubted.

    python -m training.caption_truth DATA [--words data/annotations/caption_words.jsonl] --out models

Both by captions of photos that training never saw, whose untrue words were marked. A ridge logistic regression over
the decoder's states tells the probability that a word is true (`models/caption_truth.py`); another tells from that, by
heads that did not see the photo, the probability that a caption is wrong. Some minutes on two cores.
"""

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import save_file
from torch.nn.utils.rnn import pad_sequence

from chains import Settings
from models import Photo, open_photo
from models.caption_choice import Choice, signals
from models.caption_truth import LEAST, TruthHead, Vocabulary, read_vocabulary
from models.captioner_embedded import STYLES, to_pixels
from models.captioner_torch import TorchNetwork
from models.photo_heads import Heads, load_heads

from .annotations import ROOT, hashed, lines, read_annotated

Array = NDArray[np.float64]
WORDS = ROOT / "caption_words.jsonl"
FOLDS = 5
RIDGE = 1000.0  # of the states, each scaled to a deviation of 1
FREE = 0.01  # what the other signals' ridge is as a share of that
DOUBT_RIDGE = 1.0


class Said(NamedTuple):
    """A caption word by word: what the head knows of each word that is asked, (words, …)."""

    text: str
    states: Array
    signals: Array
    """(words, 3): log-probability by the decoder, by the image heads (0 where unknown), and whether it is known."""
    true: NDArray[np.bool_]
    logprob: float
    """The mean of all tokens, the end among them."""
    mark: str
    fold: int
    kind: float
    searched: bool
    """Whether it was found by a search that goes by the truth of words."""


class Reader:
    """The captioner's network reading captions that are there already."""

    def __init__(self, folder: Path, heads: Heads) -> None:
        from transformers import PreTrainedTokenizerFast

        self.network, self.heads = TorchNetwork(folder), heads
        self.tokenizer = PreTrainedTokenizerFast.from_pretrained(folder)
        self.vocabulary: Vocabulary = read_vocabulary(self.tokenizer, heads.place)

    @torch.inference_mode()
    def read(self, photo: Photo, rows: Sequence[Mapping[str, Any]]) -> Iterator[Said]:
        """The marked captions of one photo."""
        features = self.network.look(to_pixels([photo]))
        facts, memory = self.heads.read(features), self.network.read(features)
        seen = np.log(np.maximum(facts.concepts[0], LEAST))
        start, end = self.tokenizer.convert_tokens_to_ids(STYLES["short"]), self.tokenizer.eos_token_id
        told = [self.tokenizer(row["caption"], add_special_tokens=False, return_offsets_mapping=True) for row in rows]
        ids = [torch.tensor([start, *one["input_ids"], end]) for one in told]
        tokens = pad_sequence(ids, batch_first=True, padding_value=end)
        states = self.network.model.decoder.bert(
            input_ids=tokens,
            attention_mask=torch.ones_like(tokens),  # what comes after an end is not seen before it
            encoder_hidden_states=memory.expand(len(rows), -1, -1),
        ).last_hidden_state
        logprobs = self.network.model.decoder.cls(states[:, :-1]).log_softmax(-1)
        likely = logprobs.gather(2, tokens[:, 1:, None])[..., 0]
        for i, row in enumerate(rows):
            length = len(ids[i])
            parts = states[i, 1 : length - 1].numpy(), likely[i, : length - 1].numpy()
            yield self._said(row, told[i], *parts, seen, float(facts.kinds[0].max()))

    def _said(
        self,
        row: Mapping[str, Any],
        told: Any,
        states: NDArray[np.float32],
        likely: NDArray[np.float32],
        seen: NDArray[np.float32],
        kind: float,
    ) -> Said:
        asked = np.flatnonzero(self.vocabulary.asked[told["input_ids"]])
        places = self.vocabulary.concepts[np.array(told["input_ids"])[asked]]
        concepts = np.where(places >= 0, seen[places], 0)
        untrue = {word for part in row["bad"] for word in re.findall(r"[a-z]+", part.lower())}
        words = [word_at(row["caption"], *told["offset_mapping"][i]) for i in asked]
        return Said(
            row["caption"],
            states[asked].astype(np.float64),
            np.stack([likely[:-1][asked], concepts, places >= 0], 1),
            np.array([word not in untrue for word in words]),
            float(likely.mean()),
            row["mark"],
            hashed(row["id"]) % FOLDS,
            kind,
            row["searched"],
        )


def word_at(text: str, start: int, end: int) -> str:
    """The whole word that a piece of it stands in."""
    while start and text[start - 1].isalpha():
        start -= 1
    while end < len(text) and text[end].isalpha():
        end += 1
    return text[start:end]


def fit_truth(said: Sequence[Said]) -> TruthHead:
    """The head that tells true words from others."""
    states = np.concatenate([one.states for one in said])
    more = np.concatenate([one.signals for one in said])
    true = np.concatenate([one.true for one in said]).astype(float)
    rows = np.concatenate([states, more], 1)
    middle, scale = rows.mean(0), rows.std(0) + 1e-3
    free = np.ones(len(scale))
    free[-more.shape[1] :] = FREE
    weights, bias = fit((rows - middle) / scale, true, RIDGE * free)
    weights = weights / scale
    logprob, concept, known = weights[-3:].tolist()
    return TruthHead(weights[:-3].astype(np.float32), logprob, concept, known, float(bias - weights @ middle))


def fit(rows: Array, good: Array, ridge: Array | float = DOUBT_RIDGE) -> tuple[Array, float]:
    """Weights and bias of a ridge logistic regression, by Newton's steps."""
    full = np.concatenate([rows, np.ones((len(rows), 1))], 1)
    weights = np.zeros(full.shape[1])
    fine = np.diag(np.append(np.broadcast_to(np.asarray(ridge, float), rows.shape[1]), 1e-6))
    for _ in range(20):
        chance = 1 / (1 + np.exp(-full @ weights))
        slope = full.T @ (chance - good) + fine @ weights
        weights -= np.linalg.solve((full * (chance * (1 - chance))[:, None]).T @ full + fine, slope)
    return weights[:-1], float(weights[-1])


def told_true(head: TruthHead, one: Said) -> Array:
    """The log-probability that each word of a caption is true."""
    concepts = np.where(one.signals[:, 2] > 0, one.signals[:, 1], np.nan)
    logprobs = one.signals[:, 0].astype(np.float32)
    found = head.chances(one.states.astype(np.float32), logprobs, concepts.astype(np.float32))
    return found.astype(np.float64)


def choice_of(one: Said, true: Array) -> Choice:
    """A caption as the captioner's choice knows it."""
    return Choice(one.text, one.logprob, float(true.sum()), float(min(true, default=0.0)))


def area(scores: Array, good: NDArray[np.bool_]) -> float:
    """The area under the receiver operating characteristic."""
    order = scores.argsort().argsort() + 1
    count = int(good.sum())
    return float((order[good].sum() - count * (count + 1) / 2) / max(count * (len(good) - count), 1))


def calibrate(said: Sequence[Said], true: Sequence[Array]) -> tuple[dict[str, float], list[str]]:
    """The weights of the doubt, and how well they and the head tell, each by what did not see the photo.

    The doubt is that of captions that such a search finds, for what is sought for its truth seems truer than it is.
    """
    words, told = np.concatenate([one.true for one in said]), np.concatenate(true)
    found = [f"{len(said)} captions, {len(words)} words, {words.mean():.3f} of them true: area {area(told, words):.3f}"]
    pairs = [(one, own) for one, own in zip(said, true, strict=True) if one.searched]
    said, true = [one for one, _ in pairs], [own for _, own in pairs]
    table = [signals(choice_of(one, own), one.kind) for one, own in zip(said, true, strict=True)]
    signs = list(table[0])
    rows = np.array([[row[sign] for sign in signs] for row in table])
    wrong, fold = np.array([one.mark == "wrong" for one in said]), np.array([one.fold for one in said])
    doubts = np.zeros(len(said))
    for part in range(FOLDS):
        there = fold == part
        if there.any():
            weights, bias = fit(rows[~there], wrong[~there].astype(float))
            doubts[there] = 1 / (1 + np.exp(-(rows[there] @ weights + bias)))
    sure = doubts < 0.2
    found.append(
        f"doubt of {len(said)}: area {area(doubts, wrong):.3f}; {sure.mean():.2f} are doubted less than 0.2, of them "
        f"{wrong[sure].mean():.3f} are wrong"
    )
    weights, bias = fit(rows, wrong.astype(float))
    return {"bias": bias, **dict(zip(signs, weights.tolist(), strict=True))}, found


def write(out: Path, head: TruthHead, doubt: Mapping[str, float], told: Sequence[str]) -> None:
    """Write the head and the weights of the doubt."""
    numbers = {name: np.array([getattr(head, name)], np.float32) for name in ("logprob", "concept", "known", "bias")}
    (out / "embedded/captioner").mkdir(parents=True, exist_ok=True)
    save_file({"state": head.state} | numbers, out / "embedded/captioner/truth.safetensors")
    rows = ["# Made by `python -m training.caption_truth`.", *(f"# {line}" for line in told), "[doubt]"]
    rows += [f"{name} = {value:.4f}" for name, value in doubt.items()]
    (out / "caption_choice.toml").write_text("\n".join(rows) + "\n", "utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--words", type=Path, default=WORDS)
    parser.add_argument("--out", type=Path, default=Path("models"))
    options = parser.parse_args(arguments)
    photos = {photo.id: photo.file for photo in read_annotated(options.data)}
    reader = Reader(Settings.from_environment().home / "models/captioner", load_heads())
    by_photo: dict[str, list[dict[str, Any]]] = {}
    for row in lines(options.words):
        by_photo.setdefault(row["id"], []).append(row)
    said = [one for name, rows in by_photo.items() for one in reader.read(open_photo(photos[name]), rows)]
    said = [one for one in said if len(one.true)]
    heads = [fit_truth([one for one in said if one.fold != part]) for part in range(FOLDS)]
    doubt, told = calibrate(said, [told_true(heads[one.fold], one) for one in said])
    write(options.out, fit_truth(said), doubt, told)
    print("\n".join(told))


if __name__ == "__main__":
    main()
