import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { HttpResponseInit } from '@azure/functions';
import { type TrustStore, type TrustStoreReport, trustStoreFromDocument } from '@certgate/core';
import * as fc from 'fast-check';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { allowAnonymous, requireAnyRole } from '../function-policy.js';
import { getClientIdentity } from '../request-identity.js';
import { secureApp, unsafeTrustCertificateHeaderFromAnywhere } from '../secure-app.js';
import { documentOf, certificateHeaderName } from '../test-support/certificates.js';
import { appService, development } from '../test-support/environment.js';
import {
  codesOf,
  bearing,
  countHandler,
  createApp,
  createCall,
  createSecuredApp,
  operator,
  reader,
  type SecuredApp,
  stranger,
  trustStore,
  watchWarnings,
} from '../test-support/secured-app.js';
import { startProxyTarget } from '../test-support/proxy-target.js';
import type { Answer } from '../test-support/test-worker.js';

interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly correlationId: string;
  readonly development?: { readonly code: string; readonly detail: string };
}

function readProblem({ body, headers }: Answer): Problem {
  assert.equal(headers['content-type'], 'application/problem+json');
  return JSON.parse(body) as Problem;
}

/** Starts a secured app with one closed function "Closed" that answers "secret". */
async function startClosed(
  context: TestContext,
  options: Partial<Parameters<typeof secureApp>[1]> = {},
  environment: Readonly<Record<string, string>> = appService,
): Promise<SecuredApp & { readonly runs: () => number }> {
  const created = createSecuredApp(context, options, environment);
  const { handler, runs } = countHandler();
  created.app.http('Closed', { methods: ['GET', 'POST'], handler });
  await created.worker.start();
  return { ...created, runs };
}

describe('a refusal', () => {
  it('is problem details with the public code and a correlation id, the same for a missing, wrong and unreadable certificate', async (context) => {
    const { worker } = await startClosed(context);
    const calls = [
      {},
      bearing(stranger),
      { headers: { 'x-arr-clientcert': `${reader.header},${reader.header}` } },
      { headers: { 'x-arr-clientcert': '!' } },
    ];
    for (const call of calls) {
      const answer = await worker.invoke('Closed', call);
      const { correlationId, ...problem } = readProblem(answer);
      assert.deepEqual(problem, {
        type: 'urn:certgate:problem:client_certificate_required',
        title: 'A client certificate that is allowed to call this function is required.',
        status: 401,
        code: 'client_certificate_required',
      });
      assert.equal(correlationId, answer.invocationId);
      assert.equal(answer.status, 401);
      assert.equal(answer.headers['www-authenticate'], 'ClientCertificate');
      assert.equal(answer.headers['cache-control'], 'no-store');
      assert.equal(answer.headers['retry-after'], undefined);
    }
    assert.deepEqual(codesOf(worker.decisions), [
      'certificate_missing',
      'certificate_not_trusted',
      'certificate_multiple',
      'certificate_malformed',
    ]);
  });

  it('is 403 without a challenge if the identity lacks the role or the function', async (context) => {
    const document = documentOf({
      reader: { certificate: reader, roles: ['reader'], functions: ['Other'] },
      operator: { certificate: operator },
    });
    const { app, worker } = createSecuredApp(context, { trustStore: trustStoreFromDocument(document) });
    app.http('Closed', { handler: () => ({ body: 'secret' }) });
    app.http('OTHER', { handler: () => ({ body: 'other' }) });
    app.http('Role', { handler: requireAnyRole(['a', 'b'], () => ({ body: 'secret' })) });
    await worker.start();
    for (const [name, certificate] of [
      ['Closed', reader],
      ['Role', operator],
    ] as const) {
      const answer = await worker.invoke(name, bearing(certificate));
      assert.equal(readProblem(answer).code, 'forbidden');
      assert.equal(answer.status, 403);
      assert.equal(answer.headers['www-authenticate'], undefined);
    }
    assert.deepEqual(
      worker.decisions.map(({ code, identity }) => [code, identity]),
      [
        ['function_not_allowed', 'reader'],
        ['role_missing', 'operator'],
      ],
    );
    assert.equal((await worker.invoke('OTHER', bearing(reader))).body, 'other');
  });

  it('has the precise code in Development, and only there', async (context) => {
    const { worker } = await startClosed(context, {}, development);
    assert.equal(
      readProblem(await worker.invoke('Closed', bearing(stranger))).development?.code,
      'certificate_not_trusted',
    );
    for (const environment of [
      appService,
      { ...development, ...appService },
      { ...appService, AZURE_FUNCTIONS_ENVIRONMENT: 'development' },
    ]) {
      const other = await startClosed(context, {}, environment);
      const answer = await other.worker.invoke('Closed', bearing(stranger));
      assert.equal(answer.status, 401);
      assert.doesNotMatch(answer.body, /certificate_not_trusted|development|thumbprint/i);
    }
  });

  it('does not read the body, and neither does an admission', async (context) => {
    const { app, worker } = createSecuredApp(context);
    let isUsed: boolean | undefined;
    app.http('Echo', {
      methods: ['POST'],
      handler: async (request) => {
        isUsed = request.bodyUsed;
        return { body: await request.text() };
      },
    });
    await worker.start();
    assert.equal((await worker.invoke('Echo', { method: 'POST', body: 'x' })).status, 401);
    const answer = await worker.invoke('Echo', { ...bearing(reader), method: 'POST', body: 'text' });
    assert.deepEqual([answer.body, isUsed], ['text', false]);
  });
});

