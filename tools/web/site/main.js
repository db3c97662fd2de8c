// SPDX-License-Identifier: MIT
// Starts the site: the parts around all pages, then the page that the URL names.
import { signedOut } from './api.js';
import { el, setText } from './dom.js';
import { zone } from './format.js';
import { route } from './router.js';
import { startSignIn } from './signin.js';
import { startStatus } from './status.js';
import { startTheme } from './theme-button.js';
import { overview } from './overview.js';

// Modules are fetched when a page is opened, and in any case shortly after the first page, so that others open at once.
const pages = {
    overview: async () => overview,
    live: async () => (await import('./live.js')).live,
    processes: async () => (await import('./processes.js')).processes,
    process: async () => (await import('./process.js')).process,
    history: async () => (await import('./history.js')).history,
    policy: async () => (await import('./policy.js')).policy,
    ports: async () => (await import('./ports.js')).ports,
};

const byId = (id) => document.getElementById(id);
const main = byId('main');
const view = document.createElement('div');
view.className = 'view';
main.replaceChildren(view);

setText(byId('zone'), zone());
startTheme(byId('theme'));
startSignIn({ main, view, signOutButton: byId('sign-out') });
startStatus({ pulse: byId('pulse'), loss: byId('loss'), banner: byId('banner') });
// the router would take '#main' for a page
byId('skip').addEventListener('click', (event) => (event.preventDefault(), main.focus()));
signedOut.watch((out) => (document.body.dataset.signedOut = String(out)));
route({
    pages,
    root: view,
    links: document.querySelectorAll('nav a'),
    failed: (node) =>
        void node.append(
            el('p', { role: 'alert' }, 'This page could not be fetched: the server does not answer.'),
        ),
});
setTimeout(() => Object.values(pages).forEach((load) => load().catch(() => {})), 1500);
