import assert from 'node:assert/strict';
import { type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import { type RefreshOptions, RefreshingTrustStore } from '../trust-store/refreshing-store.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import type { IdentityInput } from './documents.js';
import { ManualClock, ScriptedSource, settle, textOf } from './scripted-source.js';

export const certificate: PresentedCertificate = presentCertificate(makeCertificate().der);
export const pinned: IdentityInput = { name: 'a', pins: [{ thumbprintSha256: certificate.thumbprintSha256 }] };
export const known = (revision: number): string => textOf(revision, pinned);
export const unknown = (revision: number): string => textOf(revision, { name: 'a', pins: [] });
export const second = 1_000;

export interface Stage {
  readonly store: RefreshingTrustStore;
  readonly source: ScriptedSource;
  readonly clock: ManualClock;
  /** What the store answers, or `waiting` if it has not answered yet. */
  readonly ask: () => Promise<string>;
}

/** Reads are due exactly at the end of the interval, unless the test gives another `random`. */
export function createStage(options: RefreshOptions = {}, random: () => number = () => 0): Stage {
  const source = new ScriptedSource();
  const clock = new ManualClock(now);
  const { wall, monotonic } = clock;
  const store = new RefreshingTrustStore(source, options, { wall, monotonic, random, signaturePauseMilliseconds: 1 });
  return { store, source, clock, ask: async () => outcomeNow(store.find(certificate, clock.wall())) };
}

export async function createLoadedStage(
  options: RefreshOptions = {},
  text: string = known(1),
  random?: () => number,
): Promise<Stage> {
  const stage = createStage(options, random);
  const started = stage.store.start();
  await stage.source.answer(text, 'v1');
  await started;
  return stage;
}

/** A store whose first read, for a request, has failed. */
export async function createFailedStage(options?: RefreshOptions, random?: () => number): Promise<Stage> {
  const stage = createStage(options, random);
  const first = stage.ask();
  await settle();
  await stage.source.fail();
  await first;
  return stage;
}

/** Reads the version, which may start a refresh, as the gate does. */
export function lookAt(store: RefreshingTrustStore): void {
  assert.notEqual(store.version, undefined);
}

export async function outcomeNow(finding: TrustFinding | Promise<TrustFinding>): Promise<string> {
  return Promise.race([Promise.resolve(finding).then(nameOutcome), settle().then(() => 'waiting')]);
}
const nameOutcome = (finding: TrustFinding): string => (finding.outcome === 'denied' ? finding.code : finding.outcome);
