// SPDX-License-Identifier: MIT
// Draws the overview for the README: SECONDS (default 300) of made-up traffic, then share/screenshot.png.
// Usage: node tests/web/picture.js [SECONDS]   (after tests/web/run, which fetches what it needs)
import path from 'node:path';
import { openBrowser, openPage, pause, root, startServer } from './support.js';
import * as traffic from './traffic.js';

const seconds = Number(process.argv[2] ?? 300);
const server = await startServer();
let index = 0;
let last = Date.now() - 1000;

async function feed() {
    const now = Date.now();
    const interval = now - last; // a timer may be late: the events say how long it took
    last = now;
    const rare = (event) => traffic.random() < 0.25 && (event.event_type !== 'deny' || index % 9 === 0);
    await server.send(traffic.usage(now, interval), traffic.ping(now), traffic.others(now).filter(rare));
    if (index++ === Math.floor(seconds / 2)) await server.send(traffic.lost(now, { count: 37 }));
}

const feeding = setInterval(feed, 1000);
await pause(seconds * 1000);
const browser = await openBrowser();
const page = await openPage(browser, { colorScheme: 'light' });
await page.goto(server.url);
await page.locator('.chart canvas').waitFor();
await page.locator('.denials li').first().waitFor();
await pause(5000);
await page.screenshot({ path: path.join(root, 'share/screenshot.png'), fullPage: true });
clearInterval(feeding);
await browser.close();
await server.stop();
