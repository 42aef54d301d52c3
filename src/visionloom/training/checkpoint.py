"""Checkpoints: everything a run needs to go on as if it had never stopped.

Randomness is stateless, so no generator is saved. A checkpoint is an artifact: written whole,
verified when opened. The last two whole ones are kept; a damaged newest one falls back to the
older, and it is said how many steps that costs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from visionloom.artifacts.atomic import explained, remove_tree
from visionloom.artifacts.digest import sha256_of_json
from visionloom.artifacts.manifest import read_manifest, verify_files
from visionloom.artifacts.room import ensure_room
from visionloom.artifacts.store import new_artifact, open_artifact
from visionloom.artifacts.types import Artifact
from visionloom.errors import ArtifactError, UsageError
from visionloom.training.history import History, history_from_json
from visionloom.training.options import differences

Tensors = dict[str, torch.Tensor]
_KEPT = 2
_PREFIX = "checkpoint-"
_STEP = "step"
_MORE = "more_epochs"


class Checkpoint(Artifact):
    """A folder with the state of a training."""

    type_name = "Checkpoint"


@dataclass
class Position:
    """Where training is, and the sums of the open epoch.

    Attributes:
        epoch: The open epoch, from 1.
        batch: Batches of it that are done.
        step: Batches done since training began.
        more_from: The first of the recipe's ``more_epochs``; 0 before they begin.
        loss_sum: Sum over its images of the objective.
        wrong: Its images classified wrongly.
        images: Its images seen.
        training_seconds: Its wall time so far.
        waited: Seconds of that spent waiting for pictures.
        validating_seconds: Wall time of its validation.
        elapsed: Wall time of the whole training so far, seconds.
    """

    epoch: int = 1
    batch: int = 0
    step: int = 0
    more_from: int = 0
    loss_sum: float = 0.0
    wrong: int = 0
    images: int = 0
    training_seconds: float = 0.0
    waited: float = 0.0
    validating_seconds: float = 0.0
    elapsed: float = 0.0

    def next_epoch(self) -> Position:
        """The start of the epoch after this one."""
        return Position(
            epoch=self.epoch + 1, step=self.step, more_from=self.more_from, elapsed=self.elapsed
        )

    @property
    def words(self) -> str:
        """``epoch 2 after 7 batches``."""
        return f"epoch {self.epoch} after {self.batch} batches"


@dataclass(frozen=True)
class Identity:
    """What a run must share with a checkpoint to continue it.

    Attributes:
        recipe: `TrainingOptions.recipe`.
        data: Digests of training data, validation data and untrained model.
        environment: Versions and hardware; a difference is allowed but not bit-exact.
    """

    recipe: Mapping[str, Any]
    data: Mapping[str, str]
    environment: Mapping[str, Any]


@dataclass
class State:
    """What a checkpoint holds.

    With ``best_is_model`` the best weights are those of ``model``, and are stored once.
    """

    position: Position
    history: History
    model: Tensors
    optimizer: Tensors
    best: Tensors | None
    scaler: dict[str, Any]
    identity: Identity
    best_is_model: bool = False


def save(folder: Path, state: State) -> None:
    """Write the next checkpoint below ``folder``; it and the newest whole one before it are kept.

    Raises:
        DiskFullError: There is no room for it; the checkpoints before are as they were.
        ModuleOutOfMemoryError, FailedToWriteOutputsError: It cannot be written.
    """
    with explained(folder):
        numbers = [number for number, _ in _existing(folder)]
    target = folder / f"{_PREFIX}{(numbers[-1] if numbers else 0) + 1:06d}"
    document = {
        "position": vars(state.position),
        "history": state.history.to_json(),
        "scaler": state.scaler,
        "recipe": dict(state.identity.recipe),
        "data": dict(state.identity.data),
        "environment": dict(state.identity.environment),
        "has_best": state.best is not None,
        "best_is_model": state.best_is_model,
    }
    ensure_room(target, _size(state))
    with new_artifact(Checkpoint, target) as draft:
        save_file(state.model, draft.folder / "model.safetensors")
        save_file(state.optimizer, draft.folder / "optimizer.safetensors")
        if state.best is not None and not state.best_is_model:
            save_file(state.best, draft.folder / "best.safetensors")
        text = json.dumps(document, indent=1, allow_nan=True)
        (draft.folder / "state.json").write_text(text, encoding="utf-8")
        draft.digest = sha256_of_json({"position": vars(state.position)})
        draft.origin[_STEP] = state.position.step
    with explained(folder):
        _keep_last_whole(folder)


def load_latest(folder: Path) -> tuple[State | None, list[str]]:
    """The newest whole checkpoint below ``folder``, or None.

    Returns:
        The state, and a sentence for each newer checkpoint that is damaged: which, what is wrong
        with it, what training goes on from instead, and how many steps are done again.
    """
    damaged: list[tuple[Path, str]] = []
    found: State | None = None
    instead = "No whole checkpoint is left, so training begins anew"
    for _, path in reversed(_existing(folder)):
        try:
            found = _load(path)
        except ArtifactError as error:
            damaged.append((path, error.message))
            continue
        instead = f"Training goes on from {path.name}, {found.position.words}"
        break
    begun = 0 if found is None else found.position.step
    return found, [
        f"The checkpoint {path.name} is not usable: {reason} {instead}; {_done_again(path, begun)}."
        for path, reason in damaged
    ]


def load_last_two(folder: Path) -> tuple[State, State]:
    """The two newest checkpoints below ``folder``, the older one first.

    Raises:
        UsageError: There are not two.
        ArtifactError: One is damaged; which, and how.
    """
    last = [path for _, path in _existing(folder)[-_KEPT:]]
    if len(last) < _KEPT:
        raise UsageError(
            f"{len(last) or 'No'} checkpoint is there, and two are compared.",
            "Let the training go on for an epoch, or for a few minutes, and stop it again.",
        )
    return _load(last[0]), _load(last[1])


def _keep_last_whole(folder: Path) -> None:
    """Remove all but the newest checkpoint and the newest whole one before it.

    The one before is read again: a damaged one is nothing to fall back to, and must not push out
    an older one that is.
    """
    kept = 1
    for _, path in reversed(_existing(folder)[:-1]):
        if kept < _KEPT and _is_whole(path):
            kept += 1
        else:
            remove_tree(path)


def _is_whole(path: Path) -> bool:
    try:
        verify_files(path, read_manifest(path))
    except (ArtifactError, OSError):
        return False
    return True


def _done_again(path: Path, begun: int) -> str:
    """How many steps an unusable checkpoint was ahead of ``begun``, as far as it tells."""
    try:
        step = int(read_manifest(path).origin[_STEP])
    except (ArtifactError, OSError, KeyError, TypeError, ValueError):
        try:
            step = int(json.loads((path / "state.json").read_bytes())["position"]["step"])
        except (OSError, KeyError, TypeError, ValueError):
            return "how many steps are done again is not known, since it cannot be read"
    lost = max(0, step - begun)
    return f"{lost} step{' is' if lost == 1 else 's are'} done again"


def check_identity(saved: Identity, ours: Identity, *, more_begun: bool = False) -> list[str]:
    """Compare a checkpoint with the run that wants to continue it.

    Before they begin, another number of ``more_epochs`` is no other recipe: what came before them
    is the same, to the bit.

    Args:
        saved, ours: What the two are.
        more_begun: Whether the checkpoint is inside its ``more_epochs``.

    Returns:
        Differences of the environment: continuing is allowed, but not bit-exact.

    Raises:
        UsageError: Another recipe or other data; which.
    """
    before = dict(saved.recipe)
    if not more_begun and _MORE in before and _MORE in ours.recipe:
        before[_MORE] = ours.recipe[_MORE]
    changed = differences(ours.recipe, before)
    if changed:
        raise UsageError(
            f"The checkpoint was made with another recipe: {', '.join(changed)}.",
            "Resume with the same options, or start anew with --overwrite.",
        )
    changed = [name for name in saved.data if saved.data[name] != ours.data.get(name)]
    if changed:
        raise UsageError(
            f"The checkpoint was made with other data: {', '.join(changed)} changed.",
            "Restore the data, or start anew with --overwrite.",
        )
    return differences(ours.environment, saved.environment)


def optimizer_tensors(optimizer: torch.optim.Optimizer, network: nn.Module) -> Tensors:
    """The optimizer's state by parameter name: ``fc.weight/momentum_buffer``."""
    names: dict[torch.Tensor, str] = {p: name for name, p in network.named_parameters()}
    tensors: Tensors = {}
    for parameter, values in optimizer.state.items():
        for key, value in values.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{names[parameter]}/{key}"] = value.detach().cpu().contiguous().clone()
    return tensors


