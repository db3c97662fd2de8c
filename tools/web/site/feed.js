// SPDX-License-Identifier: MIT
// The latest events of a room, within bounds, and counts of all events. Knows nothing of the page.
import { describe } from './sentences.js';
import { plain } from './words.js';

export class Entry {
    #described;
    #event;

    constructor(line) {
        this.line = line;
    }

    get event() {
        if (this.#event === undefined) this.#event = parsed(this.line);
        return this.#event;
    }

    // Made when first needed: most events of a busy room are never shown.
    get described() {
        return (this.#described ??= describe(this.event));
    }

    matches(words) {
        const raw = this.line.toLowerCase();
        if (words.every((word) => raw.includes(word))) return true;
        const { said, more } = this.described;
        const text = `${raw} ${plain(said)} ${more}`.toLowerCase();
        return words.every((word) => text.includes(word));
    }
}

// A row among the events, at the place where events are missing.
export class Notice {
    constructor(text) {
        this.described = { kind: 'lost', tone: 'lost', said: [text], more: '' };
    }

    matches() {
        return true;
    }
}

function parsed(line) {
    try {
        return JSON.parse(line);
    } catch {
        return null;
    }
}

export class Feed {
    #limit;
    #pending = [];
    #kept = [];
    #words = [];
    #recent = [];

    constructor(limit = 5000) {
        this.#limit = limit;
        this.entries = []; // the kept ones that match the filter
        this.counts = { events: 0, lost: 0, sampled: 0 };
        this.paused = false;
        this.ended = false;
    }

    // old: the events are from before this page joined the room; they do not count for the rate.
    push(messages, now, old = false) {
        let events = 0;
        for (const { type, data } of messages) {
            if (type === 'message')
                (this.#pending.push(new Entry(data)), (events += 1), (this.ended = false));
            else if (type === 'lost') this.#missed('lost', data);
            else if (type === 'sampled') this.#missed('sampled', data);
            else if (type === 'end') this.ended = true;
        }
        trim(this.#pending, this.#limit);
        this.counts.events += events;
        if (!old) this.#recent.push([now, events]);
    }

    #missed(kind, data) {
        const { count, restarted } = parsed(data) ?? {};
        const number = Number(count) || 0;
        this.counts[kind] += number;
        if (restarted)
            this.#pending.push(new Notice('ebpf-web was restarted: what came meanwhile is not here'));
        if (kind === 'lost' && number)
            this.#pending.push(new Notice(`${number.toLocaleString('en-US')} events are missing here`));
    }

    // Events a second, averaged over the last three seconds. now: milliseconds.
    rate(now) {
        while (this.#recent.length && this.#recent[0][0] < now - 3000) this.#recent.shift();
        return this.#recent.reduce((sum, [, events]) => sum + events, 0) / 3;
    }

    get waiting() {
        return this.#pending.length;
    }

    // Moves the events that came since the last call into the list. Returns true if there were any.
    take() {
        if (this.paused || !this.#pending.length) return false;
        const fresh = this.#pending;
        this.#pending = [];
        this.#kept = trim(this.#kept.concat(fresh), this.#limit);
        this.entries = trim(this.entries.concat(fresh.filter((entry) => this.#shows(entry))), this.#limit);
        return true;
    }

    filter(text) {
        this.#words = text.toLowerCase().split(/\s+/).filter(Boolean);
        this.entries = this.#kept.filter((entry) => this.#shows(entry));
    }

    clear() {
        this.#pending = [];
        this.#kept = [];
        this.entries = [];
    }

    #shows(entry) {
        return !this.#words.length || entry.matches(this.#words);
    }
}

const most = 16_000_000; // characters: lines of other hosts may be long

// Drops the oldest of list until it is within both bounds.
function trim(list, limit) {
    let first = list.length;
    for (let size = 0; first > Math.max(0, list.length - limit); first--) {
        size += list[first - 1].line?.length ?? 0;
        if (size > most) break;
    }
    if (first > 0) list.splice(0, first);
    return list;
}
