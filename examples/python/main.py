"""A command that talks to an echo server: its argument is the URL, and the environment variable
ROOTS may have certificates to trust, PEM."""

from itertools import islice

from websocket import WebSocket
from wit_world import exports
from wit_world.imports import environment


class Run(exports.Run):
    def run(self) -> None:
        _, url = environment.get_arguments()
        roots = dict(environment.get_environment()).get("ROOTS")

        with WebSocket(url, roots) as websocket:
            print("open")

            websocket.send("one")
            websocket.send("two")
            websocket.send(bytes([1, 2, 3]))
            for message in islice(websocket, 3):
                match message:
                    case str(text):
                        print("text", text)
                    case bytes(data):
                        print("binary", len(data), "bytes")

            payload = websocket.ping(b"still there?")
            print("pong", payload.decode())

            closed = websocket.close(1000, "done")
            print("closed", closed.code, closed.reason)
