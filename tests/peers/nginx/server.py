"""nginx, which ends TLS in front of a WebSocket server.

    server.py --nginx FILE --upstream PORT --cert FILE --key FILE [--protocols "TLSv1.2 ..."]

Listens on a port of 127.0.0.1 that the system chooses, prints `listening PORT` once it accepts
connections, and exits when its standard input ends, as the other peers do. nginx can do none of the
three, so this does them for it:

- nginx cannot listen on port 0, and a port that is bound, read, closed and given to it may be taken
  by another process in between. So this binds it with SO_REUSEPORT, as nginx then does with the
  same port, and lets go of it only when nginx listens;
- nginx does not say when it is ready: a second process, the watcher, tries until it answers;
- nginx does not watch its standard input: the watcher does.

This process itself becomes nginx, so that killing it kills nginx. Needs only the standard library.
"""

import argparse
import os
import pathlib
import shutil
import signal
import socket
import ssl
import sys
import tempfile
import time

TEMPLATE = pathlib.Path(__file__).with_name("nginx.conf")


def configuration(**values):
    text = TEMPLATE.read_text()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    return text


def wait_for_answer(nginx, port):
    """Returns when nginx has shaken hands; fails if it exits."""
    context = ssl.create_default_context()
    # Whether the certificate is good is what the tests ask, not this.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port)) as stream:
                context.wrap_socket(stream).close()
                return
        except ConnectionRefusedError:
            if os.getppid() != nginx:
                raise
            # nginx has no way to tell that it listens; so ask again, as long as it lives.
            time.sleep(0.005)


def watch(nginx, reservation, prefix):
    """Says that nginx is ready, and ends it when the standard input ends."""
    port = reservation.getsockname()[1]
    try:
        wait_for_answer(nginx, port)
        reservation.close()
        print("listening", port, flush=True)
        # The test holds the other end; however the test ends, so does nginx.
        sys.stdin.buffer.read()
        if os.getppid() == nginx:
            os.kill(nginx, signal.SIGKILL)
    except OSError as error:
        sys.exit(f"nginx did not start: {error}")
    finally:
        shutil.rmtree(prefix, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nginx", metavar="FILE", required=True, help="the program")
    parser.add_argument("--upstream", metavar="PORT", required=True, type=int)
    parser.add_argument("--cert", metavar="FILE", required=True, help="the chain, PEM")
    parser.add_argument("--key", metavar="FILE", required=True, help="its key, PEM")
    parser.add_argument("--protocols", default="TLSv1.2 TLSv1.3", help="versions of TLS")
    arguments = parser.parse_args()

    reservation = socket.socket()
    reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    reservation.bind(("127.0.0.1", 0))
    prefix = tempfile.mkdtemp(prefix="wasocket-nginx-")
    file = pathlib.Path(prefix, "nginx.conf")
    file.write_text(
        configuration(
            port=reservation.getsockname()[1],
            upstream=arguments.upstream,
            cert=os.path.abspath(arguments.cert),
            key=os.path.abspath(arguments.key),
            protocols=arguments.protocols,
        )
    )

    nginx = os.getpid()
    if os.fork() == 0:
        watch(nginx, reservation, prefix)
    else:
        # The standard output is the watcher's alone, so that a test that waits for its line sees
        # the end of it if there is none.
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
        command = [arguments.nginx, "-e", "stderr", "-p", prefix, "-c", str(file)]
        try:
            os.execv(arguments.nginx, command)
        except OSError as error:
            sys.exit(f"cannot start {arguments.nginx}: {error.strerror}")


if __name__ == "__main__":
    main()
