"""Which images make up which batch."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from visionloom.training.order import batch_slices, epoch_order


@given(count=st.integers(1, 300), size=st.integers(1, 64))
def test_c41_every_image_is_in_exactly_one_batch(count: int, size: int) -> None:
    slices = batch_slices(count, size)
    covered = [i for start, stop in slices for i in range(start, stop)]
    assert covered == list(range(count))


@given(count=st.integers(2, 300), size=st.integers(2, 64))
def test_no_batch_holds_a_single_image_where_two_are_possible(count: int, size: int) -> None:
    assert min(stop - start for start, stop in batch_slices(count, size)) >= 2


def test_a_batch_size_above_the_number_of_images_gives_one_batch() -> None:
    assert batch_slices(5, 16) == [(0, 5)]


def test_each_epoch_has_its_own_order_and_the_seed_repeats_it() -> None:
    labels = np.zeros(50, dtype=np.int64)
    first = epoch_order(1, 1, labels, balanced=False)
    assert sorted(first.tolist()) == list(range(50))
    assert first.tolist() == epoch_order(1, 1, labels, balanced=False).tolist()
    assert first.tolist() != epoch_order(1, 2, labels, balanced=False).tolist()
    assert first.tolist() != epoch_order(2, 1, labels, balanced=False).tolist()


def test_balanced_sampling_draws_rare_and_common_classes_equally_often() -> None:
    labels = np.asarray([0] * 950 + [1] * 50, dtype=np.int64)
    drawn = np.concatenate([labels[epoch_order(3, e, labels, balanced=True)] for e in range(1, 9)])
    assert abs(float(drawn.mean()) - 0.5) < 0.03
