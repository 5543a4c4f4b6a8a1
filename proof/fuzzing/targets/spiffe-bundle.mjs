// Reads SPIFFE bundles. Each trust anchor that is read must be in a key whose use is x509-svid, as JSON.parse reads the
// bundle, and the reader may throw only a refusal.
import { createHash, X509Certificate } from 'node:crypto';
import { readSpiffeBundle } from '../../../packages/certgate/dist/esm/trust/spiffe-bundle/read-bundle.js';
import { assert, certificates, orRefusal, vectors } from '../oracles.mjs';

export const maximumLength = 4000;
export const dictionary = [
  '"use":"x509-svid"',
  '"use":"jwt-svid"',
  '"x5c":[',
  '"kty":"EC"',
  '"crv":"P-256"',
  '"spiffe_sequence":',
  '"spiffe_refresh_hint":',
  '"keys":[',
];

const now = Date.UTC(2027, 0, 1);

function keyOf(der) {
  const jwk = new X509Certificate(der).publicKey.export({ format: 'jwk' });
  return { ...jwk, use: 'x509-svid', x5c: [der.toString('base64')] };
}

export const seeds = () => {
  const [root, other] = [vectors.certificates.root, vectors.certificates.otherRoot].map((text) =>
    Buffer.from(text, 'base64'),
  );
  return [
    { spiffe_sequence: 7, spiffe_refresh_hint: 600, keys: [keyOf(root)] },
    { keys: [keyOf(root), keyOf(other), { use: 'jwt-svid', kty: 'EC', kid: 'a' }] },
    { keys: [keyOf(certificates[4])] },
  ].map((bundle) => Buffer.from(JSON.stringify(bundle)));
};

export async function fuzz(data) {
  const bundle = await orRefusal(
    () => readSpiffeBundle({ bytes: data, place: 'file' }, { trustDomain: 'corp.example', now }),
    'ToolFailure',
  );
  if (bundle === undefined) return;
  const { keys } = JSON.parse(data.toString('utf8').replace(/^\ufeff/, ''));
  const published = keys
    .filter(({ use, x5c }) => use === 'x509-svid' && typeof x5c?.[0] === 'string')
    .map(({ x5c }) => thumbprintOf(Buffer.from(x5c[0], 'base64')));
  assert.ok(bundle.anchors.length > 0);
  for (const { certificate } of bundle.anchors) assert.ok(published.includes(thumbprintOf(certificate.der)));
}

function thumbprintOf(der) {
  return createHash('sha256').update(der).digest('hex');
}
