"""Train the embedded captioner on cached photo features: photos with text beside them, then CIDEr itself.

    python -m training.captioner DATA --cache CACHE --minilm FOLDER --work FOLDER --out models/embedded/captioner

1. *photos*: the decoder, warm-started from MiniLM's first layers, learns by cross-entropy on the photos, several
   captions of a photo in one packed row so that they share its keys and values; caption text without photos goes
   on beside it, with simulated tags as its only sight (`caption_text.py`), so that what only text knows is learnt.
2. *reward*: self-critical training on CIDEr-D (Rennie et al., 2017; the mean of the other samples is the
   baseline, Luo, 2020), with cross-entropy beside it to keep the grammar.

Weights are averaged over the steps (EMA). Each stage ends with a checkpoint in the work folder; a second run goes
on from there. The features are cached first (`python -m training.features`).
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from transformers import PreTrainedTokenizerFast, VisionEncoderDecoderModel

from evaluation.metrics import CiderD
from models.photo_tags import tag_words

from .caption_text import TagSimulator, build_tokenizer, caption_lines
from .captioner_batches import LENGTH, Photos, build, trained
from .captioner_data import class_names, coco, flickr, named, oasis
from .captioner_stages import Run, train_photos, train_reward

TEXT_REPEATS = {"flickr8k": 1, "multi30k": 1, "coco": 4}
GENERATION = {"num_beams": 3, "max_new_tokens": LENGTH - 1, "length_penalty": 1.0, "no_repeat_ngram_size": 3}


def stage(model: VisionEncoderDecoderModel, checkpoint: Path, run: Run, train: Any) -> None:
    """Train one stage and keep its averaged weights, or take them up where the stage was done before."""
    if not checkpoint.exists():
        train(run)
        run.average.swap()
        weights = {name: w.detach().half().contiguous() for name, w in trained(model).items()}
        save_file(weights, checkpoint.with_suffix(".part"))
        checkpoint.with_suffix(".part").rename(checkpoint)
    restore(model, load_file(checkpoint))


@torch.no_grad()
def restore(model: VisionEncoderDecoderModel, weights: dict[str, torch.Tensor]) -> None:
    """Put trained weights into the network."""
    for name, weight in trained(model).items():
        weight.copy_(weights[name].float())


def rewarder(sets: Sequence[Photos]) -> Any:
    """The reward of captions: CIDEr-D against the photo's own captions, its end counted as a word."""
    places = [(id(photos), row) for photos in sets for row in photos.rows]
    scorer = CiderD([photos.captions[row] for photos in sets for row in photos.rows], end=True)
    index = {place: i for i, place in enumerate(places)}
    return lambda photos, row, texts: [scorer.score(index[id(photos), row], text) for text in texts]


def export(model: VisionEncoderDecoderModel, tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    """Write what Moodcap ships: the trained weights in half precision, the configuration and the tokenizer."""
    out.mkdir(parents=True, exist_ok=True)
    save_file({name: w.detach().half().contiguous() for name, w in trained(model).items()}, out / "decoder.safetensors")
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


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--cache", type=Path, required=True, help="the folder of cached features")
    parser.add_argument("--minilm", type=Path, required=True, help="the unpacked MiniLM folder")
    parser.add_argument("--work", type=Path, required=True, help="where checkpoints are kept")
    parser.add_argument("--out", type=Path, default=Path("models/embedded/captioner"))
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--steps", type=int, default=1700, help="of the first stage")
    parser.add_argument("--reward-steps", type=int, default=500)
    parser.add_argument("--batch", type=int, default=32, help="photos a step")
    options = parser.parse_args(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    words, class_words = tag_words(class_names(options.data))
    texts = caption_lines(options.data)
    tokenizer = build_tokenizer(options.minilm, [t for rows in texts.values() for t in rows], words)
    model = build(options.minilm, tokenizer, words, class_words, options.layers)
    lines = [t for name, rows in texts.items() for t in rows * TEXT_REPEATS[name] if 4 <= len(t.split()) <= 18]
    captioned = [flickr(options.data, options.cache), coco(options.data, options.cache)]
    others = [named(options.data, options.cache, words, class_words), oasis(options.data, options.cache)]
    simulator = TagSimulator(words, model.encoder.config.tags)
    photos, reward = Run(model, 6e-4, options.steps), Run(model, 6e-5, options.reward_steps, decay=0.98, warm=20)
    stage(
        model,
        options.work / "photos.safetensors",
        photos,
        lambda run: train_photos(run, tokenizer, simulator, [*captioned, *others], lines, batch=options.batch),
    )
    stage(
        model,
        options.work / "reward.safetensors",
        reward,
        lambda run: train_reward(run, tokenizer, captioned, rewarder(captioned), batch=options.batch),
    )
    export(model, tokenizer, options.out)


if __name__ == "__main__":
    main()
