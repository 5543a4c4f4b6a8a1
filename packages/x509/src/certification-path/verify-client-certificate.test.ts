import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { decodePathCertificate } from '../certificate/path-certificate.js';
import { CertgateError } from '../certgate-error.js';
import { decodeCrlFile } from '../revocation/crl-file.js';
import { decodeOcspResponse } from '../revocation/ocsp-response.js';
import { type WrittenName, makeWritingKey, writeCertificate, writeCrl } from '../test-support/certificate-writing.js';
import { sequence, name as writeName } from '../test-support/der-writing.js';
import { clientExtensions, extensions, generalNames } from '../test-support/extension-writing.js';
import {
  at as producedAt,
  authority as ocspAuthority,
  client as ocspClient,
  good,
  revoked,
} from '../test-support/ocsp-questions.js';
import { writeOlderAuthority } from '../test-support/older-authorities.js';
import { toPem } from '../test-support/openssl.js';
import { newName, pathNow, readWritten, writeAuthority } from '../test-support/written-path.js';
import {
  type ClientFault,
  type ClientVerificationOptions,
  verifyClientCertificate,
} from './verify-client-certificate.js';
import { describeClientFault } from './client-fault-sentence.js';

const [root, below] = [newName('Root'), newName('Below')];
const [rootDer, belowDer] = [writeAuthority(root).der, writeAuthority(below, root).der];
const names = extensions.subjectAlternativeName(generalNames.dns('client.example'), generalNames.uri('spiffe://a/b'));
const writeClient = (issuer: WrittenName, more: readonly Buffer[] = [names], serialNumber = 7): Buffer =>
  writeCertificate({
    subject: { name: 'client', key: makeWritingKey() },
    issuer,
    serialNumber,
    extensions: clientExtensions(issuer.key, ...more),
  });
const client = writeClient(root);
const belowClient = writeClient(below);
const options: ClientVerificationOptions = { anchors: rootDer, at: pathNow, revocation: 'off' };

function verify(leaf: string | Uint8Array, changes: Partial<ClientVerificationOptions> = {}): string {
  const verification = verifyClientCertificate(leaf, { ...options, ...changes });
  return verification.ok ? 'ok' : verification.fault.code;
}

function fail(leaf: string | Uint8Array, changes: Partial<ClientVerificationOptions> = {}): ClientFault {
  const verification = verifyClientCertificate(leaf, { ...options, ...changes });
  assert.ok(!verification.ok);
  return verification.fault;
}

