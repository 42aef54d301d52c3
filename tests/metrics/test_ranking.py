"""Areas and correlations are scikit-learn's, ties and lopsided classes included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sk

from visionloom.metrics.counts import confusion
from visionloom.metrics.ranking import average_precision, matthews, roc_auc

# few different scores, so that there are ties
PICTURES = st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=60)


@given(PICTURES)
def test_areas_agree(pictures: list[tuple[bool, int]]) -> None:
    positive = np.asarray([is_positive for is_positive, _ in pictures])
    scores = np.asarray([score for _, score in pictures], np.float64) / 7
    if not positive.any():
        return
    precision = sk.average_precision_score(positive, scores)
    assert average_precision(positive, scores) == pytest.approx(precision, abs=1e-12)
    if not positive.all():
        area = sk.roc_auc_score(positive, scores)
        assert roc_auc(positive, scores) == pytest.approx(area, abs=1e-12)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=60),
)
def test_the_correlation_agrees(pictures: list[tuple[int, int]]) -> None:
    labels, predicted = (np.asarray(side, np.int64) for side in zip(*pictures, strict=True))
    if len({*labels, *predicted}) == 1:
        return  # scikit-learn warns of it
    wanted = sk.matthews_corrcoef(labels, predicted)
    assert matthews(confusion(labels, predicted, 3)) == pytest.approx(wanted, abs=1e-12)
