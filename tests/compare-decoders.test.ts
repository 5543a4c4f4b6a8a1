import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'certgate-decoders-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});
const vectors = JSON.parse(readFileSync(join(root, 'conformance/decision/vectors/vectors.json'), 'utf8')) as {
  readonly certificates: Readonly<Record<string, string>>;
};
const [certificate = ''] = Object.values(vectors.certificates);

function compare(
  checkout: string,
  ...args: readonly string[]
): { readonly exitCode: number | null; readonly text: string } {
  const script = join(root, 'conformance/dist/compare-decoders.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, checkout, ...args], { encoding: 'utf8' });
  return { exitCode: status, text: stdout + stderr };
}

const pathOf = (entry: string): string => new URL(`../../packages/x509/dist/${entry}.mjs`, import.meta.url).href;

/** Makes a checkout whose x509 re-exports this repository's, plus the exports in `override`. */
function writeCheckout(override: string): string {
  const dist = join(folder, 'packages', 'x509', 'dist');
  mkdirSync(dist, { recursive: true });
  for (const entry of ['internal', 'internal-certificates', 'path']) {
    const reexport = `export * from ${JSON.stringify(pathOf(entry))};\n`;
    writeFileSync(join(dist, `${entry}.mjs`), reexport + (entry === 'internal' ? override : ''));
  }
  return folder;
}

describe('npm run conformance -- decoders', () => {
  it('finds no difference between a decoder and itself', () => {
    const { exitCode, text } = compare(root, '--input', certificate);
    assert.equal(exitCode, 0, text);
    assert.match(text, /8 accepted, 0 refused\nEvery value is equal/);
  });

  it('prints the input for which a decoder returned a copy instead of a view', () => {
    const { exitCode, text } = compare(
      writeCheckout(
        `import { findPublicKeyInfo as original } from ${JSON.stringify(pathOf('internal'))};
         export const findPublicKeyInfo = (der) => Buffer.from(original(der));`,
      ),
      ...['--input', certificate],
    );
    assert.equal(exitCode, 1, text);
    assert.match(text, /place in the input: undefined and \d+/);
    assert.ok(text.includes(certificate));
  });

  it('ends with 2 for a checkout that is not built, and names the missing file', () => {
    const missing = compare(join(folder, 'nowhere'));
    assert.equal(missing.exitCode, 2);
    assert.match(missing.text, /internal\.mjs is missing\. Build that checkout/);
  });
});
