// npm run site -- check [--screenshots FOLDER]: opens every page of the site in Debian's Chromium, and says what is wrong with it.
// Links to other sites are counted, not opened: no part of the check needs the network.
import '../scripts/check-node.mjs';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { installTools } from '../scripts/install-tools.mjs';
import { movedPages } from './side-bar.mjs';

const site = fileURLToPath(new URL('.', import.meta.url));
const output = join(site, 'dist', 'site');
const { values } = parseArgs({ options: { screenshots: { type: 'string' } } });

// The tools must be installed before the build, because it sets NODE_ENV to "production": npm would then leave these
// tools out.
installTools(join(site, '..', 'tests', 'browser'));
await import('./build.mjs');
const { findViolations, startBrowser } = await import('../tests/browser/browser.mjs');
const { serve } = await import('vitepress');

/**
 * The ways in which each page is opened. 360 CSS pixels are a small phone. axe runs in two of them, which cover both
 * layouts and both color schemes.
 */
const views = [
  { name: 'wide-light', width: 1440, colorScheme: 'light', axe: true },
  { name: 'wide-dark', width: 1440, colorScheme: 'dark', axe: false },
  { name: 'narrow-light', width: 360, colorScheme: 'light', axe: false },
  { name: 'narrow-dark', width: 360, colorScheme: 'dark', axe: true },
];
const pages = listPages('').sort();
const faults = [];
/** For each page, the ids that a link can lead to. */
const anchors = new Map();
const links = [];
const outside = new Set();

const server = await serve({ base: '/', root: site, port: 0 });
const origin = `http://localhost:${server.server.address().port}`;
const browser = await startBrowser();
try {
  for (const view of views) await lookAtPages(view);
  compareLinks();
  await followOldAddresses();
  await searchFor('pin_expired', '/errors');
} finally {
  await browser.close();
  server.server.close();
  server.server.closeAllConnections();
}
for (const fault of faults) console.error(fault);
console.log(
  `${pages.length} pages in ${views.length} views, ${links.length} links among them, ${Object.keys(movedPages).length} old addresses: ${faults.length} faults. ${outside.size} addresses of other sites were not opened.`,
);
process.exitCode = faults.length === 0 ? 0 : 1;

/** The addresses of all pages. The page for unknown addresses is opened like the others. */
function listPages(folder) {
  return readdirSync(join(output, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return listPages(path);
    if (!path.endsWith('.html') || Object.hasOwn(movedPages, path.slice(1, -'.html'.length))) return [];
    return [path.slice(0, -'.html'.length).replace(/\/index$/, '/')];
  });
}

async function lookAtPages(view) {
  const context = await browser.newContext({
    viewport: { width: view.width, height: 900 },
    colorScheme: view.colorScheme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  // Long enough for a machine that is busy with other work. A page that hangs still ends the check.
  page.setDefaultTimeout(180_000);
  let address = '';
  const report = (fault) => faults.push(`${address} (${view.name}): ${fault}`);
  page.on('pageerror', (error) => report(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') report(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(origin)) report(`it asks for ${request.url()}`);
  });
  for (address of pages) {
    await openPage(page, address);
    if (view.axe) for (const violation of await findViolations(page)) report(violation);
    const tooWide = await page.evaluate(findWideElements);
    if (tooWide.length > 0) report(`wider than the window: ${tooWide.join(', ')}`);
    if (view === views[0]) {
      const cut = await page.locator('table').evaluateAll(listCutTables);
      if (cut.length > 0) report(`tables without room: ${cut.join(', ')}`);
      await readLinks(page, address);
    }
    if (values.screenshots !== undefined) await takePicture(page, address, view);
  }
  await context.close();
}

/** Opens a page, and waits until its scripts have taken it over. */
async function openPage(page, address) {
  await page.goto(`${origin}${address}`);
  await page.waitForFunction(() => document.querySelector('#app')?.__vue_app__ !== undefined);
}

/**
 * Runs in the page: finds the elements that make the reader scroll sideways. Code and tables have scroll bars of their
 * own.
 */
function findWideElements() {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return [];
  return [...document.querySelectorAll('main *')]
    .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
    .slice(0, 3)
    .map((element) => element.outerHTML.slice(0, 80));
}

/** Runs in the page: the beginnings of tables that are wider than their place. */
function listCutTables(tables) {
  return tables
    .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth)
    .map(({ innerText }) => innerText.slice(0, 60));
}

async function readLinks(page, address) {
  const found = await page.evaluate(() => ({
    ids: [...document.querySelectorAll('[id]')].map(({ id }) => id),
    hrefs: [...document.querySelectorAll('a[href]')].map(({ href }) => href),
  }));
  anchors.set(address, new Set(found.ids));
  for (const href of found.hrefs) {
    if (href.startsWith(`${origin}/`)) links.push({ from: address, to: new URL(href) });
    else if (/^https?:/.test(href)) outside.add(href);
  }
}

function compareLinks() {
  for (const { from, to } of links) {
    const ids = anchors.get(to.pathname) ?? anchors.get(`${to.pathname}/`);
    const anchor = decodeURIComponent(to.hash.slice(1));
    if (ids === undefined) faults.push(`${from}: its link to ${to.pathname} leads to no page`);
    else if (anchor !== '' && !ids.has(anchor)) faults.push(`${from}: ${to.pathname} has no heading ${to.hash}`);
  }
}

async function followOldAddresses() {
  const page = await browser.newPage();
  for (const [from, to] of Object.entries(movedPages)) {
    await page.goto(`${origin}/${from}.html`);
    const wanted = `/${to.replace(/index$/, '')}`;
    await page
      .waitForURL((url) => url.pathname === wanted, { timeout: 10_000 })
      .catch(() => faults.push(`/${from}: the old address leads to ${new URL(page.url()).pathname}, not to ${wanted}`));
  }
  await page.close();
}

/**
 * Types a word like a reader, and checks that the first result leads to the page that explains it. axe doesn't check
 * the open search box: it is VitePress's own, and has two violations (nested-interactive, label-content-name-mismatch)
 * that a theme can't fix.
 */
async function searchFor(word, wanted) {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await openPage(page, '/');
  await page.keyboard.press('Control+k');
  await page.getByRole('searchbox').fill(word);
  const result = page.locator('#localsearch-list a').first();
  const href = await result.getAttribute('href', { timeout: 10_000 }).catch(() => null);
  if (href?.split('#')[0] !== wanted)
    faults.push(`Search for "${word}" leads to ${href ?? 'nothing'}, not to ${wanted}`);
  await page.close();
}

async function takePicture(page, address, view) {
  mkdirSync(values.screenshots, { recursive: true });
  const name = address.replaceAll('/', '-').replace(/^-|-$/g, '') || 'index';
  await page.screenshot({ path: join(values.screenshots, `${name}-${view.name}.png`) });
}
