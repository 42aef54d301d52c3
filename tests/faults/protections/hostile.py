"""What protects against hostile files, and how to switch it off: then its test must fail."""

from __future__ import annotations

from typing import Any

import pytest

from tests.faults.protections import Patch, Protection

_ARCHIVES = "tests/faults/test_hostile_archives.py::"
_IMAGES = "tests/faults/test_hostile_images.py::"
_TABLES = "tests/faults/test_hostile_tables.py::"
_MODELS = "tests/faults/test_hostile_models.py::"


class _Everything:
    """Holds whatever is asked for."""

    def __contains__(self, _: object) -> bool:
        return True


def _replace(*changes: tuple[str, Any]) -> Patch:
    """Puts values in the places of names, given in full."""

    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in changes:
            monkeypatch.setattr(name, value)

    return patch


def _nothing(*_: object, **__: object) -> None:
    return None


def _no_reason(*_: object, **__: object) -> str:
    return ""


def _no_size_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    from visionloom import limits
    from visionloom.images import decode

    endless = limits.Limits(image_pixels=2**60, image_side=2**60, image_frames=2**60)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    monkeypatch.setattr(limits, "limits_from_json", lambda _: endless)
    monkeypatch.setattr(decode, "current_limits", lambda: endless)


def _every_format(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visionloom.images.decode.READ_FORMATS", None)


def _decode_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the run's own process."""
    import json

    from visionloom.images import worker

    def ask(self: worker.Worker, request: bytes) -> worker.Finding:
        header, _, data = request.partition(b"\n")
        wanted = json.loads(header)
        limits = self._limits
        if "file" in wanted:
            found = worker._examine_file(wanted["root"], wanted["file"], "type", "full", limits)
        else:
            found = worker._examine(data, "type", "full", limits)
        return worker.Finding(**found)

    monkeypatch.setattr(worker.Worker, "_ask", ask)


def _all_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visionloom.images.decode.without_metadata", lambda data, _: data)


def _any_listed_path(monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    from visionloom.images import below, lists

    monkeypatch.setattr(lists, "reason_refused", _nothing)
    monkeypatch.setattr(below, "leaves", lambda _: False)
    monkeypatch.setattr(below, "_place", lambda _, path: Path(path))


def _any_place(monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    monkeypatch.setattr("visionloom.images.below._place", lambda _, path: Path(path))


def _unsafe_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from visionloom.models import confinement, torch_files

    safe = torch.load
    monkeypatch.setattr(
        torch, "load", lambda stream, **o: safe(stream, **{**o, "weights_only": False})
    )
    monkeypatch.setattr(confinement, "confine", lambda: True)
    monkeypatch.setattr(torch_files, "is_torch_file", lambda _: True)
    monkeypatch.setattr("visionloom.models.tensors.is_torch_file", lambda _: True)
    monkeypatch.setattr(torch_files, "_check_zip", _nothing)


def _open_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visionloom.models.confinement.confine", lambda: True)


def _second_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """What must not be: another way in after the isolated process refused."""
    import shutil
    from pathlib import Path

    import torch
    from safetensors.torch import save_file

    from visionloom.errors import InvalidModelDirectoryError
    from visionloom.limits import Limits
    from visionloom.models import torch_files

    honest = torch_files._convert

    def convert(path: Path, target: Path, limits: Limits) -> None:
        try:
            honest(path, target, limits)
        except InvalidModelDirectoryError:
            shutil.rmtree(target, ignore_errors=True)
            save_file(torch.load(path, weights_only=True), target)

    monkeypatch.setattr(torch_files, "_convert", convert)


def _no_header_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    from visionloom.models import safetensors_header

    def end(entries: dict[str, safetensors_header.TensorEntry]) -> int:
        return max((entry.end for entry in entries.values()), default=0)

    monkeypatch.setattr(safetensors_header, "_checked_end", end)
    monkeypatch.setattr(safetensors_header, "_once", dict)


def _known_by_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from pathlib import Path

    from visionloom.errors import InvalidModelDirectoryError

    def refusal(path: Path, *_: object) -> InvalidModelDirectoryError:
        return InvalidModelDirectoryError(f"{path} cannot be read.")

    monkeypatch.setattr("visionloom.models.foreign._refused", refusal)


_GATE, _ZIP = "visionloom.images.archives._Gate.", "visionloom.artifacts.zip_structure."

PROTECTIONS = (
    Protection("A1", _IMAGES + "test_sizes_are_refused_by_the_header", _no_size_limits),
    Protection("A1", _IMAGES + "test_tags_that_share_bytes_are_not_read_once_each", _all_metadata),
    Protection(
        "A2", _IMAGES + "test_formats_that_are_not_read_start_no_other_program", _every_format
    ),
    Protection(
        "A3", _IMAGES + "test_a_crash_a_hang_and_a_glutton_cost_one_picture_each", _decode_here
    ),
    Protection("A4", _IMAGES + "test_what_a_picture_says_of_itself_is_dropped", _all_metadata),
    Protection(
        "A5",
        _ARCHIVES + "test_names_that_lead_elsewhere",
        _replace(("visionloom.images.names.reason_refused", _no_reason)),
    ),
    Protection(
        "A6",
        _ARCHIVES + "test_links_and_devices",
        _replace(("visionloom.images.tar_members._FILES", _Everything())),
    ),
    Protection(
        "A7",
        _ARCHIVES + "test_a_compressed_tar_is_stopped_by_the_bytes_that_come_out",
        _replace(("visionloom.images.archives.Budget.check", _nothing)),
    ),
    Protection(
        "A7",
        _ARCHIVES + "test_members_that_share_bytes",
        _replace((_ZIP + "_check_places", _nothing)),
    ),
    Protection(
        "A7",
        _ARCHIVES + "test_members_are_counted_before_memory_is_taken",
        _replace((_ZIP + "_count", _nothing), (_GATE + "count", _nothing)),
    ),
    Protection(
        "A8",
        _ARCHIVES + "test_twins",
        _replace(("visionloom.images.names.Clashes.reason_refused", _no_reason)),
    ),
    Protection(
        "A8",
        _ARCHIVES + "test_names_that_other_systems_take_otherwise",
        _replace(("visionloom.images.names.reason_refused", _no_reason)),
    ),
    Protection(
        "A9",
        _ARCHIVES + "test_zips_that_two_readers_see_differently",
        _replace((_ZIP + "_check_places", _nothing)),
    ),
    Protection(
        "A9",
        _ARCHIVES + "test_a_tar_whose_end_is_not_the_end",
        _replace(("visionloom.images.tar_members._check_end", _nothing)),
    ),
    Protection(
        "A12",
        _TABLES + "test_names_of_classes_are_text_everywhere",
        _replace(("visionloom.artifacts.tables._neutral", lambda cell: cell)),
    ),
    Protection(
        "A13", _TABLES + "test_listed_paths_that_lead_elsewhere_are_never_opened", _any_listed_path
    ),
    Protection(
        "A13",
        _TABLES + "test_a_file_that_becomes_a_link_after_it_was_listed_is_not_read",
        _any_place,
    ),
    Protection("A14", _MODELS + "test_pickles_are_refused_whatever_their_names", _unsafe_torch),
    Protection("A15", _MODELS + "test_a_loader_that_fails_is_the_end", _second_try),
    Protection("A15", _MODELS + "test_a_loader_with_a_hole_reaches_nothing", _open_process),
    Protection(
        "A15", _MODELS + "test_the_process_has_no_network_no_home_and_no_files", _open_process
    ),
    Protection(
        "A16",
        _MODELS + "test_headers_that_lie_are_refused_before_memory_is_taken",
        _no_header_checks,
    ),
    Protection(
        "A17",
        _MODELS + "test_shapes_are_compared_before_memory_is_taken",
        _replace(
            ("visionloom.models.start.check_fit", _nothing),
            ("visionloom.models.tensors.check_fit", _nothing),
        ),
    ),
    Protection(
        "A17",
        _MODELS + "test_values_that_are_not_finite_are_named_before_they_are_used",
        _replace(
            ("visionloom.models.tensors.check_finite", _nothing),
            ("visionloom.models.directory.check_finite", _nothing),
        ),
    ),
    Protection(
        "A19",
        _MODELS + "test_models_of_other_programs_are_recognised_and_refused_unread",
        _known_by_nothing,
    ),
)
"""Every protection, in order of the rows."""