describe("a client's certificate", () => {
  it('is read as PEM text, as the bytes of PEM, and as DER', () => {
    const pem = toPem(client);
    const octets = new Uint8Array(client);
    const { raw } = new X509Certificate(pem);
    for (const leaf of [
      pem,
      `subject=client\r\n${pem.replaceAll('\n', '\r\n')}`,
      Buffer.from(pem),
      client,
      octets,
      raw,
    ])
      assert.equal(verify(leaf), 'ok');
  });

  it('has its names and its path in the answer', () => {
    const verification = verifyClientCertificate(client, options);
    assert.ok(verification.ok);
    assert.equal(verification.names.subject, 'CN=client');
    assert.deepEqual(verification.names.alternativeNames, [
      { type: 'dns', value: 'client.example' },
      { type: 'uri', value: 'spiffe://a/b' },
    ]);
    assert.deepEqual(verification.path.trustAnchor.der, rootDer);
    assert.deepEqual(verification.path.certificates[0]?.der, client);
    assert.equal(verification.certificate.serialNumber, '07');
  });

  it('comes first in a bundle, and the other certificates may only help', () => {
    const bundle = (...ders: readonly Uint8Array[]): string => ders.map((der) => toPem(Buffer.from(der))).join('');
    assert.equal(verify(belowClient), 'path_not_found');
    assert.equal(verify(bundle(belowClient, belowDer)), 'ok');
    assert.equal(verify(bundle(belowClient, client, Buffer.from('3000', 'hex'), belowDer)), 'ok');
    const others = (count: number): readonly Buffer[] => Array.from({ length: count }, () => Buffer.from(client));
    assert.equal(verify(bundle(belowClient, ...others(7), belowDer)), 'ok');
    assert.equal(verify(bundle(belowClient, ...others(8), belowDer)), 'path_not_found');
    assert.equal(verify(belowClient, { intermediates: toPem(Buffer.from(belowDer)) }), 'ok');
    // An anchor that the client sends is not trusted.
    const other = newName('Other');
    assert.equal(verify(bundle(writeClient(other), writeAuthority(other).der)), 'path_not_found');
    assert.equal(verify(bundle(belowDer, belowClient)), 'certificate_is_authority');
  });

  it('must be a certificate', () => {
    const faults = {
      '': /neither DER nor PEM/,
      './client.pem': /neither DER nor PEM/,
      [toPem(client, 'PRIVATE KEY')]: /private key/,
      [toPem(client, 'X509 CRL')]: /another label/,
      [toPem(client).slice(0, -30)]: /without an end/,
      [toPem(client).replace('M', '!')]: /not base64/,
      [toPem(Buffer.from('3000', 'hex'))]: /^It is not a certificate: ./,
    };
    for (const [leaf, detail] of Object.entries(faults)) {
      for (const given of [leaf, Buffer.from(leaf)]) {
        const fault = fail(given);
        assert.deepEqual([fault.code, fault.at, 'certificate' in fault], ['certificate_malformed', pathNow, false]);
        assert.match(describeClientFault(fault), detail);
      }
    }
    assert.equal(verify(new Uint8Array()), 'certificate_malformed');
    assert.equal(verify(Buffer.concat([client, client])), 'certificate_malformed');
  });

  it('is refused by an answer with any octet changed, and cut anywhere', () => {
    for (const position of client.keys()) {
      const changed = Buffer.from(client);
      changed[position] = (changed[position] ?? 0) ^ 1;
      assert.notEqual(verify(changed), 'ok', String(position));
      assert.equal(verify(client.subarray(0, position)), 'certificate_malformed', String(position));
    }
  });

  it('must suit a TLS client, unless other purposes are asked for', () => {
    const serverAuth = '1.3.6.1.5.5.7.3.1';
    const server = writeCertificate({
      subject: { name: 'server', key: makeWritingKey() },
      issuer: root,
      extensions: [extensions.extendedKeyUsage(serverAuth), extensions.authorityKeyIdentifier(root.key)],
    });
    assert.equal(verify(server), 'certificate_extended_key_usage_unsuitable');
    assert.equal(verify(server, { profile: 'rfc5280' }), 'certificate_extended_key_usage_unsuitable');
    assert.equal(verify(server, { purposes: [serverAuth] }), 'ok');
    assert.equal(verify(client, { purposes: [serverAuth] }), 'path_extended_key_usage_unsuitable');
  });

  it('is judged at the given time, or now', () => {
    const fault = fail(client, { at: Date.UTC(2040, 0, 1) });
    const { certificate, role, notAfter, at } = fault;
    assert.deepEqual(
      [fault.code, certificate?.der, role, notAfter, at],
      ['certificate_expired', client, 'end-entity', Date.UTC(2035, 0, 1), Date.UTC(2040, 0, 1)],
    );
    // Not every program has a trust document.
    assert.doesNotMatch(describeClientFault(fault), /trust document/);
    const { at: omitted, ...withoutTime } = options;
    const before = Date.now();
    const answer = verifyClientCertificate(writeClient(newName('Other')), withoutTime);
    assert.ok(!answer.ok && omitted === pathNow);
    assert.ok(answer.fault.at >= before && answer.fault.at <= Date.now());
  });
});

