import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonJs, createSampleApp } from '../test-support/sample-app.js';
import { until } from '@certgate/x509/test-support/until.js';

test('hooks run as in the worker', async (context) => {
  const sample = await createSampleApp(
    context,
    commonJs(`
      let seen = [];
      app.hook.appStart((c) => { c.hookData.level = 'app'; seen.push('start'); });
      app.hook.preInvocation((c) => { seen.push('pre1 ' + c.hookData.level); c.hookData.mark = 1; c.invocationContext.extra = 'x'; });
      app.hook.preInvocation((c) => {
        seen.push('pre2 ' + c.hookData.mark);
        const mode = c.inputs[0].query.get('mode');
        if (mode === 'deny') c.functionHandler = () => ({ status: 401 });
        if (mode === 'throw') throw new Error('hook');
        if (mode === 'assign') c.hookData = {};
        if (mode === 'context') c.invocationContext = {};
        if (mode === 'string') c.functionHandler = 'no function';
        if (mode === 'inputs') c.inputs = [{ query: new URLSearchParams('fail=replaced') }];
      });
      app.hook.postInvocation((c) => {
        seen.push('post ' + c.hookData.mark + (c.error ? ' ' + c.error.message : ''));
        if (c.error?.message === 'forgiven') { c.error = null; c.result = { status: 202 }; }
      });
      app.get('run', (request, context) => {
        seen.push('handler ' + context.extra);
        if (request.query.has('fail')) throw new Error(request.query.get('fail'));
        return { status: 200 };
      });
      app.get('seen', () => { const all = seen.slice(0, -2); seen = []; return { jsonBody: all }; });`),
  );
  const host = await sample.start();
  const run = async (query: string): Promise<[number, string[]]> => {
    const { status } = await fetch(`${host.url}/api/run${query}`);
    const seen = (await (await fetch(`${host.url}/api/seen`)).json()) as string[];
    // The post hook of the earlier request for `seen` runs after that request has emptied the list.
    return [status, seen.filter((entry, index) => entry !== 'start' && !(index === 0 && entry.startsWith('post')))];
  };
  const before = ['pre1 undefined', 'pre2 1'];
  assert.deepEqual(await run(''), [200, [...before, 'handler x', 'post 1']]);
  assert.deepEqual(await run('?mode=deny'), [401, [...before, 'post 1']]);
  for (const mode of ['throw', 'assign', 'context']) assert.deepEqual(await run(`?mode=${mode}`), [500, before], mode);
  const [status, seen] = await run('?mode=string');
  assert.deepEqual([status, seen.length], [500, 3]);
  assert.deepEqual(await run('?mode=inputs'), [500, [...before, 'handler x', 'post 1 replaced']]);
  assert.deepEqual(await run('?fail=boom'), [500, [...before, 'handler x', 'post 1 boom']]);
  assert.deepEqual(await run('?fail=forgiven'), [202, [...before, 'handler x', 'post 1 forgiven']]);
});

test('a hook that disposes itself while it runs skips the next one, as in the worker', async (context) => {
  const sample = await createSampleApp(
    context,
    commonJs(`
      const first = app.hook.preInvocation(() => { first.dispose(); });
      app.hook.preInvocation((c) => { c.functionHandler = () => ({ status: 401 }); });
      app.get('run', () => ({ status: 200 }));`),
  );
  const host = await sample.start();
  assert.equal((await fetch(`${host.url}/api/run`)).status, 200);
  assert.equal((await fetch(`${host.url}/api/run`)).status, 401);
});

test('log lines carry source, level, function and invocation, and log hooks change them', async (context) => {
  const sample = await createSampleApp(
    context,
    commonJs(`
      app.hook.log((c) => { if (c.message === 'secret') { c.message = 'hidden'; c.level = 'warning'; } if (c.category === 'system') c.message = 'changed'; });
      app.get('run', (request, context) => { context.log('plain', 1); context.error('bad'); context.debug('secret'); console.log('raw out'); console.error('raw err'); return { body: context.invocationId }; });`),
  );
  const host = await sample.start();
  const invocationId = await (await fetch(`${host.url}/api/run`)).text();
  await until(() => sample.logs.filter(({ source }) => source === 'app').length === 2);
  const fromFunction = sample.logs.filter(({ source }) => source === 'function');
  assert.deepEqual(fromFunction, [
    { source: 'function', level: 'information', message: 'plain 1', functionName: 'run', invocationId },
    { source: 'function', level: 'error', message: 'bad', functionName: 'run', invocationId },
    { source: 'function', level: 'warning', message: 'hidden', functionName: 'run', invocationId },
  ]);
  assert.ok(!sample.logs.some(({ message }) => message === 'changed'));
  assert.ok(
    sample.logs.some(({ source, level, message }) => source === 'app' && level === 'error' && message === 'raw err'),
  );
});

test('every require of the core module gives one object whose registerFunction may be replaced', async (context) => {
  const sample = await createSampleApp(context, {
    'src/a.js': `
      const core = require('@azure/functions-core');
      if (core !== require('node:module').createRequire(__filename)('@azure/functions-core')) throw new Error('two copies');
      const original = core.registerFunction;
      core.registerFunction = (metadata, callback) => original(metadata, () => ({ status: 401 }));`,
    'src/b.js': `const { app } = require('@azure/functions'); app.get('run', () => ({ status: 200 }));`,
  });
  const host = await sample.start();
  assert.equal((await fetch(`${host.url}/api/run`)).status, 401);
});
