// Makes the pictures of the inspector's views for README and docs: docs/images/inspector-….png, and trust-view.png of
// `certgate trust view`. It needs Debian's chromium and pngquant.
import './check-node.mjs';
import { spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { installTools } from './install-tools.mjs';

const largest = 150_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const browserTests = join(root, 'tests', 'browser');
const images = join(root, 'docs', 'images');

run(process.execPath, [join(root, 'scripts', 'build.mjs')]);
installTools(browserTests);
mkdirSync(images, { recursive: true });
const { openPage, startBrowser } = await import('../tests/browser/browser.mjs');
const { fillView } = await import('../tests/browser/views.mjs');
const { createSampleDocument } = await import('../tests/browser/sample-document.mjs');
const { startInspector } = await import('../packages/certgate/dist/esm/inspector/inspector.js');
const { startInspectedApp } = await import('../tests/browser/inspected-app.mjs');

/**
 * The views to show, each in one of the themes, so that both themes are shown. Live comes first, because it would show
 * the calls of another view's picture too.
 */
const pictures = [
  ['live', 'dark'],
  ['try', 'light'],
  ['certificate', 'dark'],
];
const browser = await startBrowser();
const inspected = await startInspectedApp();
const sample = createSampleDocument();
const viewer = await startInspector({ subject: { store: 'trust.json' } });
try {
  // The page shows paths relative to the working folder, so this works in the folder of the app, and then in that of
  // the document.
  process.chdir(inspected.folder);
  for (const [view, colorScheme] of pictures) await takePicture(`inspector-${view}`, view, inspected, { colorScheme });
  process.chdir(sample.folder);
  const [url, token] = viewer.url.split('#token=');
  await takePicture('trust-view', 'trust', { url, token }, { colorScheme: 'light', height: 940, scale: 1 });
} finally {
  process.chdir(root);
  await browser.close();
  await inspected.close();
  await viewer.close();
  sample.remove();
}

async function takePicture(name, view, inspector, options) {
  const opened = await openPage(browser, inspector, {
    view,
    width: 1280,
    height: 800,
    scale: 1.25,
    prepare: hideFolder,
    ...options,
  });
  const { page } = opened;
  await fillView(page, view, inspector);
  // Removes what is visible only because of the mouse or the focus.
  await page.mouse.move(0, 0);
  await page.evaluate(() => document.activeElement?.blur());
  const path = join(images, `${name}.png`);
  await page.screenshot({ path });
  run('pngquant', [
    '--force',
    '--skip-if-larger',
    '--strip',
    '--speed',
    '1',
    '--quality',
    '70-95',
    '--output',
    path,
    path,
  ]);
  const { size } = statSync(path);
  if (size > largest) throw new Error(`${path} has ${size} bytes; at most ${largest} are committed.`);
  console.log(`${path}: ${size} bytes`);
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await opened.close();
}

/** Removes folders of this machine from the answers, so that no picture shows them. */
async function hideFolder(page) {
  await page.route('**/api/**', async (route) => {
    const response = await route.fetch();
    const text = await response.text();
    const shown = [inspected, sample].reduce((rest, { folder }) => rest.replaceAll(join(folder, '/'), ''), text);
    await route.fulfill({ response, body: shown });
  });
}

function run(program, words) {
  const { status, error } = spawnSync(program, words, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined)
    throw new Error(`${program} can not be run: ${error.message}. Debian: apt-get install pngquant`);
  // pngquant ends with 98 if its result would be larger, and leaves the picture as it was.
  if (status !== 0 && status !== 98) process.exit(status ?? 1);
}
