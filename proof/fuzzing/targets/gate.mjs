// The whole gate: the fields of a request and the trust document are both the input's. Who is admitted, and as whom, is
// what the reference decision says of the same document and of the certificate that a simpler reader finds.
import { AccessGate, getPublicStatus, trustStoreFromDocument } from '@certgate/core';
import { findFrontEnd } from '@certgate/core/internal';
import { describeCertificate } from '../../../conformance/decision/dist/facts.js';
import { decide } from '../../../conformance/decision/dist/reference/decision.js';
import { assert, frontEnds, inTime, readRequest, vectors, writeRequest } from '../oracles.mjs';

export const maximumLength = 6000;
export const dictionary = [
  ...[
    '"pins":[{"thumbprintSha256":"',
    '"issuedBy":"',
    '"names":[{',
    '"dns":"',
    '"enabled":false',
    '"denied":[{',
    '"locked":{',
  ],
  ...[
    '"notAfter":"',
    '"expiresAt":"',
    '"functions":[]',
    '"revocation":{"mode":"',
    '"serialNumber":"',
    '%0A',
    ';Cert="',
  ],
];

const requirement = { functionName: 'GetOrder', roles: [] };
const now = Date.UTC(2027, 0, 1);
const clock = { wall: () => now, monotonic: () => 0 };

/** Each vector of one document, with its certificate as one of the front ends writes it. */
export const seeds = () =>
  vectors.vectors
    .filter(
      ({ documents, certificate, lists, store, earlier }) =>
        documents.length === 1 && certificate !== undefined && (lists ?? store ?? earlier) === undefined,
    )
    .map(({ documents: [name], certificate }, index) =>
      Buffer.concat([
        writeCertificate(frontEnds[index % frontEnds.length], vectors.certificates[certificate]),
        Buffer.from(`\0${JSON.stringify(vectors.documents[name])}`),
      ]),
    );

function writeCertificate(name, base64) {
  const pem = encodeURIComponent(
    `-----BEGIN CERTIFICATE-----\n${base64.match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`,
  );
  return writeRequest(name, {
    'x-arr-clientcert': base64,
    'ssl-client-cert': pem,
    'ssl-client-verify': 'SUCCESS',
    'x-client-certificate': name === 'application-gateway' ? pem : base64,
    'x-client-certificate-verification': name === 'haproxy' ? '0' : 'SUCCESS',
    'x-forwarded-client-cert': `Hash=${'0a'.repeat(32)};Cert="${pem}";Subject="CN=a"`,
    'x-forwarded-tls-client-cert': base64,
    'client-cert': `:${base64}:`,
  });
}

export async function fuzz(data) {
  const end = data.indexOf(0, 1);
  if (end < 0) return;
  const { name, findField, der } = readRequest(data.subarray(0, end));
  const text = data.toString('utf8', end + 1);
  const store = openStore(text);
  if (store === undefined) return;
  const gate = new AccessGate({ trustStore: store }, clock);
  const decision = await inTime(data.length, () =>
    gate.decideExtracted(findFrontEnd(name).extract(findField), requirement, now),
  );
  const again = await gate.decideExtracted(findFrontEnd(name).extract(findField), requirement, now);
  assert.equal(again.code, decision.code);
  if (der === undefined) return assert.equal(decision.outcome, 'denied');
  const isOfHeader = [
    'certificate_missing',
    'certificate_multiple',
    'certificate_malformed',
    'certificate_too_large',
    'certificate_verification_failed',
  ];
  if (isOfHeader.includes(decision.code)) return;
  const answer = decide([{ document: readDocument(text), lists: new Map() }], {
    caller: factsOf(der),
    ...requirement,
    now,
  });
  if (decision.outcome === 'allowed' || answer.status === 200)
    assert.deepEqual(describeAllowed(decision), describeAllowed(answer));
  else if (![decision.code, answer.code].includes('identity_ambiguous'))
    assert.equal(getPublicStatus(decision.code), answer.status, `${decision.code}, ${answer.code}`);
}

const describeAllowed = ({ code, identity }) => [code, identity?.name, [...(identity?.roles ?? [])].sort()];

/** Documents that name lists or a responder are for the scenes. */
function openStore(text) {
  if (/crls|ocsp|\\/.test(text)) return undefined;
  try {
    return trustStoreFromDocument(text, { audience: 'app' });
  } catch (error) {
    if (error?.name === 'TrustDocumentError') return undefined;
    throw error;
  }
}

const known = new Map();

function factsOf(der) {
  const key = der.toString('base64');
  if (known.size > 500) known.clear();
  if (!known.has(key)) known.set(key, describeCertificate(der));
  return known.get(key);
}

function readDocument(text) {
  const document = JSON.parse(text.replace(/^\ufeff/, ''));
  const authorities = (document.authorities ?? []).map((authority) => ({
    ...authority,
    ...Object.fromEntries(
      ['trustAnchors', 'intermediates'].map((role) => [
        role,
        (authority[role] ?? []).map((pem) => factsOf(Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64'))),
      ]),
    ),
  }));
  return { ...document, authorities };
}
