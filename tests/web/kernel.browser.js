// SPDX-License-Identifier: MIT
// From a ping to the page: ebpf-load on an interface that the test makes, ebpf-read, ebpf-web, a browser.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { bin, openBrowser, openPage, start, startServer, waitFor } from './support.js';

const lab = (process.env.PINPIPE_LAB ?? `pinpipe-test-${process.pid}`) + '-web';
const pins = '/run/' + lab;
const here = lab + '-here';
const there = lab + '-there';
const run = (program, ...args) =>
    execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
const ip = (...args) => run('ip', ...args);
const loader = (...args) => run(path.join(bin, 'ebpf-load'), '--pin-root', pins, ...args);
const quiet = (work) => {
    try {
        work();
    } catch {
        // there was nothing to remove
    }
};

function why() {
    if (process.getuid() !== 0) return 'needs root';
    return existsSync(path.join(bin, 'ebpf-load')) && existsSync(path.join(bin, 'ebpf-read'))
        ? false
        : 'ebpf-load and ebpf-read are not built';
}

function clean() {
    if (existsSync(pins)) quiet(() => loader('--unload'));
    quiet(() => run('umount', '-l', pins));
    quiet(() => run('rmdir', pins));
    for (const name of [here, there])
        if (existsSync('/run/netns/' + name)) quiet(() => ip('netns', 'del', name));
}

function connect() {
    for (const name of [here, there]) ip('netns', 'add', name);
    ip('link', 'add', 'lan0', 'netns', here, 'type', 'veth', 'peer', 'name', 'lan0', 'netns', there);
    ip('-n', here, 'addr', 'add', '192.0.2.1/24', 'dev', 'lan0');
    ip('-n', there, 'addr', 'add', '192.0.2.2/24', 'dev', 'lan0');
    for (const name of [here, there]) ip('-n', name, 'link', 'set', 'lan0', 'up');
}

let browser, server, reader;

before(async () => {
    if (why()) return;
    clean();
    connect();
    loader('--netns', here, '--xdp', 'lan0');
    server = await startServer();
    reader = start(path.join(bin, 'ebpf-read'), ['--pin-root', pins, 'icmp', '--proto', 'icmp'], {
        stdio: ['ignore', 'pipe', 'ignore'],
    });
    reader.stdout.pipe(server.child.stdin);
    browser = await openBrowser();
});

after(async () => {
    if (why()) return;
    reader?.kill('SIGTERM');
    await browser?.close();
    await server?.stop();
    clean();
});

test('a ping appears in the room that is open', { skip: why() }, async () => {
    const page = await openPage(browser);
    const ping = () =>
        run('nsenter', '--net=/run/netns/' + there, 'ping', '-n', '-q', '-c', '1', '-W', '2', '192.0.2.1');
    // the first event makes the room, and the reader takes a moment to start
    await waitFor(
        'the room',
        async () => (ping(), (await (await fetch(server.url + '/rooms')).json()).rooms.length > 0),
    );
    await page.goto(server.url + '/#/live');
    await page.getByRole('link', { name: 'icmp' }).click();
    const sentence = page.locator('.said', { hasText: 'ICMP echo request from 192.0.2.2 to 192.0.2.1' });
    await sentence.first().waitFor();
    const before = await sentence.count();
    const began = Date.now();
    ping();
    await waitFor('one more', async () => (await sentence.count()) > before);
    assert.ok(Date.now() - began < 3000);
    assert.match(await page.locator('.window-rows li').last().innerText(), /on lan0 · 84 B · TTL 64/);
    assert.deepEqual(page.complaints, []);
});
