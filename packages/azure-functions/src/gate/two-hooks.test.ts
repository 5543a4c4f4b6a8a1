// In a process of its own: every app that another file has secured would watch its requests too.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it, type TestContext } from 'node:test';
import type { InvocationContext } from '@azure/functions';
import * as fc from 'fast-check';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { allowAnonymous, requireRole } from '../function-policy.js';
import { findClientIdentity } from '../request-identity.js';
import { payloadOf, readToolResult, registerMcp, transportOf } from '../test-support/mcp-app.js';
import { clientHeaderName, createCallingHooks, type OtherHook, rewritingHooks } from '../test-support/other-hooks.js';
import { type Proxy as Proxied, startProxyTarget } from '../test-support/proxy-target.js';
import { createSecuredApp, operator, reader, type SecuredApp, stranger } from '../test-support/secured-app.js';

// Hooks that are each harmless: one rewrites the request, another calls the handler. Whatever they do together, what
// the host sent must decide, and a caller who sends another's public certificate in a header of its own is never
// mistaken for that other caller.

const kinds = ['http', 'http streaming', 'mcp'] as const;
type Kind = (typeof kinds)[number];

const callers = { none: undefined, stranger, reader, operator } as const;
type Caller = keyof typeof callers;

interface Stage extends SecuredApp {
  /** The caller that the handlers found, one for each run. */
  readonly runs: (string | undefined)[];
  readonly callingHooks: Readonly<Record<string, OtherHook>>;
  readonly setHooks: (hooks: readonly OtherHook[]) => void;
  /** Returns the body of an answer that is not a refusal, or otherwise what refused. */
  readonly call: (kind: Kind, name: string, caller: Caller) => Promise<string>;
}

/**
 * `Closed`, `Other` and `Role` answer with their caller's name; `Open` is anonymous. Each exists over HTTP and as an
 * MCP tool.
 */
async function setStage(context: TestContext): Promise<Stage> {
  context.mock.method(console, 'warn', () => undefined);
  const created = createSecuredApp(context, { decisionLog: 'denials' });
  const { app, worker } = created;
  const runs: (string | undefined)[] = [];
  const nameCaller = (...args: unknown[]): string => {
    const name = findClientIdentity(args.at(-1) as InvocationContext)?.name;
    runs.push(name);
    return name ?? 'nobody';
  };
  const handlers = { Closed: nameCaller, Other: nameCaller, Role: requireRole('operator', nameCaller) };
  const answerAsBody =
    (handler: (...args: unknown[]) => unknown) =>
    async (...args: unknown[]): Promise<object> => {
      const body = await handler(...args);
      return typeof body === 'string' ? { body } : (body as object);
    };
  for (const [name, handler] of Object.entries(handlers)) {
    const http = answerAsBody(handler);
    app.http(name, { handler: name === 'Role' ? requireRole('operator', answerAsBody(nameCaller)) : http });
    registerMcp(app, 'tool', `${name}Tool`, handler);
  }
  app.http('Open', { handler: allowAnonymous(() => ({ body: 'open' })) });
  registerMcp(
    app,
    'tool',
    'OpenTool',
    allowAnonymous(() => 'open'),
  );
  const findOther = (name: string): ((...args: unknown[]) => unknown) =>
    worker.functions.get(name.replace(/^(?:Closed|Role|Open)/, 'Other'))!.callback;
  await worker.start();
  const proxy = await startProxyTarget(context);
  return {
    ...created,
    runs,
    callingHooks: createCallingHooks(findOther),
    setHooks: (hooks) => {
      worker.hooks.preInvocation.splice(0);
      for (const hook of hooks) app.hook.preInvocation(hook as never);
    },
    call: (kind, name, caller) => invoke(created, proxy, kind, name, caller),
  };
}

async function invoke(
  { worker }: SecuredApp,
  proxy: Proxied,
  kind: Kind,
  name: string,
  caller: Caller,
): Promise<string> {
  const certificate = callers[caller];
  const own = certificate === undefined ? {} : { 'x-arr-clientcert': certificate.header };
  const headers = { ...own, [clientHeaderName]: operator.header };
  const id = randomUUID();
  if (kind === 'mcp') {
    const data = { string: JSON.stringify(payloadOf('tool', name, transportOf(headers))) };
    const result = readToolResult(await worker.invoke(`${name}Tool`, { data }, id));
    return result === undefined || result.isError ? 'refused' : result.text;
  }
  const response = kind === 'http streaming' ? await proxy({ 'x-ms-invocation-id': id, ...headers }) : undefined;
  const { status, body } = await worker.invoke(name, { headers }, id);
  response?.end();
  return status === 200 ? body : String(status);
}

/** The expected answer to a call, and the callers that its handlers find. */
function expectFor(
  name: string,
  kind: Kind,
  caller: Caller,
): { readonly answer: string; readonly as: readonly string[] } {
  const refused = (status: string): string => (kind === 'mcp' ? 'refused' : status);
  if (caller === 'none' || caller === 'stranger') return { answer: refused('401'), as: [] };
  return { answer: name === 'Role' && caller === 'reader' ? refused('403') : caller, as: [caller] };
}

