import { encodePem } from '../../certificates/structure/pem-blocks.js';
import { createLookalikeCertificate, type Likeness } from '../../certificates/lookalike-certificate.js';
import { createUnknownCertificate } from '../../certificates/unknown-certificate.js';
import type { ClientKeyPair } from '#local/client/wire-request.js';
import type { Examination, ProbeRuns } from '../examination.js';
import { cannotTell } from '../verdict.js';
import { type Forgery, judgeForgeries } from './judge-forgeries.js';

export const certificateProbes: ProbeRuns<'lookalike-certificate' | 'unknown-certificate' | 'chained-certificate'> = {
  'lookalike-certificate': (examination) => {
    const forgeries = listLookalikes(examination);
    if (forgeries === undefined) return cannotTell('The names of the allowed certificate cannot be copied.');
    return judgeForgeries(examination, forgeries);
  },
  'unknown-certificate': (examination) => judgeForgeries(examination, listUnknown()),
  'chained-certificate': (examination) => {
    const { allowed, denied } = examination.options;
    const behind = encodePem('CERTIFICATE', allowed.der);
    const chained = (what: string, certificatePem: string, privateKeyPem: string): Forgery =>
      present(`the allowed certificate behind ${what}`, { certificatePem: certificatePem + behind, privateKeyPem });
    const own = createUnknownCertificate({ keyAlgorithm: 'ec-p256', issuer: 'itself', now: new Date() });
    return judgeForgeries(examination, [
      chained('the denied one', encodePem('CERTIFICATE', denied.der), denied.privateKeyPem),
      chained('one of nobody', own.certificatePem, own.privateKeyPem),
    ]);
  },
};

const present = (sent: string, certificate: ClientKeyPair): Forgery => ({
  sent,
  request: { certificate },
  usesDenied: true,
});

const likenesses: readonly (readonly [sent: string, likeness: Omit<Likeness, 'now'>])[] = [
  ['a certificate signed by itself', { issuer: 'itself' }],
  ["a certificate that names the allowed one's issuer", { issuer: 'of-original' }],
  ["the same with the allowed one's key identifiers", { issuer: 'of-original', hasKeyIdentifiers: true }],
  ['an expired certificate signed by itself', { issuer: 'itself', hasExpired: true }],
  ["an expired certificate that names the allowed one's issuer", { issuer: 'of-original', hasExpired: true }],
];

/** Undefined if such certificates can't be made from the allowed one. */
function listLookalikes({ options }: Examination): readonly Forgery[] | undefined {
  const now = new Date();
  try {
    return likenesses.map(([sent, likeness]) =>
      present(sent, createLookalikeCertificate(options.allowed.der, { ...likeness, now })),
    );
  } catch {
    return undefined;
  }
}

let unknown: readonly Forgery[] | undefined;

/** Made once in a process, because making an RSA key takes long. */
function listUnknown(): readonly Forgery[] {
  unknown ??= makeUnknown(new Date());
  return unknown;
}

function makeUnknown(now: Date): readonly Forgery[] {
  return (
    [
      ['an RSA key, signed by itself', { keyAlgorithm: 'rsa-2048', issuer: 'itself' }],
      ['a key on P-384, signed by itself', { keyAlgorithm: 'ec-p384', issuer: 'itself' }],
      ['a key on P-256, of an unknown authority', { keyAlgorithm: 'ec-p256', issuer: 'unknown-authority' }],
    ] as const
  ).map(([what, kind]) => present(`an unknown certificate with ${what}`, createUnknownCertificate({ ...kind, now })));
}
