import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { trustStoreFromDocument } from '@certgate/core';
import { allowAnonymous, requireRole } from './function-policy.js';
import { findClientIdentity, getClientIdentity } from './request-identity.js';
import {
  type FunctionApp,
  type SecureAppOptions,
  secureApp,
  unsafeTrustCertificateHeaderFromAnywhere,
} from './secure-app.js';
import { functionCoverage, securedCores } from './gate/shared-state.js';
import { development, setEnvironment } from './test-support/environment.js';
import { loadSecondCopy } from './test-support/second-copy.js';
import {
  bearing,
  createApp,
  createSecuredApp,
  operator,
  reader,
  stranger,
  trustStore,
} from './test-support/secured-app.js';
import { loadFunctionsLibrary } from './test-support/test-worker.js';

describe('every registration style is closed', () => {
  const methods = ['get', 'post', 'put', 'patch', 'deleteRequest'] as const;
  const styles: Readonly<Record<string, (app: ReturnType<typeof createApp>, handler: () => { body: string }) => void>> =
    {
      http: ({ app }, handler) => {
        app.http('F', { handler });
      },
      ...Object.fromEntries(
        methods.map((method) => [
          method,
          ({ app }: ReturnType<typeof createApp>, handler: () => { body: string }) => {
            app[method]('F', handler);
          },
        ]),
      ),
      'get with options': ({ app }, handler) => {
        app.get('F', { authLevel: 'anonymous', route: 'other', handler });
      },
      ...Object.fromEntries(
        ['httpTrigger', 'HTTPTRIGGER', 'HttpTrigger', 'http', 'HTTP'].map((type) => [
          `generic ${type}`,
          ({ app, library }: ReturnType<typeof createApp>, handler: () => { body: string }) => {
            app.generic('F', { trigger: { type, name: 'req' }, return: library.output.http({}), handler });
          },
        ]),
      ),
      'generic with a String object': ({ app, library }, handler) => {
        const type = Object('httpTrigger') as string;
        app.generic('F', { trigger: { type, name: 'req' }, return: library.output.http({}), handler });
      },
      'the core module itself': ({ worker, app, library }, handler) => {
        app.http('Other', { handler });
        const { metadata } = worker.functions.get('Other')!;
        worker.core.registerFunction({ ...metadata, name: 'F' }, handler);
        assert.ok(library);
      },
    };
  for (const [style, register] of Object.entries(styles)) {
    for (const when of ['after', 'before'] as const) {
      it(`app.${style} ${when} secureApp is closed`, async (context) => {
        const created = createApp(context);
        let runs = 0;
        const handler = (): { body: string } => {
          runs += 1;
          return { body: 'secret' };
        };
        if (when === 'before') register(created, handler);
        secureApp(created.app, { trustStore });
        if (when === 'after') register(created, handler);
        await created.worker.start();
        for (const call of [{}, bearing(stranger), { headers: { 'x-arr-clientcert': 'x' } }]) {
          const answer = await created.worker.invoke('F', call);
          assert.equal(answer.status, 401);
          assert.doesNotMatch(answer.body, /secret/);
        }
        assert.equal(runs, 0);
        const answer = await created.worker.invoke('F', bearing(reader));
        assert.deepEqual([answer.status, answer.body, runs], [200, 'secret', 1]);
        assert.equal(functionCoverage.get(created.worker.core)!.functions.has('f'), when === 'after');
      });
    }
  }

  it('a registration in an appStart hook is closed', async (context) => {
    const { app, worker } = createSecuredApp(context);
    app.hook.appStart(() => {
      app.http('Late', { handler: () => ({ body: 'secret' }) });
    });
    await worker.start();
    assert.equal((await worker.invoke('Late')).status, 401);
    assert.equal((await worker.invoke('Late', bearing(reader))).status, 200);
  });

  it('a registration through a second copy of @azure/functions is closed, whichever copy secureApp was given', async (context) => {
    const { app, worker } = createApp(context);
    const second = loadFunctionsLibrary();
    assert.notEqual(app, second.app);
    second.app.http('Before', { handler: () => ({ body: 'secret' }) });
    secureApp(second.app, { trustStore });
    app.http('First', { handler: () => ({ body: 'secret' }) });
    second.app.http('Second', { handler: () => ({ body: 'secret' }) });
    await worker.start();
    for (const name of ['Before', 'First', 'Second']) {
      assert.equal((await worker.invoke(name)).status, 401, name);
      assert.equal((await worker.invoke(name, bearing(stranger))).status, 401, name);
      assert.equal((await worker.invoke(name, bearing(reader))).status, 200, name);
    }
  });
});

