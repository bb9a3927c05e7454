"""What the benchmark asks of a queue, for any queue: one action a process, one line of JSON as the answer."""

import asyncio
import json
import os
import signal
import sys
import time
from importlib.metadata import version

import psycopg

# Seconds between the start of a job's work and the next call.
PAUSE = 0.02
# Jobs before those that count, so that connections and caches are warm.
WARM_UP = 5


def make_job(number):
    """What an edit would need to know, and a number to tell jobs apart: about 200 bytes."""
    return {
        "number": number,
        "image": f"inputs/{number:032x}.jpg",
        "prompt": "Replace the sky with a dramatic sunset and keep the rest as it is",
        "model": "fal-ai/bytedance/seedream/v4/edit",
    }


class Handler:
    """What workers do with a job: nothing, but note when."""

    def __init__(self):
        self.began = {}
        self.runs = 0
        self._awaited = 0
        self._reached = asyncio.Event()

    def run(self, number):
        self.began.setdefault(number, time.perf_counter())
        self.runs += 1
        if self.runs == self._awaited:
            self._reached.set()

    async def ran(self, runs, worker):
        """Waits until so many runs have begun. It is an error when the worker ends first."""
        if self.runs >= runs:
            return
        self._awaited = runs
        self._reached.clear()
        reached = asyncio.create_task(self._reached.wait())
        await asyncio.wait({reached, worker}, return_when=asyncio.FIRST_COMPLETED)
        if not reached.done():
            reached.cancel()
            worker.result()
            raise RuntimeError("the worker ended by itself")

    def check(self, jobs):
        """Fails unless each of so many jobs was run once."""
        if self.runs != jobs or len(self.began) != jobs:
            raise RuntimeError(f"{self.runs} runs of {len(self.began)} jobs, and not of {jobs}")


async def acknowledged(unfinished):
    """Waits until the database says that all is acknowledged."""
    async with await psycopg.AsyncConnection.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        while (await (await database.execute(unfinished)).fetchone())[0]:
            await asyncio.sleep(0.001)


async def stop(worker):
    worker.cancel()
    await asyncio.wait({worker})


async def setup(queue):
    async with queue.opened(1):
        await queue.setup()
    return {}


async def enqueue(queue, jobs, clients):
    numbers = iter(range(jobs))

    async def client():
        for number in numbers:
            await queue.enqueue(make_job(number))

    async with queue.opened(clients):
        started = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(clients)))
        return {"jobs": jobs, "seconds": time.perf_counter() - started}


async def bulk(queue, jobs):
    all_jobs = [make_job(number) for number in range(jobs)]
    async with queue.opened(1):
        started = time.perf_counter()
        await queue.enqueue_all(all_jobs)
        return {"jobs": jobs, "seconds": time.perf_counter() - started}


async def drain(queue, jobs):
    handler = Handler()
    async with queue.opened(queue.backlog_connections):
        started = time.perf_counter()
        worker = asyncio.create_task(queue.work("backlog", handler.run))
        await handler.ran(jobs, worker)
        await acknowledged(queue.unfinished)
        seconds = time.perf_counter() - started
        await stop(worker)
    handler.check(jobs)
    return {"jobs": jobs, "seconds": seconds}


async def wake(queue, jobs):
    handler = Handler()
    answer = {"jobs": jobs, "from_call_ms": [], "from_commit_ms": []}
    async with queue.opened():
        worker = asyncio.create_task(queue.work("idle", handler.run))
        for number in range(WARM_UP + jobs):
            called = time.perf_counter()
            await queue.enqueue(make_job(number))
            committed = time.perf_counter()
            await handler.ran(number + 1, worker)
            began = handler.began[number]
            if number >= WARM_UP:
                answer["from_call_ms"].append((began - called) * 1000)
                answer["from_commit_ms"].append(max(0, began - committed) * 1000)
            await asyncio.sleep(began + PAUSE - time.perf_counter())
        await stop(worker)
    handler.check(WARM_UP + jobs)
    return answer


async def work(queue):
    """Idle is what comes after a first job: so it is known that the worker is up."""
    terminated = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, terminated.set)
    handler = Handler()
    async with queue.opened():
        worker = asyncio.create_task(queue.work("idle", handler.run))
        await queue.enqueue(make_job(0))
        await handler.ran(1, worker)
        await acknowledged(queue.unfinished)
        print(json.dumps({"ready": True}), flush=True)
        await terminated.wait()
        await stop(worker)


ACTIONS = {"setup": setup, "enqueue": enqueue, "bulk": bulk, "drain": drain, "wake": wake, "work": work}


def run(queue):
    """Does what the command line says."""
    action, *numbers = sys.argv[1:]
    if action == "version":
        answer = {"name": queue.package, "version": version(queue.package), "settings": queue.settings}
    else:
        answer = asyncio.run(ACTIONS[action](queue, *map(int, numbers)))
    if answer is not None:
        print(json.dumps(answer))
