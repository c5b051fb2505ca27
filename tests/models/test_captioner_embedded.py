"""The embedded captioner: its network, its tags, and when it names a thing."""

from pathlib import Path

import pytest
import torch
from transformers import AutoImageProcessor, Dinov2Config

from models import Models, open_photo
from models.caption_choice import Choice, choose, doubt, places, signals, twice, weights
from models.caption_truth import is_asked, read_vocabulary
from models.captioner_embedded import sentence, to_pixels
from models.captioner_network import PhotoEncoder, PhotoEncoderConfig
from models.efficientnet import EfficientNetLite, SameConv, convert_lite_weights
from models.photo_features import PhotoFeatures
from models.photo_tags import tag_words, word_kinds
from tests.photos import draw_photo

from .tiny import tiny_tokenizer


def test_tag_words_are_what_people_say() -> None:
    names = [f"class {i}" for i in range(1000)]
    words, classes = tag_words(names)
    assert len(classes) == 1000
    assert words[classes[1]] == "goldfish"
    assert words[classes[207]] == words[classes[151]] == "dog"
    assert words[classes[281]] == "cat"
    assert word_kinds()["goldfish"] == "animal"
    assert set(word_kinds()) <= set(words)


def test_sentences_have_the_right_articles_and_marks() -> None:
    assert sentence("a elephant and an dog ' s well - lit hat , red ,") == "An elephant and a dog's well-lit hat, red."
    things = ["apple", "cup", "unicycle", "umbrella", "hourglass", "one-way street"]
    told = [sentence(f"a {thing} stands here").split(" ")[0] for thing in things]
    assert told == ["An", "A", "A", "An", "An", "A"]
    assert sentence("red strawberrys and two toys") == "Red strawberries and two toys."
    assert sentence("") == "Unclear shapes."


def test_the_doubt_rises_with_what_may_be_untrue() -> None:
    sure, unsure = Choice("a dog runs", -0.8, -0.1, -0.05), Choice("a dog drives", -0.8, -3.0, -2.5)
    assert 0 < doubt(sure, 0.9) < doubt(unsure, 0.9) < 1
    assert set(signals(sure, 0.9)) == set(weights()) - {"bias"}


def test_small_words_and_marks_are_not_asked_whether_they_are_true() -> None:
    tokenizer = tiny_tokenizer()
    found = read_vocabulary(tokenizer, {"dog": 0})
    tokens = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    assert is_asked("dog")
    assert is_asked("##ing")
    assert not any(map(is_asked, ("a", "of", ",", "[SHORT]", "3")))
    assert found.asked.tolist() == [is_asked(token) for token in tokens]
    assert set(found.concepts) <= {-1, 0}


def test_a_caption_that_says_a_thing_twice_is_taken_only_where_all_do() -> None:
    said = [
        "a green and green lamp",
        "a dog with a small dog",
        "a large oranges orange",
        "two women smile and smile",
        "bottles, bottles and bottles",
    ]
    assert all(map(twice, said))
    assert not any(map(twice, ["a black and white dog", "a man and a woman", "a stone and a stony wall", "a dog"]))
    doubled, other = Choice(said[0], -0.1, 0, 0), Choice("a lamp", -2, 0, 0)
    assert choose([doubled, other]) == other
    assert choose([doubled]) == doubled


def test_words_are_found_in_their_forms() -> None:
    place = {"dog": 0, "puppy": 1, "bus": 2, "run": 3, "ride": 4, "stop": 5}
    assert places("two dogs and puppies run as buses stopped while riding, running", place) == [0, 1, 3, 2, 5, 4]


