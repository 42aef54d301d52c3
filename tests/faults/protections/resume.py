"""What makes a training that is gone on with end as the undisturbed one."""

from __future__ import annotations

from tests.faults.protections import Line, Protection

_CHECKPOINT = "src/visionloom/training/checkpoint.py"
_LOOP = "src/visionloom/training/loop.py"
_HERE = "tests/faults/test_resume.py"


def _line(name: str, row: str, test: str, file: str, line: str, without: str) -> Protection:
    return Protection(row, test, Line(file, line, without), name)


PROTECTIONS = (
    _line(
        "checkpoint-verified",
        "R7",
        f"{_HERE}::test_a_damaged_newest_checkpoint_falls_back_and_says_which_and_how_many_steps",
        _CHECKPOINT,
        "open_artifact(Checkpoint(path))",
        "open_artifact(Checkpoint(path), verify=False)",
    ),
    _line(
        "fall-back",
        "R7",
        f"{_HERE}::test_a_damaged_newest_checkpoint_falls_back_and_says_which_and_how_many_steps",
        _CHECKPOINT,
        "            damaged.append((path, error.message))\n            continue\n",
        "            damaged.append((path, error.message))\n            break\n",
    ),
    _line(
        "last-two-whole",
        "R7",
        "tests/training/test_checkpoint.py"
        "::test_a_damaged_checkpoint_does_not_push_out_the_whole_one_before_it",
        _CHECKPOINT,
        "if kept < _KEPT and _is_whole(path):",
        "if kept < _KEPT:",
    ),
    _line(
        "checkpoints-atomic",
        "R10",
        "tests/training/test_checkpoint.py::test_a_checkpoint_being_written_is_none_yet",
        _CHECKPOINT,
        "    with new_artifact(Checkpoint, target) as draft:\n",
        "    import contextlib\n"
        "    from visionloom.artifacts.store import Draft\n"
        "    target.mkdir(parents=True)\n"
        "    with contextlib.nullcontext(Draft(target)) as draft:\n",
    ),
    _line(
        "optimizer-restored",
        "R11",
        f"{_HERE}::test_killed_in_some_batches_a_training_ends_as_the_undisturbed_one",
        _LOOP,
        "        checkpoint.restore_optimizer(self.optimizer, self.network, state.optimizer)\n",
        "",
    ),
    _line(
        "history-restored",
        "R10",
        f"{_HERE}::test_killed_at_random_alone_and_in_pipelines_trainings_end_the_same",
        _LOOP,
        "self.history, self.position, self.best = state.history, state.position, state.best",
        "self.position, self.best = state.position, state.best",
    ),
    _line(
        "epoch-gone-on-with-inside",
        "R11",
        f"{_HERE}::test_killed_in_some_batches_a_training_ends_as_the_undisturbed_one",
        "src/visionloom/training/feed.py",
        "        slices = batch_slices(len(order), self.batch_size)[first:]\n",
        "        slices = batch_slices(len(order), self.batch_size)\n",
    ),
    _line(
        "pictures-drawn-by-slot",
        "R11",
        f"{_HERE}::test_killed_in_some_batches_a_training_ends_as_the_undisturbed_one",
        "src/visionloom/training/feed.py",
        'return generator(self.seed, epoch, slot, "transformation")',
        "return np.random.default_rng()",
    ),
    _line(
        "left-with-true-sums",
        "R11",
        "tests/training/test_loop.py"
        "::test_a_stop_that_comes_between_two_looks_leaves_the_epoch_with_its_true_sums",
        _LOOP,
        "            if leaving:\n",
        "            if leaving or self._asked_to_stop():\n",
    ),
    _line(
        "other-data-refused",
        "resume",
        "tests/training/test_checkpoint.py::test_other_data_or_another_recipe_is_refused_and_named",
        _CHECKPOINT,
        "    changed = [name for name in saved.data if saved.data[name] != ours.data.get(name)]\n",
        "    changed = []\n",
    ),
)
