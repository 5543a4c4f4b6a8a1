// Tests every view in both themes and in narrow and wide windows. axe must find nothing, nothing may be wider than the
// window, the page must send no request to another host, and the content security policy must stop nothing.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { startInspector } from '../../packages/certgate/dist/esm/inspector/inspector.js';
import { startInspectedApp } from './inspected-app.mjs';
import { findViolations, openPage, startBrowser } from './browser.mjs';
import { createSampleDocument } from './sample-document.mjs';
import { fillView } from './views.mjs';

let browser;
let inspected;
before(async () => {
  [browser, inspected] = await Promise.all([startBrowser(), startInspectedApp()]);
});
after(async () => {
  await browser?.close();
  await inspected?.close();
});

async function expectGood(opened, { url }) {
  assert.deepEqual(await findViolations(opened.page), []);
  assert.deepEqual(opened.faults, []);
  assert.deepEqual(
    opened.requests.filter((request) => !request.startsWith(url) && !request.startsWith('data:')),
    [],
  );
  await expectNoScrolling(opened.page);
}

async function expectNoScrolling(page) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${content} px in a window of ${window} px`);
  // Only the views scroll, never the window.
  const [height, windowHeight] = await page.evaluate(() => [document.documentElement.scrollHeight, innerHeight]);
  assert.ok(height <= windowHeight, `${height} px high in a window of ${windowHeight} px`);
}

/**
 * Checks the open page in both themes, which differ only in their colors, and in the widest window. There, the page has
 * the same rules as at 1440 px, so only its size can differ.
 */
async function expectGoodInBothThemes(opened, width) {
  const backgrounds = new Set();
  for (const colorScheme of ['light', 'dark']) {
    await opened.page.emulateMedia({ colorScheme });
    backgrounds.add(await readBackground(opened.page));
    await expectGood(opened, inspected);
  }
  assert.equal(backgrounds.size, 2, 'The page has only one theme.');
  if (width !== 1440) return;
  await opened.page.setViewportSize({ width: 1920, height: 800 });
  await expectNoScrolling(opened.page);
  await opened.page.setViewportSize({ width, height: 800 });
}

function readBackground(page) {
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

for (const width of [360, 768, 1440]) {
  describe(`in a window of ${width} px`, () => {
    for (const view of ['try', 'live', 'trust', 'certificate']) {
      it(`${view} is good in both themes, empty and with content`, async () => {
        const opened = await openPage(browser, inspected, { width, height: 800, view });
        await opened.page.locator('.view:not([hidden])').waitFor();
        await expectGoodInBothThemes(opened, width);
        await fillView(opened.page, view, inspected);
        await expectGoodInBothThemes(opened, width);
        await opened.close();
      });
    }
  });
}

it('the user can choose the theme, and the page keeps it', async () => {
  const { page, close } = await openPage(browser, inspected, { colorScheme: 'light' });
  const light = await readBackground(page);
  for (const [name, isLight] of [
    ['light', true],
    ['dark', false],
  ]) {
    await page.getByRole('button', { name: /^Theme/ }).click();
    await page.locator(`html[data-theme=${name}]`).waitFor();
    assert.equal((await readBackground(page)) === light, isLight, name);
  }
  await page.reload();
  await page.locator('html[data-theme=dark]').waitFor();
  await close();
});

it('a document without an app has its own views, and the first of them is open', async () => {
  const sample = createSampleDocument();
  const viewer = await startInspector({ subject: { store: sample.path } });
  const [url, token] = viewer.url.split('#token=');
  const opened = await openPage(browser, { url, token });
  const { page } = opened;
  await page.locator('.time-line .time-row').first().waitFor();
  assert.deepEqual(await page.getByRole('tab').allInnerTexts(), ['Trust', 'Certificate']);
  await page.getByText('trust revision 28').waitFor();
  await expectGood(opened, { url });

  const row = (name) => page.locator('tbody', { hasText: name });
  const tone = (name) => row(name).locator('.gap-note').getAttribute('class');
  assert.equal(await row('billing').locator('.window.ending').count(), 0);
  assert.equal(await row('warehouse').locator('.window.ending').count(), 1);
  assert.match(await tone('warehouse'), /soon/);
  // `partner-orders` ends in ten years, together with its authority.
  assert.doesNotMatch(await tone('partner-orders'), /soon/);
  assert.equal(await row('partner-portal').locator('.gap-note').count(), 2);

  for (const width of [360, 768, 1440]) {
    await page.setViewportSize({ width, height: 800 });
    const dates = await page.locator('.axis text').evaluateAll(findVisibleEdges);
    assert.ok(dates.length >= 3, `${dates.length} dates at ${width} px`);
    for (const [index, [left, right]] of dates.entries()) {
      assert.ok(left >= 0 && right <= width, `A date is cut at ${width} px: ${left} to ${right}`);
      assert.ok(index === 0 || left > dates[index - 1][1], `Two dates touch at ${left} px of ${width}`);
    }
  }

  writeFileSync(sample.path, JSON.stringify({ schemaVersion: 1, revision: 29, identities: [] }));
  await page.getByText('trust revision 29').waitFor();
  await page.getByText('The document lists no identity').waitFor();

  const odd = { name: 'שלום עולם', owner: 'مرحبا بالعالم', roles: [], pins: [] };
  const long = { name: 'n'.repeat(120), owner: 'o'.repeat(150), roles: ['r'.repeat(120)], pins: [] };
  writeFileSync(sample.path, JSON.stringify({ schemaVersion: 1, revision: 30, identities: [odd, long] }));
  await page.setViewportSize({ width: 390, height: 800 });
  await page.getByText('trust revision 30').waitFor();
  await page.getByText(odd.name, { exact: true }).waitFor();
  const isInside = await page.locator('.view:not([hidden])').evaluate((view) => view.scrollWidth <= view.clientWidth);
  assert.ok(isInside, 'A long name is wider than the view.');
  // The name stays left of the owner, even if both are written from right to left.
  const [name, owner] = await row(odd.name).locator('.time-name, .time-owner').evaluateAll(findLeft);
  assert.ok(name < owner, `${name}, ${owner}`);
  await opened.close();
  await viewer.close();
  sample.remove();
});

/** The left and right edges of the elements that are not hidden, from left to right. */
function findVisibleEdges(elements) {
  const boxes = elements.map((element) => element.getBoundingClientRect()).filter(({ width }) => width > 0);
  return boxes.map(({ left, right }) => [left, right]).sort(([one], [other]) => one - other);
}

function findLeft(elements) {
  return elements.map((element) => element.getBoundingClientRect().left);
}

it('the header and the trust view follow the document that the app uses', async () => {
  const { page, close } = await openPage(browser, inspected, { view: 'trust' });
  const { address } = inspected.app.trust;
  const text = readFileSync(address, 'utf8');
  const { revision } = JSON.parse(text);
  try {
    await page.getByText(`trust revision ${revision}`).waitFor();
    writeFileSync(address, text.replace(`"revision": ${revision}`, `"revision": ${revision + 1}`));
    await page.getByRole('button', { name: 'Read again' }).click();
    await page.getByText(`The app uses revision ${revision}.`).waitFor();
    // The app reads its document again when it gets requests.
    const header = page.getByText(`trust revision ${revision + 1}`);
    for (let calls = 0; calls < 50 && !(await header.isVisible()); calls++) {
      await fetchAnswer(inspected);
      await page.waitForTimeout(100);
    }
    await header.waitFor();
    await page.getByText('The app uses revision').waitFor({ state: 'detached' });
  } finally {
    writeFileSync(address, text);
    await close();
  }
});

function fetchAnswer({ url, token }) {
  const call = { functionName: 'GetOrder', method: 'GET', target: '/api/orders/1', headers: [], body: null };
  return fetch(`${url}api/try`, {
    method: 'POST',
    headers: { 'x-certgate-inspector': token, 'content-type': 'application/json' },
    body: JSON.stringify({ ...call, caller: { id: 'denied' } }),
  });
}
