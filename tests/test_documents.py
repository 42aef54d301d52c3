"""What the documents say holds."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DEFECTS = ROOT / "docs" / "defects.md"


def test_the_ten_lines_of_python_run_as_printed(
    photos: Callable[..., Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n(.*?)```", text, re.DOTALL)
    assert code is not None
    photos(bee=12, wasp=12)
    monkeypatch.chdir(tmp_path)
    # only the published weights are left out: nothing is fetched in a test
    program = code[1].replace('model_name="resnet18"', 'model_name="resnet18", pretrained=False')
    assert program != code[1]
    exec(compile(program, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "'value':" in printed


def test_every_link_of_the_documents_leads_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document}: {target}"


def test_every_defect_of_the_original_has_a_test_or_a_reason() -> None:
    """Each row of docs/defects.md: tests that exist and are named after it, or why not."""
    tests = {
        match[1]
        for path in (ROOT / "tests").rglob("test_*.py")
        for match in re.finditer(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    rows = re.findall(
        r"^\| (C\d+) \| [^|]+ \| (.+) \|$", DEFECTS.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert [name for name, _ in rows] == [f"C{number}" for number in range(1, 56)]
    for name, how in rows:
        named = re.findall(r"`(test_\w+)`", how)
        assert named or how.startswith(("Cannot occur:", "Not built yet:")), name
        for test in named:
            assert test in tests, f"{name}: {test} does not exist"
            assert f"_{name.lower()}_" in test, f"{name}: {test} is not named after it"
    mentioned = {test for _, how in rows for test in re.findall(r"`(test_\w+)`", how)}
    numbered = {test for test in tests if re.match(r"test_(c\d+_)+", test)}
    assert numbered == mentioned
