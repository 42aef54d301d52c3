"""The nine steps of a transfer learning: what `visionloom train photos --model densenet121` does.

    python transfer_learning.py PHOTOS

`transfer_learning.yml` is the same pipeline as a file.
"""

from __future__ import annotations

import sys

import visionloom as vl


def pipeline(photos: str = "photos", epochs: int = 10, weights: str = "") -> vl.Pipeline:
    """The pipeline; ``weights`` names a file, or is empty for the published ones."""
    with vl.Pipeline("Transfer learning") as made:
        source = made.data("photos", photos)
        length = made.parameter("epochs", epochs)
        start_weights = made.parameter("weights", weights)
        images = vl.convert_to_image_directory(source, step="convert")
        training, validation = vl.split_image_directory(images, fraction=0.8, step="split")
        transformation = vl.init_image_transformation(
            resize=False,
            center_crop=False,
            random_resized_crop=True,
            random_resized_crop_size=224,
            minimum_area=0.35,
            step="transformation",
        )
        seen = vl.apply_image_transformation(
            transformation, training, mode="For training", step="apply_to_training"
        )
        held_out = vl.apply_image_transformation(
            transformation, validation, mode="For inference", step="apply_to_validation"
        )
        start = vl.densenet(model_name="densenet121", weights=start_weights, step="model")
        model = vl.train_pytorch_model(
            start, seen, held_out, preset="standard", epochs=length, step="train"
        )
        scores = vl.score_image_model(model, validation, role="validation", step="score")
        evaluation = vl.evaluate_model(scores, step="evaluate")
        made.output("model", model, "outputs/model")
        made.output("evaluation", evaluation, "outputs/evaluation")
    return made


if __name__ == "__main__":
    print(pipeline(sys.argv[1] if len(sys.argv) > 1 else "photos").run().states)
