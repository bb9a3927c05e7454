// Calling fal directly with its own client, one job after the other: upload, subscribe, download.

import { createFalClient } from "@fal-ai/client";
import { openAsBlob, readFileSync } from "node:fs";

const SEEDREAM = "fal-ai/bytedance/seedream/v4/edit";
// The hosts that the client has written into it.
const HOSTS = /^https:\/\/(queue\.fal\.run|rest\.fal\.ai)(?=\/)/;

const [jobs, baseUrl, image] = process.argv.slice(2);

if (jobs === "version") {
  const file = new URL("node_modules/@fal-ai/client/package.json", import.meta.url);
  const { name, version } = JSON.parse(readFileSync(file));
  const settings = `defaults: polls the status every 500 ms; Node ${process.versions.node}; fal's hosts led to the stand-in, without TLS`;
  console.log(JSON.stringify({ name, version, settings }));
  process.exit();
}

const fal = createFalClient({
  credentials: process.env.FAL_KEY ?? "peer:not-a-secret",
  fetch: (url, options) => fetch(String(url).replace(HOSTS, baseUrl.replace(/\/$/, "")), options),
});
const type = image.endsWith(".png") ? "image/png" : "image/jpeg";

const answer = { jobs: Number(jobs), ms: [], with_download_ms: [] };
for (let job = 0; job < answer.jobs; job += 1) {
  const started = performance.now();
  const url = await fal.storage.upload(await openAsBlob(image, { type }));
  const input = { prompt: "make it rain", image_urls: [url] };
  const { data } = await fal.subscribe(SEEDREAM, { input });
  answer.ms.push(performance.now() - started);
  const picture = await fetch(data.images[0].url);
  if (!picture.ok || (await picture.arrayBuffer()).byteLength === 0) {
    throw new Error(`the picture: ${picture.status}`);
  }
  answer.with_download_ms.push(performance.now() - started);
}
console.log(JSON.stringify(answer));
