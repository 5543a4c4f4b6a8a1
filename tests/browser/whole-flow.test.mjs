// Tests the whole flow from the outside: run `npm start`, open the page, be denied, read why, be allowed, see both
// requests in Live, and find one by its correlation id. For every caller of "Try it", the page must show the gate's own
// verdict.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { findViolations, openPage, startBrowser } from './browser.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
let browser;
let app;
let inspector;
before(async () => {
  [browser, inspector] = await Promise.all([startBrowser(), startApp()]);
});
after(async () => {
  await browser?.close();
  if (app?.exitCode === null) {
    app.kill('SIGINT');
    await once(app, 'exit');
  }
});

/** Runs `npm start` on free ports. @returns the page's address and its token. */
async function startApp() {
  const ports = ['--port', '0', '--host-port', '0', '--inspector-port', '0'];
  app = spawn(process.execPath, ['scripts/start.mjs', ...ports], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [app.stdout, app.stderr]) stream.setEncoding('utf8');
  app.stderr.on('data', (text) => (output += text));
  for await (const text of app.stdout) {
    output += stripVTControlCharacters(text);
    const [, url, token] = /inspector: (http:\/\/127\.0\.0\.1:\d+\/)#token=([\w-]+)\s/.exec(output) ?? [];
    if (url === undefined) continue;
    // From here on, nothing else reads stdout. Without `resume`, the app would stop as soon as the pipe is full.
    app.stdout.resume();
    return { url, token };
  }
  throw new Error(`npm start ended without the address of the inspector:\n${output}`);
}

async function send(page, caller) {
  await page.locator(`.caller input[value="${caller}"]`).check();
  const answered = page.waitForResponse((response) => response.url().endsWith('/api/try'));
  await page.getByRole('button', { name: 'Send' }).click();
  const { answer, explanation } = await (await answered).json();
  await page
    .locator('.correlation', { hasText: answer.correlationId ?? '' })
    .first()
    .waitFor();
  return { answer, explanation };
}

it('a user is denied, reads why, is allowed, and finds both requests in Live', async () => {
  const { page, faults, requests, close } = await openPage(browser, inspector);
  await page.getByLabel('Function', { exact: true }).selectOption('SecuredFunction');
  const denied = await send(page, 'denied');
  await page.locator('.answer').getByText('Denied: the caller gets 401 client_certificate_required.').waitFor();
  assert.match(await page.locator('.answer .step.bad').innerText(), /trust-store[^]*certificate_not_trusted/);
  assert.deepEqual(await findViolations(page), []);
  const allowed = await send(page, 'allowed');
  await page.locator('.answer').getByText('Allowed: the function runs.').waitFor();
  assert.deepEqual([denied.answer.status, allowed.answer.status], [401, 200]);

  await page.getByRole('tab', { name: 'Live' }).click();
  for (const [{ answer }, verdict] of [
    [denied, 'denied'],
    [allowed, 'allowed'],
  ]) {
    await page.getByRole('searchbox').fill(answer.correlationId);
    const row = page.locator('.live-rows .live-row');
    await row.and(page.locator(`.verdict-${verdict}`)).waitFor();
    assert.equal(await row.count(), 1);
    await row.click();
    await page.getByRole('complementary').getByText(answer.correlationId).waitFor();
    await page.locator('.details .steps').waitFor();
  }
  assert.deepEqual(await findViolations(page), []);
  assert.deepEqual(faults, []);
  assert.deepEqual(
    requests.filter((url) => !url.startsWith(inspector.url) && !url.startsWith('data:')),
    [],
  );
  await close();
});

it('every caller gets the verdict that its explanation and the matrix show', async () => {
  const { page, close } = await openPage(browser, inspector);
  await page.getByLabel('Function', { exact: true }).selectOption('RoleFunction');
  const matrix = page.waitForResponse((response) => response.url().endsWith('/api/matrix'));
  await page.getByRole('button', { name: 'Call them' }).click();
  const { cells } = await (await matrix).json();
  const callers = await page.locator('.caller input').evaluateAll((inputs) => inputs.map(({ value }) => value));
  assert.ok(callers.length >= 10, callers.join());
  for (const caller of callers) {
    const { answer, explanation } = await send(page, caller);
    const cell = cells.find(({ functionName, callerId }) => functionName === 'RoleFunction' && callerId === caller);
    // For the explanation, `decideAccess` decides again. The answer comes from the app.
    assert.equal(answer.status, explanation.status ?? 200, caller);
    assert.deepEqual([cell.expected, cell.code], [explanation.outcome, explanation.code], caller);
    assert.equal(answer.status === 200, caller === 'allowed-operator', caller);
  }
  await close();
});

it('the page shows the trust that the app has read, and explains a certificate by it', async () => {
  const { page, close } = await openPage(browser, inspector, { view: 'trust' });
  await page.locator('.time-name', { hasText: 'allowed-operator' }).waitFor();
  assert.deepEqual(await findViolations(page), []);
  await page.getByRole('tab', { name: 'Certificate' }).click();
  const certificate = `${root}/examples/function-app/.certgate/gateway.crt.pem`;
  await page.locator('.certificate-input input[type=file]').setInputFiles(certificate);
  await page.locator('.read .steps').first().waitFor();
  assert.deepEqual(await findViolations(page), []);
  await close();
});
