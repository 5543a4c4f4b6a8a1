import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatTrustDocument } from '@certgate/core/internal';
import fc from 'fast-check';
import { ToolFailure } from '#local/tool-failure.js';
import { expectNewerBundle } from './bundle-sequence.js';
import { hashDocument } from './load-trust-document.js';
import { MemoryLocation } from './test-support/memory-location.js';
import { readTrustHistory } from './trust-history.js';
import { updateTrustDocument } from './update-trust-document.js';

const trustDomain = 'corp.example';

const syncTo = async (location: MemoryLocation, sequence: number, acceptSequence?: string): Promise<void> => {
  const bundle = { trustDomain, sequence: BigInt(sequence) };
  const isAccepted = acceptSequence !== undefined;
  await updateTrustDocument(
    location,
    {
      verb: 'authority sync',
      by: 'ada',
      reason: 'scheduled',
      precondition: async () => {
        expectNewerBundle(await location.readLog(), bundle, { changesAuthority: true, acceptSequence });
      },
      spiffeBundle: { trustDomain, sequence: String(sequence), isAccepted },
    },
    (document) => ({
      ...document,
      identities: [...document.identities, { name: `n${document.revision}-${sequence}`, roles: [], pins: [] }],
    }),
    () => Promise.resolve(),
  );
};

function listWritten(location: MemoryLocation): readonly number[] {
  const current = { documentSha256: hashDocument(Buffer.from(location.text)), revision: location.writes };
  return readTrustHistory(location.log, current).flatMap((item) =>
    item.kind === 'change' && item.entry.spiffeBundle !== undefined ? [Number(item.entry.spiffeBundle.sequence)] : [],
  );
}

const makeLocation = (): MemoryLocation =>
  new MemoryLocation(formatTrustDocument({ schemaVersion: 1, revision: 1, identities: [] }));

describe('the sequence number of a bundle', () => {
  it('never decreases, with any number of writers in any order', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.nat(9), { minLength: 2, maxLength: 4 }),
        async (scheduler, numbers) => {
          const location = makeLocation();
          await syncTo(location, 0, '0');
          location.step = () => scheduler.schedule(Promise.resolve());
          const all = Promise.allSettled(numbers.map((number) => syncTo(location, number)));
          await scheduler.waitFor(all);
          for (const result of await all) {
            if (result.status === 'fulfilled') continue;
            assert.ok(result.reason instanceof ToolFailure, String(result.reason));
            refused += 1;
          }
          const written = listWritten(location);
          assert.deepEqual(
            written,
            [...written].sort((one, other) => one - other),
          );
          assert.equal(written.at(-1), Math.max(...numbers));
        },
      ),
      { numRuns: 60 },
    );
    assert.ok(refused > 10);
  });

  it('can begin again at a number that the operator accepts, and continues from there', async () => {
    const location = makeLocation();
    await assert.rejects(syncTo(location, 5), /the log of changes has none of an earlier bundle.*nobody can tell/);
    await assert.rejects(syncTo(location, 5, '6'), /has the sequence number 5, and not 6/);
    await syncTo(location, 5, '5');
    await syncTo(location, 5);
    await assert.rejects(syncTo(location, 3), /has the sequence number 3, and an earlier one had 5/);
    await syncTo(location, 3, '3');
    await syncTo(location, 4);
    assert.deepEqual(listWritten(location), [5, 5, 3, 4]);
  });

  it('is compared within one trust domain, and unrelated lines of the log are ignored', () => {
    const line = (more: object): string =>
      JSON.stringify({ version: 1, at: '', verb: 'x', by: 'x', reason: 'x', revision: 1, documentSha256: '', previousDocumentSha256: null, signed: false, changes: [], ...more }); // prettier-ignore
    const logged = (domain: string, sequence: unknown): string =>
      line({ spiffeBundle: { trustDomain: domain, sequence, isAccepted: false } });
    const log = [logged(trustDomain, '7'), line({}), 'cut', logged('other.example', '99'), logged(trustDomain, null)];
    const expect = (sequence: bigint | undefined, changesAuthority: boolean): void => {
      expectNewerBundle(log, { trustDomain, sequence }, { changesAuthority, acceptSequence: undefined });
    };
    expect(7n, true);
    assert.throws(() => { expect(6n, false); }, ToolFailure); // prettier-ignore
    assert.throws(() => { expect(undefined, true); }, /has no sequence number, so nobody can tell/); // prettier-ignore
    // The bundle changes no authority, so an older one could not bring anything back.
    expect(undefined, false);
  });
});
