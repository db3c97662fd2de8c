// SPDX-License-Identifier: MIT
// Every page, light and dark, wide and narrow: axe-core finds no violation, nothing is wider than the screen, the
// console has no errors. Leaves a picture of each in build/web/shots.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, openPage, shots, startServer, violations, writeDatabase } from './support.js';
import * as traffic from './traffic.js';

const sizes = { desktop: { width: 1280, height: 800 }, phone: { width: 390, height: 844 } };
let browser, server, empty, feeding;

before(async () => {
    const now = Date.now();
    server = await startServer({
        args: async (directory) => ['--db', await writeDatabase(directory, traffic.past(now))],
    });
    empty = await startServer();
    const feed = () => server.send(traffic.usage(Date.now()), traffic.others(Date.now()));
    await feed();
    await server.send(traffic.lost(now));
    feeding = setInterval(feed, 1000);
    browser = await openBrowser();
});

after(async () => {
    clearInterval(feeding);
    await browser?.close();
    await Promise.all([server?.stop(), empty?.stop()]);
});

const nginx = traffic.usage(Date.now())[0];
const pages = [
    ['overview', '#/overview', '.chart canvas'],
    ['live', '#/live', 'tbody tr'],
    ['room', '#/live/conn', '.window-rows li'],
    ['processes', '#/processes', 'tbody tr'],
    ['process', `#/process/${nginx.pid}-${nginx.start_time}`, '.chart canvas'],
    ['history', '#/history?since=6h', '.chart canvas'],
    ['policy', '#/policy', '.denials li'],
    ['ports', '#/ports', 'tbody tr'],
];

async function check(page, name) {
    const [content, width] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    await page.screenshot({ path: path.join(shots, name + '.png'), fullPage: true });
    assert.ok(content <= width, `${content} px of content in ${width} px`);
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(
        page.complaints.filter((one) => !/status of 404/.test(one)),
        [],
    );
}

for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ['light', 'dark']) {
        const open = () => openPage(browser, { viewport, colorScheme, hasTouch: size === 'phone' });
        for (const [name, hash, ready] of pages) {
            test(`${name}, ${size}, ${colorScheme}`, async () => {
                const page = await open();
                await page.goto(server.url + '/' + hash);
                await page.locator(ready).first().waitFor();
                if (name === 'overview') await page.locator('.denials li').first().waitFor();
                if (name === 'room') await page.locator('.window-rows button').last().click();
                await page.waitForTimeout(300);
                await check(page, `${name}-${size}-${colorScheme}`);
                await page.context().close();
            });
        }
        if ((size === 'phone') !== (colorScheme === 'dark')) continue; // empty pages: each size and each theme once
        test(`nothing there yet, ${size}, ${colorScheme}`, async () => {
            const page = await open();
            for (const name of ['overview', 'live', 'processes', 'history', 'policy', 'ports']) {
                await page.goto(`${empty.url}/#/${name}`);
                await page.locator('.empty').first().waitFor();
                await check(page, `empty-${name}-${size}-${colorScheme}`);
            }
            await page.context().close();
        });
    }
}

test('the theme is turned by a button, and remembered', async () => {
    const page = await openPage(browser, { colorScheme: 'light' });
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    await page.goto(server.url);
    const light = await ground();
    await page.getByRole('button', { name: 'Dark theme' }).click();
    const dark = await ground();
    assert.notEqual(light, dark);
    await page.reload();
    assert.equal(await ground(), dark);
    assert.equal(await page.getByRole('button', { name: 'Dark theme' }).getAttribute('aria-pressed'), 'true');
    await page.context().close();
});

test('by keyboard alone: to the content, to a page, to a process', async () => {
    const page = await openPage(browser);
    await page.goto(server.url + '/#/policy');
    await page.locator('.denials li').first().waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Skip to content');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
    assert.match(page.url(), /#\/policy$/);
    await page.getByRole('link', { name: 'Processes' }).first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Processes', level: 1 }).waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Processes');
    await page.locator('tbody a').first().focus();
    // the rows are updated every other second: the focus stays
    await page.waitForTimeout(2500);
    await page.keyboard.press('Enter');
    await page.getByRole('link', { name: '← All processes' }).waitFor();
    await page.context().close();
});

test('the chart tells its values by arrow keys', async () => {
    const page = await openPage(browser);
    await page.goto(server.url);
    await page.locator('.chart canvas').waitFor();
    const chart = page.getByRole('slider');
    await chart.focus();
    const last = await chart.getAttribute('aria-valuenow');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    assert.ok(Number(await chart.getAttribute('aria-valuenow')) < Number(last));
    assert.match(await chart.getAttribute('aria-valuetext'), /^\d\d:\d\d:\d\d: .*received, .*sent$/);
    await page.context().close();
});
