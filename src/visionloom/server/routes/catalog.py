"""The catalog of components."""

from __future__ import annotations

from fastapi import APIRouter

from visionloom._version import __version__
from visionloom.server.desk import DeskOf
from visionloom.server.models.catalog import CatalogView, ComponentView
from visionloom.spec.schema import catalog_entry

router = APIRouter(prefix="/api", tags=["catalog"])


@router.get("/catalog")
def get_catalog(desk: DeskOf) -> CatalogView:
    """All components, with ports and the schema of their parameters."""
    registry = desk.workspace.registry
    return CatalogView(
        version=__version__,
        categories=list(dict.fromkeys(item.category for item in registry)),
        components=[ComponentView.model_validate(catalog_entry(item)) for item in registry],
        presets={name: dict(values) for name, values in desk.workspace.presets.items()},
        problems=list(registry.problems),
    )
