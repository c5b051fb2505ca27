"""What loading does beside loading."""

import gc
import subprocess
import sys
from pathlib import Path

from models.loading import without_collecting


def test_garbage_is_not_looked_for_while_loading() -> None:
    try:
        with without_collecting():
            looked_for = gc.isenabled()
        assert (looked_for, gc.isenabled()) == (False, True)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()


def test_the_embedded_models_of_text_need_none_of_transformers_models(home: Path) -> None:
    """Importing these takes seconds, and a hundred megabytes."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom models import ModelContext, load\n"
        f"context = ModelContext(Path({str(home)!r}), 'cpu')\n"
        "for part in ('emotion_text', 'rewriter'): load(part, 'embedded', context)\nprint(*sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
    )
    found = set(run.stdout.split())
    assert "models.onnx_llama" in found
    heavy = {"transformers.modeling_utils", "torch._dynamo", "sympy", "accelerate", "onnx", "peft"}
    assert heavy & found == set()
