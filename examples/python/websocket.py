"""`wasocket:websocket` as Python has such things: a context manager, and iteration over messages."""

from collections import deque
from collections.abc import Callable, Iterator
from typing import Self

from wit_world.imports import client, types
from wit_world.imports.types import Closed

Message = str | bytes


class WebSocketError(Exception):
    """The connection failed."""


class WebSocket:
    """A connection; leaving its `with` block closes it. Its methods block, but for `send`."""

    def __init__(self, url: str, roots: str | None = None) -> None:
        """Starts to connect, trusting these certificates too."""
        options = client.ConnectOptions()
        if roots is not None:
            options.add_roots(roots.encode())
        self._websocket = client.Websocket.connect(url, None, None, options)
        self._waiter = client.Waiter()
        self._open = False
        self._messages: deque[Message] = deque()
        self._pongs: dict[int, bytes] = {}
        self._error: str | None = None
        self._closed: Closed | None = None

    def __enter__(self) -> Self:
        self._drive_until(lambda: self._open)
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        try:
            if self._closed is None:
                # 1011: it is the program that failed, not the server.
                self.close(1000 if kind is None else 1011)
        finally:
            # What it waits for goes before what that belongs to.
            self._waiter.__exit__(None, None, None)
            self._websocket.__exit__(None, None, None)

    def __iter__(self) -> Iterator[Message]:
        """The messages, until the connection is closed."""
        while True:
            self._drive_until(lambda: self._messages or self._closed)
            if not self._messages:
                return
            yield self._messages.popleft()

    def send(self, message: Message) -> None:
        """Queues a message, which leaves when something is waited for."""
        match message:
            case str(text):
                payload = types.Message_Text(text)
            case bytes(data):
                payload = types.Message_Binary(data)
        self._websocket.send(payload, types.SendOptions(0))

    def ping(self, payload: bytes) -> bytes:
        """Sends a ping; returns the payload of its pong."""
        token = self._websocket.ping(payload, types.SendOptions(0))
        self._drive_until(lambda: token in self._pongs)
        return self._pongs.pop(token)

    def close(self, code: int = 1000, reason: str = "") -> Closed:
        """Closes; returns how the connection ended."""
        self._websocket.close(code, reason)
        self._drive_until(lambda: self._closed)
        return self._closed

    def _drive_until(self, condition: Callable[[], object]) -> None:
        while not condition():
            if self._error is not None:
                raise WebSocketError(self._error)
            if self._closed is not None:
                raise WebSocketError("the connection is closed")
            self._waiter.wait([self._websocket], None)
            for event in self._websocket.drive().events:
                self._handle(event)

    def _handle(self, event: types.Event) -> None:
        match event:
            case types.Event_Open():
                self._open = True
            case types.Event_Message(message):
                self._messages.append(message.value)
            case types.Event_Pong(pong) if pong.token is not None:
                self._pongs[pong.token] = pong.payload
            case types.Event_Error(error):
                self._error = error.message
            case types.Event_Close(closed):
                self._closed = closed
