// Every view in both themes and at both ends of the widths: nothing that axe finds, nothing wider than the window, no
// request to another host, nothing that the content security policy stops.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { emptyTrust } from '../../packages/inspector/dist/esm/fixture-server/sample-trust.js';
import { sampleState } from '../../packages/inspector/dist/esm/fixture-server/sample-app.js';
import { startFixture } from '../../packages/inspector/dist/esm/fixture-server/fixture-server.js';
import { findViolations, openPage, startBrowser } from './browser.mjs';
import { fillView } from './views.mjs';

let browser;
let fixture;
before(async () => {
  [browser, fixture] = await Promise.all([startBrowser(), startFixture()]);
});
after(async () => {
  await browser?.close();
  await fixture?.close();
});

async function expectGood({ page, requests, faults }, { url }) {
  assert.deepEqual(await findViolations(page), []);
  assert.deepEqual(faults, []);
  assert.deepEqual(
    requests.filter((request) => !request.startsWith(url) && !request.startsWith('data:')),
    [],
  );
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(content <= window, `${content} px in a window of ${window} px`);
  // The views scroll, the window never does.
  const [height, windowHeight] = await page.evaluate(() => [document.documentElement.scrollHeight, innerHeight]);
  assert.ok(height <= windowHeight, `${height} px high in a window of ${windowHeight} px`);
}

for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1440, 1920]) {
    describe(`${colorScheme}, ${width} px`, () => {
      for (const view of ['try', 'live', 'trust', 'certificate']) {
        it(`${view}, empty and with content`, async () => {
          const opened = await openPage(browser, fixture, { colorScheme, width, height: 800, view });
          await opened.page.locator('.view:not([hidden])').waitFor();
          await expectGood(opened, fixture);
          await fillView(opened.page, view, fixture);
          await expectGood(opened, fixture);
          await opened.close();
        });
      }
    });
  }
}

it('the theme can be chosen, and is kept', async () => {
  const { page, close } = await openPage(browser, fixture, { colorScheme: 'light' });
  const readBack = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await readBack();
  for (const [name, isLight] of [
    ['light', true],
    ['dark', false],
  ]) {
    await page.getByRole('button', { name: /^Theme/ }).click();
    await page.locator(`html[data-theme=${name}]`).waitFor();
    assert.equal((await readBack()) === light, isLight, name);
  }
  await page.reload();
  await page.locator('html[data-theme=dark]').waitFor();
  await close();
});

it('without an app there are the trust views, and the others say why they are empty', async () => {
  const alone = await startFixture({ state: { ...sampleState, app: null }, trust: emptyTrust });
  const opened = await openPage(browser, alone);
  const { page } = opened;
  await page.getByText('There is no app to call.').waitFor();
  await page.getByRole('tab', { name: 'Trust' }).click();
  await page.getByText('The document lists no identity').waitFor();
  await expectGood(opened, alone);
  await page.getByRole('tab', { name: 'Live' }).click();
  await page.getByText('opened without an app').waitFor();
  await expectGood(opened, alone);
  await opened.close();
  await alone.close();
});
