// Reads OCSP answers. Only the answer that the responder signed may say that the certificate is good, and no other may
// change that it is revoked. An accepted answer must have the frame of a SEQUENCE.
import { readFileSync } from 'node:fs';
import { decodeOcspResponse, decodePathCertificate, findOcspStatus } from '@certgate/x509/path';
import { assert, inTime, valueOf } from '../oracles.mjs';

const corpus = JSON.parse(readFileSync(new URL('../corpus/ocsp.json', import.meta.url), 'utf8'));
const bytesOf = (text) => Buffer.from(text, 'base64');
const [certificate, issuer] = [corpus.certificate, corpus.issuer].map((text) =>
  valueOf(decodePathCertificate(bytesOf(text))),
);
const now = Date.parse(corpus.time);

export const maximumLength = 4000;
export const seeds = () => [];

const statusOf = (response) =>
  findOcspStatus({
    certificate,
    issuer,
    responses: [response],
    isAlgorithmAccepted: () => true,
    profile: 'strict',
    now,
    graceMilliseconds: 0,
    allowMissingNonce: true,
  });
const signedOf = (response) => Buffer.from(response.signed?.data ?? []).toString('base64');
const statuses = new Map(
  corpus.inputs.flatMap(({ name, base64 }) => {
    // The responder did not sign the inputs that fuzzing has found.
    if (!name.startsWith('openssl ocsp')) return [];
    const decoding = decodeOcspResponse(bytesOf(base64));
    return decoding.ok ? [[signedOf(decoding.value), statusOf(decoding.value).status]] : [];
  }),
);
// Without both statuses, the check in `fuzz` would prove nothing.
assert.ok(['good', 'revoked'].every((wanted) => [...statuses.values()].includes(wanted)));

export function fuzz(data) {
  const response = inTime(data.length, () => valueOf(decodeOcspResponse(data)));
  if (response === undefined) return;
  assert.equal(data[0], 0x30);
  const { status } = inTime(data.length, () => statusOf(response));
  if (status !== 'unknown') assert.equal(status, statuses.get(signedOf(response)));
}
