import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import { findIgnoredNote, listRoleNotes, listSettingWarnings, listStreamingNotes } from './app-notices.js';

test('only a setting whose name is almost one of ours is named', () => {
  const meant = (name: string): string | undefined =>
    /Did you mean (.*)\?$/.exec(listSettingWarnings({ [name]: 'x' })[0] ?? '')?.[1];
  for (const [name, own] of [
    ['CERTGATE_TRSUT', 'CERTGATE_TRUST'],
    ['certgate_trust', 'CERTGATE_TRUST'],
    ['CERTGATE_TRUTS', 'CERTGATE_TRUST'],
    ['CERTGATETRUST', 'CERTGATE_TRUST'],
    ['CERTGATE_FRONTEND', 'CERTGATE_FRONT_END'],
    ['CERTGATE_FRONT_END_SECERT', 'CERTGATE_FRONT_END_SECRET'],
    ['CERTGATE_FRONT_END_ISOLATON', 'CERTGATE_FRONT_END_ISOLATION'],
    ['CERTGATE_LOCK', 'CERTGATE_LOCKED'],
  ] as const) {
    assert.equal(meant(name), own, name);
  }
  for (const name of ['CERTGATE_TRUST', 'CERTGATE_LOCKED', 'CERTGATE_TRUST_2', 'CERTGATE_TRUST2', 'TRUST', 'PATH'])
    assert.equal(meant(name), undefined, name);
});

test('settings that this host ignores are named in one line, which is absent if there are none', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'certgate-ignored-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'host.json'), '{ "version": "2.0" }');
  assert.equal(await findIgnoredNote(folder, {}), undefined);
  const settings = { 'AzureFunctionsJobHost:extensions:http:customHeaders:X-A': 'b' };
  assert.equal(await findIgnoredNote(folder, settings), 'Ignored by this local host: customHeaders of host.json.');
  const file = {
    version: '2.0',
    functions: ['a'],
    functionTimeout: '00:05:00',
    extensions: { HTTP: { customheaders: {} } },
  };
  await writeFile(join(folder, 'host.json'), JSON.stringify(file));
  await writeFile(join(folder, 'local.settings.json'), '{ "Host": { "CORS": "*" }, "Values": {} }');
  assert.equal(
    await findIgnoredNote(folder, {}),
    'Ignored by this local host: functions, functionTimeout, customHeaders of host.json; Host.CORS of local.settings.json.',
  );
});

test('with streaming, a note says that the log lines of observed functions name no keys', () => {
  const observed = (days: number): object => ({
    policy: { kind: 'certificate', roles: [], observedUntil: Date.now() + days * 86_400_000 },
  });
  const list = (isStreaming: boolean, ...policies: readonly object[]): number =>
    listStreamingNotes(
      policies.map((each) => ({ name: 'F', triggerType: 'httpTrigger', http: true, ...each })),
      isStreaming,
    ).length;
  assert.deepEqual(
    [list(true, observed(1)), list(false, observed(1)), list(true, observed(-1)), list(true, {})],
    [1, 0, 0, 0],
  );
});

test('roles are named that only the functions or only the trust document know', () => {
  const requiring = (...roles: readonly (readonly string[])[]): HostedFunction => ({
    name: 'F',
    triggerType: 'httpTrigger',
    http: true,
    policy: { kind: 'certificate', roles },
  });
  const open = { ...requiring(), policy: { kind: 'anonymous' } };
  const list = (...roles: readonly string[]): readonly string[] =>
    listRoleNotes([requiring(['orders.read', 'admin']), requiring(['orders.write']), open], [{ roles }, { roles: [] }]);
  assert.deepEqual(list('orders.read', 'orders.write', 'admin'), []);
  assert.deepEqual(list('orders.read', 'admin', 'orders.wirte'), [
    'Roles in the trust document that no function of this app requires by its marker: orders.wirte.',
    'Roles that a function asks for and no identity in the trust document has: orders.write.',
  ]);
});
