"""The reference page of each component, from its declaration: ``make docs`` writes them."""

from __future__ import annotations

import sys
from pathlib import Path

from visionloom.spec.component import Component
from visionloom.spec.ports import Parameter, Value
from visionloom.workspace import Workspace


def pages() -> dict[str, str]:
    """File name -> Markdown, for every component of the package and the index."""
    catalog = [c for c in Workspace().registry if c.function.__module__.startswith("visionloom.")]
    found = {f"{component.kebab}.md": page(component) for component in catalog}
    lines = ["# Components", "", "Written by `make docs` from the declarations; do not edit."]
    category = ""
    for component in catalog:
        if component.category != category:
            category = component.category
            lines += ["", f"## {category}", ""]
        lines.append(f"- [{component.title}]({component.kebab}.md): {component.summary}")
    found["README.md"] = "\n".join(lines) + "\n"
    return found


def page(component: Component) -> str:
    """One component's page as Markdown."""
    lines = [f"# {component.title}", "", component.summary, ""]
    if component.description:
        lines += [component.description, ""]
    facts = [f"category: {component.category}", f"version: {component.version}"]
    facts.append("deterministic" if component.deterministic else "not deterministic")
    if component.extra:
        facts.append(f"needs the extra `{component.extra}`")
    lines += [f"Python: `vl.{component.name}(...)`, command line: `visionloom component "
              f"{component.kebab}`; {', '.join(facts)}.", ""]  # fmt: skip
    for heading, ports in (("Inputs", component.inputs), ("Outputs", component.outputs)):
        if ports:
            lines += [f"## {heading}", "", "| title | port | type | |", "| --- | --- | --- | --- |"]
            for port in ports:
                note = "optional. " if getattr(port, "optional", False) else ""
                lines.append(
                    f"| {port.title} | `{port.name}` | {port.type.type_name} | {note}{port.help} |"
                )
            lines.append("")
    for heading, group in (("Parameters", "basic"), ("Advanced parameters", "advanced")):
        chosen = [p for p in component.parameters if p.setting.group == group]
        if chosen:
            lines += [f"## {heading}", "", "| title | name | default | allowed | |"]
            lines.append("| --- | --- | --- | --- | --- |")
            lines += [_row(component, parameter) for parameter in chosen]
            lines.append("")
    if component.differs:
        lines += ["## Differs from the original", ""]
        lines += [f"- {line}" for line in component.differs]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def _row(component: Component, parameter: Parameter) -> str:
    setting = parameter.setting
    words = [setting.help]
    if setting.explanation:
        words.append(setting.explanation)
    if setting.shown_when is not None:
        other, value = setting.shown_when
        words.append(f"Used when {component.parameter(other).title} is {_shown(value)}.")
    if setting.aliases:
        words.append(f"Also: {', '.join(f'`{alias}`' for alias in setting.aliases)}.")
    default = "(choose)" if parameter.required else _shown(_default(parameter))
    if parameter.default is None and setting.preset_default is not None:
        default += " (preset `original`)"
    allowed = parameter.range_text or parameter.kind
    text = " ".join(words).replace("|", "\\|")
    return f"| {setting.title} | `{parameter.name}` | {default} | {allowed} | {text} |"


def _default(parameter: Parameter) -> Value:
    if parameter.default is None:
        return parameter.setting.preset_default
    return parameter.default


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")
