// Leads the client to the stand-in, and calls the stand-in's own endpoints for the tests.

import { createFalClient } from "@fal-ai/client";
import { Agent, buildConnector, setGlobalDispatcher } from "undici";
import { deflateSync } from "node:zlib";

export const SEEDREAM = "fal-ai/bytedance/seedream/v4/edit";

// The hosts that the client calls, which no setting changes.
const HOSTS = new Set(["fal.run", "queue.fal.run", "rest.fal.ai"]);

// Connections to fal's hosts go to the stand-in; all others fail. Only the connection's target is
// changed, beneath the client: names, certificates and the `Host` header stay fal's.
const connect = buildConnector({});
setGlobalDispatcher(
  new Agent({
    connect(options, callback) {
      const { hostname, protocol } = options;
      if (protocol !== "https:" || !HOSTS.has(hostname)) {
        return callback(new Error(`no way to ${protocol}//${hostname} from here`), null);
      }
      const port = process.env.CONFORMANCE_PORT;
      connect({ ...options, hostname: "127.0.0.1", port, servername: hostname }, callback);
    },
  }),
);

/** The client, with its key from the environment or another one. */
export function client(credentials) {
  return createFalClient(credentials === undefined ? {} : { credentials });
}

/** The stand-in, by its own door, for one test. */
export class Sim {
  static async open(test) {
    const sim = new Sim();
    sim.before = (await sim.#call("requests")).length;
    test.after(() => sim.#call("faults", { method: "DELETE" }));
    return sim;
  }

  async faults(...faults) {
    await this.#call("faults", { method: "PUT", body: JSON.stringify({ faults }) });
  }

  /** How often each fault has struck. */
  async strikes() {
    return (await this.#call("faults")).counts.map((count) => count.strikes);
  }

  /** What this test has asked for. */
  async ledger() {
    return (await this.#call("requests")).slice(this.before);
  }

  async #call(path, options) {
    const answer = await fetch(`https://queue.fal.run/_sim/${path}`, options);
    if (!answer.ok) {
      throw new Error(`${path}: ${await answer.text()}`);
    }
    return answer.status === 204 ? undefined : answer.json();
  }
}

/** Waits until a request has this status. */
export async function until(fal, endpointId, requestId, wanted) {
  for (;;) {
    const status = await fal.queue.status(endpointId, { requestId, logs: true });
    if (status.status === wanted) {
      return status;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Waits for everything that was submitted. */
export async function settled(fal, endpointId, ids) {
  for (const id of ids) {
    await until(fal, endpointId, id, "COMPLETED");
  }
}

/** A small picture, as a PNG file. */
export function photo() {
  const [width, height] = [48, 32];
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.from([0, ...Array(3 * width).keys()]);
  const rows = deflateSync(Buffer.concat(Array(height).fill(row)));
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", rows),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(kind, body) {
  const named = Buffer.concat([Buffer.from(kind), body]);
  const whole = Buffer.alloc(4 + named.length + 4);
  whole.writeUInt32BE(body.length, 0);
  whole.set(named, 4);
  whole.writeUInt32BE(crc32(named), 4 + named.length);
  return whole;
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}

export function input(more = {}) {
  const picture = `data:image/png;base64,${photo().toString("base64")}`;
  return { prompt: "a rainy evening", image_urls: [picture], seed: 7, ...more };
}
