import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { decideAccess, parseTrustDocument } from '@certgate/core/internal';
import { isMlDsaKnown } from '@certgate/x509/test-support/certificate-writing.js';
import * as certificates from '@certgate/x509/test-support/certificates.js';
import { authorityExtensions, issueCertificate } from '@certgate/x509/test-support/issued-certificates.js';
import { createTemporaryFolder, makeOpensslPair, runOpenssl } from '../../certificates/test-support/openssl.js';
import { readCertificateFolder } from '../import/certificate-folder.js';
import { findUnfitPins } from './unfit-pins.js';

describe('pins of certificates that the gate refuses', () => {
  const folder = createTemporaryFolder();
  const files: Record<string, string> = {};
  // A time within the validity of the certificates that are made below, even if that takes a while.
  const now = Date.now() + 86_400_000;

  before(() => {
    files['fit'] = makeOpensslPair(folder, 'fit').certificate;
    for (const [name, extensions] of [
      ['server', ['basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=serverAuth']],
      ['corp', ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign']],
    ] as const) {
      files[name] = folder.file(`${name}.crt`);
      const added = extensions.flatMap((extension) => ['-addext', extension]);
      // The configuration file is empty, so that it adds no extension.
      runOpenssl([
        'req', '-x509', '-config', folder.file('none.cnf', '[req]\ndistinguished_name=dn\n[dn]\n'), '-newkey', 'ec',
        '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', folder.file(`${name}.key`), '-out', files[name] ?? '',
        '-days', '30', '-subj', `/CN=${name}`, ...added,
      ]); // prettier-ignore
    }
  });
  after(() => {
    folder.remove();
  });

  const thumbprint = (name: string): string =>
    new X509Certificate(readFileSync(files[name] ?? '')).fingerprint256.replaceAll(':', '');

  const makeDocument = (pins: readonly object[], authorities: readonly object[] = []): object => ({
    schemaVersion: 1,
    revision: 1,
    identities: [{ name: 'a', roles: [], pins }],
    ...(authorities.length === 0 ? {} : { authorities }),
  });

  it('are reported with the reason if the folder has the certificate, unless the pin is disabled or over', async () => {
    const known = await readCertificateFolder(folder.path, now);
    const find = (...pins: readonly object[]): readonly string[] =>
      findUnfitPins(parseTrustDocument(makeDocument(pins)), known, now).map(
        ({ severity, code, path, message }) => `${severity} ${code} ${path} ${message}`,
      );
    const server = thumbprint('server');
    assert.deepEqual(find({ thumbprintSha256: thumbprint('fit') }), []);
    const [one, ...others] = find({ thumbprintSha256: thumbprint('fit') }, { thumbprintSha256: server });
    assert.match(
      one ?? '',
      /^error pin_certificate_unfit identities\[0\]\.pins\[1\] .*the file server\.crt: certificate_extended_key_usage_unsuitable: /,
    );
    assert.deepEqual(others, []);
    const { publicKey } = new X509Certificate(readFileSync(files['server'] ?? ''));
    const key = runOpenssl(
      ['pkey', '-pubin', '-outform', 'DER', '-out', folder.file('key.der')],
      publicKey.export({ type: 'spki', format: 'pem' }),
    );
    assert.equal(key, '');
    const hash = runOpenssl(['dgst', '-sha256', '-r', folder.file('key.der')]).split(' ')[0] ?? '';
    assert.match(
      find({ publicKeySha256: hash, notAfter: '2999-01-01T00:00:00Z' })[0] ?? '',
      /^warning .* of the key of a certificate/,
    );
    for (const more of [{ enabled: false }, { notAfter: '2020-01-01T00:00:00Z' }]) {
      assert.deepEqual(find({ thumbprintSha256: server, ...more }), []);
    }
  });

  it('are reported without a folder if the document has the certificate as an authority', () => {
    const pem = readFileSync(files['corp'] ?? '', 'utf8');
    const document = makeDocument([{ thumbprintSha256: thumbprint('corp') }], [{ name: 'corp', trustAnchors: [pem] }]);
    const [finding] = findUnfitPins(parseTrustDocument(document), undefined, now);
    assert.match(finding?.message ?? '', /a certificate of the authority "corp": certificate_is_authority: /);
  });

  it('are reported despite a grace period if an authority is asked too, because the gate then refuses them', async () => {
    const authority = issueCertificate({ name: ['CN = CA'], extensions: authorityExtensions });
    const { certificate, pemPath } = issueCertificate(
      { extensions: ['extendedKeyUsage = serverAuth', 'subjectAltName = DNS:api.contoso.com'] },
      authority,
    );
    const mine = createTemporaryFolder();
    mine.file('issued.crt', readFileSync(pemPath, 'utf8'));
    const at = certificates.now;
    const known = await readCertificateFolder(mine.path, at);
    mine.remove();
    const acceptWithoutClientAuth = {
      since: new Date(at - 1000).toISOString(),
      until: new Date(at + 1000).toISOString(),
      reason: 'renewal',
    };
    const pins = [{ thumbprintSha256: new X509Certificate(certificate.der).fingerprint256, acceptWithoutClientAuth }];
    const authorities = [{ name: 'corp', trustAnchors: [readFileSync(authority.pemPath, 'utf8')] }];
    for (const [dns, expected] of [
      ['other.contoso.com', []],
      ['api.contoso.com', ['error']],
    ] as const) {
      const identities = [{ name: 'a', roles: [], pins, names: [{ issuedBy: 'corp', dns }] }];
      const snapshot = parseTrustDocument({ schemaVersion: 1, revision: 1, authorities, identities });
      const decision = decideAccess({
        header: Buffer.from(certificate.der).toString('base64'),
        trust: snapshot,
        requirement: { functionName: 'f', roles: [] },
        now: at,
      });
      const findings = findUnfitPins(snapshot, known, at);
      assert.deepEqual(
        findings.map(({ severity }) => severity),
        expected,
      );
      assert.equal(decision.outcome === 'allowed', findings.length === 0);
      for (const { message } of findings)
        assert.match(message, /The grace period of the pin .* does not apply, because an auth/);
    }
  });

  it(
    "are only warnings if this version of Node.js does not know the algorithm, because the app's may",
    { skip: isMlDsaKnown || !certificates.isKeyKindKnown('ml-dsa-44') },
    async () => {
      const { der } = certificates.makeCertificate({ key: 'ml-dsa-44' });
      const mine = createTemporaryFolder();
      mine.file('new.crt', new X509Certificate(der).toString());
      const known = await readCertificateFolder(mine.path, certificates.now);
      mine.remove();
      const thumbprintSha256 = new X509Certificate(der).fingerprint256;
      const [finding] = findUnfitPins(
        parseTrustDocument(makeDocument([{ thumbprintSha256 }])),
        known,
        certificates.now,
      );
      assert.equal(finding?.severity, 'warning');
      assert.match(
        finding.message,
        /refuses on this command's version of Node\.js\. .*run on Node\.js 24\.6 or later[^;]*\.$/,
      );
    },
  );
});
