"""Figures of the rewrites: mood, kept content, variety, fluency and cost, beside those of simpler systems.

    python -m evaluation.rewrite --data ../shared/data --sample 20 --out REPORT.md [--foundations FOLDER]

    photos ─► captions ─► jobs ─► rewrites ─► rows ─► report

The captions are those of flickr8k's dev photos, people's and our captioner's own, reported apart. Each is a job in
every mood at every intensity; each system writes a text for each job; each text is judged (`rewrite_judge.py`) and
compared with its literal caption. All 1,000 photos would take days on two cores: `--sample` takes photos evenly
from the whole. `--out` also writes the plots and, as JSON lines, the rows that the figures were made from.
"""

import argparse
import json
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate

from chains import CaptionChain, CaptionRequest, Settings, build_chain
from chains.caption import model_context
from chains.checks_content import compare_content
from chains.checks_contradictions import contradictions
from models import EMOTIONS, EmotionReading, LiteralCaption, load_models
from models.emotion_labels import make_reading
from prompts import STEPS, Mood, find_mood, rewrite_turns, step_of

from .captioner import Describe, describer
from .rewrite_figures import OURS, Rewrite, Row, length_ratio
from .rewrite_judge import (
    LABELS,
    Fluency,
    Judge,
    both_voices,
    fluency_of,
    foundations,
    raw_writer,
    train_judge,
    verdict,
)
from .rewrite_report import Report, plot_maker, render

INTENSITIES = (0.3, 0.6, 1.0)
BATCH = 8
SOURCES = ("reference captions", "the captioner's captions")
TEMPLATE = "{literal} The scene evokes a sense of {mood}."
PROMPT = "Rewrite this photo caption so that it {degree} evokes {mood}. Answer with the caption alone.\n{literal}"
MESSAGES = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}


class Caption(NamedTuple):
    """A literal caption, where it comes from, and the photo that it describes."""

    source: str
    photo: str
    literal: str


class Job(NamedTuple):
    """A caption to be written in a mood."""

    caption: Caption
    mood: Mood
    intensity: float


Written = tuple[str, bool]
"""A text, and whether it is a fallback to the literal caption."""
System = Callable[[Sequence[Job]], list[Written]]


