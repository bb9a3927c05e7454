"""`procrastinate`."""

import os
from contextlib import asynccontextmanager

from procrastinate import App, PsycopgConnector
from psycopg_pool import AsyncConnectionPool

# Jobs a statement, when many are added.
CHUNK = 1000


class Procrastinate:
    package = "procrastinate"
    settings = (
        "drain: concurrency 20, 20 connections, delete_jobs successful; wake, work: concurrency 10, defaults; "
        "bulk: batch_defer_async of 1000; listen_notify on"
    )
    unfinished = "select exists (select from procrastinate_jobs where status in ('todo', 'doing'))"
    backlog_connections = 20

    @asynccontextmanager
    async def opened(self, connections=None):
        """Opens it, with all of these connections, or with as many as are needed."""
        size = {} if connections is None else {"min_size": connections, "max_size": connections}
        connector = PsycopgConnector(conninfo=os.environ["DATABASE_URL"], **size)
        self.app = App(connector=connector)
        self.edit = self.app.task(self._edit, name="edit")
        async with self.app.open_async():
            await connector.pool.wait()
            yield

    async def setup(self):
        await self.app.schema_manager.apply_schema_async()

    async def enqueue(self, job):
        await self.edit.defer_async(**job)

    async def enqueue_all(self, jobs):
        for first in range(0, len(jobs), CHUNK):
            await self.edit.batch_defer_async(*jobs[first : first + CHUNK])

    async def work(self, load, handle):
        self.handle = handle
        options = (
            {"concurrency": 20, "delete_jobs": "successful"} if load == "backlog" else {"concurrency": 10}
        )
        await self.app.run_worker_async(install_signal_handlers=False, **options)

    async def _edit(self, number, image, prompt, model):
        self.handle(number)
