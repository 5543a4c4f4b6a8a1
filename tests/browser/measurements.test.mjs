// Measures in the browser what the page promises in numbers, and prints the results. The time to the first paint and
// the time for a frame depend on the machine and its load, so they are printed only and fail no test.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { startInspectedApp } from './inspected-app.mjs';
import { openPage, startBrowser } from './browser.mjs';

const script = fileURLToPath(new URL('../../packages/certgate/dist/inspector-page/inspector.js', import.meta.url));

let browser;
let inspected;
before(async () => {
  [browser, inspected] = await Promise.all([startBrowser(), startInspectedApp()]);
});
after(async () => {
  await browser?.close();
  await inspected?.close();
});

it('the script has at most 60 kB, compressed', (test) => {
  const size = gzipSync(readFileSync(script)).length;
  test.diagnostic(`${size} bytes`);
  assert.ok(size <= 60_000);
});

it('nothing moves after the first paint', async (test) => {
  const paints = [];
  for (let run = 0; run < 5; run++) {
    const { page, close } = await openPage(browser, inspected, {
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
  test.diagnostic(`first contentful paint: ${paints.join(', ')} ms`);
});

it('only the rows in view are drawn, of 1,000 requests', async (test) => {
  const { page, close } = await openPage(browser, inspected, { view: 'live' });
  await page.locator('.connection.connected').waitFor();
  inspected.emit(1_000);
  await page.getByText('1000 requests').waitFor();
  // Measures the CPU time of the page's own threads, so that other processes on the machine don't matter.
  const debug = await page.context().newCDPSession(page);
  await debug.send('Performance.enable', { timeDomain: 'threadTicks' });
  const readBusy = async () => {
    const { metrics } = await debug.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1_000;
  };
  const steps = 100;
  const busy = [];
  const frames = [];
  for (let step = 0; step <= steps; step++) {
    const before = await readBusy();
    const [frame, rows] = await page.evaluate(async (part) => {
      const table = document.querySelector('.live-table');
      const start = await new Promise(requestAnimationFrame);
      table.scrollTop = (table.scrollHeight - table.clientHeight) * part;
      // The scroll event, the new rows and their picture come with the next frame.
      await new Promise(requestAnimationFrame);
      const end = await new Promise(requestAnimationFrame);
      return [end - start, document.querySelectorAll('.live-rows .live-row').length];
    }, step / steps);
    busy.push((await readBusy()) - before);
    frames.push(frame / 2);
    assert.ok(rows > 0 && rows < 100, `${rows} rows`);
  }
  const mean = (numbers) => (numbers.reduce((a, b) => a + b) / numbers.length).toFixed(1);
  test.diagnostic(`a frame takes ${mean(busy)} ms of the page's thread, at most ${Math.max(...busy).toFixed(1)} ms`);
  test.diagnostic(`by the clock: ${mean(frames)} ms, at most ${Math.max(...frames).toFixed(1)} ms`);
  await close();
});

it('20,000 requests need no more memory than 4,000', async (test) => {
  const { page, close } = await openPage(browser, inspected, { view: 'live' });
  await page.locator('.connection.connected').waitFor();
  const measure = () =>
    page.evaluate(() => {
      globalThis.gc();
      return performance.memory.usedJSHeapSize / 1e6;
    });
  const heap = [];
  for (let emitted = 0; emitted < 20_000; emitted += 500) {
    inspected.emit(500);
    await page.waitForTimeout(40);
    if ((emitted + 500) % 4_000 === 0) heap.push(await measure());
  }
  await page.getByText('2000 requests, the newest').waitFor();
  test.diagnostic(`heap after each 4,000: ${heap.map((each) => each.toFixed(1)).join(', ')} MB`);
  assert.ok(heap.at(-1) < heap[0] * 1.2 + 1, 'The heap grows with the requests.');
  await close();
});