def dev_photos(data: Path, sample: int | None) -> list[dict[str, Any]]:
    """The rows of flickr8k's dev photos, or so many of them, taken evenly."""
    rows = [json.loads(line) for line in (data / "flickr8k/captions.jsonl").read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["split"] == "dev"]
    return [rows[i * len(rows) // sample] for i in range(min(sample, len(rows)))] if sample else rows


def plain(caption: str) -> str:
    """A reference caption as a sentence: a capital first, a full stop last, no blanks before punctuation."""
    text = re.sub(r"\s+([.,;:!?'])", r"\1", " ".join(caption.split())).strip(" .")
    return f"{text[:1].upper()}{text[1:]}."


def all_captions(rows: Sequence[Mapping[str, Any]], data: Path, describe: Describe) -> list[Caption]:
    """For each photo its first reference caption and the captioner's own."""
    told = describe([data / "flickr8k/images" / row["file"] for row in rows])
    references = [Caption(SOURCES[0], row["file"], plain(row["captions"][0])) for row in rows]
    return references + [Caption(SOURCES[1], row["file"], text) for row, text in zip(rows, told, strict=True)]


def all_systems(chain: CaptionChain, raw: BaseChatModel) -> dict[str, System]:
    """What is compared, by name: the chain, the raw model in two ways, and two systems that need no model."""
    prompt = ChatPromptTemplate.from_messages([("human", PROMPT)]) | raw
    return {
        OURS: lambda jobs: ask_chain(chain, jobs),
        "literal caption": lambda jobs: [(job.caption.literal, False) for job in jobs],
        "template": lambda jobs: [
            (TEMPLATE.format(literal=job.caption.literal, mood=job.mood.name), False) for job in jobs
        ],
        "raw model, greedy": lambda jobs: ask_greedily(raw, jobs),
        "LangChain prompt, sampled": lambda jobs: [
            (answer.text.strip(), False) for answer in prompt.batch([prompt_values(job) for job in jobs])
        ],
    }


def ask_chain(chain: CaptionChain, jobs: Sequence[Job]) -> list[Written]:
    """The chain's mood captions; it is given the literal captions and needs no photo."""
    requests = [
        CaptionRequest(
            literal=LiteralCaption(text=job.caption.literal, confidence=1.0),
            emotion=neutral_reading(),
            mood=job.mood.name,
            intensity=job.intensity,
        )
        for job in jobs
    ]
    return [(record.text, record.fallback) for record in chain.batch(requests)]


def neutral_reading() -> EmotionReading:
    """A reading that says nothing: the mood is asked for."""
    return make_reading(np.array([float(emotion == "neutral") for emotion in EMOTIONS]))


def ask_greedily(raw: BaseChatModel, jobs: Sequence[Job]) -> list[Written]:
    """The raw model's likeliest answer to the project's own prompt, as it comes."""
    turns = [rewrite_turns(job.caption.literal, job.mood, job.intensity) for job in jobs]
    chats: list[Any] = [[MESSAGES[turn.role](content=turn.text) for turn in chat] for chat in turns]
    return [(answer.text.strip(), False) for answer in raw.batch(chats, temperature=0.0)]


def prompt_values(job: Job) -> dict[str, str]:
    """What the straight prompt is filled in with."""
    degree = STEPS[step_of(job.intensity)]
    return {"degree": degree, "mood": job.mood.name, "literal": job.caption.literal}


def write_all(systems: Mapping[str, System], jobs: Sequence[Job], told: Callable[[str], None]) -> Iterator[Rewrite]:
    """Every system's text for every job, in batches; `told` hears how far it is."""
    for name, system in systems.items():
        for start in range(0, len(jobs), BATCH):
            some = jobs[start : start + BATCH]
            before = time.perf_counter()
            written = system(some)
            seconds = (time.perf_counter() - before) / len(some)
            for job, (text, fallback) in zip(some, written, strict=True):
                yield Rewrite(*job.caption, name, job.mood.name, job.intensity, text, fallback, seconds)
            told(f"{name}: {min(start + BATCH, len(jobs))} of {len(jobs)}")


def measure(
    rewrites: Sequence[Rewrite], moods: Mapping[str, Mood], judge: Judge, fluency: Fluency, batch: int = 512
) -> list[Row]:
    """The rows of all rewrites; a text that came several times is judged once."""
    texts = list(dict.fromkeys(one.text for one in rewrites))
    shares = np.concatenate([judge.shares(texts[s : s + batch]) for s in range(0, len(texts), batch)])
    heard = dict(zip(texts, shares, strict=True))
    fluent = dict(zip(texts, fluency(texts), strict=True))
    return [_row(one, moods[one.mood], heard[one.text], judge, fluent[one.text]) for one in rewrites]


def _row(one: Rewrite, mood: Mood, shares: Any, judge: Judge, fluency: float) -> Row:
    content = compare_content(one.literal, one.text)
    aligned, distance, score = verdict(shares, mood, judge.places)
    return Row(
        rewrite=one,
        label=LABELS[int(shares.argmax())],
        aligned=aligned,
        distance=distance,
        score=score,
        kept=content.kept_share,
        added=content.added,
        against=contradictions(one.literal, one.text),
        length=length_ratio(one.literal, one.text),
        fluency=fluency,
    )


def example_figures(moods: Sequence[Mood], judge: Judge) -> tuple[float, float]:
    """How the judge hears the hand-written examples: aligned share of the emotions, mean distance of further moods."""
    pairs = [(mood, example.rewrite) for mood in moods for example in mood.examples]
    shares = judge.shares([text for _, text in pairs])
    told = [verdict(row, mood, judge.places) for row, (mood, _) in zip(shares, pairs, strict=True)]
    aligned = [one for one, _, _ in told if one is not None]
    further = [distance for one, distance, _ in told if one is None]
    return _mean(aligned), _mean(further)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def evaluate(
    captions: Sequence[Caption],
    moods: Sequence[Mood],
    intensities: Sequence[float],
    systems: Mapping[str, System],
    judge: Judge,
    fluency: Fluency,
    told: Callable[[str], None] = lambda line: None,
) -> list[Row]:
    """The rows of all captions in all moods at all intensities by all systems."""
    jobs = [Job(*one) for one in product(captions, moods, intensities)]
    return measure(list(write_all(systems, jobs, told)), {mood.name: mood for mood in moods}, judge, fluency)


def chosen_moods(names: str | None, known: Mapping[str, Mood]) -> list[Mood]:
    """The moods of those names, or all but neutral."""
    if names is None:
        return [mood for mood in known.values() if mood.name != "neutral"]
    return [find_mood(name, known) for name in names.split(",")]


def command_of(options: argparse.Namespace) -> str:
    """The command that makes this report again, without this machine's folders."""
    words = ["python", "-m", "evaluation.rewrite", "--data", "DATA"]
    for name in ("sample", "moods", "seed"):
        words += [f"--{name}", str(getattr(options, name))] if getattr(options, name) is not None else []
    if tuple(options.intensities) != INTENSITIES:
        words += ["--intensities", *map(str, options.intensities)]
    return shlex.join([*words, "--out", options.out.name] if options.out else words)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sample", type=int, help="so many photos, for a quick look; without it all 1,000")
    parser.add_argument("--moods", help="names with commas between; without it all but neutral")
    parser.add_argument("--intensities", type=float, nargs="+", default=INTENSITIES)
    parser.add_argument("--foundations", type=Path, help="where the plain weights lie, or are fetched to")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="the report; without it the report is printed, without plots")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    draw = plot_maker() if options.out else None  # what is missing is told before hours of work
    settings = Settings.from_environment(seed=options.seed)
    context = model_context(settings)
    models = load_models(settings.chosen_preset(), context)
    chain = build_chain(settings, models)
    moods = chosen_moods(options.moods, chain.moods)
    photos = dev_photos(options.data, options.sample)
    captions = all_captions(photos, options.data, describer(models.captioner))
    with foundations(options.foundations) as weights:
        judge = train_judge(both_voices(weights["minilm"], options.foundations), options.data)
        raw, network = raw_writer(weights["smollm2"], context)
        fluency = fluency_of(network, raw.tokenizer)
        rows = evaluate(captions, moods, options.intensities, all_systems(chain, raw), judge, fluency, _say)
    report = Report(
        command=command_of(options),
        rows=rows,
        judge_accuracy=judge.accuracy,
        examples=example_figures(moods, judge),
        human_fluency=float(np.mean(fluency([plain(text) for row in photos for text in row["captions"]]))),
        models=dict(settings.chosen_preset().model_dump(exclude={"about"}), candidates=str(settings.candidates)),
    )
    if options.out is None or draw is None:
        print(render(report))
        return
    plots = draw(rows, options.out)
    options.out.write_text(render(report, plots), "utf-8")
    lines = [
        json.dumps(row.rewrite._asdict() | {k: v for k, v in row._asdict().items() if k != "rewrite"}) for row in rows
    ]
    options.out.with_suffix(".jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
