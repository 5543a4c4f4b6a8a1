// Reads the fields of every front end. No text may make a reader throw, or give a certificate that a simpler reader of
// the same text doesn't find. A certificate must have one text per front end, so that callers can't fill the gate's
// memories with other texts of it.
import { findFrontEnd, readCertificateText } from '@certgate/core/internal';
import { assert, inTime, readRequest, requestSeeds } from '../oracles.mjs';

export const maximumLength = 20_000;
export const seeds = requestSeeds;
export const dictionary = [
  '%0A',
  '%2B',
  '%2F',
  '%3D',
  ';Cert="',
  ',Hash=',
  ';Chain="',
  ';URI=',
  ';Subject="',
  '\\"',
  '::',
  'SUCCESS',
];

const writers = {
  base64: (der) => der.toString('base64'),
  'percent-encoded-pem': (der) =>
    encodeURIComponent(
      der
        .toString('base64')
        .match(/.{1,64}/g)
        .join('\n'),
    ),
};

export function fuzz(data) {
  const { name, findField, der } = readRequest(data);
  const { extraction, reading } = inTime(data.length, () => {
    const extraction = findFrontEnd(name).extract(findField);
    return { extraction, reading: extraction.outcome === 'denied' ? extraction : readCertificateText(extraction) };
  });
  if (reading.outcome === 'denied') return;
  const { certificate } = reading;
  assert.equal(certificate.der.toString('hex'), der?.toString('hex'));
  assert.equal(extraction.leaf, writers[extraction.encoding](der));
  for (const each of certificate.candidates.certificates) assert.ok(each.der === undefined || each.der.length > 0);
}
