// Attackers may choose the names that the page shows, and anybody may open its address. So the page never shows a name
// as markup, and shows nothing without the token.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { createSampleAnswer, startInspectedApp } from './inspected-app.mjs';
import { findViolations, openPage, startBrowser } from './browser.mjs';

const hostile = '<img src=x onerror="globalThis.wasRun=1">\u202e<script>globalThis.wasRun=1</script>';
const shown = hostile.replace('\u202e', '⟨U+202E⟩');

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

/** Replaces every text in the value with `hostile`, except the texts by which the page decides what to show. */
function poison(value, key = '') {
  if (Array.isArray(value)) return value.map((each) => poison(each, key));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, poison(each, name)]));
  }
  const isDecisive = /^(?:kind|state|from|until|at|url|triggerType|route|methods|id|tag)$/.test(key);
  return typeof value !== 'string' || isDecisive ? value : hostile;
}

it('names that are markup stay text, in every view', async (test) => {
  const inspected = await startInspectedApp();
  test.after(inspected.close);
  const poisonAnswer = async (route) => {
    const response = await route.fetch();
    await route.fulfill({ json: poison(await response.json()) });
  };
  const { page, faults, close } = await openPage(browser, inspected, {
    width: 1440,
    prepare: (fresh) => fresh.route(/\/api\/(?:state|trust|read)$/, poisonAnswer),
  });
  const expectText = async () => {
    assert.ok((await page.locator('.view:not([hidden])').innerText()).includes(shown));
    assert.equal(await page.evaluate(() => document.querySelectorAll('main img, main script').length), 0);
    assert.equal(await page.evaluate(() => globalThis.wasRun), undefined);
    assert.deepEqual(await findViolations(page), []);
  };
  await page.locator('.caller').first().waitFor();
  await expectText();
  await page.getByRole('tab', { name: 'Trust' }).click();
  await page.locator('.time-line').waitFor();
  await expectText();
  await page.getByRole('tab', { name: 'Live' }).click();
  const decision = { outcome: 'denied', code: hostile, identityName: hostile, detail: hostile };
  inspected.emit([{ ...createSampleAnswer(1), path: hostile, functionName: hostile, decision }]);
  await page.locator('.live-rows .live-row').click();
  await page.locator('.details .facts').first().waitFor();
  await expectText();
  await page.getByRole('tab', { name: 'Certificate' }).click();
  await page.getByLabel('Or paste it').fill(inspected.certificatePem);
  await page.getByRole('button', { name: 'Read', exact: true }).click();
  await page.locator('.read').waitFor();
  await expectText();
  assert.deepEqual(faults, []);
  await close();
});

it('the body of an answer stays text, even if it is an HTML page', async (test) => {
  const inspected = await startInspectedApp();
  test.after(inspected.close);
  const { page, close } = await openPage(browser, inspected);
  await page.route('**/api/try', async (route) => {
    const response = await route.fetch();
    const result = await response.json();
    const body = `${hostile}\u0000\u001b[2J${'x'.repeat(65_000)}`;
    await route.fulfill({ json: { ...result, answer: { ...result.answer, body, bodyLength: 10_485_760 } } });
  });
  await page.getByLabel('id', { exact: true }).fill('1');
  await page.getByRole('button', { name: 'Send' }).click();
  const body = page.getByRole('region', { name: 'Body of the answer' });
  await body.waitFor();
  assert.ok((await body.innerText()).startsWith(`${shown}\u2400\u241b[2J`));
  await page.getByText('The first 64 KiB of 10.5 MB.').waitFor();
  assert.equal(await page.evaluate(() => globalThis.wasRun), undefined);
  await close();
});

it('the token is removed from the address, survives a reload, and is in no other tab', async (test) => {
  const inspected = await startInspectedApp();
  test.after(inspected.close);
  const { page, requests, close } = await openPage(browser, inspected);
  await page.locator('.caller').first().waitFor();
  assert.equal(page.url(), `${inspected.url}#/`);
  assert.ok(
    requests.every((url) => !url.includes(inspected.token) || url === `${inspected.url}#token=${inspected.token}`),
  );
  await page.reload();
  await page.locator('.caller').first().waitFor();
  const other = await page.context().newPage();
  await other.goto(inspected.url);
  await other.getByText('The address has no token.').waitFor();
  await close();
});

it('the page says what to do about a missing or outdated token', async (test) => {
  const inspected = await startInspectedApp();
  test.after(inspected.close);
  for (const [token, message] of [
    [null, 'The address has no token.'],
    ['of-yesterday', 'The token is from another start.'],
  ]) {
    const { page, close } = await openPage(browser, inspected, { token });
    await page.getByRole('alert').getByText(message).waitFor();
    await page.getByText('Open the address after').waitFor();
    assert.deepEqual(await findViolations(page), []);
    // The user opens the new address in the same tab.
    await page.goto(`${inspected.url}#token=${inspected.token}`);
    await page.locator('.caller').first().waitFor();
    await close();
  }
});

it("the page doesn't blame the token if the tool has ended", async (test) => {
  const inspected = await startInspectedApp();
  test.after(inspected.close);
  const { page, close } = await openPage(browser, inspected);
  await page.locator('.caller').first().waitFor();
  await inspected.closeInspector();
  await page.getByRole('tab', { name: 'Trust' }).click();
  await page.getByText('Is it still running?').waitFor();
  await close();
});
