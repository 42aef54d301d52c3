"""Options and presets."""

import pytest

from visionloom.errors import (
    GreaterThanOrEqualToError,
    LessThanOrEqualToError,
    ParameterRangeError,
)
from visionloom.training.options import differences
from visionloom.training.recipe import PRESETS, resolve


def test_the_original_preset_has_the_documented_values() -> None:
    options = resolve("original", {})
    assert (options.epochs, options.batch_size, options.learning_rate) == (5, 16, 0.001)
    assert (options.random_seed, options.patience, options.warmup_epochs) == (1, 3, 0)
    assert options.print_frequency == 10


def test_an_explicit_value_wins_over_the_preset() -> None:
    assert resolve("standard", {"epochs": 3}).epochs == 3
    assert resolve("standard", {"epochs": None}).epochs == PRESETS["standard"]["epochs"]


def test_an_empty_seed_draws_one_and_records_it() -> None:
    drawn = {resolve("original", {"random_seed": None}).random_seed for _ in range(5)}
    assert len(drawn) > 1


def test_an_unknown_preset_names_the_nearest() -> None:
    with pytest.raises(ParameterRangeError, match="standard"):
        resolve("standart", {})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("epochs", 0),
        ("epochs", -1),
        ("batch_size", 0),
        ("patience", 0),
        ("print_frequency", -3),
        ("learning_rate", 0.0),
        ("learning_rate", -0.1),
        ("learning_rate", float("nan")),
        ("learning_rate", float("inf")),
        ("weight_decay", -1e-4),
        ("decode_threads", 0),
    ],
)
def test_a_value_below_its_bound_is_one_error_with_range_and_value(name: str, value: float) -> None:
    with pytest.raises(GreaterThanOrEqualToError) as caught:
        resolve("original", {name: value})
    assert str(value) in str(caught.value)
    assert caught.value.exit_status == 2


def test_c5_warm_up_must_end_before_training_does() -> None:
    with pytest.raises(LessThanOrEqualToError, match="Warm-up epochs is 5"):
        resolve("original", {"epochs": 5, "warmup_epochs": 5})


def test_a_preset_s_warm_up_gives_way_to_few_explicit_epochs() -> None:
    assert resolve("standard", {"epochs": 1}).warmup_epochs == 0


def test_an_unknown_optimizer_names_the_nearest() -> None:
    with pytest.raises(ParameterRangeError, match="Did you mean adamw"):
        resolve("original", {"optimizer": "adamm"})


def test_speed_choices_are_not_part_of_the_recipe() -> None:
    one = resolve("original", {"decode_threads": 1, "cache": False})
    four = resolve("original", {"decode_threads": 4})
    assert one.recipe() == four.recipe()


def test_differences_of_recipes_are_named() -> None:
    ours, theirs = resolve("original", {}), resolve("original", {"epochs": 8})
    assert differences(ours.recipe(), theirs.recipe()) == ["epochs 5 instead of 8"]
