// `graphile-worker`, the original.

import { Logger, makeWorkerUtils, run as runWorker, runMigrations } from "graphile-worker";

import { openPool, run } from "./protocol.mjs";

// Warnings and errors only: on stderr, as stdout has the answer.
const logger = new Logger(() => (level, message) => {
  if (level === "error" || level === "warning") {
    console.error(message);
  }
});

// Jobs a statement, when many are added.
const CHUNK = 1000;
// As in its documents' chapter on performance, but that the local queue is larger.
const backlog = {
  concurrentJobs: 24,
  localQueue: { size: 5000 },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};
const idle = { concurrentJobs: 10 };

await run({
  name: "graphile-worker",
  settings:
    "drain: concurrentJobs 24, localQueue 5000, completeJobBatchDelay 0; wake, work: concurrentJobs 10, defaults; bulk: addJobs of 1000",
  unfinished: "select exists (select from graphile_worker._private_jobs)",

  async setup(url) {
    await runMigrations({ connectionString: url, logger });
  },

  async open(url, connections) {
    const pool = await openPool(url, connections);
    const utils = await makeWorkerUtils({ pgPool: pool, logger });
    return {
      enqueue: (job) => utils.addJob("edit", job),
      async enqueueAll(jobs) {
        for (let first = 0; first < jobs.length; first += CHUNK) {
          const chunk = jobs.slice(first, first + CHUNK);
          await utils.addJobs(chunk.map((payload) => ({ identifier: "edit", payload })));
        }
      },
      async close() {
        await utils.release();
        await pool.end();
      },
    };
  },

  async worker(url, load, handle) {
    // What waits already is met by a pool that is up; what is idle opens connections as it needs them.
    const pool = load === "backlog" ? await openPool(url, backlog.concurrentJobs + 1) : undefined;
    let runner;
    return {
      async start() {
        runner = await runWorker({
          ...(pool ? { pgPool: pool } : { connectionString: url }),
          logger,
          noHandleSignals: true,
          preset: { worker: load === "backlog" ? backlog : idle },
          taskList: { edit: async (payload) => handle(payload) },
        });
      },
      async stop() {
        await runner.stop();
        await pool?.end();
      },
    };
  },
});
