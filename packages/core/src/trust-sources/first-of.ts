import type { PresentedCertificate } from '../presented-certificate.js';
import type { TrustFinding } from '../trust-finding.js';
import { readTrustFinding, readTrustVersion } from '../trust-answer.js';
import type { TrustStore } from '../trust-store.js';

/**
 * Asks the stores in order and goes on only where one says *not found*: a match that denies ends the search, and so does
 * a store that is unavailable.
 *
 * @throws {RangeError} when no store is given.
 */
export function firstOf(...stores: readonly TrustStore[]): TrustStore {
  if (stores.length === 0) throw new RangeError('firstOf needs at least one trust store.');
  return {
    find: async (certificate, now) => findInOrder(stores, certificate, now),
    get version(): string | undefined {
      const versions = stores.map(readTrustVersion);
      return versions.includes(undefined) ? undefined : JSON.stringify(versions);
    },
    get configuration(): string | undefined {
      const configurations = stores.map(({ configuration }) => configuration);
      return configurations.includes(undefined) ? undefined : JSON.stringify(['first of', ...configurations]);
    },
    start: async () => {
      await Promise.all(stores.map(async (store) => store.start?.()));
    },
    report: () => {
      const reports = stores.flatMap((store) => store.report?.() ?? []);
      return {
        description: `first of ${reports.map(({ description }) => description).join(', ')}`,
        revision: undefined,
        warnings: reports.flatMap(({ warnings }) => warnings),
        fault: reports.find(({ fault }) => fault !== undefined)?.fault,
      };
    },
  };
}

async function findInOrder(
  stores: readonly TrustStore[],
  certificate: PresentedCertificate,
  now: number,
): Promise<TrustFinding> {
  let finding: TrustFinding = { outcome: 'notFound' };
  for (const store of stores) {
    finding = readTrustFinding(await store.find(certificate, now));
    if (finding.outcome !== 'notFound') return finding;
  }
  return finding;
}
