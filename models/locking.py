"""One process at a time, where the file system can say so."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

log = logging.getLogger(__name__)
NO_LOCKS = (errno.ENOSYS, errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP)


@contextmanager
def sole(path: Path, timeout: float = -1) -> Iterator[None]:
    """Hold the lock of a file; on a share that has no locks go on without, with a warning.

    Raises:
        filelock.Timeout: somebody else has held it for `timeout` seconds; of less than 0 it is waited for.
        OSError: the file cannot be made.
    """
    lock = FileLock(path, timeout=timeout)
    try:
        lock.acquire()
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in NO_LOCKS:
            raise
        log.warning("No file can be locked in %s: let only one process work there.", path.parent)
    try:
        yield
    finally:
        lock.release()
