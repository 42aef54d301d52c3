"""Pictures as answers: small JPEGs made here, a few at a time, which browsers may keep."""

from __future__ import annotations

import threading
from collections.abc import Callable

from fastapi import Request, Response

from visionloom.errors import InvalidDatasetError
from visionloom.server.answers import failure

_AT_ONCE = threading.BoundedSemaphore(3)
_FOREVER = "private, max-age=31536000, immutable"


def picture(request: Request, tag: str, make: Callable[[], bytes]) -> Response:
    """A picture of something that never changes.

    Args:
        request: May say what the browser has already.
        tag: Tells this picture from all others.
        make: Makes the JPEG; for what is gone or has changed it raises InvalidDatasetError, which
            is answered by 410.
    """
    headers = {"ETag": f'"{tag}"', "Cache-Control": _FOREVER}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    try:
        with _AT_ONCE:
            data = make()
    except InvalidDatasetError as error:
        answer = failure(410, type(error).__name__, error.message, error.remedy)
        answer.headers["Cache-Control"] = "no-store"
        return answer
    return Response(data, media_type="image/jpeg", headers=headers)


def fleeting(make: Callable[[], bytes]) -> Response:
    """A picture of something that may change."""
    with _AT_ONCE:
        data = make()
    headers = {"Cache-Control": "private, max-age=300"}
    return Response(data, media_type="image/jpeg", headers=headers)
