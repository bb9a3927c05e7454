// `pg-boss`.

import { PgBoss } from "pg-boss";

import { run } from "./protocol.mjs";

// Jobs a statement, when many are added.
const CHUNK = 1000;
// One that tells its workers of each job, which costs whoever enqueues, and one that does not.
const [AWAKE, QUIET] = ["edit-awake", "edit"];

const backlog = { batchSize: 1000, localConcurrency: 2, burstWhenBatchFull: true };
const idle = { batchSize: 10 };

async function start(options) {
  const boss = new PgBoss(options);
  boss.on("error", console.error);
  await boss.start();
  return boss;
}

await run({
  name: "pg-boss",
  settings:
    "drain: batchSize 1000, localConcurrency 2, burstWhenBatchFull; wake, work: batchSize 10, useListenNotify and a queue with notify; bulk: insert of 1000; enqueue, bulk, drain: a queue without notify",
  unfinished: "select exists (select from pgboss.job where state < 'completed')",

  async setup(url) {
    const boss = await start({ connectionString: url, supervise: false, schedule: false });
    await boss.createQueue(AWAKE, { notify: true });
    await boss.createQueue(QUIET);
    await boss.stop();
  },

  async open(url, connections, load) {
    const boss = await start({ connectionString: url, max: connections, supervise: false, schedule: false });
    const queue = load === "idle" ? AWAKE : QUIET;
    // Opens all connections, as it holds each for a moment.
    const hold = () => boss.getDb().executeSql("select pg_sleep(0.1)");
    await Promise.all(Array.from({ length: connections }, hold));
    return {
      enqueue: (job) => boss.send(queue, job),
      async enqueueAll(jobs) {
        for (let first = 0; first < jobs.length; first += CHUNK) {
          const chunk = jobs.slice(first, first + CHUNK);
          await boss.insert(queue, chunk.map((data) => ({ data })));
        }
      },
      close: () => boss.stop(),
    };
  },

  async worker(url, load, handle) {
    const boss = await start({ connectionString: url, useListenNotify: load === "idle" });
    const [queue, options] = load === "idle" ? [AWAKE, idle] : [QUIET, backlog];
    return {
      start: () => boss.work(queue, options, async (jobs) => jobs.forEach(({ data }) => handle(data))),
      stop: () => boss.stop(),
    };
  },
});
