"""A process shuts itself in: from then on it opens no file, no connection and no program.

Linux on x86-64 and ARM64 (a filter of system calls, which needs no rights); elsewhere nothing is
done, and the limits of time and memory remain.
"""

from __future__ import annotations

import ctypes
import platform
import struct
import sys

_NO_NEW_PRIVILEGES, _SECCOMP, _FILTER = 38, 22, 2
_LOAD, _EQUAL, _AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE, _KILL = 0x7FFF0000, 0x00050001, 0x80000000
_X32 = 0x40000000
# open, creat, link, unlink, rename, chmod, truncate and their kin; socket, connect; execve, fork;
# ptrace, kill, process_vm_*, io_uring_*
_CALLS = {
    "x86_64": (
        0xC000003E,
        (2, 85, 257, 437, 86, 265, 88, 266, 87, 263, 82, 264, 316, 90, 268, 76, 83, 258, 84,
         41, 42, 53, 59, 322, 57, 58, 101, 62, 310, 311, 425, 426, 427),
    ),
    "aarch64": (
        0xC00000B7,
        (56, 437, 37, 36, 35, 38, 276, 53, 45, 34, 198, 203, 199, 221, 281, 117, 129, 270, 271,
         425, 426, 427),
    ),
}  # fmt: skip


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def confine() -> bool:
    """Shut this process in; for ever, and for all that it starts. False where that cannot be."""
    known = _CALLS.get(platform.machine())
    if sys.platform != "linux" or known is None:
        return False
    program = _program(*known)
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl.argtypes = [ctypes.c_int, *[ctypes.c_ulong] * 4]
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    held = _Program(len(program) // 8, program)
    return bool(libc.prctl(_SECCOMP, _FILTER, ctypes.addressof(held), 0, 0) == 0)


def _program(architecture: int, calls: tuple[int, ...]) -> bytes:
    """Instructions for the kernel: these calls fail with "not permitted", all others pass."""
    steps = [
        (_LOAD, 0, 0, 4),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, 0),
        # the same calls under other numbers
        (_AT_LEAST, len(calls) + 1, 0, _X32),
        *((_EQUAL, len(calls) - place, 0, call) for place, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("<HBBI", *step) for step in steps)
