// Starts Debian's Chromium with playwright-core, and opens the inspector's page in it.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const executablePath = process.env['CERTGATE_CHROMIUM'] ?? '/usr/bin/chromium';
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Starts the browser with a new profile, and without its own background requests to the network. */
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

/**
 * Opens the page in a browser context of its own. `requests` lists every URL that the page requested, `faults` its
 * errors and reports of its content security policy.
 */
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
  page.setDefaultTimeout(60_000);
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

/** The violations of axe's rules, of every severity, as texts. Empty if there are none. */
export async function findViolations(page) {
  // `page.evaluate` adds axe through the debugger, which the content security policy doesn't stop. The page itself may
  // load no more scripts.
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(' | ')}`);
}
