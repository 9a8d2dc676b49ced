"""A WebSocket server on somebody else's implementation: websockets, for Python.

    server.py [--cert FILE --key FILE] [--permessage-deflate OPTIONS] [--log FILE]

Listens on a port of 127.0.0.1 that the system chooses, prints `listening PORT` once it accepts
connections, and exits when its standard input ends. The path of a request chooses what happens:

    /echo                   sends every message back, until a Close frame comes in
    /close?code=N&reason=R  closes first; 1000 if there is no code
    /subprotocol            chooses `chat.v2` if it is offered, or else the first; then as /echo
    /headers                sends the header fields of the request as JSON, [[name, value], ...]
    /ping?payload=HEX       sends a ping for each payload, reports each pong as text, in hex
    /fragments              sends FRAGMENTED as text, a byte in a fragment, a ping in the middle
    /big?bytes=N            sends a binary message of N bytes, byte i of which is i modulo 251
    /refuse?status=N        refuses the handshake; `location=URL` adds that header field
    /silent                 accepts, then reads nothing and sends nothing, not even a Close frame

Those that do not echo and are not silent close with 1000 when they are done. No message is too big,
and no ping is sent that was not asked for. `../node/server.js` does so too.

Nothing is compressed, unless there is `--permessage-deflate` and the client offers the extension:
OPTIONS are the arguments of `ServerPerMessageDeflateFactory`, as a JSON object. All messages are
compressed then.

The log has every frame, as the library writes it: `< TEXT 'Hello' [5 bytes]` is one that came in.
"""

import argparse
import asyncio
import http
import json
import logging
import os
import ssl
import sys
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory

# Two, three and four bytes to a character, so that fragments of one byte split each of them.
FRAGMENTED = "Grüße, 世界 🌍"


def target(request):
    """The path of a request, and the values of each of its parameters."""
    url = urlsplit(request.path)
    return url.path, parse_qs(url.query, keep_blank_values=True)


async def echo(connection, _):
    async for message in connection:
        await connection.send(message)


async def close(connection, parameters):
    code = int(parameters.get("code", ["1000"])[0])
    await connection.close(code, parameters.get("reason", [""])[0])


async def headers(connection, _):
    await connection.send(json.dumps(list(connection.request.headers.raw_items())))


async def ping(connection, parameters):
    # One at a time: a pong counts as the answer to every ping before it (RFC 6455, section 5.5.3),
    # so of several in flight none could be reported as answered by itself.
    for payload in map(bytes.fromhex, parameters.get("payload", [])):
        pong = await connection.ping(payload)
        await pong
        await connection.send(payload.hex())


async def fragments(connection, _):
    payload = FRAGMENTED.encode()

    async def fragments_and_ping():
        for index in range(len(payload)):
            if index == len(payload) // 2:
                # Section 5.4: "Control frames MAY be injected in the middle of a fragmented
                # message."
                await connection.ping(b"between fragments")
            yield payload[index : index + 1]

    await connection.send(fragments_and_ping(), text=True)


async def big(connection, parameters):
    count = int(parameters["bytes"][0])
    pattern = bytes(range(251))
    await connection.send((pattern * (count // len(pattern) + 1))[:count])


async def silent(connection, _):
    # Frames that are not read are not answered; the library would answer Ping and Close by itself.
    connection.transport.pause_reading()
    await asyncio.Future()


BEHAVIOURS = {
    "/echo": echo,
    "/close": close,
    "/subprotocol": echo,
    "/headers": headers,
    "/ping": ping,
    "/fragments": fragments,
    "/big": big,
    "/silent": silent,
}


async def handle(connection):
    path, parameters = target(connection.request)
    try:
        await BEHAVIOURS[path](connection, parameters)
    except ConnectionClosed:
        # A client that leaves in the middle is what some tests are about.
        pass


def refuse(connection, request):
    """The answer that refuses the handshake; `None` if it is not to be refused."""
    path, parameters = target(request)
    if path == "/refuse":
        status = http.HTTPStatus(int(parameters["status"][0]))
        response = connection.respond(status, "refused\n")
        for location in parameters.get("location", []):
            response.headers["Location"] = location
        return response
    if path not in BEHAVIOURS:
        return connection.respond(http.HTTPStatus.NOT_FOUND, f"no such path: {path}\n")
    return None


def select_subprotocol(connection, offered):
    path, _ = target(connection.request)
    if path != "/subprotocol" or not offered:
        return None
    return "chat.v2" if "chat.v2" in offered else offered[0]


def tls_context(arguments):
    if arguments.cert is None:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(arguments.cert, arguments.key)
    return context


def extensions(arguments):
    if arguments.permessage_deflate is None:
        return None
    return [ServerPerMessageDeflateFactory(**arguments.permessage_deflate)]


async def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cert", metavar="FILE", help="serve TLS with this chain, PEM")
    parser.add_argument("--key", metavar="FILE", help="the key of the certificate, PEM")
    parser.add_argument("--permessage-deflate", metavar="OPTIONS", type=json.loads, help="JSON")
    parser.add_argument("--log", metavar="FILE", help="write every frame there")
    arguments = parser.parse_args()
    if (arguments.cert is None) != (arguments.key is None):
        parser.error("--cert and --key go together")
    if arguments.log is not None:
        logging.basicConfig(filename=arguments.log, level=logging.DEBUG, format="%(message)s")

    async with serve(
        handle,
        "127.0.0.1",
        0,
        ssl=tls_context(arguments),
        process_request=refuse,
        select_subprotocol=select_subprotocol,
        compression=None,
        extensions=extensions(arguments),
        max_size=None,
        ping_interval=None,
        # A machine that has much to do takes its time for 16 MiB.
        open_timeout=None,
        close_timeout=None,
    ) as server:
        print("listening", server.sockets[0].getsockname()[1], flush=True)
        # The test holds the other end; however the test ends, so does this.
        await asyncio.to_thread(sys.stdin.buffer.read)
        # At once: leaving this block would close every connection properly, and wait for it.
        os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
