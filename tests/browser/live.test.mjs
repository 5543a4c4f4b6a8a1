// Tests the live view: the user finds requests, pauses, reads with the keyboard only, and the view follows again after
// a break in the connection.
import assert from 'node:assert/strict';
import { after, before, beforeEach, afterEach, describe, it } from 'node:test';
import { createSampleAnswer, startInspectedApp } from './inspected-app.mjs';
import { openPage, startBrowser } from './browser.mjs';

/** The longest of the codes that a gate writes. */
const longestCode = 'certificate_extended_key_usage_unsuitable';

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

describe('the live view', () => {
  let inspected;
  let opened;
  let page;
  const note = () => page.locator('.toolbar-note');
  beforeEach(async () => {
    inspected = await startInspectedApp();
    opened = await openPage(browser, inspected, { view: 'live' });
    page = opened.page;
    await page.locator('.connection.connected').waitFor();
  });
  afterEach(async () => {
    assert.deepEqual(
      opened.faults.filter((fault) => !/Failed to load|ERR_/.test(fault)),
      [],
    );
    await opened.close();
    await inspected.close();
  });

  it('finds one request by a correlation id', async () => {
    inspected.emit(300);
    await note().getByText('300 requests').waitFor();
    const { correlationId } = createSampleAnswer(123);
    await page.getByRole('searchbox').fill(correlationId);
    await note().getByText('1 of 300 requests').waitFor();
    assert.match(await page.locator('.live-rows .live-row').innerText(), new RegExp(correlationId));
    await page.locator('.live-rows .live-row').click();
    await page.getByRole('complementary').getByText(correlationId).waitFor();
  });

  it('says that the function is not known if the app no longer has it', async () => {
    inspected.emit([{ ...createSampleAnswer(0), functionName: 'Gone' }]);
    await page.locator('.live-rows .live-row').click();
    await page.getByText('There are no steps, because the function or').waitFor();
  });

  it('shows only requests with the verdict whose chip was chosen', async () => {
    inspected.emit(80);
    await note().getByText('80 requests').waitFor();
    await page.getByRole('button', { name: 'observed' }).click();
    await page.getByText(/^\d+ of 80 requests$/).waitFor();
    const verdicts = await page.locator('.live-rows .c-verdict').allInnerTexts();
    assert.deepEqual([...new Set(verdicts)], ['observed']);
    await page.getByRole('searchbox').fill('no such text');
    await page.getByText('No request matches the filter.').waitFor();
  });

  it('keeps its requests during a pause, and forgets them when it is cleared', async () => {
    inspected.emit(5);
    await note().getByText('5 requests').waitFor();
    await page.getByRole('button', { name: 'Pause' }).click();
    inspected.emit(7);
    await note().getByText('Paused, 7 waiting').waitFor();
    assert.equal(await page.locator('.live-rows .live-row').count(), 5);
    await page.getByRole('button', { name: 'Resume' }).click();
    await note().getByText('12 requests').waitFor();
    await page.getByRole('button', { name: 'Clear' }).click();
    await page.getByText('No requests yet.').waitFor();
  });

  it('shows the earlier requests once, and follows again after a break', async () => {
    inspected.emit(3);
    await note().getByText('3 requests').waitFor();
    await page.reload();
    await note().getByText('3 requests').waitFor();
    await page.context().setOffline(true);
    await page.locator('.connection.lost').waitFor();
    await page.getByText('not connected', { exact: true }).waitFor();
    inspected.emit(4);
    await page.context().setOffline(false);
    await page.locator('.connection.connected').waitFor();
    inspected.emit(1);
    await note().getByText('8 requests').waitFor();
    const ids = await page.locator('.live-rows .live-row').evaluateAll((rows) => rows.map(({ id }) => id));
    assert.deepEqual(
      ids,
      Array.from({ length: 8 }, (_, index) => `request-${index + 1}`),
    );
  });

  it('shows the longest code in full, and counts one request in the singular', async () => {
    inspected.emit([{ ...createSampleAnswer(1), decision: { outcome: 'denied', code: longestCode } }]);
    await note().getByText('1 request', { exact: true }).waitFor();
    const isWhole = ({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth;
    assert.ok(await page.locator('.live-rows .c-reason').evaluate(isWhole));
  });

  it('can be used with only the keyboard, and so can the tabs', async () => {
    inspected.emit(200);
    await note().getByText('200 requests').waitFor();
    const focused = () =>
      page.evaluate(() => document.activeElement?.getAttribute('role') ?? document.activeElement?.tagName);
    await page.evaluate(() => document.activeElement?.blur());
    for (let presses = 0; (await focused()) !== 'grid'; presses++) {
      assert.ok(presses < 20, 'Tab does not reach the requests.');
      await page.keyboard.press('Tab');
    }
    const findActive = () =>
      page.evaluate(() => document.querySelector('.live-table')?.getAttribute('aria-activedescendant') ?? '');
    /** Presses the key and waits until another row is active, because the page renders later. */
    const moveBy = async (key) => {
      const before = await findActive();
      await page.keyboard.press(key);
      await page.waitForFunction(
        (id) => ![null, id].includes(document.querySelector('.live-table').getAttribute('aria-activedescendant')),
        before,
      );
      return page.locator(`#${await findActive()} .c-time`).innerText();
    };
    await moveBy('Home');
    await moveBy('ArrowDown');
    await moveBy('End');
    await moveBy('ArrowUp');
    await page.keyboard.press('Enter');
    const details = page.getByRole('complementary');
    await details.waitFor();
    await details.getByText(await moveBy('ArrowUp')).waitFor();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement?.closest('.details') !== null), true);
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
    assert.equal(await focused(), 'grid');

    for (let presses = 0; (await focused()) !== 'tab'; presses++) {
      assert.ok(presses < 20, 'Shift+Tab does not reach the tabs.');
      await page.keyboard.press('Shift+Tab');
    }
    for (const [key, view] of [
      ['ArrowRight', 'trust'],
      ['ArrowRight', 'certificate'],
      ['ArrowRight', 'try'],
      ['ArrowLeft', 'certificate'],
      ['Home', 'try'],
      ['End', 'certificate'],
    ]) {
      await page.keyboard.press(key);
      await page.locator(`#view-${view}:not([hidden])`).waitFor();
      assert.equal(await page.evaluate(() => document.activeElement?.id), `tab-${view}`);
    }
  });

  it('keeps what the user reads in its place while newer requests push older ones out', async () => {
    inspected.emit(2_000);
    await note().getByText('2000 requests, the newest').waitFor();
    await page.locator('.live-table').evaluate((element) => (element.scrollTop = 1_000 * 26));
    const readTop = () =>
      page.evaluate(() => {
        const table = document.querySelector('.live-table');
        const { left, top } = table.getBoundingClientRect();
        return document.elementFromPoint(left + 20, top + 26 * 3 + 5).closest('.live-row').id;
      });
    await page.waitForTimeout(100);
    const read = await readTop();
    inspected.emit(50);
    await page.waitForFunction(() => document.querySelector('[role=grid]').scrollTop < 26_000 - 26 * 40);
    assert.equal(await readTop(), read);
  });
});

it('eight tabs follow the requests at once, and each can still load other views', async (test) => {
  const inspected = await startInspectedApp();
  test.after(inspected.close);
  const { page, close } = await openPage(browser, inspected, { view: 'live' });
  const tabs = [page];
  for (let count = 1; count < 8; count++) {
    const tab = await page.context().newPage();
    tab.setDefaultTimeout(60_000);
    await tab.goto(`${inspected.url}#token=${inspected.token}`);
    await tab.getByRole('tab', { name: 'Live' }).click();
    tabs.push(tab);
  }
  inspected.emit(5);
  for (const tab of tabs) await tab.locator('.toolbar-note').getByText('5 requests').waitFor();
  for (const tab of tabs) {
    await tab.getByRole('tab', { name: 'Trust' }).click();
    await tab.locator('.time-line').waitFor();
  }
  await close();
});
