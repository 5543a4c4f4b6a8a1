import { createForeignKey } from '../../certificates/foreign-key.js';
import type { HandshakeAnswer } from '#local/client/handshake-request.js';
import type { TlsVersion } from '#local/client/wire-request.js';
import { type Examination, type ProbeRuns, explainNothingSent, findTellingFunction } from '../examination.js';
import {
  type AnswerReader,
  type Judgement,
  type ProbeObservation,
  type Verdict,
  byStatus,
  cannotTell,
  createObservation,
} from '../verdict.js';
import { isVersionRefused } from './protocol-probes.js';

/**
 * Tests whether the front end checks that a caller has the certificate's private key. The gate relies on that. One
 * function is enough, because a handshake does not depend on the function.
 */
async function probeKeyProof(examination: Examination, tlsVersion: TlsVersion): Promise<Judgement> {
  const examined = findTellingFunction(examination);
  if (examined === undefined) return explainNothingSent(examination);
  const { allowed } = examination.options;
  const foreignKey = createForeignKey(allowed.der);
  if (foreignKey === undefined) {
    return cannotTell(
      'Nothing was sent, since no wrong key can be made for a key of this kind.',
      'An allowed certificate with an EC or RSA key.',
    );
  }
  const call = (privateKeyPem: string): Promise<HandshakeAnswer> =>
    examination.callAfterHandshake(examined.target, { certificate: { ...allowed, privateKeyPem }, tlsVersion });
  const proven = await call(allowed.privateKeyPem);
  if (isVersionRefused(proven.answer)) {
    return { verdict: 'not-run', note: `${tlsVersion.replace('v', ' ')} is not offered.` };
  }
  const { reader } = examined.baseline;
  const first = createObservation(proven.answer, 'the allowed certificate with its key', examined.index, reader);
  if (first.outcome !== 'admitted') {
    return { ...cannotTell('The allowed caller is not admitted in this way.'), observations: [first] };
  }
  const unproven = await call(foreignKey);
  const second = createObservation(unproven.answer, 'the allowed certificate with another key', examined.index, reader);
  return describe(judgeKeyProof(proven, unproven, tlsVersion, reader), [first, second]);
}

type Finding = readonly [verdict: Verdict, note: string];

/** Judges the answer to the wrong key (`unproven`). The same request with the right key (`proven`) was admitted. */
export function judgeKeyProof(
  proven: HandshakeAnswer,
  unproven: HandshakeAnswer,
  tlsVersion: TlsVersion,
  { classify }: AnswerReader = byStatus,
): Finding {
  const { answer } = unproven;
  if (classify(answer) === 'admitted') return ['fails', 'The function answered a caller without the key.'];
  if (answer.kind === 'answered') return ['cannot-tell', 'The connection went on with the wrong key.'];
  if (answer.kind !== 'tls-refused') return ['cannot-tell', 'The connection ended without an alert.'];
  // If the server did not request a certificate in the handshake, the alert came for another reason than the client's
  // signature there.
  if (!proven.isRequested || !unproven.isRequested)
    return ['cannot-tell', 'The server did not ask for the certificate in the handshake, but afterwards.'];
  // In TLS 1.2 the client completes the handshake only after the server has verified the client's signature. In TLS 1.3
  // it completes before.
  const isInPlace = unproven.isComplete === (tlsVersion === 'TLSv1.3');
  if (aboutTheKey.test(answer.code) && isInPlace) return ['holds', ''];
  return ['cannot-tell', 'The alert is not about the key.'];
}

/** Alerts that servers send for a wrong signature (RFC 8446 §6.2 names `decrypt_error`). */
const aboutTheKey =
  /ALERT_(?:DECRYPT_ERROR|BAD_CERTIFICATE|CERTIFICATE_UNKNOWN|ILLEGAL_PARAMETER|HANDSHAKE_FAILURE|ACCESS_DENIED)/;

function describe([verdict, note]: Finding, observations: readonly ProbeObservation[]): Judgement {
  return { verdict, note, observations, ...(verdict === 'fails' ? { isForgedAdmission: true } : {}) };
}

export const keyProofProbes: ProbeRuns<'key-proof-tls-1.2' | 'key-proof-tls-1.3'> = {
  'key-proof-tls-1.2': (examination) => probeKeyProof(examination, 'TLSv1.2'),
  'key-proof-tls-1.3': (examination) => probeKeyProof(examination, 'TLSv1.3'),
};
