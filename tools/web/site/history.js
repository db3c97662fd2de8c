// SPDX-License-Identifier: MIT
// The history page: any range of the database, over time and by process, address or port. The choices are in the URL.
import { api, signedOut } from './api.js';
import { TrafficChart } from './chart.js';
import { el, setText } from './dom.js';
import { bytes, count, dateTime, duration } from './format.js';
import { historyControls } from './history-controls.js';
import { historyTable } from './history-table.js';
import { empty, failure, heading, panel, show, tellIn } from './parts.js';
import { changed, moved, wanted } from './range.js';
import { address } from './router.js';

function go(now, changes) {
    location.hash = address('history', undefined, changed(now, changes));
}

function downloads(parameters) {
    const link = (format) =>
        el(
            'a',
            {
                class: 'button',
                href: '/api/v1/history?' + new URLSearchParams({ ...parameters, format, download: '1' }),
                download: `history.${format}`,
            },
            format.toUpperCase(),
        );
    return el(
        'p',
        { class: 'downloads' },
        el('span', { class: 'muted' }, 'Download: '),
        link('csv'),
        ' ',
        link('json'),
    );
}

// Buttons that move and zoom the range, for those who cannot drag.
function steps(now, range) {
    const step = (label, factor, shift) =>
        el(
            'button',
            {
                type: 'button',
                id: 'range-' + label.replace(' ', '-'),
                onclick: () => go(now, moved(range, factor, shift)),
            },
            label,
        );
    return el(
        'div',
        { class: 'steps', role: 'group', 'aria-label': 'Move the range' },
        step('Earlier', 1, -0.5),
        step('Zoom in', 0.5, 0),
        step('Zoom out', 2, 0),
        step('Later', 1, 0.5),
    );
}

function sentence(answer, total) {
    const lost = Object.entries(total?.lost ?? {}).map(([stream, number]) => `${count(number)} of ${stream}`);
    const range = `${dateTime(answer.since)} to ${dateTime(answer.until)}, ${duration(answer.until - answer.since)}`;
    return {
        range,
        sums: total ? `${bytes(total.bytes_received)} received, ${bytes(total.bytes_sent)} sent.` : '',
        lost: lost.length ? `Lost in this time: ${lost.join(', ')}.` : '',
    };
}

function noAnswer(error) {
    if (error.status !== 404) return failure(error);
    return empty(
        'There is no database to look into. Keep one, and give it to ebpf-web:',
        'ebpf-read all | tee >(ebpf-store usage.db) | ebpf-web --db usage.db',
    );
}

function build(root, now) {
    const range = { since: NaN, until: NaN }; // of the answer; unknown before it
    const zoom = (from, to) => go(now, { since: String(from), until: String(to) });
    const parts = {
        chart: new TrafficChart({ label: 'Traffic over time', zoom }),
        table: historyTable(now),
        controls: historyControls(now, (changes) => go(now, changes)),
        note: el('p', { class: 'muted', role: 'status' }, 'Loading…'),
        sums: el('p', { class: 'sums' }),
        lost: el('p', { class: 'notice', hidden: true }),
        other: el('div'),
        range,
    };
    const hint = el('p', { class: 'muted small drag-hint' }, 'Drag over the chart to zoom.');
    const overTime = panel('Over time', hint, parts.chart.node, steps(now, range));
    const who = panel(
        'By ' + now.by,
        el('div', { class: 'between' }, parts.sums, downloads(now)),
        parts.table.node,
    );
    parts.content = el('div', { class: 'stack' }, parts.controls.node, parts.lost, overTime, who);
    show(root, heading('History', parts.note), parts.other, parts.content);
    return parts;
}

function update(parts, answer) {
    const rows = answer.rows ?? [];
    const total = rows.find((row) => row.by === 'total');
    const { range, sums, lost } = sentence(answer, total);
    Object.assign(parts.range, { since: answer.since, until: answer.until });
    setText(parts.note, range);
    setText(parts.sums, sums);
    setText(parts.lost, lost);
    parts.lost.hidden = !lost;
    parts.controls.fill(answer);
    parts.chart.set(answer.series, answer);
    parts.table.set(rows, total);
}

export const history = {
    title: 'History',
    mount(root, { query }) {
        const now = wanted(query);
        const parts = build(root, now);
        const abort = new AbortController();
        let timer = 0;
        async function load() {
            try {
                const answer = await api('history?' + new URLSearchParams(now), abort.signal);
                update(parts, answer);
                show(parts.other);
                const none = !answer.rows?.some((row) => row.by === now.by);
                if (none && !now.until) timer = setTimeout(load, 5000); // the database may still be new
            } catch (error) {
                if (error.name === 'AbortError') return;
                setText(parts.note, '');
                parts.content.hidden = error.status === 404;
                tellIn(parts.other, noAnswer)(error);
                const final = error.status >= 400 && error.status < 500; // asking again is useless
                if (!final) timer = setTimeout(load, 1000 * (error.retryAfter || 5));
            }
        }
        const unwatch = signedOut.watch((out) => out || load());
        return () => (unwatch(), clearTimeout(timer), abort.abort(), parts.chart.destroy());
    },
};
