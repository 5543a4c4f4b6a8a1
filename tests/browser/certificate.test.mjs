// What is dropped or pasted is sent to the tool, and its words are shown.
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

it('a PFX asks for its password; a thumbprint is copied as it is shown', async () => {
  const { page, close } = await openPage(browser, fixture, { view: 'certificate' });
  const input = page.locator('.certificate-input input[type=file]');
  await input.setInputFiles({ name: 'billing.pfx', mimeType: '', buffer: Buffer.from([0x30]) });
  await page.locator('.notice').getByText('The password is missing or wrong.').waitFor();
  await page.getByLabel('Password of billing.pfx').fill('secret');
  await page.getByRole('button', { name: 'Open' }).click();
  await page.getByRole('heading', { name: 'CN=billing,O=Example GmbH' }).waitFor();
  await page.getByRole('button', { name: 'Copy: SHA-256, with colons' }).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  await close();
});

it('a revocation list shows its entries, by serial number', async () => {
  const { page, close } = await openPage(browser, fixture, { view: 'certificate' });
  const input = page.locator('.certificate-input input[type=file]');
  await input.setInputFiles({ name: 'issuing.crl', mimeType: '', buffer: Buffer.from([0x30]) });
  await page.getByText('2 revoked certificates').waitFor();
  await page.getByLabel('Filter by serial number').fill('1f02');
  assert.equal(await page.locator('.read tbody tr').count(), 1);
  assert.match(await page.locator('.read tbody').innerText(), /keyCompromise/);
  await close();
});

it('what is no certificate, and what is too large, is said', async () => {
  const { page, close } = await openPage(browser, fixture, { view: 'certificate' });
  await page.getByLabel('Or paste it').fill('hello');
  await page.getByRole('button', { name: 'Read', exact: true }).click();
  await page.getByText('It is no certificate').first().waitFor();
  const input = page.locator('.certificate-input input[type=file]');
  await input.setInputFiles({ name: 'film.bin', mimeType: '', buffer: Buffer.alloc(5_000_000) });
  await page.getByRole('alert').getByText('film.bin has 5.0 MB; at most 720.9 kB are read.').waitFor();
  await close();
});