def restore_optimizer(
    optimizer: torch.optim.Optimizer, network: nn.Module, tensors: Tensors
) -> None:
    """Put back what `optimizer_tensors` gave, each tensor in the layout of its parameter."""
    parameters = dict(network.named_parameters())
    for name, saved in tensors.items():
        owner, _, key = name.rpartition("/")
        parameter = parameters[owner]
        if saved.shape == parameter.shape:
            value = torch.empty_like(parameter, requires_grad=False)
            value.copy_(saved)
        else:
            value = saved.clone() if key == "step" else saved.to(parameter.device)
        optimizer.state[parameter][key] = value


def model_tensors(network: nn.Module) -> Tensors:
    """A copy of parameters and buffers on the host."""
    return {n: t.detach().cpu().contiguous().clone() for n, t in network.state_dict().items()}


def _size(state: State) -> int:
    """About how many bytes the state takes as files, from below."""
    best = {} if state.best is None or state.best_is_model else state.best
    return sum(t.nbytes for part in (state.model, state.optimizer, best) for t in part.values())


def _existing(folder: Path) -> list[tuple[int, Path]]:
    found = []
    for path in folder.glob(f"{_PREFIX}*"):
        number = path.name[len(_PREFIX) :]
        if number.isdigit():
            found.append((int(number), path))
    return sorted(found)


def _load(path: Path) -> State:
    try:
        open_artifact(Checkpoint(path))
        document = json.loads((path / "state.json").read_text(encoding="utf-8"))
        same = bool(document.get("best_is_model", False))
        best = path / ("model.safetensors" if same else "best.safetensors")
        return State(
            position=Position(**document["position"]),
            history=history_from_json(document["history"]),
            model=load_file(path / "model.safetensors"),
            optimizer=load_file(path / "optimizer.safetensors"),
            best=load_file(best) if document["has_best"] else None,
            scaler=dict(document["scaler"]),
            identity=Identity(document["recipe"], document["data"], document["environment"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, SafetensorError) as error:
        raise ArtifactError(f"{path} is damaged: {error}.") from error
    except OSError as error:
        raise ArtifactError(f"{path} cannot be read: {error.strerror or error}.") from error
