"""Tiny models with random weights, of the classes that hub models have, saved as folders."""

import json
from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessorPil,
    BlipProcessor,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    Florence2Config,
    Florence2ForConditionalGeneration,
    Florence2Processor,
    GitConfig,
    GitForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessorPil,
    Idefics3Processor,
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    VisionEncoderDecoderModel,
    ViTConfig,
    ViTForImageClassification,
    ViTImageProcessorPil,
    ViTModel,
)

WORDS = (
    "a an the photo of dog cat man woman in on red blue hat snow street sits runs and happy sad , . describe this "
    "one plain sentence user assistant system : that evokes ordinary amusement awe contentment excitement anger "
    "disgust fear sadness what does image caption"
).split()
CHAT = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
PHOTO_CHAT = (
    "{% for message in messages %}User:{% for part in message['content'] %}{% if part['type'] == 'image' %}<image>"
    "{% else %}{{ part['text'] }}{% endif %}{% endfor %}<end_of_utterance>\n{% endfor %}"
    "{% if add_generation_prompt %}Assistant:{% endif %}"
)


def tiny_tokenizer(*more: str, ends: bool = False, **named: str) -> PreTrainedTokenizerFast:
    """A byte-level tokenizer that reads any text; `more` and `named` are further special tokens."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: i for i, token in enumerate(["[PAD]", "[BOS]", "[EOS]", "[UNK]", *alphabet])}
    merges: list[tuple[str, str]] = []
    for word in WORDS:
        done = "Ġ"
        for letter in word:
            if done + letter not in vocabulary:
                vocabulary[done + letter] = len(vocabulary)
                merges.append((done, letter))
            done += letter
    tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    if ends:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[BOS] $A [EOS]", pair="[BOS] $A [EOS] $B [EOS]", special_tokens=[("[BOS]", 1), ("[EOS]", 2)]
        )
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        bos_token="[BOS]",
        eos_token="[EOS]",
        unk_token="[UNK]",
        cls_token="[BOS]",
        sep_token="[EOS]",
        model_max_length=512,
        extra_special_tokens=named,
    )
    if more:
        made.add_special_tokens({"additional_special_tokens": list(more)})
    return made


def tiny_llm(folder: Path, layers: int = 2, seed: int = 0) -> Path:
    """An instruct LLM (Llama) with a ChatML template."""
    torch.manual_seed(seed)
    tokenizer = tiny_tokenizer("<|im_start|>", "<|im_end|>")
    tokenizer.chat_template = CHAT
    tokenizer.eos_token = "<|im_end|>"
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=64, num_hidden_layers=layers,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=1024, bos_token_id=1,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=0,
    )  # fmt: skip
    return _save(folder, LlamaForCausalLM(config), tokenizer)


def tiny_gguf(file: Path) -> Path:
    """The same kind of LLM as a GGUF file."""
    tokenizer = tiny_tokenizer("<|im_start|>", "<|im_end|>")
    words = [token for token, _ in sorted(tokenizer.get_vocab().items(), key=lambda pair: pair[1])]
    merges = json.loads(tokenizer.backend_tokenizer.to_str())["model"]["merges"]
    writer = gguf.GGUFWriter(file, "llama")
    for name, value in {
        "context_length": 1024, "embedding_length": 32, "block_count": 1, "feed_forward_length": 64, "head_count": 4,
        "head_count_kv": 2, "layer_norm_rms_eps": 1e-5, "rope_dimension_count": 8, "vocab_size": len(words),
        "tokenizer_model": "gpt2", "token_list": words, "token_merges": [" ".join(pair) for pair in merges],
        "token_types": [3 if word[0] == "[" or word.startswith("<|") else 1 for word in words],
        "bos_token_id": 1, "eos_token_id": words.index("<|im_end|>"), "pad_token_id": 0, "chat_template": CHAT,
    }.items():  # fmt: skip
        getattr(writer, f"add_{name}")(value)
    shapes = {
        "attn_norm": (32,), "ffn_norm": (32,), "attn_q": (32, 32), "attn_k": (16, 32), "attn_v": (16, 32),
        "attn_output": (32, 32), "ffn_gate": (64, 32), "ffn_up": (64, 32), "ffn_down": (32, 64),
    }  # fmt: skip
    outer = {"token_embd": (len(words), 32), "output_norm": (32,), "output": (len(words), 32)}
    chance = np.random.default_rng(0)
    for name, shape in (outer | {f"blk.0.{part}": shape for part, shape in shapes.items()}).items():
        writer.add_tensor(f"{name}.weight", chance.normal(size=shape, scale=0.2).astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def tiny_blip(folder: Path) -> Path:
    """BLIP for captioning."""
    tokenizer = tiny_tokenizer()
    text = {"vocab_size": len(tokenizer), "hidden_size": 16, "encoder_hidden_size": 16, "num_hidden_layers": 1,
            "num_attention_heads": 2, "intermediate_size": 32, "bos_token_id": 1, "sep_token_id": 2, "eos_token_id": 2,
            "pad_token_id": 0}  # fmt: skip
    config = BlipConfig(text_config=text, vision_config=_vision() | {"image_size": 32, "patch_size": 8})
    processor = BlipProcessor(BlipImageProcessorPil(size={"height": 32, "width": 32}), tokenizer)
    return _save(folder, BlipForConditionalGeneration(config), processor)


def tiny_git(folder: Path) -> Path:
    """GIT."""
    tokenizer = tiny_tokenizer(ends=True)
    config = GitConfig(
        vision_config=_vision() | {"image_size": 32, "patch_size": 8}, vocab_size=len(tokenizer), hidden_size=16,
        num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, bos_token_id=1, eos_token_id=2,
        pad_token_id=0,
    )  # fmt: skip
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return _save(folder, GitForCausalLM(config), tokenizer, images)


def tiny_vit_gpt2(folder: Path) -> Path:
    """ViT-GPT2, a VisionEncoderDecoder with image processor and tokenizer apart."""
    tokenizer = tiny_tokenizer()
    text = GPT2Config(
        vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2, n_positions=64, bos_token_id=1, eos_token_id=2,
        is_decoder=True, add_cross_attention=True,
    )  # fmt: skip
    model = VisionEncoderDecoderModel(encoder=ViTModel(_vit()), decoder=GPT2LMHeadModel(text))
    model.generation_config.decoder_start_token_id = model.config.decoder_start_token_id = 1
    model.generation_config.pad_token_id, model.generation_config.eos_token_id = 0, 2
    return _save(folder, model, tokenizer, ViTImageProcessorPil(size={"height": 32, "width": 32}))


def tiny_florence(folder: Path) -> Path:
    """Florence-2, the native class."""
    tokenizer = tiny_tokenizer(ends=True, image_token="<image>")
    text = {"model_type": "bart", "vocab_size": len(tokenizer), "d_model": 16, "encoder_layers": 1, "decoder_layers": 1,
            "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 32, "decoder_ffn_dim": 32,
            "max_position_embeddings": 256, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
            "decoder_start_token_id": 2, "forced_eos_token_id": 2}  # fmt: skip
    vision = {"depths": [1, 1, 1, 1], "embed_dim": [8, 8, 8, 8], "num_heads": [2, 2, 2, 2], "num_groups": [2, 2, 2, 2],
              "projection_dim": 16, "window_size": 4}  # fmt: skip
    config = Florence2Config(
        text_config=text, vision_config=vision, image_token_id=tokenizer.image_token_id, bos_token_id=1, eos_token_id=2,
        pad_token_id=0, is_encoder_decoder=True,
    )  # fmt: skip
    model = Florence2ForConditionalGeneration(config)
    images = CLIPImageProcessorPil(size={"height": 64, "width": 64}, crop_size={"height": 64, "width": 64}, resample=3)
    images.image_seq_length = 5
    return _save(folder, model, Florence2Processor(images, tokenizer, num_additional_image_tokens=1))


def tiny_vlm(folder: Path) -> Path:
    """A chat VLM of SmolVLM's family (Idefics 3)."""
    special = ("<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>")
    tokenizer = tiny_tokenizer(*special)
    image = tokenizer.convert_tokens_to_ids("<image>")
    text = {"model_type": "llama", "vocab_size": len(tokenizer), "hidden_size": 16, "intermediate_size": 32,
            "num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "pad_token_id": 0,
            "bos_token_id": 1, "eos_token_id": 2}  # fmt: skip
    vision = _vision() | {"image_size": 32, "patch_size": 8}
    config = Idefics3Config(
        text_config=text, vision_config=vision, image_token_id=image, scale_factor=2, pad_token_id=0
    )
    images = Idefics3ImageProcessorPil(
        size={"longest_edge": 32}, max_image_size={"longest_edge": 32}, do_image_splitting=False
    )
    processor = Idefics3Processor(images, tokenizer, image_seq_len=4, chat_template=PHOTO_CHAT)
    return _save(folder, Idefics3ForConditionalGeneration(config), processor)


