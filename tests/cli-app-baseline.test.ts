import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { createApp, gateOptions, httpFunction, inspect, inspectJson } from './test-support/app-inspection.js';

describe('the baseline of certgate app inspect', () => {
  const baselineOf = (folder: string): string => join(folder, 'certgate.baseline.json');
  const agreed = `secure();
    app.http('Role', { methods: ['GET'], handler: requireRole('operator', handler) });
    app.http('Closed', { handler });
    app.http('Public', { handler: allowAnonymous(handler) });`;

  // Written by hand, so that the test also fails if the form of the baselines that people have committed changes.
  const agreedBaseline = {
    baselineVersion: 3,
    gate: gateOptions({
      trust: [
        {
          place: 'the app setting CERTGATE_TRUST',
          isExact: true,
          options: {
            refreshIntervalSeconds: 30,
            maximumStalenessSeconds: 86_400,
            maximumStalenessAfterRefusalSeconds: 3600,
            readTimeoutSeconds: 10,
            audience: null,
            signedBy: null,
            minimumRevision: 0,
            crlBlobs: [],
          },
        },
      ],
    }),
    httpStreaming: false,
    functions: [
      httpFunction('Closed', { kind: 'certificate', roles: [] }),
      httpFunction('Public', { kind: 'anonymous' }),
      httpFunction('Role', { kind: 'certificate', roles: [['operator']] }, { methods: ['GET'] }),
    ],
    webhooks: [],
  };

  const fromNow = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString();
  const observed = (name: string, days: number): string =>
    `app.http('${name}', { authLevel: 'function', handler: observe(handler, { until: '${fromNow(days)}' }) });`;

  /** An app with the source `main`, whose baseline was written for the source `agreed`. */
  const change = (context: TestContext, main: string): string =>
    createApp(context, main, { 'certgate.baseline.json': JSON.stringify(agreedBaseline) });

  it('is the same wherever and whenever it is written, and contains nothing about the machine', async (context) => {
    const [one, other] = [createApp(context, agreed), createApp(context, agreed)];
    for (const folder of [one, other]) await inspect(folder, '--write-baseline');
    const text = readFileSync(baselineOf(one), 'utf8');
    assert.equal(text, readFileSync(baselineOf(other), 'utf8'));
    assert.ok(!text.includes(one) && !text.includes('index.js'));
    assert.equal(text, `${JSON.stringify(agreedBaseline, null, 2)}\n`, 'a reviewer sees no line that only moved');
    const { exitCode, report } = await inspectJson(one);
    assert.equal(exitCode, 0);
    assert.deepEqual(report.baseline, { file: baselineOf(one), status: 'same', differences: [], uncompared: [] });
    assert.equal(readFileSync(baselineOf(one), 'utf8'), text, 'comparing writes nothing');
  });

  it('makes the command fail on a function that was opened, and the output says who may call it now', async (context) => {
    const folder = change(
      context,
      `secure();
       app.http('Role', { methods: ['GET'], handler: allowAnonymous(handler) });
       app.http('Closed', { handler });
       app.http('Public', { handler: allowAnonymous(handler) });`,
    );
    const { exitCode, stdout } = await inspect(folder);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^opens +Role +policy allowed certificates, role operator → public$/m);
    assert.match(stdout, /^1 difference from /m);
  });

  // The tests of the comparison cover what each difference opens or closes.
  const cases: readonly (readonly [what: string, main: string, expected: readonly string[]])[] = [
    [
      'nothing of other words and another order of loading',
      `app.http('Closed', { handler });${agreed.replace("app.http('Closed', { handler });", '').replace("requireRole('operator'", "requireAnyRole(['operator']")}`,
      [],
    ],
    [
      'observe under another name',
      `${agreed.replace(/app\.http\('Closed'.*/, '')} ${observed('Closed2', 1)}`,
      ['opens Closed2 function', 'closes Closed function'],
    ],
    [
      'streaming, a timer and an extension with a webhook',
      `app.setup({ enableHttpStream: true }); ${agreed} app.timer('Tick', { schedule: '0 0 * * * *', handler });
       app.generic('Tool', { trigger: { type: 'mcpToolTrigger', name: 'tool' }, handler });`,
      [
        ...['opens Tool function', 'opens /runtime/webhooks/mcp webhook'],
        ...['changes Tick function', 'changes app httpStreaming'],
      ],
    ],
    [
      'all of the front end at once',
      agreed.replace(
        'secure()',
        "secure({ frontEnd: 'envoy', frontEndSecret: undefined, forwardedElements: 2, acceptForwardedChain: true, ...anywhere })",
      ),
      [
        ...['opens app frontEnd', 'opens app forwardedElements', 'opens app acceptForwardedChain'],
        ...['opens app unsafeTrustCertificateHeaderFromAnywhere', 'closes app frontEndSecret'],
      ],
    ],
  ];

  for (const [what, main, expected] of cases) {
    it(`finds ${what}`, async (context) => {
      const { exitCode, report } = await inspectJson(change(context, main));
      assert.deepEqual(
        report.baseline?.differences.map(({ effect, subject, what: which }) => `${effect} ${subject} ${which}`),
        expected,
      );
      assert.equal(exitCode, expected.length === 0 ? 0 : 1);
      assert.equal(report.baseline.status, expected.length === 0 ? 'same' : 'different');
    });
  }

  const emptyTrust = '{ "schemaVersion": 1, "revision": 3, "identities": [] }';
  const admitsAll = `find: () => ({ outcome: 'found', identity: { name: 'x', roles: [] } })`;
  const signed = `{ signedBy: readFileSync(__dirname + '/../key.pem', 'utf8'), audience: 'orders', minimumRevision: 2 }`;
  const withStore = (store: string, more = ''): string =>
    agreed.replace('secure()', `const { readFileSync } = require('node:fs'); secure({ trustStore: ${store} ${more} })`);
  const file = "trustStoreFromFile(__dirname + '/../a.json', ";
  const storeChanges: readonly (readonly [what: string, main: string, expected: RegExp])[] = [
    [
      'a store that admits everybody',
      withStore(`{ ${admitsAll} }`),
      /^changes +app +trust file a\.json → a store of your own \(not known exactly\)$/m,
    ],
    [
      'a store that passes on the report of the one before',
      withStore(
        `((store) => ({ ${admitsAll}, report: () => store.report(), start: () => store.start() }))(${file}${signed}))`,
      ),
      /^changes +app +trust file a\.json → a store of your own/m,
    ],
    [
      'a second store',
      withStore(`firstOf(${file}${signed}), trustStoreFromFile('b.json'))`),
      /^changes +app +trust new: file b\.json$/m,
    ],
    [
      'a store without signedBy',
      withStore(`${file}${signed.replace(/signedBy: .*'utf8'\), /, '')})`),
      /^opens +app +trust file a\.json: signedBy MCow\S+ → not given$/m,
    ],
    [
      'a store without an audience',
      withStore(`${file}${signed.replace("audience: 'orders', ", '')})`),
      /^changes +app +trust file a\.json: audience orders → not given$/m,
    ],
    [
      'a store without minimumRevision',
      withStore(`${file}${signed.replace(', minimumRevision: 2', '')})`),
      /^opens +app +trust file a\.json: minimumRevision 2 → 0$/m,
    ],
    [
      'another path',
      withStore(`trustStoreFromFile('b.json', ${signed})`),
      /^changes +app +trust file a\.json → file b\.json$/m,
    ],
    [
      'decisionLog',
      withStore(`${file}${signed})`, ", decisionLog: 'denials'"),
      /^changes +app +decisionLog all → denials$/m,
    ],
  ];

  it('covers the whole gate: each store, where its document is, and its options', async (context) => {
    const { publicKey } = generateKeyPairSync('ed25519');
    const files = {
      'a.json': emptyTrust,
      'b.json': emptyTrust,
      'key.pem': publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    };
    const folder = createApp(context, withStore(`${file}${signed})`), files);
    await inspect(folder, '--write-baseline');
    assert.ok(!readFileSync(baselineOf(folder), 'utf8').includes(folder));
    for (const [what, main, expected] of storeChanges) {
      const changed = createApp(context, main, {
        ...files,
        'certgate.baseline.json': readFileSync(baselineOf(folder), 'utf8'),
      });
      const { exitCode, stdout } = await inspect(changed);
      assert.match(stdout, expected, what);
      assert.match(stdout, /^1 difference from /m, what);
      assert.equal(exitCode, 1, what);
    }
  });

  it("does not cover an app's own store unless the store has a `configuration`, and the command says so", async (context) => {
    const folder = createApp(context, withStore(`{ ${admitsAll} }`));
    assert.match(
      (await inspect(folder, '--write-baseline')).stdout,
      /^Not compared: .* a store of your own answers\./m,
    );
    const { exitCode, stdout } = await inspect(folder);
    assert.equal(exitCode, 3);
    assert.match(stdout, /^Nothing that can be compared differs from .*\nNot compared: /m);
    assert.doesNotMatch(stdout, /^Nothing differs/m);
    const { report } = await inspectJson(folder, '--as-in-azure');
    assert.equal(report.baseline?.status, 'unverified');
    assert.deepEqual(
      [report.baseline.uncompared, report.asInAzure?.uncompared],
      [['a store of your own'], ['a store of your own']],
    );
    const named = createApp(context, withStore(`{ ${admitsAll}, configuration: 'a secret' }`));
    await inspect(named, '--write-baseline');
    assert.doesNotMatch(readFileSync(baselineOf(named), 'utf8'), /secret/);
    assert.equal((await inspect(named)).exitCode, 0);
  });

  it('is compared as far as possible if its version is 1 or 2, which lacks part of the gate, and the command fails', async (context) => {
    const text = JSON.stringify({ ...agreedBaseline, gate: undefined, baselineVersion: 1 });
    const folder = createApp(context, agreed, { 'certgate.baseline.json': text });
    const { exitCode, stdout } = await inspect(folder);
    assert.equal(exitCode, 1);
    assert.match(
      stdout,
      /^changes +app +gate cannot be compared with this older baseline → no option in code, trust the app setting CERTGATE_TRUST$/m,
    );
    assert.match(stdout, /^1 difference from /m);
  });

  it('is rewritten by --write-baseline, which shows the differences that it accepts', async (context) => {
    const folder = change(context, agreed.replace("requireRole('operator', handler)", 'handler'));
    const { exitCode, stdout } = await inspect(folder, '--write-baseline');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^opens +Role/m);
    assert.equal((await inspect(folder)).exitCode, 0);
  });

  it('is the file that --baseline names, which must exist', async (context) => {
    const folder = createApp(context, agreed);
    const file = join(folder, 'agreed.json');
    const { exitCode, stderr } = await inspect(folder, '--baseline', file);
    assert.equal(exitCode, 2);
    assert.match(stderr, /There is no baseline at/);
    assert.equal((await inspect(folder, '--baseline', file, '--write-baseline')).exitCode, 0);
    assert.ok(existsSync(file) && !existsSync(baselineOf(folder)));
    assert.equal((await inspect(folder, '--baseline', file)).exitCode, 0);
  });

  it('causes an error if it cannot be read', async (context) => {
    const { exitCode, stdout, stderr } = await inspect(createApp(context, agreed, { 'certgate.baseline.json': '{' }));
    assert.equal(exitCode, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, /not JSON/);
  });
});
