"""A room for Dino, which knows neither ports nor authorities: a network whose loopback has the server on port 5222, and
a system that trusts the server's authority. Displays are its own too: in a network of its own an X server takes no
notice of those outside, and would remove their sockets.

Arguments: folder with home/, ca-certificates.crt and server (the socket of the server), then the command. Has to be
started in new network and mount namespaces; whatever it has started ends with it.
"""

import asyncio
import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys

PR_SET_PDEATHSIG = 1
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18
SIOCSIFFLAGS, IFF_UP_LOOPBACK_RUNNING = 0x8914, 0x49

folder, command = sys.argv[1], sys.argv[2:]
displays = "/tmp/.X11-unix"
libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, flags, kind=None):
    if libc.mount(source.encode(), target.encode(), kind, flags, None) != 0:
        raise OSError(ctypes.get_errno(), "mount " + target)


async def pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def connected(reader, writer):
    other_reader, other_writer = await asyncio.open_unix_connection(os.path.join(folder, "server"))
    await asyncio.gather(pipe(reader, other_writer), pipe(other_reader, writer))


async def main():
    mount("none", "/", MS_REC | MS_PRIVATE)
    mount(os.path.join(folder, "ca-certificates.crt"), "/etc/ssl/certs/ca-certificates.crt", MS_BIND)
    os.makedirs(displays, exist_ok=True)
    mount("none", displays, 0, b"tmpfs")
    with socket.socket() as one:
        fcntl.ioctl(one, SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP_LOOPBACK_RUNNING))
    await asyncio.start_server(connected, "127.0.0.1", 5222)
    child = await asyncio.create_subprocess_exec(*command, start_new_session=True)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: os.killpg(child.pid, signal.SIGTERM))
    sys.exit(await child.wait())


libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
asyncio.run(main())
