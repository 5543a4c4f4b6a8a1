import assert from 'node:assert/strict';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { build } from 'esbuild';
import { root } from './test-support/certgate.js';

// Checks the table of dependencies in docs/architecture.md, and the licenses that the tool's page contains.

interface Locked {
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const ofTool = Object.keys(packages['packages/certgate']?.dependencies ?? {}).filter(
  (name) => !name.startsWith('@certgate/'),
);
const rows = readTable();

function readTable(): ReadonlyMap<string, readonly string[]> {
  const page = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8').replaceAll('\r\n', '\n');
  const section = page.split('## What the tool depends on\n')[1]?.split('\n## ')[0] ?? '';
  const cells = [...section.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)];
  return new Map(cells.map(([, name = '', rest = '']) => [name, rest.split(' | ')]));
}

/** The folder where Node finds a package that code in `from` imports. */
function findInstalled(name: string, from: string): string {
  const place = join(from, 'node_modules', name).replaceAll('\\', '/');
  if (place in packages) return place;
  assert.notEqual(from, '.', `${name} is not in package-lock.json`);
  return findInstalled(name, dirname(from));
}

function collectTree(place: string, found: Set<string> = new Set()): Set<string> {
  if (found.has(place)) return found;
  found.add(place);
  for (const name of Object.keys(packages[place]?.dependencies ?? {})) collectTree(findInstalled(name, place), found);
  return found;
}

function measureFolder(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.name === 'node_modules') return sum;
    return sum + (entry.isDirectory() ? measureFolder(path) : statSync(path).size);
  }, 0);
}

describe('the dependencies of the tool', () => {
  it('are in the table, each with its reason and an alternative', () => {
    assert.deepEqual([...rows.keys()], ofTool);
    for (const [name, [reason = '', , , inItsPlace = '']] of rows) {
      assert.ok(reason.length > 5 && inItsPlace.length > 5, name);
    }
  });

  for (const name of ofTool) {
    it(`${name} has the licences and the size that the table says`, () => {
      const tree = [...collectTree(findInstalled(name, 'packages/certgate'))];
      const licences = new Set(tree.map((place) => packages[place]?.license));
      const [, licence = '', size = ''] = rows.get(name) ?? [];
      assert.deepEqual(new Set(licence.split(', ')), licences);
      const [count = 0, kilobytes = 0] = size.split(', ').map(Number);
      assert.equal(count, tree.length);
      // The size may differ a little, because a dependency's own dependencies are updated.
      const measured = tree.reduce((sum, place) => sum + measureFolder(join(root, place)), 0) / 1000;
      assert.ok(Math.abs(measured - kilobytes) < 5 + 0.25 * kilobytes, `${measured} kB`);
    });
  }
});

describe('the other packages of this repository', () => {
  it('depend only on each other', () => {
    for (const folder of ['x509', 'core', 'azure-functions', 'http']) {
      const foreign = Object.keys(packages[`packages/${folder}`]?.dependencies ?? {}).filter(
        (name) => !name.startsWith('@certgate/'),
      );
      assert.deepEqual(foreign, []);
    }
  });
});

describe('the page of the tool', () => {
  it('contains the license of each package that it bundles, and is packed', async () => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: ['packages/inspector/src/main.tsx'],
      outdir: 'absent',
      bundle: true,
      write: false,
      metafile: true,
      jsx: 'automatic',
      jsxImportSource: 'preact',
      tsconfigRaw: {},
    });
    const inputs = Object.keys(metafile.inputs).filter((input) => input.includes('node_modules/'));
    const folders = new Set(inputs.map((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0] ?? ''));
    assert.ok(folders.size > 0);
    const page = readFileSync(join(root, 'packages/certgate/dist/inspector-page/inspector.js'), 'utf8');
    for (const folder of folders) {
      assert.ok(page.includes(readFileSync(join(root, folder, 'LICENSE'), 'utf8').trim()), folder);
    }
    const { files } = JSON.parse(readFileSync(join(root, 'packages/certgate/package.json'), 'utf8')) as {
      readonly files: readonly string[];
    };
    assert.ok(files.includes('dist/inspector-page'));
  });
});
