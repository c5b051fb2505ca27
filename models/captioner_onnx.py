"""The embedded captioner's network by onnxruntime, for a CPU: the graphs of `captioner_graphs.py`."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .beam_search import Beam, Rules, Search
from .caption_truth import PhotoTruth
from .onnx_session import open_graph, read_settings
from .photo_tags import Features, Lifts, likely_words, strength_bins

GRAPHS = ("look.onnx", "read.onnx", "tell.onnx")
Array = NDArray[Any]


def has_graphs(folder: Path) -> bool:
    """Whether the folder has what this network needs."""
    return all((folder / name).exists() for name in GRAPHS)


class OnnxNetwork:
    """The network of an assembled folder. What the decoder attends to are the keys and values of its layers."""

    at_once = 1  # photos to look at: more take as long, one after the other, and much more memory

    def __init__(self, folder: Path) -> None:
        config, rules = (read_settings(folder / name) for name in ("config.json", "generation_config.json"))
        self.config, self.decoder = (SimpleNamespace(**config[part]) for part in ("encoder", "decoder"))
        self.class_words = torch.tensor(self.config.class_words)
        self.rules = Rules(**{name: rules[name] for name in Rules._fields if name in rules})
        self.graphs = {name: open_graph(folder / name) for name in GRAPHS}

    def look(self, pixels: Tensor) -> Features:
        """What both image encoders see of photos (photos, 3, 260, 260), values 0..255."""
        found = self.graphs["look.onnx"].run(list(Features._fields), {"pixels": pixels.contiguous().numpy()})
        return Features(*map(torch.from_numpy, found))

    def likely_tags(self, classes: Tensor) -> tuple[Tensor, Tensor]:
        """The likeliest words for class logits (photos, classes): probabilities and indices (photos, tags)."""
        return likely_words(classes, self.class_words, self.config)

    def read(self, features: Features) -> list[Array]:
        """What the decoder attends to: for each of its layers keys and values (photos, heads, 91 + tags, size)."""
        probabilities, words = self.likely_tags(features.classes)
        bins = strength_bins(probabilities, self.config.strengths)
        given = {"patches": features.patches, "grid": features.grid, "word_ids": words, "strength_ids": bins}
        return self.graphs["read.onnx"].run(None, {name: one.numpy() for name, one in given.items()})

    def tell(
        self,
        memory: list[Array],
        start: Sequence[int],
        lifts: Sequence[Lifts] | None = None,
        truths: Sequence[PhotoTruth] | None = None,
        truth: float = 0.0,
    ) -> list[list[Beam]]:
        """The captions that the search found for each photo, best first; their tokens begin with `start`.

        `lifts` are, for each photo, what is added to the log-probabilities; `truths` tell how true words are, and
        `truth` is what that counts.
        """
        searches = [Search(start, self.rules._replace(truth=truth)) for _ in memory[0]]
        going, lifted, place = searches, list(lifts or [Lifts()] * len(searches)), 0
        told = list(truths or [])
        tokens, order = np.array([start] * len(searches)), np.arange(len(searches))
        size = self.decoder.hidden_size // self.decoder.num_attention_heads
        past = [np.zeros((len(searches), self.decoder.num_attention_heads, 0, size), np.float32)] * len(memory)
        while going:
            ids = np.arange(place, place + tokens.shape[1])
            more = np.concatenate([self._dense(one, search) for one, search in zip(lifted, going, strict=True)])
            logprobs, following, states, *past = self._step(tokens, ids, order, more, past, memory)
            place += tokens.shape[1]
            tokens, order, still = advance(going, logprobs.tolist(), following.tolist(), states, told, lifted)
            if len(still) < len(going):
                memory, going = [part[still] for part in memory], [going[i] for i in still]
                lifted, told = [lifted[i] for i in still], [told[i] for i in still] if told else []
        return [search.finished for search in searches]

    def _dense(self, lifts: Lifts, search: Search) -> Array:
        """What is added to the log-probabilities of all tokens, a row for each running beam: (beams, vocabulary)."""
        found = np.zeros((len(search.running), self.decoder.vocab_size), np.float32)
        for row, beam in zip(found, search.running, strict=True):
            for token, more in lifts.after(beam.tokens).items():
                row[token] = more
        return found

    def _step(
        self, tokens: Array, places: Array, order: Array, lifts: Array, past: list[Array], memory: list[Array]
    ) -> list[Array]:
        """The likeliest next tokens (rows, 64), their log-probabilities first; states; keys and values with the new."""
        names = [f"{part}_{i}" for i in range(self.decoder.num_hidden_layers) for part in ("key", "value")]
        given = {"token_ids": tokens, "position_ids": places, "order_ids": order, "lifts": lifts}
        given |= dict(zip(names, past, strict=True))
        given |= {f"seen_{name}": part for name, part in zip(names, memory, strict=True)}
        return self.graphs["tell.onnx"].run(None, given)


def advance(
    searches: Sequence[Search],
    logprobs: Sequence[Sequence[float]],
    tokens: Sequence[Sequence[int]],
    states: Array,
    truths: Sequence[PhotoTruth],
    lifts: Sequence[Lifts],
) -> tuple[Array, Array, list[int]]:
    """Go on by a token in each search: the next tokens (rows, 1), the rows that they follow, the searches left.

    `states` (rows, hidden) are the decoder's after the last token of each running beam; `truths` is empty where nothing
    tells what is true.
    """
    row, new, order, still = 0, [], [], []
    for i, search in enumerate(searches):
        end = row + len(search.running)
        true = truths[i].of(search.running, states[row:end], lifts[i]) if truths and search.length else None
        found = search.step(logprobs[row:end], tokens[row:end], true)
        if search.going:
            still.append(i)
            new += [beam.tokens[-1:] for beam in search.running]
            order += [row + place for place in found]
        row = end
    return np.array(new), np.array(order), still
