// Tests the view in which a user sends a request, is denied, reads why, and is allowed.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { startInspectedApp } from './inspected-app.mjs';
import { openPage, startBrowser } from './browser.mjs';
import { encodePfx } from '../../packages/certgate/dist/esm/certificates/pfx/encode-pfx.js';
import { createClientCertificate } from '../../packages/certgate/dist/esm/certificates/self-signed-certificate.js';

let browser;
let inspected;
before(async () => {
  [browser, inspected] = await Promise.all([startBrowser(), startInspectedApp()]);
});
after(async () => {
  await browser?.close();
  await inspected?.close();
});

/** Sends the form. Returns what the page sent, and the members of the answer that came from this path. */
async function sendAndRead(page, path = '/api/try') {
  const answered = page.waitForResponse((response) => response.url().endsWith(path));
  await page.getByRole('button', { name: 'Send' }).click();
  const response = await answered;
  return { sent: response.request().postDataJSON(), ...(await response.json()) };
}

it('the view shows the status, the reason step by step, and the lines to copy', async () => {
  const { page, faults, close } = await openPage(browser, inspected);
  await page.getByLabel('id', { exact: true }).fill('7');
  await page.getByRole('radio', { name: /^Denied/ }).check();
  const denied = await sendAndRead(page);
  const answer = page.getByRole('region', { name: 'Answer', exact: true });
  await answer.getByText('Denied: the caller gets 401 client_certificate_required.').waitFor();
  assert.match(await answer.locator('.step.bad').innerText(), /trust-store\s+denied\.\s+certificate_not_trusted/);
  assert.equal(await answer.locator('.step').count(), 7);
  await answer.getByText('What to do').waitFor();
  assert.match(await page.getByRole('status').innerText(), /Answer 401.*certificate_not_trusted/);
  await answer.getByRole('button', { name: 'Copy the curl line' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(copied, /^curl .*\/api\/orders\/7/);

  await page.getByRole('radio', { name: /^Allowed trusted/ }).check();
  const allowed = await sendAndRead(page);
  await answer.getByText('Allowed: the function runs.').waitFor();
  assert.deepEqual(
    [denied, allowed].map(({ sent: { target, method, caller } }) => [method, target, caller]),
    [
      ['GET', '/api/orders/7', { id: 'denied' }],
      ['GET', '/api/orders/7', { id: 'allowed' }],
    ],
  );
  assert.deepEqual(faults, []);
  await close();
});

it("the view shows a command's comment on a line of its own, and explains the function that ran", async () => {
  const { page, close } = await openPage(browser, inspected);
  await page.getByLabel('id', { exact: true }).fill('7');
  await page.getByRole('radio', { name: /^Expired/ }).check();
  await sendAndRead(page);
  assert.match(
    await page.locator('.answer-content .command').first().innerText(),
    /^# .*\nnpx --no-install certgate call /,
  );
  await page.getByLabel('Function', { exact: true }).selectOption('CancelOrder');
  await page.getByText('Denied: the caller gets 401 client_certificate_required.').waitFor();
  await page.getByLabel('Body', { exact: true }).fill('{"jsonrpc":"2.0","id":1,"method":"tools/list"}');
  await sendAndRead(page);
  await page.getByText('No gate was asked for this message.').waitFor();
  await close();
});

it('the view indents JSON without changing its tokens, and shows it as it was sent on request', async () => {
  const { page, close } = await openPage(browser, inspected);
  await page.getByLabel('id', { exact: true }).fill('7');
  await page.getByRole('radio', { name: /^Allowed trusted/ }).check();
  const { answer } = await sendAndRead(page);
  const body = page.getByRole('region', { name: 'Body of the answer' });
  await body.getByText('118.40').waitFor();
  assert.equal(await body.innerText(), '{\n  "order": 7,\n  "total": 118.40,\n  "items": []\n}');
  await page.getByRole('button', { name: 'As sent' }).click();
  assert.equal(await body.innerText(), answer.body);
  await close();
});

it('the view calls an MCP tool with its name and argument names, and says what a refusal looks like there', async () => {
  const { page, close } = await openPage(browser, inspected);
  await page.getByLabel('Function', { exact: true }).selectOption('CancelOrder');
  await page.getByRole('radio', { name: /^Allowed trusted/ }).check();
  const message = await page.getByLabel('Body', { exact: true }).inputValue();
  assert.deepEqual(JSON.parse(message).params, { name: 'cancel_order', arguments: { id: '' } });
  await page.getByLabel('Body', { exact: true }).fill(message.replace('""', '"7"'));
  const answer = page.getByRole('region', { name: 'Answer', exact: true });
  await sendAndRead(page);
  await answer.getByText('MCP result').waitFor();
  await answer.getByText('"cancelled 7"').waitFor();
  await answer.getByText('Allowed: the function runs.').waitFor();
  await page.getByRole('radio', { name: /^Denied/ }).check();
  await sendAndRead(page);
  await answer.getByText('MCP error').waitFor();
  await answer.getByText('Denied: the caller gets an error').waitFor();
  await close();
});

it('the view sends headers and a body, and nothing while the form is wrong', async () => {
  const { page, requests, close } = await openPage(browser, inspected);
  await page.getByLabel('Function', { exact: true }).selectOption('Refund');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('alert').getByText('in braces').waitFor();
  await page.getByLabel('id', { exact: true }).fill('9');
  await page.getByText('Headers and body').click();
  await page.getByLabel('Headers, one on each line').fill('not a header');
  await page.getByRole('button', { name: 'Send' }).click();
  await page.getByRole('alert').getByText('not a header').waitFor();
  assert.ok(!requests.some((url) => url.endsWith('/api/try')));

  await page.getByLabel('Headers, one on each line').fill('content-type: text/plain\nx-a: 1');
  await page.getByLabel('Body', { exact: true }).fill('hello');
  const { sent } = await sendAndRead(page);
  await page.locator('.answer .steps').waitFor();
  assert.deepEqual(sent, {
    functionName: 'Refund',
    method: 'POST',
    target: '/api/orders/9/refund',
    headers: [
      ['content-type', 'text/plain'],
      ['x-a', '1'],
    ],
    body: 'hello',
    caller: { id: 'denied' },
  });
  await close();
});

it('the view adds a caller from two files, names it in the answer, and drops the answer with the choice', async () => {
  const { page, faults, close } = await openPage(browser, inspected);
  const { certificateDer, certificatePem, privateKeyPem } = createClientCertificate({ name: 'own', now: new Date() });
  const input = page.locator('.callers input[type=file]');
  const give = (name, text) => input.setInputFiles({ name, mimeType: '', buffer: Buffer.from(text) });
  await give('own.crt.pem', certificatePem);
  await page.getByRole('alert').getByText('not its private key').waitFor();
  await give('own.key.pem', privateKeyPem);
  const own = page.getByRole('radio', { name: /^own/ });
  await own.waitFor();
  await page.getByRole('button', { name: 'Refund as own' }).waitFor();
  await page.getByLabel('id', { exact: true }).fill('9');
  await sendAndRead(page);
  const title = page.getByRole('heading', { name: /^Answer/ });
  assert.equal(await title.innerText(), 'Answer to own');
  await page.getByRole('radio', { name: /^Denied/ }).check();
  assert.equal(await title.innerText(), 'Answer');
  await own.check();
  await page.getByRole('button', { name: 'Forget the caller own' }).click();
  await own.waitFor({ state: 'detached' });
  assert.equal(await page.getByRole('radio', { name: /^Denied/ }).isChecked(), true);

  const pfx = encodePfx({ certificateDer, privateKeyPem, password: 'secret', friendlyName: 'own' });
  await give('mine.pfx', pfx);
  await page.getByLabel('Password', { exact: true }).fill('secret');
  await page.getByLabel('Password', { exact: true }).press('Enter');
  await page.getByRole('radio', { name: /^mine/ }).waitFor();
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]));
  assert.doesNotMatch(kept, /PRIVATE KEY|secret/);
  await page.getByRole('button', { name: 'Forget the caller mine' }).click();
  await page.getByRole('radio', { name: /^mine/ }).waitFor({ state: 'detached' });
  assert.deepEqual(faults, []);
  await close();
});

