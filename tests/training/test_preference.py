"""Teaching by readers' marks: candidates, the preference between texts."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from chains import CaptionChain, Settings, all_moods
from chains.facts import check_facts
from prompts import Rewrite, load_moods
from tests.chains.doubles import Writer, some_models
from tests.models.tiny import tiny_llm
from training import candidates, preference
from training.annotations import Annotated
from training.marks import MARKS, read_rows
from training.preference import batch_of, beside, logprobs, marked, preference_loss, read_twins, told_right
from training.rewriter import LAYERS, encode
from training.written import load_written, part_of

from .made_up import make_data

MARKED = [row for file in MARKS for row in read_rows(file)]
ROW: dict[str, Any] = {
    "literal": "A dog runs.",
    "mood": "joy",
    "intensity": 1.0,
    "texts": [["A dog runs, happy dog.", 3], ["Happy runs a dog.", 1], ["A dog runs, sad dog of dog.", 0]],
}
TWINS: dict[str, Any] = ROW | {"texts": [["A dog runs, and the day runs along with it.", 3], ["A cat runs.", 0]]}
TRUE = ("Glad, a brown dog runs through the snow.", "Through the snow runs a brown dog, glad of it.")
peft_asks = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_llm(tmp_path / "llm")


def test_the_marks_are_of_true_texts_in_all_moods_at_all_intensities() -> None:
    assert {row["mood"] for row in MARKED} == {mood for mood in load_moods() if mood != "neutral"}
    assert {row["intensity"] for row in MARKED} == {0.3, 0.6, 1.0}
    assert {mark for row in MARKED for _, mark, *_ in row["texts"]} == {0, 1, 2, 3}
    assert len({(row["literal"], row["mood"]) for row in MARKED}) > 0.99 * len(MARKED)
    best = [max(row["texts"], key=lambda told: told[1]) for row in MARKED]
    untrue = sum(bool(check_facts(row["literal"], text).added) for row, (text, *_) in zip(MARKED, best, strict=True))
    assert untrue < 0.01 * len(MARKED)


@peft_asks
def test_texts_that_share_a_question_are_as_likely_as_each_alone(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    network: Any = get_peft_model(plain, LoraConfig(r=2, target_modules=LAYERS)).eval()
    with torch.no_grad():
        one = marked(ROW, tokenizer)
        both = batch_of([marked(TWINS, tokenizer, False), one], [torch.zeros(2), torch.zeros(3)])
        said, tokens = logprobs(network, one.pack, 3)
        together, _ = logprobs(network, both.pack, 5)
        assert torch.allclose(together[2:], said, atol=1e-3)
        assert both.whose.tolist() == [0, 0, 1, 1, 1]
        for place, (text, _) in enumerate(ROW["texts"]):
            [(asked, answer)] = encode([Rewrite(ROW["literal"], "joy", 1.0, text)], tokenizer)
            begun = len(tokenizer("A dog runs,")["input_ids"]) if text.startswith("A dog runs, ") else 0
            logits = network(torch.tensor([asked + answer])).logits[0].log_softmax(-1)
            alone = [logits[len(asked) - 1 + i, answer[i]] for i in range(begun, len(answer))]
            assert tokens[place] == len(alone)
            assert said[place] == pytest.approx(float(sum(alone)), rel=1e-4)


def test_the_better_text_is_to_gain_more() -> None:
    marks, whose = torch.tensor([3, 1, 1, 2]), torch.tensor([0, 0, 0, 1])
    assert told_right(torch.tensor([2.0, 1.0, 3.0, 9.0]), marks, whose) == (1, 2)
    right, wrong = (preference_loss(torch.tensor([gain, 0.0, 0.0, 0.0]), marks, whose) for gain in (5.0, -5.0))
    assert right < preference_loss(torch.zeros(4), marks, whose) < wrong
    assert preference_loss(torch.ones(2), torch.tensor([2, 2]), torch.tensor([0, 0])) == 0


def test_rewrites_stand_over_their_twins_and_what_is_held_out_is_not_learnt(folder: Path) -> None:
    rows = [row for row in load_written() if row.twin][:60]
    assert beside(rows[0])["texts"] == [[rows[0].rewrite, 3], [rows[0].twin, 0]]
    taught, held = read_twins(rows, AutoTokenizer.from_pretrained(folder))
    assert len(taught) + len(held) == 60
    assert len(held) == sum(part_of(row.key) == "dev" for row in rows) > 0
    assert all(one.best.tolist() == [True, False] for one in taught)


@peft_asks
@pytest.mark.filterwarnings("ignore:Could not find a config file:UserWarning")
def test_training_makes_good_texts_likelier_and_can_be_taken_up(folder: Path, tmp_path: Path) -> None:
    start, out, tokenizer = tmp_path / "start", tmp_path / "out", AutoTokenizer.from_pretrained(folder)
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    get_peft_model(plain, LoraConfig(r=2, target_modules=LAYERS, task_type="CAUSAL_LM")).save_pretrained(start)
    rows = [marked(ROW | {"literal": f"A dog runs {i}."}, tokenizer) for i in range(24)]
    preference.train(folder, (rows, rows[:2]), start, tmp_path / "whole", tmp_path / "work", epochs=4, rate=5e-3)
    for most in (5, None):
        preference.train(
            folder, (rows, rows[:2]), start, out, tmp_path / "halves", epochs=4, rate=5e-3, most_steps=most
        )
    name = "adapter_model.safetensors"
    assert (tmp_path / "whole" / name).read_bytes() == (out / name).read_bytes()
    preference.train(folder, (rows, []), out, tmp_path / "same", tmp_path / "none", rate=3e-3, share=0)
    assert (tmp_path / "same" / name).read_bytes() == (out / name).read_bytes()
    said = []
    for adapter in (start, out):
        taught: Any = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(folder), str(adapter)).eval()
        with torch.no_grad():
            said.append(logprobs(taught, rows[0].pack, 3)[0])
    gained = said[1] - said[0]
    assert gained[0] > 0
    assert gained[0] > gained[1:].max()


def test_candidates_that_passed_are_written_and_a_run_goes_on(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", photos=12), tmp_path / "candidates.jsonl"
    settings = Settings(home=tmp_path)
    untrue = "Glad, a brown dog runs through the snow with a red balloon."
    chain = CaptionChain(some_models(*TRUE, untrue), settings, all_moods(settings))
    files = sorted((data / "flickr8k/images").iterdir())
    photos = [Annotated(f"flickr_{file.name}", file, "train", ("A dog runs through snow.",)) for file in files]
    photos += [replace(photos[0], split="dev"), replace(photos[0], id=load_written()[0].key)]
    asked = list(candidates.requests(photos, ["joy", "contentment"]))
    assert len(asked) == len(files)  # what is measured on and what was learnt is left out
    assert any(request.image for request in asked)
    assert any(request.literal for request in asked)
    candidates.write_candidates(chain, asked[:3], out)
    first = out.read_text("utf-8")
    candidates.write_candidates(chain, asked, out)
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert out.read_text("utf-8").startswith(first)
    assert len(rows) == len(asked)
    assert {row["mood"] for row in rows} == {"joy", "contentment"}
    of_photos = [row["texts"] for row in rows if row["literal"] == "A brown dog runs through the snow."]
    assert of_photos
    assert all(sorted(texts) == sorted(TRUE) for texts in of_photos)


def test_rewrites_stand_above_what_the_writer_draws_for_the_same_question() -> None:
    rows = load_written()[:2]
    writer = Writer(lines=["One thing.", "Another thing.", rows[1].rewrite, "A third."])
    found = list(candidates.beside_own(writer, rows))
    assert [row["texts"] for row in found] == [
        [[rows[0].rewrite, 3], ["One thing.", 1], ["Another thing.", 1]],
        [[rows[1].rewrite, 3], ["A third.", 1]],
    ]
    assert rows[0].literal in writer.asked[0][-1].text
