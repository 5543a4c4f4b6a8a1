import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from './test-support/certgate.js';

interface LineType {
  readonly keys: readonly { readonly key: string; readonly isOptional: boolean; readonly values: readonly string[] }[];
}
const { readInterface } = (await import(pathToFileURL(`${root}/scripts/reference/read-types.mjs`).href)) as {
  readInterface: (name: string) => LineType;
};

/** The expected keys of each line. A key ends with `?` if a line may lack it. The values follow if there are few. */
const baseline = JSON.parse(readFileSync(`${root}/tests/log-format.json`, 'utf8')) as {
  readonly certgate: number;
  readonly lines: Readonly<Record<string, readonly string[]>>;
};

function listKeys(name: string): readonly string[] {
  return readInterface(name).keys.map(({ key, isOptional, values }) => {
    const listed = values.length > 0 && values.length < 8 ? `=${values.join('|')}` : '';
    return `${key}${isOptional ? '?' : ''}${listed}`;
  });
}

const source = readFileSync(`${root}/packages/core/src/log/log-text.ts`, 'utf8');
const version = Number(/logShapeVersion = (\d+)/.exec(source)?.[1]);

test('a log line keeps every key and value that a query may read, or raises "certgate"', () => {
  for (const [name, keys] of Object.entries(baseline.lines)) {
    const now = listKeys(name);
    const lost = keys.filter((key) => !now.includes(key));
    const question =
      version === baseline.certgate
        ? 'A query that reads these can break: raise logShapeVersion in log-text.ts, or keep them.'
        : 'The version is raised: write it into tests/log-format.json.';
    assert.deepEqual(lost, [], `${name}: ${question} If no query can break, correct tests/log-format.json.`);
    const added = now.filter((key) => !keys.includes(key));
    assert.deepEqual(added, [], `${name}: add these to tests/log-format.json. A new key does not raise "certgate".`);
  }
  assert.equal(version, baseline.certgate, 'Write the new version into tests/log-format.json.');
});

test('the list of log keys names every kind of line', () => {
  const core = readFileSync(`${root}/packages/core/src/index.ts`, 'utf8');
  const exported = [...core.matchAll(/\b(\w+LogLine)\b/g)].map(([, name]) => name ?? '');
  assert.deepEqual([...new Set(exported)].sort(), Object.keys(baseline.lines).sort());
});
