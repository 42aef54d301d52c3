"""The networks are torchvision's, by name, shape and output."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from visionloom.errors import InvalidModelDirectoryError, UsageError
from visionloom.models.build import (
    FAMILIES,
    Architecture,
    architecture_from_json,
    build,
    build_empty,
    classifier,
    features,
)
from visionloom.models.rehead import load_with_new_head
from visionloom.models.tensors import read_tensors

NAMES = [name for names in FAMILIES.values() for name in names]


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("name", NAMES)
def test_state_dict_keys_and_shapes_are_torchvision_s(name: str) -> None:
    from visionloom.models.timm_models import _load_torchvision

    torchvision = _load_torchvision()
    with torch.device("meta"):
        theirs = torchvision.models.get_model(name, weights=None).state_dict()
    ours = build_empty(Architecture(name), 1000).state_dict()
    assert {k: v.shape for k, v in ours.items()} == {k: v.shape for k, v in theirs.items()}


@pytest.mark.parametrize("name", ["resnet18", "resnext50_32x4d", "densenet121"])
def test_the_same_weights_give_torchvision_s_output(name: str) -> None:
    from visionloom.models.timm_models import _load_torchvision

    torch.manual_seed(0)
    theirs = _load_torchvision().models.get_model(name, weights=None, num_classes=7).eval()
    ours = build(Architecture(name), 7).eval()
    ours.load_state_dict(theirs.state_dict())
    inputs = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.allclose(ours(inputs), theirs(inputs), atol=1e-5)
        assert torch.allclose(classifier(ours)(features(ours, inputs)), ours(inputs), atol=1e-6)


def test_zero_init_residual_starts_blocks_as_their_short_cut() -> None:
    network = build(Architecture("resnet18", {"zero_init_residual": True}), 2)
    weights = [p for n, p in network.named_parameters() if n.endswith("bn2.weight")]
    assert weights
    assert all(bool((w == 0).all()) for w in weights)


def test_memory_efficient_gives_the_same_gradients() -> None:
    found = []
    for efficient in (False, True):
        torch.manual_seed(1)
        network = build(Architecture("densenet121", {"memory_efficient": efficient}), 3)
        network(torch.ones(2, 3, 32, 32)).sum().backward()
        found.append(classifier(network).weight.grad)
    assert found[0] is not None
    assert found[1] is not None
    assert torch.allclose(found[0], found[1])


def test_real_weights_fit_and_the_head_is_replaced_not_stacked(shared_data: Path) -> None:
    tensors = read_tensors(shared_data / "weights" / "densenet121.safetensors")
    assert {t.dtype for t in tensors.values()} == {torch.float32, torch.int64}
    build(Architecture("densenet121"), 1000).load_state_dict(tensors)
    network = build(Architecture("densenet121"), 2)
    load_with_new_head(network, tensors, None, ("ants", "bees"))
    assert classifier(network).out_features == 2
    name = "features.conv0.weight"
    assert torch.equal(network.state_dict()[name], tensors[name])


def test_weights_of_another_architecture_name_the_keys(shared_data: Path) -> None:
    tensors = read_tensors(shared_data / "weights" / "densenet121.safetensors")
    with pytest.raises(InvalidModelDirectoryError, match=r"first conv1\.weight.*606 are not known"):
        load_with_new_head(build(Architecture("resnet18"), 2), tensors, None, ("a", "b"))


def test_a_known_class_keeps_its_row_when_classes_change() -> None:
    torch.manual_seed(0)
    old = build(Architecture("resnet18"), 3)
    torch.manual_seed(1)
    new = build(Architecture("resnet18"), 3)
    notes = load_with_new_head(new, old.state_dict(), ("a", "b", "c"), ("b", "c", "d"))
    assert torch.equal(classifier(new).weight[0], classifier(old).weight[1])
    assert not classifier(new).weight[2].any()
    assert classifier(new).bias[2] == 0
    assert "new: d" in notes[0]
    assert "left out: a" in notes[0]


def test_an_unknown_model_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="Did you mean resnet18"):
        build(Architecture("resnet81"), 2)
    with pytest.raises(InvalidModelDirectoryError):
        architecture_from_json({"name": "os.system", "arguments": {}})


def test_a_model_of_timm_builds_with_its_own_preprocessing() -> None:
    from visionloom.models import timm_models

    network = build(Architecture("timm:test_resnet"), 3)
    inputs = torch.zeros(1, 3, 64, 64)
    with torch.inference_mode():
        assert network.eval()(inputs).shape == (1, 3)
        assert features(network, inputs).ndim == 2
    assert classifier(network).out_features == 3
    assert timm_models.preprocessing("test_resnet")[1] > 0
    with pytest.raises(UsageError, match="Did you mean timm:resnet50"):
        build(Architecture("timm:resnet50x"), 3)
