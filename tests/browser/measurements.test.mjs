// What the page promises in numbers. Each is measured in the browser, and printed.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { startFixture } from '../../packages/inspector/dist/esm/fixture-server/fixture-server.js';
import { openPage, startBrowser } from './browser.mjs';

const script = fileURLToPath(new URL('../../packages/certgate/dist/inspector-page/inspector.js', import.meta.url));

let browser;
let fixture;
before(async () => {
  [browser, fixture] = await Promise.all([startBrowser(), startFixture()]);
});
after(async () => {
  await browser?.close();
  await fixture?.close();
});

it('the script has at most 60 kB, compressed', (test) => {
  const size = gzipSync(readFileSync(script)).length;
  test.diagnostic(`${size} bytes`);
  assert.ok(size <= 60_000);
});

it('something is painted within 300 ms, and nothing moves afterwards', async (test) => {
  const paints = [];
  for (let run = 0; run < 5; run++) {
    const { page, close } = await openPage(browser, fixture, {
      prepare: (fresh) =>
        fresh.addInitScript(() => {
          globalThis.shift = 0;
          new PerformanceObserver((list) => {
            for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shift += entry.value;
          }).observe({ type: 'layout-shift', buffered: true });
        }),
    });
    await page.locator('.caller').first().waitFor();
    await page.waitForTimeout(300);
    const [paint, shift] = await page.evaluate(() => [
      performance.getEntriesByName('first-contentful-paint')[0]?.startTime,
      globalThis.shift,
    ]);
    paints.push(Math.round(paint));
    assert.ok(shift < 0.01, `layout shift ${shift}`);
    await close();
  }
  const median = paints.toSorted((a, b) => a - b)[2];
  test.diagnostic(`first contentful paint: ${paints.join(', ')} ms`);
  assert.ok(median <= 300, `${median} ms`);
});

it('1,000 requests scroll without a frame above 50 ms', async (test) => {
  const { page, close } = await openPage(browser, fixture, { view: 'live' });
  await page.locator('.stream-state.connected').waitFor();
  fixture.emit(1_000);
  await page.getByText('1000 requests').waitFor();
  const measure = () =>
    page.evaluate(async () => {
      const table = document.querySelector('.live-table');
      const frames = [];
      let last = await new Promise(requestAnimationFrame);
      const end = table.scrollHeight - table.clientHeight;
      table.scrollTop = 0;
      for (let step = 0; step <= 120; step++) {
        table.scrollTop = (end * step) / 120;
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
      }
      return { longest: Math.max(...frames), mean: frames.reduce((a, b) => a + b) / frames.length };
    });
  // Of five: another process on the machine can hold up any of them.
  const runs = [];
  do runs.push(await measure());
  while (runs.at(-1).longest > 50 && runs.length < 5);
  test.diagnostic(
    runs.map(({ longest, mean }) => `longest ${longest.toFixed(1)} ms, mean ${mean.toFixed(1)} ms`).join('; '),
  );
  assert.ok(runs.at(-1).longest <= 50);
  assert.ok((await page.locator('.live-rows .live-row').count()) < 100);
  await close();
});

it('20,000 requests need no more memory than 4,000', async (test) => {
  const { page, close } = await openPage(browser, fixture, { view: 'live' });
  await page.locator('.stream-state.connected').waitFor();
  const measure = () =>
    page.evaluate(() => {
      globalThis.gc();
      return performance.memory.usedJSHeapSize / 1e6;
    });
  const heap = [];
  for (let emitted = 0; emitted < 20_000; emitted += 500) {
    fixture.emit(500);
    await page.waitForTimeout(40);
    if ((emitted + 500) % 4_000 === 0) heap.push(await measure());
  }
  await page.getByText('2000 requests, the newest').waitFor();
  test.diagnostic(`heap after each 4,000: ${heap.map((each) => each.toFixed(1)).join(', ')} MB`);
  assert.ok(heap.at(-1) < heap[0] * 1.2 + 1, 'The heap grows with the requests.');
  await close();
});
