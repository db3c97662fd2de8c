// SPDX-License-Identifier: MIT
// ebpf-web under load and under attack, for SECONDS (default 20) each over HTTP and over HTTPS, in two rounds, each with
// passwords and a database. Meant for a server that was built with a sanitizer, in EBPF_BIN: its reports are failures.
// There are hundreds of viewers, some that read nothing and some that leave in the middle of a line; senders, some of
// which break off; requests that are invalid, never end, or are half closed; wrong passwords; queries of the history;
// then SIGTERM, in the middle of it all.
// Usage: make storm, or EBPF_BIN=DIR node tests/web/storm.js [SECONDS]
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { bin, pause, startServer, writeDatabase } from './support.js';
import * as traffic from './traffic.js';

const seconds = Number(process.argv[2] ?? 20) / 2; // of each round
const seed = Number(process.env.STORM_SEED ?? Date.now() % 1_000_000);
const passwords = { view: 'seeing-8', room: 'sending-8' };
const basic = (who, password = passwords[who]) => 'Basic ' + Buffer.from(`${who}:${password}`).toString('base64');
const streams = ['icmp', 'usage', 'deny', 'conn', 'tcp', 'lost', 'other'];

// A generator of random numbers. The same seed gives the same numbers; which guest gets which depends on timing.
let state = seed;
const below = (number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * number);
};
const one = (list) => list[below(list.length)];
const bytes = (length) => Buffer.from(Array.from({ length }, () => below(256)));

const counts = {};
const count = (what, more = 1) => (counts[what] = (counts[what] ?? 0) + more);

// One server, with all clients that use and attack it.
class Storm {
    constructor(server, secure, cookie) {
        Object.assign(this, { server, secure, cookie, over: false });
        this.ended = once(server.child, 'exit');
        this.port = Number(new URL(server.url).port);
    }

    // A plain connection, for any bytes. The server may close it at any time.
    connect() {
        const to = { host: '127.0.0.1', port: this.port, allowHalfOpen: true, rejectUnauthorized: false };
        const socket = this.secure ? tls.connect(to) : net.connect(to);
        socket.on('error', () => count('connections cut'));
        return socket;
    }

    // Sends a request. Returns its status once the answer has ended, 0 if the connection was cut.
    async ask(method, target, { headers = {}, body, leaveAfter } = {}) {
        const answer = await new Promise((resolve) => {
            let response;
            const request = (this.secure ? https : http).request(this.server.url + target, {
                method,
                headers: { Cookie: this.cookie, ...headers },
                agent: false,
                rejectUnauthorized: false,
            });
            request.on('response', (first) => (response = first.resume().on('error', () => {})));
            request.on('error', () => {});
            request.on('close', () => resolve(response));
            request.end(body);
            if (leaveAfter !== undefined) setTimeout(() => request.destroy(), leaveAfter);
        });
        count(`answers ${answer?.statusCode ?? 'cut'}`);
        return answer?.statusCode ?? 0;
    }

    get gone() {
        return this.server.child.exitCode !== null || this.server.child.signalCode !== null;
    }

    async repeat(guest) {
        while (!this.over && !this.gone)
            await guest(this).catch((error) => {
                if (!this.gone && error.code !== 'EPIPE') throw error;
            });
    }
}

const shapes = [
    (now) => traffic.usage(now),
    (now) => traffic.others(now),
    (now) => Array.from({ length: 100 }, () => traffic.ping(now)),
    (now) => [traffic.lost(now, { count: below(100) })],
    (now) => [traffic.deny(now, { comm: bytes(8).toString('latin1'), remote_port: below(70000) })],
    (now) =>
        Array.from({ length: 50 }, () => ({
            ...traffic.usage(now)[0],
            pid: below(5000),
            start_time: below(5000),
            remote_ip: `10.${below(256)}.${below(256)}.1`,
        })),
    () => ['nonsense', '{"event_type":', '{}', '[]', '', ' ', '{"event_type":"icmp","x":"' + 'y'.repeat(below(70_000)) + '"}'],
    () => [bytes(below(2000)).toString('latin1')],
];