describe('an admission', () => {
  it('gives the handler a frozen identity, and logs the facts', async (context) => {
    const { app, worker } = createSecuredApp(context);
    app.http('Who', {
      handler: (_request, call) => {
        const { name, roles, certificate, matchedBy } = getClientIdentity(call);
        assert.ok(Object.isFrozen(getClientIdentity(call)));
        return { jsonBody: { name, roles, matchedBy, thumbprint: certificate.thumbprintSha256 } };
      },
    });
    await worker.start();
    const answer = await worker.invoke('Who', bearing(operator));
    const facts = { matchedBy: 'thumbprintSha256', roles: ['reader', 'operator'] };
    assert.deepEqual(JSON.parse(answer.body), { name: 'operator', thumbprint: operator.thumbprintSha256, ...facts });
    const { sha256 = '' } = trustStore.report?.() ?? {};
    assert.deepEqual(worker.decisions, [
      {
        certgate: 1,
        event: 'decision',
        time: worker.decisions[0]?.['time'],
        process: worker.decisions[0]?.['process'],
        outcome: 'allowed',
        code: 'allowed',
        function: 'Who',
        method: 'GET',
        correlationId: answer.invocationId,
        identity: 'operator',
        matchedBy: 'thumbprintSha256',
        matched: operator.thumbprintSha256.slice(0, 16),
        thumbprintSha256: operator.thumbprintSha256,
        trustRevision: 7,
        trustSha256: sha256.slice(0, 16),
      },
    ]);
  });

  it("has the method and the route's pattern in its line, and never the URL", async (context) => {
    const { app, worker } = createSecuredApp(context);
    const handler = (): object => ({ body: 'in' });
    app.http('Item', { methods: ['PUT'], route: 'items/{id}', handler });
    app.http('Plain', { handler });
    await worker.start();
    for (const certificate of [reader, stranger]) {
      await worker.invoke('Item', { ...bearing(certificate), method: 'PUT' });
      await worker.invoke('Plain', bearing(certificate));
    }
    const places = worker.decisions.map(({ method, route }) => [method, route]);
    assert.deepEqual(
      places,
      [...['PUT', 'GET'], ...['PUT', 'GET']].map((each) => [each, each === 'PUT' ? 'items/{id}' : undefined]),
    );
  });

  it("passes on what the user's handler throws or rejects with", async (context) => {
    const { app, worker } = createSecuredApp(context, {
      trustStore: { find: (...question) => Promise.resolve(trustStore.find(...question)) },
    });
    const thrown = new RangeError('mine');
    app.http('Throws', {
      handler: () => {
        throw thrown;
      },
    });
    app.http('Rejects', { handler: () => Promise.reject(thrown) });
    app.http('OpenThrows', {
      handler: allowAnonymous(() => {
        throw thrown;
      }),
    });
    await worker.start();
    for (const name of ['Throws', 'Rejects', 'OpenThrows'])
      assert.equal((await worker.invoke(name, bearing(reader))).error, thrown);
    assert.equal(worker.decisions.filter(({ outcome }) => outcome === 'denied').length, 0);
  });
});

