// What the benchmark asks of a queue, for any queue: one action a process, one line of JSON as the answer.

import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

// Between the start of a job's work and the next call, in milliseconds.
const PAUSE = 20;
// Jobs before those that count, so that connections and caches are warm.
const WARM_UP = 5;

/** What an edit would need to know, and a number to tell jobs apart: about 200 bytes. */
function job(number) {
  return {
    number,
    image: `inputs/${number.toString(16).padStart(32, "0")}.jpg`,
    prompt: "Replace the sky with a dramatic sunset and keep the rest as it is",
    model: "fal-ai/bytedance/seedream/v4/edit",
  };
}

/** What workers do with a job: nothing, but note when. */
class Handler {
  began = new Map();
  runs = 0;
  #awaited = 0;
  #reached;

  run({ number }) {
    if (!this.began.has(number)) {
      this.began.set(number, performance.now());
    }
    this.runs += 1;
    if (this.runs === this.#awaited) {
      this.#reached();
    }
  }

  /** Waits until so many runs have begun. */
  async ran(runs) {
    if (this.runs < runs) {
      this.#awaited = runs;
      await new Promise((resolve) => (this.#reached = resolve));
    }
  }

  /** Fails unless each of so many jobs was run once. */
  check(jobs) {
    if (this.runs !== jobs || this.began.size !== jobs) {
      throw new Error(`${this.runs} runs of ${this.began.size} jobs, and not of ${jobs}`);
    }
  }
}

const url = process.env.DATABASE_URL;

/** Waits until the database says that all is acknowledged. */
async function acknowledged(client, unfinished) {
  while ((await client.query({ name: "unfinished", text: unfinished })).rows[0].exists) {
    await sleep(1);
  }
}

async function connect() {
  const client = new pg.Client(url);
  await client.connect();
  return client;
}

const actions = {
  async setup(queue) {
    await queue.setup(url);
    return {};
  },

  async enqueue(queue, jobs, clients) {
    const producer = await queue.open(url, clients, "backlog");
    let next = 0;
    const client = async () => {
      while (next < jobs) {
        await producer.enqueue(job(next++));
      }
    };
    const started = performance.now();
    await Promise.all(Array.from({ length: clients }, client));
    const seconds = (performance.now() - started) / 1000;
    await producer.close();
    return { jobs, seconds };
  },

  async bulk(queue, jobs) {
    const producer = await queue.open(url, 1, "backlog");
    const all = Array.from({ length: jobs }, (_, number) => job(number));
    const started = performance.now();
    await producer.enqueueAll(all);
    const seconds = (performance.now() - started) / 1000;
    await producer.close();
    return { jobs, seconds };
  },

  async drain(queue, jobs) {
    const handler = new Handler();
    const database = await connect();
    const worker = await queue.worker(url, "backlog", (job) => handler.run(job));
    const started = performance.now();
    await worker.start();
    await handler.ran(jobs);
    await acknowledged(database, queue.unfinished);
    const seconds = (performance.now() - started) / 1000;
    await worker.stop();
    await database.end();
    handler.check(jobs);
    return { jobs, seconds };
  },

  async wake(queue, jobs) {
    const handler = new Handler();
    const producer = await queue.open(url, 1, "idle");
    const worker = await queue.worker(url, "idle", (job) => handler.run(job));
    await worker.start();
    const answer = { jobs, from_call_ms: [], from_commit_ms: [] };
    for (let number = 0; number < WARM_UP + jobs; number += 1) {
      const called = performance.now();
      await producer.enqueue(job(number));
      const committed = performance.now();
      await handler.ran(number + 1);
      const began = handler.began.get(number);
      if (number >= WARM_UP) {
        answer.from_call_ms.push(began - called);
        answer.from_commit_ms.push(Math.max(0, began - committed));
      }
      await sleep(began + PAUSE - performance.now());
    }
    await worker.stop();
    await producer.close();
    handler.check(WARM_UP + jobs);
    return answer;
  },

  // Idle is what comes after a first job: so it is known that the worker is up.
  async work(queue) {
    const terminated = new Promise((resolve) => process.once("SIGTERM", resolve));
    const handler = new Handler();
    const worker = await queue.worker(url, "idle", (job) => handler.run(job));
    await worker.start();
    const producer = await queue.open(url, 1, "idle");
    await producer.enqueue(job(0));
    await handler.ran(1);
    await producer.close();
    const database = await connect();
    await acknowledged(database, queue.unfinished);
    await database.end();
    console.log(JSON.stringify({ ready: true }));
    await terminated;
    await worker.stop();
  },

  version({ name, settings }) {
    const file = new URL(`node_modules/${name}/package.json`, import.meta.url);
    const { version } = JSON.parse(readFileSync(file));
    return { name: `${name} (Node ${process.versions.node})`, version, settings };
  },
};

/** Does what the command line says. */
export async function run(queue) {
  const [action, ...numbers] = process.argv.slice(2);
  const counts = numbers.map(Number);
  if (!Object.hasOwn(actions, action) || !counts.every((count) => Number.isInteger(count) && count > 0)) {
    throw new Error("setup | enqueue JOBS CLIENTS | bulk JOBS | drain JOBS | wake JOBS | work | version");
  }
  const answer = await actions[action](queue, ...counts);
  if (answer !== undefined) {
    console.log(JSON.stringify(answer));
  }
}

/** A pool whose connections are all open. */
export async function openPool(url, size) {
  const pool = new pg.Pool({ connectionString: url, max: size, idleTimeoutMillis: 0 });
  pool.on("error", console.error);
  pool.on("connect", (client) => client.on("error", console.error));
  const clients = await Promise.all(Array.from({ length: size }, () => pool.connect()));
  clients.forEach((client) => client.release());
  return pool;
}
