"""New photos scored by a model that is there already.

    python score_only.py MODEL PHOTOS

`score_only.yml` is the same pipeline as a file.
"""

from __future__ import annotations

import sys

import visionloom as vl


def pipeline(model: str = "model", photos: str = "photos") -> vl.Pipeline:
    """The pipeline; the photos count as unlabelled."""
    with vl.Pipeline("Score only") as made:
        trained = made.data("model", model)
        source = made.data("photos", photos)
        images = vl.convert_to_image_directory(source, labelled="no", step="convert")
        scores = vl.score_image_model(trained, images, step="score")
        made.output("scores", scores, "outputs/scores")
    return made


if __name__ == "__main__":
    print(pipeline(*sys.argv[1:3]).run().states)
