// Tests the certificate view: the page sends what the user drops or pastes to the tool, and shows the tool's answer.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startInspectedApp } from './inspected-app.mjs';
import { openPage, startBrowser } from './browser.mjs';
import { createSampleDocument } from './sample-document.mjs';

let browser;
let inspected;
before(async () => {
  [browser, inspected] = await Promise.all([startBrowser(), startInspectedApp()]);
});
after(async () => {
  await browser?.close();
  await inspected?.close();
});

const development = (name) => fileURLToPath(new URL(`sample-app/.certgate/${name}`, import.meta.url));

it('a PFX asks for its password, and a thumbprint is copied as it is shown', async () => {
  const { page, close } = await openPage(browser, inspected, { view: 'certificate' });
  await page.locator('.certificate-input input[type=file]').setInputFiles(development('allowed.pfx'));
  await page
    .locator('.notice')
    .getByText(/password/i)
    .first()
    .waitFor();
  const password = readFileSync(development('password.txt'), 'utf8').trim();
  await page.getByLabel('Password of allowed.pfx').fill(password);
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('heading', { name: 'CN=allowed' }).waitFor();
  await page.getByText('Allowed: the function runs.').waitFor();
  await page.getByRole('button', { name: 'Copy: SHA-256, OpenSSL' }).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  await close();
});

it('a revocation list shows its entries, and filters them by serial number', async () => {
  const sample = createSampleDocument();
  const { page, close } = await openPage(browser, inspected, { view: 'certificate' });
  await page.locator('.certificate-input input[type=file]').setInputFiles(sample.crl);
  await page.getByText('2 revoked certificates').waitFor();
  const serial = await page.locator('.read tbody tr td').first().innerText();
  await page.getByLabel('Filter by serial number').fill(serial);
  assert.equal(await page.locator('.read tbody tr').count(), 1);
  assert.match(await page.locator('.read tbody').innerText(), /keyCompromise/);
  await close();
  sample.remove();
});

it('the page reports a text that is not a certificate, and a file that is too large', async () => {
  const { page, close } = await openPage(browser, inspected, { view: 'certificate' });
  await page.getByLabel('Or paste it').fill('hello');
  await page.getByRole('button', { name: 'Read', exact: true }).click();
  await page.locator('.certificate-results .notice').waitFor();
  const input = page.locator('.certificate-input input[type=file]');
  await input.setInputFiles({ name: 'film.bin', mimeType: '', buffer: Buffer.alloc(5_000_000) });
  await page.getByRole('alert').getByText('film.bin has 5.0 MB; at most 720.9 kB are read.').waitFor();
  await close();
});