// Writes to standard input: about 10,000 lines a second, if the server takes so many.
async function input(storm) {
    let due = performance.now();
    let lines = 0;
    while (!storm.over && !storm.gone) {
        const events = one(shapes)(Date.now());
        await Promise.race([storm.server.send(events), storm.ended]);
        count('lines in', events.length);
        lines += events.length;
        if (lines < 200) continue;
        lines = 0;
        due = Math.max(due + 20, performance.now() - 1000);
        await pause(Math.max(0, due - performance.now()));
    }
}

// Views a room for a while, from the end or from some event on: reads fast, in bursts, or not at all.
async function viewer(storm) {
    const socket = storm.connect();
    const id = one(['', '', `Last-Event-ID: 1.1-${below(9)}\r\n`, `Last-Event-ID: ${bytes(6).toString('hex')}\r\n`]);
    socket.write(
        `GET /rooms/${one(streams)}${one(['', '', '?rate=20', '?rate=3'])} HTTP/1.1\r\nHost: localhost\r\n` +
            `Accept: text/event-stream\r\nCookie: ${storm.cookie}\r\n${id}\r\n`,
    );
    socket.on('data', (data) => count('bytes to viewers', data.length));
    const lazy = below(4);
    if (lazy === 0) socket.pause();
    if (lazy === 1) socket.end(); // half closed
    for (let turn = 5 + below(40); turn && !storm.over && !socket.destroyed; turn--) {
        await pause(100);
        if (lazy === 2) socket.isPaused() ? socket.resume() : socket.pause();
    }
    socket.destroy();
}

// Sends as curl -T - does: chunked, for a while. Every third sender breaks off.
async function sender(storm) {
    const room = one(['far', 'far', 'farther', 'r' + below(400)]);
    const request = (storm.secure ? https : http).request(`${storm.server.url}/rooms/${room}`, {
        method: one(['PUT', 'POST']),
        headers: { Authorization: basic('room'), 'Transfer-Encoding': 'chunked' },
        agent: false,
        rejectUnauthorized: false,
    });
    const done = new Promise((resolve) => {
        request.on('response', (answer) => answer.resume().on('error', () => {}));
        request.on('error', () => {});
        request.on('close', resolve);
    });
    for (let turn = 1 + below(20); turn && !storm.over; turn--) {
        const text = shapes[below(shapes.length)](Date.now())
            .map((event) => (typeof event === 'string' ? event : JSON.stringify(event)) + one(['\n', '\r\n']))
            .join('');
        count('bytes sent to rooms', text.length);
        if (!request.write(text)) await Promise.race([once(request, 'drain').catch(() => {}), done, pause(2000)]);
        await pause(below(200));
    }
    if (below(3) === 0) request.destroy();
    else request.end();
    await Promise.race([done, pause(5000)]);
    request.destroy();
    count('senders');
}

// Sends with curl itself.
async function curl(storm) {
    const child = spawn(
        'curl',
        ['-ksS', '-T', '-', '-u', 'room:' + passwords.room, `${storm.server.url}/rooms/eth0-ICMP`],
        { stdio: ['pipe', 'ignore', 'ignore'] },
    );
    child.stdin.on('error', () => {});
    const gone = once(child, 'exit');
    for (let turn = 0; turn < 40 && !storm.over && child.exitCode === null; turn++) {
        child.stdin.write(Array.from({ length: 20 }, () => JSON.stringify(traffic.ping(Date.now())) + '\n').join(''));
        await pause(50);
    }
    if (below(2)) child.stdin.end();
    else child.kill('SIGKILL');
    await Promise.race([gone, pause(5000)]);
    child.kill('SIGKILL');
    await gone;
}

