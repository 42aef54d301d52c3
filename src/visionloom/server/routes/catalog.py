"""The catalog of components."""

from __future__ import annotations

from fastapi import APIRouter

from visionloom.server.desk import DeskOf
from visionloom.server.models.catalog import CatalogView

router = APIRouter(prefix="/api", tags=["catalog"])


@router.get("/catalog")
def get_catalog(desk: DeskOf) -> CatalogView:
    """All components, with ports and the schema of their parameters."""
    raise NotImplementedError
