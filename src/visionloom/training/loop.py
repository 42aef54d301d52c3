"""The loop: for each epoch train, validate, record, keep the best, decide to stop, checkpoint."""

from __future__ import annotations

import dataclasses
import math
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from visionloom.errors import RunInterrupted, TrainingFailedError
from visionloom.images.randomness import seed_for
from visionloom.models.device import Hardware
from visionloom.spec.context import Context
from visionloom.training import checkpoint
from visionloom.training.checkpoint import Identity, Position, State, Tensors
from visionloom.training.feed import Feed, Logits
from visionloom.training.figures import validation_figures
from visionloom.training.history import EpochRow, History
from visionloom.training.optimize import learning_rate, make_optimizer, set_learning_rate
from visionloom.training.options import TrainingOptions
from visionloom.training.pace import Pace

FINISHED = "all epochs done"
PATIENCE = "no improvement for {} epochs"
TIME_LIMIT = "time limit reached"
ON_REQUEST = "finished on request"


@dataclass(frozen=True)
class Fitted:
    """What a training ends with.

    Attributes:
        best: Parameters and buffers of the best epoch, on the host.
        history: All epochs.
        stopped_because: One of the sentences above.
        elapsed: Wall time, seconds, earlier attempts included.
    """

    best: Tensors
    history: History
    stopped_because: str
    elapsed: float