describe('one hook rewrites the request, another calls the handler', () => {
  for (const kind of kinds) {
    it(`${kind}: in every order, each caller is recognised as itself`, async (context) => {
      const { runs, callingHooks, setHooks, call } = await setStage(context);
      for (const [rewriting, rewrite] of Object.entries(rewritingHooks)) {
        for (const [calling, callHandler] of Object.entries(callingHooks)) {
          for (const hooks of [
            [rewrite, callHandler],
            [callHandler, rewrite],
            [callHandler, rewrite, callHandler],
          ]) {
            setHooks(hooks);
            for (const name of ['Closed', 'Role']) {
              for (const caller of Object.keys(callers) as Caller[]) {
                runs.splice(0);
                const { answer, as } = expectFor(name, kind, caller);
                const label = `${rewriting}, ${calling}, ${name}, ${caller}`;
                assert.equal(await call(kind, name, caller), answer, label);
                assert.deepEqual([...new Set(runs)], name === 'Closed' ? as : runs.slice(0, 1), label);
                assert.ok(
                  runs.every((one) => as.includes(one ?? 'nobody')),
                  `${label}: ${runs.join()}`,
                );
              }
            }
          }
        }
      }
    });
  }
});

describe('whatever hooks an app has', () => {
  for (const streaming of [false, true]) {
    it(`a handler runs only for the caller of its invocation, ${streaming ? 'under HTTP streaming' : 'plain'}`, async (context) => {
      const { runs, callingHooks, setHooks, call, worker } = await setStage(context);
      const harmless = { ...rewritingHooks, ...callingHooks, ...createHarmlessHooks(worker) };
      const all = { ...harmless, ...createOddHooks() };
      const known: readonly Caller[] = ['reader', 'operator'];
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.constantFrom(...Object.keys(all)), { maxLength: 5 }),
          fc.constantFrom('Closed', 'Other', 'Role', 'Open'),
          fc.constantFrom<Kind>('mcp', streaming ? 'http streaming' : 'http'),
          fc.array(fc.constantFrom(...(Object.keys(callers) as Caller[])), { minLength: 1, maxLength: 3 }),
          async (hooks, name, kind, sequence) => {
            setHooks(hooks.map((each) => all[each]!));
            for (const caller of sequence) {
              runs.splice(0);
              const answer = await call(kind, name, caller);
              const isKnown = known.includes(caller);
              assert.ok(isKnown || runs.length === 0, `ran for ${caller}`);
              assert.ok(
                runs.every((one) => one === caller),
                `ran for ${caller} as ${runs.join()}`,
              );
              const isAnswered = known.includes(answer as Caller) || answer === 'open';
              if (name !== 'Open') assert.ok(!isAnswered || answer === caller, answer);
              if (name !== 'Open' && hooks.every((each) => each in harmless)) {
                assert.equal(answer, expectFor(name, kind, caller).answer);
              }
            }
          },
        ),
        { numRuns: countRuns(150) },
      );
    });
  }
});

function createHarmlessHooks(worker: SecuredApp['worker']): Readonly<Record<string, OtherHook>> {
  const callOf = (name: string) => async (call: Parameters<OtherHook>[0]) => {
    try {
      await worker.getHandler(name)(...call.inputs, call.invocationContext);
    } catch {
      // An MCP handler throws its refusal.
    }
  };
  return {
    'calls a function of the other kind': (call) =>
      callOf(call.invocationContext.functionName.endsWith('Tool') ? 'Closed' : 'ClosedTool')(call),
    'calls a function that requires a role': callOf('Role'),
    'calls with another request': async ({ functionHandler, invocationContext }) => {
      try {
        await functionHandler(operatorsRequest, invocationContext);
      } catch {
        // An MCP handler throws its refusal.
      }
    },
    'passes on another request': (call) => {
      const { functionHandler: present } = call;
      call.functionHandler = (_request, context) => present(operatorsRequest, context) as unknown;
    },
    waits: () => new Promise((resolve) => setImmediate(resolve)),
  };
}

const operatorsRequest = { headers: { get: () => operator.header } } as never;

/** Hooks that may make the gate refuse callers that it knows. */
function createOddHooks(): Readonly<Record<string, OtherHook>> {
  const passOn = (change: (context: InvocationContext) => object): OtherHook => {
    return (call) => {
      const { functionHandler: present } = call;
      call.functionHandler = (request, context) => present(request, change(context) as InvocationContext) as unknown;
    };
  };
  const callWith = (change: (context: InvocationContext) => object): OtherHook => {
    return async ({ functionHandler, inputs, invocationContext }) => {
      try {
        await functionHandler(inputs[0], change(invocationContext) as InvocationContext);
      } catch {
        // An MCP handler throws its refusal.
      }
    };
  };
  const copy = (context: InvocationContext): object => {
    const { invocationId, functionName } = context;
    return { invocationId, functionName, log: () => undefined, warn: () => undefined };
  };
  const wrap = (context: InvocationContext): object => new Proxy(context, {});
  return {
    'passes on a Proxy of the context': passOn(wrap),
    'passes on a copy of the context': passOn(copy),
    'passes on what inherits from the context': passOn(Object.create),
    'calls with a Proxy of the context': callWith(wrap),
    'calls with a copy of the context': callWith(copy),
    'renames the invocation': ({ invocationContext }) => {
      Object.assign(invocationContext, { invocationId: randomUUID(), functionName: 'Open' });
    },
  };
}
