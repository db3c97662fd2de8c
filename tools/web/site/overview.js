// SPDX-License-Identifier: MIT
// The first page: which process uses most, with which address, since when; what was denied; whether events were lost.
import { api } from './api.js';
import { TrafficChart } from './chart.js';
import { denialGroups, newest } from './denials.js';
import { el, isolate, setText } from './dom.js';
import { ago, bytes, count, counted, duration, rate, when } from './format.js';
import { empty, heading, name, panel, processAddress, show, tellIn } from './parts.js';
import { poll } from './poll.js';
import { shortened } from './safe.js';
import { sourceTable } from './sources.js';
import { drawSpark, sparkline } from './spark.js';
import { Table } from './table.js';

const both = (one) => (one.rate_sent ?? 0) + (one.rate_received ?? 0);
const total = (one) => (one.bytes_sent ?? 0) + (one.bytes_received ?? 0);

function card(label, href) {
    const figure = el('p', { class: 'figure' });
    const note = el('p', { class: 'note' });
    return {
        figure,
        note,
        node: el(
            'section',
            { class: 'card', 'aria-label': label },
            el('h2', {}, el('a', { href }, label)),
            figure,
            note,
        ),
    };
}

function cards() {
    const all = {
        busiest: card('Uses most', '#/processes'),
        traffic: card('Traffic', '#/history'),
        denied: card('Denied', '#/policy'),
        lost: card('Lost', '#/live'),
    };
    return { ...all, node: el('div', { class: 'cards' }, ...Object.values(all).map((one) => one.node)) };
}

function showBusiest({ figure, note }, processes) {
    const first = processes[0];
    if (!first)
        return void (show(figure, 'No process yet'), show(note, 'Usage comes with ebpf-load --sockets.'));
    show(
        figure,
        el('a', { href: processAddress(first) }, name(first.comm)),
        ' ',
        el('span', { class: 'figure-side' }, both(first) > 0 ? rate(both(first)) : bytes(total(first))),
    );
    const peer =
        first.top_remote === undefined ? [] : [', mostly with ', isolate(shortened(first.top_remote, 40))];
    show(note, `${bytes(total(first))} since ${when(first.first_seen ?? first.start_time)}`, ...peer);
}

function showTraffic({ figure, note }, { series, totals }) {
    const now = (values) => rate((((values ?? []).at(-1) ?? 0) * 1000) / (series?.step_ms || 1000));
    show(
        figure,
        el('span', { class: 'in' }, '↓ ', now(series?.bytes_received)),
        ' ',
        el('span', { class: 'out' }, '↑ ', now(series?.bytes_sent)),
    );
    show(note, `${bytes(totals.bytes_received)} received, ${bytes(totals.bytes_sent)} sent`);
}

function showDenied({ figure, note }, totals, last) {
    show(figure, count(totals.denied));
    figure.dataset.tone = totals.denied ? 'deny' : '';
    if (!totals.denied) return show(note, 'No process was refused anything.');
    show(
        note,
        'Last ',
        name(last?.comm),
        last ? ` at ${when(last.timestamp)}. ` : '',
        el('a', { href: '#/policy' }, 'How to allow it'),
    );
}

function showLost({ figure, note }, { totals, losses = [], since }) {
    show(figure, totals.lost ? counted(totals.lost, 'event') : 'Nothing');
    figure.dataset.tone = totals.lost ? 'lost' : 'good';
    const where = losses
        .filter((one) => one.lost > 0)
        .map((one) => `${count(one.lost)} of ${shortened(one.room, 20)}`);
    show(
        note,
        totals.lost
            ? (where.length ? where.join(', ') + ': ' : '') + 'more came than was read in time.'
            : `All ${counted(totals.events, 'event')} since ${when(since)} are here.`,
    );
}

const column = {
    now: { name: 'now', label: 'Now', number: true, show: (one) => rate(both(one)) },
    total: { name: 'total', label: 'Total', number: true, show: (one) => bytes(total(one)) },
    spark: {
        name: 'spark',
        label: 'Last minute',
        class: 'spark-cell wide-only',
        make: sparkline,
        update: (node, one) => drawSpark(node, one.spark),
    },
};

