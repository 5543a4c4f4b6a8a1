import {
  decodeCertificateRevocationList,
  decodeOcspResponse,
  decodePathCertificate,
  describeClientFault,
  type PathCertificate,
  type ValidationProfile,
  verifyClientCertificate,
} from '@certgate/x509/path';
import type { DerDecoding } from '@certgate/x509';
import { findPeerFault } from './peer-check.js';
import type { ConformanceCase } from './suite.js';

export type Outcome = 'passed' | 'accepted-invalid' | 'rejected-valid' | 'policies-differ' | 'crashed';

export interface CaseResult {
  readonly id: string;
  readonly section: string;
  readonly expected: 'valid' | 'invalid';
  readonly ours: 'valid' | 'invalid' | 'crashed';
  readonly outcome: Outcome;
  /**
   * The code of the validator's refusal. `peer` means that the path is valid, but the peer's names or key usage are not
   * as required, and `exception` that the validator threw.
   */
  readonly code: string | undefined;
  readonly detail: string | undefined;
  /** The user-constrained policy set of a valid path. */
  readonly policies: readonly string[] | undefined;
  /** The time to decode and validate. If the first timing is long, it is the least of several. */
  readonly milliseconds: number;
}

type Answer = Pick<CaseResult, 'ours' | 'code' | 'detail' | 'policies'>;

/** A case that takes longer than this is timed again, because other work on the machine may be the reason. */
const suspiciousMilliseconds = 25;
const mostTimings = 4;

export function judgeCase(case_: ConformanceCase, profile: ValidationProfile): CaseResult {
  const [answer, first] = time(() => tryAnswer(case_, profile));
  let milliseconds = first;
  for (let timings = 1; milliseconds > suspiciousMilliseconds && timings < mostTimings; timings += 1) {
    // Each timing decodes the input again, so that it can't use a verification that is remembered.
    milliseconds = Math.min(milliseconds, time(() => tryAnswer(case_, profile))[1]);
  }
  const { id, section, isValid } = case_;
  const expected = isValid ? 'valid' : 'invalid';
  return { id, section, expected, outcome: compare(case_, answer), milliseconds, ...answer };
}

function time<T>(act: () => T): readonly [value: T, milliseconds: number] {
  const started = performance.now();
  const value = act();
  return [value, performance.now() - started];
}

function compare({ isValid, expectedPolicies }: ConformanceCase, { ours, policies = [] }: Answer): Outcome {
  if (ours === 'crashed') return 'crashed';
  if (ours === 'valid' && !isValid) return 'accepted-invalid';
  if (ours === 'invalid' && isValid) return 'rejected-valid';
  const differs = expectedPolicies !== undefined && expectedPolicies.toSorted().join() !== policies.toSorted().join();
  return differs ? 'policies-differ' : 'passed';
}

/** The answer to a case. The validator must never throw; if it does, the answer is `crashed`. */
function tryAnswer(case_: ConformanceCase, profile: ValidationProfile): Answer {
  try {
    return answerCase(case_, profile);
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ours: 'crashed', code: 'exception', detail, policies: undefined };
  }
}

function answerCase(case_: ConformanceCase, profile: ValidationProfile): Answer {
  const { material, purposes, policies, maximumIntermediates, peer } = case_;
  const anchors = decodeAll(material.trustAnchors, decodePathCertificate);
  if (anchors.length === 0) return refuse('path_not_found', 'No trust anchor can be decoded.');
  const lists = {
    crls: decodeAll(material.crls, decodeCertificateRevocationList),
    ocspResponses: decodeAll(material.ocspResponses, decodeOcspResponse),
  };
  const verification = verifyClientCertificate(material.target, {
    anchors,
    intermediates: decodeAll(material.intermediates, decodePathCertificate),
    crlSigners: decodeAll(material.crlSigners, decodePathCertificate),
    at: case_.now ?? Date.now(),
    revocation: case_.revocation === 'off' ? 'off' : { ...lists, scope: case_.revocation },
    profile,
    purposes,
    ...(policies && { policies }),
    ...(maximumIntermediates !== undefined && { maximumIntermediates }),
  });
  if (!verification.ok) return refuse(verification.fault.code, describeClientFault(verification.fault));
  const { path } = verification;
  const peerFault = findPeerFault(path.certificates.at(-1) as PathCertificate, peer);
  if (peerFault !== undefined) return refuse('peer', peerFault);
  return { ours: 'valid', code: undefined, detail: undefined, policies: path.userConstrainedPolicySet };
}

/**
 * Why the peer's certificate doesn't have what the case requires besides the path. Undefined if it does, or if it can't
 * be decoded.
 */
export function findFaultOfPeer({ material, peer }: ConformanceCase): string | undefined {
  const target = decodePathCertificate(material.target);
  return target.ok ? findPeerFault(target.value, peer) : undefined;
}

/** The decoded values. Those that can't be decoded are left out, because no trust document or store would use them. */
function decodeAll<T>(all: readonly Uint8Array[], decode: (der: Uint8Array) => DerDecoding<T>): readonly T[] {
  return all.flatMap((der) => {
    const decoding = decode(der);
    return decoding.ok ? [decoding.value] : [];
  });
}

function refuse(code: string, detail: string): Answer {
  return { ours: 'invalid', code, detail, policies: undefined };
}