const routes = [
    '/', '/app.js', '/main.js', '/healthz', '/rooms', '/rooms/icmp', '/rooms/far', '/rooms/none', '/api/v1/overview',
    '/api/v1/processes', '/api/v1/processes?sort=bytes&limit=3', '/api/v1/processes/1203-x', '/api/v1/policy',
    '/api/v1/ports', '/metrics', '/api/v1/nothing', '/rooms?x=%00', '/rooms/a%00b',
]; // prettier-ignore

async function reader(storm) {
    await storm.ask(one(['GET', 'GET', 'GET', 'HEAD', 'DELETE']), one(routes), {
        headers: one([{}, { 'Accept-Encoding': 'gzip' }, { Cookie: 'ebpf-web-0=x' }, { Host: 'evil.example' }]),
        leaveAfter: below(4) ? undefined : below(20),
    });
    const known = await storm.ask('GET', `/api/v1/processes/${below(5000)}-${below(5000)}`);
    if (known === 200) count('processes asked for');
}

async function historian(storm) {
    const question = one(['by=process', 'by=remote&since=1h', 'by=port&limit=3', 'format=csv', 'by=nonsense', 'since=-v',
        'process=nginx&step=1m', 'format=csv&by=proto']); // prettier-ignore
    await storm.ask('GET', '/api/v1/history?' + question, { leaveAfter: below(3) ? undefined : below(100) });
}

async function guesser(storm) {
    const json = { 'Content-Type': 'application/json', Cookie: '' };
    const body = one([
        '{"password":"wrong"}', '{"password":7}', '{', '', '"x"', JSON.stringify({ password: bytes(40).toString('latin1') }),
        'x'.repeat(9000), JSON.stringify({ password: passwords.view }),
    ]); // prettier-ignore
    await storm.ask('POST', '/login', { headers: json, body, leaveAfter: below(4) ? undefined : below(10) });
    const authorization = one(['Basic', 'Basic !!!!', 'Bearer x', basic('view', 'guess' + below(9)), basic('view')]);
    await storm.ask('GET', '/rooms', { headers: { Cookie: '', Authorization: authorization } });
    await storm.ask('PUT', '/rooms/x', { headers: { Authorization: basic('room', 'guess') }, body: '{}\n' });
    if (below(10) === 0) await storm.ask('POST', '/logout', { headers: { Cookie: 'ebpf-web-0=x' } });
    await pause(50);
}

const requests = [
    'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
    'GET /rooms HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    'POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{"password":"x"}',
    'PUT /rooms/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}\n{}\r\n0\r\n\r\n',
    'PUT /rooms/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nfffffffffffffffff\r\n',
    'GET /rooms/icmp HTTP/1.0\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n',
    'GET /%2e%2e/%00?a=b&c=%zz&=&& HTTP/1.1\r\nHost: localhost\r\nCookie: a=b; ;;=; ebpf-web-0=\r\n\r\n',
];

// Sends a request with some bytes changed, or random bytes; then waits or half-closes, and cuts the connection.
async function vandal(storm) {
    const socket = storm.connect().on('data', () => {});
    let text = Buffer.from(one(requests).replace('localhost\r\n', `localhost\r\n${one(['', `Cookie: ${storm.cookie}\r\nAuthorization: ${basic('room')}\r\n`])}`));
    for (let turn = below(4); turn; turn--) {
        const at = below(text.length);
        const part = one([bytes(below(20)), Buffer.from('\r\n'), Buffer.from('\0'), text.subarray(0, below(text.length))]);
        text = Buffer.concat([text.subarray(0, at), part, text.subarray(at + below(5))]);
    }
    socket.write(one([text, text, bytes(below(4000)), Buffer.concat([text, text, text])]));
    await pause(below(100));
    if (below(2)) socket.end();
    await pause(below(200));
    socket.destroy();
    count('vandals');
}

