// Be denied, read why, be allowed: as a user does it.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startFixture } from '../../packages/inspector/dist/esm/fixture-server/fixture-server.js';
import { openPage, startBrowser } from './browser.mjs';

let browser;
let fixture;
before(async () => {
  [browser, fixture] = await Promise.all([startBrowser(), startFixture()]);
});
after(async () => {
  await browser?.close();
  await fixture?.close();
});

it('shows the status, the reason step by step, and the lines to copy', async () => {
  const { page, faults, close } = await openPage(browser, fixture);
  await page.getByLabel('id', { exact: true }).fill('7');
  await page.getByRole('radio', { name: /^denied/ }).check();
  await page.getByRole('button', { name: 'Send' }).click();
  const answer = page.getByRole('region', { name: 'Answer', exact: true });
  await answer.getByText('Denied: the caller gets 401 client_certificate_required.').waitFor();
  assert.match(await answer.locator('.step.bad').innerText(), /trust-store\s+denied\.\s+certificate_not_trusted/);
  assert.equal(await answer.locator('.step').count(), 7);
  assert.match(await page.getByRole('status').innerText(), /Answer 401.*certificate_not_trusted/);
  await answer.getByRole('button', { name: 'Copy the curl line' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^curl .*\/api\/orders\/7'$/);

  await page
    .getByRole('radio', { name: /^allowed Trusted, without|^allowed\s*trusted/i })
    .first()
    .check();
  await page.getByRole('button', { name: 'Send' }).click();
  await answer.getByText('Allowed: the function runs.').waitFor();
  assert.deepEqual(
    fixture.tries.slice(-2).map(({ target, method, caller }) => [method, target, caller]),
    [
      ['GET', '/api/orders/7', { id: 'denied' }],
      ['GET', '/api/orders/7', { id: 'allowed' }],
    ],
  );
  assert.deepEqual(faults, []);
  await close();
});

it('sends headers, a body and a file of the user, and nothing while the form is wrong', async () => {
  const { page, close } = await openPage(browser, fixture);
  const before = fixture.tries.length;
  await page.getByLabel('Function', { exact: true }).selectOption('Refund');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('alert').getByText('in braces').waitFor();
  await page.getByLabel('id', { exact: true }).fill('9');
  await page.getByText('Headers and body').click();
  await page.getByLabel('Headers, one a line').fill('not a header');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('alert').getByText('not a header').waitFor();
  assert.equal(fixture.tries.length, before);

  await page.getByLabel('Headers, one a line').fill('content-type: text/plain\nx-a: 1');
  await page.getByLabel('Body', { exact: true }).fill('hello');
  const file = { name: 'mine.pfx', mimeType: 'application/x-pkcs12', buffer: Buffer.from([0x30, 0xff, 0x00]) };
  await page.locator('.callers input[type=file]').setInputFiles(file);
  await page.getByLabel('Password', { exact: true }).fill('secret');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('.answer .steps').waitFor();
  assert.deepEqual(fixture.tries.at(-1), {
    functionName: 'Refund',
    method: 'POST',
    target: '/api/orders/9/refund',
    headers: [
      ['content-type', 'text/plain'],
      ['x-a', '1'],
    ],
    body: 'hello',
    caller: { file: { name: 'mine.pfx', base64: 'MP8A', password: 'secret' } },
  });
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  assert.doesNotMatch(kept, /MP8A|secret/);
  await page.getByRole('button', { name: 'Forget the file mine.pfx' }).click();
  assert.equal(await page.getByRole('radio', { name: /^denied/ }).isChecked(), true);
  await close();
});

it('the matrix shows every caller and function, and a cell fills in the form', async () => {
  const { page, close } = await openPage(browser, fixture);
  const matrix = page.getByRole('region', { name: 'Callers and functions' });
  await matrix.getByRole('button', { name: 'Call them' }).click();
  await matrix.getByRole('button', { name: 'Refund as allowed: 403, role_missing' }).waitFor();
  assert.equal(await matrix.locator('.cell').count(), 40);
  const cell = matrix.getByRole('button', { name: 'Refund as expired: 401, certificate_expired' });
  await cell.click();
  assert.equal(await cell.getAttribute('aria-pressed'), 'true');
  assert.equal(await page.getByLabel('Function', { exact: true }).inputValue(), 'Refund');
  assert.equal(await page.getByRole('radio', { name: /^expired/ }).isChecked(), true);
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Send');
  await close();
});
