"""A line to a real IMAP server on which something happens at a chosen word, just before it gets through."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Thread

Meddle = Callable[[bytes], object]


@contextmanager
def meddling(server: tuple[str, int], word: bytes, act: Callable[[], object]) -> Iterator[tuple[str, int]]:
    """Where to connect instead of to `server`. When a client says `word`, `act` is done before the server hears it."""

    def meddle(line: bytes) -> None:
        if word in line:
            act()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_serve, args=(listener, server, meddle), daemon=True).start()
        yield listener.getsockname()
        listener.shutdown(socket.SHUT_RDWR)  # wakes the thread


def _serve(listener: socket.socket, server: tuple[str, int], meddle: Meddle) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            there = socket.create_connection(server)
            Thread(target=_pass_on, args=(client, there, meddle), daemon=True).start()
            Thread(target=_pass_on, args=(there, client, len), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket, meddle: Meddle) -> None:
    """Line by line; the end too."""
    with suppress(OSError), source, source.makefile("rb") as lines:
        for line in lines:
            meddle(line)
            target.sendall(line)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
