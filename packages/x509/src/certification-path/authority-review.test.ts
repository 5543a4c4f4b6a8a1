import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientAuthentication } from '../index.js';
import { decodePathCertificate, type PathCertificate } from '../certificate/path-certificate.js';
import { makeCertificate } from '../test-support/certificates.js';
import { authorityExtensions, issue } from '../test-support/revocation.js';
import { findAuthorityFault, findNameConstraintFault } from './authority-review.js';
import { findCertificationPath } from './certification-path.js';
import { describePathFault } from './path-fault-sentence.js';

const now = Date.UTC(2027, 0, 1);
const make = (extensions: readonly string[], settings: Parameters<typeof makeCertificate>[0] = {}): PathCertificate => {
  const decoding = decodePathCertificate(makeCertificate({ name: ['CN = CA'], extensions, ...settings }).der);
  assert.ok(decoding.ok);
  return decoding.value;
};

describe('a CA certificate on its own', () => {
  it('is fit for a path, or unfit for every path', () => {
    const find = (certificate: PathCertificate): string | undefined => {
      const fault = findAuthorityFault(certificate, 'trust-anchor', [clientAuthentication]);
      return fault && describePathFault(fault);
    };
    const basic = 'basicConstraints = critical, CA:TRUE';
    assert.equal(find(make(authorityExtensions)), undefined);
    // Like the certificates that `openssl req -x509` makes without options, it has no key usage.
    assert.match(find(make(['basicConstraints = critical, CA:TRUE'])) ?? '', /^The trust anchor "CN=CA" .*keyCertSign/);
    assert.match(find(make(['basicConstraints = critical, CA:FALSE'])) ?? '', /not a CA certificate/);
    assert.match(find(make(['basicConstraints = CA:TRUE', 'keyUsage = keyCertSign'])) ?? '', /not critical/);
    assert.match(
      find(make([basic, 'keyUsage = keyCertSign', 'extendedKeyUsage = serverAuth'])) ?? '',
      /client authent/,
    );
    assert.match(find(make(authorityExtensions, { key: 'rsa-1024' })) ?? '', /too weak/);
    // The dates are not part of this review.
    assert.equal(find(make(authorityExtensions, { notBefore: '20200101000000Z', notAfter: '20210101000000Z' })), undefined); // prettier-ignore
  });
});

describe('a name below issuers', () => {
  const constraints = [
    'permitted;DNS:corp.example',
    'excluded;DNS:a.corp.example',
    'permitted;email:corp.example',
    'excluded;URI:a.corp.example',
  ];
  const names = [
    [{ form: 'dNSName', text: 'a.corp.example' }, 'DNS:a.corp.example'],
    [{ form: 'dNSName', text: 'x.example' }, 'DNS:x.example'],
    [{ form: 'rfc822Name', text: 'a@x.example' }, 'email:a@x.example'],
    [{ form: 'uniformResourceIdentifier', text: 'https://a.corp.example/x' }, 'URI:https://a.corp.example/x'],
  ] as const;

  it('is permitted exactly if a path with it is valid', () => {
    const clientExtensions = ['basicConstraints = critical, CA:FALSE', 'keyUsage = critical, digitalSignature'];
    const seen = { valid: 0, invalid: 0 };
    for (const constraint of constraints) {
      const extensions = [...authorityExtensions, `nameConstraints = critical, ${constraint}`];
      const issuer = issue({ name: 'CA', extensions });
      for (const [name, text] of names) {
        const leaf = issue({
          issuer,
          name: 'leaf',
          key: 'p-256-again',
          extensions: [...clientExtensions, 'extendedKeyUsage = clientAuth', `subjectAltName = ${text}`],
        });
        const { outcome } = findCertificationPath({
          target: leaf.certificate,
          trustAnchors: [issuer.certificate],
          intermediates: [],
          now,
          revocation: 'off',
        });
        const fault = findNameConstraintFault(name, [issuer.certificate], 'refuse');
        seen[outcome] += 1;
        assert.equal(fault === undefined, outcome === 'valid', `${constraint} ${text} ${fault?.reason ?? ''}`);
      }
    }
    assert.ok(seen.valid > 0 && seen.invalid > 0, JSON.stringify(seen));
  });

  it('is refused however many parts it has', () => {
    const issuer = make([...authorityExtensions, 'nameConstraints = critical, excluded;RID:1.2']);
    const name = { form: 'registeredID', objectIdentifier: `1.2${'.1'.repeat(100_000)}` } as const;
    assert.equal(findNameConstraintFault(name, [issuer], 'refuse')?.reason, 'excluded');
  });
});
