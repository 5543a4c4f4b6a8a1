import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { writeCrl } from '@certgate/x509/test-support/certificate-writing.js';
import { clientExtensions } from '@certgate/x509/test-support/extension-writing.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { newName, write, writeAuthority } from '@certgate/x509/test-support/written-path.js';
import type { PathCertificate } from '@certgate/x509/path';
import { toPem } from '../test-support/authority-certificates.js';
import { issuedSnapshot } from '../test-support/authority-stage.js';
import {
  type CallerStatus,
  type HistoryPlan,
  type IssuedList,
  issueHistory,
  planHistory,
} from '../test-support/list-history.js';
import { ListSource } from '../test-support/revocation-stage.js';
import { findAuthorityPath } from '../trust-snapshot/authority-path.js';
import { nothingDenied, type TrustedAuthority } from '../trust-snapshot/trust-snapshot.js';
import { RevocationKeeper } from './revocation-keeper.js';

// A CA that renewed its key: one name and two keys, each of which issued certificates to two callers.
const root = newName('Root');
const keys = [newName('Issuing'), newName('Issuing')] as const;
const rootCertificate = writeAuthority(root);
const authorityOf = (mode: string): TrustedAuthority => {
  const trustAnchors = [toPem(rootCertificate.der)];
  const intermediates = keys.map((key) => toPem(writeAuthority(key, root).der));
  const revocation = { mode, scope: 'end-entity' };
  const document = { authorities: [{ name: 'corp', trustAnchors, intermediates, revocation }] };
  const [authority] = issuedSnapshot([], document).authorities;
  assert.ok(authority !== undefined);
  return authority;
};
const required = authorityOf('required');
const whenAvailable = authorityOf('when-available');

const serialNumbers = [
  [11, 12],
  [21, 22],
] as const;
const callers = keys.flatMap((issuer, key) =>
  (serialNumbers[key] ?? []).map((serialNumber) => {
    const subject = newName('client');
    const certificate = write({ subject, issuer, serialNumber, extensions: clientExtensions(issuer.key) });
    return { key, serialNumber, certificate };
  }),
);

const days = 8;
const ofRoot = writeCrl({ issuer: root, nextUpdate: Date.UTC(2027, 5, 1) });

/**
 * The arrival of one of a history's lists at a source. `source` undefined: complete lists come to the first source,
 * deltas to the second.
 */
interface Arrival {
  /** How many days after the previous arrival. */
  readonly wait: number;
  readonly key: number;
  readonly list: number;
  readonly source: number | undefined;
}

interface Scene {
  readonly firstDay: number;
  readonly plans: readonly [HistoryPlan, HistoryPlan];
  readonly arrivals: readonly Arrival[];
}

const scenes: fc.Arbitrary<Scene> = fc.record({
  firstDay: fc.constantFrom(2, days, days),
  plans: fc.tuple(planHistory(days, 2), planHistory(days, 2)),
  arrivals: fc.array(
    fc.record({
      wait: fc.constantFrom(0, 0, 0, 1, 1, days),
      key: fc.constantFrom(0, 0, 0, 1),
      list: fc.nat(2 * days),
      source: fc.constantFrom(undefined, undefined, undefined, 0, 1, 2),
    }),
    {
      minLength: 1,
      maxLength: 10,
    },
  ),
});

/** An instance that starts without memory, and receives the lists of a scene one after the other. */
class Instance {
  readonly #sources = [0, 1, 2].map((index) => new ListSource(new Error('nothing yet'), `source ${index}`));
  readonly #keeper = new RevocationKeeper(new Map([['corp', [...this.#sources, new ListSource(ofRoot, 'root')]]]));
  /** By key: the lists that came and were not refused. */
  readonly heard: readonly [IssuedList[], IssuedList[]] = [[], []];
  /** The day of January 2027. A list with a later day is from the future: the CA's clock is ahead of the instance's. */
  today: number;
  hasHeardOfFuture = false;

  constructor(today: number) {
    this.today = today;
  }

  get #now(): number {
    return Date.UTC(2027, 0, this.today, 12);
  }

  async hear(issued: IssuedList, key: number, source = issued.baseNumber === undefined ? 0 : 1): Promise<void> {
    const from = this.#sources[source];
    assert.ok(from !== undefined);
    from.content = issued.der;
    await this.#keeper.refresh({ authorities: [required], denied: nothingDenied }, 5_000, this.#now);
    const isRefused = this.#keeper.fault?.includes(`${from.description}: it`) === true;
    if (!isRefused) this.heard[key]?.push(issued);
    this.hasHeardOfFuture ||= issued.number > this.today;
  }

  judge(certificate: PathCertificate, authority: TrustedAuthority): string {
    const path = findAuthorityPath(authority, { target: certificate }, this.#now, { revocation: this.#keeper });
    return path.outcome === 'valid' ? 'valid' : path.code;
  }
}

/**
 * Checks the verdicts about a caller against the lists of the key that issued the caller's certificate. Lists of other
 * keys must not matter.
 */
