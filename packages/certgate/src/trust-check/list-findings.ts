// trust-check/: what an operator should know of a trust document: what is wrong in it, what ends, and pins that admit nobody.
import {
  inspectTrust,
  type InspectionSeverity,
  type TrustInspectionFinding,
  type TrustSnapshot,
} from '@certgate/core/tools';
import type { CertificateFolder } from '../trust-import/certificate-folder.js';
import { findUnfitPins } from './unfit-pins.js';

export interface FindingOptions {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  readonly withinDays?: number | undefined;
  readonly folder?: CertificateFolder | undefined;
}

/** All findings of a valid document, the gravest first: one list for `trust check`, the time line and the inspector. */
export function listFindings(
  snapshot: TrustSnapshot,
  { now, withinDays, folder }: FindingOptions,
): readonly TrustInspectionFinding[] {
  const order: readonly InspectionSeverity[] = ['error', 'warning', 'information'];
  const findings = [...findUnfitPins(snapshot, folder, now), ...inspectTrust(snapshot, { now, withinDays })];
  // The sort is stable: what stands first of one severity stays first.
  return findings.sort((one, other) => order.indexOf(one.severity) - order.indexOf(other.severity));
}
