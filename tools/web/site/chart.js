// SPDX-License-Identifier: MIT
// Received and sent bytes over time, drawn by uPlot. The legend shows the values at the pointer, which arrow keys move
// too. With zoom, dragging chooses a range.
/* global uPlot */
import { clock, dateTime, rate } from './format.js';
import { el, setText } from './dom.js';
import { chartOptions } from './chart-options.js';
import { theme } from './theme-button.js';

function legendItem(kind, name) {
    const value = el('b', { class: 'legend-value' });
    return {
        value,
        node: el(
            'span',
            { class: 'legend-item' },
            el('span', { class: 'swatch ' + kind, 'aria-hidden': 'true' }),
            name,
            ' ',
            value,
        ),
    };
}

function skeleton(label) {
    const received = legendItem('received', 'Received');
    const sent = legendItem('sent', 'Sent');
    const time = el('span', { class: 'legend-time muted' });
    const canvas = el('div', {
        class: 'chart-canvas',
        tabindex: 0,
        role: 'slider',
        'aria-label': label,
        'aria-valuemin': 0,
        'aria-valuemax': 0,
        'aria-valuenow': 0,
    });
    const node = el(
        'div',
        { class: 'chart' },
        el('div', { class: 'legend' }, received.node, sent.node, time),
        canvas,
    );
    return { node, canvas, received: received.value, sent: sent.value, time };
}

// The series as uPlot takes it: columns of seconds and of the average rate of each step. Of the first and last step
// only the part within the range counts. Rates are null before the range; without a step there are no columns.
export function columns(series, { since = -Infinity, until = Infinity } = {}) {
    const { step_ms: step, start, bytes_sent: sent = [], bytes_received: received = [] } = series ?? {};
    if (!(step > 0) || !Number.isFinite(start)) return [[], [], []];
    const length = Math.max(sent.length, received.length);
    const covered = (from) => Math.max(1000, Math.min(from + step, until) - Math.max(from, since));
    const perSecond = (value, index) =>
        Number.isFinite(value) && start + (index + 1) * step > since
            ? (value * 1000) / covered(start + index * step)
            : null;
    const at = (values) => Array.from({ length }, (_, index) => perSecond(values[index], index));
    return [Array.from({ length }, (_, index) => (start + index * step) / 1000), at(received), at(sent)];
}

export class TrafficChart {
    #parts;
    #data = [[], [], []];
    #plot;
    #zoom;
    #stop;
    #days = false;

    constructor({ label, zoom }) {
        this.#parts = skeleton(label);
        this.#zoom = zoom;
        this.node = this.#parts.node;
        const resize = new ResizeObserver(() => this.#resize());
        resize.observe(this.#parts.canvas);
        const unwatch = theme.watch(() => this.#draw());
        this.#stop = () => (resize.disconnect(), unwatch(), this.#plot?.destroy());
        this.#parts.canvas.addEventListener('keydown', (event) => this.#key(event));
    }

    set(series, range) {
        this.#data = columns(series, range);
        const times = this.#data[0];
        const days =
            times.length > 1 &&
            new Date(times[0] * 1000).toDateString() !== new Date(times.at(-1) * 1000).toDateString();
        this.#parts.canvas.setAttribute('aria-valuemax', Math.max(0, times.length - 1));
        if (this.#plot && days === this.#days) this.#plot.setData(this.#data);
        else ((this.#days = days), this.#draw());
        this.#tell();
    }

    destroy() {
        this.#stop();
    }

    #size() {
        const { clientWidth, clientHeight } = this.#parts.canvas;
        return { width: Math.max(160, clientWidth), height: Math.max(120, clientHeight) };
    }

    #resize() {
        if (this.#plot) this.#plot.setSize(this.#size());
        else this.#draw();
    }

    // Makes a new plot, since a canvas does not follow a change of the theme's colours.
    #draw() {
        this.#plot?.destroy();
        this.#plot = undefined;
        if (!this.#parts.canvas.clientWidth || !this.#data[0].length) return;
        const moved = () => this.#tell();
        this.#plot = new uPlot(
            chartOptions({
                host: this.#parts.canvas,
                ...this.#size(),
                spansDays: this.#days,
                moved,
                selected: this.#zoom && ((plot) => this.#selected(plot)),
            }),
            this.#data,
            this.#parts.canvas,
        );
        this.#plot.root.setAttribute('aria-hidden', 'true');
    }

    #selected(plot) {
        const { left, width } = plot.select;
        if (width < 4) return;
        const [from, to] = [left, left + width].map((x) => Math.round(plot.posToVal(x, 'x') * 1000));
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        this.#zoom(from, to);
    }

    #key(event) {
        const last = this.#data[0].length - 1;
        const index = this.#plot?.cursor.idx ?? last;
        const to = {
            ArrowLeft: index - 1,
            ArrowDown: index - 1,
            ArrowRight: index + 1,
            ArrowUp: index + 1,
            Home: 0,
            End: last,
        }[event.key];
        if (to === undefined || !this.#plot) return;
        event.preventDefault();
        const left = this.#plot.valToPos(this.#data[0][Math.min(last, Math.max(0, to))], 'x');
        this.#plot.setCursor({ left, top: 10 });
    }

    #tell() {
        const [times, received, sent] = this.#data;
        const chosen = this.#plot?.cursor.idx;
        const index = chosen ?? times.length - 1;
        const { canvas, ...parts } = this.#parts;
        const time = times.length ? (this.#days ? dateTime : clock)(times[index] * 1000) : '';
        setText(parts.received, rate(received[index]));
        setText(parts.sent, rate(sent[index]));
        setText(parts.time, time);
        canvas.setAttribute('aria-valuenow', Math.max(0, index));
        canvas.setAttribute(
            'aria-valuetext',
            times.length
                ? `${time}: ${rate(received[index])} received, ${rate(sent[index])} sent`
                : 'no data',
        );
    }
}