describe('a fault ends in a refusal', () => {
  const broken = { header: 'thrown' };
  const fail = (fault: unknown = new Error('boom')): never => {
    throw fault;
  };
  const finds: Readonly<Record<string, () => unknown>> = {
    'a store that throws': fail,
    'a store that throws what is not an Error': () => fail(broken),
    'a store that rejects': () => Promise.reject(new Error('boom')),
    'a store that answers nothing': () => undefined,
    'a store that answers true': () => true,
    'a store that answers a bare outcome': () => ({ outcome: 'found' }),
    'a store that answers a function': () => () => undefined,
    'a store that answers undefined later': () => Promise.resolve(undefined),
  };
  for (const [what, find] of Object.entries(finds)) {
    it(what, async (context) => {
      const { worker, runs } = await startClosed(context, { trustStore: { find: find as TrustStore['find'] } });
      const answer = await worker.invoke('Closed', bearing(reader));
      assert.equal(readProblem(answer).code, 'unavailable');
      assert.deepEqual([answer.status, answer.headers['retry-after'], runs()], [503, '10', 0]);
      assert.equal(worker.decisions[0]?.['code'], 'trust_unavailable');
    });
  }

  it("but not if it is in a store's report or revision, which no decision needs", async (context) => {
    for (const report of [() => fail(), (): never => undefined as never]) {
      const { app, worker } = createApp(context);
      let isStarted = false;
      secureApp(app, {
        trustStore: {
          find: (...question) => trustStore.find(...question),
          report: () => (isStarted ? report() : (undefined as never)),
        },
      });
      app.http('Closed', { handler: () => ({ body: 'in' }) });
      await worker.start();
      isStarted = true;
      assert.equal((await worker.invoke('Closed', bearing(reader))).status, 200);
      assert.equal(worker.decisions[0]?.['trustRevision'], undefined);
    }
  });

  it('and an unknown caller costs the store one report, for the log, whichever caller asks', async (context) => {
    let reports = 0;
    const report = (): TrustStoreReport => {
      reports += 1;
      return { description: 'table', revision: 7, warnings: [], fault: undefined };
    };
    const store: TrustStore = { find: (...question) => trustStore.find(...question), report };
    const { worker } = await startClosed(context, { trustStore: store });
    reports = 0;
    assert.equal((await worker.invoke('Closed', bearing(stranger))).status, 401);
    assert.equal(reports, 1);
  });

  it('if the headers fail, or the request or the context is missing', async (context) => {
    const { worker, library, runs } = await startClosed(context);
    const callback = worker.getHandler('Closed');
    const logged: string[] = [];
    const call = new library.InvocationContext({
      functionName: 'Closed',
      logHandler: (_level, ...args) => {
        logged.push(String(args[0]));
      },
    });
    const failing = {
      get headers(): never {
        return fail();
      },
    };
    for (const args of [
      [failing, call],
      [undefined, call],
      [{}, call],
      [{ headers: { get: () => 7 } }, call],
      [call],
      [failing],
      [],
    ]) {
      assert.equal((callback(...args) as HttpResponseInit).status, 503);
    }
    assert.equal(runs(), 0);
    assert.equal(logged.length, 5);
    assert.ok(
      logged.every((line) => line.includes('internal_fault')),
      logged.join('\n'),
    );
  });

  it('if the log throws', async (context) => {
    const { worker, library, runs } = await startClosed(context);
    const callback = worker.getHandler('Closed');
    const call = new library.InvocationContext({
      functionName: 'Closed',
      logHandler: () => fail(),
    });
    const request = new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...bearing(reader) });
    assert.equal((callback(request, call) as HttpResponseInit).status, 503);
    assert.equal(runs(), 0);
  });

  it('if a library replaces the global Promise: a pending decision is not taken for an admission', async (context) => {
    const NativePromise = Promise;
    class OtherPromise<T> {
      readonly inner: Promise<T>;
      constructor(executor: ConstructorParameters<typeof Promise<T>>[0]) {
        this.inner = new NativePromise(executor);
      }
    }
    const pending: TrustStore = {
      find: (...question) => (async () => NativePromise.resolve(trustStore.find(...question)))(),
    };
    const { worker, runs } = await startClosed(context, { trustStore: pending });
    const callback = worker.getHandler('Closed');
    const library = (await import('@azure/functions')).default;
    const call = createCall(library, 'Closed');
    const request = new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...bearing(stranger) });
    globalThis.Promise = OtherPromise as unknown as PromiseConstructor;
    let answer: unknown;
    try {
      answer = callback(request, call);
    } finally {
      globalThis.Promise = NativePromise;
    }
    const { status = 200 } = (await answer) as HttpResponseInit;
    assert.ok(status === 401 || status === 503, `${status}`);
    assert.equal(runs(), 0);
  });

  it('if the trust document is invalid, which keeps the app from starting', async (context) => {
    const { worker } = createSecuredApp(context, {
      trustStore: { find: () => ({ outcome: 'notFound' }), start: () => Promise.reject(new Error('document invalid')) },
    });
    await assert.rejects(worker.start(), /document invalid/);
  });
});

