"""``--offline``: tried in a process of its own, because the hook cannot be taken away again."""

from __future__ import annotations

import subprocess
import sys

import pytest

_TRY = """
import socket
from shared.serving.offline import forbid_connections
forbid_connections(also=('hub.local',))
server = socket.create_server(('127.0.0.1', 0))
socket.create_connection(server.getsockname()).close()
socket.getaddrinfo('localhost', 80)
try:
    {action}
except OSError as error:
    print(error)
else:
    print('connected')
"""


@pytest.mark.parametrize(
    "action",
    [
        "socket.create_connection(('192.0.2.1', 80), timeout=1)",
        "socket.getaddrinfo('example.invalid', 80)",
        "socket.gethostbyname('example.invalid')",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
        "__import__('urllib.request').request.urlopen('http://192.0.2.1/', timeout=1)",
        "socket.socket().connect_ex(('192.0.2.1', 80))",
    ],
)
def test_no_connection_leaves_this_machine(action: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _TRY.format(action=action)], capture_output=True, text=True, check=False, timeout=60
    )
    assert "this hub is offline" in done.stdout, done.stdout + done.stderr


_NAMED = """
import socket, sys
from shared.serving.offline import forbid_connections

def found(host, *rest, **more):  # by a name server
    sys.audit('socket.getaddrinfo', host, *rest)
    return [(socket.AF_INET, socket.SOCK_STREAM, 0, '', (given.get(host, host), 80))]

given = {'cluster.local': '192.0.2.7', 'other.local': '192.0.2.8'}
socket.getaddrinfo = found
forbid_connections(also=('cluster.local', '0.0.0.0'))
for host in ('cluster.local', '192.0.2.7', 'other.local', '192.0.2.8', '127.0.0.1'):
    try:
        socket.create_connection((host, 80), timeout=0.01)
    except OSError as error:
        print('offline' if 'this hub is offline' in str(error) else 'tried')
"""


def test_a_machine_that_is_named_may_be_reached_by_its_address_too() -> None:
    """Python resolves a name first, and connects to what it found."""
    done = subprocess.run([sys.executable, "-c", _NAMED], capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.split() == ["tried", "tried", "offline", "offline", "tried"], done.stderr
