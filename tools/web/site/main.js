// Starts the page: what is around all pages, then the page that the address names.
import { signedOut } from './api.js';
import { setText } from './dom.js';
import { zone } from './format.js';
import { route } from './router.js';
import { startSignIn } from './signin.js';
import { startStatus } from './status.js';
import { startTheme } from './theme-button.js';
import { history } from './history.js';
import { live } from './live.js';
import { overview } from './overview.js';
import { policy } from './policy.js';
import { ports } from './ports.js';
import { process } from './process.js';
import { processes } from './processes.js';

const byId = (id) => document.getElementById(id);
const main = byId('main');
const view = document.createElement('div');
view.className = 'view';
main.replaceChildren(view);

setText(byId('zone'), zone());
startTheme(byId('theme'));
startSignIn({ main, view, signOutButton: byId('sign-out') });
startStatus({ pulse: byId('pulse'), loss: byId('loss'), banner: byId('banner') });
// '#main' would be taken for a page
byId('skip').addEventListener('click', (event) => (event.preventDefault(), main.focus()));
signedOut.watch((out) => (document.body.dataset.signedOut = String(out)));
route({ pages: { overview, live, processes, process, history, policy, ports }, root: view, links: document.querySelectorAll('nav a') });
