"""What can be said of image directories before they are made: labels, classes, transformation.

The same functions that read a source tell, so what is foreseen is what will be; pictures are not
opened, and archives are not unpacked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from visionloom.errors import InvalidDatasetError, NotInRangeValueError, VisionloomError
from visionloom.images.formats import MANIFEST_EXTENSIONS, archive_extension
from visionloom.settings import MIB
from visionloom.spec.foresight import UNKNOWN, AboutInput, Facts, Outlook
from visionloom.spec.ports import Value

_FOR_INFERENCE = "For inference"
_LONGEST_LIST = 16 * MIB
_LARGEST_ZIP = 256 * MIB


def foresee_conversion(outlook: Outlook) -> Mapping[str, Facts]:
    """Of Convert to Image Directory: labels and classes of the source, and its mistakes."""
    source = outlook.data.get("input_dataset")
    if source is None or not _is_cheap(source):
        return {}
    from visionloom.images.classes import class_list, of_part, parse_class_map, renamed
    from visionloom.images.sources import find_pictures

    values = outlook.parameters
    class_map: Mapping[str, str] = {}
    if values["class_map"]:
        with _about("class_map"):
            class_map = parse_class_map(str(values["class_map"]))
    with _about("input_dataset"):
        listing = find_pictures(source, outlook.settings, labelled=str(values["labelled"]))
        candidates = renamed(listing.candidates, class_map)
        classes = class_list(candidates, listing, class_map, outlook.settings.limits)
        if not candidates:
            raise InvalidDatasetError(
                f"{source} holds no picture ({listing.ignored + len(listing.skipped)} other files)."
            )
    with _about("part"):
        of_part(candidates, str(values["part"]), source)
    return {
        "output_image_directory": Facts(labelled=listing.labelled, classes=classes, random=False)
    }


def foresee_split(outlook: Outlook) -> Mapping[str, Facts]:
    """Of Split Image Directory: both parts are labelled as the whole is."""
    fraction = outlook.parameters["fraction"]
    if isinstance(fraction, float) and not 0 < fraction < 1:
        raise AboutInput(
            "fraction",
            NotInRangeValueError(
                f"Fraction of images in the first output is {fraction:g}; it must be above 0 and "
                "below 1."
            ),
        )
    facts = images_facts(outlook, "input_image_directory")
    return {"output_image_directory1": facts, "output_image_directory2": facts}


def foresee_transformation(outlook: Outlook) -> Mapping[str, Facts]:
    """Of Init Image Transformation: whether it is random."""
    return {"output_image_transformation": Facts(random=_is_random(outlook.parameters))}


def foresee_application(outlook: Outlook) -> Mapping[str, Facts]:
    """Of Apply Image Transformation: the labels of the images, the randomness of the other."""
    images = images_facts(outlook, "input_image_directory")
    random: bool | None = False
    if outlook.parameters["mode"] != _FOR_INFERENCE:
        random = outlook.inputs["input_image_transformation"].random
        path = outlook.data.get("input_image_transformation")
        if path is not None:
            random = _random_of_file(path / "transformation.json")
    return {"output_image_directory": replace(images, random=random)}


def foresee_copy(outlook: Outlook) -> Mapping[str, Facts]:
    """Of Materialize Image Directory: the same images, without transformation once applied."""
    images = images_facts(outlook, "input_image_directory")
    if outlook.parameters["apply"]:
        images = replace(images, random=False)
    return {"output_image_directory": images}


def images_facts(outlook: Outlook, port: str) -> Facts:
    """Facts of an image directory on a port, be it made by a step or there already."""
    path = outlook.data.get(port)
    return outlook.inputs.get(port, UNKNOWN) if path is None else _facts_of_folder(path)


def _facts_of_folder(folder: Path) -> Facts:
    try:
        document = json.loads((folder / "classes.json").read_bytes())
        classes = document["classes"]
        listed = None if classes is None else tuple(str(name) for name in classes)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return UNKNOWN
    attached = folder / "transformation.json"
    random = _random_of_file(attached) if attached.is_file() else False
    return Facts(labelled=listed is not None, classes=listed, random=random)


def _random_of_file(path: Path) -> bool | None:
    """Whether a transformation file, or what is attached to images, draws random numbers."""
    from visionloom.images.transforms import Transformation

    try:
        document = json.loads(path.read_bytes())
        if isinstance(document, dict):
            if document.get("mode") == _FOR_INFERENCE:
                return False
            document = document.get("operations")
        return Transformation.from_json(document).is_random
    except (OSError, ValueError, RecursionError, VisionloomError):
        return None


def _is_random(switches: Mapping[str, Value]) -> bool:
    from visionloom.images.switches import transformation_of

    return transformation_of(switches).is_random


def _is_cheap(source: Path) -> bool:
    """Whether a source can be listed at once: a compressed archive would be unpacked."""
    if source.is_dir():
        return True
    kind = archive_extension(source.name)
    if kind is not None:
        return kind == ".zip" and source.stat().st_size <= _LARGEST_ZIP
    if source.suffix.lower() in MANIFEST_EXTENSIONS:
        return source.suffix.lower() != ".parquet" and source.stat().st_size <= _LONGEST_LIST
    return True


class _about:  # noqa: N801 - reads as a statement
    """Names the input or parameter that an error inside the block is about."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, VisionloomError):
            raise AboutInput(self._name, error) from error
