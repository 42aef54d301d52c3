"""The 1,797 handwritten digits that come with scikit-learn, as a labelled folder of pictures."""

from __future__ import annotations

import io
from pathlib import Path

from visionloom.artifacts.atomic import new_folder

SIDE = 32


def write_digits(target: Path) -> int:
    """Write ``target/<digit>/<number>.png``, 32 x 32 pixels; returns the number of pictures.

    Source: Alpaydin and Kaynak, Optical Recognition of Handwritten Digits (UCI, 1998).
    """
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    with new_folder(target, replace=True) as scratch:
        for number, (pixels, label) in enumerate(zip(digits.images, digits.target, strict=True)):
            folder = scratch / str(label)
            folder.mkdir(exist_ok=True)
            eight = np.clip(pixels * (255 / 16), 0, 255).round().astype(np.uint8)
            image = Image.fromarray(eight).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
            buffer = io.BytesIO()
            image.save(buffer, "PNG")
            (folder / f"digit_{number:04d}.png").write_bytes(buffer.getvalue())
    return len(digits.target)