describe('a function without an HTTP trigger', () => {
  it('is registered unchanged, and runs without a certificate', async (context) => {
    const { app, worker } = createSecuredApp(context);
    const seen: unknown[] = [];
    const handler = (item: unknown): void => {
      seen.push(item);
    };
    app.storageQueue('Queue', { queueName: 'q', connection: 'c', handler });
    app.generic('Other', { trigger: { type: 'httpLikeTrigger', name: 'x' }, handler });
    assert.equal(worker.getHandler('Queue'), handler);
    await worker.start();
    assert.equal((await worker.invoke('Queue', { data: { string: 'item' } })).error, undefined);
    assert.equal((await worker.invoke('Other', { data: { string: 'other' } })).error, undefined);
    assert.deepEqual(seen, ['item', 'other']);
    assert.deepEqual(worker.decisions, []);
  });

  it('refuses marks at load, because no certificate can come with it', (context) => {
    const { app } = createSecuredApp(context);
    const schedule = '0 * * * * *';
    for (const handler of [requireRole('reader', () => undefined), allowAnonymous(() => undefined)]) {
      assert.throws(() => {
        app.timer('Tick', { schedule, handler });
      }, /"Tick" has no HTTP trigger/);
    }
  });

  it('fails and keeps its message if a library hid the role from the registration', async (context) => {
    const { app, worker } = createSecuredApp(context);
    const inner = requireRole('reader', () => undefined);
    app.storageQueue('Queue', {
      queueName: 'q',
      connection: 'c',
      handler: (item, call) => {
        inner(...([item, call] as unknown as []));
      },
    });
    await worker.start();
    assert.match(
      String((await worker.invoke('Queue', { data: { string: 'x' } })).error),
      /"Queue" has no HTTP trigger/,
    );
  });
});

describe('marks', () => {
  it('open one registration if they are allowAnonymous, and a second one of the bare handler stays closed', async (context) => {
    const { app, worker } = createSecuredApp(context);
    const handler = (_request: unknown, call: Parameters<typeof findClientIdentity>[0]): object => ({
      body: findClientIdentity(call)?.name ?? 'nobody',
    });
    app.http('Open', { handler: allowAnonymous(handler) });
    app.http('Closed', { handler });
    await worker.start();
    assert.equal((await worker.invoke('Open')).body, 'nobody');
    // No certificate is checked, so neither a valid certificate nor an invalid one has an effect.
    assert.equal((await worker.invoke('Open', bearing(reader))).body, 'nobody');
    assert.equal((await worker.invoke('Open', { headers: { 'x-arr-clientcert': 'A,B' } })).status, 200);
    assert.equal((await worker.invoke('Closed')).status, 401);
    assert.equal((await worker.invoke('Closed', bearing(reader))).body, 'reader');
  });

  it('close the function if a wrapper loses them, and a role inside still decides', async (context) => {
    const { app, worker } = createSecuredApp(context);
    const open = allowAnonymous(() => ({ body: 'open' }));
    const role = requireRole('operator', (_request: object, call: Parameters<typeof getClientIdentity>[0]) => ({
      body: getClientIdentity(call).name,
    }));
    app.http('LostOpen', { handler: () => open() });
    app.http('LostRole', { handler: (request, call) => role(request, call) });
    await worker.start();
    assert.equal((await worker.invoke('LostOpen')).status, 401);
    assert.equal((await worker.invoke('LostRole')).status, 401);
    assert.equal((await worker.invoke('LostRole', bearing(reader))).status, 403);
    assert.equal((await worker.invoke('LostRole', bearing(operator))).body, 'operator');
  });

  it('reach handlers that get a client before the context, as durable-functions calls them', async (context) => {
    const { app, worker } = createSecuredApp(context);
    type Context = Parameters<typeof getClientIdentity>[0];
    const handler = requireRole('operator', (_trigger: object, client: string, call: Context) => ({
      body: `${client} ${getClientIdentity(call).name}`,
    }));
    app.http('Starter', { handler: (trigger, call) => handler(trigger, 'client', call) });
    await worker.start();
    assert.equal((await worker.invoke('Starter', bearing(reader))).status, 403);
    assert.equal((await worker.invoke('Starter', bearing(operator))).body, 'client operator');
  });
});

