// SPDX-License-Identifier: MIT
// Makes text from outside visible. It always goes into a text node, so it cannot be markup: this is about characters
// that a person would not see, or that would change the direction of the text around them.

// C0, DEL, C1, soft hyphen, zero width, direction marks, line separators, fillers, tags, lone surrogates.
const unseen = new RegExp(
    '[\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f\\u200b-\\u200f' +
        '\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb\\u{e0000}-\\u{e0fff}\\p{Cs}]',
    'gu',
);
// Combining marks after the second on a letter: more of them run into the lines above and below.
const piled = /(\p{M}{2})\p{M}+/gu;

function escape(character) {
    const code = character.codePointAt(0);
    if (code <= 0xff) return '\\x' + code.toString(16).padStart(2, '0');
    return '\\u{' + code.toString(16) + '}';
}

export function shown(value) {
    return String(value).replace(unseen, escape).replace(piled, '$1…');
}

// Leaves out the middle of a long text, which says least.
export function shortened(value, length = 60) {
    const letters = [...shown(value)];
    if (letters.length <= length) return letters.join('');
    const end = Math.floor((length - 1) / 2);
    return letters.slice(0, length - 1 - end).join('') + '…' + letters.slice(-end).join('');
}
