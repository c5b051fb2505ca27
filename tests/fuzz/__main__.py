"""`python -m tests.fuzz`; see `tests/fuzz/fuzzing.py`."""

import sys

from .fuzzing import main

if __name__ == "__main__":
    sys.exit(main())