describe('a function whose return value is not the HTTP response', () => {
  it('is refused through its HTTP output, and nothing is enqueued', async (context) => {
    const { app, worker, library } = createSecuredApp(context);
    const http = library.output.http({});
    app.http('Enqueue', {
      return: library.output.storageQueue({ queueName: 'q', connection: 'c' }),
      extraOutputs: [http],
      handler: (_request, call) => {
        call.extraOutputs.set(http, { status: 202 });
        return 'message' as never;
      },
    });
    await worker.start();
    const refused = await worker.invoke('Enqueue', bearing(stranger));
    assert.equal(refused.status, 401);
    assert.equal(readProblem(refused).code, 'client_certificate_required');
    assert.equal(refused.response?.returnValue ?? undefined, undefined);
    const admitted = await worker.invoke('Enqueue', bearing(reader));
    assert.deepEqual([admitted.status, admitted.response?.returnValue], [202, { string: 'message' }]);
  });

  it('is refused by a failed invocation if it has no HTTP output at all', async (context) => {
    const { app, worker } = createSecuredApp(context);
    let runs = 0;
    app.generic('Silent', {
      trigger: { type: 'httpTrigger', name: 'req' },
      handler: () => {
        runs += 1;
      },
    });
    await worker.start();
    const refused = await worker.invoke('Silent');
    assert.match(String(refused.error), /"Silent", which has no HTTP output/);
    assert.equal(runs, 0);
    assert.equal((await worker.invoke('Silent', bearing(reader))).error, undefined);
    assert.equal(runs, 1);
  });
});

describe('the front end', () => {
  for (const [what, options, code, statuses] of [
    ['that is not known denies every call', {}, 'front_end_unknown', [503, 401]],
    [
      'that was called anybody admits by the header alone',
      { [unsafeTrustCertificateHeaderFromAnywhere]: true as const },
      'front_end_anywhere',
      [200, 401],
    ],
  ] as const) {
    it(`${what}, and one line at load says so`, async (context) => {
      const readWarnings = watchWarnings(context);
      const { worker, runs } = await startClosed(context, options, {});
      const lines = readWarnings();
      assert.deepEqual(
        lines.map((line) => [line['event'], line['code']]),
        [['start', code]],
      );
      if (code === 'front_end_unknown')
        assert.match(String(lines[0]?.['detail']), /CERTGATE_FRONT_END: application-gateway, /);
      assert.equal((await worker.invoke('Closed', bearing(reader))).status, statuses[0]);
      assert.equal(runs(), statuses[0] === 200 ? 1 : 0);
      if (statuses[0] === 200) assert.equal((await worker.invoke('Closed', bearing(stranger))).status, 401);
    });
  }

  it('is not determined while the instance is a placeholder', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    const { worker } = await startClosed(context, {}, { WEBSITE_PLACEHOLDER_MODE: '1' });
    assert.equal((await worker.invoke('Closed', bearing(reader))).status, 503);
    process.env = { WEBSITE_PLACEHOLDER_MODE: '0', ...appService };
    assert.equal((await worker.invoke('Closed', bearing(reader))).status, 200);
    // From now on, the front end is determined.
    process.env = {};
    assert.equal((await worker.invoke('Closed', bearing(reader))).status, 200);
    assert.equal((await worker.invoke('Closed')).status, 401);
  });

  it('is determined again for a placeholder that was admitted', async (context) => {
    const { worker } = await startClosed(context, {}, { WEBSITE_PLACEHOLDER_MODE: '1', ...appService });
    assert.equal((await worker.invoke('Closed', bearing(reader))).status, 200);
    process.env = { ...appService, KUBERNETES_SERVICE_HOST: '10.0.0.1' };
    assert.equal((await worker.invoke('Closed', bearing(reader))).status, 503);
  });
});

