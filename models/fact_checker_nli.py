"""Fact checks by any natural-language-inference model of transformers: does the caption entail what the text says?

The text is read clause by clause, without its comparisons ("as if …", "like …"), which claim nothing; and the
caption's clauses are held against the whole text for what is lost (Laban et al., 2022, split documents likewise). A
clause of mood alone ("and the evening is kind") is no more entailed than an invention, so a chance of contradiction or
of neutral counts only from `SURE` on: such models object more often than the embedded one, which knows what a mood
caption may say.
"""

import re
import threading
from collections.abc import Sequence
from typing import NamedTuple

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from .contracts import FactReading
from .devices import pick_device, pick_dtype
from .errors import ModelError
from .loading import load_pretrained

SURE = 0.5  # the chance from which a clause is taken to add, to contradict or to be lost
LABELS = ("entailment", "neutral", "contradiction")
COMPARED = re.compile(r"\b(?:as if|as though|like)\b.*", re.IGNORECASE)


class Held(NamedTuple):
    """How likely a clause is entailed, new, or contradicted."""

    clause: str
    entailed: float
    new: float
    contradicted: float


class NliFactChecker:
    """Readings by a hub repository or folder; all clauses of one call make one batch.

    Raises:
        ModelError: it is no such model: its labels are not entailment, neutral and contradiction.
        ModelNotFound: it is not on this machine.
    """

    def __init__(self, source: str, device: str = "auto", dtype: str = "auto", offline: bool = True) -> None:
        self.tokenizer = load_pretrained(AutoTokenizer, source, offline)
        place = pick_device(device)
        self.model = load_pretrained(
            AutoModelForSequenceClassification, source, offline, dtype=pick_dtype(place, dtype)
        )
        names = [str(name).lower() for _, name in sorted(self.model.config.id2label.items())]
        if not set(LABELS) <= set(names):
            raise ModelError(f"{source} does not tell {', '.join(LABELS)} apart; its labels: {', '.join(names)}.")
        self.columns = [names.index(label) for label in LABELS]
        self.model.to(place).eval()
        self.lock = threading.Lock()

    def check(self, pairs: Sequence[tuple[str, str]]) -> list[FactReading]:
        """How each text holds against its literal caption."""
        said = [[(literal, clause) for clause in clauses(text)] for literal, text in pairs]
        kept = [[(text, clause) for clause in clauses(literal)] for literal, text in pairs]
        held = iter(self._held([one for asked in (*said, *kept) for one in asked]))
        told = [[next(held) for _ in asked] for asked in (*said, *kept)]
        return [_reading(*both) for both in zip(told[: len(pairs)], told[len(pairs) :], strict=True)]

    def _held(self, asked: Sequence[tuple[str, str]]) -> list[Held]:
        if not asked:
            return []
        with self.lock, torch.inference_mode():
            encoded = self.tokenizer(
                [premise for premise, _ in asked],
                [clause for _, clause in asked],
                padding=True,
                truncation=True,
                max_length=256,
                return_tensors="pt",
            )
            logits = self.model(**encoded.to(self.model.device)).logits.float().cpu()
        chances = logits.softmax(-1)[:, self.columns].tolist()
        return [Held(clause, *row) for (_, clause), row in zip(asked, chances, strict=True)]


def clauses(text: str) -> list[str]:
    """The clauses of a text without their comparisons."""
    found = (COMPARED.sub("", clause).strip() for clause in re.split(r"[.;:!?…—–()]+|,(?=\s)", text))
    return [clause for clause in found if re.search(r"\w", clause)]


def _reading(said: Sequence[Held], kept: Sequence[Held]) -> FactReading:
    entailed = min((one.entailed for one in said), default=1.0)
    there = min((one.entailed for one in kept), default=1.0)
    lost = tuple(one.clause for one in kept if one.entailed < 1 - SURE)
    return FactReading(
        1 - min(entailed, there),
        tuple(one.clause for one in said if one.new >= SURE),
        tuple(one.clause for one in said if one.contradicted >= SURE),
        lost,
        lost,
        sum(one.entailed for one in kept) / len(kept) if kept else 1.0,
    )