describe('options', () => {
  const choices = 'must be one of';
  /** These options are added to a valid trust store. */
  const wrong: readonly (readonly [what: string, option: object, message: RegExp])[] = [
    ['a typo', { frontend: 'app-service' }, /has no option frontend/],
    ['an unknown symbol', { [Symbol('x')]: true }, /has no option Symbol\(x\)/],
    [
      'an unknown front end',
      { frontEnd: 'lighttpd' },
      new RegExp(`frontEnd of secureApp is "lighttpd"; it ${choices} app-`),
    ],
    ['an undefined front end', { frontEnd: undefined }, /frontEnd of secureApp is undefined/],
    ['another letter case', { frontEnd: 'App-Service' }, /frontEnd of secureApp is "App-Service"/],
    ['an undefined isolation', { frontEndIsolation: undefined }, /frontEndIsolation of secureApp is undefined/],
    [
      'an unknown isolation',
      { frontEndIsolation: 'vnet' },
      new RegExp(`"vnet"; it ${choices} ingress, access-restrictions`),
    ],
    ['a short secret', { frontEndSecret: 'secret' }, /frontEndSecret of secureApp is not valid: .*32 to 256/],
    ['three secrets', { frontEndSecret: ['a', 'b', 'c'].map((each) => each.repeat(32)) }, /not valid/],
    ['a secret that is not a string', { frontEndSecret: 1 }, /frontEndSecret of secureApp is not text/],
    [
      'an unknown choice of log lines',
      { decisionLog: 'none' },
      new RegExp(`decisionLog "none"; it ${choices} all, denials`),
    ],
    ['no boolean', { strangerNames: 'no' }, /strangerNames of secureApp must be true or false/],
    ['an undefined choice of log lines', { decisionLog: undefined }, /decisionLog undefined/],
    ['a danger that is not true', { [unsafeTrustCertificateHeaderFromAnywhere]: 'yes' }, /can only be true/],
    ['a danger that is false', { [unsafeTrustCertificateHeaderFromAnywhere]: false }, /can only be true/],
  ];
  const refused: readonly (readonly [what: string, options: unknown, message: RegExp])[] = [
    ['nothing', undefined, /needs options/],
    ['a text', 'trust.json', /needs options/],
    ['no trust store', {}, /needs a trustStore/],
    ['a trust store without find', { trustStore: {} }, /needs a trustStore/],
    ['an inherited trust store', Object.create({ trustStore }), /needs a trustStore/],
    ...wrong.map(([what, option, message]) => [what, { trustStore, ...option }, message] as const),
  ];
  for (const [what, options, message] of refused) {
    it(`${what} is an error at load`, (context) => {
      const { app, worker } = createApp(context);
      context.mock.method(console, 'error', () => undefined);
      assert.throws(
        () => {
          secureApp(app, options as SecureAppOptions);
        },
        { code: 'CERTGATE_ARGUMENT_INVALID', message },
      );
      assert.equal(securedCores.has(worker.core), false);
      // gate/app-start.test.ts shows what happens to an app that goes on.
      assert.notEqual(functionCoverage.get(worker.core)?.gate, undefined);
    });
  }

  it('an unknown front end in the app setting is an error at load', (context) => {
    const { app } = createApp(context, { CERTGATE_FRONT_END: 'appservice' });
    assert.throws(() => {
      secureApp(app, { trustStore });
    }, /CERTGATE_FRONT_END is "appservice"; it must be one of app-service/);
  });

  it('what is not an app is an error at load', () => {
    for (const app of [undefined, null, {}, { hook: {} }, { app: {} }]) {
      assert.throws(() => {
        secureApp(app as FunctionApp, { trustStore });
      }, /needs the app of @azure\/functions/);
    }
  });

  it('are copied, so that later changes of the object and what every object inherits have no effect', async (context) => {
    const { app, worker } = createApp(context, {});
    const options: Record<string | symbol, unknown> = { trustStore };
    secureApp(app, options as unknown as SecureAppOptions);
    options['frontEnd'] = 'app-service';
    options[unsafeTrustCertificateHeaderFromAnywhere] = true;
    Object.defineProperty(Object.prototype, 'frontEnd', { value: 'app-service', configurable: true });
    context.after(() => Reflect.deleteProperty(Object.prototype, 'frontEnd'));
    app.http('F', { handler: () => ({ body: 'secret' }) });
    await worker.start();
    assert.equal((await worker.invoke('F', bearing(reader))).status, 503);
    assert.equal(worker.decisions[0]?.['code'], 'front_end_unknown');
  });
});

const calledTwice = { code: 'CERTGATE_ALREADY_INSTALLED', message: /called twice/ };

describe('secureApp called twice', () => {
  it('is an error, and the first gate stays', async (context) => {
    const { app, worker } = createSecuredApp(context);
    const everybody = trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities: [] });
    assert.throws(() => {
      secureApp(app, { trustStore: everybody });
    }, calledTwice);
    app.http('F', { handler: () => ({ body: 'secret' }) });
    await worker.start();
    assert.equal((await worker.invoke('F', bearing(reader))).status, 200);
  });

  it('is an error for another copy of @azure/functions', (context) => {
    createSecuredApp(context);
    const second = loadFunctionsLibrary();
    assert.throws(() => {
      secureApp(second.app, { trustStore });
    }, calledTwice);
  });
});

