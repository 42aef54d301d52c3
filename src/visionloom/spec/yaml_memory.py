"""Texts that were read lately: an edit, its check and the answer read the same text once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace

from visionloom.settings import Limits
from visionloom.spec.problems import ProblemList
from visionloom.spec.yaml_reader import YamlText, read_yaml

_MOST_BYTES = 1024 * 1024
_MOST_TEXTS = 16

_lock = threading.Lock()
_known: OrderedDict[tuple[bytes, str, Limits], YamlText] = OrderedDict()


def read_again(data: bytes, file: str | None, limits: Limits) -> YamlText:
    """`read_yaml`, remembered; the problems are the caller's own, the nodes are shared.

    Args:
        data: The file's bytes.
        file: Name for messages; None: whatever it went by when it was read before.
        limits: Size, depth and count allowed.
    """
    found = _remembered(data, file, limits)
    if found is None:
        found = read_yaml(data, file or "pipeline", limits)
        with _lock:
            _known[data, file or "pipeline", limits] = found
            size = sum(len(text) for text, _, _ in _known)
            while len(_known) > 1 and (size > _MOST_BYTES or len(_known) > _MOST_TEXTS):
                (gone, _, _), _ = _known.popitem(last=False)
                size -= len(gone)
    return replace(found, problems=ProblemList(list(found.problems)))


def _remembered(data: bytes, file: str | None, limits: Limits) -> YamlText | None:
    with _lock:
        for key in reversed(_known):
            if key[0] == data and file in {None, key[1]} and key[2] == limits:
                _known.move_to_end(key)
                return _known[key]
    return None
