// SPDX-License-Identifier: MIT
// The sign-in form, shown instead of the page while the server wants a password.
import { signIn, signOut, signedOut } from './api.js';
import { el, setText } from './dom.js';

const mark = 'signed-in'; // scripts cannot see the cookie; this only decides whether to show the button

function remember(value) {
    try {
        if (value) localStorage.setItem(mark, '1');
        else localStorage.removeItem(mark);
    } catch {
        // storage is blocked: after a reload there is no button to sign out
    }
}

function remembered() {
    try {
        return localStorage.getItem(mark) === '1';
    } catch {
        return false;
    }
}

function messageFor(error) {
    if (error.status === 401) return 'That is not the password.';
    if (error.status === 429)
        return `Too many attempts: try again in ${error.retryAfter || 'a few'} seconds.`;
    return `Cannot sign in: ${error.message}.`;
}

const purpose = 'The password is the one for viewing, in the file that ebpf-web was started with.';

function passwordField() {
    const described = { 'aria-describedby': 'sign-in-message', autocomplete: 'current-password' };
    return el('input', { id: 'password', type: 'password', required: true, ...described });
}

function form(done) {
    const field = passwordField();
    const message = el('p', { id: 'sign-in-message', class: 'form-message', role: 'alert' });
    const button = el('button', { type: 'submit', class: 'main-button' }, 'Sign in');
    async function submit(event) {
        event.preventDefault();
        button.disabled = true;
        try {
            await signIn(field.value);
            field.value = '';
            setText(message, '');
            done();
        } catch (error) {
            setText(message, messageFor(error));
            field.select();
        }
        button.disabled = false;
    }
    const label = el('label', { for: 'password' }, 'Password');
    const node = el('form', { class: 'sign-in', onsubmit: submit, hidden: true });
    node.append(el('h1', {}, 'Sign in'), el('p', { class: 'muted' }, purpose), label, field, message, button);
    return { node, field };
}

export function startSignIn({ main, view, signOutButton }) {
    const { node, field } = form(() => {
        remember(true);
        signOutButton.hidden = false;
        view.querySelector('h1')?.focus();
    });
    main.append(node);
    signOutButton.hidden = !remembered();
    signOutButton.addEventListener('click', () => signOut().catch(() => {}));
    signedOut.watch((out) => {
        node.hidden = !out;
        view.hidden = out;
        if (!out) return;
        remember(false);
        signOutButton.hidden = true;
        field.focus();
    });
}
