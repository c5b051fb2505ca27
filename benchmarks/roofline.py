"""How near the computer's limits: bytes of a decode step over the memory's bandwidth, operations over the matmul rate.

    python -m benchmarks.roofline [--quick] [--photos FOLDER] [--out REPORT.md]

Bandwidth and rates are measured on the spot, in the same alternating rounds as what is compared with them.
"""

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, NamedTuple

import torch
from torch.utils.flop_counter import FlopCounterMode
from transformers import VisionEncoderDecoderModel
from transformers.modeling_outputs import BaseModelOutput

from chains import build_chain
from chains.rewrite import to_messages
from models import EmotionInput, Models, open_photo
from models.captioner_embedded import to_pixels
from models.decoding import OnnxModel, choose, one_thread
from models.llama_graph import BLOCK
from models.loading import quiet_transformers
from models.onnx_llama import OnnxLlama, Rows
from models.photo_tags import Lifts
from prompts import taught_turns

from .bench import Bench, run
from .report import Goal, Section, Table, number, shown
from .rounds import alternate, say, spread

BATCHES = (1, 4, 8)
LITERAL = "A brown dog runs through the snow."
MEMORY = 256 * 2**20  # bytes that are read or copied; far more than caches hold
SIDE = 2048  # of the matrices that are multiplied
RATES = ("float32", "bfloat16", "8 bits")
STEPS = """
One step of the rewriter for so many candidates, with the drawing of the tokens, after a prompt of {prompt} tokens and
while {steps} more are written. It has to read all weights of the linear layers ({weights} MB, {kind}) and the keys and
values so far ({cached} kB a token and candidate). The bandwidth is the better one of reading {memory} MB (a sum) and
of copying half as much; the roofline is those bytes over that bandwidth, the share how much of the measured time it is.
"""
STAGES = """
Operations (a multiplication and an addition are two) are counted on transformers' plain networks, those of the
rewriter as twice its weights a token. The rate is that of a product of {side} x {side} matrices in the numbers that
the stage uses; the share is the time of the operations at that rate over the measured time. Decoding is bound by
memory, as above; the captioner's decoder runs in small steps as well.
"""
Timed = Mapping[str, Sequence[float]]


class Work(NamedTuple):
    """A stage: what runs, how many operations it has, and the numbers that it uses."""

    run: Callable[[], object]
    operations: float
    kind: str


def measure(bench: Bench) -> Section:
    """The decode step and the stages over their rooflines."""
    quiet_transformers()
    models = build_chain(bench.settings)._models
    writer: Any = models.rewriter
    if not isinstance(writer.model, OnnxModel):
        return Section("Rooflines", "**Not measured:** the rewriter runs by transformers' own `generate` here.")
    network = writer.model.network
    steps = bench.many(24, 8)
    prompt = writer._tokens(to_messages(taught_turns(LITERAL, bench.mood(0), 0.7)))
    systems: dict[str, Callable[[int], object]] = {
        f"step {size}": partial(decode, writer, prompt, size, steps) for size in BATCHES
    }
    systems |= {"read": reader(), "copy": copier(), **{name: multiplier(name) for name in RATES if can(name)}}
    works = stages(models, bench, prompt)
    systems |= {name: partial(_run, work.run) for name, work in works.items()}
    with torch.inference_mode():
        seconds = alternate(systems, bench.many(9, 2), told=say)
    return section(seconds, works, network, len(prompt), steps)


def _run(work: Callable[[], object], _: int) -> None:
    work()


@torch.inference_mode()
def decode(writer: Any, prompt: Sequence[int], size: int, steps: int, _: int = 0) -> float:
    """The median seconds of a decode step for so many rows."""
    settings = {"temperature": writer.temperature, "top_p": writer.top_p}
    network = writer.model.network
    (path,), logits = network.read([prompt])
    rows = Rows(network, [path] * size, steps)
    logits = logits.repeat_interleave(size, 0)
    took = []
    with one_thread():
        for _step in range(steps):
            before = perf_counter()
            tokens, _logprobs = choose(logits, logits, settings)
            logits = rows.step(tokens)
            took.append(perf_counter() - before)
    return float(median(took))


def shapes(network: OnnxLlama) -> list[tuple[int, int]]:
    """The shapes of all linear layers, the output's last."""
    config = network.config
    heads = config.num_attention_heads * network.size
    block = [
        (heads + 2 * config.num_key_value_heads * network.size, config.hidden_size),
        (config.hidden_size, heads),
        (2 * config.intermediate_size, config.hidden_size),
        (config.hidden_size, config.intermediate_size),
    ]
    return [*block * config.num_hidden_layers, (config.vocab_size, config.hidden_size)]


