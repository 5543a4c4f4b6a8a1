// Writes what the commands in README.md print now into the page. Needed after a change of their output:
//
//   npm run build && node examples/fleet/generate.mjs && node examples/fleet/renew-page.mjs
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('.', import.meta.url));
const page = fileURLToPath(new URL('README.md', import.meta.url));
const tool = fileURLToPath(new URL('../../packages/certgate/bin/certgate.js', import.meta.url));
const block = /(```sh\nnpx --no-install certgate (.+)\n```\n\n```\n)([\s\S]*?)(?=^```$)/gm;

const text = readFileSync(page, 'utf8');
writeFileSync(
  page,
  text.replace(block, (_, start, command, shown) => start + leaveOut(run(command), shown)),
);

function run(command) {
  const env = { ...process.env, NO_COLOR: '1' };
  const code = `"${process.execPath}" "${tool}" ${command} 2>&1`;
  return spawnSync('sh', ['-c', code], { cwd, env, encoding: 'utf8' }).stdout;
}

/** Shortens the output like the page does: as many lines before an ellipsis as the page shows, and as many after it. */
function leaveOut(printed, shown) {
  const [before, after] = shown.split('…\n').map((part) => part.split('\n').length - 1);
  if (after === undefined) return printed;
  const lines = printed.trimEnd().split('\n');
  return `${[...lines.slice(0, before), '…', ...lines.slice(-after)].join('\n')}\n`;
}
