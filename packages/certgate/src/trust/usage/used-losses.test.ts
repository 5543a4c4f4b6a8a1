import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Decision, presentCertificate, ReportingGate, trustStoreFromDocument } from '@certgate/core/internal';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import * as fc from 'fast-check';
import { CoverageTracker } from '../../log/coverage/coverage.js';
import type { GateLine, LogRecord } from '../../log/reading/log-record.js';
import { type LoadedTrustDocument, parseStoredDocument } from '../administration/load-trust-document.js';
import { compareTrustDocuments } from '../comparison/compare-documents.js';
import { readEntryAges } from './entry-ages.js';
import { describeUsage } from './usage.js';
import { UsageTracker } from './usage-tracker.js';
import { describeUsedLosses, type UsedComparison } from './used-losses.js';

const hour = 3_600_000;
const certificates = (['p-256', 'p-256-again', 'p-384'] as const).map((key) =>
  Buffer.from(makeCertificate({ key }).der),
);
const pinValues = certificates.map((der) => ({ thumbprintSha256: presentCertificate(der).thumbprintSha256 }));

const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(undefined) }, arbitrary);
const time = fc.constantFrom(-2, -1, 0, 1, 2).map((hours) => new Date(now + hours * hour).toISOString());
const isOff = rarely(fc.constant(false));
const identity = fc.record({
  enabled: isOff,
  expiresAt: rarely(time),
  functions: rarely(fc.subarray(['F', 'G'])),
  roles: fc.subarray(['r']),
});
const pin = fc.record({ holder: fc.nat({ max: 3 }), enabled: isOff, notAfter: rarely(time) });
const document = fc.record({
  identities: fc.tuple(identity, identity),
  pins: fc.tuple(pin, pin, pin),
  denied: rarely(fc.constantFrom(...pinValues)),
  locked: rarely(fc.constant({ since: '2026-01-01T00:00:00Z', by: 'ada', reason: 'x' })),
});
type Draft = typeof document extends fc.Arbitrary<infer T> ? T : never;

/**
 * Loads a draft as a document. Holders 0 and 3 are the first identity, 1 is the second, and pins of holder 2 are left
 * out.
 */
function load(
  { identities, pins, denied, locked }: Draft,
  revision: number,
): { text: string; loaded: LoadedTrustDocument } {
  const list = identities.map((each, holder) => {
    const own = pins.flatMap((one, index) =>
      one.holder % 3 === holder ? [{ ...pinValues[index], enabled: one.enabled, notAfter: one.notAfter }] : [],
    );
    return { name: `caller ${holder}`, ...each, pins: own };
  });
  const rest = { ...(denied && { denied: [denied] }), ...(locked && { locked }) };
  const text = JSON.stringify({ schemaVersion: 1, revision, identities: list, ...rest });
  const stored = { bytes: Buffer.from(text), etag: '', signature: undefined };
  return { text, loaded: parseStoredDocument(stored, 'file:trust.json') };
}

/** Lets a gate decide one call at F, and returns the line that it writes about the call. */
async function decide(
  text: string,
  certificate: Buffer,
): Promise<{ decision: Decision; record: LogRecord | undefined }> {
  const lines: GateLine[] = [];
  const note = (line: string): void => void lines.push(JSON.parse(line) as GateLine);
  const status = { host: 'functions', closed: [], open: [] } as const;
  const gate = new ReportingGate({ trustStore: trustStoreFromDocument(text) }, () => status, note);
  const extraction = { outcome: 'extracted', leaf: certificate.toString('base64'), encoding: 'base64', chain: undefined } as const; // prettier-ignore
  const requirement = { functionName: 'F', roles: [] };
  const decision = await gate.decide(extraction, requirement, now);
  const subject = { functionName: 'F', invocationId: 'call', log: note, warn: note };
  gate.report({ subject, requirement }, { decision, now, extraction });
  const line = lines.find(({ event }) => event === 'decision');
  const record = line && { line, time: now, app: 'app', instance: undefined, itemCount: 1 };
  return { decision, record };
}

function ask(before: LoadedTrustDocument, after: LoadedTrustDocument, record: LogRecord): UsedComparison {
  const [tracker, coverageTracker] = [new UsageTracker(), new CoverageTracker()];
  tracker.note(record);
  coverageTracker.note(record);
  const { snapshot } = before;
  const coverage = coverageTracker.finish();
  const facts = { snapshot, tallies: tracker.identities, coverage, ages: readEntryAges([], 0), isCut: false, now };
  const asked = { before: snapshot, after: after.snapshot, usage: describeUsage(facts), coverage, now };
  return describeUsedLosses(compareTrustDocuments(snapshot, after.snapshot), asked);
}

describe('the use of what is lost', () => {
  it('is reported for each call that the gate admits by one document and refuses by the next, for any two documents', async () => {
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(document, document, fc.constantFrom(...certificates), async (one, other, certificate) => {
        const [before, after] = [load(one, 1), load(other, 2)];
        const { decision, record } = await decide(before.text, certificate);
        const { decision: next } = await decide(after.text, certificate);
        if (decision.outcome !== 'allowed' || next.outcome !== 'denied' || record === undefined) return;
        refused += 1;
        const { verdict, uses } = ask(before.loaded, after.loaded, record);
        assert.equal(verdict, 'used', `${next.code} ${JSON.stringify([...uses.values()])}`);
      }),
      { numRuns: countRuns(150), includeErrorInReport: true },
    );
    assert.ok(refused > 0);
  });
});