// Sends a request a byte at a time, and never ends it.
async function loris(storm) {
    const socket = storm.connect().on('data', () => {});
    const start = one(['GET /rooms HTTP/1.1\r\nHost: localhost\r\nX: ', `PUT /rooms/slow HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${basic('room')}\r\nContent-Length: 9999\r\n\r\n`]);
    socket.write(start);
    while (!storm.over && !storm.gone && !socket.destroyed && !socket.readableEnded) {
        socket.write('x');
        await pause(500);
    }
    socket.destroy();
    count('slow ones');
}

const guests = [
    [input, 1], [viewer, 250], [sender, 12], [curl, 2], [reader, 6], [historian, 3], [guesser, 3], [vandal, 8], [loris, 20],
]; // prettier-ignore

function writePasswords(directory) {
    const file = path.join(directory, 'passwords');
    const line = (who) =>
        execFileSync(path.join(bin, 'ebpf-web'), ['--make-password', who], { input: passwords[who] + '\n' });
    writeFileSync(file, Buffer.concat([line('view'), line('room')]), { mode: 0o600 });
    return file;
}

function writeCertificate(directory) {
    const [key, certificate] = ['key.pem', 'cert.pem'].map((name) => path.join(directory, name));
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
        '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=localhost'], { stdio: 'ignore' }); // prettier-ignore
    chmodSync(key, 0o600);
    return ['--tls-cert', certificate, '--tls-key', key];
}

// Signs in as a browser does. Returns the cookie.
async function signIn(url) {
    const answer = await new Promise((resolve, reject) =>
        (url.startsWith('https') ? https : http)
            .request(url + '/login', {
                method: 'POST',
                headers: { 'Content-Type': 'application/json' },
                rejectUnauthorized: false,
            })
            .on('response', resolve)
            .on('error', reject)
            .end(JSON.stringify({ password: passwords.view })),
    );
    answer.resume();
    return answer.headers['set-cookie'][0].split(';')[0];
}

// Sanitizers write their reports to files, one for each process.
const reports = mkdtempSync(path.join(tmpdir(), 'pinpipe-storm-'));
for (const name of ['ASAN_OPTIONS', 'TSAN_OPTIONS', 'UBSAN_OPTIONS'])
    process.env[name] = `log_path=${reports}/report:print_stacktrace=1:${process.env[name] ?? ''}`;

async function storm(secure) {
    const args = async (directory) => [
        ...['--db', await writeDatabase(directory, traffic.past(Date.now(), 2))],
        ...['--password-file', writePasswords(directory)],
        ...(secure ? writeCertificate(directory) : []),
    ];
    const server = await startServer({ args });
    const cookie = await signIn(server.url);
    const all = new Storm(server, secure, cookie);
    const running = guests.flatMap(([guest, number]) => Array.from({ length: number }, () => all.repeat(guest)));
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end && !all.gone) await pause(100);
    const failures = [];
    const answer = await all.ask('GET', '/api/v1/overview');
    if (answer !== 200) failures.push(`at the end it answered ${answer}`);
    if (!all.gone) {
        server.child.kill('SIGTERM'); // in the middle of it all
        await Promise.race([all.ended, pause(30_000)]);
    }
    const { exitCode, signalCode } = server.child;
    if (exitCode !== 0) failures.push(`it ended with ${exitCode ?? signalCode ?? 'nothing, 30 s after SIGTERM'}: ${server.said().slice(-2000)}`);
    all.over = true;
    await Promise.all(running);
    await server.stop();
    return failures;
}

let failed = false;
for (const secure of [false, true, false, true]) {
    const failures = await storm(secure);
    failed ||= failures.length > 0;
    console.log(`${secure ? 'https' : 'http'}: ${failures.join('; ') || 'it went on, and ended well'}`);
}
const files = readdirSync(reports);
for (const file of files) console.log(readFileSync(path.join(reports, file), 'utf8'));
console.log(Object.entries(counts).sort().map(([what, number]) => `${number} ${what}`).join(', ')); // prettier-ignore
console.log(`storm ${seed}: ${files.length} reports of sanitizers${files.length ? ' in ' + reports : ''}`);
process.exit(failed || files.length ? 1 : 0);
