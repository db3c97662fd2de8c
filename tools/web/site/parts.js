// Pieces that several pages share.
import { el, fill, isolate } from './dom.js';
import { command } from './copy.js';
import { shortened } from './safe.js';
import { describe } from './sentences.js';
import { clock } from './format.js';
import { address } from './router.js';

export const heading = (text, ...more) => el('div', { class: 'page-head' }, el('h1', { tabindex: -1 }, text), ...more);

let ids = 0;
export function panel(title, ...content) {
    const id = `panel-${++ids}`;
    return el('section', { class: 'panel', 'aria-labelledby': id }, el('h2', { id }, title), ...content);
}

// Says what is missing, and the command that brings it.
export function empty(text, ...commands) {
    return el('div', { class: 'empty' }, el('p', {}, text), ...commands.map(command));
}

export function failure(error) {
    return el('div', { class: 'empty', role: 'alert' }, el('p', {}, `This could not be loaded: ${error.message}.`));
}

export const processAddress = (one) => address('process', `${one.pid}-${one.start_time}`);

export function sentenceNodes(said) {
    return said.map((part) => (part.value === undefined ? part : isolate(part.value, { class: 'value' })));
}

// Events as a short list with their times.
export function eventList(events, none) {
    if (!events?.length) return el('p', { class: 'muted' }, none);
    const items = events.map((event) => {
        const { said, more, tone } = describe(event);
        return el('li', { 'data-tone': tone }, el('time', {}, clock(event.timestamp)), el('span', {}, ...sentenceNodes(said), more && el('small', {}, ' ', more)));
    });
    return el('ul', { class: 'events' }, ...items);
}

export function name(text, length = 24) {
    return isolate(text === undefined ? '–' : shortened(text, length));
}

export function show(node, ...children) {
    return fill(node, ...children);
}
