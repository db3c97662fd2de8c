// SPDX-License-Identifier: MIT
// Runs before the page is drawn, so that a chosen theme does not flash in after the other one.
'use strict';
{
    let chosen = null;
    try {
        chosen = localStorage.getItem('theme');
    } catch {
        // storage is blocked: the system's theme it is
    }
    if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
}