CAPTIONERS = {
    "blip": tiny_blip,
    "git": tiny_git,
    "vit-gpt2": tiny_vit_gpt2,
    "florence-2": tiny_florence,
    "chat vlm": tiny_vlm,
}


def tiny_text_classifier(folder: Path, labels: Sequence[str], several: bool = False) -> Path:
    """A text classifier (BERT) with these labels."""
    tokenizer = tiny_tokenizer(ends=True)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        num_labels=len(labels), id2label=dict(enumerate(labels)), label2id={name: i for i, name in enumerate(labels)},
        problem_type="multi_label_classification" if several else "single_label_classification", pad_token_id=0,
    )  # fmt: skip
    return _save(folder, BertForSequenceClassification(config), tokenizer)


def tiny_reader(folder: Path) -> Path:
    """A reader of the embedded rewriter's texts, as `assemble` writes its folder."""
    tokenizer = tiny_tokenizer(ends=True)
    model = BertModel(
        BertConfig(
            vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
            type_vocab_size=4, pad_token_id=0,
        ),
        add_pooling_layer=False,
    )  # fmt: skip
    _save(folder, model, tokenizer)
    weights = {f"bert.{name}": one.contiguous() for name, one in model.state_dict().items()}
    head = {"verdict.weight": torch.randn(2, 32), "verdict.bias": torch.zeros(2)}
    save_file(weights | head, folder / "model.safetensors")
    return folder


