"""The rewrites' report: who judges, what is reported, and a whole run over doubles."""

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from chains import Settings, build_chain
from evaluation.rewrite import (
    SOURCES,
    Caption,
    Job,
    all_captions,
    all_systems,
    chosen_moods,
    command_of,
    dev_photos,
    evaluate,
    example_figures,
    parse,
    plain,
    prompt_values,
)
from evaluation.rewrite_figures import (
    OURS,
    WROTE,
    Rewrite,
    Row,
    by_system,
    interval,
    rising,
)
from evaluation.rewrite_judge import (
    ACCEPTED,
)
from evaluation.rewrite_report import NEED, Report, plot_maker, render
from prompts import load_moods
from tests.chains.doubles import Writer, some_models

from .test_rewrite_judge import made_up_judge

MOODS = load_moods()
LITERAL = "A brown dog runs through the snow."
GLAD = "A brown dog runs through the snow, glad and happy."


def made_up(system: str, mood: str, intensity: float, score: float, photo: str = "a", text: str = GLAD) -> Row:
    told = Rewrite(SOURCES[0], photo, LITERAL, system, mood, intensity, text, text == LITERAL, 0.5)
    aligned = score > 0.5 if mood in ACCEPTED else None
    return Row(told, "joy", aligned, 1 - score, score, 0.9, ("cat",), (), 1.5, -3.0)


def test_intensity_tells_where_every_step_rises() -> None:
    rows = [made_up(OURS, "awe", at, score) for at, score in ((0.3, 0.1), (0.6, 0.2), (1.0, 0.4))]
    rows += [made_up(OURS, "joy", at, score) for at, score in ((0.3, 0.1), (0.6, 0.3), (1.0, 0.3))]
    assert rising(rows) == {"awe": True, "joy": False}
    assert rising([*rows, made_up(OURS, "awe", 1.0, -0.3)])["awe"] is False
    assert rising([made_up(OURS, "awe", 0.6, 1.0)]) == {}


def test_fallbacks_are_set_apart_from_what_was_rewritten() -> None:
    rows = [made_up(OURS, "awe", 0.6, 0.9), made_up(OURS, "awe", 0.6, 0.1, text=LITERAL)]
    found = by_system([*rows, made_up("template", "awe", 0.6, 0.4)], SOURCES[0])
    assert {name: len(those) for name, those in found.items()} == {OURS: 2, WROTE: 1, "template": 1}
    assert list(by_system(rows[1:], SOURCES[0])) == [OURS]
    assert interval(rows, lambda row: row.aligned).mean == 0.5


def made_up_rows() -> list[Row]:
    systems = ((OURS, 0.4), ("literal caption", 0.0))
    return [
        made_up(system, mood, at, at * gain, photo)
        for system, gain in systems
        for mood in ("awe", "pride")
        for at in (0.3, 1.0)
        for photo in ("a", "b")
    ]


def made_up_report(rows: list[Row]) -> Report:
    return Report("python -m evaluation.rewrite", rows, 0.701, (0.5, float("nan")), -3.25, {"rewriter": "embedded"})


def test_the_highest_intensity_has_a_column_of_its_own() -> None:
    text = render(made_up_report([made_up(OURS, "awe", at, at) for at in (0.3, 1.0)]))
    assert f"| {OURS} | 0.50 [0.50, 0.50] | 1.00 [1.00, 1.00] |" in text


def test_a_report_holds_every_table() -> None:
    text = render(made_up_report(made_up_rows()), ["x-moods.svg"])
    assert "- photos: 2, moods: 2, intensities: 2, systems: 2, texts: 16" in text
    assert "0.701 of its test sentences right" in text
    assert "aligned 0.50, distance unknown" in text
    assert "people: -3.25" in text
    none = "0.00 [0.00, 0.00]"
    assert f"| {OURS} | {none} | {none} | 0.74 [0.74, 0.74] | 0.90 [0.90, 0.90] | 1.00 [1.00, 1.00]" in text
    assert "| pride | distance | 1.00 [1.00, 1.00] | 0.88 [0.88, 0.88] | 0.60 [0.60, 0.60] | yes |" in text
    assert "every step of intensity: 2 of 2 moods" in text
    assert "![x-moods](x-moods.svg)" in text
    assert text.count(f"| {LITERAL} | {GLAD} |") == 8
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert all(a.count("|") == b.count("|") for a, b in pairwise(lines) if b.startswith("| ---"))


def test_samples_cannot_break_their_table() -> None:
    row = made_up(OURS, "awe", 0.3, 0.1, text="One |\ntwo.")
    assert "| One / two. |" in render(made_up_report([row]))


