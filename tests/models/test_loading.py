"""What loading does beside loading."""

import gc

from models.loading import without_collecting


def test_garbage_is_not_looked_for_while_loading() -> None:
    try:
        with without_collecting():
            looked_for = gc.isenabled()
        assert (looked_for, gc.isenabled()) == (False, True)
        assert gc.get_freeze_count() > 0
    finally:
        gc.unfreeze()
