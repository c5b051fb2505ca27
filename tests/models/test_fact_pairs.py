"""Pairs of caption and rewrite as the fact checker's network reads them."""

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from models.fact_pairs import LONGEST, collate, encode_pairs


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """Words and marks of punctuation, each a token; unknown ones are 3."""
    made = Tokenizer(models.WordLevel({"[PAD]": 0, "[CLS]": 1, "[SEP]": 2, "[UNK]": 3}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", 1), ("[SEP]", 2)],
    )
    return made


def test_each_token_knows_its_text_and_whether_its_word_is_in_the_other(tokenizer: Tokenizer) -> None:
    (pair,) = encode_pairs(tokenizer, [("A dog runs home.", "Dogs, running.")])
    assert pair.kinds == [0, 0, 2, 2, 0, 2, 0, 3, 1, 3, 3, 1]
    assert [pair.places[i] for i in pair.of(rewrite=True)] == [(0, 4), (4, 5), (6, 13), (13, 14)]
    assert [pair.places[i] for i in pair.of(rewrite=False)] == [(0, 1), (2, 5), (6, 10), (11, 15), (15, 16)]


def test_pairs_of_one_batch_are_padded_and_long_ones_cut(tokenizer: Tokenizer) -> None:
    pairs = encode_pairs(tokenizer, [("A dog.", "A cat."), ("", "long " * 300)])
    batch = collate(pairs)
    assert batch.ids.shape == (2, LONGEST)
    assert batch.mask.sum(1).tolist() == [9, LONGEST]
    assert batch.literal.sum(1).tolist() == [3, 0]
    assert batch.text[0].tolist() == [False] * 5 + [True] * 3 + [False] * (LONGEST - 8)
