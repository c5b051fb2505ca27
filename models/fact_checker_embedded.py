"""The embedded fact checker: MiniLM reads caption and text together. Card: `models/embedded/fact_checker.md`."""

import json
import re
import threading
from collections.abc import Sequence
from pathlib import Path

import torch

from .contracts import FactReading
from .errors import ModelNotFound
from .fact_network import FAULTS, Read, head
from .fact_pairs import Pair, collate, encode_pairs
from .lean_bert import LeanBert

AT_FAULT = 0.5  # the chance from which a word is objected to
BATCH = 64


class EmbeddedFactChecker:
    """Readings of pairs; those of one call share its batches. What it names it has named by single words."""

    def __init__(self, folder: Path, device: torch.device | str = "cpu") -> None:
        if not (folder / "config.json").exists():
            raise ModelNotFound(f"The embedded fact checker is not at {folder}; run `moodcap setup`.")
        self.model = LeanBert(folder, device, "fact checker")
        self.model.tokenizer.no_padding()
        self.model.tokenizer.no_truncation()
        self.temperature = float(self.model.settings["temperature"])
        self.threshold = float(self.model.settings["threshold"])
        self.lock = threading.Lock()

    def check(self, pairs: Sequence[tuple[str, str]]) -> list[FactReading]:
        """How each text holds against its literal caption."""
        told = encode_pairs(self.model.tokenizer, pairs) if pairs else []
        order = sorted(range(len(told)), key=lambda i: len(told[i].ids))
        found: dict[int, FactReading] = {}
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            read = self._read([told[i] for i in rows])
            for place, i in enumerate(rows):
                found[i] = self._reading(pairs[i], told[i], read.faults[place], read.tokens[place])
        return [found[i] for i in range(len(told))]

    def _read(self, pairs: Sequence[Pair]) -> Read:
        with self.lock, torch.inference_mode():
            batch = collate(pairs, self.model.device)
            states = self.model.states(batch.ids, batch.kinds, batch.mask)[-1]
            faults, tokens = head(states, batch, self.model.linear)
            return Read((faults / self.temperature).sigmoid().cpu(), tokens.sigmoid().cpu())

    def _reading(self, texts: tuple[str, str], pair: Pair, faults: torch.Tensor, tokens: torch.Tensor) -> FactReading:
        chance = dict(zip(FAULTS, faults.tolist(), strict=True))
        words = [_words(text, pair, tokens, rewrite) for text, rewrite in zip(texts, (False, True), strict=True)]
        kept = 1 - sum(share for _, share in words[0]) / max(len(words[0]), 1)
        if chance["untrue"] < self.threshold:
            return FactReading(chance["untrue"], kept_share=kept)
        likeliest = max(FAULTS[1:], key=lambda fault: chance[fault])
        wrong, missing = (_phrases(text, own) for text, own in zip(texts[::-1], words[::-1], strict=True))
        if likeliest == "lost":
            missing = missing or _strongest(words[0])
        else:
            wrong = wrong or _strongest(words[1])
        lost = missing if likeliest == "lost" or not wrong else ()
        return FactReading(
            chance["untrue"],
            added=wrong if chance["added"] >= chance["contradicts"] else (),
            contradicts=wrong if chance["added"] < chance["contradicts"] else (),
            lost=lost,
            lost_things=lost,
            kept_share=kept,
        )


Told = tuple[re.Match[str], float]
"""A word of a text, and how likely it is at fault."""


def _words(text: str, pair: Pair, tokens: torch.Tensor, rewrite: bool) -> list[Told]:
    """The words of one of the texts; a word is as faulty as the faultiest of its pieces."""
    pieces = [(pair.places[i], float(tokens[i])) for i in pair.of(rewrite)]
    return [
        (word, max((share for (start, end), share in pieces if start < word.end() and word.start() < end), default=0.0))
        for word in re.finditer(r"\w+", text)
    ]


def _phrases(text: str, words: Sequence[Told]) -> tuple[str, ...]:
    """The words that are at fault, those that follow each other in one."""
    found: list[tuple[int, int]] = []
    last = -2
    for place, (word, share) in enumerate(words):
        if share >= AT_FAULT:
            start = found.pop()[0] if place == last + 1 else word.start()
            found.append((start, word.end()))
            last = place
    return tuple(dict.fromkeys(text[start:end].lower() for start, end in found))


def _strongest(words: Sequence[Told]) -> tuple[str, ...]:
    """The likeliest word alone, where none is likely enough."""
    return (max(words, key=lambda told: told[1])[0][0].lower(),) if words else ()


def assemble(minilm: Path, ours: Path, target: Path) -> None:
    """Write the folder: MiniLM with the weights, temperature and threshold that were learnt.

    Raises:
        ValueError: the weights do not fit.
    """
    from safetensors.torch import load_file, save_file

    learnt = {name: weight.float() for name, weight in load_file(ours / "fact_checker.safetensors").items()}
    words = "embeddings.word_embeddings.weight"
    whole = load_file(minilm / "model.safetensors")
    if (
        learnt["bert.embeddings.position_embeddings.weight"].shape
        != whole["embeddings.position_embeddings.weight"].shape
    ):
        raise ValueError("fact_checker.safetensors does not fit MiniLM")
    settings = json.loads((minilm / "config.json").read_text("utf-8"))
    settings |= json.loads((ours / "fact_checker.json").read_text("utf-8"))
    target.mkdir()
    save_file({f"bert.{words}": whole[words], **learnt}, target / "model.safetensors", {"format": "pt"})
    (target / "config.json").write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
    (target / "tokenizer.json").write_bytes((minilm / "tokenizer.json").read_bytes())
