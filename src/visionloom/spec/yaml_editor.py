"""Edits a YAML text in place: what is not edited keeps every byte, comments and order included.

Each edit is checked: the text that comes out means what it should. Where the form of the text is so
unusual that an edit in place would not, the whole text is written anew.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from visionloom.errors import InvalidPipelineError
from visionloom.settings import Limits
from visionloom.spec.problems import NOWHERE
from visionloom.spec.yaml_memory import read_again
from visionloom.spec.yaml_nodes import Entry, Items, Map, Node, Scalar, plain_data
from visionloom.spec.yaml_reader import YamlText
from visionloom.spec.yaml_writer import INDENT, entry_lines, scalar_text, write_yaml

Path = tuple[str, ...]


def set_value(
    text: str, path: Path, value: Any, order: Sequence[str] = (), *, file: str | None = None
) -> str:
    """The text with another value at ``path``; maps on the way that are missing are added.

    Args:
        text: YAML whose root is a map.
        path: Keys from the root.
        value: Scalar, None for an empty value, or a map.
        order: Keys of the map that holds the last key, in their usual order: where a new key goes.
        file: Name under which the text that comes out will be read next.

    Raises:
        InvalidPipelineError: The text cannot be read, or the path leads through a value.
    """
    root = _parsed(text)
    wanted = plain_data(root)
    before = _at(wanted, path)
    there = isinstance(holder := _at(wanted, path[:-1]), dict) and path[-1] in holder
    if there and before == value and _typed(before) == _typed(value):
        return text
    _put(wanted, path, value)
    edit = _Edit(text, root)
    return _verified(edit.set(path, value, order), wanted, file)


def remove_key(text: str, path: Path, *, file: str | None = None) -> str:
    """The text without the key at ``path`` and the comment lines right above it.

    Raises:
        InvalidPipelineError: The text cannot be read.
    """
    root = _parsed(text)
    wanted = plain_data(root)
    holder = _at(wanted, path[:-1])
    if not isinstance(holder, dict) or path[-1] not in holder:
        return text
    del holder[path[-1]]
    return _verified(_Edit(text, root).remove(path), wanted, file)


def add_keys(text: str, path: Path, values: Mapping[str, Any], *, file: str | None = None) -> str:
    """The text with several new keys at the end of the map at ``path``; as `set_value` for each.

    Raises:
        InvalidPipelineError: The text cannot be read, or the path leads through a value.
    """
    root = _parsed(text)
    wanted = plain_data(root)
    for key, value in values.items():
        _put(wanted, (*path, key), value)
    first = next(iter(values), None)
    holder = _at(plain_data(root), path)
    if first is None or not isinstance(holder, dict) or not holder or set(values) & set(holder):
        for key, value in values.items():
            text = set_value(text, (*path, key), value, file=file)
        return text
    # all go to the same place, so the last one goes there first
    for key, value in reversed(list(values.items())):
        text = _Edit(text, root).set((*path, key), value, ())
    return _verified(text, wanted, file)


def set_values(
    text: str, values: Mapping[Path, Any], order: Sequence[str] = (), *, file: str | None = None
) -> str:
    """The text with several values set; as `set_value` for each, in their order.

    Args:
        text: YAML whose root is a map.
        values: Path -> value; of a map that is missing, all keys are put there at once.
        order: Keys of the map that a missing map is put into, in their usual order.
        file: Name under which the text that comes out will be read next.

    Raises:
        InvalidPipelineError: The text cannot be read, or a path leads through a value.
    """
    root = _parsed(text)
    wanted = plain_data(root)
    changes = {}
    for path, value in values.items():
        holder = _at(wanted, path[:-1])
        there = isinstance(holder, dict) and path[-1] in holder
        if not there or _typed(holder[path[-1]]) != _typed(value):
            changes[path] = value
        _put(wanted, path, value)
    if not changes:
        return text
    made = _changed_at_once(text, root, changes, order)
    if made is not None:
        found = _read(made, file)
        if not found.problems.items and _typed(plain_data(found.root)) == _typed(wanted):
            return made
    for path, value in changes.items():
        if _at(plain_data(_parsed(text)), path[:-1]) is None:
            text = set_value(text, path[:-1], {}, order, file=file)
        text = set_value(text, path, value, file=file)
    return text


def remove_keys(text: str, paths: Iterable[Path], *, file: str | None = None) -> str:
    """The text without the keys at several paths; as `remove_key` for each.

    Raises:
        InvalidPipelineError: The text cannot be read.
    """
    root = _parsed(text)
    wanted = plain_data(root)
    there = []
    for path in dict.fromkeys(paths):
        holder = _at(wanted, path[:-1])
        if isinstance(holder, dict) and path[-1] in holder:
            del holder[path[-1]]
            there.append(path)
    # from the end of the text to its beginning, so that places before stay as they are
    left = _copied(root)
    for path in sorted(there, key=lambda p: _Edit(text, root).entry(p).start, reverse=True):
        edit = _Edit(text, left)
        text = edit.remove(path)
        del cast("dict[str, Entry]", edit.maps(path)[-1].entries)[path[-1]]
    return _verified(text, wanted, file)


def rename_key(
    text: str,
    path: Path,
    name: str,
    *,
    along: Mapping[Path, Any] | None = None,
    file: str | None = None,
) -> str:
    """The text with another name for the key at ``path``, in the same place.

    Args:
        text: YAML whose root is a map.
        path: Keys from the root.
        name: The last key's new name.
        along: Path, with the old name -> value, of values that change with it; they are there.
        file: Name under which the text that comes out will be read next.

    Raises:
        InvalidPipelineError: The text cannot be read, there is no such key, or the name is taken.
    """
    root = _parsed(text)
    wanted = plain_data(root)
    holder = _at(wanted, path[:-1])
    if not isinstance(holder, dict) or path[-1] not in holder:
        raise InvalidPipelineError(f"There is no {'.'.join(path)} to rename.")
    if name == path[-1]:
        return text
    if name in holder:
        raise InvalidPipelineError(f"There is a {name} already.", "Choose another name.")
    for place, value in (along or {}).items():
        _put(wanted, place, value)
    items = [(name if key == path[-1] else key, item) for key, item in holder.items()]
    holder.clear()
    holder.update(items)
    # from the end of the text to its beginning, so that places before stay as they are
    edit = _Edit(text, root)
    changes = [(edit.entry(place).start, place) for place in along or {}]
    entry = edit.entry(path)
    for start, place in sorted([*changes, (entry.start, path)], reverse=True):
        if place == path:
            flow = any(node.flow for node in edit.maps(path))
            text = text[:start] + scalar_text(name, flow=flow) + text[entry.end :]
        else:
            text = _Edit(text, root).set(place, (along or {})[place], ())
    return _verified(text, wanted, file)


def value_at(text: str, path: Path) -> Any:
    """What a text holds at a path; None where there is nothing."""
    node = _read(text).root
    for key in path:
        entry = node.entries.get(key) if isinstance(node, Map) else None
        node = None if entry is None else entry.node
    return None if node is None else plain_data(node)


def _read(text: str, file: str | None = None) -> YamlText:
    """The text, read; the next edit begins where the last one was checked."""
    return read_again(text.encode("utf-8", errors="surrogatepass"), file, Limits())


def _changed_at_once(
    text: str, root: Map, values: Mapping[Path, Any], order: Sequence[str]
) -> str | None:
    """The text after edits from its end to its beginning; None where each needs the one before."""
    edit = _Edit(text, root)
    places: list[tuple[int, int, Path, Any, Sequence[str]]] = []
    missing: dict[Path, dict[str, Any]] = {}
    for number, (path, value) in enumerate(values.items()):
        maps = edit.maps(path)
        if any(node.flow for node in maps) or isinstance(value, Mapping | list):
            return None
        if len(maps) == len(path) and maps[-1].entries:
            entries = maps[-1].entries
            there = entries.get(path[-1])
            # a new key goes behind the last one of its map
            at = there.start if there is not None else list(entries.values())[-1].start + 1
            places.append((at, number, path, value, ()))
        elif len(maps) == len(path) - 1:
            missing.setdefault(path[:-1], {})[path[-1]] = value
        else:
            return None
    for number, (path, table) in enumerate(missing.items()):
        if path[-1] in edit.maps(path)[-1].entries or len(path) < 2:
            return None
        places.append((edit.entry(path[:-1]).start, number, path, table, order))
    for _, _, path, value, keys in sorted(places, key=lambda p: p[:2], reverse=True):
        text = _Edit(text, root).set(path, value, keys)
    return text


def _copied(node: Map) -> Map:
    """A copy from which entries may be taken."""
    entries = {
        key: replace(entry, node=_copied(entry.node)) if isinstance(entry.node, Map) else entry
        for key, entry in node.entries.items()
    }
    return replace(node, entries=entries)


def _parsed(text: str) -> Map:
    found = _read(text)
    faults = list(found.problems)
    if faults:
        raise InvalidPipelineError(
            f"The text cannot be edited while it has a fault: {faults[0]}", "Mend it first."
        )
    if found.root is None:
        return Map({}, False, NOWHERE, 0, 0)
    if not isinstance(found.root, Map):
        raise InvalidPipelineError("The text is no map of keys.", "Begin with type: pipeline.")
    return found.root


def _verified(text: str, wanted: Mapping[str, Any], file: str | None) -> str:
    """The edited text if it means what it should, else a text written anew."""
    found = _read(text, file)
    data = plain_data(found.root) if found.root is not None else {}
    if found.problems.items or data != wanted or _typed(data) != _typed(wanted):
        return write_yaml(wanted, apart=("jobs",))
    return text


def _typed(value: Any) -> str:
    """A form in which 1, 1.0 and true differ, and the order of keys does not count."""
    if isinstance(value, Mapping):
        return "{" + ",".join(f"{k!r}:{_typed(v)}" for k, v in sorted(value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_typed, value)) + "]"
    return repr(value)


def _put(data: Any, path: Path, value: Any) -> None:
    """Put a value into data; maps on the way that are missing are added."""
    holder = data
    for key in path[:-1]:
        inner = holder.get(key)
        if inner is None:
            inner = holder[key] = {}
        if not isinstance(inner, dict):
            raise InvalidPipelineError(f"{'.'.join(path)} leads through a value.")
        holder = inner
    holder[path[-1]] = copy.deepcopy(value)


def _at(data: Any, path: Path) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


@dataclass
class _Edit:
    """One edit of a text whose nodes are known."""

    text: str
    root: Map

    def maps(self, path: Path) -> list[Map]:
        """The maps on the way to a path, as far as they are there."""
        found = [self.root]
        for key in path[:-1]:
            entry = found[-1].entries.get(key)
            if entry is None or not isinstance(entry.node, Map):
                break
            found.append(entry.node)
        return found

    def entry(self, path: Path) -> Entry:
        """The entry at a path that is there."""
        return self.maps(path)[-1].entries[path[-1]]

    def set(self, path: Path, value: Any, order: Sequence[str]) -> str:
        """The text with the value put in."""
        maps = self.maps(path)
        depth = len(maps)
        for key in reversed(path[depth:]):
            value = {key: value}
        if depth < len(path):
            order = ()
        key, holder = path[depth - 1], maps[-1]
        flow = any(node.flow for node in maps)
        entry = holder.entries.get(key)
        if entry is not None:
            return self._replaced(entry, value, flow=flow)
        if flow and (holder.entries or any(node.flow for node in maps[:-1]) or depth == 1):
            return self._inserted_in_flow(holder, key, value)
        if holder.entries:
            section = depth == 1 and isinstance(value, Mapping)
            apart = section or (depth == 2 and path[0] == "jobs")
            return self._inserted(holder, key, value, order, apart=apart)
        if depth == 1:
            return self._appended(entry_lines(key, value, 0, self._step))
        parent = maps[-2].entries[path[depth - 2]]
        return self._replaced(parent, {key: value}, flow=any(node.flow for node in maps[:-1]))

    def remove(self, path: Path) -> str:
        """The text without an entry."""
        maps = self.maps(path)
        entry, holder = maps[-1].entries[path[-1]], maps[-1]
        if any(node.flow for node in maps):
            return self._removed_from_flow(holder, entry)
        if len(holder.entries) == 1 and len(path) > 1:
            return self._replaced(maps[-2].entries[path[-2]], {}, flow=False)
        start = self._line_start(entry.start)
        start = self._comments_above(start, entry.start - start)
        end = self._line_end(self._content_end(entry))
        before, after = self.text[:start], self.text[end:]
        # one blank line of two that would meet, or of those at the end
        if before.endswith(("\n\n", "\r\n\r\n")) and (not after.strip() or after[0] in "\r\n"):
            before = before[: -len(self._newline)]
        return before + after

    def _replaced(self, entry: Entry, value: Any, *, flow: bool) -> str:
        node = entry.node
        if flow:
            start, end = self._value_span(entry)
            return self.text[:start] + " " + _flow_text(value) + self.text[end:]
        several_lines = isinstance(value, Mapping | list) or "\n" in str(value)
        if isinstance(node, Scalar) and not several_lines and self._one_line(node):
            start, end = self._value_span(entry)
            quote = self.text[node.start] if node.end > node.start else ""
            text = scalar_text(value, quote=quote if quote in {"'", '"'} else "")
            return self.text[:start] + (f" {text}" if text else "") + self.text[end:]
        colon = self._after_colon(entry)
        stop = self._content_end(entry)
        indent = entry.start - self._line_start(entry.start)
        comment = self._comment_on_line(colon, node, stop)
        head, *lines = entry_lines(entry.key, value, indent, self._step)
        shown = head[len(head.rstrip()) :] if isinstance(value, Mapping) else ""
        inline = head.strip()[len(scalar_text(entry.key)) + 1 :] + shown
        made = self._newline.join([inline + comment, *lines])
        return self.text[:colon] + made + self.text[self._rest_of_line(stop) :]

    def _inserted(
        self, holder: Map, key: str, value: Any, order: Sequence[str], *, apart: bool
    ) -> str:
        entries = list(holder.entries.values())
        indent = entries[0].start - self._line_start(entries[0].start)
        lines = entry_lines(key, value, indent, self._step)
        earlier = list(order[: order.index(key)]) if key in order else list(holder.entries)
        before = [entry for entry in entries if entry.key in earlier]
        if not before:
            start = self._line_start(entries[0].start)
            place = self._comments_above(start, indent)
            made = self._newline.join(lines) + self._newline
            return self.text[:place] + made + self.text[place:]
        last = max(before, key=lambda entry: entry.start)
        place = self._line_end(self._content_end(last))
        made = self._newline.join(lines) + self._newline
        if apart:
            made = self._newline + made
        head = self.text[:place]
        if head and not head.endswith(("\n", "\r")):
            made, head = made.removesuffix(self._newline), head + self._newline
        return head + made + self.text[place:]

    def _appended(self, lines: list[str]) -> str:
        head = self.text
        if head and not head.endswith(("\n", "\r")):
            head += self._newline
        return head + self._newline.join(lines) + self._newline

    def _inserted_in_flow(self, holder: Map, key: str, value: Any) -> str:
        made = f"{scalar_text(key, flow=True)}: {_flow_text(value)}"
        if holder.entries:
            last = max(holder.entries.values(), key=lambda entry: entry.start)
            place = self._content_end(last)
            return f"{self.text[:place]}, {made}{self.text[place:]}"
        return f"{self.text[: holder.start]}{{{made}}}{self.text[holder.end :]}"

    def _removed_from_flow(self, holder: Map, entry: Entry) -> str:
        entries = sorted(holder.entries.values(), key=lambda item: item.start)
        number = entries.index(entry)
        if number + 1 < len(entries):
            return self.text[: entry.start] + self.text[entries[number + 1].start :]
        end = self._content_end(entry)
        start = self._content_end(entries[number - 1]) if number else entry.start
        return self.text[:start] + self.text[end:]

    @property
    def _step(self) -> int:
        """How many blanks further in the text has what is inside."""
        for entry in self.root.entries.values():
            if isinstance(entry.node, Map) and not entry.node.flow and entry.node.entries:
                first = next(iter(entry.node.entries.values()))
                return max(1, first.start - self._line_start(first.start))
        return INDENT

    @property
    def _newline(self) -> str:
        if "\r\n" in self.text:
            return "\r\n"
        return "\n" if "\n" in self.text or "\r" not in self.text else "\r"

    def _line_start(self, offset: int) -> int:
        return max(self.text.rfind("\n", 0, offset), self.text.rfind("\r", 0, offset)) + 1

    def _rest_of_line(self, offset: int) -> int:
        """The end of the line of an offset, before its line break."""
        ends = [i for i in (self.text.find("\n", offset), self.text.find("\r", offset)) if i >= 0]
        return min(ends, default=len(self.text))

    def _line_end(self, offset: int) -> int:
        """The beginning of the line after an offset."""
        end = self._rest_of_line(offset)
        if self.text[end : end + 2] == "\r\n":
            return end + 2
        return min(end + 1, len(self.text))

    def _comments_above(self, start: int, indent: int) -> int:
        """Where the comment lines right above a line begin, of the same indentation."""
        while start > 0:
            above = self._line_start(start - (2 if self.text[:start].endswith("\r\n") else 1))
            line = self.text[above:start]
            if not line.startswith(" " * indent + "#"):
                break
            start = above
        return start

    def _after_colon(self, entry: Entry) -> int:
        """Where the value of an entry may begin: after the colon that follows its key."""
        return self.text.index(":", entry.end) + 1

    def _value_span(self, entry: Entry) -> tuple[int, int]:
        colon = self._after_colon(entry)
        return colon, max(colon, self._content_end(entry))

    def _one_line(self, node: Scalar) -> bool:
        return self.text[node.start : node.start + 1] not in {"|", ">"} or node.plain

    def _content_end(self, entry: Entry) -> int:
        """Where the value of an entry ends, without comments and blank lines behind it."""
        return self._end(entry.node, self._after_colon(entry), entry.start)

    def _end(self, node: Node, colon: int, key: int) -> int:
        if isinstance(node, Map | Items) and not node.flow:
            ends = [colon]
            if isinstance(node, Map):
                ends += [self._content_end(entry) for entry in node.entries.values()]
            else:
                ends += [self._end(item, item.start, item.start) for item in node.nodes]
            return max(ends)
        if isinstance(node, Scalar) and node.start == node.end:
            return colon
        if isinstance(node, Scalar) and not self._one_line(node):
            return self._end_of_block(node, key)
        return node.end

    def _end_of_block(self, node: Scalar, key: int) -> int:
        """The end of a text in block form: its lines are blank or further in than its key."""
        indent = key - self._line_start(key)
        end = self._rest_of_line(node.start)
        place = self._line_end(node.start)
        while place < len(self.text):
            stop = self._rest_of_line(place)
            line = self.text[place:stop]
            if line.strip():
                if len(line) - len(line.lstrip(" ")) <= indent:
                    break
                end = stop
            place = self._line_end(place)
        return end

    def _comment_on_line(self, colon: int, node: Node, stop: int) -> str:
        """The comment behind a key or its value, with the blanks before it."""
        if isinstance(node, Map | Items) and not node.flow and node.start > colon:
            tail = self.text[colon : self._rest_of_line(colon)]
        else:
            tail = self.text[stop : self._rest_of_line(stop)]
        return tail.rstrip() if tail.lstrip().startswith("#") else ""


def _flow_text(value: Any) -> str:
    if isinstance(value, Mapping):
        inner = (f"{scalar_text(k, flow=True)}: {_flow_text(v)}" for k, v in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow_text, value)) + "]"
    return scalar_text(value, flow=True)
