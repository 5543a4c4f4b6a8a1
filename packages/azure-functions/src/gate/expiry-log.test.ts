import assert from 'node:assert/strict';
import { type TestContext, describe, it } from 'node:test';
import { type ExpiryLogLine, trustStoreFromDocument } from '@certgate/core';
import { allowAnonymous } from '../function-policy.js';
import { bearing, createSecuredApp, operator, reader, stranger } from '../test-support/secured-app.js';

const now = Date.UTC(2027, 0, 1);

describe('a certificate in use that ends soon, in an app', () => {
  const trust = {
    schemaVersion: 1,
    revision: 7,
    identities: [
      {
        name: 'reader',
        roles: [],
        owner: 'payments team',
        expiresAt: '2027-01-20T00:00:00Z',
        pins: [{ thumbprintSha256: reader.thumbprintSha256 }],
      },
      { name: 'operator', roles: [], pins: [{ thumbprintSha256: operator.thumbprintSha256 }] },
      {
        name: 'ended',
        roles: [],
        pins: [{ thumbprintSha256: stranger.thumbprintSha256, notAfter: '2026-12-31T00:00:00Z' }],
      },
    ],
  };
  const listLines = (logs: readonly { readonly message: string }[]): readonly ExpiryLogLine[] =>
    logs
      .filter(({ message }) => message.includes('"event":"expiry"'))
      .map(({ message }) => JSON.parse(message) as ExpiryLogLine);

  async function startApp(context: TestContext): Promise<ReturnType<typeof createSecuredApp>> {
    context.mock.timers.enable({ apis: ['Date'], now });
    const created = createSecuredApp(context, { trustStore: trustStoreFromDocument(trust) });
    created.app.http('Closed', { handler: () => ({}) });
    created.app.http('Open', { handler: allowAnonymous(() => ({})) });
    await created.worker.start();
    return created;
  }

  it("is logged with the first call of a day, and again with an admitted call, through that call's own context", async (context) => {
    const { worker } = await startApp(context);
    for (const certificate of [operator, stranger]) await worker.invoke('Closed', bearing(certificate));
    await worker.invoke('Open', bearing(reader));
    // The first line is independent of the caller, because the document lists the reader.
    assert.deepEqual(
      listLines(worker.logs).map(({ identity, thumbprintSha256 }) => [identity, thumbprintSha256]),
      [['reader', undefined]],
    );
    for (let time = 0; time < 3; time += 1) assert.equal((await worker.invoke('Closed', bearing(reader))).status, 200);
    const [, line, ...others] = listLines(worker.logs);
    assert.deepEqual(others, []);
    assert.deepEqual(
      [line?.identity, line?.owner, line?.thumbprintSha256, line?.endsAt, line?.endsFirst],
      ['reader', 'payments team', reader.thumbprintSha256, '2027-01-20T00:00:00Z', 'trust'],
    );
    assert.equal(worker.logs.find(({ message }) => message.includes('"expiry"'))?.level, 'warning');
    // Every decision still has a line of its own.
    assert.equal(
      worker.decisions.filter(({ event, identity }) => event === 'decision' && identity === 'reader').length,
      3,
    );
  });
});
