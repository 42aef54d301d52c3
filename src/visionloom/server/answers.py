"""Every error becomes an answer of one shape, `visionloom.server.models.base.Failure`."""

from __future__ import annotations

import logging
import secrets
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from visionloom.errors import (
    DataError,
    InvalidPipelineError,
    MachineError,
    NotThereError,
    RunStateError,
    UsageError,
    VisionloomError,
)
from visionloom.server.models.base import Failure, ProblemView
from visionloom.server.texts import problem_views, whole

if TYPE_CHECKING:
    from fastapi import FastAPI, Request

# the first that fits decides
_STATUS: tuple[tuple[type[VisionloomError], int], ...] = (
    (NotThereError, 404),
    (RunStateError, 409),
    (UsageError, 422),
    (DataError, 422),
    (MachineError, 503),
)
_SHOWN_FAULTS = 5
_log = logging.getLogger(__name__)


def add_answers(app: FastAPI) -> None:
    """Let the app answer errors in one shape."""
    app.add_exception_handler(VisionloomError, _known)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(Exception, _unforeseen)


def status_of(error: VisionloomError) -> int:
    """The status of an answer to an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def failure(
    status: int, name: str, message: str, remedy: str = "", *, number: str | None = None,
    problems: list[ProblemView] | None = None,
) -> JSONResponse:  # fmt: skip
    """An answer that says what is wrong."""
    told = Failure(
        name=name,
        message=whole(message),
        remedy=whole(remedy),
        number=None if number is None else int(number),
        problems=problems or [],
    )
    return JSONResponse(told.model_dump(), status)


def failure_of(error: VisionloomError) -> JSONResponse:
    """The answer to an error a user can cause or repair."""
    status = status_of(error)
    if status == 500:
        return unforeseen(error)
    faults = error.problems if isinstance(error, InvalidPipelineError) else ()
    return failure(
        status,
        type(error).__name__,
        error.message,
        error.remedy,
        number=error.number,
        problems=problem_views(faults),
    )


def unforeseen(error: Exception) -> JSONResponse:
    """The answer to a bug: an id, under which the log has the details."""
    number = secrets.token_hex(4)
    _log.error("error %s", number, exc_info=error)
    return failure(
        500,
        "UnforeseenError",
        f"Something went wrong inside Visionloom; it is number {number}.",
        "The terminal that `visionloom designer` runs in says more. Please report it.",
    )


def _known(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, VisionloomError)  # noqa: S101 - what it is registered for
    return failure_of(error)


def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is registered for
    told = []
    for fault in error.errors()[:_SHOWN_FAULTS]:
        where, *rest = fault["loc"]
        place = ".".join(map(str, rest)) or str(where)
        told.append(f"{place}: {fault['msg']}")
    more = len(error.errors()) - len(told)
    if more > 0:
        told.append(f"and {more} more")
    return failure(422, "InvalidRequestError", "; ".join(told) + ".")


def _refused(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101 - what it is registered for
    phrase = HTTPStatus(error.status_code).phrase
    message = {
        404: "There is nothing at this address.",
        405: "This address does not take such a request.",
    }.get(error.status_code, error.detail if error.detail != phrase else f"{phrase}.")
    answer = failure(error.status_code, phrase.title().replace(" ", "") + "Error", message)
    answer.headers.update(error.headers or {})
    return answer


def _unforeseen(_request: Request, error: Exception) -> JSONResponse:
    return unforeseen(error)
