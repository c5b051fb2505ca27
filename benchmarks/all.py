"""All speed figures in one report: `make bench`.

    python -m benchmarks.all --out docs/speed.md [--quick] [--photos FOLDER] [--foundations FOLDER]

    photo ─► batch ─► server ─► rewriting ─► roofline ─► startup ─► report

On two quiet cores it takes some 40 minutes, most of them the straight app's. `--quick` takes a few.
"""

import sys

from . import batch, photo, rewriting, roofline, server, startup
from .bench import run

MEASURES = (
    photo.measure,
    batch.measure_photos,
    batch.measure_candidates,
    server.measure,
    rewriting.measure,
    roofline.measure,
    startup.measure,
)


def main() -> int:
    """Measure and report."""
    return run("benchmarks.all", __doc__ or "", MEASURES)


if __name__ == "__main__":
    sys.exit(main())
