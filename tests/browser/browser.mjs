// Debian's Chromium, driven by playwright-core, and the page in it.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const executablePath = process.env['CERTGATE_CHROMIUM'] ?? '/usr/bin/chromium';
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** A new profile each time, and nothing of its own goes to the network. */
export async function startBrowser() {
  if (!existsSync(executablePath)) {
    throw new Error(
      `There is no browser at ${executablePath}. Install it (Debian: apt-get install chromium), or say where it is in CERTGATE_CHROMIUM.`,
    );
  }
  return chromium.launch({
    executablePath,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--enable-precise-memory-info',
      '--js-flags=--expose-gc',
    ],
  });
}

/** Opens the page in a context of its own. `requests` has every address that it asked for, `faults` what went wrong. */
export async function openPage(browser, inspected, options = {}) {
  const { width = 1440, height = 900, scale = 1, colorScheme = 'light', view = 'try' } = options;
  const { token = inspected.token, prepare } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    deviceScaleFactor: scale,
    colorScheme,
    reducedMotion: 'reduce',
    timezoneId: 'UTC',
    locale: 'en-GB',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  const requests = [];
  const faults = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().includes('Content Security Policy')) faults.push(message.text());
  });
  await prepare?.(page);
  await page.goto(token === null ? inspected.url : `${inspected.url}#token=${token}`);
  if (view !== 'try') await page.goto(`${inspected.url}#/${view}`);
  await page.waitForLoadState('load');
  return { page, requests, faults, close: () => context.close() };
}

/** Violations of every rule and severity, in words; empty: none. */
export async function findViolations(page) {
  // By the debugger, which no content security policy stops: the page itself may load nothing more.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' | ')}`);
}
