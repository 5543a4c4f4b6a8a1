import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import * as http from '@certgate/http';
import { root } from './test-support/certgate.js';
import { hostsBehindFrontEnds, hostsOnNodeHttp, hostsWithTls, listHttpHosts } from './test-support/http-hosts.js';
import { securedHosts } from './test-support/secured-hosts.js';

// Checks that every adapter is in the table of tested hosts, on the page, and in an example that tests run.

const adapters = Object.keys(http).filter((name) => /^secure[A-Z]/.test(name));
const page = readFileSync(join(root, 'docs/http-hosts.md'), 'utf8');

it('every file with an adapter is exported by index.ts of @certgate/http', () => {
  const files = readdirSync(join(root, 'packages/http/src'), { recursive: true, encoding: 'utf8' });
  const named = files.flatMap((path) => /secure-[\w-]+(?=\.ts$)/.exec(path) ?? []);
  const exported = adapters.map((name) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
  assert.deepEqual(exported.toSorted(), named.toSorted(), 'export the adapter in packages/http/src/index.ts');
});

it('every adapter of @certgate/http is tested with a host', () => {
  const tested = new Set(securedHosts.map(({ adapter }) => adapter));
  assert.deepEqual([...tested].toSorted(), adapters.toSorted(), 'add a host to test-support/secured-hosts.ts');
});

it('docs/http-hosts.md says what every adapter closes, and which adapters empty the secret', () => {
  const [, table = ''] = /^\| Host \| Call \|.*\n((?:\|.*\n)+)/m.exec(page) ?? [];
  const calls = [...table.matchAll(/\b(secure[A-Z]\w+)\(/g)].map(([, name]) => name);
  assert.deepEqual([...new Set(calls)].toSorted(), adapters.toSorted(), 'add a row to the table of hosts');
  const [, empties = ''] = /\n(.*) empty the secret of the front end/.exec(page) ?? [];
  const hiding = securedHosts.filter(({ hidesSecret }) => hidesSecret).map(({ adapter }) => adapter);
  assert.deepEqual(
    [...new Set(hiding)].toSorted(),
    [...empties.matchAll(/`(\w+)`/g)].map(([, name]) => name).toSorted(),
    'change the sentence "… empty the secret of the front end"',
  );
});

it('the README of @certgate/http names every adapter', () => {
  const readme = readFileSync(join(root, 'packages/http/README.md'), 'utf8');
  const missing = adapters.filter((name) => !readme.includes(name));
  assert.deepEqual(missing, [], 'add it to packages/http/README.md');
});

it('the keywords of @certgate/http have every framework', () => {
  const { keywords } = JSON.parse(readFileSync(join(root, 'packages/http/package.json'), 'utf8')) as {
    readonly keywords: readonly string[];
  };
  const frameworks = securedHosts.map(({ name }) => name.replace(/[-:].+$/, '')).filter((name) => name !== 'node');
  assert.deepEqual(
    frameworks.filter((name) => !keywords.includes(name)),
    [],
    'add it to packages/http/package.json',
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
    'add a row to the table of hosts',
  );
});

it('every server of examples/http-hosts is also tested inside the test process', () => {
  const tested = securedHosts.map(({ name }) => name.replace(':', '-'));
  assert.deepEqual(
    hostsBehindFrontEnds.filter((name) => !tested.includes(name)),
    [],
    'add a host to test-support/secured-hosts.ts',
  );
});

it('every adapter is shown by a server of examples/http-hosts', () => {
  const shown = securedHosts.filter(({ name }) => hostsBehindFrontEnds.some((host) => host === name.replace(':', '-')));
  const missing = adapters.filter((name) => !shown.some(({ adapter }) => adapter === name));
  assert.deepEqual(missing, [], 'add a server, and its name to hostsBehindFrontEnds in test-support/http-hosts.ts');
});

it('every server of examples/http-hosts runs behind the front ends or ends TLS itself', () => {
  const known = [...hostsBehindFrontEnds, ...hostsOnNodeHttp, ...hostsWithTls];
  const remedy = 'add it to one of the lists of names in test-support/http-hosts.ts';
  assert.deepEqual(listHttpHosts().toSorted(), known.toSorted(), remedy);
});
