"""Train the embedded captioner: DINOv2's last layers and the text decoder together, then CIDEr itself.

    python -m training.captioner DATA --cache CACHE --foundations FOLDER --work WORK --out models/embedded/captioner

1. *together*: the decoder, warm-started from MiniLM, learns by cross-entropy on photos; a photo's captions, each
   begun with the token of its style, share its keys and values in one packed row. DINOv2's last four layers learn
   with it, from the decoder and from heads for words, emotions and kinds of picture (`captioner_batches.Heads`), which
   are not shipped. Caption text without photos goes on beside it, with simulated tags as its only sight.
2. *decoder*: the same for the decoder alone, over what the encoders then see, which is computed once.
3. *reward*: self-critical training of the decoder (Rennie et al., 2017; the mean of the other samples is the baseline,
   Luo, 2020) on CIDEr-D less a fine for every word that no caption of the photo has, a larger one for a thing (CHAIR;
   Rohrbach et al., 2018), with cross-entropy beside it to keep the grammar.

With `--start` it goes on from the weights of an earlier captioner, whose tokenizer it keeps and gives the styles to.

Weights are averaged over the steps. A GPU is used where there is one. Every `SAVED` steps the whole state is kept in
the work folder; a run that was stopped goes on from there.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import PreTrainedTokenizerFast, VisionEncoderDecoderModel

from models import KINDS
from models.captioner_assemble import load_encoders, network
from models.captioner_network import PhotoEncoder
from models.photo_tags import Features, tag_words

from .annotations import ROOT, Annotated, read_annotated, texts
from .attention import use_plain_attention
from .caption_text import STYLES, TagSimulator, build_tokenizer, caption_lines, clean
from .captioner_batches import (
    Average,
    Heads,
    Ids,
    build,
    concept_words,
    cross_entropy,
    encode,
    pooled,
    text_memory,
    top_features,
    trained,
)
from .captioner_reward import train_reward
from .drawn import read_drawn
from .features import AT_ONCE, SHAPES, Cache
from .precision import fast_products

SHORT, LONG, WEB = STYLES
SAVED = 200
WEB_CAPTIONS = 2  # at a time, of a photo that has no others
LONG_SHARE = 0.3  # of the steps of a photo also learn its long caption
SORTED = 8  # batches that are sorted by length together
TEXT_EVERY, TEXTS = 8, 48
GENERATION = {"num_beams": 5, "max_new_tokens": 47, "length_penalty": 1.0, "no_repeat_ngram_size": 3}


class Sight:
    """The training photos with their cached features."""

    def __init__(self, photos: Sequence[Annotated], folder: Path, device: str) -> None:
        self.caches = [Cache(folder / "photos"), Cache(folder / "drawn")]
        self.photos = [*photos, *read_drawn(folder / "pictures")]
        self.device, self.whole = device, False

    def read(self, photos: Sequence[Annotated], *names: str) -> dict[str, Tensor]:
        """Cached features of photos, a row each."""
        parts = [self.caches[photo.id.startswith("drawn_")].read(photo.id, *names) for photo in photos]
        return {name: torch.stack([part[name] for part in parts]).to(self.device) for name in names}

    def features(self, encoder: PhotoEncoder, photos: Sequence[Annotated]) -> Features:
        """What the encoders see of photos: cached whole, or DINOv2's last layers run over what is cached."""
        if self.whole:
            return Features(**self.read(photos, *Features._fields))
        return top_features(encoder, self.read(photos, *SHAPES))

    @torch.no_grad()
    def look(self, encoder: PhotoEncoder) -> None:
        """Let DINOv2's last layers, as they now are, see every photo once, and keep it in the cache."""
        encoder.eval()
        for cache in self.caches:
            known = {photo.id: photo for photo in self.photos}
            photos = [known[name] for name in cache.ids]
            for start in cache.missing():
                some = photos[start : start + AT_ONCE]
                with fast_products(encoder.device):
                    cache.write(start, top_features(encoder, self.read(some, *SHAPES)).patches)
        self.whole = True

    def split(self, name: str) -> list[Annotated]:
        """The photos of a split."""
        return [photo for photo in self.photos if photo.split == name]


