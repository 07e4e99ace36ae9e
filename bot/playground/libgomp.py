"""GCC's OpenMP library, with which llama.cpp computes: minimal systems have none, and a package carries one along."""

import ctypes
import importlib.metadata
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

LIBGOMP = "libgomp.so.1"  # what llama.cpp computes with; minimal systems do not have it
LIBGOMP_PACKAGE = "pykdtree"  # 1.4.3 on PyPI, whose wheel carries one; the rest of it is not used


@contextmanager
def with_libgomp(environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """An environment that also names the libgomp which comes along, where the system has none of its own."""
    bundled = None if _has_libgomp() else find_libgomp()
    if bundled is None:
        yield {**environment}
        return
    with tempfile.TemporaryDirectory() as directory:
        # The linker looks for it by its name, and in the wheel it has another one.
        (Path(directory) / LIBGOMP).symlink_to(bundled)
        paths = [directory, environment.get("LD_LIBRARY_PATH", "")]
        yield {**environment, "LD_LIBRARY_PATH": os.pathsep.join(filter(None, paths))}


def _has_libgomp() -> bool:
    if sys.platform != "linux":
        return True  # its wheels elsewhere bring all that they need
    try:
        ctypes.CDLL(LIBGOMP)
    except OSError:
        return False
    return True


def find_libgomp() -> Path | None:
    """GCC's OpenMP library, as `LIBGOMP_PACKAGE` carries it; None where that is not installed."""
    try:
        files = importlib.metadata.files(LIBGOMP_PACKAGE) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    return next((Path(str(file.locate())) for file in files if file.name.startswith("libgomp")), None)