describe('secureApp called by another copy of this package, as in an app bundled file by file,', () => {
  it('has no effect if the configuration is the same: what its bundle registers is closed and decided once', async (context) => {
    const { app, worker } = createApp(context);
    // A hook of other code that puts a handler of its own around the gate's wrapper.
    app.hook.preInvocation((call) => {
      const { functionHandler } = call;
      call.functionHandler = (...args) => Reflect.apply(functionHandler, undefined, args) as unknown;
    });
    secureApp(app, { trustStore });
    const bundle = await loadSecondCopy(context);
    const library = loadFunctionsLibrary();
    bundle.secureApp(library.app, { trustStore });
    let runs = 0;
    const handler = (_request: unknown, call: InvocationContext): HttpResponseInit => {
      runs += 1;
      return { body: bundle.getClientIdentity(call).name };
    };
    app.http('First', { handler });
    library.app.http('Second', { handler });
    library.app.http('Open', { handler: bundle.allowAnonymous(() => ({ body: 'open' })) });
    library.app.http('Role', { handler: bundle.requireRole('operator', handler) });
    await worker.start();
    for (const name of ['First', 'Second', 'Role']) assert.equal((await worker.invoke(name)).status, 401, name);
    assert.equal(runs, 0);
    assert.equal((await worker.invoke('Open')).body, 'open');
    assert.equal((await worker.invoke('Role', bearing(reader))).status, 403);
    const before = worker.decisions.length;
    assert.equal((await worker.invoke('Second', bearing(reader))).body, 'reader');
    assert.equal(worker.decisions.length, before + 1);
    assert.throws(() => {
      bundle.secureApp(library.app, { trustStore });
    }, calledTwice);
  });

  const nobody = { schemaVersion: 1, revision: 1, identities: [] };
  for (const [what, make] of [
    ['another document', () => ({ trustStore: trustStoreFromDocument(nobody) })],
    ["a store of the user's own", () => ({ trustStore: { find: trustStore.find.bind(trustStore) } })],
    ['another front end', () => ({ trustStore, frontEnd: 'app-service' as const })],
    ['another choice of log lines', () => ({ trustStore, decisionLog: 'denials' as const })],
    ['another choice about strangers', () => ({ trustStore, strangerNames: false })],
    ['the dangerous option', () => ({ trustStore, [unsafeTrustCertificateHeaderFromAnywhere]: true as const })],
  ] as const) {
    it(`is an error with ${what}, and the first gate stays`, async (context) => {
      const { app, worker } = createSecuredApp(context);
      const bundle = await loadSecondCopy(context);
      assert.throws(() => {
        bundle.secureApp(loadFunctionsLibrary().app, make());
      }, calledTwice);
      app.http('F', { handler: () => ({ body: 'secret' }) });
      await worker.start();
      assert.equal((await worker.invoke('F', bearing(stranger))).status, 401);
    });
  }
});

describe('two copies of this package', () => {
  it('agree on marks, identities and the dangerous option', async (context) => {
    const { app, worker } = createApp(context, {});
    const copy = await loadSecondCopy(context);
    secureApp(app, { trustStore, [copy.unsafeTrustCertificateHeaderFromAnywhere]: true });
    app.http('Role', {
      handler: copy.requireRole('operator', (_request, call) => ({ body: copy.getClientIdentity(call).name })),
    });
    await worker.start();
    assert.equal((await worker.invoke('Role', bearing(reader))).status, 403);
    assert.equal((await worker.invoke('Role', bearing(operator))).body, 'operator');
    const anonymous = allowAnonymous(() => undefined);
    assert.throws(() => copy.requireRole('operator', anonymous), /anonymous handler/);
  });
});

describe('without a host, as in unit tests', () => {
  const withoutHost = (context: TestContext): ReturnType<typeof loadFunctionsLibrary>['app'] => {
    context.mock.method(console, 'warn', () => undefined);
    setEnvironment(context, {});
    return loadFunctionsLibrary().app;
  };

  it('secureApp touches nothing and may be called in every file, and handlers can be called', (context) => {
    const app = withoutHost(context);
    const untouched = {
      find: (): never => assert.fail('asked'),
      start: (): never => assert.fail('started'),
      report: (): never => assert.fail('asked to report'),
    };
    const handler = requireRole('reader', () => ({ body: 'x' }));
    const before = process.getActiveResourcesInfo();
    secureApp(app, { trustStore: untouched });
    secureApp(app, { trustStore: untouched });
    app.http('F', { handler });
    assert.deepEqual(process.getActiveResourcesInfo(), before);
  });

  it('a host is found even if the working directory is gone', (context) => {
    const { app, worker } = createApp(context, development);
    context.mock.method(process, 'cwd', () => {
      throw new Error('ENOENT: no such file or directory, uv_cwd');
    });
    secureApp(app, { trustStore });
    app.http('F', { handler: () => ({}) });
    assert.ok(functionCoverage.get(worker.core)!.functions.has('f'));
  });
});
