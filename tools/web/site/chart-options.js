// SPDX-License-Identifier: MIT
// Options for uPlot: the theme's colours, axes with units, a cursor that can choose a range.
import { bytes } from './format.js';

// Steps of the value axis in powers of two, so that KiB and MiB come out round.
const steps = Array.from({ length: 50 }, (_, power) => 2 ** power);
const times = [
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    300,
    600,
    900,
    1800,
    3600,
    7200,
    10800,
    21600,
    43200,
    ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * 86400),
];

const two = (number) => String(number).padStart(2, '0');

// Labels of the time axis. The first label of a day also has the date, on a second line.
export function timeLabels(seconds, step) {
    let before;
    return seconds.map((second, index) => {
        const at = new Date(second * 1000);
        const date = `${two(at.getMonth() + 1)}-${two(at.getDate())}`;
        const other = before !== undefined && before !== date;
        const spans = index === 0 && new Date(seconds.at(-1) * 1000).toDateString() !== at.toDateString();
        before = date;
        if (step >= 86400) return date;
        const time =
            `${two(at.getHours())}:${two(at.getMinutes())}` + (step < 60 ? ':' + two(at.getSeconds()) : '');
        return other || spans ? time + '\n' + date : time;
    });
}

// The theme's colours, resolved, since a canvas cannot use CSS variables.
function colours(host) {
    const probe = host.appendChild(document.createElement('i'));
    const of = (name) => {
        probe.style.color = `var(--${name})`;
        return getComputedStyle(probe).color;
    };
    const names = ['line', 'muted', 'received', 'received-area', 'sent', 'sent-area'];
    const found = Object.fromEntries(names.map((name) => [name, of(name)]));
    probe.remove();
    return found;
}

function axes(colour, spansDays) {
    const axis = {
        stroke: colour.muted,
        font: '12px system-ui, sans-serif',
        grid: { stroke: colour.line, width: 1 },
    };
    const time = (plot, seconds, index, space, step) => timeLabels(seconds, step);
    const amount = (plot, values) => values.map((value) => (value ? bytes(value) + '/s' : '0'));
    return [
        { ...axis, ticks: { show: false }, incrs: times, values: time, space: 72, size: spansDays ? 40 : 26 },
        { ...axis, ticks: { show: false }, incrs: steps, values: amount, space: 34, size: 74 },
    ];
}

function series(stroke, fill) {
    return { width: 1.5, points: { show: false }, stroke, fill };
}

// moved() is called when the cursor moves; selected(plot), if given, after a range was chosen by dragging.
export function chartOptions({ host, width, height, spansDays, moved, selected }) {
    const colour = colours(host);
    return {
        width,
        height,
        padding: [10, 28, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, drag: { x: Boolean(selected), y: false, setScale: false } },
        scales: { y: { range: (plot, low, high) => [0, Math.max(1024, (high || 0) * 1.08)] } },
        series: [
            {},
            series(colour.received, colour['received-area']),
            series(colour.sent, colour['sent-area']),
        ],
        axes: axes(colour, spansDays),
        hooks: { setCursor: [moved], setSelect: selected ? [selected] : [] },
    };
}
