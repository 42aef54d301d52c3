"""Training from scratch with strong augmentation, and a report about the model.

    python augmentation_from_scratch.py PHOTOS

`augmentation_from_scratch.yml` is the same pipeline as a file.
"""

from __future__ import annotations

import sys

import visionloom as vl


def pipeline(photos: str = "photos", epochs: int = 60, size: int = 64) -> vl.Pipeline:
    """The pipeline; the pictures are cropped, flipped, coloured, turned and partly covered."""
    with vl.Pipeline("Augmentation from scratch") as made:
        source = made.data("photos", photos)
        length = made.parameter("epochs", epochs)
        side = made.parameter("size", size)
        images = vl.convert_to_image_directory(source, step="convert")
        training, validation = vl.split_image_directory(images, fraction=0.8, step="split")
        transformation = vl.init_image_transformation(
            resize=False,
            center_crop=False,
            color_jitter=True,
            brightness=0.3,
            contrast=0.3,
            saturation=0.3,
            hue=0.03,
            random_resized_crop=True,
            random_resized_crop_size=side,
            minimum_area=0.35,
            random_rotation=True,
            random_rotation_degrees=15,
            random_erasing=True,
            random_erasing_probability=0.25,
            step="transformation",
        )
        seen = vl.apply_image_transformation(
            transformation, training, mode="For training", step="apply_to_training"
        )
        held_out = vl.apply_image_transformation(
            transformation, validation, mode="For inference", step="apply_to_validation"
        )
        start = vl.resnet(model_name="resnet18", pretrained=False, step="model")
        model = vl.train_pytorch_model(
            start,
            seen,
            held_out,
            epochs=length,
            patience=15,
            learning_rate=0.05,
            warmup_epochs=2,
            schedule="cosine",
            step="train",
        )
        scores = vl.score_image_model(model, validation, step="score")
        evaluation = vl.evaluate_model(scores, step="evaluate")
        report = vl.model_report(model, evaluation, step="report")
        made.output("model", model, "outputs/model")
        made.output("report", report, "outputs/report")
    return made


if __name__ == "__main__":
    print(pipeline(sys.argv[1] if len(sys.argv) > 1 else "photos").run().states)
