// SPDX-License-Identifier: MIT
// Server-Sent Events by fetch(): unlike EventSource, this tells a refusal from a lost connection, and passes on all
// messages of one network read in one call.
import { request } from './api.js';

const silence = 40_000; // milliseconds; the server sends something every 15 seconds

// Splits a stream of text into messages { type, data, id }.
export class Parser {
    #rest = '';

    push(text) {
        const blocks = (this.#rest + text).split('\n\n');
        this.#rest = blocks.pop();
        return blocks.map(message).filter((one) => one.data !== undefined);
    }
}

function message(block) {
    const found = { type: 'message', data: undefined, id: undefined };
    for (const line of block.split('\n')) {
        const colon = line.indexOf(':');
        if (colon < 1) continue;
        const text = line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
        const name = line.slice(0, colon);
        if (name === 'data') found.data = found.data === undefined ? text : found.data + '\n' + text;
        else if (name === 'event') found.type = text;
        else if (name === 'id') found.id = text;
    }
    return found;
}

// Follows path until stop() is called, and reconnects when the connection is lost. Calls take(messages), and
// state(name, detail) with 'connecting', 'open', 'waiting' (detail: milliseconds) or 'refused' (detail: the error).
export function follow(path, { take, state }) {
    const abort = new AbortController();
    const pause = { ms: 500 };
    const position = { id: undefined };
    run();
    return { stop: () => abort.abort() };

    async function run() {
        while (!abort.signal.aborted) {
            try {
                state('connecting');
                await read(path, { abort, position, take, opened: () => ((pause.ms = 500), state('open')) });
            } catch (error) {
                if (abort.signal.aborted) return;
                if ([401, 403, 404].includes(error.status)) return void state('refused', error);
            }
            if (abort.signal.aborted) return;
            state('waiting', pause.ms);
            await sleep(pause.ms, abort.signal);
            pause.ms = Math.min(pause.ms * 2, 10_000);
        }
    }
}

async function read(path, { abort, position, take, opened }) {
    const watchdog = new AbortController();
    const end = () => watchdog.abort();
    abort.signal.addEventListener('abort', end);
    let timer = setTimeout(end, silence);
    try {
        const headers = { Accept: 'text/event-stream' };
        if (position.id !== undefined) headers['Last-Event-ID'] = position.id;
        const answer = await request(path, { headers, signal: watchdog.signal });
        opened();
        const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
        const parser = new Parser();
        for (let part; !(part = await reader.read()).done;) {
            clearTimeout(timer);
            timer = setTimeout(end, silence);
            const messages = parser.push(part.value);
            const last = messages.findLast((one) => one.id !== undefined);
            if (last) position.id = last.id;
            if (messages.length) take(messages);
        }
    } finally {
        clearTimeout(timer);
        abort.signal.removeEventListener('abort', end);
    }
}

function sleep(ms, signal) {
    return new Promise((resolve) => {
        const timer = setTimeout(resolve, ms + Math.random() * ms * 0.3);
        signal.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true });
    });
}
