"""The styles of captions, and a tokenizer that knows them; what else is done with caption text is done as before."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import BertWordPieceTokenizer
from transformers import PreTrainedTokenizerFast

PAD, END = "[PAD]", "[SEP]"
STYLES = ("[SHORT]", "[LONG]", "[WEB]")
"""What a caption begins with: one plain sentence, a longer one, or one as people write for photos on the web."""
SPECIAL = (PAD, "[UNK]", END, *STYLES)


def build_tokenizer(
    minilm: Path, texts: Iterable[str], words: Sequence[str], least: int = 5
) -> PreTrainedTokenizerFast:
    """MiniLM's WordPiece vocabulary, cut down to what captions use, with every tag word as a whole."""
    full = BertWordPieceTokenizer(str(minilm / "vocab.txt"), lowercase=True)
    counts = Counter(token for e in full.encode_batch(list(texts), add_special_tokens=False) for token in e.tokens)
    pieces = {token for token, n in counts.items() if n >= least} | {part for word in words for part in word.split()}
    letters = "abcdefghijklmnopqrstuvwxyz0123456789"
    pieces |= {*letters, *"',-"} | {f"##{letter}" for letter in letters}
    vocabulary = {token: i for i, token in enumerate([*SPECIAL, *sorted(pieces - set(SPECIAL))])}
    small = BertWordPieceTokenizer(vocabulary, lowercase=True, cls_token=STYLES[0], sep_token=END)
    return PreTrainedTokenizerFast(
        tokenizer_object=small._tokenizer,
        pad_token=PAD,
        unk_token="[UNK]",
        bos_token=STYLES[0],
        eos_token=END,
        additional_special_tokens=list(STYLES[1:]),
    )
