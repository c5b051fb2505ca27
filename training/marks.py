"""The marks that readers gave to rewrites: `marks_1.jsonl` to `marks_3.jsonl`; `marks.md` says how.

A row is a literal caption, a mood, an intensity, and texts, each with a mark from 0 to 3. In the third file "teacher"
stands behind the mark of a text that the rewriter did not write; styled captions stand there by their place in the data
(`styled.py`).
"""

import json
from pathlib import Path
from typing import Any

from .styled import find

MARKS = tuple(Path(__file__).with_name(f"marks_{turn}.jsonl") for turn in (1, 2, 3, 4, 5))


def read_rows(file: Path, data: Path | None = None) -> list[dict[str, Any]]:
    """The rows of a file of marks. Texts that stand in the data alone are left out where it is not given."""
    rows = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    for row in rows:
        texts = [[find(text, data) if data and isinstance(text, dict) else text, *told] for text, *told in row["texts"]]
        row["texts"] = [one for one in texts if isinstance(one[0], str)]
    return [row for row in rows if row["texts"]]
