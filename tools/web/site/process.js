// SPDX-License-Identifier: MIT
// The page of one process: its remote addresses, ports, connections and denials.
import { api } from './api.js';
import { TrafficChart } from './chart.js';
import { el, setText } from './dom.js';
import { bytes, count, duration, rate, when } from './format.js';
import { eventList } from './event-list.js';
import { failure, heading, panel, show, tellIn } from './parts.js';
import { poll } from './poll.js';
import { address } from './router.js';
import { shortened } from './safe.js';
import { Table } from './table.js';

const remoteColumns = [
    {
        name: 'remote',
        label: 'Remote',
        header: true,
        value: (one) => one.remote_ip,
        show: (one) => shortened(one.remote_ip ?? 'unknown', 45),
    },
    {
        name: 'proto',
        label: 'Protocol',
        value: (one) => one.proto,
        show: (one) => shortened(one.proto ?? '–', 12).toUpperCase(),
    },
    {
        name: 'received',
        label: 'Received',
        number: true,
        value: (one) => one.bytes_received,
        show: (one) => bytes(one.bytes_received),
    },
    {
        name: 'sent',
        label: 'Sent',
        number: true,
        value: (one) => one.bytes_sent,
        show: (one) => bytes(one.bytes_sent),
    },
    {
        name: 'since',
        label: 'Since',
        number: true,
        value: (one) => one.first_seen,
        show: (one) => when(one.first_seen),
    },
    {
        name: 'last',
        label: 'Last',
        number: true,
        value: (one) => one.last_seen,
        show: (one) => when(one.last_seen),
    },
];

const portColumns = [
    { name: 'port', label: 'Port', header: true, show: (one) => String(one.local_port ?? '–') },
    { name: 'proto', label: 'Protocol', show: (one) => shortened(one.proto ?? '–', 12).toUpperCase() },
    { name: 'action', label: 'State', show: (one) => (one.action === 'listen' ? 'listens' : 'bound') },
];

const scrolled = (label) => el('div', { class: 'scrolled', tabindex: 0, role: 'group', 'aria-label': label });

function facts(one) {
    const pairs = [
        ['PID', one.pid],
        ['Executable', one.exe],
        ['User', one.uid],
        ['Cgroup', one.cgroup_id],
        ['Started', when(one.start_time)],
        [
            'Seen',
            `${when(one.first_seen)} to ${when(one.last_seen)}, ${duration(one.last_seen - one.first_seen)}`,
        ],
        ['State', { true: 'has exited', false: 'runs' }[one.exited]],
        ['Now', `${rate(one.rate_received)} received, ${rate(one.rate_sent)} sent`],
        ['Total', `${bytes(one.bytes_received)} received, ${bytes(one.bytes_sent)} sent`],
        ['Denied', count(one.denied ?? 0)],
    ];
    return pairs
        .filter(([, value]) => value !== undefined)
        .map(([label, value]) =>
            el('div', {}, el('dt', {}, label), el('dd', {}, el('bdi', {}, shortened(value, 200)))),
        );
}

function tables() {
    return {
        remotes: new Table({
            caption: 'Remote addresses of this process',
            columns: remoteColumns,
            key: (one) => `${one.remote_ip} ${one.proto}`,
            sort: { name: 'received', down: true },
            empty: 'No traffic was counted.',
        }),
        ports: new Table({
            caption: 'Ports of this process',
            columns: portColumns,
            key: (one) => `${one.local_port} ${one.proto} ${one.action}`,
            empty: 'It holds no port that was seen.',
        }),
    };
}

function build(root) {
    const chart = new TrafficChart({ label: 'Traffic of this process, last five minutes' });
    const content = el('div', { class: 'stack', hidden: true });
    const own = {
        head: heading('Process'),
        facts: el('dl', { class: 'facts' }),
        other: el('div'),
        history: el('a', {}, 'Its history'),
    };
    const parts = {
        ...own,
        ...tables(),
        chart,
        content,
        connections: scrolled('Connections'),
        denials: scrolled('Denials'),
    };
    const back = el('p', { class: 'back' }, el('a', { href: '#/processes' }, '← All processes'));
    show(
        content,
        panel('About', parts.facts, el('p', {}, parts.history)),
        panel('Traffic, last five minutes', chart.node),
        panel('Remote addresses', parts.remotes.node),
        el('div', { class: 'pair' }, panel('Ports', parts.ports.node), panel('Denials', parts.denials)),
        panel('Connections', parts.connections),
    );
    show(root, back, parts.head, parts.other, content);
    return parts;
}

function update(parts, one) {
    const title = shortened(one.comm ?? 'process', 40);
    setText(parts.head.firstChild, title);
    document.title = `${title} · pinpipe`;
    parts.content.hidden = false;
    show(parts.other);
    show(parts.facts, ...facts(one));
    parts.history.href = address('history', undefined, { process: one.comm ?? '', by: 'remote' });
    parts.chart.set(one.series);
    parts.remotes.set(one.remote_list ?? []);
    parts.ports.set(one.ports ?? []);
    const latest = (list) => [...(list ?? [])].sort((a, b) => b.timestamp - a.timestamp);
    show(parts.connections, eventList(latest(one.connections), 'No connection was seen.'));
    show(parts.denials, eventList(latest(one.denials), 'It was denied nothing.'));
}

function notFound(error) {
    if (error.status !== 404) return failure(error);
    return el('div', { class: 'empty' }, el('p', {}, 'This process is not known, or has been forgotten.'));
}

export const process = {
    title: 'Process',
    under: 'processes',
    mount(root, { argument }) {
        const parts = build(root);
        const path = 'processes/' + encodeURIComponent(argument);
        const polling = poll(
            3000,
            async (signal) => update(parts, await api(path, signal)),
            tellIn(parts.other, notFound),
        );
        return () => (polling.stop(), parts.chart.destroy());
    },
};
