// SPDX-License-Identifier: MIT
// With passwords: nothing is shown before the right one.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { bin, openBrowser, openPage, startServer, violations } from './support.js';
import * as traffic from './traffic.js';

let browser, server, page;

// A line of the password file, made by the program itself.
function line(user, password) {
    return execFileSync(path.join(bin, 'ebpf-web'), ['--make-password', user], {
        input: password + '\n',
        encoding: 'utf8',
    });
}

before(async () => {
    server = await startServer({
        args: (directory) => {
            const file = path.join(directory, 'passwords');
            writeFileSync(file, line('view', 'correct horse') + line('room', 'battery staple'));
            chmodSync(file, 0o600);
            return ['--password-file', file];
        },
    });
    await server.send(traffic.usage(Date.now()), traffic.ping(Date.now()));
    browser = await openBrowser();
    page = await openPage(browser);
});

after(async () => {
    await browser?.close();
    await server?.stop();
});

test('the form stands before everything', async () => {
    await page.goto(server.url);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.equal(await page.locator('.view').isVisible(), false);
    assert.equal(await page.evaluate(() => document.activeElement.type), 'password');
    assert.deepEqual(await violations(page), []);
});

test('a wrong password is told to be wrong', async () => {
    await page.getByLabel('Password', { exact: true }).fill('wrong horse');
    await page.keyboard.press('Enter');
    await page.getByText('That is not the password.').waitFor();
    assert.equal(await page.locator('.view').isVisible(), false);
});

test('the right one opens the page, rooms included', async () => {
    await page.getByLabel('Password', { exact: true }).fill('correct horse');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('.card .figure a').first().waitFor();
    await page.goto(server.url + '/#/live/icmp');
    await page.locator('.said', { hasText: 'echo request' }).waitFor();
});

test('signed out, it is closed again', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    assert.equal(await page.locator('.said').count(), 0);
});

test('nothing but the refusals was complained of', () => {
    assert.deepEqual(
        page.complaints.filter((one) => !/status of (401|429)/.test(one)),
        [],
    );
});
