import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { frontEndForms } from '@certgate/core/test-support/front-end-forms.js';
import { proxyPrograms } from './front-ends/proxy-programs.js';
import { root } from './test-support/certgate.js';

// Compares what pages and examples say about front ends with core's table: they must have every front end and no other.

const names = frontEndForms.map(({ frontEnd }) => frontEnd.name);
const examples = join(root, 'examples', 'front-ends');

/** The cells of each row of the table whose first column has this heading. */
function readTable(page: string, heading: string): readonly (readonly string[])[] {
  const text = readFileSync(join(root, 'docs', page), 'utf8');
  const [, rows = ''] = text.split(new RegExp(`^\\| ${heading} \\|.*\\n\\| ?-.*\\n`, 'm'));
  const [table = ''] = rows.split(/^(?!\|)/m);
  return table
    .trimEnd()
    .split('\n')
    .map((row) => row.split('|').slice(1, -1));
}

const readNames = (cell: string | undefined): readonly string[] =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

describe('docs/front-ends.md', () => {
  const rows = readTable('front-ends.md', '`frontEnd`');

  it('lists every front end once, with the fields that the gate reads', () => {
    assert.deepEqual(rows.map(([name]) => readNames(name)[0]).toSorted(), names.toSorted(), 'change the table');
    for (const [name, fields] of rows) {
      const form = frontEndForms.find(({ frontEnd }) => frontEnd.name === readNames(name)[0]);
      assert.deepEqual(
        readNames(fields).map((field) => field.toLowerCase()),
        form?.frontEnd.fields,
      );
    }
  });

  it('claims tests with published captures only for front ends that have captures', () => {
    for (const [name, , , tested = ''] of rows) {
      const form = frontEndForms.find(({ frontEnd }) => frontEnd.name === readNames(name)[0]);
      if (tested.includes('published')) assert.notEqual(form?.captures.length, 0, name);
    }
  });

  it('names the front ends whose chain an app can accept', () => {
    const page = readFileSync(join(root, 'docs', 'front-ends.md'), 'utf8');
    const [, sentence = ''] = /\n\n(.*) can forward the CA certificates that a caller sends\./.exec(page) ?? [];
    const forwarding = frontEndForms.filter(({ handsOnChain }) => handsOnChain).map(({ frontEnd }) => frontEnd.name);
    assert.deepEqual(readNames(sentence).toSorted(), forwarding.toSorted(), 'change the sentence');
  });

  it('links to every configuration of examples/front-ends', () => {
    const page = readFileSync(join(root, 'docs', 'front-ends.md'), 'utf8');
    for (const folder of readdirSync(examples)) {
      for (const file of readdirSync(join(examples, folder)))
        assert.ok(page.includes(`../examples/front-ends/${folder}/${file}`), `${folder}/${file}`);
    }
  });
});

it('docs/local-development.md lists the fields that the gateway writes for every front end', () => {
  const rows = readTable('local-development.md', '`--front-end`');
  assert.deepEqual(rows.map(([name]) => readNames(name)[0]).toSorted(), names.toSorted(), 'change the table');
  for (const [name, fields = ''] of rows) {
    const form = frontEndForms.find(({ frontEnd }) => frontEnd.name === readNames(name)[0]);
    for (const field of form?.frontEnd.fields ?? [])
      assert.ok(fields.toLowerCase().includes(field), `${name}: ${field}`);
  }
});

it('.ci/run installs the programs of every proxy, and shows the version of the proxy', () => {
  const script = readFileSync(join(root, '.ci', 'run'), 'utf8');
  for (const { needs } of Object.values(proxyPrograms)) {
    for (const [path, name] of Object.entries(needs))
      assert.ok(script.includes(`[ -x ${path} ] || missing+=(${name})`));
    assert.match(script, new RegExp(`^${Object.keys(needs)[0]} -?v`, 'm'));
  }
});

it('the fuzzing reads the fields of every front end', async () => {
  const oracles = pathToFileURL(join(root, 'proof/fuzzing/oracles.mjs')).href;
  const { frontEnds } = (await import(oracles)) as { readonly frontEnds: readonly string[] };
  assert.deepEqual(frontEnds, names, 'add it to simpleReaders in proof/fuzzing/oracles.mjs');
});

describe('the main comment of the front end', () => {
  const headings = ['Grammar', 'A field that the caller sent', 'The operator configures'];
  for (const name of names) {
    it(`${name} says what it writes, what happens to forged fields, and what the operator configures`, () => {
      const text = readFileSync(join(root, 'packages/core/src/front-ends', `${name}.ts`), 'utf8');
      for (const heading of headings) assert.ok(text.includes(` * - **${heading}**: `), heading);
      const [, folder] = /examples\/front-ends\/([\w-]+)/.exec(text) ?? [];
      if (folder !== undefined) assert.ok(existsSync(join(examples, folder)), folder);
    });
  }
});
