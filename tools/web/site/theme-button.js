// SPDX-License-Identifier: MIT
// The button that switches between light and dark. Until it is used, the page follows the system's setting.
import { Signal } from './signal.js';

const system = matchMedia('(prefers-color-scheme: dark)');
const current = () => document.documentElement.dataset.theme ?? (system.matches ? 'dark' : 'light');

export const theme = new Signal(current());

export function startTheme(button) {
    theme.watch((name) => button.setAttribute('aria-pressed', String(name === 'dark')));
    system.addEventListener('change', () => theme.set(current()));
    button.addEventListener('click', () => {
        const name = current() === 'dark' ? 'light' : 'dark';
        document.documentElement.dataset.theme = name;
        try {
            localStorage.setItem('theme', name);
        } catch {
            // storage is blocked: the choice lasts until a reload
        }
        theme.set(name);
    });
}
