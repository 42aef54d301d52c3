"""The learning rate as a function of the step; the optimizers."""

import itertools
import math
import subprocess
import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from visionloom.training.optimize import learning_rate, make_optimizer
from visionloom.training.recipe import resolve


def test_polynomial_rates_at_epoch_starts_are_those_of_the_original() -> None:
    rates = [learning_rate(e * 7, 5 * 7, 0, 0.001, "polynomial") for e in range(5)]
    assert rates == pytest.approx([1e-3, 6.4e-4, 3.6e-4, 1.6e-4, 4e-5], rel=1e-2)


def test_c6_the_warm_up_rises_with_every_step_and_reaches_the_rate() -> None:
    rates = [learning_rate(s, 100, 20, 0.01, "cosine") for s in range(21)]
    assert all(b > a for a, b in itertools.pairwise(rates[:20]))
    assert rates[19] == pytest.approx(0.01)
    assert learning_rate(0, 100, 20, 1e-6, "cosine") < 1e-6


@given(
    steps=st.integers(1, 500),
    share=st.floats(0, 0.99),
    peak=st.floats(1e-12, 10),
    schedule=st.sampled_from(["polynomial", "cosine", "constant"]),
)
def test_c5_the_rate_is_positive_and_at_most_its_peak_at_every_step_and_beyond(
    steps: int, share: float, peak: float, schedule: str
) -> None:
    warmup = int(steps * share)
    for step in range(steps + 3):
        rate = learning_rate(step, steps, warmup, peak, schedule)
        assert math.isfinite(rate)
        assert 0 < rate <= peak * (1 + 1e-12)


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_steps_are_torch_s_to_the_bit_and_their_state_too(name: str) -> None:
    options = resolve("original", {"optimizer": name, "learning_rate": 0.1, "weight_decay": 0.01})
    theirs = {"sgd": torch.optim.SGD, "adamw": torch.optim.AdamW}[name]
    shape = (5, 7)
    start = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    ours, other = (torch.nn.Parameter(start.clone()) for _ in range(2))
    mine = make_optimizer([ours], options, "cpu")
    more = {} if name == "adamw" else {"momentum": options.momentum, "nesterov": True}
    reference = theirs([other], lr=0.1, weight_decay=0.01, fused=True, **more)
    for number in range(4):
        gradient = torch.randn(shape, generator=torch.Generator().manual_seed(number))
        for parameter, optimizer in ((ours, mine), (other, reference)):
            optimizer.zero_grad(set_to_none=True)
            parameter.grad = gradient.clone()
            optimizer.step()
    assert torch.equal(ours, other)
    again = make_optimizer([ours], options, "cpu")
    again.load_state_dict(reference.state_dict())
    for key, value in mine.state_dict()["state"][0].items():
        assert torch.equal(torch.as_tensor(value), again.state[ours][key])


def test_neither_building_nor_stepping_loads_torch_s_compiler() -> None:
    program = (
        "import sys, torch\n"
        "from visionloom.models.build import Architecture, build, build_empty\n"
        "from visionloom.training.optimize import make_optimizer\n"
        "from visionloom.training.recipe import resolve\n"
        "for name in ('resnet18', 'densenet121'): build_empty(Architecture(name), 2)\n"
        "network = build(Architecture('resnet18'), 2)\n"
        "for name in ('sgd', 'adamw'):\n"
        "    options = resolve('original', {'optimizer': name})\n"
        "    optimizer = make_optimizer(network.parameters(), options, 'cpu')\n"
        "    network(torch.zeros(2, 3, 32, 32)).sum().backward()\n"
        "    optimizer.step(); optimizer.zero_grad(); optimizer.state_dict()\n"
        "print('torch._dynamo' in sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"