function topProcesses() {
    const link = {
        name: 'process',
        label: 'Process',
        header: true,
        make: () => el('a'),
        update(node, one) {
            node.href = processAddress(one);
            setText(node, shortened(one.comm ?? '–', 20));
            node.title = `pid ${one.pid}`;
        },
    };
    const peer = {
        name: 'with',
        label: 'Mostly with',
        class: 'wide-only',
        show: (one) => shortened(one.top_remote ?? '–', 28),
    };
    return new Table({
        caption: 'Processes that use most',
        key: (one) => `${one.pid}-${one.start_time}`,
        columns: [link, peer, column.spark, column.now, column.total],
    });
}

function topRemotes() {
    const link = {
        name: 'remote',
        label: 'Remote',
        header: true,
        make: () => el('a'),
        update(node, one) {
            node.href = '#/history?' + new URLSearchParams({ remote: one.remote_ip ?? '', by: 'process' });
            setText(node, shortened(one.remote_ip ?? '–', 40));
        },
    };
    return new Table({
        caption: 'Remote addresses with most traffic',
        key: (one) => String(one.remote_ip),
        columns: [link, column.spark, column.now, column.total],
    });
}

function welcome() {
    return el(
        'div',
        { class: 'panel welcome' },
        el('h2', {}, 'Nothing has come in yet'),
        empty(
            'To see what this machine does, load once as root, then read as a member of the group:',
            'sudo ebpf-load --sockets',
            'ebpf-read all | ebpf-web',
        ),
        empty(
            'From another machine, into a room of its own:',
            `ebpf-read icmp | curl -fsS -T - -u room:$(cat pw) ${location.origin}/rooms/NAME`,
        ),
    );
}

function layOut(root, parts) {
    const pair = (...panels) => el('div', { class: 'pair' }, ...panels);
    show(
        parts.content,
        parts.cards.node,
        panel('Traffic, last five minutes', parts.chart.node),
        pair(panel('Processes', parts.processes.node), panel('Remote addresses', parts.remotes.node)),
        pair(panel('Denied lately', parts.denials.node), panel('Sources', parts.sources.node)),
    );
    parts.welcome.hidden = parts.content.hidden = true;
    show(root, heading('Overview', parts.since), parts.failure, parts.welcome, parts.content);
}

function build(root) {
    const parts = {
        since: el('p', { class: 'muted' }),
        cards: cards(),
        chart: new TrafficChart({ label: 'Traffic of the last five minutes' }),
        processes: topProcesses(),
        remotes: topRemotes(),
        sources: sourceTable(),
        denials: denialGroups('Nothing was denied.'),
        welcome: welcome(),
        failure: el('div'),
        content: el('div', { class: 'stack' }),
    };
    layOut(root, parts);
    return parts;
}

function update(parts, data) {
    const { processes = [], remotes = [], denials = [], sources = [], totals = {} } = data;
    const any = sources.length > 0 || totals.events > 0;
    show(parts.failure);
    parts.welcome.hidden = any;
    parts.content.hidden = !any;
    setText(
        parts.since,
        `Watched since ${when(data.since)}, for ${duration(Math.floor((data.uptime_ms ?? 0) / 1000) * 1000).replace('.0', '')}`,
    );
    showBusiest(parts.cards.busiest, processes);
    showTraffic(parts.cards.traffic, { ...data, totals });
    showDenied(parts.cards.denied, totals, newest(denials));
    showLost(parts.cards.lost, { ...data, totals });
    parts.chart.set(data.series, data); // with data.since: nothing is known before it
    parts.processes.set(processes);
    parts.remotes.set(remotes);
    parts.sources.set(sources.map((one) => ({ ...one, seen: ago(one.last_event, data.now) })));
}

export const overview = {
    title: 'Overview',
    mount(root) {
        const parts = build(root);
        const told = tellIn(parts.failure);
        const numbers = poll(2000, async (signal) => update(parts, await api('overview', signal)), told);
        const latest = async (signal) => ((await api('policy', signal)).denials ?? []).slice(0, 4);
        const denials = poll(5000, async (signal) => parts.denials.set(await latest(signal)), told);
        return () => (numbers.stop(), denials.stop(), parts.chart.destroy());
    },
};
