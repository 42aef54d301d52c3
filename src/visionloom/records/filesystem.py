"""Whether a folder is on a disk of this machine."""

from __future__ import annotations

import os
from pathlib import Path

# file systems whose files several machines, or a machine and its guests, may change
_NETWORK = frozenset(
    {
        "9p", "afs", "beegfs", "ceph", "cifs", "davfs", "drvfs", "glusterfs", "gpfs", "lustre",
        "ncpfs", "nfs", "nfs4", "orangefs", "pvfs2", "smb2", "smb3", "smbfs", "vboxsf", "wekafs",
    }
)  # fmt: skip
# of those that run as a process, the ones that are local
_LOCAL_FUSE = frozenset({"fuse.fuse-overlayfs", "fuse.bindfs", "fuse.ntfs-3g", "fuseblk"})


def is_network_file_system(path: Path, mounts: str = "/proc/self/mounts") -> bool:
    """Whether ``path`` (or the folder it is to appear in) is on a network file system.

    Args:
        path: A file or folder.
        mounts: The system's table of mounts; without one only Windows' ``\\\\host`` paths count.
    """
    if os.name == "nt":
        return str(path.absolute()).startswith("\\\\")
    kind = _kind(path, mounts)
    return kind in _NETWORK or (kind.startswith("fuse.") and kind not in _LOCAL_FUSE)


def _kind(path: Path, mounts: str) -> str:
    try:
        with open(mounts, encoding="utf-8", errors="surrogateescape") as stream:
            rows = [line.split() for line in stream]
    except OSError:
        return ""
    place = path.parent.resolve() / path.name
    found = ("", "")
    for row in rows:
        if len(row) < 3:
            continue
        mounted = row[1].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
        # of two mounts at one place the later one is seen
        if place.is_relative_to(mounted) and len(mounted) >= len(found[0]):
            found = (mounted, row[2])
    return found[1]
