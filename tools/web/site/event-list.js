// SPDX-License-Identifier: MIT
// A short list of events, as sentences.
import { el } from './dom.js';
import { clock } from './format.js';
import { sentenceNodes } from './parts.js';
import { describe } from './sentences.js';

export function eventList(events, none) {
    if (!events?.length) return el('p', { class: 'muted' }, none);
    const items = events.map((event) => {
        const { said, more, tone } = describe(event);
        return el(
            'li',
            { 'data-tone': tone },
            el('time', {}, clock(event.timestamp)),
            el('span', {}, ...sentenceNodes(said), more && el('small', {}, ' ', more)),
        );
    });
    return el('ul', { class: 'events' }, ...items);
}