def test_likely_tags_add_up_classes_of_one_word() -> None:
    config = PhotoEncoderConfig(
        dino={"hidden_size": 12, "num_attention_heads": 2, "num_hidden_layers": 1, "patch_size": 14, "image_size": 28},
        layers=(0, 0, 1), stages=((1, 3, 2, 1, 8),), head=16, hidden_size=12,
        words=("cat", "dog"), class_words=(0, 1, 1), tags=2,
    )  # fmt: skip
    encoder = PhotoEncoder(config).eval()
    probabilities, words = encoder.likely_tags(torch.log(torch.tensor([[0.4, 0.3, 0.3]])))
    assert words.tolist() == [[1, 0]]
    assert torch.allclose(probabilities, torch.tensor([[0.6, 0.4]]))
    assert encoder(torch.zeros(2, 3, 260, 260)).last_hidden_state.shape == (2, 91 + 2, 12)


def test_features_have_the_shapes_that_they_promise() -> None:
    dino = Dinov2Config(hidden_size=12, num_attention_heads=2, num_hidden_layers=3, patch_size=14, image_size=224)
    network = PhotoFeatures(dino, layers=(1, 2, 3), stages=((1, 3, 2, 1, 8),), head=16, classes=7).eval()
    seen = network(torch.rand(2, 3, 260, 260) * 255)
    assert [tuple(part.shape) for part in seen] == [(2, 65, 36), (2, 26, 16), (2, 7)]


def test_same_padding_is_tensorflows() -> None:
    conv = SameConv(1, 1, 3, stride=2, bias=False)
    torch.nn.init.ones_(conv.weight)
    found = conv(torch.ones(1, 1, 4, 4))[0, 0]
    assert found.tolist() == [[9, 6], [6, 4]]  # padded by nothing before and by one after


def test_folded_batch_norm_gives_what_batch_norm_gave() -> None:
    torch.manual_seed(0)
    lite = EfficientNetLite(stages=((1, 3, 1, 1, 8),), stem=4, head=6, classes=3).eval()
    convs = {
        "_conv_stem": SameConv(3, 4, 3, 2, bias=False),
        "_blocks.0._depthwise_conv": SameConv(4, 4, 3, groups=4, bias=False),
        "_blocks.0._project_conv": SameConv(4, 8, 1, bias=False),
        "_conv_head": SameConv(8, 6, 1, bias=False),
    }
    norms = {"_bn0": 4, "_blocks.0._bn1": 4, "_blocks.0._bn2": 8, "_bn1": 6}
    layers = {name: torch.nn.BatchNorm2d(width, eps=1e-3).eval() for name, width in norms.items()}
    for layer in layers.values():
        layer.load_state_dict(layer.state_dict() | {"running_mean": torch.rand(layer.num_features)})
    state = {
        f"{name}.{key}": value for name, part in (convs | layers).items() for key, value in part.state_dict().items()
    }
    state |= {"_fc.weight": torch.rand(3, 6), "_fc.bias": torch.rand(3)}
    lite.load_state_dict(convert_lite_weights(state))
    photo = torch.rand(1, 3, 16, 16)
    hidden = photo
    for (conv, norm), bounded in zip(zip(convs.values(), layers.values(), strict=True), (1, 1, 0, 1), strict=True):
        hidden = norm(conv(hidden))
        hidden = torch.nn.functional.relu6(hidden) if bounded else hidden
    assert torch.allclose(lite(photo)[0], hidden, atol=1e-5)


def test_the_real_captioner_knows_a_meadow_from_nothing(embedded: Models) -> None:
    first, second = embedded.captioner.caption(
        [open_photo(draw_photo(3, (320, 200))), open_photo(draw_photo(3, (320, 200)))]
    )
    assert (first.text, first.tags) == (second.text, second.tags)
    assert first.confidence == pytest.approx(second.confidence, abs=1e-5)  # rows of a batch may round apart
    assert all(0.05 <= tag.probability <= 1 for tag in first.tags)


def test_photos_are_squashed_as_the_folders_processor_does_it(home: Path) -> None:
    photos = [open_photo(draw_photo(seed, size)) for seed, size in enumerate([(320, 200), (90, 400)])]
    processor = AutoImageProcessor.from_pretrained(home / "models/captioner")
    wanted = processor([photo.image for photo in photos], return_tensors="pt")["pixel_values"]
    assert torch.equal(to_pixels(photos), wanted)