describe('HTTP streaming', () => {
  const id = (last: number): string => `00000000-0000-0000-0000-00000000000${last}`;
  const name = 'x-ms-invocation-id';

  const startCall = async (
    context: TestContext,
  ): Promise<(invocationId: string, headers?: object) => HttpResponseInit> => {
    const { worker, library } = await startClosed(context);
    const callback = worker.getHandler('Closed');
    return (invocationId, headers = bearing(reader)) =>
      callback(
        new library.HttpRequest({ method: 'GET', url: 'http://localhost', ...headers }),
        new library.InvocationContext({ invocationId, functionName: 'Closed', logHandler: () => undefined }),
      ) as HttpResponseInit;
  };

  it('uses the header of the proxied request, never that of the request object', async (context) => {
    const proxy = await startProxyTarget(context);
    const call = await startCall(context);
    await proxy({ [name]: id(1) });
    assert.equal(call(id(1), bearing(reader)).status, 401, 'the wire had no certificate');
    await proxy({ [name]: id(2), [certificateHeaderName]: reader.header });
    assert.deepEqual(call(id(2), {}), { body: 'secret' });
    await proxy({ [name]: id(3), [certificateHeaderName]: stranger.header });
    assert.equal(call(id(3), bearing(reader)).status, 401);
  });

  it('refuses what is ambiguous: no proxied request, a used one, two with one id, and one that has ended', async (context) => {
    const proxy = await startProxyTarget(context);
    const call = await startCall(context);
    const headers = { [name]: id(1), [certificateHeaderName]: reader.header };
    await proxy(headers);
    assert.deepEqual(call(id(1)), { body: 'secret' });
    assert.equal(call(id(1)).status, 503, 'used');
    assert.equal(call(id(2)).status, 503, 'none: the mode was seen');
    await proxy({ ...headers, [name]: id(3) });
    await proxy({ ...headers, [name]: id(3) });
    assert.equal(call(id(3)).status, 503, 'two');
    const response = await proxy({ ...headers, [name]: id(4) });
    const closed = new Promise((resolve) => response.once('close', resolve));
    response.destroy();
    await closed;
    assert.equal(call(id(4)).status, 503, 'ended');
  });

  it('refuses no call because a caller of another server of the app guesses ids', async (context) => {
    const proxy = await startProxyTarget(context);
    const call = await startCall(context);
    await proxy({ [name]: id(1), [certificateHeaderName]: reader.header });
    assert.deepEqual(call(id(2)), { body: 'secret' });
    assert.equal(call(id(5), {}).status, 401);
  });

  it('treats two certificate headers on the wire as two certificates', async (context) => {
    const proxy = await startProxyTarget(context);
    const call = await startCall(context);
    await proxy([
      [name, id(1)],
      [certificateHeaderName, reader.header],
      [certificateHeaderName, reader.header],
    ]);
    assert.equal(call(id(1)).status, 401);
  });

  it('is ambiguous without a proxied request from the first call on, if the library announces it', async (context) => {
    for (const later of [false, true]) {
      const { app, worker } = createSecuredApp(context);
      app.http('Closed', { handler: () => ({ body: 'secret' }) });
      app.http('Open', { handler: allowAnonymous(() => ({ body: 'open' })) });
      const capabilities = { HttpUri: 'http://localhost:1/' };
      // Replaces the library's own method, which would listen on a port. tests/ uses the real one.
      Object.assign(worker.model!, { getCapabilities: () => (later ? Promise.resolve(capabilities) : capabilities) });
      assert.deepEqual(await worker.start(), capabilities);
      const answer = await worker.invoke('Closed', bearing(reader));
      assert.deepEqual([answer.status, worker.decisions[0]?.['code']], [503, 'http_streaming_ambiguous']);
      assert.equal((await worker.invoke('Open')).status, 200);
    }
  });
});

