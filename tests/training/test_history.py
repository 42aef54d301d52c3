"""The best epoch and early stopping."""

import dataclasses

from visionloom.training.history import EpochRow, History, history_from_json


def row(epoch: int, loss: float, accuracy: float = 0.5) -> EpochRow:
    return EpochRow(epoch, 0.1, 1.0, 0.5, loss, accuracy, None, 0.5, 10.0, 0.0, 1.0)


def run(losses: list[float], minimum_improvement: float = 0.0) -> History:
    history = History("valid_loss", minimum_improvement)
    for epoch, loss in enumerate(losses, 1):
        history.add(row(epoch, loss))
    return history


def test_c3_patience_counts_epochs_since_the_best_not_since_the_last() -> None:
    history = run([1.0, 2.0, 1.9, 1.8])
    assert history.epochs_since_best == 3
    assert history.best is not None
    assert history.best.epoch == 1


def test_a_tie_is_no_improvement() -> None:
    assert run([1.0, 1.0]).epochs_since_best == 1


def test_a_smaller_gain_than_the_minimum_improvement_does_not_count() -> None:
    history = run([1.0, 0.95, 0.85], minimum_improvement=0.1)
    assert history.best is not None
    assert history.best.epoch == 3
    assert run([1.0, 0.95], minimum_improvement=0.1).epochs_since_best == 1


def test_c4_a_loss_that_is_not_a_number_is_never_the_best() -> None:
    history = run([float("nan"), 3.0])
    assert history.best is not None
    assert history.best.epoch == 2


def test_c2_the_best_accuracy_can_be_monitored() -> None:
    history = History("accuracy", 0.0)
    history.add(row(1, 1.0, accuracy=0.2))
    assert history.add(row(2, 2.0, accuracy=0.9))
    assert not history.add(row(3, 0.1, accuracy=0.9))


def test_history_survives_json_to_the_bit() -> None:
    history = run([0.1 + 0.2, 1 / 3])
    again = history_from_json(history.to_json())
    assert dataclasses.asdict(again) == dataclasses.asdict(history)