def weight_bytes(network: OnnxLlama) -> int:
    """The bytes of the linear layers' weights, and of the scales of their blocks where they are in 8 bits."""
    blocks = 4 if network.bits == 8 else 0
    return sum(
        rows * (columns * network.bits // 8 + blocks * -(-columns // BLOCK)) for rows, columns in shapes(network)
    )


def cached_bytes(network: OnnxLlama) -> int:
    """The bytes of a token's keys and values."""
    return int(network.room(1, 1).nbytes)


def read_operations(network: OnnxLlama, tokens: int) -> float:
    """The operations of reading a prompt; the output layer is needed for its last token alone."""
    *blocks, (rows, columns) = shapes(network)
    return 2.0 * (tokens * sum(a * b for a, b in blocks) + rows * columns)


def reader() -> Callable[[int], None]:
    """A function that reads memory once."""
    numbers = torch.ones(MEMORY // 4)

    def read(_: int) -> None:
        numbers.sum()

    return read


def copier() -> Callable[[int], None]:
    """A function that reads and writes memory, half of it each."""
    source, target = torch.ones(MEMORY // 8), torch.ones(MEMORY // 8)

    def copy(_: int) -> None:
        target.copy_(source)

    return copy


def can(kind: str) -> bool:
    """Whether the CPU multiplies such numbers fast."""
    if kind == "8 bits":
        return "x86" in torch.backends.quantized.supported_engines and torch.cpu._is_vnni_supported()
    return kind == "float32" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def multiplier(kind: str, side: int = SIDE) -> Callable[[int], None]:
    """A function that multiplies two matrices."""
    one, other = torch.randn(side, side), torch.randn(side, side)
    if kind == "8 bits":
        zero = torch.zeros(side, dtype=torch.long)
        eight = other.clamp(-1, 1).mul(127).to(torch.int8)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of the type's place in torch's future
            weight = torch._make_per_channel_quantized_tensor(eight, torch.ones(side).double(), zero, 0)
        packed = torch.ops.quantized.linear_prepack(weight, None)
        return lambda _: torch.ops.quantized.linear_dynamic(one, packed)
    if kind == "bfloat16":
        one, other = one.bfloat16(), other.bfloat16()

    def multiply(_: int) -> None:
        torch.mm(one, other)

    return multiply


def stages(models: Models, bench: Bench, prompt: Sequence[int]) -> dict[str, Work]:
    """What is compared with the rate of multiplication."""
    captioner: Any = models.captioner
    writer: Any = models.rewriter
    network = writer.model.network
    pixels = to_pixels([open_photo(bench.photos.take(1)[0])])
    plain: Any = VisionEncoderDecoderModel.from_pretrained(bench.settings.home / "models/captioner")
    with torch.no_grad():
        seen = plain.encoder.features(pixels)
        memory, attended = plain.encoder.memory(seen), captioner.network.read(seen)

    def feel() -> object:
        return models.emotion_text.read([EmotionInput(text=LITERAL)])

    def read() -> object:
        network.forget()
        return network.read([prompt])

    def tell() -> object:
        return plain.generate(encoder_outputs=BaseModelOutput(last_hidden_state=memory))

    def look() -> object:
        return plain.encoder.features(pixels)

    kind = kind_of(network)
    return {
        "look at the photo": Work(lambda: captioner.network.look(pixels), operations(look), "float32"),
        "write the literal caption": Work(
            lambda: captioner._tell(attended, "short", [Lifts()]), operations(tell), "float32"
        ),
        "emotion of the literal caption, with evidence": Work(feel, operations(feel), "float32"),
        f"read a prompt of {len(prompt)} tokens": Work(read, read_operations(network, len(prompt)), kind),
    }


def kind_of(network: OnnxLlama) -> str:
    """The numbers of the network's weights, as the rates call them."""
    return "8 bits" if network.bits == 8 else "float32"


def operations(work: Callable[[], object]) -> float:
    """The operations of what some work calls of torch."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops())


def section(seconds: Timed, works: Mapping[str, Work], network: OnnxLlama, prompt: int, steps: int) -> Section:
    """What was found."""
    rate = max(MEMORY / spread(seconds[name]).median for name in ("read", "copy"))
    weights, cached = weight_bytes(network), cached_bytes(network)
    needed = {size: weights + size * cached * (prompt + steps / 2) for size in BATCHES}
    share = {size: needed[size] / rate / spread(seconds[f"step {size}"]).median for size in BATCHES}
    bound = [
        [
            str(size),
            number(needed[size] / 1e6),
            number(1000 * needed[size] / rate),
            shown(spread([1000 * one for one in seconds[f"step {size}"]])),
            f"{share[size]:.0%}",
        ]
        for size in BATCHES
    ]
    speeds = {name: 2 * SIDE**3 / spread(seconds[name]).median for name in RATES if name in seconds}
    done = [_stage_row(name, work, seconds[name], speeds) for name, work in works.items()]
    text = STEPS.format(
        prompt=prompt, steps=steps, weights=number(weights / 1e6), kind=kind_of(network),
        cached=number(cached / 1e3), memory=MEMORY >> 20,
    )  # fmt: skip
    measured = [["memory, GB/s", number(rate / 1e9)]]
    measured += [[f"multiplication in {name}, GFLOP/s", number(speed / 1e9)] for name, speed in speeds.items()]
    return Section(
        "Rooflines",
        f"{text.strip()}\n\n{STAGES.format(side=SIDE).strip()}",
        [
            Table(["limit", "measured here"], measured),
            Table(["candidates", "MB to read", "roofline, ms", "a step, ms", "share"], bound),
            Table(["stage", "GFLOP", "numbers", "least, ms", "measured, ms", "share"], done),
        ],
        goals=[Goal("decode step of 4, share of its roofline", 100 * share[4], 40, most=False, unit=" %")],
    )


def _stage_row(name: str, work: Work, seconds: Sequence[float], speeds: Mapping[str, float]) -> list[str]:
    told = spread([1000 * one for one in seconds])
    least = 1000 * work.operations / speeds[work.kind]
    return [name, number(work.operations / 1e9), work.kind, number(least), shown(told), f"{least / told.median:.0%}"]


def main() -> int:
    """Measure and report."""
    return run("benchmarks.roofline", __doc__ or "", [measure])


if __name__ == "__main__":
    sys.exit(main())
