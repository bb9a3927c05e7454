// Calling fal directly with its own client: upload, subscribe, download.

import { createFalClient } from "@fal-ai/client";
import { openAsBlob, readFileSync } from "node:fs";

const SEEDREAM = "fal-ai/bytedance/seedream/v4/edit";
// The hosts that the client has written into it.
const HOSTS = /^https:\/\/(queue\.fal\.run|rest\.fal\.ai)(?=\/)/;
// How the client learns of the end: as it does unless it is told otherwise, and as soon as it can.
const WAYS = { default: {}, best: { mode: "streaming" } };

const [jobs, baseUrl, image, way = "default", atATime = "1"] = process.argv.slice(2);

if (jobs === "version") {
  const file = new URL("node_modules/@fal-ai/client/package.json", import.meta.url);
  const { name, version } = JSON.parse(readFileSync(file));
  const settings = `default: polls the status every 500 ms, best: reads the status stream; Node ${process.versions.node}; fal's hosts led to the stand-in, without TLS`;
  console.log(JSON.stringify({ name, version, settings }));
  process.exit();
}

const fal = createFalClient({
  credentials: process.env.FAL_KEY ?? "peer:not-a-secret",
  fetch: (url, options) => fetch(String(url).replace(HOSTS, baseUrl.replace(/\/$/, "")), options),
});
const type = image.endsWith(".png") ? "image/png" : "image/jpeg";

const answer = { jobs: Number(jobs), ms: [], with_download_ms: [], request_ids: [] };
let begun = 0;

async function caller() {
  while (begun < answer.jobs) {
    begun += 1;
    const started = performance.now();
    const url = await fal.storage.upload(await openAsBlob(image, { type }));
    const input = { prompt: "make it rain", image_urls: [url] };
    const { data, requestId } = await fal.subscribe(SEEDREAM, { input, ...WAYS[way] });
    const ms = performance.now() - started;
    const picture = await fetch(data.images[0].url);
    if (!picture.ok || (await picture.arrayBuffer()).byteLength === 0) {
      throw new Error(`the picture: ${picture.status}`);
    }
    answer.ms.push(ms);
    answer.with_download_ms.push(performance.now() - started);
    answer.request_ids.push(requestId);
  }
}

await Promise.all(Array.from({ length: Number(atATime) }, caller));
console.log(JSON.stringify(answer));
