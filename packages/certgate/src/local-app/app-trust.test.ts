import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { ToolFailure } from '#local/tool-failure.js';
import type { HostedFunction } from '#local/functions-host/functions-host.js';
import { createClientCertificate } from '../certificates/self-signed-certificate.js';
import { findOwnTrust, judgeCallers } from './app-trust.js';
import { expectStatus } from './checks/check-plan.js';
import { type Caller, findOwnCallers, prepareCallers } from './development-callers.js';

let folder: string;
let developmentFile: string;
let callers: readonly Caller[];
const unset = process.env['CERTGATE_TRUST'];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-app-trust-'));
  mkdirSync(join(folder, '.certgate'));
  developmentFile = join(folder, '.certgate', 'trust.json');
  for (const name of ['own.json', 'other.json']) writeFileSync(join(folder, name), '{}');
  Reflect.deleteProperty(process.env, 'CERTGATE_TRUST');
  callers = await prepareCallers(join(folder, '.certgate'), [], new Date());
});
after(() => {
  if (unset !== undefined) process.env['CERTGATE_TRUST'] = unset;
  rmSync(folder, { recursive: true, force: true });
});

function writeSetting(value: string | undefined): void {
  const values = value === undefined ? {} : { CERTGATE_TRUST: value };
  writeFileSync(join(folder, 'local.settings.json'), JSON.stringify({ IsEncrypted: false, Values: values }));
}

async function withVariable(value: string, use: () => Promise<void>): Promise<void> {
  process.env['CERTGATE_TRUST'] = value;
  try {
    await use();
  } finally {
    Reflect.deleteProperty(process.env, 'CERTGATE_TRUST');
  }
}

const own = (file: string, setBy: string): object => ({ file: join(folder, file), address: join(folder, file), setBy });
const find = (flag?: string): ReturnType<typeof findOwnTrust> => findOwnTrust(folder, developmentFile, flag);

test("the user's document wins: first by --trust, then by the environment, then by local.settings.json", async () => {
  writeSetting('own.json');
  assert.deepEqual(await find(), own('own.json', 'local.settings.json'));
  await withVariable('other.json', async () => {
    assert.deepEqual(await find(), own('other.json', 'the environment'));
    const flag = join(folder, 'own.json');
    assert.deepEqual(await find(flag), own('own.json', '--trust'));
  });
  // Core Tools ignores an empty variable in the same way.
  await withVariable('', async () => {
    assert.equal((await find())?.setBy, 'local.settings.json');
  });
});

test("development makes a document if nothing names one, or if the setting names development's own", async () => {
  for (const value of [undefined, '', '.certgate/trust.json', developmentFile]) {
    writeSetting(value);
    assert.equal(await find(), undefined, value);
  }
});

