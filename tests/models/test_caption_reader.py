"""The reader of the embedded rewriter's texts."""

from pathlib import Path

import pytest
import torch
from transformers import BertModel

from models import Asked, ModelNotFound, Models
from models.caption_reader import CaptionReader, asked
from models.fact_pairs import collate, encode_pairs

from .tiny import tiny_reader

TEXTS = [
    Asked("A dog sits in the snow.", "joy", 0.3, "A dog sits in the snow, as glad as the morning."),
    Asked("A dog.", "sadness", 1.0, "A dog."),
    Asked("A dog sits in the snow.", "joy", 0.6, "The snow has found a friend."),
]


def test_it_is_told_the_mood_and_how_strong_it_is_to_be() -> None:
    told = [asked("A dog.", "joy", intensity) for intensity in (0.3, 0.6, 1.0)]
    assert told == ["a little joy: A dog.", "joy: A dog.", "very joy: A dog."]


def test_its_states_are_those_of_transformers_and_rows_do_not_matter(tmp_path: Path) -> None:
    reader = CaptionReader(tiny_reader(tmp_path))
    found = reader.read(TEXTS)
    assert found.shape == (3, 2)
    assert ((found > 0) & (found < 1)).all()
    assert found[1] == pytest.approx(reader.read(TEXTS[1:2])[0], abs=1e-5)
    assert reader.read([]).shape == (0, 2)
    batch = collate(encode_pairs(reader.model.tokenizer, [(asked(*TEXTS[0][:3]), TEXTS[0].text)]))
    plain = BertModel.from_pretrained(tmp_path, add_pooling_layer=False).eval()
    plain.load_state_dict(
        {n.removeprefix("bert."): w for n, w in reader.model.weights.items() if not n.startswith("verdict")}
    )
    with torch.inference_mode():
        wanted = plain(batch.ids, batch.mask.long(), batch.kinds).last_hidden_state
        states = reader.model.states(batch.ids, batch.kinds, batch.mask)[-1]
    torch.testing.assert_close(states, wanted, atol=1e-5, rtol=1e-4)


def test_without_its_folder_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="moodcap setup"):
        CaptionReader(tmp_path / "none")


def test_the_real_reader_tells_a_caption_from_nonsense(embedded: Models) -> None:
    assert embedded.reader is not None
    literal = "A brown dog runs along a beach."
    good = Asked(literal, "joy", 0.6, "A brown dog runs along a beach, as if the whole sea had come out to play.")
    bad = Asked(literal, "joy", 0.6, "A black cat dog sleeps in kitchen, and the of is a happy to who.")
    (better, doubt), (worse, more) = embedded.reader.read([good, bad])
    assert better > worse
    assert doubt < more
