"""Every error a user can meet: what went wrong, where, the remedy, and the exit status.

Names and numbers are the original's where it has one; see ``docs/errors.md``. The command line
prints ``str(error)`` and exits with ``error.exit_status``; Python callers catch the class.
"""

from __future__ import annotations

from typing import Any, ClassVar


class VisionloomError(Exception):
    """Base of all errors a user can cause or repair.

    Attributes:
        message: What went wrong and where, one sentence or a short list.
        remedy: What to do about it; empty when there is nothing to add.
        number: The original's four-digit error number, or None.
        exit_status: Exit status of the command line (see ``docs/errors.md``).
    """

    number: ClassVar[str | None] = None
    exit_status: ClassVar[int] = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    @property
    def title(self) -> str:
        """Class name, with the original's number where there is one."""
        name = type(self).__name__
        return f"{name} ({self.number})" if self.number else name

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()

    def __reduce__(self) -> tuple[type[VisionloomError], tuple[str, str]]:
        return type(self), (self.message, self.remedy)


class UsageError(VisionloomError):
    """Wrong use: an unknown option, a value that cannot be, options that exclude each other."""

    exit_status = 2


class ParameterRangeError(UsageError):
    """A parameter outside its range or not among its choices."""


class GreaterThanOrEqualToError(ParameterRangeError):
    """A parameter is below its lower bound."""

    number = "0005"


class LessThanOrEqualToError(ParameterRangeError):
    """A parameter is above its upper bound."""

    number = "0007"


class NotInRangeValueError(ParameterRangeError):
    """A parameter is outside an interval."""

    number = "0008"


class OutputExistsError(UsageError):
    """The output folder exists already."""


class InvalidPipelineError(UsageError):
    """A pipeline with faults; the message lists them all, a line each.

    Attributes:
        causes: The errors that steps would raise on the data as it is; empty for other faults.
        problems: Each fault, as `visionloom.spec.problems.Problem`; empty where none was found yet.
    """

    causes: tuple[VisionloomError, ...] = ()
    problems: tuple[Any, ...] = ()


class NotThereError(UsageError):
    """Something asked for by its name or id is not there."""


class RunStateError(UsageError):
    """A run that is in no state for what was asked, or not there."""


class NoSuchRunError(RunStateError, NotThereError):
    """A run that is not there."""


class NoSuchStepError(RunStateError, NotThereError):
    """A step that a run does not have."""


class DataError(VisionloomError):
    """The data or an artifact is not usable."""

    exit_status = 3


class NullOrEmptyError(DataError):
    """A table without rows."""

    number = "0003"


class InvalidDatasetError(DataError):
    """Images or their lists cannot be used."""

    number = "0018"


class NotLabeledDatasetError(DataError):
    """Labels are needed and there are none."""

    number = "0024"


class NotScoredDatasetError(DataError):
    """A table without scores where scores are needed."""

    number = "0025"


class LearnerTypesNotCompatibleError(DataError):
    """Two scored inputs that cannot be compared."""

    number = "0062"


class InvalidZipFileError(DataError):
    """An archive that cannot be read, or must not be."""

    number = "0102"


class ImageExceedsLimitError(DataError):
    """A picture larger than the limit."""

    number = "0127"


class LabelColumnDoesNotHaveLabeledPointsError(DataError):
    """A label column in which every label is missing."""

    number = "0134"


class InvalidTransformationDirectoryError(DataError):
    """A folder that is no image transformation."""

    number = "0158"


class InvalidModelDirectoryError(DataError):
    """A folder that is no model, a model of another kind, or weights that do not fit."""

    number = "0159"


class ArtifactError(DataError):
    """An artifact that is missing, damaged, of another type or of a newer format."""


class TrainingFailedError(VisionloomError):
    """Training cannot go on: the loss is not finite, or nothing was learnt to save."""

    exit_status = 4


class MachineError(VisionloomError):
    """The machine could not: disk, memory, device, network, a lost process."""

    exit_status = 5


class ModuleOutOfMemoryError(MachineError):
    """Host or device memory, or the disk, ran out."""

    number = "0138"


class DiskFullError(ModuleOutOfMemoryError):
    """The disk has no room. A step of a run waits until it has.

    Attributes:
        place: What could not be written, a path; None across processes.
        needed: Bytes that have to be free there; 0 where that is not known.
    """

    place: Any = None
    needed: int = 0


class FailedToWriteOutputsError(MachineError):
    """An output could not be written."""

    number = "0160"


class FailedToDownloadFilesError(MachineError):
    """Pretrained weights are not on this machine and could not be had."""

    number = "0162"


class DeviceNotAvailableError(MachineError):
    """A device was asked for that this machine does not have."""


class RecordsError(MachineError):
    """The records cannot be opened: busy for too long, damaged, or of a newer program."""


class LeaseLostError(MachineError):
    """Another supervisor took over the run; what this one wanted to record was refused."""


class ProcessLostError(MachineError):
    """A process of a run ended without a result: killed, or out of memory."""


class RunInterrupted(VisionloomError):  # noqa: N818 - an interruption is not an error
    """A run was stopped by Ctrl-C or SIGTERM after its state was saved."""

    exit_status = 130

    def __init__(self, message: str, remedy: str = "", exit_status: int = 130) -> None:
        super().__init__(message, remedy)
        self._exit_status = exit_status

    @property
    def status(self) -> int:
        """130 for Ctrl-C, 143 for SIGTERM."""
        return self._exit_status
