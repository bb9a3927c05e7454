// The machine's own Chromium, without a window.

import { chromium } from 'playwright-core';

const { CHROMIUM, SCREENSHOTS } = process.env;

export function launch() {
    return chromium.launch({
        executablePath: CHROMIUM,
        // Root has no sandbox. The names of pages are this machine; no other name is anybody.
        args: ['--no-sandbox', '--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
    });
}

// A page, with whatever it asks for and complains of.
export async function open(browser, url) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    const asked = [];
    const complaints = [];
    page.on('request', (request) => asked.push(request.url()));
    page.on('console', (said) => said.type() === 'error' && complaints.push(said.text()));
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.goto(url);
    return { page, asked, complaints };
}

// Requests that leave the server at `home`.
export function elsewhere(asked, home) {
    return asked.filter((url) => !url.startsWith(`${home}/`) && !/^(data|blob):/.test(url));
}

export function picture(page, name, whole = false) {
    return page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: whole });
}
