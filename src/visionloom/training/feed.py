"""Where a training gets its examples: pictures for the whole network, features for the head."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import nn

from visionloom.images.batches import BatchReader, equal_slices
from visionloom.images.randomness import generator
from visionloom.models.device import Hardware
from visionloom.models.forward import INFERENCE_BATCH_SIZE, ToModel, run_forward
from visionloom.training.order import Order, batch_slices, epoch_order

Logits = np.ndarray[tuple[int, int], np.dtype[np.float32]]


@dataclass(frozen=True)
class Examples:
    """One batch on the device.

    Attributes:
        inputs: Normalised pictures float32 (B, 3, H, W), or features float32 (B, F).
        labels: Class indices int64 (B,).
        waited: Seconds spent waiting for it.
    """

    inputs: torch.Tensor
    labels: torch.Tensor
    waited: float


class Feed(Protocol):
    """What the loop asks of its data."""

    @property
    def training_labels(self) -> Order:
        """Class index of each training image."""

    @property
    def validation_labels(self) -> Order:
        """Class index of each validation image."""

    def batches(self, epoch: int, first: int) -> Iterator[Examples]:
        """The batches of an epoch from number ``first`` (from 0) on."""

    def batch_count(self) -> int:
        """Batches in an epoch."""

    def validate(self, network: nn.Module, on_batch: Callable[[int], None]) -> Logits:
        """Logits of every validation image in order, float32 (n, C); network in eval mode."""


@dataclass(frozen=True)
class PictureFeed:
    """Pictures, transformed afresh each epoch.

    Attributes:
        training, validation: Readers of the two parts.
        training_labels, validation_labels: Class indices, int64.
        seed: Random seed.
        batch_size: Images per step.
        random: Whether the training transformation draws random numbers.
        balanced: Whether every class is drawn equally often.
        to_model: Normalisation on the device.
        hardware: What it runs on.
    """

    training: BatchReader
    validation: BatchReader
    training_labels: Order
    validation_labels: Order
    seed: int
    batch_size: int
    random: bool
    balanced: bool
    to_model: ToModel
    hardware: Hardware

    def batch_count(self) -> int:
        """Batches in an epoch."""
        return len(batch_slices(len(self.training_labels), self.batch_size))

    def batches(self, epoch: int, first: int) -> Iterator[Examples]:
        """The batches of an epoch from number ``first`` on."""
        order = epoch_order(self.seed, epoch, self.training_labels, balanced=self.balanced)
        slices = batch_slices(len(order), self.batch_size)[first:]

        def draw(slot: int) -> np.random.Generator:
            return generator(self.seed, epoch, slot, "transformation")

        drawn = draw if self.random else None
        for batch in self.training.read(order.tolist(), slices, drawn):
            pixels = torch.from_numpy(batch.pixels).to(self.hardware.device, non_blocking=True)
            inputs = self.to_model(pixels)
            labels = torch.from_numpy(self.training_labels[batch.indices])
            yield Examples(
                inputs.contiguous(memory_format=self.hardware.memory_format),
                labels.to(self.hardware.device, non_blocking=True),
                batch.waited,
            )

    def validate(self, network: nn.Module, on_batch: Callable[[int], None]) -> Logits:
        """Logits of the validation images."""
        return forward_all(
            network, self.validation, len(self.validation_labels), self.to_model,
            self.hardware, on_batch,
        )  # fmt: skip


@dataclass(frozen=True)
class FeatureFeed:
    """Features of the frozen backbone, computed once.

    Attributes:
        training, validation: float32 (n, F) on the device.
        training_labels, validation_labels: Class indices, int64.
        seed, batch_size, balanced, hardware: As for `PictureFeed`.
    """

    training: torch.Tensor
    validation: torch.Tensor
    training_labels: Order
    validation_labels: Order
    seed: int
    batch_size: int
    balanced: bool
    hardware: Hardware

    def batch_count(self) -> int:
        """Batches in an epoch."""
        return len(batch_slices(len(self.training_labels), self.batch_size))

    def batches(self, epoch: int, first: int) -> Iterator[Examples]:
        """The batches of an epoch from number ``first`` on."""
        order = epoch_order(self.seed, epoch, self.training_labels, balanced=self.balanced)
        for start, stop in batch_slices(len(order), self.batch_size)[first:]:
            chosen = torch.from_numpy(order[start:stop])
            labels = torch.from_numpy(self.training_labels[order[start:stop]])
            device = self.hardware.device
            yield Examples(self.training[chosen.to(device)], labels.to(device), 0.0)

    def validate(self, network: nn.Module, on_batch: Callable[[int], None]) -> Logits:
        """Logits of the validation images."""
        with torch.inference_mode():
            logits = network(self.validation).float().cpu().numpy()
        on_batch(len(self.validation_labels))
        return np.asarray(logits, dtype=np.float32)


def forward_all(
    function: Callable[[torch.Tensor], torch.Tensor],
    reader: BatchReader,
    count: int,
    to_model: ToModel,
    hardware: Hardware,
    on_batch: Callable[[int], None] | None = None,
) -> Logits:
    """Apply a function to every picture of a reader in order, without gradients; float32 (n, K)."""
    slices = equal_slices(count, INFERENCE_BATCH_SIZE)
    batches = (batch.pixels for batch in reader.read(range(count), slices))
    return run_forward(function, batches, to_model, hardware, on_batch)
