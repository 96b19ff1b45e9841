"""Has a keeper forked for whoever starts this program, and ends with it (see steps.world.processes.preloaded).

python -I -S preloaded_client.py SOCKET PROGRAM... TEMPORARY_DIRECTORY [sweep]

SOCKET is a descriptor. PROGRAM begins a keeper in the usual way, for when there is nobody to fork one.
"""

import json
import os
import socket
import sys

LENGTH = 4
"""Of the usual program: an interpreter, two options and a file."""

program, arguments = sys.argv[2 : 2 + LENGTH], sys.argv[2 + LENGTH :]
keeper, tells = socket.socketpair()
try:
    with socket.socket(fileno=int(sys.argv[1])) as server, tells:
        request = json.dumps([program[-1], *arguments]).encode()
        socket.send_fds(server, [request], [0, 1, 2, tells.fileno()])
    is_there = keeper.recv(1)
except OSError:
    is_there = b""
if not is_there:
    os.execv(program[0], [*program, *arguments])
for descriptor in (0, 1):
    os.close(descriptor)
keeper.recv(1)
