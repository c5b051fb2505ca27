"""The app as it is written straight from the documentation of transformers and LangChain, for comparison.

    python -m benchmarks.straight --port 5001

The same weights in float32, one photo and one text at a time: transformers' `generate` for the literal caption, its
text classification pipeline for the emotion, and for each candidate one call of a LangChain chain,
`prompt | ChatHuggingFace(HuggingFacePipeline) | StrOutputParser`, in the words that the weights were taught in. The
candidate that the classifier hears most feeling in is taken. Nothing is checked, and no emotion is read from the
image: it does less than Moodcap's chain does. The command serves it by Flask's plain server, a request at a time.
"""

import argparse
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import torch
from flask import Flask, Response, jsonify, request
from langchain_core.language_models import BaseChatModel
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from PIL import Image
from transformers import (
    AutoImageProcessor,
    AutoModelForCausalLM,
    AutoTokenizer,
    VisionEncoderDecoderModel,
    pipeline,
)

from chains import Settings
from models import captioner_network  # registers the captioner's encoder with transformers
from models.loading import quiet_transformers
from prompts import Mood, load_moods, taught_turns

NEED = (
    "The straight app needs langchain-huggingface: "
    "pip install --no-deps -r benchmarks/requirements-straight.txt (`make bench` does it)."
)
INTENSITY = 0.7
WRITING = {"max_new_tokens": 64, "do_sample": True, "temperature": 0.6, "top_p": 0.95}
"""As Moodcap's embedded rewriter writes."""
ENCODER = captioner_network.PhotoEncoder


class Told(NamedTuple):
    """What the straight app says of a photo, and the seconds of its stages."""

    text: str
    literal: str
    emotion: str
    timings: dict[str, float]


class Straight:
    """The three models of a cache folder, and the app over them; `chat` stands in for LangChain's wrapper.

    Raises:
        SystemExit: langchain-huggingface is not installed.
    """

    def __init__(self, home: Path, chat: BaseChatModel | None = None) -> None:
        folders = {name: home / "models" / name for name in ("captioner", "emotion-text", "rewriter")}
        self.processor = AutoImageProcessor.from_pretrained(folders["captioner"])
        self.words = AutoTokenizer.from_pretrained(folders["captioner"])
        self.captioner = VisionEncoderDecoderModel.from_pretrained(folders["captioner"], dtype=torch.float32)
        classify: Any = pipeline
        self.feel = classify("text-classification", model=str(folders["emotion-text"]), dtype=torch.float32)
        tokenizer = AutoTokenizer.from_pretrained(folders["rewriter"])
        self.network = AutoModelForCausalLM.from_pretrained(folders["rewriter"], dtype=torch.float32)
        self.pipe = classify(
            "text-generation", model=self.network, tokenizer=tokenizer, return_full_text=False, **WRITING
        )
        self.chat = chat or wrap(self.pipe, tokenizer)

    def caption(self, photo: bytes, mood: Mood, candidates: int = 4, together: bool = False) -> Told:
        """The mood caption of a photo; `together` has `generate` return all candidates of one call."""
        watch = Watch()
        literal = watch("literal", lambda: self.describe(photo))
        emotion = watch("emotion", lambda: self.feel(literal)[0]["label"])
        write = self.write_together if together else self.write
        texts = watch("rewrite", lambda: write(literal, mood, candidates))
        heard = watch("caption", lambda: [self.feel(text or literal)[0] for text in texts])
        best = max(range(len(texts)), key=lambda i: heard[i]["label"] != "neutral" and heard[i]["score"])
        return Told(texts[best], literal, str(emotion), watch.seconds)

    def describe(self, photo: bytes) -> str:
        """The literal caption."""
        image = Image.open(BytesIO(photo)).convert("RGB")
        pixels = self.processor(images=image, return_tensors="pt").pixel_values
        with torch.no_grad():
            ids = self.captioner.generate(pixel_values=pixels.float())
        return str(self.words.batch_decode(ids, skip_special_tokens=True)[0]).strip()

    def write(self, literal: str, mood: Mood, candidates: int) -> list[str]:
        """Candidates, a call of the chain for each."""
        turns = [("human" if turn.role == "user" else turn.role, turn.text) for turn in asked(literal, mood)]
        chain = ChatPromptTemplate.from_messages(turns) | self.chat | StrOutputParser()
        return [chain.invoke({"literal": literal}).strip() for _ in range(candidates)]

    def write_together(self, literal: str, mood: Mood, candidates: int) -> list[str]:
        """Candidates of one call; LangChain's wrapper keeps only the first, so the pipeline is asked itself."""
        chat = [{"role": turn.role, "content": turn.text.format(literal=literal)} for turn in asked(literal, mood)]
        answers = self.pipe(chat, num_return_sequences=candidates)
        return [str(answer["generated_text"]).strip() for answer in answers]


def wrap(pipe: Any, tokenizer: Any) -> BaseChatModel:
    """LangChain's chat model over a pipeline of transformers.

    Raises:
        SystemExit: langchain-huggingface is not installed.
    """
    try:
        from langchain_huggingface import ChatHuggingFace, HuggingFacePipeline
    except ImportError as error:
        raise SystemExit(NEED) from error
    made: BaseChatModel = ChatHuggingFace(llm=HuggingFacePipeline(pipeline=pipe), tokenizer=tokenizer)
    return made


class Watch:
    """Calls things, and keeps the seconds that each took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def __call__(self, name: str, work: Callable[[], Any]) -> Any:
        before = time.perf_counter()
        made = work()
        self.seconds[name] = time.perf_counter() - before
        return made


def asked(literal: str, mood: Mood) -> list[Any]:
    """The turns of the prompt, with a place for the literal caption."""
    return taught_turns("{literal}", mood, INTENSITY)


def make_app(straight: Straight, candidates: int) -> Flask:
    """The app: `POST /captions` with a photo and a mood, `GET /readyz` once it answers."""
    app, moods = Flask("straight"), load_moods()

    @app.post("/captions")
    def caption() -> Response:
        told = straight.caption(request.files["photo"].read(), moods[request.form["mood"]], candidates)
        return jsonify(text=told.text, literal=told.literal, emotion=told.emotion)

    @app.get("/readyz")
    def ready() -> Response:
        return jsonify(status="ready")

    return app


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--port", type=int, default=5001)
    options = parser.parse_args()
    settings = Settings.from_environment()
    quiet_transformers()
    make_app(Straight(settings.home), settings.candidates).run(port=options.port, threaded=False)


if __name__ == "__main__":
    main()
