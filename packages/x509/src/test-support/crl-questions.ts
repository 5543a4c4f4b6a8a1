import type { CrlQuestion } from '../revocation/crl-statement.js';
import { findCrlStatus } from '../revocation/crl-status.js';
import { type CrlRequest, type MadeAuthority, issue, makeCrl, readCrl } from './revocation.js';
import { describeRevocationGaps } from '../revocation/revocation-sentences.js';

export const authority: MadeAuthority = issue({ name: 'authority' });
export const stranger: MadeAuthority = issue({ name: 'stranger', key: 'p-384' });
export const end: readonly string[] = [
  'basicConstraints = critical, CA:FALSE',
  'keyUsage = critical, digitalSignature',
];
export const client: MadeAuthority = issue({ name: 'client', issuer: authority, serialNumber: '10', extensions: end });
const now = Date.UTC(2027, 0, 15);
export const question: CrlQuestion = {
  certificate: client.certificate,
  issuer: authority.certificate,
  crls: [],
  signers: [],
  isSignerValid: () => false,
  isAlgorithmAccepted: ({ scheme }) => scheme !== 'unknown',
  profile: 'strict',
  now,
  graceMilliseconds: 0,
};

/** The status of `client`, or of another certificate, according to these lists, as text. */
export function judge(lists: readonly Uint8Array[], changes: Partial<CrlQuestion> = {}): string {
  const status = findCrlStatus({ ...question, crls: lists.map((der) => readCrl(der)), ...changes });
  if (status.status === 'good') return 'good';
  return status.status === 'revoked' ? `revoked: ${status.reason}` : `unknown: ${describeRevocationGaps(status.gaps)}`;
}

export const make = (request: Omit<CrlRequest, 'authority'> = {}): Buffer => makeCrl({ authority, ...request });
export const names = (reason?: string): Pick<CrlRequest, 'revoked'> => ({
  revoked: [reason === undefined ? { serialNumber: '10' } : { serialNumber: '10', reason }],
});
export const scope = (...lines: readonly string[]): Pick<CrlRequest, 'extensions' | 'sections'> => ({
  extensions: ['issuingDistributionPoint = critical, @idp'],
  sections: ['[idp]', ...lines],
});
export const delta = (base: string): Pick<CrlRequest, 'extensions'> => ({
  extensions: [`2.5.29.27 = critical, DER:0201${base}`],
});
export const withPoint = (...lines: readonly string[]): Pick<CrlQuestion, 'certificate'> => ({
  certificate: issue({
    name: 'client',
    issuer: authority,
    serialNumber: '10',
    extensions: [...end, 'crlDistributionPoints = point'],
    sections: ['[point]', ...lines],
  }).certificate,
});

export const empty: Buffer = make();
