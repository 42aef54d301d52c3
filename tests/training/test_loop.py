"""The loop itself, on a linear network whose figures can be worked out by hand."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from visionloom.errors import RunInterrupted, TrainingFailedError, UsageError
from visionloom.models.device import Hardware
from visionloom.spec.context import Context, Event, Metrics, Progress
from visionloom.training import checkpoint, pace
from visionloom.training.checkpoint import Identity
from visionloom.training.feed import Examples, FeatureFeed
from visionloom.training.loop import Trainer
from visionloom.training.options import TrainingOptions
from visionloom.training.recipe import resolve

CPU = Hardware("cpu", "fp32", True, 1, "a processor")
STILL = 1e-300
"""A learning rate that changes nothing, so that figures of an epoch can be worked out."""


def feed(count: int, batch_size: int, seed: int = 0) -> FeatureFeed:
    torch.manual_seed(seed)
    labels = np.arange(count) % 3
    inputs = torch.randn(count, 4) + torch.nn.functional.one_hot(torch.tensor(labels), 4)
    return FeatureFeed(inputs, inputs[:6], labels, labels[:6], 1, batch_size, False, CPU)


def trainer(
    data: FeatureFeed, options: TrainingOptions, folder: Path | None, events: list[Event]
) -> Trainer:
    torch.manual_seed(7)
    context = Context({}, folder or Path(), listener=events.append)
    identity = Identity(options.recipe(), {}, {})
    return Trainer(nn.Linear(4, 3), data, options, CPU, None, identity, context, folder)


def options(**more: object) -> TrainingOptions:
    return resolve("original", {"weight_decay": 0.0, **more})


def test_c40_c41_an_epoch_s_loss_counts_every_image_once() -> None:
    events: list[Event] = []
    data = feed(11, 4)
    made = trainer(data, options(epochs=1, batch_size=4, learning_rate=STILL), None, events)
    with torch.no_grad():
        logits = made.network(data.training)
        wanted = nn.functional.cross_entropy(logits, torch.tensor(data.training_labels))
        wrong = (logits.argmax(1) != torch.tensor(data.training_labels)).float().mean()
    made.fit()
    row = next(event.row for event in events if isinstance(event, Metrics))
    assert row["train_loss"] == pytest.approx(float(wanted), rel=1e-6)
    assert row["train_error"] == pytest.approx(float(wrong), abs=1e-7)


@dataclass(frozen=True)
class SlowFeed(FeatureFeed):
    """Takes its time for each batch."""

    def batches(self, epoch: int, first: int) -> Iterator[Examples]:
        for examples in super().batches(epoch, first):
            time.sleep(0.05)
            yield Examples(examples.inputs, examples.labels, 0.05)


def test_c42_throughput_is_images_over_wall_time() -> None:
    events: list[Event] = []
    plain = feed(12, 4)
    slow = SlowFeed(**vars(plain))
    made = trainer(slow, options(epochs=1, batch_size=4), None, events)
    started = time.perf_counter()
    made.fit()
    wall = time.perf_counter() - started
    row = next(event.row for event in events if isinstance(event, Metrics))
    rate, waited = row["train_images_per_second"], row["waited_for_data"]
    assert rate is not None
    assert waited is not None
    assert 12 / wall <= rate <= 12 / 0.15
    assert 0 < waited <= 1


def test_slow_steps_are_reported_before_print_frequency_comes_round(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "_SECONDS_BETWEEN_LOOKS", 0.04)
    monkeypatch.setattr(pace, "_SECONDS_BETWEEN_REPORTS", 0.04)
    events: list[Event] = []
    slow = SlowFeed(**vars(feed(12, 4)))
    trainer(slow, options(epochs=1, batch_size=4, print_frequency=10), None, events).fit()
    steps = [e.done for e in events if isinstance(e, Progress) and "training" in e.stage]
    assert steps == [4, 8, 12]


def test_c1_the_best_epoch_s_weights_are_a_copy() -> None:
    events: list[Event] = []
    made = trainer(feed(30, 5), options(epochs=4, batch_size=5, learning_rate=0.5), None, events)
    seen: list[dict[str, torch.Tensor]] = []
    original = made._validate

    def remember() -> object:
        seen.append({n: t.clone() for n, t in made.network.state_dict().items()})
        return original()

    made._validate = remember  # type: ignore[method-assign,assignment]
    fitted = made.fit()
    best = fitted.history.best
    assert best is not None
    for name, tensor in seen[best.epoch - 1].items():
        assert torch.equal(fitted.best[name], tensor)
    assert len([e for e in events if isinstance(e, Metrics)]) == 4


def test_c4_a_broken_loss_stops_at_its_first_step(tmp_path: Path) -> None:
    data = feed(40, 4)
    data.training[:] *= 1e30
    made = trainer(data, options(epochs=3, batch_size=4, learning_rate=1e20), tmp_path, [])
    with pytest.raises(TrainingFailedError, match=r"In epoch 1 .* first in batch \d+ of 10"):
        made.fit()


def test_checkpoints_are_also_saved_inside_a_long_epoch(
    tmp_path: Path,
) -> None:
    settings = options(
        epochs=2, batch_size=2, print_frequency=3, learning_rate=0.1, checkpoint_minutes=1e-9
    )
    whole = trainer(feed(20, 2), settings, tmp_path / "whole", []).fit()

    broken = trainer(feed(20, 2), settings, tmp_path / "broken", [])
    original, steps = broken._step, 0

    def fail(inputs: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        nonlocal steps
        steps += 1
        if steps == 8:
            raise KeyboardInterrupt
        return original(inputs, labels)

    broken._step = fail  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        broken.fit()
    saved, _ = checkpoint.load_latest(tmp_path / "broken")
    assert saved is not None
    assert (saved.position.epoch, saved.position.batch) == (1, 6)
    resumed = trainer(feed(20, 2), settings, tmp_path / "broken", [])
    resumed.resume(saved)
    fitted = resumed.fit()
    assert all(torch.equal(fitted.best[name], whole.best[name]) for name in whole.best)
    assert fitted.history.rows[0].train_loss == whole.history.rows[0].train_loss


def test_a_stop_saves_the_state_and_says_where(tmp_path: Path) -> None:
    made = trainer(feed(20, 2), options(epochs=2, batch_size=2), tmp_path, [])
    made.context.stop.set()
    with pytest.raises(RunInterrupted, match="after 1 batches"):
        made.fit()
    assert checkpoint.load_latest(tmp_path)[0] is not None


class SecondLook(threading.Event):
    """Is set for whoever looks a second time, as a signal between two looks would."""

    looks = 0

    def is_set(self) -> bool:
        self.looks += 1
        return self.looks > 1


def test_a_stop_that_comes_between_two_looks_leaves_the_epoch_with_its_true_sums(
    tmp_path: Path,
) -> None:
    settings = options(epochs=1, batch_size=4, print_frequency=100, learning_rate=0.1)
    whole = trainer(feed(20, 4), settings, tmp_path / "whole", []).fit()
    made = trainer(feed(20, 4), settings, tmp_path / "stopped", [])
    made.context = dataclasses.replace(made.context, stop=SecondLook())
    with pytest.raises(RunInterrupted):
        made.fit()
    saved, _ = checkpoint.load_latest(tmp_path / "stopped")
    assert saved is not None
    resumed = trainer(feed(20, 4), settings, tmp_path / "stopped", [])
    resumed.resume(saved)
    assert resumed.fit().history.rows[0].train_loss == whole.history.rows[0].train_loss


def test_a_state_is_saved_before_a_validation_too(tmp_path: Path) -> None:
    settings = options(epochs=1, batch_size=4, checkpoint_minutes=1e-9)
    whole = trainer(feed(20, 4), settings, tmp_path / "whole", []).fit()
    made = trainer(feed(20, 4), settings, tmp_path / "killed", [])

    def die() -> object:
        raise KeyboardInterrupt

    made._validate = die  # type: ignore[method-assign,assignment]
    with pytest.raises(KeyboardInterrupt):
        made.fit()
    saved, _ = checkpoint.load_latest(tmp_path / "killed")
    assert saved is not None
    assert saved.position.batch == 5
    resumed = trainer(feed(20, 4), settings, tmp_path / "killed", [])
    resumed.resume(saved)
    fitted = resumed.fit()
    assert fitted.history.rows[0].train_loss == whole.history.rows[0].train_loss
    assert all(torch.equal(fitted.best[name], whole.best[name]) for name in whole.best)


def test_more_epochs_leave_those_before_as_they_were_and_begin_the_rate_anew(
    tmp_path: Path,
) -> None:
    plain = options(epochs=3, batch_size=4, learning_rate=0.1, patience=9)
    more = options(epochs=3, batch_size=4, learning_rate=0.1, patience=9, more_epochs=2)
    before = trainer(feed(20, 4), plain, None, []).fit().history.rows
    after = trainer(feed(20, 4), more, None, []).fit().history.rows
    assert len(after) == 5
    assert [r.reproducible() for r in after[:3]] == [r.reproducible() for r in before]
    assert after[3].learning_rate == 0.1
    assert after[4].learning_rate == pytest.approx(0.1 / 4, rel=1e-5)


def test_more_epochs_follow_when_patience_ended_the_others(tmp_path: Path) -> None:
    settings = options(
        epochs=9, batch_size=4, learning_rate=STILL, patience=2, more_epochs=2, schedule="constant"
    )
    fitted = trainer(feed(20, 4), settings, None, []).fit()
    assert len(fitted.history.rows) == 5, "best 1, two without a new best, two more"
    assert fitted.stopped_because == "all epochs done"


def test_a_training_stopped_before_its_end_is_given_more_epochs_to_the_same_bits(
    tmp_path: Path,
) -> None:
    plain = options(epochs=3, batch_size=4, learning_rate=0.1, checkpoint_minutes=1e-9)
    more = options(epochs=3, batch_size=4, learning_rate=0.1, more_epochs=2)
    whole = trainer(feed(20, 4), more, tmp_path / "whole", []).fit()
    trainer(feed(20, 4), plain, tmp_path / "plain", []).fit()
    saved, _ = checkpoint.load_latest(tmp_path / "plain")
    assert saved is not None
    resumed = trainer(feed(20, 4), more, tmp_path / "plain", [])
    assert checkpoint.check_identity(saved.identity, resumed.identity) == []
    resumed.resume(saved)
    fitted = resumed.fit()
    assert [r.reproducible() for r in fitted.history.rows] == [
        r.reproducible() for r in whole.history.rows
    ]
    assert all(torch.equal(fitted.best[name], whole.best[name]) for name in whole.best)


def test_another_number_of_more_epochs_is_refused_once_they_began(tmp_path: Path) -> None:
    two, three = (options(more_epochs=count).recipe() for count in (2, 3))
    with pytest.raises(UsageError, match="more_epochs 3 instead of 2"):
        checkpoint.check_identity(Identity(two, {}, {}), Identity(three, {}, {}), more_begun=True)