describe('whatever the environment and the header', () => {
  const names = [
    'AZURE_FUNCTIONS_ENVIRONMENT',
    'FUNCTIONS_CORETOOLS_ENVIRONMENT',
    'WEBSITE_HOSTNAME',
    'CERTGATE_FRONT_END',
    'WEBSITE_INSTANCE_ID',
    'WEBSITE_SKU',
    'WEBSITE_PLACEHOLDER_MODE',
    'CONTAINER_NAME',
    'CONTAINER_APP_NAME',
    'KUBERNETES_SERVICE_HOST',
    'LEGION_SERVICE_HOST',
    'MANAGED_ENVIRONMENT',
  ];
  const environments = fc.dictionary(
    fc.constantFrom(...names),
    fc.constantFrom('', '1', 'Development', 'True', 'localhost:7071', 'FlexConsumption', 'app-service'),
  );
  const good = reader.header;
  const headers = fc.oneof(
    fc.constantFrom(
      undefined,
      '',
      ' ',
      good,
      `${good},`,
      `,${good}`,
      `${good}=`,
      good.slice(0, -1),
      good.toLowerCase(),
      stranger.header,
      `${good},${good}`,
    ),
    fc.string(),
    fc
      .nat(good.length - 1)
      .chain((index) =>
        fc
          .constantFrom(...Array.from('AZaz09+/=-_ '))
          .map((character) => good.slice(0, index) + character + good.slice(index + 1)),
      ),
    fc.nat(good.length).map((index) => `${good.slice(0, index)} ${good.slice(index)}`),
  );

  it('a closed handler runs only behind a known front end and for the allowed bytes', async (context) => {
    context.mock.method(console, 'warn', () => undefined);
    await fc.assert(
      fc.asyncProperty(environments, headers, async (environment, header) => {
        fc.pre(['', 'app-service', undefined].includes(environment['CERTGATE_FRONT_END']));
        const { worker, runs } = await startClosed(context, {}, environment);
        let answer: Answer;
        try {
          answer = await worker.invoke(
            'Closed',
            header === undefined ? {} : { headers: { 'x-arr-clientcert': header } },
          );
        } catch {
          assert.equal(runs(), 0);
          return;
        }
        const isSame = header?.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '') === good;
        assert.equal(runs(), isSame && isKnown(environment) ? 1 : 0, JSON.stringify(environment));
        if (runs() === 0 && answer.error === undefined) assert.ok(answer.status === 401 || answer.status === 503);
      }),
      { numRuns: countRuns(60) },
    );
  });

  /** The rule of docs/environments.md, written differently from the code. */
  function isKnown(environment: Readonly<Record<string, string>>): boolean {
    const has = (name: string): boolean => (environment[name] ?? '') !== '';
    if (has('CONTAINER_APP_NAME') || has('MANAGED_ENVIRONMENT') || has('KUBERNETES_SERVICE_HOST')) return false;
    if (environment['CERTGATE_FRONT_END'] === 'app-service') return true;
    const isFlex = environment['WEBSITE_SKU'] === 'FlexConsumption' || has('LEGION_SERVICE_HOST');
    if (has('WEBSITE_INSTANCE_ID') && !isFlex) return true;
    const isCloud = names.slice(4).some(has);
    const isCoreTools =
      environment['FUNCTIONS_CORETOOLS_ENVIRONMENT'] === 'True' && environment['WEBSITE_HOSTNAME'] === 'localhost:7071';
    return environment['AZURE_FUNCTIONS_ENVIRONMENT'] === 'Development' && isCoreTools && !isCloud;
  }
});
