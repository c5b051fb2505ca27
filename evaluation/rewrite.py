"""What the chain makes of photos and of given captions, and figures of it that saying the mood's name does not win.

    python -m evaluation.rewrite write --data ../shared/data --out now.jsonl [--photos 100] [--given 200] [--each 5]
    python -m evaluation.rewrite figures now=now.jsonl before=before.jsonl [--out REPORT.md]

    photos, captions ─► jobs ─► texts ─► figures, a column a build

End to end are 100 photos that no model of ours was trained on: half of them annotated, half of flickr8k's dev photos.
Given are literal captions of the development part of `data/rewrites`, one a photo, which are right by construction.
Each is written in several moods at several intensities, drawn by chance, the same for every build; with `--hard` sixty
captions of grief, wounds, poverty, bodies, faith and children come to them, in all moods. `--prompt` lets a
plain LangChain prompt write in place of the chain. How texts read, readers say: `python -m evaluation.sheets`.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from langchain_core.language_models import BaseChatModel
from langchain_core.prompts import ChatPromptTemplate

from chains import CaptionChain, CaptionRequest, Settings, build_chain
from chains.caption import model_context
from models import EMOTIONS, EmotionReading, LiteralCaption, load_models
from models.emotion_labels import make_reading
from prompts import STEPS, load_moods, step_of
from training.annotations import Annotated, measured, read_annotated
from training.written import load_written, split

from .rewrite_figures import Text, report

INTENSITIES = (0.3, 0.6, 1.0)
BATCH = 8
HARD = Path(__file__).with_name("hard_literals.txt")
PHOTOS, GIVEN = "photos", "given"
PROMPT = "Rewrite this photo caption so that it {degree} evokes {mood}. Answer with the caption alone.\n{literal}"


class Job(NamedTuple):
    """A photo to be captioned, or a literal caption to be rewritten, in a mood; `truth` says what is in the photo."""

    source: str
    key: str
    truth: str
    photo: Path | None
    mood: str
    intensity: float


Writer = Callable[[Sequence[Job]], list[Text]]


def plain(caption: str) -> str:
    """A reference caption as a sentence: a capital first, a full stop last, no blanks before punctuation."""
    words = " ".join(caption.split())
    for mark in ".,;:!?'":
        words = words.replace(f" {mark}", mark)
    text = words.strip(" .")
    return f"{text[:1].upper()}{text[1:]}."


def neutral_reading() -> EmotionReading:
    """A reading that says nothing: the mood is asked for."""
    return make_reading(np.array([float(emotion == "neutral") for emotion in EMOTIONS]))


def photo_jobs(photos: Sequence[Annotated], count: int, each: int) -> list[Job]:
    """Jobs for so many photos that were kept aside, half annotated, half of flickr8k, `each` in several moods."""
    kept = [
        sorted((photo for photo in photos if photo.split == name and photo.kind == "photo"), key=lambda one: one.id)
        for name in ("dev", "flickr8k")
    ]
    some = [own[i * len(own) // (count // 2)] for own in kept for i in range(min(count // 2, len(own)))]
    return [
        Job(PHOTOS, photo.id, _truth(photo), photo.file, *wish) for photo in some for wish in wishes(photo.id, each)
    ]


def _truth(photo: Annotated) -> str:
    return plain(max((*photo.long, *photo.web), key=len))


def given_jobs(count: int, each: int) -> list[Job]:
    """Jobs for so many literal captions of the development part, one a photo."""
    literals = {row.key: row.literal for row in split(load_written())["dev"]}
    some = random.Random(0).sample(sorted(literals), min(count, len(literals)))
    return [Job(GIVEN, key, literals[key], None, *wish) for key in some for wish in wishes(key, each)]


def hard_jobs() -> list[Job]:
    """Jobs for sixty literal captions of grief, wounds, poverty, bodies, faith and children, each in all moods."""
    literals = HARD.read_text("utf-8").splitlines()
    moods = [name for name in load_moods() if name != "neutral"]
    return [Job("hard", literal, literal, None, mood, 1.0) for literal in literals for mood in moods]


def wishes(key: str, count: int) -> list[tuple[str, float]]:
    """Moods and intensities for a photo, by chance and the same every time; no mood twice."""
    chance = random.Random(key)
    moods = chance.sample([name for name in load_moods() if name != "neutral"], count)
    return [(mood, chance.choice(INTENSITIES)) for mood in moods]


def chain_writer(chain: CaptionChain) -> Writer:
    """Texts by the chain; a given caption needs no photo."""

    def write(jobs: Sequence[Job]) -> list[Text]:
        before = time.perf_counter()
        records = chain.batch([request_of(job) for job in jobs])
        seconds = (time.perf_counter() - before) / len(jobs)
        return [
            _text(job, record.literal, record.text, record.fallback or record.unsure, seconds)
            for job, record in zip(jobs, records, strict=True)
        ]

    return write


def request_of(job: Job) -> CaptionRequest:
    """What the chain is asked."""
    if job.photo is not None:
        return CaptionRequest(image=job.photo, mood=job.mood, intensity=job.intensity)
    literal = LiteralCaption(text=job.truth, confidence=1.0)
    return CaptionRequest(literal=literal, emotion=neutral_reading(), mood=job.mood, intensity=job.intensity)


def prompt_writer(chain: CaptionChain, model: BaseChatModel) -> Writer:
    """Texts by a plain prompt, of the literal captions that the chain finds or is given."""
    prompt = ChatPromptTemplate.from_messages([("human", PROMPT)]) | model

    def write(jobs: Sequence[Job]) -> list[Text]:
        asked = [request_of(job).model_copy(update={"mood": "neutral"}) for job in jobs]
        literals = [record.literal for record in chain.batch(list(asked))]
        before = time.perf_counter()
        values = [
            {"degree": STEPS[step_of(job.intensity)], "mood": job.mood, "literal": literal}
            for job, literal in zip(jobs, literals, strict=True)
        ]
        answers = prompt.batch(list(values))
        seconds = (time.perf_counter() - before) / len(jobs)
        told = zip(jobs, literals, answers, strict=True)
        return [_text(job, literal, answer.text.strip(), False, seconds) for job, literal, answer in told]

    return write


def _text(job: Job, literal: str, text: str, fallback: bool, seconds: float) -> Text:
    return Text(job.source, job.key, job.truth, literal, job.mood, job.intensity, text, fallback, round(seconds, 4))


def write_all(write: Writer, jobs: Sequence[Job], told: Callable[[str], None]) -> Iterator[Text]:
    """The texts of all jobs, in batches; `told` hears how far it is."""
    for start in range(0, len(jobs), BATCH):
        yield from write(jobs[start : start + BATCH])
        told(f"{min(start + BATCH, len(jobs))} of {len(jobs)}")


def read_texts(file: Path) -> list[Text]:
    """The texts of a file that `write` made."""
    return [Text(**json.loads(line)) for line in file.read_text("utf-8").splitlines()]


def keep_texts(texts: Iterator[Text], file: Path) -> None:
    """Write texts as JSON lines, each as it comes."""
    with file.open("w", encoding="utf-8") as out:
        for text in texts:
            out.write(f"{json.dumps(text._asdict(), ensure_ascii=False)}\n")
            out.flush()


def builds(named: Sequence[str]) -> dict[str, list[Text]]:
    """The texts of each build, from arguments such as `now=now.jsonl`."""
    pairs = [one.partition("=") for one in named]
    return {name: read_texts(Path(file)) for name, _, file in pairs}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    write = commands.add_parser("write", help="write texts by the settings' models")
    write.add_argument("--data", type=Path, required=True)
    write.add_argument("--out", type=Path, required=True)
    write.add_argument("--photos", type=int, default=100)
    write.add_argument("--given", type=int, default=200)
    write.add_argument("--each", type=int, default=5, help="moods for each photo or caption")
    write.add_argument("--hard", action="store_true", help="the hard captions in all moods too")
    write.add_argument("--seed", type=int, default=0)
    write.add_argument("--prompt", action="store_true", help="a plain prompt in place of the chain")
    figures = commands.add_parser("figures", help="print the figures of texts, a column a build")
    figures.add_argument("builds", nargs="+", help="name=FILE")
    figures.add_argument("--out", type=Path, help="write them there")
    options = parser.parse_args(arguments)
    if options.command == "figures":
        told = report(builds(options.builds))
        print(told)
        if options.out:
            options.out.write_text(told, "utf-8")
        return
    settings = Settings.from_environment(seed=options.seed)
    models = load_models(settings.chosen_preset(), model_context(settings))
    chain = build_chain(settings, models)
    writer = prompt_writer(chain, models.rewriter) if options.prompt else chain_writer(chain)
    jobs = photo_jobs(measured(read_annotated(options.data)), options.photos, options.each) if options.photos else []
    jobs += given_jobs(options.given, options.each) if options.given else []
    jobs += hard_jobs() if options.hard else []
    keep_texts(write_all(writer, jobs, _say), options.out)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
