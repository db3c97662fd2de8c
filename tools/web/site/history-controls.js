// SPDX-License-Identifier: MIT
// The form with range and filters of the history page.
import { el } from './dom.js';
import { filters, fromField, kinds, presets, toField } from './range.js';

const labels = {
    from: 'From',
    to: 'To',
    by: 'Group by',
    process: 'Process',
    remote: 'Remote',
    port: 'Port',
    proto: 'Protocol',
};
const hints = { process: 'curl', remote: '10.0.0.0/8', port: '443 or 1-99', proto: 'tcp' };

function field(id, label, input) {
    input.id = 'history-' + id;
    return el('div', {}, el('label', { for: input.id }, label), input);
}

function presetButtons(now, change) {
    const current = now.until ? undefined : (now.since ?? '');
    return el(
        'div',
        { class: 'presets', role: 'group', 'aria-label': 'Range' },
        ...presets.map(([since, label]) =>
            el(
                'button',
                {
                    type: 'button',
                    id: 'range-' + since,
                    'aria-pressed': String(since === current),
                    onclick: () => change({ since, until: undefined }),
                },
                label,
            ),
        ),
    );
}

function inputs(now) {
    const option = ([name, label]) => el('option', { value: name, selected: name === now.by }, label);
    const typed = (name) =>
        el('input', {
            type: 'text',
            autocomplete: 'off',
            spellcheck: 'false',
            placeholder: hints[name],
            value: now[name] ?? '',
        });
    return {
        from: el('input', { type: 'datetime-local', step: 1 }),
        to: el('input', { type: 'datetime-local', step: 1 }),
        by: el('select', {}, ...kinds.map(option)),
        ...Object.fromEntries(filters.map((name) => [name, typed(name)])),
    };
}

export function historyControls(now, change) {
    const all = inputs(now);
    const { from, to, by } = all;
    const initial = { from: '', to: '' };
    function submit(event) {
        event.preventDefault();
        const chosen = Object.fromEntries(filters.map((name) => [name, all[name].value.trim()]));
        // If the fields are unchanged, keeps the preset, so that "1 hour" still means the last hour.
        const touched = from.value !== initial.from || to.value !== initial.to;
        change(touched ? { ...chosen, since: fromField(from.value), until: fromField(to.value) } : chosen);
    }
    function fill(answer) {
        from.value = toField(answer.since);
        to.value = toField(answer.until);
        Object.assign(initial, { from: from.value, to: to.value });
    }
    by.addEventListener('change', () => change({ by: by.value }));
    const fields = Object.entries(all).map(([name, input]) => field(name, labels[name], input));
    const apply = el('button', { type: 'submit', class: 'main-button' }, 'Apply');
    const node = el(
        'form',
        { class: 'history-form', onsubmit: submit },
        presetButtons(now, change),
        el('div', { class: 'controls' }, ...fields, apply),
    );
    return { node, fill };
}
