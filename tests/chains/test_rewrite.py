"""How candidates are asked for and tidied up."""

from pathlib import Path

import pytest
from langchain_core.messages import AIMessage

from chains.rewrite import ask, openings, tidy, write
from models import ModelContext, load
from prompts import find_mood
from tests.models.tiny import tiny_llm

from .doubles import Writer

LITERAL = "A dog runs."


def test_a_local_writer_gets_openings_and_a_server_none(tmp_path: Path) -> None:
    local = load("rewriter", f"hf:{tiny_llm(tmp_path)}", ModelContext(tmp_path, "cpu", "float32"))
    first = openings(local, LITERAL, 4, retry=False)
    assert [one == "" for one in first] == [True, False, True, False]
    assert all(one.startswith("A dog runs,") for one in openings(local, LITERAL, 4, retry=True))
    taught = local.model_copy(update={"taught": True})
    assert openings(taught, LITERAL, 4, retry=False) == [""] * 4
    assert [one == "" for one in openings(taught, LITERAL, 4, retry=True)] == [True, False, True, False]
    assert openings(Writer(lines=["x"]), LITERAL, 3, retry=True) == ["", "", ""]
    answer = write(local, [ask(LITERAL, find_mood("joy"), 0.7, first[1])], [{}])[0]
    assert answer.text.startswith("A dog runs,")
    assert answer.logprob is not None


def test_the_prompt_holds_the_mood_its_examples_and_the_caption() -> None:
    chat = ask(LITERAL, find_mood("awe"), 1.0, "")
    assert [message.type for message in chat] == ["system", "human", "ai", "human", "ai", "human"]
    assert LITERAL in chat[-1].text
    assert find_mood("awe").direction(1.0) in chat[-1].text


@pytest.mark.parametrize(
    ("opening", "said", "text", "finished"),
    [
        ("", '"A dog runs, glad."', "A dog runs, glad.", True),
        ("", "Caption: A dog  runs,\n glad. It barks. And more.", "A dog runs, glad. It barks.", True),
        ("A dog runs,", "as if it were spring.", "A dog runs, as if it were spring.", True),
        ("A dog runs,", " glad! And th", "A dog runs, glad!", True),
        ("", "A dog runs and", "A dog runs and", False),
        ("", "", "", False),
    ],
)
def test_answers_become_captions(opening: str, said: str, text: str, finished: bool) -> None:
    answer = tidy(opening, AIMessage(content=said))
    assert (answer.text, answer.finished) == (text, finished)