it('the matrix shows every caller and function, and a click on a cell fills in the form', async () => {
  const { page, close } = await openPage(browser, inspected);
  const matrix = page.getByRole('region', { name: 'Callers and functions' });
  await matrix.getByRole('button', { name: 'Call them' }).click();
  await matrix.getByRole('button', { name: 'Refund as Allowed: 403, role_missing' }).waitFor();
  await matrix.getByRole('button', { name: 'CancelOrder as Denied: 401, certificate_not_trusted' }).waitFor();
  const callers = await page.locator('.caller').count();
  assert.equal(await matrix.locator('.cell').count(), 5 * callers);
  const cell = matrix.getByRole('button', { name: 'Refund as Expired: 401, certificate_expired' });
  await cell.click();
  assert.equal(await cell.getAttribute('aria-pressed'), 'true');
  assert.equal(await page.getByLabel('Function', { exact: true }).inputValue(), 'Refund');
  assert.equal(await page.getByRole('radio', { name: /^Expired/ }).isChecked(), true);
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Send');
  await close();
});

it("with a document of the user's own, the columns of the matrix are its callers", async (test) => {
  const { certificateDer, certificatePem, privateKeyPem } = createClientCertificate({ name: 'own', now: new Date() });
  const files = [`${inspected.folder}.certgate/billing.crt.pem`, `${inspected.folder}.certgate/billing.key.pem`];
  const trustFile = `${inspected.folder}.certgate/own-trust.json`;
  const pins = [{ thumbprintSha256: createHash('sha256').update(certificateDer).digest('hex') }];
  const identities = [{ name: 'billing', roles: ['refunds.write'], pins }];
  writeFileSync(files[0], certificatePem);
  writeFileSync(files[1], privateKeyPem, { mode: 0o600 });
  writeFileSync(trustFile, JSON.stringify({ schemaVersion: 1, revision: 1, identities }));
  test.after(() => {
    for (const file of [...files, trustFile]) rmSync(file);
  });
  const own = await startInspectedApp({ trustFile });
  test.after(own.close);
  const { page, close } = await openPage(browser, own);
  await page.getByRole('button', { name: 'Call them' }).click();
  await page.getByRole('button', { name: 'Refund as billing: would be allowed, allowed' }).waitFor();
  await page.getByRole('button', { name: 'Refund as Denied: 401, certificate_not_trusted' }).waitFor();
  assert.equal(await page.getByRole('radio', { name: /^Allowed/ }).count(), 0);
  await page.getByRole('radio', { name: /^billing/ }).check();
  await page.getByLabel('id', { exact: true }).fill('7');
  const { answer } = await sendAndRead(page);
  assert.equal(answer.status, 200);
  await page.getByRole('heading', { name: 'Answer to billing' }).waitFor();
  await close();
});
