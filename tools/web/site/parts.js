// SPDX-License-Identifier: MIT
// Elements that several pages share.
import { ApiError } from './api.js';
import { el, fill, isolate } from './dom.js';
import { command } from './copy.js';
import { shortened } from './safe.js';
import { address } from './router.js';

export const heading = (text, ...more) =>
    el('div', { class: 'page-head' }, el('h1', { tabindex: -1 }, text), ...more);

let ids = 0;
export function panel(title, ...content) {
    const id = `panel-${++ids}`;
    return el('section', { class: 'panel', 'aria-labelledby': id }, el('h2', { id }, title), ...content);
}

// Explains why there is nothing to show, with the commands that change that.
export function empty(text, ...commands) {
    return el('div', { class: 'empty' }, el('p', {}, text), ...commands.map(command));
}

export function failure(error) {
    return el(
        'div',
        { class: 'empty', role: 'alert' },
        el('p', {}, `This could not be loaded: ${error.message}.`),
    );
}

// Returns a handler for the error of a request, which shows it in node; except a lost connection and a missing
// password, which the page shows in other places.
export function tellIn(node, describe = failure) {
    return (error) => {
        if (!(error instanceof ApiError)) throw error; // a bug in these pages: shown in the console
        if (error.status > 0 && error.status !== 401) fill(node, describe(error));
    };
}

export const processAddress = (one) => address('process', `${one.pid}-${one.start_time}`);

export function sentenceNodes(said) {
    return said.map((part) => (part.value === undefined ? part : isolate(part.value, { class: 'value' })));
}

export function name(text, length = 24) {
    return isolate(text === undefined ? '–' : shortened(text, length));
}

export function show(node, ...children) {
    return fill(node, ...children);
}
