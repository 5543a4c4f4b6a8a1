// In a process of its own: names that come and go on Object.prototype slow down all that runs after them.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { allowAnonymous, requireRole, secureApp, unsafeTrustCertificateHeaderFromAnywhere } from '../index.js';
import { appService } from '../test-support/environment.js';
import { bearing, countHandler, createApp, reader, stranger, trustStore } from '../test-support/secured-app.js';
import type { Call, TestWorker } from '../test-support/test-worker.js';

/** `prototype-pollution.ts` of core's tests, which no package exports. */
interface PollutionTools {
  readonly listMemberNames: (folder: string) => readonly string[];
  readonly listHostileValues: (name: string) => readonly unknown[];
  readonly pollute: (pollution: Readonly<Record<PropertyKey, unknown>>) => () => void;
  readonly watchAbsentMembers: (names: readonly string[]) => { readonly stop: () => ReadonlySet<string> };
  readonly namesOfPresence: readonly string[];
}

const [x509 = '', core = ''] = ['x509', 'core'].map((name) =>
  join(dirname(createRequire(import.meta.url).resolve(`@certgate/${name}/package.json`)), 'dist/esm'),
);
const toolsFile = pathToFileURL(join(core, 'test-support/prototype-pollution.js')).href;
const tools = (await import(toolsFile)) as PollutionTools;
const memberNames = [x509, core, fileURLToPath(new URL('..', import.meta.url))].flatMap(tools.listMemberNames);

interface Scene {
  readonly worker: TestWorker;
  /** Returns how often a handler ran. */
  readonly runs: () => number;
}

function build(context: TestContext, environment: Readonly<Record<string, string>> = appService): Scene {
  const { app, worker } = createApp(context, environment);
  const { handler: secret, runs } = countHandler();
  secureApp(app, { trustStore });
  app.http('Closed', { handler: secret });
  app.http('Role', { handler: requireRole('operator', secret) });
  app.http('Open', { handler: allowAnonymous(() => ({ body: 'open' })) });
  return { worker, runs };
}

/** Calls that are refused: 403, 401 and 401. */
const refused: readonly (readonly [name: string, call: Call])[] = [
  ['Role', bearing(reader)],
  ['Closed', bearing(stranger)],
  ['Closed', {}],
];

async function callAll(worker: TestWorker): Promise<readonly number[]> {
  const statuses: number[] = [];
  for (const [name, call] of refused) statuses.push((await worker.invoke(name, call)).status);
  return statuses;
}

async function withPollution(pollution: Readonly<Record<PropertyKey, unknown>>, run: () => unknown): Promise<unknown> {
  const restore = tools.pollute(pollution);
  try {
    return await run();
  } catch (error) {
    return error;
  } finally {
    restore();
  }
}

const describeValue = (name: PropertyKey, value: unknown): string => `${String(name)}: ${JSON.stringify(value)}`;

describe('a polluted Object.prototype', () => {
  it('lets no refused call reach its handler', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const { worker, runs } = build(context);
    await worker.start();
    assert.deepEqual(await callAll(worker), [403, 401, 401]);
    const watch = tools.watchAbsentMembers(memberNames);
    await callAll(worker);
    const found = watch.stop();
    assert.ok(found.size > 0);
    const sought = [...found, ...tools.namesOfPresence];
    for (const name of sought) {
      for (const value of tools.listHostileValues(name)) {
        const answered = await withPollution({ [name]: value }, () => callAll(worker));
        assert.equal(runs(), 0, describeValue(name, value));
        if (Array.isArray(answered))
          assert.ok(
            answered.every((status) => status >= 400),
            describeValue(name, value),
          );
      }
    }
    assert.deepEqual(await callAll(worker), [403, 401, 401]);
  });

  it('lets no refused call reach its handler in an app that is built and started meanwhile', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const watch = tools.watchAbsentMembers(memberNames);
    await build(context).worker.start();
    const sought = watch.stop();
    assert.ok(sought.size > 0);
    for (const name of ['reportOnlyUntil', 'policy', 'kind', 'roles', 'version', 'find', 'start', ...sought]) {
      const [value] = tools.listHostileValues(name).slice(-1);
      await withPollution({ [name]: value }, async () => {
        const { worker, runs } = build(context);
        await worker.start();
        await callAll(worker);
        assert.equal(runs(), 0, describeValue(name, value));
      });
    }
  });

  it('leaves no trace in a policy once the pollution is gone', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const scene: { built?: Scene } = {};
    await withPollution({ reportOnlyUntil: 8_640_000_000_000_000 }, () => {
      scene.built = build(context);
    });
    assert.ok(scene.built !== undefined);
    await scene.built.worker.start();
    assert.deepEqual(await callAll(scene.built.worker), [403, 401, 401]);
  });

  it('names no front end and does not switch Development on', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const pollutions: readonly Readonly<Record<PropertyKey, unknown>>[] = [
      { CERTGATE_FRONT_END: 'app-service' },
      { WEBSITE_INSTANCE_ID: 'a1b2' },
      { frontEnd: 'app-service' },
      { [unsafeTrustCertificateHeaderFromAnywhere]: true },
      { [Symbol.for('certgate/local-host/v1')]: true, AZURE_FUNCTIONS_ENVIRONMENT: 'Development' },
      {
        AZURE_FUNCTIONS_ENVIRONMENT: 'Development',
        FUNCTIONS_CORETOOLS_ENVIRONMENT: 'True',
        WEBSITE_HOSTNAME: 'localhost:7071',
      },
    ];
    for (const pollution of pollutions) {
      const body = await withPollution(pollution, async () => {
        const { worker, runs } = build(context, { HOME: '/' });
        await worker.start();
        const answer = await worker.invoke('Closed', bearing(reader));
        assert.equal(runs(), 0);
        assert.equal(answer.status, 503);
        return answer.body;
      });
      assert.match(String(body), /"unavailable"/, Reflect.ownKeys(pollution).map(String).join());
      assert.doesNotMatch(String(body), /development/);
    }
  });
});
