import { generateKeyPairSync, sign } from 'node:crypto';
import { clientExtensions, makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { issue, makeCrl } from '@certgate/x509/test-support/revocation.js';
import { editExtension } from '@certgate/x509/test-support/der-editing.js';
import { describeCertificate } from '../facts.js';
import { listTwins } from '../reference/twins.js';
import type { Material } from './make-material.js';

type Request = NonNullable<Parameters<typeof makeCertificate>[0]>;

const forServers = [...clientExtensions.slice(0, 2), 'extendedKeyUsage = serverAuth'];

/**
 * Makes the authority "field" and others, for mistakes that a port to another language can make. The keys are not kept.
 */
export function makeFieldMaterial(): Material {
  const certificates: Record<string, Uint8Array> = {};
  const add = (label: string, request: Request): void => {
    certificates[label] = makeCertificate({ key: 'p-256-again', ...request }).der;
  };
  const root = issue({ name: 'Field root', key: 'p-384', serialNumber: '0B00' });
  const ofRoot = { issuer: root, key: 'p-256' } as const;
  const issuing = issue({ name: 'Field issuing CA', ...ofRoot, serialNumber: '0B01' });
  /** A CA whose name equals the issuing CA's by RFC 5280, section 7.1. */
  const shouting = issue({ name: 'FIELD ISSUING CA', ...ofRoot, serialNumber: '0B02' });
  const sub = issue({ name: 'Field sub CA', key: 'ed25519', issuer: issuing, serialNumber: '0B03' });
  const impostor = issue({ name: 'Field issuing CA', key: 'rsa-2048' });
  for (const [label, { der }] of Object.entries({ fieldRoot: root, fieldIssuing: issuing, fieldSub: sub }))
    certificates[label] = der;
  const named = (...names: readonly string[]): string => `subjectAltName = ${names.join(', ')}`;
  const device = [...clientExtensions, named('DNS:device.field.example')];
  const critical = '1.2.3.4 = critical, DER:0500';
  add('device', {
    issuer: issuing,
    name: ['CN = Device', 'OU = Sensors'],
    serialNumber: '0ABC',
    extensions: [
      ...clientExtensions,
      named('DNS:device.field.example', 'URI:https://field.example/Device', 'email:Device@field.example'),
    ],
  });
  add('deviceForServers', { issuer: issuing, extensions: [...forServers, named('DNS:device.field.example')] });
  add('deviceOfPolicies', { issuer: issuing, extensions: [...device, 'certificatePolicies = critical, 1.2.3.4'] });
  add('deviceForged', { issuer: impostor, extensions: [...device, critical] });
  add('deviceOfWildcard', {
    issuer: issuing,
    extensions: [...clientExtensions, named('DNS:*.field.example', 'DNS:trailing-.field.example')],
  });
  add('deviceOfTwoNames', { issuer: issuing, name: ['0.CN = Device', '1.CN = Gauge'] });
  add('deviceOfTwoUris', {
    issuer: issuing,
    extensions: [...clientExtensions, named('URI:spiffe://field.example/device', 'URI:https://field.example/Device')],
  });
  add('below', { issuer: sub, extensions: device });
  add('belowShortLived', {
    issuer: sub,
    extensions: [...device, '2.5.29.56 = DER:0500'],
    notBefore: '20261231230000Z',
    notAfter: '20270101020000Z',
  });
  add('codeSigner', {
    key: 'ed25519',
    extensions: [...clientExtensions.slice(0, 2), 'extendedKeyUsage = codeSigning'],
  });
  add('serverWithoutSignature', {
    key: 'ed25519',
    extensions: [clientExtensions[0] ?? '', 'keyUsage = keyAgreement', 'extendedKeyUsage = serverAuth'],
  });
  add('serverForAnyUsage', {
    key: 'ed25519',
    extensions: [...clientExtensions.slice(0, 2), 'extendedKeyUsage = serverAuth, anyExtendedKeyUsage'],
  });
  add('serverEcdsa', { key: 'p-256', extensions: forServers });
  add('own384', { key: 'p-384' });
  add('own521', { key: 'p-521' });
  add('rsa2047', { key: 'rsa-2047' });
  add('rsa2048', { key: 'rsa-2048' });
  for (const label of ['fieldSub', 'serverEcdsa', 'own384', 'own521']) {
    const [twin] = listTwins(certificates[label] ?? Buffer.alloc(0));
    if (twin === undefined) throw new Error(`${label} has no twin.`);
    certificates[`${label}Twin`] = twin;
  }
  const lists = {
    field1: makeCrl({ authority: issuing }),
    field1Shouting: makeCrl({ authority: shouting }),
    field1Holding: makeCrl({
      authority: issuing,
      lastUpdate: '20261201000000Z',
      revoked: [{ serialNumber: '0ABC', reason: 'certificateHold' }],
    }),
    /** A delta to the complete list with the number 1. */
    fieldDelta2: makeCrl({
      authority: issuing,
      number: '02',
      extensions: ['2.5.29.27 = critical, DER:020101'],
      revoked: [{ serialNumber: '0ABC', reason: 'removeFromCRL' }],
    }),
    fieldUnnumbered: makeCrl({ authority: issuing, number: null }),
  };
  return { ...encode(certificates, lists), ...signDocuments(certificates['own384'] ?? Buffer.alloc(0)) };
}

/** Certificates that are derived from others, which needs no key. */
export function deriveCertificates({ device = '' }: Material['certificates']): Material['certificates'] {
  // Its subject key identifier can't be read by path validation. A pin needs neither a path nor a valid signature.
  const unread = editExtension(Buffer.from(device, 'base64'), '551d0e', () => Buffer.from('0500', 'hex'));
  return { deviceUnread: unread.toString('base64') };
}

function encode(...groups: readonly [Readonly<Record<string, Uint8Array>>, Readonly<Record<string, Uint8Array>>]) {
  const [certificates = {}, lists = {}] = groups.map((group) =>
    Object.fromEntries(Object.entries(group).map(([label, der]) => [label, Buffer.from(der).toString('base64')])),
  );
  return { certificates, lists };
}

/** Documents that must be kept octet by octet, with detached signatures. */
function signDocuments(pinned: Uint8Array): Pick<Material, 'signers' | 'signed'> {
  const ed25519 = generateKeyPairSync('ed25519');
  const p256 = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const { thumbprintSha256 } = describeCertificate(pinned);
  const write = (revision: number, enabled: boolean): string =>
    JSON.stringify({
      schemaVersion: 1,
      revision,
      identities: [{ name: 'device', roles: [], pins: [{ thumbprintSha256, enabled }] }],
    });
  const signed = (text: string, { privateKey }: typeof ed25519, other = text) => {
    const algorithm = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    return { text, signature: sign(algorithm, Buffer.from(other), privateKey).toString('base64') };
  };
  const { signature } = signed(write(2, false), ed25519);
  const first = signed(write(1, true), ed25519);
  return {
    signers: {
      ed25519: ed25519.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      p256: p256.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    },
    signed: {
      first,
      firstByP256: signed(write(1, true), p256),
      /** While a document is being replaced, the signature file has the signatures of both. */
      firstOfTwo: { ...first, signature: `${signature}\n${first.signature}` },
      firstChanged: signed(write(1, false), ed25519),
      second: { text: write(2, false), signature },
      secondWithFirstSignature: { text: write(2, false), signature: first.signature },
    },
  };
}
