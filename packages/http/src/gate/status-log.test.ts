import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type StatusLogLine, type TrustStore, trustStoreFromDocument } from '@certgate/core';
import { createStage, fieldsOf, operator, stranger, trustDocument } from '../test-support/gate-stage.js';

const documents = trustStoreFromDocument(trustDocument);

function watch(context: TestContext): () => readonly StatusLogLine[] {
  context.mock.method(console, 'warn', () => undefined);
  const { mock } = context.mock.method(console, 'info', () => undefined);
  return () => mock.calls.map(({ arguments: [line] }) => JSON.parse(String(line)) as StatusLogLine);
}

describe('the status lines of an HTTP server', () => {
  for (const [frontEnd, expected] of [
    ['haproxy', { frontEnd: 'haproxy', frontEndProof: 'secret' }],
    ['direct-tls', { frontEnd: 'direct-tls', frontEndProof: undefined }],
  ] as const) {
    it(`describe the gate at start: ${frontEnd}`, async (context) => {
      const options = frontEnd === 'direct-tls' ? { frontEnd } : {};
      const { gate, lines } = createStage(context, { ...options, allowAnonymous: ['GET /health'] });
      const readLines = watch(context);
      await gate.start();
      const [line = assert.fail(), ...others] = readLines();
      assert.deepEqual(others, []);
      const { host, frontEnd: name, frontEndProof, closed, open } = line;
      assert.deepEqual({ frontEnd: name, frontEndProof }, expected);
      assert.deepEqual([host, closed, open], ['server', ['http'], ['GET /health']]);
      assert.deepEqual(lines, []);
    });
  }

  it('are written once its trust is valid', async (context) => {
    let isValid = false;
    const start = (): Promise<void> => (isValid ? Promise.resolve() : Promise.reject(new Error('not valid')));
    const trustStore: TrustStore = { start, find: (...asked) => documents.find(...asked) };
    const { gate } = createStage(context, { trustStore });
    const readLines = watch(context);
    await assert.rejects(gate.start());
    assert.deepEqual(readLines(), []);
    isValid = true;
    await gate.start();
    assert.deepEqual(
      readLines().map(({ moment, trust }) => [moment, trust]),
      [['start', []]],
    );
  });

  it("are written to the gate's own log with an hour's first call, whichever caller it is", async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2027, 0, 1, 10, 59) });
    const { gate, lines } = createStage(context);
    watch(context);
    for (const caller of [operator, stranger, operator]) await gate.decide(fieldsOf(caller));
    context.mock.timers.setTime(Date.UTC(2027, 0, 1, 11));
    await gate.decide(fieldsOf(stranger));
    const { denials, callers } = lines.find(({ event }) => event === 'status') as unknown as StatusLogLine;
    assert.deepEqual(denials, { certificate_not_trusted: 1 });
    assert.deepEqual(
      callers.map(({ identity, calls }) => [identity, calls]),
      [['operator', 2]],
    );
  });

  it('do not count a caller as admitted if the log failed to write the line, because the call was refused', async (context) => {
    context.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2027, 0, 1, 10, 59) });
    const lines: { readonly event: string; readonly denials?: object; readonly callers?: readonly object[] }[] = [];
    let isBroken = true;
    const write = (line: string): void => {
      if (isBroken) throw new Error('the log fails');
      lines.push(JSON.parse(line) as (typeof lines)[number]);
    };
    const { gate } = createStage(context, { log: { info: write, warn: write } });
    watch(context);
    assert.equal((await gate.decide(fieldsOf(operator))).code, 'internal_fault');
    isBroken = false;
    context.mock.timers.setTime(Date.UTC(2027, 0, 1, 11));
    assert.equal((await gate.decide(fieldsOf(operator))).code, 'allowed');
    const { denials, callers } = lines.find(({ event }) => event === 'status') ?? assert.fail();
    assert.deepEqual([denials, callers], [{ internal_fault: 1 }, []]);
  });
});
