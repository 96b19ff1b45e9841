"""Has a keeper forked for whoever starts this program, and ends with the keeper (see tests.prove.preloaded).

python -I -S preloaded_client.py SOCKET TEMPORARY_DIRECTORY [sweep]
"""

import json
import os
import socket
import sys

with socket.socket(socket.AF_UNIX) as server:
    server.connect(sys.argv[1])
    socket.send_fds(server, [json.dumps(["keeper_process", *sys.argv[2:]]).encode()], [0, 1, 2])
    for descriptor in (0, 1):
        os.close(descriptor)
    server.recv(1)
