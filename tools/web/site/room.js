// SPDX-License-Identifier: MIT
// The live page of one room: events as sentences, with a filter, a pause, and a limit of events a second.
import { signedOut } from './api.js';
import { el, isolate, setText } from './dom.js';
import { EventWindow } from './event-window.js';
import { Feed } from './feed.js';
import { count, counted, perSecond } from './format.js';
import { heading, show } from './parts.js';
import { rawPanel } from './raw.js';
import { shortened } from './safe.js';
import { follow } from './sse.js';

const rates = [
    ['', 'all events'],
    ['1000', 'at most 1,000/s'],
    ['100', 'at most 100/s'],
    ['10', 'at most 10/s'],
    ['1', 'at most 1/s'],
];
const redraw = 100; // milliseconds between two drawings: nobody reads faster

function controls() {
    const filter = el('input', {
        type: 'search',
        id: 'live-filter',
        placeholder: 'words in the event',
        autocomplete: 'off',
    });
    const speed = el(
        'select',
        { id: 'live-rate' },
        ...rates.map(([value, label]) => el('option', { value }, label)),
    );
    const pause = el('button', { type: 'button', class: 'main-button', 'aria-pressed': 'false' }, 'Pause');
    const clear = el('button', { type: 'button' }, 'Clear');
    const node = el(
        'div',
        { class: 'controls live-controls' },
        el('div', { class: 'wide-field' }, el('label', { for: 'live-filter' }, 'Filter'), filter),
        el('div', {}, el('label', { for: 'live-rate' }, 'Show'), speed),
        pause,
        clear,
    );
    return { node, filter, speed, pause, clear };
}

const states = { connecting: 'Connecting…', open: 'Connected', waiting: 'Connection lost. Trying again…' };

function stateText(name, error) {
    if (name !== 'refused') return states[name];
    return error.status === 404 ? 'There is no such room yet.' : `Not allowed: ${error.message}.`;
}

// Explains which events are not in the list.
function missing({ lost, sampled }) {
    const parts = [];
    if (lost) parts.push(`${counted(lost, 'event')} not shown: this browser was too slow`);
    if (sampled) parts.push(`${counted(sampled, 'event')} skipped, to keep to the limit`);
    return parts.length ? parts.join('; ') + '.' : '';
}

class Room {
    constructor(name, root) {
        this.path = '/rooms/' + encodeURIComponent(name);
        this.feed = new Feed();
        this.controls = controls();
        this.state = el('span', { role: 'status', class: 'stream-state' });
        this.numbers = el('span', { class: 'muted' });
        this.missing = el('p', { class: 'notice', role: 'status', hidden: true });
        this.none = el('p', { class: 'window-empty muted' });
        this.window = new EventWindow('Events of ' + name, {
            chosen: (entry, byKey) => this.choose(entry, byKey),
            left: () => this.pause(true),
        });
        this.raw = rawPanel(() => this.window.focus());
        this.layOut(name, root);
        this.listen();
    }

    layOut(name, root) {
        const head = heading(isolate(shortened(name, 64)), el('p', {}, this.state, ' ', this.numbers));
        const frame = el('div', { class: 'window-frame' }, this.window.node, this.none);
        show(
            root,
            head,
            this.controls.node,
            this.missing,
            el('div', { class: 'stream' }, frame, this.raw.node),
        );
    }

    listen() {
        const { filter, speed, pause, clear } = this.controls;
        filter.addEventListener('input', () => (this.feed.filter(filter.value), this.draw()));
        speed.addEventListener('change', () => this.connect());
        pause.addEventListener('click', () => this.pause(!this.feed.paused));
        clear.addEventListener('click', () => (this.feed.clear(), this.draw()));
        this.timer = setInterval(() => this.tell(), 500);
        this.unwatch = signedOut.watch((out) => (out ? this.stream?.stop() : this.connect()));
    }

    connect() {
        this.stream?.stop();
        this.feed.clear();
        const limit = this.controls.speed.value;
        this.stream = follow(this.path + (limit ? '?rate=' + limit : ''), {
            take: (messages) => this.take(messages),
            state: (name, error) => this.showState(name, error),
        });
    }

    take(messages) {
        const now = performance.now();
        this.feed.push(messages, now, now - this.opened < 500);
        this.schedule();
    }

    showState(name, error) {
        this.state.dataset.state = name;
        if (name === 'open') this.opened = performance.now();
        setText(this.state, stateText(name, error));
        // The room may still come: it is made for its first event.
        if (name === 'refused' && error.status === 404) this.retry = setTimeout(() => this.connect(), 3000);
    }

    schedule() {
        if (this.scheduled || this.feed.paused) return;
        this.scheduled = true;
        const wait = Math.max(0, (this.drawn ?? -redraw) + redraw - performance.now());
        setTimeout(() => requestAnimationFrame(() => this.turn()), wait);
    }

    turn() {
        this.scheduled = false;
        this.drawn = performance.now();
        if (this.feed.take()) this.draw();
    }

    draw() {
        this.window.show(this.feed.entries);
        this.none.hidden = this.feed.entries.length > 0;
        setText(this.none, this.controls.filter.value ? 'No event matches.' : 'Waiting for events.');
        this.tell();
    }

    tell() {
        const { feed } = this;
        const waiting =
            feed.paused && feed.waiting
                ? ` · ${count(feed.waiting)}${feed.waiting >= 5000 ? ' or more' : ''} waiting`
                : '';
        setText(
            this.numbers,
            `${perSecond(feed.rate(performance.now())).replace('/s', ' events/s')} · ${count(feed.entries.length)} kept${waiting}`,
        );
        const text = missing(feed.counts);
        setText(
            this.missing,
            feed.ended ? `${text} The source has ended; what was seen stays.`.trim() : text,
        );
        this.missing.hidden = !this.missing.textContent;
    }

    pause(on) {
        if (this.feed.paused === on) return;
        this.feed.paused = on;
        this.controls.pause.setAttribute('aria-pressed', String(on));
        setText(this.controls.pause, on ? 'Resume' : 'Pause');
        if (!on) this.raw.close();
        this.window.follow(!on);
        if (!on) this.turn();
        this.tell();
    }

    choose(entry, byKeyboard) {
        this.pause(true);
        this.raw.open(entry, byKeyboard);
    }

    stop() {
        clearInterval(this.timer);
        clearTimeout(this.retry);
        this.unwatch();
        this.stream?.stop();
        this.window.destroy();
    }
}

export function mountRoom(root, name) {
    const room = new Room(name, root);
    room.draw();
    return () => room.stop();
}
