// SPDX-License-Identifier: MIT
// What the site's sources must never contain.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { root } from './support.js';

const site = path.join(root, 'tools/web/site');
const files = readdirSync(site);
const text = (name) => readFileSync(path.join(site, name), 'utf8');
const own = files.filter((name) => name.endsWith('.js') && !name.startsWith('uPlot'));
const allowed = /^(http:\/\/(www\.w3\.org\/|127\.0\.0\.1)|https:\/\/github\.com\/leeoniya\/uPlot$)/; // names of formats, this machine, a comment of uPlot's

test('text never becomes markup or code', () => {
    for (const name of own)
        assert.doesNotMatch(
            text(name),
            /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc|createContextualFragment|DOMParser|setHTMLUnsafe/,
            name,
        );
});

test('nothing comes from elsewhere', () => {
    for (const name of files.filter((one) => /\.(js|css|html|svg)$/.test(one))) {
        const found = (text(name).match(/https?:\/\/[^\s'"`)<]*/g) ?? []).filter((url) => !allowed.test(url));
        assert.deepEqual(found, [], name);
    }
});

test('no script or style within the markup', () => {
    const html = text('index.html');
    assert.doesNotMatch(html, /\sstyle=|\son[a-z]+=|<style/);
    assert.doesNotMatch(html, /<script>|<script[^>]*>[^<]/);
});

// The modules that a module imports, directly or through others.
function needed(name, found = new Set()) {
    if (found.has(name)) return found;
    found.add(name);
    for (const [, other] of text(name).matchAll(/from '\.\/([^']+)'/g)) needed(other, found);
    return found;
}

test('what the first page needs is asked for at once, and no more', () => {
    const preloaded = [...text('index.html').matchAll(/modulepreload" href="([^"]+)"/g)].map(
        (match) => match[1],
    );
    assert.deepEqual(preloaded.sort(), [...needed('main.js')].filter((name) => name !== 'main.js').sort());
});

test('every file that is named is there, and every file is named', () => {
    const named = new Set(
        [...text('index.html').matchAll(/(?:href|src)="([^"#]+)"/g)].map((match) => match[1]),
    );
    for (const name of own)
        for (const [, other] of text(name).matchAll(/(?:from |import\()'\.\/([^']+)'/g)) named.add(other);
    assert.deepEqual(
        [...named].sort(),
        files.sort().filter((name) => name !== 'index.html'),
    );
});

test('modules are small', () => {
    for (const name of own) assert.ok(text(name).split('\n').length <= 250, name);
});