test('a missing file is an error that names its setting, and the app reads what is not a path', async () => {
  for (const value of ['missing.json', '.certgate']) {
    writeSetting(value);
    await assert.rejects(
      find(),
      /(?:There is no trust document at .*missing\.json|\.certgate is not a file), which CERTGATE_TRUST in local\.settings\.json names/,
    );
  }
  await assert.rejects(find(join(folder, 'missing.json')), /which --trust names/);
  writeSetting('file:own.json');
  assert.deepEqual(await find(), own('own.json', 'local.settings.json'));
  for (const value of ['https://example.com/trust.json', 'blob:https://a.example/c/t.json', '{"schemaVersion":1}']) {
    writeSetting(value);
    const address = value.startsWith('{') ? undefined : value;
    assert.deepEqual(await find(), { file: undefined, address, setBy: 'local.settings.json' });
  }
  writeSetting('http://example.com/trust.json?sig=SECRET');
  await assert.rejects(find(), (error: unknown) => {
    const { message, remedy = '' } = error as ToolFailure;
    assert.match(message, /^CERTGATE_TRUST in local\.settings\.json can't be used\. The URL begins with http:/);
    assert.match(remedy, /Write https:/);
    return !`${message}${remedy}`.includes('SECRET');
  });
});

test('checks expect that no caller is admitted if only the app reads the document', async () => {
  const { callers: judged, unknown } = await judgeCallers(callers, { file: undefined }, Date.now());
  assert.ok(unknown.includes('allowed'));
  const policy = { kind: 'certificate', roles: [] };
  const hosted: HostedFunction = { name: 'Orders', triggerType: 'httpTrigger', http: true, policy };
  assert.ok(judged.length > 0);
  for (const caller of judged) assert.notEqual(expectStatus(hosted, caller), 200, caller.name);
});

test("checks expect what the user's document says about callers, and callers that it does not list are named", async () => {
  const file = join(folder, 'own.json');
  const named = { file };
  const judge = async (identity: object): ReturnType<typeof judgeCallers> => {
    const thumbprintSha256 = callers.find(({ name }) => name === 'allowed')?.certificate?.certificate.thumbprintSha256;
    const identities = [{ name: 'me', roles: ['ops'], pins: [{ thumbprintSha256 }], ...identity }];
    writeFileSync(file, JSON.stringify({ schemaVersion: 1, revision: 7, identities }));
    return judgeCallers(callers, named, Date.now());
  };
  const status = (
    { callers: judged }: Awaited<ReturnType<typeof judge>>,
    functionName: string,
    role?: string,
  ): number => {
    const policy = { kind: 'certificate', roles: role === undefined ? [] : [[role]] };
    const hosted: HostedFunction = { name: functionName, triggerType: 'httpTrigger', http: true, policy };
    const caller = judged.find(({ name }) => name === 'allowed');
    assert.ok(caller !== undefined);
    return expectStatus(hosted, caller);
  };

  const listed = await judge({ functions: ['orders'] });
  assert.deepEqual(listed.unknown, []);
  assert.deepEqual(
    [status(listed, 'Orders', 'ops'), status(listed, 'Orders', 'x'), status(listed, 'Other')],
    [200, 403, 403],
  );

  const disabled = await judge({ enabled: false });
  assert.deepEqual([disabled.unknown, status(disabled, 'Orders')], [[], 401]);

  const stranger = await judge({ pins: [{ thumbprintSha256: 'A'.repeat(64) }] });
  assert.deepEqual(stranger.unknown, ['allowed']);
  assert.deepEqual(
    stranger.callers.map(({ name, isTrusted }) => [name, isTrusted]),
    [
      ['none', false],
      ['denied', false],
    ],
  );

  writeFileSync(file, '{"schemaVersion":1}');
  await assert.rejects(judgeCallers(callers, named, Date.now()), /own\.json is not a valid trust document: .*/);
});

test("the user's own callers in the folder have the roles of the document, and others are left out", async () => {
  const development = join(folder, '.certgate');
  const put = (name: string, key?: string, now = new Date()): string => {
    const made = createClientCertificate({ name, days: 1, now });
    writeFileSync(join(development, `${name}.crt.pem`), made.certificatePem);
    writeFileSync(join(development, `${name}.key.pem`), key ?? made.privateKeyPem);
    return createHash('sha256').update(made.certificateDer).digest('hex').toUpperCase();
  };
  const pins = [{ thumbprintSha256: put('billing') }];
  put('stranger');
  put('broken', 'no key');
  writeFileSync(join(development, 'alone.crt.pem'), '');
  const file = join(folder, 'own.json');
  const identities = [
    { name: 'billing', roles: ['orders.read'], pins },
    { name: 'expired', roles: [], pins: [{ thumbprintSha256: put('expired', undefined, new Date('2026-01-01')) }] },
  ];
  writeFileSync(file, JSON.stringify({ schemaVersion: 1, revision: 1, identities }));

  const found = await findOwnCallers(development, callers);
  assert.deepEqual(
    found.callers.map(({ name }) => name),
    ['billing', 'expired', 'stranger'],
  );
  assert.match(found.faults.join(), /^broken is not a caller here\. .*not its private key/);
  const { callers: judged, unknown } = await judgeCallers([...callers, ...found.callers], { file }, Date.now());
  assert.deepEqual(
    judged.map(({ name, isTrusted, roles }) => [name, isTrusted, ...roles]),
    [
      ['none', false],
      ['denied', false],
      ['billing', true, 'orders.read'],
      ['expired', false],
    ],
  );
  assert.deepEqual(unknown, ['allowed']);
});
