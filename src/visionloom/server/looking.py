"""What the looking routes share: what is open, and which artifact was made from which."""

from __future__ import annotations

from visionloom.artifacts.manifest import read_manifest
from visionloom.artifacts.types import Artifact, ImageDirectory, Scores
from visionloom.errors import ArtifactError
from visionloom.images.browse import ImageBrowser
from visionloom.inference.browse import OpenedScores, ScoreBrowser
from visionloom.runs.trying import ModelTrier
from visionloom.workspace import Workspace


class Looking:
    """Artifacts that are being looked at.

    Args:
        workspace: Settings, records and store.

    Attributes:
        images: Open image directories and their thumbnails.
        scores: Open scores.
        trier: The process that tries models.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self.images = ImageBrowser()
        self.scores = ScoreBrowser()
        self.trier = ModelTrier(workspace.settings)

    def images_of(self, artifact: str, scored: OpenedScores) -> ImageDirectory | None:
        """The image directory that scores were made from, or None when it is not here."""
        found = self._source(artifact, ImageDirectory, scored.digests.get("images", ""))
        return None if found is None else ImageDirectory(self._workspace.store.path(found))

    def scores_of(self, artifact: str, digests: dict[str, str]) -> str:
        """The id of the scores that an evaluation is of; empty when they are not here.

        Args:
            artifact: The evaluation.
            digests: Of the images and the model, as scores name them.
        """
        for found in self._candidates(artifact, Scores):
            try:
                opened = self.scores.open(Scores(self._workspace.store.path(found)))
            except ArtifactError:
                continue
            if opened.digests == digests:
                return found
        return ""

    def close(self) -> None:
        """Let go of everything, and end the process that tries models."""
        self.trier.close()
        self.images.forget()
        self.scores.forget()

    def _source(self, artifact: str, kind: type[Artifact], digest: str) -> str | None:
        store = self._workspace.store
        for found in self._candidates(artifact, kind):
            if read_manifest(store.path(found)).digest == digest:
                return found
        return None

    def _candidates(self, artifact: str, kind: type[Artifact]) -> list[str]:
        """Objects of a type that an artifact may have been made from, the likeliest first.

        Those that its own origin names, then those that the run which made it has as outputs.
        """
        store = self._workspace.store
        origin = read_manifest(store.path(artifact)).origin
        inputs = origin.get("inputs", {})
        named = [str(value) for value in inputs.values()] if isinstance(inputs, dict) else []
        run = str(origin.get("run", ""))
        outputs = self._workspace.records.outputs(run) if run else []
        named += [row.object for row in outputs if row.type == kind.type_name]
        found = []
        for name in dict.fromkeys(named):
            try:
                if read_manifest(store.path(name)).type == kind.type_name:
                    found.append(name)
            except ArtifactError:
                continue
        return found
