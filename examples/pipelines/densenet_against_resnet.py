"""Two networks on the same pictures, compared picture by picture.

    python densenet_against_resnet.py PHOTOS

`densenet_against_resnet.yml` is the same pipeline as a file.
"""

from __future__ import annotations

import sys

import visionloom as vl


def pipeline(photos: str = "photos", epochs: int = 30, size: int = 64) -> vl.Pipeline:
    """The pipeline; both networks are trained from scratch."""
    with vl.Pipeline("DenseNet against ResNet") as made:
        source = made.data("photos", photos)
        length = made.parameter("epochs", epochs)
        side = made.parameter("size", size)
        images = vl.convert_to_image_directory(source, step="convert")
        rest, test = vl.split_image_directory(images, fraction=0.8, step="split_test")
        training, validation = vl.split_image_directory(rest, fraction=0.8, step="split")
        transformation = vl.init_image_transformation(
            resize=False,
            center_crop=False,
            random_resized_crop=True,
            random_resized_crop_size=side,
            minimum_area=0.35,
            step="transformation",
        )
        seen = vl.apply_image_transformation(
            transformation, training, mode="For training", step="apply_to_training"
        )
        held_out = vl.apply_image_transformation(
            transformation, validation, mode="For inference", step="apply_to_validation"
        )
        scores = []
        for name, start in (
            ("densenet", vl.densenet(model_name="densenet121", pretrained=False, step="densenet")),
            ("resnet", vl.resnet(model_name="resnet18", pretrained=False, step="resnet")),
        ):
            model = vl.train_pytorch_model(
                start, seen, held_out, preset="standard", epochs=length, step=f"train_{name}"
            )
            made.output(f"{name}_model", model, f"outputs/{name}")
            scores.append(vl.score_image_model(model, test, role="test", step=f"score_{name}"))
        evaluation = vl.evaluate_model(*scores, step="compare")
        made.output("comparison", evaluation, "outputs/comparison")
    return made


if __name__ == "__main__":
    print(pipeline(sys.argv[1] if len(sys.argv) > 1 else "photos").run().states)
