// SPDX-License-Identifier: MIT
// Sets a chosen theme before the page is drawn, so that the other theme does not flash first.
'use strict';
{
    let chosen = null;
    try {
        chosen = localStorage.getItem('theme');
    } catch {
        // storage is blocked: the system's theme is used
    }
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}
