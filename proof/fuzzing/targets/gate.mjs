// Runs the whole gate: the input has the fields of a request and the trust document. The gate must admit the same
// callers, as the same identities, as the reference decision does for that document and the certificate that a simpler
// reader finds.
import { AccessGate, getPublicStatus, trustStoreFromDocument } from '@certgate/core';
import { findFrontEnd, readChainText } from '@certgate/core/internal';
import { decodeTrustAnchor, findAuthorityFault } from '@certgate/x509/path';
import { describeCertificate } from '../../../conformance/decision/dist/facts.js';
import { decide } from '../../../conformance/decision/dist/reference/decision.js';
import { assert, frontEnds, inTime, readRequest, vectors, writeRequest } from '../oracles.mjs';

export const maximumLength = 9000;
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

/**
 * For each vector with one document and a certificate, but without lists, options or earlier readings: the document and
 * its certificate, in the form in which one of the front ends writes it.
 */
export const seeds = () =>
  vectors.vectors
    .filter(
      ({ documents, certificate, lists, store, earlier }) =>
        documents.length === 1 && certificate !== undefined && (lists ?? store ?? earlier) === undefined,
    )
    .map(({ documents: [name], certificate, chain = [] }, index) =>
      Buffer.concat([
        chain.length > 0
          ? writeChain(vectors.certificates[certificate], chain)
          : writeCertificate(frontEnds[index % frontEnds.length], vectors.certificates[certificate]),
        Buffer.from(`\0${JSON.stringify(vectors.documents[name])}`),
      ]),
    );

const writeChain = (base64, chain) =>
  writeRequest('rfc9440', {
    'client-cert': `:${base64}:`,
    'client-cert-chain': chain.map((label) => `:${vectors.certificates[label]}:`).join(','),
  });

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
  const extraction = findFrontEnd(name).extract(findField);
  const decision = await inTime(data.length, () => gate.decideExtracted(extraction, requirement, now));
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
  const facts = readFacts(text, der, extraction);
  if (facts === undefined) return;
  const { document, caller, chain } = facts;
  const answer = decide([{ document, lists: new Map() }], { caller, chain, ...requirement, now });
  if (decision.outcome === 'allowed' || answer.status === 200)
    assert.deepEqual(describeAllowed(decision), describeAllowed(answer));
  else if (![decision.code, answer.code].includes('identity_ambiguous'))
    assert.equal(getPublicStatus(decision.code), answer.status, `${decision.code}, ${answer.code}`);
}

/**
 * The facts for the reference decision. Undefined if reading them throws a RangeError: the simple reader decodes
 * everything, also what the gate never decodes.
 */
function readFacts(text, der, extraction) {
  try {
    return { document: readDocument(text), caller: factsOf(der), chain: readChain(extraction).map(factsOf) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** The chain's certificates. Empty if there is no chain, or if it can't be read. */
function readChain({ chain }) {
  const reading = chain === undefined ? undefined : readChainText(chain);
  return reading?.outcome === 'read' ? reading.ders.map((each) => Buffer.from(each)) : [];
}

const describeAllowed = ({ code, identity }) => [code, identity?.name, [...(identity?.roles ?? [])].sort()];

/**
 * Opens a store for the document. Undefined if the document is not valid or has escapes other than line feeds, or if it
 * names lists or a responder, which are left to the target "scenes".
 */
function openStore(text) {
  if (/crls|ocsp|\\(?!n)/.test(text)) return undefined;
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
  if (!known.has(key)) known.set(key, { ...describeCertificate(der), der });
  return known.get(key);
}

/**
 * Reads an authority's certificate. A trust anchor may have an older form that a caller's certificate must not have, so
 * the same bytes can be read in two ways.
 */
function readAuthority(pem, role) {
  const facts = factsOf(Buffer.from(pem.replace(/-----[^-]*-----/g, ''), 'base64'));
  if (role !== 'trustAnchors') return facts;
  const isStrict = facts.path !== undefined && findAuthorityFault(facts.path, 'trust-anchor', []) === undefined;
  return isStrict ? facts : { ...facts, path: decodeTrustAnchor(facts.der).value };
}

function readDocument(text) {
  const document = JSON.parse(text.replace(/^\ufeff/, ''));
  const authorities = (document.authorities ?? []).map((authority) => ({
    ...authority,
    ...Object.fromEntries(
      ['trustAnchors', 'intermediates'].map((role) => [
        role,
        (authority[role] ?? []).map((pem) => readAuthority(pem, role)),
      ]),
    ),
  }));
  return { ...document, authorities };
}
