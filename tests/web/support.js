// SPDX-License-Identifier: MIT
// Helpers of the browser tests: a server, a browser, and a page that collects all errors.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export const root = path.resolve(
    import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname),
    '../..',
);
export const build = process.env.PINPIPE_BUILD ?? path.join(root, 'build');
export const bin = process.env.EBPF_BIN ?? path.join(build, 'bin');
export const web = path.join(build, 'web');
export const shots = path.join(web, 'shots');
const load = createRequire(path.join(web, 'package.json'));

mkdirSync(shots, { recursive: true });

const children = new Set(); // must not outlive a test that fails
process.on('exit', () => children.forEach((child) => child.kill('SIGKILL')));

export function start(program, args, options) {
    const child = spawn(program, args, options);
    children.add(child);
    child.on('exit', () => children.delete(child));
    return child;
}

const flags = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--hide-scrollbars',
];

export async function openBrowser() {
    const { chromium } = load('playwright-core');
    const executablePath = process.env.PINPIPE_CHROMIUM ?? '/usr/bin/chromium';
    return chromium.launch({ executablePath, args: flags, timeout: 60_000 });
}

// A page in a new context. page.complaints collects its console errors and violations of the content security policy.
export async function openPage(browser, options = {}) {
    const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        timezoneId: 'Europe/Berlin',
        reducedMotion: 'reduce',
        ...options,
    });
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    page.complaints = [];
    page.on(
        'console',
        (message) => ['error', 'warning'].includes(message.type()) && page.complaints.push(message.text()),
    );
    page.on('pageerror', (error) => page.complaints.push(String(error)));
    await page.addInitScript(() =>
        addEventListener('securitypolicyviolation', (event) =>
            console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`),
        ),
    );
    return page;
}

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

// The violations that axe-core finds in a page. It is injected by the debugger, since the page's policy forbids it.
export async function violations(page) {
    await page.evaluate(readFileSync(load.resolve('axe-core/axe.min.js'), 'utf8'));
    const options = { resultTypes: ['violations'], runOnly: standards };
    const found = await page.evaluate((all) => window.axe.run(document, all), options);
    const where = (node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`;
    return found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map(where).join('; ')}`);
}

export async function freePort() {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address();
    server.close();
    await once(server, 'close');
    return port;
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function waitFor(what, condition, ms = 30_000) {
    for (const end = Date.now() + ms; Date.now() < end; await pause(20)) {
        if (await condition()) return;
    }
    throw new Error('waited in vain: ' + what);
}

export class Server {
    constructor(child, url, directory) {
        Object.assign(this, { child, url, directory });
    }

    // Writes events, or strings as lines, to its standard input.
    async send(...events) {
        const lines = events
            .flat()
            .map((event) => (typeof event === 'string' ? event : JSON.stringify(event)) + '\n');
        if (!this.child.stdin.write(lines.join(''))) await once(this.child.stdin, 'drain');
    }

    // Sends lines into a room, as another host does.
    async post(room, lines, headers = {}) {
        const body = lines
            .map((line) => (typeof line === 'string' ? line : JSON.stringify(line)) + '\n')
            .join('');
        const answer = await fetch(`${this.url}/rooms/${room}`, { method: 'POST', body, headers });
        return { status: answer.status, ...(await answer.json()) };
    }

    end() {
        this.child.stdin.end();
    }

    async stop() {
        if (this.child.exitCode === null && this.child.signalCode === null) {
            this.child.kill('SIGTERM');
            await once(this.child, 'exit');
        }
        rmSync(this.directory, { recursive: true, force: true });
    }
}

// Starts ebpf-web on a free port, or on the given one.
export async function startServer({ args = () => [], port = 0 } = {}) {
    const directory = mkdtempSync(path.join(tmpdir(), 'pinpipe-web-'));
    const options = ['--listen', `127.0.0.1:${port}`, ...(await args(directory))];
    const child = start(path.join(bin, 'ebpf-web'), options, { stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (text) => (said += text));
    child.stdin.on('error', () => {}); // the server has ended: the test notices that elsewhere
    const address = () => /^ebpf-web: (https?:.*)\/$/m.exec(said)?.[1];
    await waitFor('ebpf-web to listen', () => {
        if (child.exitCode !== null) throw new Error(`ebpf-web ended with ${child.exitCode}: ${said}`);
        return address();
    });
    const server = new Server(child, address(), directory);
    server.said = () => said;
    return server;
}

// Lets ebpf-store write a database of these events. Returns its path.
export async function writeDatabase(directory, events) {
    const file = path.join(directory, 'usage.db');
    const child = start(path.join(bin, 'ebpf-store'), [file], { stdio: ['pipe', 'ignore', 'inherit'] });
    child.stdin.end(events.map((event) => JSON.stringify(event) + '\n').join(''));
    const [status] = await once(child, 'exit');
    if (status !== 0) throw new Error(`ebpf-store ended with ${status}`);
    return file;
}
