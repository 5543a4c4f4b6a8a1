import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { ToolFailure } from '#local/tool-failure.js';
import { findAppFrontEnd, findUnplayed, heedGate, prepareFrontEnd } from './front-end-settings.js';

const [made, own, next] = ['m', 'o', 'n'].map((letter) => letter.repeat(32)) as [string, string, string];

async function createFolder(context: TestContext, Values?: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'certgate-front-end-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  if (Values !== undefined) {
    await writeFile(join(folder, 'local.settings.json'), JSON.stringify({ IsEncrypted: false, Values }));
  }
  return folder;
}

test("the front end is App Service's if nothing names one, and the app gets no setting", async (context) => {
  const folder = await createFolder(context);
  assert.deepEqual(await prepareFrontEnd(folder, undefined, made), {
    name: 'app-service',
    secret: undefined,
    missingSettings: {},
  });
});

test('a named front end reaches the app as a setting, with a secret if it sends one', async (context) => {
  const folder = await createFolder(context, { CERTGATE_FRONT_END: '' });
  assert.deepEqual(await prepareFrontEnd(folder, 'envoy', made), {
    name: 'envoy',
    secret: made,
    missingSettings: { CERTGATE_FRONT_END: 'envoy', CERTGATE_FRONT_END_SECRET: made },
  });
  assert.deepEqual(await prepareFrontEnd(folder, 'app-service', made), {
    name: 'app-service',
    secret: undefined,
    missingSettings: { CERTGATE_FRONT_END: 'app-service' },
  });
});

test('the settings name the front end and its secret: the first of two while they are exchanged', async (context) => {
  const folder = await createFolder(context, {
    CERTGATE_FRONT_END: 'nginx',
    CERTGATE_FRONT_END_SECRET: `${own} ${next}`,
  });
  assert.deepEqual(await prepareFrontEnd(folder, undefined, made), { name: 'nginx', secret: own, missingSettings: {} });
  const replaced = await prepareFrontEnd(folder, undefined, made, { CERTGATE_FRONT_END_SECRET: next });
  assert.equal(replaced.secret, next);
});

test('no secret is made for an app that another program runs', async (context) => {
  const folder = await createFolder(context, { CERTGATE_FRONT_END: 'nginx' });
  assert.deepEqual(await findAppFrontEnd(folder, 'nginx'), { name: 'nginx', secret: undefined });
});

test('another name in the settings, or an invalid setting, is an error that shows no secret', async (context) => {
  const folder = await createFolder(context, { CERTGATE_FRONT_END: 'nginx' });
  await assert.rejects(
    findAppFrontEnd(folder, 'haproxy'),
    /The front end to play is haproxy, but the app setting CERTGATE_FRONT_END names nginx/,
  );
  await assert.rejects(
    findAppFrontEnd(folder, undefined, { CERTGATE_FRONT_END: 'lighttpd' }),
    /CERTGATE_FRONT_END is "lighttpd"; it must be one of app-service, /,
  );
  await assert.rejects(findAppFrontEnd(folder, undefined, { CERTGATE_FRONT_END_SECRET: 'too short' }), (error) => {
    assert.ok(error instanceof ToolFailure);
    assert.match(error.message, /CERTGATE_FRONT_END_SECRET is not valid/);
    assert.doesNotMatch(`${error.message} ${error.remedy ?? ''}`, /too short/);
    return true;
  });
});

test('the gateway plays the front end that the code names, with the secret from the setting that the code reads', () => {
  const options = {
    frontEndSecret: true,
    frontEndIsolation: null,
    forwardedElements: null,
    acceptForwardedChain: false,
    unsafeTrustCertificateHeaderFromAnywhere: false,
    decisionLog: 'all',
    strangerNames: true,
    stores: [],
  };
  const gate = (frontEnd: string | null, secretSetting?: string | null): Parameters<typeof heedGate>[0] => ({
    options: { frontEnd, ...options },
    ...(secretSetting === undefined ? {} : { secretSetting }),
  });
  assert.deepEqual(heedGate(undefined, {}, undefined), { name: 'app-service', secret: undefined });
  assert.deepEqual(heedGate(gate(null), {}, 'nginx'), { name: 'nginx', secret: undefined });
  assert.deepEqual(heedGate(gate('nginx', 'MINE'), { MINE: own }, undefined), { name: 'nginx', secret: own });
  const both = { CERTGATE_FRONT_END: 'nginx', CERTGATE_FRONT_END_SECRET: next, MINE: own };
  assert.deepEqual(heedGate(gate('nginx', 'MINE'), both, 'nginx'), { name: 'nginx', secret: own });
  assert.deepEqual(heedGate(gate('nginx'), both, undefined), { name: 'nginx', secret: next });
  assert.throws(() => heedGate(gate('nginx', null), both, undefined), /secret of the front end nginx from elsewhere/);
  assert.throws(
    () => heedGate(gate('caddy'), both, undefined),
    /code names the front end caddy, but the app setting CERTGATE_FRONT_END names nginx/,
  );
  assert.throws(() => heedGate(gate('caddy'), {}, 'nginx'), /caddy, but the front end to play is nginx/);
  const withElements = (forwardedElements: number | null): string | undefined =>
    findUnplayed({ options: { frontEnd: 'envoy', ...options, forwardedElements } });
  assert.deepEqual([withElements(null), withElements(1), findUnplayed(undefined)], [undefined, undefined, undefined]);
  assert.match(withElements(2) ?? '', /asks for 2 elements .* every certificate is refused here/);
});
