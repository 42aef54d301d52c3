"""What tests of drafts share: the drafts of a fresh home, and a pipeline with comments."""

from __future__ import annotations

from pathlib import Path

import pytest

from visionloom.drafts.drafts import Drafts
from visionloom.settings import load_settings

COMMENTED = """\
# our microscope pictures
type: pipeline
display_name: Cells   # the second try

inputs:
  photos:
    type: uri_folder
    path: ../photos   # from the freezer

jobs:
  # read them
  convert:
    type: command
    component: azureml:convert_to_image_directory:1
    inputs:
      input_dataset: ${{parent.inputs.photos}}

  split:   # nine of ten for training
    type: command
    component: azureml:split_image_directory:1
    inputs:
      input_image_directory: ${{parent.jobs.convert.outputs.output_image_directory}}
      fraction: 0.9   # was 0.8
"""


@pytest.fixture
def drafts(home: Path) -> Drafts:
    """The drafts of a fresh home."""
    return Drafts(load_settings())
