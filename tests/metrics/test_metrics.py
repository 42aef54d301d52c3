"""Figures agree with scikit-learn, and their intervals hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as sk

from visionloom.metrics.counts import confusion, macro, per_class
from visionloom.metrics.figures import compute
from visionloom.metrics.intervals import share, share_by_group
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
    for classes, given in ((5, False), (6, True)):
        labels, probabilities = scores(60, classes, seed=1)
        found = compute(labels, probabilities, [str(i) for i in range(classes)])
        assert (found.top5_accuracy is not None) == given
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


def test_two_equal_models_are_not_told_apart_and_a_better_one_is() -> None:
    draws = np.random.default_rng(2)
    one = (draws.random(300) < 0.8).astype(float)
    two = (draws.random(300) < 0.8).astype(float)
    assert compare(one, two).verdict == "cannot tell which is better"
    better = np.maximum(one, (draws.random(300) < 0.6).astype(float))
    found = compare(one, better)
    assert found.verdict == "the second is better"
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
