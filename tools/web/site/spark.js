// SPDX-License-Identifier: MIT
// A small line chart of the last minute. Hidden from screen readers, since the numbers beside it say the same.

const space = 'http://www.w3.org/2000/svg';
const width = 96;
const height = 20;

function shape(name, attributes) {
    const node = document.createElementNS(space, name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    return node;
}

export function sparkline() {
    const svg = shape('svg', {
        class: 'spark',
        viewBox: `0 0 ${width} ${height}`,
        width,
        height,
        'aria-hidden': 'true',
        focusable: 'false',
    });
    svg.append(shape('path', { class: 'spark-area' }), shape('path', { class: 'spark-line' }));
    return svg;
}

export function drawSpark(svg, values) {
    const numbers = Array.isArray(values) ? values.map((value) => (Number.isFinite(value) ? value : 0)) : [];
    const [area, line] = svg.children;
    const top = Math.max(1, ...numbers);
    const step = width / Math.max(1, numbers.length - 1);
    const points = numbers.map(
        (value, index) =>
            `${(index * step).toFixed(1)} ${(height - 1.5 - (value / top) * (height - 4)).toFixed(1)}`,
    );
    line.setAttribute('d', points.length ? 'M' + points.join('L') : '');
    area.setAttribute('d', points.length ? `M0 ${height}L${points.join('L')}L${width} ${height}Z` : '');
}
