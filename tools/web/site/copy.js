// SPDX-License-Identifier: MIT
// A command to copy. These pages never run commands.
import { el, setText } from './dom.js';
import { shown } from './safe.js';

export function command(text) {
    const code = el('code', {}, shown(text));
    // Hidden characters cannot be copied safely: pasted, a line break would run half of the command.
    if (shown(text) !== text)
        return el(
            'span',
            { class: 'command' },
            code,
            el(
                'span',
                { class: 'muted' },
                'The name holds characters that cannot be copied: allow its path.',
            ),
        );
    const button = el(
        'button',
        { type: 'button', class: 'copy', 'aria-label': 'Copy: ' + shown(text) },
        'Copy',
    );
    button.addEventListener('click', async () => {
        const done = await copy(text, code);
        setText(button, done ? 'Copied' : 'Selected');
        setTimeout(() => setText(button, 'Copy'), 2000);
    });
    return el('span', { class: 'command' }, code, button);
}

// Copies text. Without TLS and not on localhost there is no clipboard: then selects the node and returns false.
async function copy(text, node) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        getSelection().selectAllChildren(node);
        return false;
    }
}