def tiny_nli(folder: Path) -> Path:
    """A model of natural language inference (BERT)."""
    return tiny_text_classifier(folder, ["ENTAILMENT", "NEUTRAL", "CONTRADICTION"])


def tiny_image_classifier(folder: Path, labels: Sequence[str]) -> Path:
    """An image classifier (ViT) with these labels."""
    config = _vit()
    config.num_labels = len(labels)
    config.id2label, config.label2id = dict(enumerate(labels)), {name: i for i, name in enumerate(labels)}
    images = ViTImageProcessorPil(size={"height": 32, "width": 32})
    return _save(folder, ViTForImageClassification(config), images)


def tiny_clip(folder: Path) -> Path:
    """CLIP."""
    tokenizer = tiny_tokenizer(ends=True)
    text = {"vocab_size": len(tokenizer), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 32, "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}  # fmt: skip
    config = CLIPConfig(
        text_config=text, vision_config=_vision() | {"image_size": 32, "patch_size": 8}, projection_dim=8
    )
    images = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    return _save(folder, CLIPModel(config), tokenizer, images)


def _vision() -> dict[str, int]:
    return {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}


def _vit() -> ViTConfig:
    return ViTConfig(image_size=32, patch_size=8, **_vision())


def _save(folder: Path, *parts: object) -> Path:
    for part in parts:
        part.save_pretrained(folder)  # type: ignore[attr-defined]
    return folder
