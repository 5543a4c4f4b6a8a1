import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import * as http from '@certgate/http';
import { root } from './test-support/certgate.js';
import { hostsBehindFrontEnds } from './test-support/http-hosts.js';
import { securedHosts } from './test-support/secured-hosts.js';

// Checks that every adapter is in the table of tested hosts, on the page, and in an example that tests run.

const adapters = Object.keys(http).filter((name) => /^secure[A-Z]/.test(name));
const page = readFileSync(join(root, 'docs/http-hosts.md'), 'utf8');

it('every adapter of @certgate/http is tested with a host', () => {
  assert.deepEqual([...new Set(securedHosts.map(({ adapter }) => adapter))].toSorted(), adapters.toSorted());
});

it('docs/http-hosts.md says what every adapter closes, and which adapters empty the secret', () => {
  const [, table = ''] = /^\| Host \| Call \|.*\n((?:\|.*\n)+)/m.exec(page) ?? [];
  const calls = [...table.matchAll(/\b(secure[A-Z]\w+)\(/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(calls)].toSorted(), adapters.toSorted());
  const [, empties = ''] = /\n(.*) empty the secret of the front end/.exec(page) ?? [];
  const hiding = securedHosts.filter(({ hidesSecret }) => hidesSecret).map(({ adapter }) => adapter);
  assert.deepEqual(
    [...new Set(hiding)].toSorted(),
    [...empties.matchAll(/`(\w+)`/g)].map(([, name]) => name).toSorted(),
  );
});

it('the README of @certgate/http names every adapter', () => {
  const readme = readFileSync(join(root, 'packages/http/README.md'), 'utf8');
  const missing = adapters.filter((name) => !readme.includes(name));
  assert.deepEqual(missing, []);
});

it('the keywords of @certgate/http have every framework', () => {
  const { keywords } = JSON.parse(readFileSync(join(root, 'packages/http/package.json'), 'utf8')) as {
    readonly keywords: readonly string[];
  };
  const frameworks = securedHosts.map(({ name }) => name.replace(/[-:].+$/, '')).filter((name) => name !== 'node');
  assert.deepEqual(
    frameworks.filter((name) => !keywords.includes(name)),
    [],
  );
});

it('docs/http-hosts.md has a row for every host', () => {
  const hosts = [...page.matchAll(/^\| ([^|]+) \| `(?:await |secure)/gm)].map(([, host = '']) => host.toLowerCase());
  const missing = securedHosts.filter(
    // Other versions or adapters of a framework share the row of the first.
    ({ name }) => !hosts.some((host) => host.includes(name.replace(/-.+$/, ''))),
  );
  assert.deepEqual(
    missing.map(({ name }) => name),
    [],
  );
});

it('every server of examples/http-hosts is also tested inside the test process', () => {
  const tested = securedHosts.map(({ name }) => name.replace(':', '-'));
  assert.deepEqual(
    hostsBehindFrontEnds.filter((name) => !tested.includes(name)),
    [],
  );
});

it('every server of examples/http-hosts runs behind the front ends or ends TLS itself', () => {
  const files = readdirSync(join(root, 'examples/http-hosts/src')).map((file) => file.replace(/\.ts$/, ''));
  assert.deepEqual(files.toSorted(), [...hostsBehindFrontEnds, 'direct-tls'].toSorted());
});
