"""Train PyTorch Model."""

from __future__ import annotations

from typing import Annotated

from visionloom.artifacts.types import ImageDirectory, TrainedModel, UntrainedModel
from visionloom.spec.component import component
from visionloom.spec.context import Context
from visionloom.spec.foresight import later
from visionloom.spec.ports import Input, Output, Setting

_SMALLEST_DOUBLE = 2.2250738585072014e-308


@component(
    title="Train PyTorch Model",
    category="Model training",
    aliases=("azureml.designer.dl.pytorch.train.train_pytorch_model",),
    differs=(
        "The best epoch is what is saved, by the monitored figure (C1, C2).",
        "Patience counts epochs since the best one (C3).",
        "A loss that is not finite stops training with the first bad step named (C4).",
        "The warm-up is counted in epochs, stepped per batch, and must end before training does "
        "(C5, C6).",
        "The seed covers weights, order, augmentation and dropout; the same seed gives the same "
        "bits on the same kind of machine (C7, C8, C23).",
        "The weights given are the ones training starts from (C9).",
        "Validation labels go by class name (C17); different class lists are an error.",
        "All pictures are used in every epoch, the last batch included (C41).",
        "Images per second are images over wall time (C42).",
        "Checkpoints, exact resume, and the best model so far on request (C45).",
        "Top-5 accuracy only with more than five classes (C39).",
        "Nothing of the environment is logged, no code is in the model (C44, C46).",
    ),
    computes=True,
    preload=("visionloom.training.train",),
    foresee=later("visionloom.training.foresight", "foresee_training"),
    effective=later("visionloom.training.foresight", "effective_training"),
)
def train_pytorch_model(
    untrained_model: Annotated[
        UntrainedModel,
        Input("Untrained model", "An untrained model, or an own trained one to start from."),
    ],
    training_dataset: Annotated[ImageDirectory, Input("Training dataset")],
    validation_dataset: Annotated[ImageDirectory, Input("Validation dataset")],
    *,
    epochs: Annotated[
        int | None,
        Setting("Epochs", "Passes over the training pictures.", minimum=1, preset_default=5),
    ] = None,
    more_epochs: Annotated[
        int,
        Setting(
            "More epochs",
            "Epochs that follow those of the recipe.",
            explanation="The epochs before are the same, to the bit, as without them. Then the "
            "learning rate begins anew at its highest, without warm-up, and falls over these "
            "epochs; patience counts anew; the best epoch of all is kept. A training that was "
            "stopped goes on from its saved state.",
            minimum=0,
            group="advanced",
        ),
    ] = 0,
    batch_size: Annotated[
        int | None,
        Setting("Batch size", "Pictures per step.", minimum=1, preset_default=16),
    ] = None,
    warmup_epochs: Annotated[
        int | None,
        Setting(
            "Warmup epochs",
            "Epochs in which the learning rate rises to its value.",
            minimum=0,
            aliases=("num_warmup_steps", "warmup_step_number"),
            preset_default=0,
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        Setting(
            "Learning rate",
            "The highest rate of the schedule.",
            minimum=_SMALLEST_DOUBLE,
            preset_default=0.001,
        ),
    ] = None,
    random_seed: Annotated[
        int | None,
        Setting(
            "Random seed",
            "Any whole number; empty draws one and records it.",
            draws_when_empty=True,
        ),
    ] = 1,
    patience: Annotated[
        int | None,
        Setting(
            "Patience",
            "Epochs without a new best before training stops.",
            minimum=1,
            preset_default=3,
        ),
    ] = None,
    print_frequency: Annotated[
        int,
        Setting(
            "Print frequency",
            "Steps between two looks at the loss.",
            minimum=1,
            aliases=("print_freq",),
            affects_result=False,
        ),
    ] = 10,
    preset: Annotated[
        str,
        Setting(
            "Preset",
            "A named recipe that fills in what is not set.",
            explanation="original: the original's recipe without its defects. standard: the "
            "default of `visionloom train`.",
            choices=("original", "standard"),
            group="advanced",
        ),
    ] = "original",
    optimizer: Annotated[
        str | None,
        Setting(
            "Optimizer",
            "SGD with Nesterov momentum, or AdamW.",
            choices=("sgd", "adamw"),
            group="advanced",
            preset_default="sgd",
        ),
    ] = None,
    schedule: Annotated[
        str | None,
        Setting(
            "Schedule",
            "How the learning rate falls after the warm-up.",
            choices=("polynomial", "cosine", "constant"),
            group="advanced",
            preset_default="polynomial",
        ),
    ] = None,
    weight_decay: Annotated[
        float | None,
        Setting(
            "Weight decay",
            "Pull of the weights to zero.",
            minimum=0,
            group="advanced",
            preset_default=1e-4,
        ),
    ] = None,
    momentum: Annotated[
        float | None,
        Setting(
            "Momentum", "Of SGD.", minimum=0, maximum=0.9999, group="advanced", preset_default=0.9
        ),
    ] = None,
    label_smoothing: Annotated[
        float | None,
        Setting(
            "Label smoothing",
            "Share of the target spread over all classes.",
            minimum=0,
            maximum=0.9,
            group="advanced",
            preset_default=0.0,
        ),
    ] = None,
    balance: Annotated[
        str | None,
        Setting(
            "Balance",
            "Against unequal classes: weigh the loss, or draw every class equally often.",
            choices=("none", "class-weights", "sampling"),
            group="advanced",
            preset_default="none",
        ),
    ] = None,
    fine_tuning_mode: Annotated[
        str | None,
        Setting(
            "Fine-tuning mode",
            "Train the whole network, only its head on fixed features, or the head first.",
            choices=("whole", "head", "head-then-whole"),
            group="advanced",
            preset_default="whole",
        ),
    ] = None,
    monitor: Annotated[
        str | None,
        Setting(
            "Monitor",
            "What decides the best epoch.",
            choices=("valid_loss", "accuracy", "macro_f1"),
            group="advanced",
            preset_default="valid_loss",
        ),
    ] = None,
    minimum_improvement: Annotated[
        float | None,
        Setting(
            "Minimum improvement",
            "How much better a new best must be.",
            minimum=0,
            group="advanced",
            preset_default=0.0,
        ),
    ] = None,
    time_limit: Annotated[
        float | None,
        Setting("Time limit", "Minutes after which training stops.", above=0, group="advanced"),
    ] = None,
    device: Annotated[
        str,
        Setting(
            "Device",
            "auto, cpu, cuda, cuda:N or mps.",
            choices=("auto", "cpu", "cuda", "mps"),
            open_choices=True,
            group="advanced",
        ),
    ] = "auto",
    precision: Annotated[
        str,
        Setting(
            "Precision",
            "Number format of the arithmetic.",
            choices=("auto", "fp32", "bf16", "fp16"),
            group="advanced",
        ),
    ] = "auto",
    decode_threads: Annotated[
        int | None,
        Setting(
            "Decode threads",
            "Threads that decode pictures; changes no bit of the result.",
            minimum=1,
            group="advanced",
            affects_result=False,
        ),
    ] = None,
    cache: Annotated[
        bool,
        Setting(
            "Cache",
            "Keep decoded pictures in memory; changes no bit of the result.",
            group="advanced",
            affects_result=False,
        ),
    ] = True,
    checkpoint_minutes: Annotated[
        float,
        Setting(
            "Checkpoint minutes",
            "Longest time between two saved states inside an epoch; changes no bit of the result.",
            explanation="A state is saved at the end of every epoch too. A training that is killed "
            "goes on from the last one.",
            above=0,
            group="advanced",
            affects_result=False,
        ),
    ] = 3.0,
    context: Context,
) -> Annotated[TrainedModel, Output("Trained model")]:
    """Train a network on labelled pictures and keep its best epoch.

    A parameter that is not set takes the value of the preset.
    """
    from visionloom.training.recipe import resolve
    from visionloom.training.train import train

    explicit = {
        "epochs": epochs, "more_epochs": more_epochs, "batch_size": batch_size,
        "warmup_epochs": warmup_epochs,
        "learning_rate": learning_rate, "random_seed": random_seed, "patience": patience,
        "print_frequency": print_frequency, "optimizer": optimizer, "schedule": schedule,
        "weight_decay": weight_decay, "momentum": momentum, "label_smoothing": label_smoothing,
        "balance": balance, "fine_tuning_mode": fine_tuning_mode, "monitor": monitor,
        "minimum_improvement": minimum_improvement, "time_limit": time_limit, "device": device,
        "precision": precision, "decode_threads": decode_threads, "cache": cache,
        "checkpoint_minutes": checkpoint_minutes,
    }  # fmt: skip
    return train(
        untrained_model,
        training_dataset,
        validation_dataset,
        lambda pretrained: resolve(preset, explicit, pretrained=pretrained),
        context,
    )
