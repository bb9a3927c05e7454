// Darkroom behind the proxy: its API, which the tests start and stop, and the calls that they make.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const { DARKROOM, PROXY, PAGE, FIRST, SECOND, PLACE } = process.env;

export const proxy = PROXY;
export const ports = [FIRST, SECOND];

// The origin of the page that the API allows.
export const pageOrigin = `http://page.example:${PAGE}`;

export const picture = new URL('../../docs/images/example.jpg', import.meta.url).pathname;

// Repeats a question until there is an answer. The test's own timeout is the limit.
export async function eventually(ask) {
    for (;;) {
        const answer = await ask();
        if (answer) return answer;
        await pause(50);
    }
}

// Starts an API on a port, and returns a function that stops it.
export async function startApi(port, settings = {}) {
    const variables = { PORT: port, PUBLIC_URL: proxy, CORS_ALLOWED_ORIGINS: pageOrigin, LOG_FORMAT: 'text', ...settings };
    const api = spawn(DARKROOM, ['api'], {
        cwd: PLACE,
        env: { ...process.env, ...variables },
        stdio: ['ignore', 'ignore', 'inherit'],
    });
    const ended = once(api, 'exit');
    await eventually(() => fetch(`http://127.0.0.1:${port}/ready`).then((ready) => ready.ok, () => false));
    return async () => {
        api.kill('SIGTERM');
        await ended;
    };
}

// Pauses or resumes all submissions.
export async function steer(what) {
    const done = await fetch(`${proxy}/api/admin/queue/${what}`, { method: 'POST', body: '{}' });
    if (!done.ok) throw new Error(`${what}: ${done.status} ${await done.text()}`);
}

// Makes an API key.
export async function makeKey() {
    const { stdout } = await promisify(execFile)(DARKROOM, ['keys', 'create', 'a server'], { cwd: PLACE });
    return stdout.trim();
}

// Makes a job, and returns it.
export async function makeJob(prompt, { home = proxy, key } = {}) {
    const form = new FormData();
    form.append('image', new Blob([await readFile(picture)]), 'example.jpg');
    form.append('prompt', prompt);
    const headers = key ? { authorization: `Bearer ${key}` } : {};
    const made = await fetch(`${home}/api/jobs`, { method: 'POST', body: form, headers });
    if (made.status !== 201) throw new Error(`${made.status} ${await made.text()}`);
    return made.json();
}
