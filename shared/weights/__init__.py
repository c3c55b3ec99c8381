"""From a record of the registry to verified files on this machine.

``ensure(record)`` looks in the bundled ``weights/`` folder (or the installed package that carries the files), then in
the cache folder, then downloads: files of the hub through huggingface-hub, others over HTTP. Whatever is returned has
the declared size and SHA-256. ``python -m shared.weights list|fetch|verify`` is the command line.

Left out on purpose: any fallback to other bytes. A missing file is a ``WeightsError``, never random weights.
"""

from __future__ import annotations

from shared.weights.store import FileState, ensure, inspect
from shared.weights.tensors import filled, read_tensors, write_shards

__all__ = ["FileState", "ensure", "filled", "inspect", "read_tensors", "write_shards"]
