"""A WebSocket server on somebody else's implementation: tornado, for Python.

    server.py [--cert FILE --key FILE] [--permessage-deflate OPTIONS]

Listens on a port of 127.0.0.1 that the system chooses, prints `listening PORT` once it accepts
connections, and exits when its standard input ends. On every path it sends every message back,
until a Close frame comes in, which tornado answers with the same code but without the reason.

Nothing is compressed, unless there is `--permessage-deflate` and the client offers the extension:
OPTIONS are what tornado's `get_compression_options` is to return, as a JSON object. Then all
messages are compressed, with windows as the client offers them: tornado has no parameters of its
own, and ignores those without a value, such as `server_no_context_takeover`.
"""

import argparse
import asyncio
import json
import os
import ssl
import sys

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from tornado.websocket import WebSocketHandler


class Echo(WebSocketHandler):
    def initialize(self, compression_options):
        self.compression_options = compression_options

    def get_compression_options(self):
        return self.compression_options

    async def on_message(self, message):
        # tornado reads the next message when this returns: one that is not read stops the other.
        await self.write_message(message, binary=isinstance(message, bytes))


def tls_context(arguments):
    if arguments.cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(arguments.cert, arguments.key)
    return context


async def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cert", metavar="FILE", help="serve TLS with this chain, PEM")
    parser.add_argument("--key", metavar="FILE", help="the key of the certificate, PEM")
    parser.add_argument("--permessage-deflate", metavar="OPTIONS", type=json.loads, help="JSON")
    arguments = parser.parse_args()
    if (arguments.cert is None) != (arguments.key is None):
        parser.error("--cert and --key go together")

    echo = (".*", Echo, {"compression_options": arguments.permessage_deflate})
    # As good as none: tornado has no way to say that there is no limit.
    application = Application([echo], websocket_max_message_size=sys.maxsize)
    server = HTTPServer(application, ssl_options=tls_context(arguments))
    [socket] = bind_sockets(0, "127.0.0.1")
    server.add_socket(socket)
    print("listening", socket.getsockname()[1], flush=True)
    # The test holds the other end; however the test ends, so does this.
    await asyncio.to_thread(sys.stdin.buffer.read)
    # At once: connections may be in the middle of something that never ends.
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