describe('trust anchors', () => {
  it('are PEM, DER, decoded, or a name and its key, also mixed', () => {
    const decoded = readWritten(decodePathCertificate, rootDer);
    const other = Buffer.from(writeAuthority(newName('Other')).der);
    const key = { subject: writeName('Root'), publicKey: root.key.publicKey };
    const pem = toPem(Buffer.from(rootDer));
    for (const anchors of [pem, toPem(other) + pem, Buffer.from(pem), rootDer, decoded, key])
      for (const given of [anchors, [anchors], [other, anchors]])
        assert.equal(verify(client, { anchors: given }), 'ok');
  });

  it('that are a name and a key never end, and vouch for no other name or key', () => {
    const key = { subject: writeName('Root'), publicKey: root.key.publicKey };
    const late = writeCertificate({
      subject: { name: 'client', key: makeWritingKey() },
      issuer: root,
      notAfter: Date.UTC(2140, 0, 1),
      extensions: clientExtensions(root.key),
    });
    assert.equal(verify(late, { anchors: key, at: Date.UTC(2139, 0, 1) }), 'ok');
    assert.equal(verify(late, { at: Date.UTC(2139, 0, 1) }), 'path_certificate_expired');
    const crls = [writeCrl({ issuer: root })];
    assert.equal(verify(client, { anchors: key, revocation: { crls } }), 'ok');
    assert.equal(verify(client, { anchors: { ...key, publicKey: below.key.publicKey } }), 'path_signature_invalid');
    assert.equal(verify(client, { anchors: { ...key, subject: writeName('Other') } }), 'path_not_found');
  });

  it('may have older forms than other CA certificates', () => {
    const older = writeOlderAuthority('all of these', root);
    assert.equal(verify(client, { anchors: older }), 'ok');
    const intermediates = writeOlderAuthority('serial number 0', below, root);
    assert.equal(verify(belowClient, { intermediates }), 'path_certificate_malformed');
  });

  it('are those in the array at the time of the call', () => {
    const anchors = [readWritten(decodePathCertificate, rootDer)];
    assert.equal(verify(client, { anchors }), 'ok');
    anchors[0] = writeAuthority(newName('Other'));
    assert.equal(verify(client, { anchors }), 'path_not_found');
  });

  it('must be present and readable, and so must intermediates', () => {
    const broken = toPem(Buffer.from(rootDer)).replace('M', '!');
    for (const [changes, message] of [
      [{ anchors: [] }, /anchors .* must be one or more/],
      [{ anchors: '' }, /anchors\[0\] can't be read: it is neither DER nor PEM/],
      [{ anchors: [rootDer, broken] }, /anchors\[1\] can't be read: it has a PEM block that is not base64/],
      [
        { anchors: [`${toPem(Buffer.from(rootDer))}${toPem(Buffer.from(rootDer))}`, broken] },
        /anchors\[1\] can't be read/,
      ],
      [{ anchors: { subject: sequence(), publicKey: client } }, /anchors\[0\] can't be read/],
      [{ intermediates: broken }, /intermediates\[0\] can't be read/],
    ] as const) {
      assert.throws(
        () => verify(client, changes),
        (error) => error instanceof CertgateError && message.test(error.message),
      );
    }
  });
});

describe('revocation', () => {
  const list = writeCrl({ issuer: root });
  const revoking = writeCrl({ issuer: root, revoked: [7] });

  it('is looked up in CRLs as PEM, DER or decoded, for each certificate of the path', () => {
    for (const [der, expected] of [
      [list, 'ok'],
      [revoking, 'certificate_revoked'],
    ] as const) {
      const pem = toPem(der, 'X509 CRL');
      for (const crl of [pem, Buffer.from(pem), der, readWritten(decodeCrlFile, der)])
        assert.equal(verify(client, { revocation: { crls: [crl] } }), expected);
    }
    const path = { intermediates: belowDer };
    assert.equal(verify(belowClient, { ...path, revocation: { crls: [list] } }), 'revocation_unavailable');
    const both = { crls: [list, writeCrl({ issuer: below })] };
    assert.equal(verify(belowClient, { ...path, revocation: both }), 'ok');
    const fault = fail(client, { revocation: { crls: [revoking] } });
    assert.ok(fault.code === 'certificate_revoked');
    assert.equal(typeof fault.revoked.reason, 'string');
    assert.deepEqual([fault.role, fault.certificate?.serialNumber], ['end-entity', '07']);
  });

  it('is required by default, and refuses an unreadable list or response', () => {
    assert.equal(verify(client, { revocation: { crls: [] } }), 'revocation_unavailable');
    assert.equal(verify(client, { revocation: { crls: [], mode: 'when-available' } }), 'ok');
    for (const crls of [['x'], [list, client], [Buffer.alloc(0)]]) {
      const fault = fail(client, { revocation: { crls, mode: 'when-available' } });
      assert.equal(fault.code, 'revocation_unavailable');
      assert.match(describeClientFault(fault), /^crls\[\d\] can't be read: ./);
    }
    assert.match(
      describeClientFault(fail(client, { revocation: { ocspResponses: [client] } })),
      /^ocspResponses\[0\] can't be read: ./,
    );
  });

  it('is looked up in OCSP responses', () => {
    const ask = (der: Uint8Array): readonly string[] =>
      [der, readWritten(decodeOcspResponse, der)].map((response) =>
        verify(ocspClient.der, {
          anchors: ocspAuthority.der,
          at: producedAt(der),
          profile: 'rfc5280',
          revocation: { ocspResponses: [response] },
        }),
      );
    assert.deepEqual(
      [ask(good), ask(revoked)],
      [
        ['ok', 'ok'],
        ['certificate_revoked', 'certificate_revoked'],
      ],
    );
  });
});
