"""A process that appends bundles to a folder: `appender.py FOLDER PEN NUMBER PLACE`; when outrun, it tries again."""

import sys

from scribes.adapters.remote_folder import FolderRemote
from scribes.crypto.envelope import FIRST
from scribes.errors import Outrun
from tests.fuzz.by_hand import Pen, Space, note


def main() -> None:
    folder, name, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
    remote, pen, owner = FolderRemote(folder), Pen(name), Pen("owner")
    space = Space(owner)
    print("ready", flush=True)
    sys.stdin.readline()
    sent = tried = 0
    while sent < number:
        tried += 1
        space.log.clear()
        pen.chains[space.id] = remote.fetch(space.id, "", limit_bytes=1).heads.get(pen.id, (0, FIRST))
        entries = [space.bundle(pen, note(pen, f"{name} {sys.argv[-1]} {tried} {part}")).raw for part in range(2)]
        try:
            remote.append(space.id, entries)
        except Outrun:
            continue
        sent += 2
    print(sent, flush=True)


main()
