// npm run site: makes the site in site/dist/site, without the network.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import { installTools } from '../scripts/install-tools.mjs';
import { writePages } from './write-pages.mjs';

const site = fileURLToPath(new URL('.', import.meta.url));
installTools(site);
writePages();
const { status } = spawnSync(process.execPath, [join(site, '..', 'scripts', 'run-tool.mjs'), 'site-reference'], {
  stdio: 'inherit',
});
if (status !== 0) process.exit(status ?? 1);
const { build } = await import('vitepress');
await build(site);
