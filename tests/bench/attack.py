# SPDX-License-Identifier: Apache-2.0
"""
usage: attack.py PORT IDLE SLOW OVERSIZE

What the channels' listener is attacked with: IDLE connections that were of use once and stay, SLOW ones that send an octet
a second of a request that never ends (a new one for each that is closed), and OVERSIZE requests a second whose body is too
large. Says "ready" once all stand, and goes on until it is ended. It is to cost the processors little: they are the
customers' too.
"""
import resource
import socket
import sys
import time

GET = b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"
BEGINNINGS = (b"GET / HTTP/1.1\r\nHost: x\r\nX: ", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n")
LARGE = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 200000\r\n\r\n" + b"x" * 20000
TURN_S = 0.05


def dial(port, text):
    sock = socket.create_connection(("127.0.0.1", port), timeout=20)
    sock.sendall(text)
    sock.setblocking(False)
    return sock


def is_open(sock, text=b""):
    try:
        if text:
            sock.send(text)
        return sock.recv(65536) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def main():
    port, idle, slow, oversize = (int(text) for text in sys.argv[1:])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    idlers = [dial(port, GET) for _ in range(idle)]
    slows = [dial(port, BEGINNINGS[n % 2]) for n in range(slow)]
    larges = []
    print(f"ready idle={len(idlers)}", flush=True)
    began, turn, sent = time.monotonic(), 0, 0
    while True:
        # Each of the slow ones has its moment within a second.
        for n in range(turn % 20, slow, 20):
            if not is_open(slows[n], b"x"):
                slows[n].close()
                slows[n] = dial(port, BEGINNINGS[n % 2])
        while sent < (time.monotonic() - began) * oversize:
            larges.append(dial(port, LARGE))
            sent += 1
        larges, before = [sock for sock in larges if is_open(sock)], larges
        for sock in before:
            if sock not in larges:
                sock.close()
        turn += 1
        time.sleep(max(0.0, began + turn * TURN_S - time.monotonic()))


if __name__ == "__main__":
    main()
