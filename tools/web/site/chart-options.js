// How uPlot is to draw: colours of the theme, axes with units, a cursor that can choose a range.
import { bytes } from './format.js';

// Steps of the value axis in powers of two, so that KiB and MiB come out round.
const steps = Array.from({ length: 50 }, (_, power) => 2 ** power);
const clockFormat = [
    [86400, '{YYYY}-{MM}-{DD}', null, null, null, null, null, null, 1],
    [3600, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
    [60, '{HH}:{mm}', '\n{YYYY}-{MM}-{DD}', null, '\n{MM}-{DD}', null, null, null, 1],
    [1, '{HH}:{mm}:{ss}', null, null, null, null, null, null, 1],
];

// As the theme resolves them: a canvas knows no variables.
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

export function chartOptions({ host, width, height, moved, selected }) {
    const colour = colours(host);
    const axis = { stroke: colour.muted, font: '12px system-ui, sans-serif', grid: { stroke: colour.line, width: 1 }, ticks: { show: false } };
    const line = { width: 1.5, points: { show: false } };
    return {
        width,
        height,
        padding: [10, 8, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { size: 7 }, drag: { x: Boolean(selected), y: false, setScale: false } },
        scales: { y: { range: (plot, low, high) => [0, Math.max(1024, (high || 0) * 1.08)] } },
        series: [{}, { ...line, stroke: colour.received, fill: colour['received-area'] }, { ...line, stroke: colour.sent, fill: colour['sent-area'] }],
        axes: [
            { ...axis, values: clockFormat, space: 72, size: 34 },
            { ...axis, incrs: steps, space: 34, size: 74, values: (plot, values) => values.map((value) => (value ? bytes(value) + '/s' : '0')) },
        ],
        hooks: { setCursor: [moved], setSelect: selected ? [selected] : [] },
    };
}
