import { createOcspNonce, encodeOcspRequest } from '../revocation/ocsp-request.js';
import { findOcspStatus, type OcspQuestion } from '../revocation/ocsp-status.js';
import { type OcspAnswering, answerOcsp, noCheck, readOcsp, responderExtensions } from './ocsp.js';
import { type IssueRequest, type MadeAuthority, issue } from './revocation.js';
import { describeRevocationGaps } from '../revocation/revocation-sentences.js';

/** A validity that includes the present, because openssl answers with the time of the call. */
export const always: { readonly notBefore: string; readonly notAfter: string } = {
  notBefore: '20000101000000Z',
  notAfter: '99991231235959Z',
};
export const authority: MadeAuthority = issue({ name: 'authority', ...always });
export const stranger: MadeAuthority = issue({ name: 'stranger', key: 'p-384', ...always });
export const make = (request: Partial<IssueRequest>): MadeAuthority =>
  issue({ name: 'made', issuer: authority, extensions: [], ...always, ...request });
export const client: MadeAuthority = make({ name: 'client', serialNumber: '10' });
export const responder: MadeAuthority = make({
  name: 'responder',
  serialNumber: '20',
  key: 'p-384',
  extensions: [...responderExtensions, noCheck],
});
export const nonce: Uint8Array = createOcspNonce();
export const content: Pick<OcspQuestion, 'certificate' | 'issuer'> = {
  certificate: client.certificate,
  issuer: authority.certificate,
};
export const request: Uint8Array = encodeOcspRequest(content);
export const withNonce: Uint8Array = encodeOcspRequest({ ...content, nonce });

export function answer(changes: Partial<OcspAnswering> = {}): Buffer {
  return answerOcsp({ authority, request, index: { 10: 'V' }, ...changes });
}

/** The status according to these responses, as text, by default at the `producedAt` time of the first one. */
export function judge(ders: readonly Uint8Array[], changes: Partial<OcspQuestion> = {}): string {
  const responses = ders.map(readOcsp);
  const status = findOcspStatus({
    ...content,
    responses,
    isAlgorithmAccepted: ({ scheme }) => scheme !== 'unknown',
    profile: 'strict',
    now: responses[0]?.producedAt ?? 0,
    graceMilliseconds: 0,
    ...changes,
  });
  if (status.status === 'good') return 'good';
  return status.status === 'revoked' ? `revoked: ${status.reason}` : `unknown: ${describeRevocationGaps(status.gaps)}`;
}

export const good: Buffer = answer();
export const revoked: Buffer = answer({ index: { 10: 'R keyCompromise' } });
/** The response's `producedAt`. openssl reads the clock anew for each of the three times, so they may differ. */
export const at = (der: Uint8Array): number => readOcsp(der).producedAt;
export const begin = (der: Uint8Array): number => readOcsp(der).answers[0]?.thisUpdate ?? NaN;
export const end = (der: Uint8Array): number => readOcsp(der).answers[0]?.nextUpdate ?? NaN;
export const hour = 3_600_000;
