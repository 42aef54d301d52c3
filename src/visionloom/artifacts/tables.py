"""Parquet tables, written and read through an in-memory DuckDB."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from visionloom.errors import ArtifactError

if TYPE_CHECKING:
    import duckdb

ColumnType = Literal["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN"]
Cell = str | int | float | bool | None


def write_parquet(
    path: Path, schema: Mapping[str, ColumnType], columns: Mapping[str, Sequence[Cell]]
) -> None:
    """Write a Parquet file with exactly the columns of ``schema``, in that order.

    Args:
        path: A file inside a scratch folder; not atomic by itself.
        schema: Column name -> SQL type.
        columns: Column name -> values, all of one length; None is NULL.
    """
    write_table(path, schema, columns, "FORMAT parquet, COMPRESSION zstd")


def write_csv(
    path: Path, schema: Mapping[str, ColumnType], columns: Mapping[str, Sequence[Cell]]
) -> None:
    """Write a CSV file with a header; text that a spreadsheet would run gets a leading ``'``.

    Neutralised beginnings: ``= + - @``, tab and carriage return (OWASP ASVS 1.2.10), in cells of
    text columns and in the header.
    """
    safe = {
        name: [_neutral(cell) for cell in cells] if schema[name] == "VARCHAR" else cells
        for name, cells in columns.items()
    }
    renamed = {_neutral(name): name for name in schema}
    write_table(
        path,
        {str(new): schema[old] for new, old in renamed.items()},
        {str(new): safe[old] for new, old in renamed.items()},
        "FORMAT csv, HEADER true",
    )


def write_table(
    path: Path,
    schema: Mapping[str, ColumnType],
    columns: Mapping[str, Sequence[Cell]],
    copy_options: str,
) -> None:
    """Write columns through ``COPY``; see `write_parquet` and `write_csv`."""
    if set(schema) != set(columns):
        raise ValueError(f"columns {sorted(columns)} do not match schema {sorted(schema)}")
    if len({len(cells) for cells in columns.values()}) > 1:
        raise ValueError("columns differ in length")
    with connect() as connection:
        names = [_quoted(name) for name in schema]
        types = list(schema.values())
        definition = ", ".join(f"{n} {t}" for n, t in zip(names, types, strict=True))
        connection.execute(f"CREATE TABLE data ({definition})")
        lists = ", ".join(f"unnest(${i + 1}::{t}[])" for i, t in enumerate(types))
        connection.execute(
            f"INSERT INTO data SELECT {lists}", [list(columns[name]) for name in schema]
        )
        connection.execute(f"COPY data TO {_literal(path)} ({copy_options})")


def read_parquet(path: Path) -> dict[str, list[Any]]:
    """Read a Parquet file whole: column name -> list of Python values, NULL as None.

    Raises:
        ArtifactError: The file is missing or is no Parquet file.
    """
    with _reading(path) as connection:
        cursor = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [column[0] for column in cursor.description or ()]
        rows = cursor.fetchall()
    return {name: [row[i] for row in rows] for i, name in enumerate(names)}


def measure_parquet(path: Path, most_rows: int) -> tuple[int, int]:
    """Rows of a Parquet file, and the bytes of its cells as text; nothing is kept of them.

    Args:
        path: The file.
        most_rows: Beyond these the bytes are not counted, and 0 is said.

    Raises:
        ArtifactError: The file is missing or is no Parquet file.
    """
    with _reading(path) as connection:
        counted = connection.execute("SELECT count(*) FROM read_parquet(?)", [str(path)])
        rows = int((counted.fetchone() or (0,))[0])
        if rows > most_rows:
            return rows, 0
        summed = connection.execute(
            "SELECT sum(strlen(CAST(COLUMNS(*) AS VARCHAR))) FROM read_parquet(?)", [str(path)]
        )
        return rows, sum(int(size or 0) for size in summed.fetchone() or ())


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads a file; what goes wrong is said of the file."""
    import duckdb

    if not path.is_file():
        raise ArtifactError(f"{path} is missing.")
    try:
        with connect() as connection:
            yield connection
    except duckdb.Error as error:
        raise ArtifactError(f"{path} is not a readable Parquet file: {error}") from error


def connect() -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB connection that loads no extension and reaches no network."""
    import duckdb

    return duckdb.connect(
        ":memory:",
        config={
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "threads": 1,
            "preserve_insertion_order": True,
        },
    )


def _neutral(cell: Cell) -> Cell:
    if isinstance(cell, str) and cell[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return "'" + cell
    return cell


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