def test_plots_are_files_beside_the_report(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    names = plot_maker()(made_up_rows(), tmp_path / "report.md")
    assert names == ["report-moods.svg", "report-intensity.svg"]
    first = [(tmp_path / name).read_bytes() for name in names]
    assert b"Alignment per mood" in first[0] or b"<svg" in first[0]
    assert plot_maker()(made_up_rows(), tmp_path / "report.md") == names
    assert [(tmp_path / name).read_bytes() for name in names] == first


def test_without_matplotlib_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(SystemExit, match="pip install") as told:
        plot_maker()
    assert str(told.value) == NEED


def data_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "flickr8k"
    folder.mkdir()
    rows = [
        {"file": f"{i}.jpg", "split": "train" if i == 0 else "dev", "captions": [f"a dog number {i} , runs ."]}
        for i in range(9)
    ]
    (folder / "captions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return tmp_path


def test_photos_are_taken_evenly_and_captions_are_sentences(tmp_path: Path) -> None:
    data = data_folder(tmp_path)
    assert [row["file"] for row in dev_photos(data, 4)] == ["1.jpg", "3.jpg", "5.jpg", "7.jpg"]
    assert len(dev_photos(data, None)) == len(dev_photos(data, 100)) == 8
    captions = all_captions(dev_photos(data, 2), data, lambda paths: [path.name for path in paths])
    assert captions[0] == Caption(SOURCES[0], "1.jpg", "A dog number 1, runs.")
    assert captions[3] == Caption(SOURCES[1], "5.jpg", "5.jpg")
    assert plain("two men 's hats .") == "Two men's hats."


def test_moods_are_chosen_by_name_and_neutral_is_none_of_them() -> None:
    assert [mood.name for mood in chosen_moods("awe,joyful", MOODS)] == ["awe", "joy"]
    assert len(chosen_moods(None, MOODS)) == len(MOODS) - 1
    assert "neutral" not in {mood.name for mood in chosen_moods(None, MOODS)}


def test_the_command_names_no_folder_of_this_machine(tmp_path: Path) -> None:
    given = ["--data", str(tmp_path), "--sample", "3", "--moods", "awe", "--out", str(tmp_path / "r.md")]
    wanted = "python -m evaluation.rewrite --data DATA --sample 3 --moods awe --seed 0 --out r.md"
    assert command_of(parse(given)) == wanted
    assert "--intensities 0.6 1.0" in command_of(parse([*given, "--intensities", "0.6", "1.0"]))


def test_the_straight_prompt_says_how_strongly() -> None:
    job = Job(Caption(SOURCES[0], "a", LITERAL), MOODS["awe"], 0.3)
    assert prompt_values(job) == {"degree": "faintly", "mood": "awe", "literal": LITERAL}
    assert prompt_values(job._replace(intensity=1.0))["degree"] == "fully"


class Listener(Writer):
    """A writer that remembers the temperatures it was asked to write at."""

    heard: list[Any] = []  # noqa: RUF012

    def _generate(self, *args: Any, **kwargs: Any) -> Any:
        self.heard.append(kwargs.get("temperature"))
        return super()._generate(*args, **kwargs)


def test_the_raw_model_is_asked_greedily_once_and_by_a_straight_prompt_once() -> None:
    raw = Listener(lines=[" One. "])
    systems = all_systems(build_chain(Settings(), some_models(GLAD)), raw)
    job = Job(Caption(SOURCES[0], "a", LITERAL), MOODS["awe"], 0.3)
    assert systems["raw model, greedy"]([job]) == [("One.", False)]
    assert systems["LangChain prompt, sampled"]([job]) == [("One.", False)]
    assert raw.heard == [0.0, None]
    assert [len(chat) for chat in raw.asked] == [2 + 2 * len(MOODS["awe"].examples), 1]


def test_a_whole_run_over_doubles() -> None:
    models = some_models(GLAD)
    chain = build_chain(Settings(candidates=2), models)
    raw: Any = some_models("Two cats.").rewriter
    captions = [Caption(SOURCES[0], "a", LITERAL), Caption(SOURCES[1], "a", "A man sits.")]
    moods, heard = chosen_moods("contentment,fear,joy", MOODS), list[str]()
    systems = all_systems(chain, raw)
    fluency = [lambda texts: [float(-len(text)) for text in texts]][0]
    rows = evaluate(captions, moods, (0.3, 1.0), systems, made_up_judge(), fluency, heard.append)
    assert len(rows) == 2 * 3 * 2 * len(systems)
    told = {(row.rewrite.system, row.rewrite.literal, row.rewrite.mood): row for row in rows}
    good, bad = told[OURS, LITERAL, "contentment"], told[OURS, "A man sits.", "fear"]
    assert (good.rewrite.text, good.rewrite.fallback, good.aligned, good.label) == (GLAD, False, True, "joy")
    assert (good.kept, good.added, good.fluency) == (1.0, (), -len(GLAD))
    assert (bad.rewrite.text, bad.rewrite.fallback, bad.aligned) == ("A man sits.", True, False)
    assert told["template", LITERAL, "joy"].rewrite.text == f"{LITERAL} The scene evokes a sense of joy."
    greedy = told["raw model, greedy", LITERAL, "fear"]
    assert (greedy.rewrite.text, set(greedy.added), greedy.kept) == ("Two cats.", {"two", "cat"}, 0.0)
    assert heard[0] == f"{OURS}: 8 of 12"
    text = render(made_up_report(rows))
    assert all(f"## On {source}" in text for source in SOURCES)
    assert text.count("| contentment | aligned |") == len(SOURCES)
    assert "12 samples" in text
    assert example_figures(moods, made_up_judge())[1] > 0
