// Writes into README.md what its commands print now, after a change of their words:
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

/** As many lines before an ellipsis as there were, and as many after it. */
function leaveOut(printed, shown) {
  const [before, after] = shown.split('…\n').map((part) => part.split('\n').length - 1);
  if (after === undefined) return printed;
  const lines = printed.trimEnd().split('\n');
  return `${[...lines.slice(0, before), '…', ...lines.slice(-after)].join('\n')}\n`;
}