function expectVerdicts(
  instance: Instance,
  heard: readonly IssuedList[],
  serialNumber: number,
  certificate: PathCertificate,
): void {
  const verdict = instance.judge(certificate, required);
  const verdictWhenAvailable = instance.judge(certificate, whenAvailable);
  const statusOf = (list: IssuedList): CallerStatus => list.statuses.get(serialNumber) ?? 'good';
  const naming = heard.filter(({ named }) => !['good', undefined].includes(named.get(serialNumber)));
  const lastNamed = Math.max(0, ...naming.map(({ number }) => number));
  const present = heard.filter(({ number }) => number <= instance.today);
  const isLifted = heard.some((list) => list.number > lastNamed && statusOf(list) === 'good');
  if (naming.some(({ named }) => named.get(serialNumber) === 'revoked') || (naming.length > 0 && !isLifted)) {
    assert.deepEqual([verdict, verdictWhenAvailable], ['certificate_revoked', 'certificate_revoked']);
    return;
  }
  const numberOf = (lists: readonly IssuedList[]): number => Math.max(0, ...lists.map(({ number }) => number));
  const complete = numberOf(present.filter(({ baseNumber }) => baseNumber === undefined));
  // RFC 5280 §5.2.4: the number up to which a complete list and a delta together are current.
  const known = numberOf(present.filter(({ baseNumber = 0 }) => complete >= baseNumber));
  const newestBase = Math.max(0, ...present.map(({ baseNumber = 0 }) => baseNumber));
  // A complete list from the future replaces an earlier delta from the future. It does not end the revocations that the
  // delta named.
  const isOvertaken = heard.some(({ number, baseNumber }) => baseNumber === undefined && number >= newestBase);
  if (complete === 0 || (known < newestBase && !isOvertaken)) {
    assert.notEqual(verdict, 'valid', 'admitted though a complete list is missing');
    return;
  }
  const isGood = heard.some((list) => list.number >= numberOf(present) && statusOf(list) === 'good');
  if (verdict === 'valid') assert.ok(isGood, 'admitted though the newest list does not clear it');
  // If two lists are from the future, the later one replaces the other, even after the other's time has come.
  if (!isGood || complete < newestBase || instance.hasHeardOfFuture) return;
  assert.equal(verdict, 'valid', 'refused though all lists are there');
}

test('no certificate that a list of its key revokes is admitted until a later list takes it back, in whatever order lists come', async () => {
  await fc.assert(
    fc.asyncProperty(scenes, async ({ firstDay, plans, arrivals }) => {
      const histories = plans.map((plan, key) => {
        const [own, other] = key === 0 ? keys : ([keys[1], keys[0]] as const);
        return issueHistory(plan, own, serialNumbers[key] ?? [], other.key.identifier);
      });
      const instance = new Instance(firstDay);
      for (const { wait, key, list, source } of arrivals) {
        instance.today += wait;
        const history = histories[key] ?? [];
        const issued = history[list % history.length];
        assert.ok(issued !== undefined);
        await instance.hear(issued, key, source);
        for (const caller of callers) {
          expectVerdicts(instance, instance.heard[caller.key] ?? [], caller.serialNumber, caller.certificate);
        }
      }
    }),
    { numRuns: countRuns(40) },
  );
});

test('a delta to a newer base comes before or after that base, in every order of the lists, after every start', async () => {
  for (const event of ['revoke', 'hold'] as const) {
    const quiet = ['none', 'none'] as const;
    const plan: HistoryPlan = {
      days: [quiet, quiet, quiet, quiet, [event, 'none'], quiet, quiet, ['release', 'none']],
      deltas: [undefined, undefined, undefined, undefined, 0, undefined, 0, 0],
      isComplete: [true, false, false, false, false, true, false, false],
      keyIdentifier: 'own',
    };
    const history = issueHistory(plan, keys[0], serialNumbers[0], keys[1].key.identifier);
    assert.deepEqual(
      history.map(({ number, baseNumber, named }) => [number, baseNumber, named.size]),
      [[1, undefined, 0], [5, 1, 1], [6, undefined, 1], [7, 6, 0], [8, 6, event === 'hold' ? 1 : 0]], // prettier-ignore
    );
    // After a final revocation, the last delta contains nothing new.
    for (const [index, order] of listPermutations(event === 'hold' ? history : history.slice(0, 4)).entries()) {
      const instance = new Instance(days);
      for (const issued of order) {
        await instance.hear(issued, 0, index % 2 === 0 ? undefined : 2);
        for (const { key, serialNumber, certificate } of callers) {
          if (key === 0) expectVerdicts(instance, instance.heard[0], serialNumber, certificate);
        }
      }
    }
  }
});

function listPermutations<T>(items: readonly T[]): readonly (readonly T[])[] {
  if (items.length === 0) return [[]];
  return items.flatMap((item, index) => listPermutations(items.toSpliced(index, 1)).map((others) => [item, ...others]));
}
