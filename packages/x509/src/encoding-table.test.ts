import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { findCertificateFault } from './certificate/certificate-verification.js';
import { decodeClientCertificate } from './certificate/client-certificate.js';
import { decodePathCertificate } from './certificate/path-certificate.js';
import { findCertificationPath } from './certification-path/certification-path.js';
import { extension, makeWritingKey, rewriteCertificate, writeCertificate } from './test-support/certificate-writing.js';
import { type DerNode, getNode, parseTree, tbsFields } from './test-support/der-editing.js';
import { bitString, boolean, objectIdentifier, sequence, utf8String } from './test-support/der-writing.js';
import { clientExtensions, extensions, generalNames } from './test-support/extension-writing.js';
import { newTemporaryPath, toPem } from './test-support/openssl.js';
import { askAbout, newName, pathNow, writeAuthority } from './test-support/written-path.js';

// The README's table of encodings. Each of its rows has a certificate in this file, and each certificate has a row.
const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const [, table = ''] = /\| Encoding \|[^\n]*\n\|[- |]+\n((?:\|[^\n]*\n)+)/.exec(readme) ?? [];
const rows = table
  .trim()
  .split('\n')
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );

const issuer = newName('Root');
const root = writeAuthority(issuer);
const subject = newName('client');
const [basicConstraints, keyUsage, ...others] = clientExtensions(issuer.key) as [Buffer, Buffer, ...Buffer[]];
const write = (list: readonly Buffer[], of = subject): Buffer =>
  writeCertificate({ subject: of, issuer, extensions: list });
const change = (edit: (certificate: DerNode) => void): Buffer =>
  rewriteCertificate(write([basicConstraints, keyUsage, ...others]), issuer.key, edit);

/** The certificate policies with a qualifier that no standard defines. */
const policies = (isCritical: boolean, qualifier: string): Buffer => {
  const list = sequence(sequence(objectIdentifier(qualifier), utf8String('https://cps.example')));
  return extension('2.5.29.32', isCritical, sequence(sequence(objectIdentifier('1.2.3.4'), list)));
};

const ed25519 = makeWritingKey('ed25519');
const withParameters = sequence(
  sequence(objectIdentifier('1.3.101.112'), Buffer.from('0500', 'hex')),
  bitString(ed25519.publicKey.subarray(-32)),
);

const certificates: Readonly<Record<string, Buffer>> = {
  'a GeneralizedTime before 2050': change((certificate) => {
    const notBefore = getNode(certificate, 0, tbsFields.validity, 0);
    Object.assign(notBefore, { tag: 0x18, content: Buffer.from(`20${notBefore.content.toString()}`) });
  }),
  'an encoded default (`cA` FALSE)': write([
    extension('2.5.29.19', true, sequence(boolean(false))),
    keyUsage,
    ...others,
  ]),
  'an unsorted SET OF': change((certificate) => {
    const relativeName = getNode(certificate, 0, tbsFields.subject, 0);
    const unit = parseTree(sequence(objectIdentifier('2.5.4.11'), utf8String('z')));
    // The shorter encoding must come first (X.690 §11.6), so this order is wrong.
    relativeName.children = [...(relativeName.children ?? []), unit];
  }),
  '`*` in a PrintableString': change((certificate) => {
    const value = getNode(certificate, 0, tbsFields.subject, 0, 0, 1);
    Object.assign(value, { tag: 0x13, content: Buffer.from('*.corp.example') });
  }),
  'the DNS name `" "`': write([
    basicConstraints,
    keyUsage,
    ...others,
    extensions.subjectAlternativeName(generalNames.dns(' ')),
  ]),
  'trailing zero bits in a key usage': write([
    basicConstraints,
    extension('2.5.29.15', true, bitString(Buffer.from([0x80]))),
    ...others,
  ]),
  'an Ed25519 key with parameters': write([basicConstraints, keyUsage, ...others], {
    ...subject,
    key: { ...ed25519, publicKey: withParameters },
  }),
  'critical policies with an unknown qualifier': write([
    basicConstraints,
    keyUsage,
    ...others,
    policies(true, '1.2.3.5'),
  ]),
};

function judge(der: Uint8Array): string {
  const client = decodeClientCertificate(der);
  const target = decodePathCertificate(der);
  if (!client.ok || !target.ok) return '–';
  if (findCertificateFault(client.certificate, pathNow, { isPathValidated: true }) !== undefined) return '–';
  return findCertificationPath(askAbout(target.value, root)).outcome === 'valid' ? '✓' : '–';
}

function judgeByOpenssl(ders: readonly Buffer[]): readonly string[] {
  const writePem = (der: Uint8Array): string => {
    const path = newTemporaryPath('.pem');
    writeFileSync(path, toPem(der));
    return path;
  };
  const leaves = ders.map(writePem);
  const settings = ['-policy_check', '-purpose', 'sslclient', '-attime', String(pathNow / 1000)];
  const args = ['verify', ...settings, '-trusted', writePem(root.der), ...leaves];
  const { stdout } = spawnSync('openssl', args, { encoding: 'utf8' });
  return leaves.map((leaf, index) => {
    const isValid = stdout.includes(`${leaf}: OK`) && hasReadableKey(ders[index] ?? Buffer.alloc(0));
    return isValid ? '✓' : '–';
  });
}

/**
 * Whether Node can read the key. `openssl verify` may accept the last certificate without reading its key, but a TLS
 * handshake needs the key.
 */
function hasReadableKey(der: Buffer): boolean {
  try {
    return new X509Certificate(der).publicKey.type === 'public';
  } catch {
    return false;
  }
}

describe('the table of encodings', () => {
  it('has a row for each of these certificates, and no other', () => {
    assert.deepEqual(
      rows.map(([encoding]) => encoding),
      Object.keys(certificates),
    );
    for (const [, section = ''] of rows) assert.match(section, /^(?:RFC \d+ (?:§[\d.]+|appendix B)|X\.690 §[\d.]+)$/);
  });

  it('shows what this package and OpenSSL really do', () => {
    const ders = Object.values(certificates);
    const theirs = judgeByOpenssl([write([basicConstraints, keyUsage, ...others]), ...ders]);
    assert.equal(theirs[0], '✓');
    assert.deepEqual(
      rows.map(([encoding, , ours, openssl]) => [encoding, ours, openssl]),
      Object.entries(certificates).map(([encoding, der], index) => [encoding, judge(der), theirs[index + 1]]),
    );
  });
});

it('policies with an unknown qualifier are refused only if they are critical; known qualifiers are accepted', () => {
  const answers = [true, false].flatMap((isCritical) =>
    ['1.3.6.1.5.5.7.2.1', '1.3.6.1.5.5.7.2.2', '1.3.6.1.5.5.7.2.3'].map((qualifier) => {
      const target = decodePathCertificate(
        write([basicConstraints, keyUsage, ...others, policies(isCritical, qualifier)]),
      );
      assert.ok(target.ok);
      return (['strict', 'rfc5280'] as const).map((profile) => {
        const verdict = findCertificationPath(askAbout(target.value, root, { profile }));
        return verdict.outcome === 'valid' ? 'valid' : verdict.code;
      });
    }),
  );
  const valid = ['valid', 'valid'];
  const refused = ['path_critical_extension_unknown', 'path_critical_extension_unknown'];
  assert.deepEqual(answers, [valid, valid, refused, valid, valid, valid]);
});
