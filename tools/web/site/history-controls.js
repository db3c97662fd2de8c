// Range and filters of the history page.
import { el } from './dom.js';
import { filters, fromField, kinds, presets, toField } from './range.js';

const labels = { process: 'Process', remote: 'Remote', port: 'Port', proto: 'Protocol' };
const hints = { process: 'curl', remote: '192.0.2.0/24', port: '443 or 1-1023', proto: 'tcp' };

function field(id, label, input) {
    input.id = 'history-' + id;
    return el('div', {}, el('label', { for: input.id }, label), input);
}

function presetButtons(now, change) {
    const current = now.until ? undefined : (now.since ?? '');
    return el('div', { class: 'presets', role: 'group', 'aria-label': 'Range' }, ...presets.map(([since, label]) =>
        el('button', { type: 'button', id: 'range-' + since, 'aria-pressed': String(since === current), onclick: () => change({ since, until: undefined }) }, label)));
}

export function historyControls(now, change) {
    const from = el('input', { type: 'datetime-local', step: 1 });
    const to = el('input', { type: 'datetime-local', step: 1 });
    const by = el('select', {}, ...kinds.map(([name, label]) => el('option', { value: name, selected: name === now.by }, label)));
    const texts = Object.fromEntries(filters.map((name) => [name, el('input', { type: 'text', autocomplete: 'off', spellcheck: 'false', placeholder: hints[name], value: now[name] ?? '' })]));
    const initial = { from: '', to: '' };
    by.addEventListener('change', () => change({ by: by.value }));

    function submit(event) {
        event.preventDefault();
        const chosen = Object.fromEntries(filters.map((name) => [name, texts[name].value.trim()]));
        // an untouched range stays what it was: "1 hour" goes on meaning the last one
        const ranged = from.value !== initial.from || to.value !== initial.to;
        change({ ...chosen, ...(ranged ? { since: fromField(from.value), until: fromField(to.value) } : {}) });
    }

    const node = el('form', { class: 'history-form', onsubmit: submit }, presetButtons(now, change),
        el('div', { class: 'controls' }, field('from', 'From', from), field('to', 'To', to), field('by', 'Group by', by),
            ...filters.map((name) => field(name, labels[name], texts[name])), el('button', { type: 'submit', class: 'main-button' }, 'Apply')));
    function fill(answer) {
        from.value = initial.from = toField(answer.since);
        to.value = initial.to = toField(answer.until);
        initial.from = from.value;
        initial.to = to.value;
    }
    return { node, fill };
}
