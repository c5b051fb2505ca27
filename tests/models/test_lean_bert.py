"""The lean BERT says what transformers' own says."""

import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, BertForSequenceClassification

from models import ModelError
from models.lean_bert import LONGEST, LeanBert

from .tiny import tiny_text_classifier

TEXTS = ["A dog sits happily in the snow.", "joy", "", "I am so afraid of the dark street. " * 30]


def test_it_says_what_transformers_says(tmp_path: Path) -> None:
    folder = tiny_text_classifier(tmp_path, ["joy", "fear", "neutral"], several=True)
    lean = LeanBert(folder)
    assert lean.labels == ["joy", "fear", "neutral"]
    plain = BertForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    asked = tokenizer(TEXTS, padding=True, truncation=True, max_length=LONGEST, return_tensors="pt")
    with torch.inference_mode():
        wanted = plain(**asked, output_hidden_states=True)
        read = lean.read(TEXTS)
    assert torch.equal(read.mask, asked["attention_mask"])
    torch.testing.assert_close(read.logits, wanted.logits, atol=1e-5, rtol=1e-4)
    there = read.mask.bool()
    for ours, theirs in zip(read.states, wanted.hidden_states, strict=True):
        torch.testing.assert_close(ours[there], theirs[there], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("file", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_damaged_folder_is_told(file: str, tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    shutil.copytree(tiny_text_classifier(tmp_path / "whole", ["joy", "fear"]), folder)
    (folder / file).write_bytes(b"{ broken")
    with pytest.raises(ModelError, match="moodcap setup"):
        LeanBert(folder)
