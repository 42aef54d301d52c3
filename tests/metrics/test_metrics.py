"""Figures agree with scikit-learn, and their intervals hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from visionloom.metrics.counts import confusion, macro, per_class
from visionloom.metrics.figures import compute
from visionloom.metrics.intervals import Figure, mean_loss, share, share_by_group
from visionloom.metrics.means import macro_figures
from visionloom.metrics.paired import compare


def scores(count: int, classes: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    draws = np.random.default_rng(seed)
    labels = draws.integers(0, classes, count)
    logits = draws.normal(size=(count, classes))
    logits[np.arange(count), labels] += 1.0
    exponentials = np.exp(logits)
    return labels, exponentials / exponentials.sum(1, keepdims=True)


@pytest.mark.parametrize("classes", [2, 3, 9])
def test_figures_are_scikit_learn_s(classes: int) -> None:
    labels, probabilities = scores(200, classes, seed=classes)
    found = compute(labels, probabilities, [str(i) for i in range(classes)])
    predicted = probabilities.argmax(1)
    wanted = sk.precision_recall_fscore_support(labels, predicted, average="macro")
    assert found.accuracy.value == pytest.approx(sk.accuracy_score(labels, predicted))
    assert found.macro_precision.value == pytest.approx(wanted[0])
    assert found.macro_recall.value == pytest.approx(wanted[1])
    assert found.macro_f1.value == pytest.approx(wanted[2])
    assert found.balanced_accuracy.value == pytest.approx(
        sk.balanced_accuracy_score(labels, predicted)
    )
    assert found.log_loss.value == pytest.approx(sk.log_loss(labels, probabilities))
    assert (found.confusion == sk.confusion_matrix(labels, predicted)).all()
    if classes == 2:
        assert found.auc == pytest.approx(sk.roc_auc_score(labels, probabilities[:, 1]))
    else:
        wanted_auc = sk.roc_auc_score(labels, probabilities, multi_class="ovr")
        assert found.auc == pytest.approx(wanted_auc)
    for figure in (found.accuracy, found.macro_f1, found.log_loss):
        assert figure.low is not None
        assert figure.high is not None
        assert figure.low <= figure.value <= figure.high


def test_c39_top5_means_something_only_above_five_classes() -> None:
    for classes, present in ((5, False), (6, True)):
        labels, probabilities = scores(60, classes, seed=1)
        found = compute(labels, probabilities, [str(i) for i in range(classes)])
        assert (found.top5_accuracy is not None) == present
    assert found.top5_accuracy is not None
    wanted = sk.top_k_accuracy_score(labels, probabilities, k=5)
    assert found.top5_accuracy.value == pytest.approx(wanted)


def test_c54_a_class_without_pictures_is_shown_not_shifted() -> None:
    labels = np.asarray([0, 0, 2, 2])
    probabilities = np.eye(3)[[0, 2, 2, 2]]
    found = compute(labels, probabilities, ["a", "b", "c"])
    assert [row.images for row in found.per_class] == [2, 0, 2]
    assert found.per_class[1].recall is None
    assert found.macro_recall.value == pytest.approx(0.75)


def test_c55_two_classes_have_binary_figures_of_the_second() -> None:
    labels, probabilities = scores(100, 2, seed=3)
    found = compute(labels, probabilities, ["no", "yes"]).binary
    assert found is not None
    predicted = probabilities.argmax(1)
    assert found.positive_class == "yes"
    assert found.precision.value == pytest.approx(sk.precision_score(labels, predicted))
    assert found.matthews == pytest.approx(sk.matthews_corrcoef(labels, predicted))
    wanted = sk.average_precision_score(labels, probabilities[:, 1])
    assert found.average_precision == pytest.approx(wanted)


def test_macro_means_leave_out_classes_without_pictures() -> None:
    matrix = confusion(np.asarray([0, 0, 1]), np.asarray([0, 1, 1]), 3)
    precision, recall, f1 = per_class(matrix)
    assert recall[:2].tolist() == [0.5, 1.0]
    assert np.isnan(recall[2])
    assert np.isnan(f1[2])
    assert macro(matrix)[0] == pytest.approx((1.0 + 0.5) / 2)
    assert precision[1] == 0.5


def test_the_interval_of_a_share_covers_the_truth_as_often_as_it_says() -> None:
    draws = np.random.default_rng(0)
    covered = 0
    for _ in range(1000):
        found = share(int(draws.binomial(80, 0.9)), 80)
        covered += found.low <= 0.9 <= found.high  # type: ignore[operator]
    assert 0.93 <= covered / 1000 <= 0.985


def test_the_interval_by_group_covers_the_truth_where_the_plain_one_does_not() -> None:
    draws = np.random.default_rng(1)
    grouped = plain = 0
    rounds = 400
    for _ in range(rounds):
        rates = draws.beta(4, 1, 30)
        groups = np.repeat(np.arange(30), 8)
        correct = (draws.random(240) < rates[groups]).astype(float)
        mine = share_by_group(correct, groups)
        theirs = share(int(correct.sum()), 240)
        grouped += mine.low <= 0.8 <= mine.high  # type: ignore[operator]
        plain += theirs.low <= 0.8 <= theirs.high  # type: ignore[operator]
    assert 0.92 <= grouped / rounds <= 0.99
    assert plain / rounds < 0.9


def confusable(classes: int, accuracy: float, *, onto_first: bool) -> np.ndarray:
    """Probabilities of each predicted class given the true one, (C, C)."""
    rows = np.eye(classes) * accuracy
    if onto_first:
        for row in range(classes):
            rows[row, 0 if row else 1] += 1 - accuracy
        return rows
    return rows + (1 - accuracy) / (classes - 1) * (1 - np.eye(classes))


@pytest.mark.parametrize("onto_first", [False, True])
@pytest.mark.parametrize("sizes", [[10] * 3, [6] * 10, [40] * 10, [5] * 40, [200, 30, 8, 5]])
@pytest.mark.parametrize("accuracy", [0.7, 0.9, 0.97])
def test_macro_intervals_hold_the_truth_as_often_as_they_say(
    accuracy: float, sizes: list[int], onto_first: bool
) -> None:
    rows = confusable(len(sizes), accuracy, onto_first=onto_first)
    truth = macro(rows * np.asarray(sizes)[:, None])
    labels = np.repeat(np.arange(len(sizes)), sizes)
    draws = np.random.default_rng(4)
    rounds = 200
    covered = np.zeros(3)
    for _ in range(rounds):
        predicted = (draws.random((len(labels), 1)) > rows.cumsum(1)[labels]).sum(1)
        predicted = np.minimum(predicted, len(sizes) - 1)
        for place, found in enumerate(macro_figures(labels, predicted, len(sizes), None)):
            assert found.low is not None
            assert found.high is not None
            assert found.low <= found.value <= found.high
            covered[place] += found.low <= truth[place] <= found.high
    # 200 rounds at exactly 95 % stay above 91 % in more than 98 of 100 simulations
    assert covered.min() / rounds >= 0.91


def test_a_macro_interval_is_about_as_wide_as_that_of_the_accuracy() -> None:
    """What always covers because it is as wide as the whole range would say nothing."""
    draws = np.random.default_rng(5)
    labels = np.repeat(np.arange(5), 80)
    predicted = np.where(draws.random(400) < 0.9, labels, draws.integers(0, 5, 400))
    plain = share(int((labels == predicted).sum()), 400)
    for found in macro_figures(labels, predicted, 5, None):
        assert width(found) < 1.3 * width(plain)


def width(figure: Figure) -> float:
    assert figure.low is not None
    assert figure.high is not None
    return figure.high - figure.low


def test_macro_intervals_by_group_hold_the_truth_where_the_plain_ones_do_not() -> None:
    draws = np.random.default_rng(6)
    covered, plain, rounds = np.zeros(3), np.zeros(3), 300
    labels = np.repeat([0, 1, 2], 120)
    groups = np.repeat(np.arange(45), 8)
    for _ in range(rounds):
        rates = draws.beta(4, 1, 45)[groups]
        other = (labels + draws.integers(1, 3, 360)) % 3
        predicted = np.where(draws.random(360) < rates, labels, other)
        mine = macro_figures(labels, predicted, 3, groups)
        theirs = macro_figures(labels, predicted, 3, None)
        covered += [f.low <= 0.8 <= f.high for f in mine]  # type: ignore[operator]
        plain += [f.low <= 0.8 <= f.high for f in theirs]  # type: ignore[operator]
    assert covered.min() / rounds >= 0.92
    assert plain.max() / rounds < 0.9


@pytest.mark.parametrize(("count", "accuracy"), [(30, 0.8), (80, 0.9), (300, 0.95)])
def test_the_intervals_of_one_class_hold_the_truth(count: int, accuracy: float) -> None:
    rows = confusable(3, accuracy, onto_first=False)
    labels = np.repeat(np.arange(3), count // 3)
    draws = np.random.default_rng(7)
    rounds, covered = 300, np.zeros(3)
    for _ in range(rounds):
        predicted = (draws.random((len(labels), 1)) > rows.cumsum(1)[labels]).sum(1)
        found = compute(labels, np.eye(3)[np.minimum(predicted, 2)], ["a", "b", "c"]).per_class[0]
        for place, figure in enumerate((found.precision, found.recall, found.f1)):
            assert figure is not None
            covered[place] += figure.low <= accuracy <= figure.high  # type: ignore[operator]
    assert covered.min() / rounds >= 0.92


def test_the_interval_of_the_log_loss_holds_the_truth() -> None:
    draws = np.random.default_rng(8)

    def losses(count: int) -> np.ndarray:
        return np.log1p(np.exp(-draws.normal(1, 2, count)))

    truth, rounds = float(losses(1_000_000).mean()), 400
    found = [mean_loss(losses(80), None) for _ in range(rounds)]
    covered = sum(f.low <= truth <= f.high for f in found)  # type: ignore[operator]
    assert 0.92 <= covered / rounds <= 0.98


def test_one_group_gives_no_interval() -> None:
    labels, probabilities = scores(40, 3, seed=9)
    found = compute(labels, probabilities, ["a", "b", "c"], np.zeros(40, dtype=np.int64))
    for figure in (found.accuracy, found.macro_f1, found.log_loss):
        assert figure.low is None
        assert figure.high is None


@settings(max_examples=60, deadline=None)
@given(
    pairs=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=60),
    group_count=st.integers(0, 5),
)
def test_every_figure_lies_in_its_interval(pairs: list[tuple[int, int]], group_count: int) -> None:
    labels, predicted = (np.asarray(side) for side in zip(*pairs, strict=True))
    probabilities = np.full((len(labels), 5), 0.1)
    probabilities[np.arange(len(labels)), predicted] = 0.6
    groups = np.arange(len(labels)) % group_count if group_count else None
    found = compute(labels, probabilities, list("abcde"), groups)
    figures = [found.accuracy, found.macro_precision, found.macro_recall, found.macro_f1]
    for row in found.per_class:
        figures += [figure for figure in (row.precision, row.recall, row.f1) if figure]
    for figure in [*figures, found.log_loss]:
        if figure.low is not None and figure.high is not None:
            assert figure.low <= figure.value <= figure.high


@pytest.mark.parametrize("gain", [0.0, 0.08])
@pytest.mark.parametrize("count", [40, 200])
def test_the_interval_of_a_difference_holds_the_truth(count: int, gain: float) -> None:
    draws = np.random.default_rng(10)
    covered, rounds = 0, 300
    for _ in range(rounds):
        ease = draws.random(count)
        one = (ease + draws.normal(0, 0.05, count) < 0.8).astype(float)
        two = (ease + draws.normal(0, 0.05, count) < 0.8 + gain).astype(float)
        found = compare(one, two)
        covered += found.low <= gain <= found.high  # type: ignore[operator]
    assert covered / rounds >= 0.92


def test_two_equal_models_are_not_told_apart_and_a_better_one_is() -> None:
    draws = np.random.default_rng(2)
    one = (draws.random(300) < 0.8).astype(float)
    two = (draws.random(300) < 0.8).astype(float)
    assert compare(one, two).verdict == "cannot tell which is better"
    better = np.maximum(one, (draws.random(300) < 0.6).astype(float))
    found = compare(one, better)
    assert found.verdict == "the second is better"
    assert found.low is not None
    assert found.low > 0
    assert compare(better, one).verdict == "the first is better"
    assert compare(one, one).p_value == 1.0


def test_a_paired_test_is_wrong_no_more_often_than_it_says() -> None:
    draws = np.random.default_rng(3)
    wrong = 0
    for _ in range(200):
        one = (draws.random(120) < 0.8).astype(float)
        two = (draws.random(120) < 0.8).astype(float)
        from scipy.stats import binomtest

        only_one, only_two = int((one > two).sum()), int((two > one).sum())
        wrong += binomtest(only_two, only_one + only_two).pvalue < 0.05
    assert wrong / 200 <= 0.08
