// The machine's own Chromium, without a window.

import { chromium } from 'playwright-core';

const { CHROMIUM, SCREENSHOTS } = process.env;

export function launch() {
    return chromium.launch({
        executablePath: CHROMIUM,
        // Chromium has no sandbox for root. The pages' names lead to this machine, and all other names to nothing.
        args: ['--no-sandbox', '--host-resolver-rules=MAP *.example 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1'],
    });
}

// Opens a page, and collects its requests and errors.
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

// The requests to other servers than `home`.
export function elsewhere(asked, home) {
    return asked.filter((url) => !url.startsWith(`${home}/`) && !/^(data|blob):/.test(url));
}

export function picture(page, name, whole = false) {
    return page.screenshot({ path: `${SCREENSHOTS}/${name}.png`, fullPage: whole });
}