class Teacher:
    """One stage of training: its optimiser, schedule, averaged weights, log and checkpoint."""

    def __init__(
        self,
        model: VisionEncoderDecoderModel,
        heads: Heads,
        file: Path,
        steps: int,
        rate: float,
        vision: float = 0,
        warm: int = 150,
        decay: float = 0.998,
    ) -> None:
        self.model, self.heads, self.file, self.steps, self.step = model, heads, file, steps, 0
        self.vision = vision > 0
        weights = trained(model)
        self.weights = {name: w for name, w in weights.items() if vision or not name.startswith("encoder.features.")}
        groups: dict[float, list[Any]] = {rate: [], rate / 3: [], vision: [], 1e-3: list(heads.parameters())}
        for name, weight in self.weights.items():
            slow = "embeddings" in name or name.startswith("encoder.words")
            groups[vision if name.startswith("encoder.features.") else rate / 3 if slow else rate].append(weight)
        self.optimiser = torch.optim.AdamW(
            [{"params": some, "lr": speed} for speed, some in groups.items() if some],
            weight_decay=0.02,
            betas=(0.9, 0.98),
            fused=True,
        )

        def falling(step: int) -> float:
            return min((step + 1) / warm, 0.5 + 0.5 * math.cos(math.pi * min(step / max(steps, 1), 1)))

        def held(step: int) -> float:
            return min((step + 1) / warm, 1)

        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimiser,
            [falling if group["lr"] == vision or not vision else held for group in self.optimiser.param_groups],
        )
        self.average = Average(self.weights, decay)
        self.sums: dict[str, list[float]] = {}
        self.started = time.monotonic()
        self._resume()

    def update(self, loss: Tensor) -> None:
        """One step down the loss."""
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*self.weights.values(), *self.heads.parameters()], 1.0)
        self.optimiser.step()
        self.schedule.step()
        self.average.update(self.step)
        self.step += 1
        if self.step % SAVED == 0 or self.step == self.steps:
            self._save()

    def note(self, values: dict[str, float], every: int = 50) -> None:
        """Add to the log, which prints means."""
        for name, value in values.items():
            self.sums.setdefault(name, []).append(value)
        if self.step % every == 0 and self.step:
            means = " ".join(f"{n} {sum(v) / len(v):.3f}" for n, v in self.sums.items())
            print(f"{self.step}/{self.steps} {time.monotonic() - self.started:.0f}s {means}", flush=True)
            self.sums = {}

    def _save(self) -> None:
        part = self.file.with_suffix(".part")
        state = {"step": self.step, "average": self.average.values, "heads": self.heads.state_dict()}
        state |= {"weights": {name: w.detach() for name, w in self.weights.items()}}
        torch.save(state | {"optimiser": self.optimiser.state_dict(), "schedule": self.schedule.state_dict()}, part)
        part.rename(self.file)

    def _resume(self) -> None:
        if not self.file.exists():
            return
        state = torch.load(self.file, map_location=self.model.device, weights_only=True)
        with torch.no_grad():
            for name, weight in self.weights.items():
                weight.copy_(state["weights"][name])
                self.average.values[name].copy_(state["average"][name])
        self.heads.load_state_dict(state["heads"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        self.step = state["step"]


def photo_batches(photos: Sequence[Annotated], size: int, chance: random.Random) -> Iterator[list[Annotated]]:
    """Endless batches over all photos, in another order each time."""
    while True:
        pool = list(photos)
        chance.shuffle(pool)
        yield from (pool[i : i + size] for i in range(0, len(pool) - size + 1, size))


def caption_batches(
    photos: Sequence[Annotated], size: int, chance: random.Random, tokenizer: PreTrainedTokenizerFast
) -> Iterator[tuple[list[Annotated], list[list[Ids]]]]:
    """Endless batches of photos with the captions that a step learns; those of a batch are of like length."""
    for pool in photo_batches(photos, min(size * SORTED, len(photos)), chance):
        rows = [(photo, encode(tokenizer, styled(photo, chance))) for photo in pool]
        rows.sort(key=lambda row: sum(map(len, row[1])))
        starts = list(range(0, len(rows) - size + 1, size)) or [0]
        chance.shuffle(starts)
        for start in starts:
            some = rows[start : start + size]
            yield [photo for photo, _ in some], [ids for _, ids in some]


def text_batches(lines: Sequence[str], size: int, chance: random.Random) -> Iterator[list[str]]:
    """Endless batches of captions of like length, in random order."""
    while True:
        pool = sorted(chance.sample(lines, min(len(lines), size * 50)), key=len)
        starts = list(range(0, len(pool) - size + 1, size)) or [0]
        chance.shuffle(starts)
        yield from (pool[s : s + size] for s in starts)


def styled(photo: Annotated, chance: random.Random) -> list[tuple[str, str]]:
    """The captions of a photo that one step learns, with their styles; a long one costs what three short ones cost."""
    long = photo.long if chance.random() < LONG_SHARE or not photo.short else ()
    web = chance.sample(photo.web, min(1 if photo.short else WEB_CAPTIONS, len(photo.web)))
    rows = [(SHORT, t) for t in photo.short] + [(LONG, t) for t in long] + [(WEB, t) for t in web]
    return [(style, clean(text)) for style, text in rows]


class Wanted:
    """What the heads are to say of photos."""

    def __init__(self, photos: Sequence[Annotated]) -> None:
        captions = [[clean(t) for t in (*photo.short, *photo.long, *photo.web)] for photo in photos]
        self.words, found = concept_words(captions)
        place = {word: i for i, word in enumerate(self.words)}
        self.concepts = {p.id: sorted(place[w] for w in some) for p, some in zip(photos, found, strict=True)}

    def loss(self, heads: Heads, features: Features, photos: Sequence[Annotated]) -> dict[str, Tensor]:
        """The losses of concepts, emotion, place and kind over a batch."""
        concepts, emotion, kind, place = heads(pooled(features))
        device = concepts.device
        there = torch.zeros_like(concepts)
        for row, photo in enumerate(photos):
            there[row, self.concepts[photo.id]] = 1
        felt = [i for i, photo in enumerate(photos) if photo.emotion]
        shares = torch.tensor([photos[i].emotion for i in felt], device=device).view(-1, 9)
        places = torch.tensor([photos[i].place for i in felt], device=device).view(-1, 2)
        kinds = torch.tensor([KINDS.index(photo.kind) for photo in photos], device=device)
        return {
            "concepts": F.binary_cross_entropy_with_logits(concepts, there) * 20,
            "emotion": -(shares * emotion[felt].log_softmax(-1)).sum() / max(len(felt), 1),
            "place": (place[felt] - places).square().sum() / max(2 * len(felt), 1),
            "kind": F.cross_entropy(kind, kinds),
        }


WEIGHTS = {"concepts": 0.5, "emotion": 0.2, "place": 0.5, "kind": 0.1}


def train_photos(
    teacher: Teacher,
    sight: Sight,
    tokenizer: PreTrainedTokenizerFast,
    simulator: TagSimulator,
    lines: Sequence[str],
    batch: int,
    after: Callable[[int], None] = lambda step: None,
) -> None:
    """The first stage."""
    chance, model, photos = random.Random(teacher.step), teacher.model, sight.split("train")
    wanted = Wanted(photos)
    batches, more = caption_batches(photos, batch, chance, tokenizer), text_batches(lines, TEXTS, chance)
    while teacher.step < teacher.steps:
        model.train()
        model.encoder.features.efficientnet.eval()
        teacher.heads.train()
        some, captions = next(batches)
        with fast_products(model.device):
            features = sight.features(model.encoder, some)
            memory = model.encoder.memory(features)
            memory = memory[:, torch.rand(memory.shape[1], device=memory.device) >= 0.1]
            loss = cross_entropy(model, memory, captions)
            values = {"photo": loss}
            if teacher.vision:
                values |= wanted.loss(teacher.heads, features, some)
            if lines and teacher.step % TEXT_EVERY == 0:
                said = next(more)
                said = [simulator.exchange(t) if chance.random() < 0.3 else t for t in said]
                ids = [encode(tokenizer, [(WEB, t)]) for t in said]
                values["text"] = cross_entropy(model, text_memory(model, simulator, said), ids)
                loss = loss + 0.4 * values["text"]
            for name in WEIGHTS.keys() & values.keys():
                loss = loss + WEIGHTS[name] * values[name]
        teacher.note({name: value.item() for name, value in values.items()})
        teacher.update(loss)
        after(teacher.step)


@torch.no_grad()
def describe(
    model: VisionEncoderDecoderModel,
    tokenizer: PreTrainedTokenizerFast,
    sight: Sight,
    photos: Sequence[Annotated],
    style: str = SHORT,
    **options: Any,
) -> list[str]:
    """Beam-searched captions of photos in a style."""
    from transformers.modeling_outputs import BaseModelOutput

    model.eval()
    captions: list[str] = []
    begin = tokenizer.convert_tokens_to_ids(style)
    for start in range(0, len(photos), 50):
        some = photos[start : start + 50]
        with fast_products(model.device):
            memory = model.encoder.memory(sight.features(model.encoder, some))
        ids = model.generate(
            encoder_outputs=BaseModelOutput(last_hidden_state=memory.float()),
            decoder_input_ids=torch.full((len(some), 1), begin, device=model.device),
            **(GENERATION | {"num_beams": 3} | options),
        )
        captions += tokenizer.batch_decode(ids, skip_special_tokens=True)
    return captions


def finish(teacher: Teacher) -> None:
    """Leave the averaged weights in the network."""
    teacher.average.swap()


def export(model: VisionEncoderDecoderModel, tokenizer: PreTrainedTokenizerFast, out: Path, vision: bool) -> None:
    """Write what Moodcap ships, in half precision: the decoder, DINOv2's last layers where they were trained,
    configuration and tokenizer."""
    out.mkdir(parents=True, exist_ok=True)
    weights = {name: w.detach().cpu().half().contiguous() for name, w in trained(model).items()}
    seen = {name: weight for name, weight in weights.items() if name.startswith("encoder.features.")}
    save_file({name: w for name, w in weights.items() if name not in seen}, out / "decoder.safetensors")
    if vision:
        save_file(seen, out / "encoder.safetensors")
    tokenizer.save_pretrained(out)
    encoder, decoder = model.config.encoder.to_diff_dict(), model.config.decoder
    sizes = ("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size")
    ids = {f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos")}
    settings = {
        "encoder": {name: encoder[name] for name in ("words", "class_words")},
        "decoder": {name: getattr(decoder, name) for name in (*sizes, "max_position_embeddings", "type_vocab_size")}
        | ids,
        "generation": GENERATION | ids | {"decoder_start_token_id": ids["bos_token_id"]},
    }
    (out / "config.json").write_text(json.dumps(settings) + "\n", "utf-8")


def class_names(data: Path) -> list[str]:
    """The names of ImageNet's classes in the order of the head."""
    rows = (data / "imagenet_named/classes.tsv").read_text("utf-8").splitlines()
    return [line.split("\t")[2] for line in rows]


def go_on(start: Path) -> tuple[Any, PreTrainedTokenizerFast]:
    """The network and tokenizer of an earlier captioner, which learn the styles that they do not know."""
    settings = json.loads((start / "config.json").read_text("utf-8"))
    tokenizer = PreTrainedTokenizerFast.from_pretrained(start)
    model = network(settings["encoder"], settings["decoder"])
    learnt = load_file(start / "decoder.safetensors")
    model.load_state_dict({name: weight.float() for name, weight in learnt.items()}, strict=False)
    model.decoder.tie_weights()
    known = len(tokenizer)
    if tokenizer.add_special_tokens({"additional_special_tokens": list(STYLES)}):
        began = tokenizer.bos_token_id
        model.decoder.resize_token_embeddings(len(tokenizer))
        with torch.no_grad():
            rows = model.decoder.bert.embeddings.word_embeddings.weight
            rows[known:] = rows[began]
    tokenizer.bos_token = SHORT
    for place in (model.config, model.config.decoder, model.generation_config):
        place.bos_token_id = place.decoder_start_token_id = tokenizer.bos_token_id
        place.eos_token_id, place.pad_token_id = tokenizer.eos_token_id, tokenizer.pad_token_id
    return model, tokenizer


def prepare(options: argparse.Namespace, sight: Sight) -> tuple[Any, PreTrainedTokenizerFast, list[str], list[str]]:
    """The network before training, its tokenizer, caption text without photos, and the tag words."""
    words, class_words = tag_words(class_names(options.data))
    said = caption_lines(options.data)
    own = texts(sight.photos)
    minilm = options.foundations / "minilm"
    if options.start:
        model, tokenizer = go_on(options.start)
    else:
        tokenizer = build_tokenizer(minilm, own + [t for rows in said.values() for t in rows], words)
        model = build(minilm, tokenizer, words, class_words, options.layers)
    load_encoders(model.encoder, options.foundations / "efficientnet", options.foundations / "dino")
    more = [t for name in ("multi30k", "coco") for t in said[name] if 4 <= len(t.split()) <= 18]
    return model.to(sight.device), tokenizer, more, words


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="the folder of training.features")
    parser.add_argument("--foundations", type=Path, required=True, help="the folder of training.foundations")
    parser.add_argument("--work", type=Path, required=True, help="where checkpoints are kept")
    parser.add_argument("--out", type=Path, default=Path("models/embedded/captioner"))
    parser.add_argument("--annotations", type=Path, default=ROOT, help="what was written about the photos")
    parser.add_argument("--start", type=Path, help="the folder of an earlier captioner to go on from")
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--steps", type=int, default=350, help="of the first stage")
    parser.add_argument("--decoder-steps", type=int, default=1700)
    parser.add_argument("--reward-steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=64, help="photos a step")
    parser.add_argument("--rate", type=float, default=5e-4)
    parser.add_argument("--vision-rate", type=float, default=6e-5)
    options = parser.parse_args(arguments)
    torch.manual_seed(0)
    use_plain_attention()
    options.work.mkdir(parents=True, exist_ok=True)
    photos = read_annotated(options.data, options.annotations)
    sight = Sight(photos, options.cache, "cuda" if torch.cuda.is_available() else "cpu")
    model, tokenizer, more, words = prepare(options, sight)
    heads = Heads(len(Wanted(sight.split("train")).words), len(KINDS)).to(sight.device)
    simulator = TagSimulator(words, model.encoder.config.tags)
    if options.steps:
        together = Teacher(model, heads, options.work / "photos.pt", options.steps, options.rate, options.vision_rate)
        train_photos(together, sight, tokenizer, simulator, more, options.batch)
        finish(together)
    sight.look(model.encoder)
    alone = Teacher(model, heads, options.work / "decoder.pt", options.decoder_steps, options.rate)
    train_photos(alone, sight, tokenizer, simulator, more, options.batch)
    finish(alone)
    if options.reward_steps:
        reward = Teacher(model, heads, options.work / "reward.pt", options.reward_steps, 6e-5, warm=20, decay=0.98)
        train_reward(reward, sight, tokenizer, options.batch)
        finish(reward)
    export(model, tokenizer, options.out, options.steps > 0)


if __name__ == "__main__":
    main()
