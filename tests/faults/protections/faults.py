"""What keeps disks, files and memory that fail from costing what was acknowledged."""

from __future__ import annotations

from tests.faults.protections import Line, Protection

_ATOMIC = "src/visionloom/artifacts/atomic.py"
_MANIFEST = "src/visionloom/artifacts/manifest.py"
_OBJECTS = "src/visionloom/artifacts/objects.py"
_DATABASE = "src/visionloom/records/database.py"
_DISK = "tests/faults/test_disk.py"
_STEPS = "tests/faults/test_steps.py"
_SETTINGS = f"{_DISK}::test_settings_killed_or_refused_at_any_sync_or_rename_are_old_or_new"
_RECORDS = f"{_DISK}::test_records_are_read_and_changed_on_a_disk_without_a_free_byte"
_CUTS = (
    "tests/faults/test_power_cuts.py"
    "::test_after_a_power_cut_there_is_the_old_or_the_new_and_the_new_once_acknowledged"
)


def _line(name: str, row: str, test: str, file: str, line: str, without: str) -> Protection:
    return Protection(row, test, Line(file, line, without), name)


PROTECTIONS = (
    _line(
        "written-beside",
        "R1",
        _SETTINGS,
        _ATOMIC,
        '    with new_file(path, durable=durable) as temporary, open(temporary, "xb") as stream:\n',
        '    with explained(path), open(path, "wb") as stream:\n',
    ),
    _line(
        "failed-sync-is-final",
        "R2",
        _SETTINGS,
        _ATOMIC,
        "    os.fsync(descriptor)\n",
        "    with contextlib.suppress(OSError):\n        os.fsync(descriptor)\n",
    ),
    _line(
        "contents-synced",
        "R3",
        f"{_CUTS}[settings-40]",
        _ATOMIC,
        "                _sync_file(temporary)\n",
        "                pass\n",
    ),
    _line(
        "new-store-synced",
        "R3",
        f"{_CUTS}[publish-40]",
        _OBJECTS,
        "            sync_folder(self.root.parent)\n",
        "",
    ),
    _line(
        "token-name-synced",
        "R26",
        f"{_CUTS}[token-40]",
        "src/visionloom/server/access.py",
        "            sync_folder(path.parent)\n",
        "",
    ),
    _line(
        "waits-for-room",
        "R4",
        f"{_STEPS}::test_publishing_waits_for_room_says_so_and_goes_on",
        "src/visionloom/engine/entry.py",
        "            self._wait_for_room(error)\n",
        '            self.end("failed", error.message)\n',
    ),
    _line(
        "log-begins-anew",
        "R4",
        _RECORDS,
        "src/visionloom/records/recorder.py",
        "        self.database.checkpoint()\n        with",
        "        with",
    ),
    _line(
        "read-without-shared-memory",
        "R4",
        _RECORDS,
        _DATABASE,
        "engine = self._frozen if self._lacks_room() else self._engine",
        "engine = self._engine",
    ),
    _line(
        "checkpoint-waits",
        "R4",
        f"{_DISK}::test_a_training_waits_on_a_full_disk_and_ends_as_on_one_that_was_never_full",
        "src/visionloom/engine/step_process.py",
        "    return dataclasses.replace(context, await_room=waiter)\n",
        "    return context\n",
    ),
    _line(
        "read-only-records",
        "R5",
        f"{_DISK}::test_in_a_home_that_is_read_only_what_writes_names_it_and_what_reads_works",
        _DATABASE,
        "        self.is_read_only = self.path.exists() and not (\n",
        "        self.is_read_only = False and not (\n",
    ),
    _line(
        "hardware-without-cache",
        "R5",
        f"{_DISK}::test_in_a_home_that_is_read_only_what_writes_names_it_and_what_reads_works",
        "src/visionloom/engine/hardware.py",
        "        with contextlib.suppress(VisionloomError):\n            write_file(path",
        "        if path:\n            write_file(path",
    ),
    _line(
        "manifest-vouches-for-itself",
        "R6",
        f"{_DISK}::test_any_byte_of_a_manifest_that_is_another_is_noticed",
        _MANIFEST,
        "if digest != value[_OWN_DIGEST] or not data.endswith(digest.encode() + _END):",
        "if not digest:",
    ),
    _line(
        "files-verified",
        "R6",
        f"{_DISK}::test_200_damages_over_all_types_of_artifacts_are_found_and_the_file_named",
        _MANIFEST,
        "if digest != entry.sha256:",
        "if not digest:",
    ),
    _line(
        "second-publisher-yields",
        "R8",
        "tests/artifacts/test_publish_interrupted.py"
        "::test_r8_two_processes_publish_the_same_and_different_content[30]",
        _OBJECTS,
        "if error.errno not in _OCCUPIED and not place.is_dir():",
        "if True:",
    ),
    _line(
        "memory-error-understood",
        "R15",
        f"{_STEPS}::test_a_step_that_may_have_no_more_memory_fails_for_that_and_others_go_on",
        "src/visionloom/engine/step_process.py",
        "if isinstance(error, MemoryError) or type",
        "if type",
    ),
    _line(
        "kernel-kill-understood",
        "R15",
        f"{_STEPS}::test_a_step_that_the_kernel_ends_for_lack_of_memory_fails_for_that",
        "src/visionloom/engine/executors/local.py",
        "killed = ended.exit in (None, -process.KILL) and _memory_kills() > running.kills",
        "killed = False",
    ),
    _line(
        "input-looked-at-again",
        "R21",
        f"{_STEPS}"
        "::test_an_input_that_changes_while_it_is_read_is_named_and_the_result_not_reused[edited]",
        "src/visionloom/engine/finishing.py",
        "problem = tools.planner.unchanged(step)",
        'problem = ""',
    ),
)
