import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { loadInspectedTrust, readSharedRevocation, readTrustState } from './app-explanation.js';

const folder = mkdtempSync(join(tmpdir(), 'certgate-shared-'));
const path = join(folder, 'trust.json');
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the trust document of explanations', () => {
  it('is read each time, but parsed only if its bytes or its signature have changed', async () => {
    writeFileSync(path, JSON.stringify({ schemaVersion: 1, revision: 1, identities: [] }));
    const { loaded } = await loadInspectedTrust(path);
    assert.equal((await loadInspectedTrust(path)).loaded.snapshot, loaded.snapshot);
    writeFileSync(`${path}.sig`, 'c2ln');
    assert.equal((await loadInspectedTrust(path)).loaded.signature, 'c2ln');
    writeFileSync(path, JSON.stringify({ schemaVersion: 1, revision: 2, identities: [] }));
    assert.equal((await loadInspectedTrust(path)).loaded.snapshot.revision, 2);
  });

  it('is refused only if a store of the app has no document', async () => {
    const { loaded } = await loadInspectedTrust(path);
    const findRefusal = (revision?: number): string | undefined => {
      const failed = { source: 'url https://a.example/t.json', fault: 'HTTP 500', ...(revision && { revision }) };
      const read = { source: 'first of x', fault: 'HTTP 500', parts: [{ source: 'file x', revision: 2 }, failed] };
      return readTrustState(loaded, { read, address: path, setBy: '--trust', unknownCallers: [] }).refusal;
    };
    assert.equal(findRefusal(), "The app's gate could not read url https://a.example/t.json: HTTP 500");
    // The gate still uses the document that it read before.
    assert.equal(findRefusal(7), undefined);
  });

  it('has its lists read once for explanations that come together, and again later', async (context) => {
    let now = 0;
    context.mock.method(performance, 'now', () => now);
    const { loaded } = await loadInspectedTrust(path);
    const read = (): ReturnType<typeof readSharedRevocation> => readSharedRevocation(loaded.snapshot, { now: 0 });
    const [first, second] = await Promise.all([read(), read()]);
    assert.equal(second, first);
    now = 1_999;
    assert.equal(await read(), first);
    now = 2_000;
    assert.notEqual(await read(), first);
  });
});
