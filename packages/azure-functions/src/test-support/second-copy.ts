import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type * as Certgate from '../index.js';

/** Loads this package once more, from other files, as in an app that loads the ESM and the CommonJS build. */
export async function loadSecondCopy(context: TestContext): Promise<typeof Certgate> {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-copy-'));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  cpSync(fileURLToPath(new URL('..', import.meta.url)), join(folder, 'esm'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const core = dirname(createRequire(import.meta.url).resolve('@certgate/core/package.json'));
  mkdirSync(join(folder, 'node_modules/@certgate'), { recursive: true });
  symlinkSync(core, join(folder, 'node_modules/@certgate/core'), 'junction');
  return (await import(pathToFileURL(join(folder, 'esm/index.js')).href)) as typeof Certgate;
}
