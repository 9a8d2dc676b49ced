"""Python's websockets, as ../task.rs has it: takes tasks as lines of JSON, and prints what it measured
of each as one. It ends with its standard input, or with the first answer that is not the right one.
"""

import asyncio
import json
import ssl
import sys
import time

from websockets.asyncio.client import connect as websockets_connect


def connect(task):
    options = {"max_size": None, "proxy": None}
    if task["url"].startswith("wss:"):
        options["ssl"] = ssl.create_default_context(cadata=task["roots"])
    return websockets_connect(task["url"], **options)


def numbered(number, length):
    """A message of `length` bytes with its number in it."""
    return number.to_bytes(4, "big") + bytes([7]) * (length - 4)


class Stopwatch:
    def __init__(self):
        self.cpu = time.process_time_ns()
        self.start = time.monotonic_ns()

    def stop(self, times=()):
        return {
            "times": list(times),
            "elapsed": time.monotonic_ns() - self.start,
            "cpu": time.process_time_ns() - self.cpu,
        }


def check(answer, expected):
    if answer != expected:
        raise ValueError("not the echo")


async def round_trips(task):
    async with connect(task) as websocket:
        times = []
        stopwatch = Stopwatch()
        for i in range(task["count"]):
            payload = numbered(i, task["len"])
            start = time.monotonic_ns()
            await websocket.send(payload)
            echo = await websocket.recv()
            times.append(time.monotonic_ns() - start)
            check(echo, payload)
        return stopwatch.stop(times)


async def in_flight(task):
    count, window = task["count"], task["window"]
    if "texts" in task["payload"]:
        messages = [text.encode() for text in task["payload"]["texts"]]
    else:
        messages = [numbered(i, task["payload"]["len"]) for i in range(2 * window)]
    room = asyncio.Semaphore(window)

    async def send(websocket):
        for i in range(count):
            await room.acquire()
            await websocket.send(messages[i % len(messages)])

    async with connect(task) as websocket:
        stopwatch = Stopwatch()
        sender = asyncio.create_task(send(websocket))
        for i in range(count):
            check(await websocket.recv(), messages[i % len(messages)])
            room.release()
        await sender
        return stopwatch.stop()


async def crowd(task):
    websockets = [await connect(task) for _ in range(task["connections"])]

    async def echo(number, websocket):
        for i in range(task["each"]):
            payload = numbered(number * task["each"] + i, task["len"])
            await websocket.send(payload)
            check(await websocket.recv(), payload)

    stopwatch = Stopwatch()
    await asyncio.gather(*(echo(number, each) for number, each in enumerate(websockets)))
    measured = stopwatch.stop()
    await asyncio.gather(*(websocket.close() for websocket in websockets))
    return measured


async def pairs(task):
    async with connect(task) as websocket:
        times = []
        stopwatch = Stopwatch()
        for i in range(task["count"]):
            second = numbered(2 * i + 1, task["len"])
            await websocket.send(numbered(2 * i, task["len"]))
            start = time.monotonic_ns()
            await websocket.send(second)
            answer = await websocket.recv()
            check(answer[:-8], second)
            times.append(int.from_bytes(answer[-8:], "big") - start)
        return stopwatch.stop(times)


async def handshakes(task):
    times = []
    stopwatch = Stopwatch()
    for _ in range(task["count"]):
        start = time.monotonic_ns()
        websocket = await connect(task)
        times.append(time.monotonic_ns() - start)
        await websocket.close()
    return stopwatch.stop(times)


TASKS = {
    "round-trips": round_trips,
    "in-flight": in_flight,
    "crowd": crowd,
    "pairs": pairs,
    "handshakes": handshakes,
}


def main():
    for line in sys.stdin:
        task = json.loads(line)
        print(json.dumps(asyncio.run(TASKS[task["task"]](task))), flush=True)


main()
