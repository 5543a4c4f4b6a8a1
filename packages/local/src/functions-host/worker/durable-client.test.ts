import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startDurableStandIn } from './durable-client.js';

test('names with invalid percent-encoding are answered, and the next request too', async () => {
  const started: string[] = [];
  const { clientInput } = await startDurableStandIn('http://127.0.0.1:1', (orchestration, id) => {
    started.push(`${orchestration} ${id}`);
  });
  const { rpcBaseUrl, managementUrls } = JSON.parse(clientInput) as {
    readonly rpcBaseUrl: string;
    readonly managementUrls: Readonly<Record<string, string>>;
  };
  const status = async (method: string, path: string): Promise<number> =>
    (await fetch(`${rpcBaseUrl}${path}`, { method })).status;
  for (const text of ['%', '%E0%A4%A', '%ff']) {
    assert.equal(await status('POST', `orchestrators/${text}`), 501);
    assert.equal(await status('POST', `orchestrators/Run/${text}`), 501);
    assert.equal(await status('GET', `instances/${text}`), 501);
  }
  assert.equal(await status('POST', 'orchestrators/Run/a%20b'), 202);
  assert.deepEqual(started, ['Run a b']);
  assert.equal(await status('GET', 'instances/a%20b'), 202);
  assert.equal(await status('GET', 'instances/b'), 404);
  // The addresses show a developer what a function gives away if it answers with them.
  const { id, ...addresses } = managementUrls;
  for (const address of Object.values(addresses))
    assert.match(address, /INSTANCEID.*[?&]code=system-key-of-durabletask$/);
  assert.equal(id, 'INSTANCEID');
});