class Trainer:
    """One training: the network, its data and everything that moves while it learns.

    Args:
        network: Already on the device, in the device's layout.
        feed: Training and validation examples.
        options: All choices.
        hardware: What it runs on.
        class_weights: float32 (C,) on the device, or None.
        identity: What a checkpoint must share with this run.
        context: Whom to tell, and when to stop.
        checkpoints: Folder for checkpoints, or None for a stage too short to need them.
    """

    def __init__(
        self,
        network: nn.Module,
        feed: Feed,
        options: TrainingOptions,
        hardware: Hardware,
        class_weights: torch.Tensor | None,
        identity: Identity,
        context: Context,
        checkpoints: Path | None,
    ) -> None:
        self.network = network
        self.feed = feed
        self.options = options
        self.hardware = hardware
        self.identity = identity
        self.context = context
        self.checkpoints = checkpoints
        self.objective = nn.CrossEntropyLoss(class_weights, label_smoothing=options.label_smoothing)
        self.optimizer = make_optimizer(network.parameters(), options, hardware.kind)
        self.scaler = torch.amp.GradScaler(hardware.kind, enabled=hardware.precision == "fp16")
        self.history = History(options.monitor, options.minimum_improvement)
        self.position = Position()
        self.best: Tensors | None = None
        self._saved_at = time.monotonic()
        self._steps = feed.batch_count()  # counted once: it grows with the number of images

    def resume(self, state: State) -> None:
        """Continue from a checkpoint."""
        self.network.load_state_dict(state.model)
        checkpoint.restore_optimizer(self.optimizer, self.network, state.optimizer)
        if state.scaler:
            self.scaler.load_state_dict(state.scaler)
        self.history, self.position, self.best = state.history, state.position, state.best

    def fit(self) -> Fitted:
        """Train until the epochs are done, patience or time is over, or somebody says stop.

        Raises:
            TrainingFailedError: The loss is not finite, or no epoch was finished.
            RunInterrupted: Stopped; the state is saved.
        """
        options = self.options
        reason = self._reason_to_stop()
        while reason is None:
            complete = self._train_epoch()
            if not complete and self._may_finish():
                reason = ON_REQUEST
                break
            improved = self._close_epoch()
            reason = self._reason_to_stop() if complete else TIME_LIMIT
            if reason is None:  # what is done is written as the model, not to go on from
                self._save(best_is_model=improved)
        if self.best is None:
            raise TrainingFailedError(
                f"No epoch of {options.epochs} was finished with a finite validation loss: "
                "there is nothing to save.",
                "Allow more time, or use a lower learning rate.",
            )
        return Fitted(self.best, self.history, reason, self.position.elapsed)

    def replay(self, epoch: int, batch: int) -> None:
        """Train until ``batch`` batches of ``epoch`` are done; nothing is saved.

        Raises:
            TrainingFailedError: The loss is not finite.
            RunInterrupted: Stopped.
        """
        while self.position.epoch < epoch:
            self._train_epoch()
            self._close_epoch()
        if self.position.batch < batch:
            self._train_epoch(batch)

    def state(self, *, best_is_model: bool = False) -> State:
        """A copy of everything that training goes on from."""
        return State(
            position=dataclasses.replace(self.position),
            history=self.history,
            model=checkpoint.model_tensors(self.network),
            optimizer=checkpoint.optimizer_tensors(self.optimizer, self.network),
            best=self.best,
            scaler=self.scaler.state_dict(),
            identity=self.identity,
            best_is_model=best_is_model,
        )

    def _close_epoch(self) -> bool:
        """Validate, record, keep the best; returns whether this epoch is it."""
        row = self._row(self._validate())
        if not math.isfinite(row.valid_loss):
            raise self._not_finite("validation loss is not finite")
        improved = self.history.add(row)
        if improved:
            self.best = checkpoint.model_tensors(self.network)
        self.context.metrics(row.all())
        self.position = self.position.next_epoch()
        return improved

    def _train_epoch(self, until: int | None = None) -> bool:
        """One pass over the training images, or as far as batch ``until``.

        Returns:
            False when time or patience with us ran out.
        """
        options, position, device = self.options, self.position, self.hardware.device
        steps = self._steps
        exact = torch.float32 if self.hardware.kind == "mps" else torch.float64
        loss_sum = torch.tensor(position.loss_sum, dtype=exact, device=device)
        wrong = torch.tensor(position.wrong, dtype=torch.int64, device=device)
        first_bad = torch.tensor(-1, dtype=torch.int64, device=device)
        pace = Pace(self.context, options, steps, position, len(self.feed.training_labels))
        self.network.train()
        mark = time.perf_counter()
        for examples in self.feed.batches(position.epoch, position.batch):
            set_learning_rate(self.optimizer, self._rate(position.batch))
            torch.manual_seed(seed_for(options.random_seed, "step", position.epoch, position.batch))
            loss, logits = self._step(examples.inputs, examples.labels)
            size = len(examples.labels)
            loss_sum += loss.detach().to(exact) * size
            wrong += (logits.argmax(1) != examples.labels).sum()
            bad = (first_bad < 0) & ~torch.isfinite(loss.detach())
            first_bad = torch.where(bad, position.batch, first_bad)
            position.batch += 1
            position.step += 1
            position.images += size
            position.waited += examples.waited
            now = time.perf_counter()
            position.training_seconds += now - mark
            position.elapsed += now - mark
            mark = now
            last = position.batch == (until or steps)
            # asked once: what is saved when we leave are the sums as they are read here
            leaving = not last and self._asked_to_stop()
            if last or leaving or pace.due(position):
                self._refuse_if_bad(int(first_bad))
                position.loss_sum, position.wrong = float(loss_sum), int(wrong)
                pace.report(position)
                # at the last batch too: validation may take long
                if not leaving and self._is_save_due():
                    self._save()
            if last:
                break
            if leaving:
                return self._leave_epoch()
        return True

    def _is_save_due(self) -> bool:
        return time.monotonic() - self._saved_at > self.options.checkpoint_minutes * 60

    def _step(
        self, inputs: torch.Tensor, labels: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        self.optimizer.zero_grad(set_to_none=True)
        with self.hardware.autocast():
            logits = self.network(inputs)
        loss = self.objective(logits.float(), labels)
        self.scaler.scale(loss).backward()
        self.scaler.step(self.optimizer)
        self.scaler.update()
        return loss, logits

    def _validate(self) -> Logits:
        count = len(self.feed.validation_labels)
        stage = f"epoch {self.position.epoch}/{self.options.all_epochs}, validating"

        def tell(done: int) -> None:
            self.context.progress(stage, done, count)

        started = time.perf_counter()
        self.network.eval()
        logits = self.feed.validate(self.network, tell)
        self.position.validating_seconds = time.perf_counter() - started
        self.position.elapsed += self.position.validating_seconds
        return logits

    def _row(self, logits: Logits) -> EpochRow:
        position = self.position
        figures = validation_figures(logits, np.asarray(self.feed.validation_labels))
        training_seconds = max(position.training_seconds, 1e-9)
        return EpochRow(
            epoch=position.epoch,
            learning_rate=self._rate(0),
            train_loss=position.loss_sum / position.images,
            train_error=position.wrong / position.images,
            valid_loss=figures.loss,
            top1_accuracy=figures.top1,
            top5_accuracy=figures.top5,
            macro_f1=figures.macro_f1,
            train_images_per_second=position.images / training_seconds,
            waited_for_data=min(1.0, position.waited / training_seconds),
            seconds=position.training_seconds + position.validating_seconds,
        )

    def _rate(self, batch: int) -> float:
        """The learning rate of a batch of the open epoch."""
        options, more_from, steps = self.options, self.position.more_from, self._steps
        begin, epochs, warmup = 1, options.epochs, options.warmup_epochs
        if more_from:
            begin, epochs, warmup = more_from, options.more_epochs, 0
        step = (self.position.epoch - begin) * steps + batch
        peak, schedule = options.learning_rate, options.schedule
        return learning_rate(step, epochs * steps, warmup * steps, peak, schedule)

    def _begin_more(self, reason: str) -> None:
        """The epochs of the recipe are over: begin those that follow."""
        count, first = self.options.more_epochs, self.position.epoch
        self.position.more_from, self.history.epochs_since_best = first, 0
        self.context.log(
            f"The recipe's epochs are over ({reason}). Epochs {first} to {first + count - 1} "
            f"follow: the learning rate begins anew at {self._rate(0):g}, patience counts anew, "
            "the best epoch of all is kept."
        )

    def _reason_to_stop(self) -> str | None:
        """Why to stop before the open epoch, if so; begins the ``more_epochs`` when it is time."""
        if self.context.finish.is_set():
            return ON_REQUEST
        over = self._why_over()
        if over is not None:
            if not self.options.more_epochs or self.position.more_from:
                return over
            self._begin_more(over)
        return TIME_LIMIT if self._out_of_time() else None

    def _why_over(self) -> str | None:
        options, more_from = self.options, self.position.more_from
        last = more_from + options.more_epochs - 1 if more_from else options.epochs
        if self.position.epoch > last:
            return FINISHED
        if self.history.epochs_since_best >= options.patience and self.history.best is not None:
            return PATIENCE.format(options.patience)
        return None

    def _asked_to_stop(self) -> bool:
        context = self.context
        return context.stop.is_set() or self._may_finish() or self._out_of_time()

    def _may_finish(self) -> bool:
        """Whether it is asked to end with its best so far, and there is one."""
        return self.context.finish.is_set() and self.best is not None

    def _out_of_time(self) -> bool:
        limit = self.options.time_limit
        return limit is not None and self.position.elapsed >= limit * 60

    def _leave_epoch(self) -> bool:
        if self.context.stop.is_set():
            self._save()
            raise RunInterrupted(f"Stopped in {self.position.words}; the state is saved.")
        return False

    def _refuse_if_bad(self, batch: int) -> None:
        if batch >= 0:
            where = f"batch {batch + 1} of {self.feed.batch_count()}"
            raise self._not_finite(f"training loss is not finite: first in {where}")

    def _not_finite(self, what: str) -> TrainingFailedError:
        best = self.history.best
        kept = (
            f"The best model so far is of epoch {best.epoch}; --finish keeps it."
            if best is not None and self.checkpoints is not None
            else "No epoch was finished before."
        )
        return TrainingFailedError(
            f"In epoch {self.position.epoch} the {what}. {kept}",
            f"Use a lower learning rate than {self.options.learning_rate:g}.",
        )

    def _save(self, *, best_is_model: bool = False) -> None:
        if self.checkpoints is None:
            return
        folder, state = self.checkpoints, self.state(best_is_model=best_is_model)
        self.context.when_there_is_room(lambda: checkpoint.save(folder, state))
        self._saved_at = time.monotonic()
