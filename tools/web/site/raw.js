// SPDX-License-Identifier: MIT
// The panel with the JSON of an event.
import { el, setText } from './dom.js';
import { rawText } from './sentences.js';

export function rawPanel(closed) {
    const text = el('pre', { tabindex: 0, 'aria-label': 'The event as JSON' });
    const node = el('section', { class: 'raw', 'aria-labelledby': 'raw-title', hidden: true });
    const write = () => navigator.clipboard?.writeText(text.textContent).catch(() => {});
    const copy = el('button', { type: 'button', onclick: write }, 'Copy');
    const close = () => {
        if (node.hidden) return;
        const focused = node.contains(document.activeElement);
        node.hidden = true;
        if (focused) closed();
    };
    const shut = el('button', { type: 'button', onclick: close }, 'Close');
    node.append(
        el('div', { class: 'raw-head' }, el('h2', { id: 'raw-title' }, 'Raw JSON'), copy, shut),
        text,
    );
    node.addEventListener('keydown', (event) => event.key === 'Escape' && close());
    function open(entry, focus) {
        node.hidden = false;
        setText(
            text,
            entry.line === undefined ? 'No event: what should be here did not arrive.' : rawText(entry.line),
        );
        if (focus) text.focus();
    }
    return { node, open, close };
}
