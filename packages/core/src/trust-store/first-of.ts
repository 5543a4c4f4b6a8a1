import type { PresentedCertificate } from '../certificate/presented-certificate.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import { readTrustFinding, readTrustVersion, type TrustStore, type TrustStoreReport } from './trust-store.js';

/**
 * Asks the stores in order and goes on only where one says *not found*: a match that denies ends the search, and so does
 * a store that is unavailable.
 *
 * @throws {RangeError} when no store is given.
 */
export function firstOf(...stores: readonly TrustStore[]): TrustStore {
  if (stores.length === 0) throw new RangeError('firstOf needs at least one trust store.');
  return new OrderedTrustStore(stores);
}

/** A class for the reason of `DocumentTrustStore`: a copy with another `find` must not keep the `version`. */
class OrderedTrustStore implements TrustStore {
  readonly #stores: readonly TrustStore[];

  constructor(stores: readonly TrustStore[]) {
    this.#stores = [...stores];
    Object.freeze(this);
  }

  get version(): string | undefined {
    const versions = this.#stores.map(readTrustVersion);
    return versions.includes(undefined) ? undefined : JSON.stringify(versions);
  }

  get configuration(): string | undefined {
    const configurations = this.#stores.map(({ configuration }) => configuration);
    return configurations.includes(undefined) ? undefined : JSON.stringify(['first of', ...configurations]);
  }

  find(certificate: PresentedCertificate, now: number): Promise<TrustFinding> {
    return findInOrder(this.#stores, certificate, now);
  }

  async start(): Promise<void> {
    await Promise.all(this.#stores.map(async (store) => store.start?.()));
  }

  report(): TrustStoreReport {
    const reports = this.#stores.flatMap((store) => store.report?.() ?? []);
    return {
      description: `first of ${reports.map(({ description }) => description).join(', ')}`,
      revision: undefined,
      warnings: reports.flatMap(({ warnings }) => warnings),
      fault: reports.find(({ fault }) => fault !== undefined)?.fault,
      // Of the store that was read longest ago.
      lastSuccessAt: findExtreme(reports, 'lastSuccessAt', Math.min),
      ageMilliseconds: findExtreme(reports, 'ageMilliseconds', Math.max),
    };
  }
}

function findExtreme(
  reports: readonly TrustStoreReport[],
  key: 'lastSuccessAt' | 'ageMilliseconds',
  choose: (...values: readonly number[]) => number,
): number | undefined {
  const values = reports.flatMap((report) => report[key] ?? []);
  return values.length === 0 ? undefined : choose(...values);
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
