import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, test } from 'node:test';
import { authorityExtensions, getAuthorityPems, toPem } from '@certgate/core/test-support/authority-certificates.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { writeOlderAuthority } from '@certgate/x509/test-support/older-authorities.js';
import { newName } from '@certgate/x509/test-support/written-path.js';
import { type IdentityInput, documentOf } from '@certgate/core/test-support/documents.js';
import { parseTrustDocument, presentCertificate } from '@certgate/core/internal';
import { checkTrust } from './check-document.js';

const pems = getAuthorityPems();
const day = 86_400_000;
const asn1Time = (instant: number): string => new Date(instant).toISOString().replace(/[-:T]|\.\d+/g, '');
const authority = (name: string, from: number, until: number): string =>
  toPem(
    makeCertificate({
      name: [`CN = ${name}`],
      extensions: authorityExtensions,
      notBefore: asn1Time(now + from * day),
      notAfter: asn1Time(now + until * day),
    }).der,
  );
const named = { name: 'a', owner: 'a team', names: [{ issuedBy: 'corp', dns: 'a.corp.example' }] };

const check = (fields: object, identities: readonly IdentityInput[] = [named], more: object = {}): string[] =>
  checkTrust(
    parseTrustDocument(
      documentOf(identities, {
        authorities: [{ name: 'corp', trustAnchors: [pems.corp], revocation: { crls: ['file:a'] }, ...fields }],
        ...more,
      }),
    ),
    { now, withinDays: 30 },
  ).map(({ severity, code, path }) => `${severity} ${code} ${path}`);

describe('authorities', () => {
  test('a good authority has no finding', () => {
    assert.deepEqual(check({}), []);
  });
  test('a revocation list under .certgate is reported, because it is never deployed', () => {
    for (const crl of [
      'file:.certgate/authorities/corp/corp.crl',
      'file:../x/.certgate/a',
      'file:C:\\x\\.certgate\\a',
    ]) {
      assert.deepEqual(check({ revocation: { crls: ['file:a', crl] } }), [
        'warning revocation_list_undeployed authorities[0].revocation.crls[1]',
      ]);
    }
    for (const crl of ['file:my.certgate/a', 'https://pki.example.com/.certgate/a', 'file:certgate/a']) {
      assert.deepEqual(check({ revocation: { crls: [crl] } }), []);
    }
  });
  test('a certificate that ends is reported, for information only if another one of the same name continues', () => {
    const [over, soon, later] = [authority('A', -9, -1), authority('A', -90, 5), authority('A', -2, 400)];
    const anchors = 'authorities[0].trustAnchors';
    assert.deepEqual(check({ trustAnchors: [over] }), [
      'error authority_without_usable_anchor authorities[0]',
      `warning authority_certificate_ended ${anchors}[0]`,
    ]);
    assert.deepEqual(check({ trustAnchors: [soon] }), [`warning authority_certificate_ends_soon ${anchors}[0]`]);
    assert.deepEqual(check({ trustAnchors: [later, soon] }), [
      `information authority_certificate_ends_soon ${anchors}[1]`,
    ]);
    assert.deepEqual(check({ trustAnchors: [later, authority('B', 2, 400)] }), [
      `information authority_certificate_not_begun ${anchors}[1]`,
    ]);
    assert.deepEqual(check({ intermediates: [over, authority('B', -90, 5)] }), [
      'warning authority_certificate_ended authorities[0].intermediates[0]',
      'warning authority_certificate_ends_soon authorities[0].intermediates[1]',
    ]);
  });
  test('an end is judged by the share of the lifetime if no number of days is given', () => {
    const hour = 1 / 24;
    const look = (from: number, until: number, withinDays?: number): readonly string[] => {
      const intermediates = [authority('Issuing', from, until)];
      const authorities = [
        { name: 'corp', trustAnchors: [pems.corp], intermediates, revocation: { crls: ['file:a'] } },
      ];
      return checkTrust(parseTrustDocument(documentOf([named], { authorities })), { now, withinDays }).map(
        ({ code }) => code,
      );
    };
    // A CA certificate that lives for a day, as SPIRE makes them, is not reported while more than a third of the day is
    // left.
    assert.deepEqual(look(0, 1), []);
    assert.deepEqual(look(-15 * hour, 9 * hour), []);
    assert.deepEqual(look(-17 * hour, 7 * hour), ['authority_certificate_ends_soon']);
    // A given number of days that is longer than the certificate's life makes no difference.
    assert.deepEqual(look(-15 * hour, 9 * hour, 45), []);
    assert.deepEqual(look(-17 * hour, 7 * hour, 45), ['authority_certificate_ends_soon']);
    assert.deepEqual(look(-15 * hour, 9 * hour, 0.5), ['authority_certificate_ends_soon']);
    assert.deepEqual(look(-100, 31), []);
    assert.deepEqual(look(-100, 29), ['authority_certificate_ends_soon']);
  });
  test('an anchor that ends before one of another name is still a warning, with what is left to do', () => {
    const message = (...anchors: readonly string[]): string | undefined =>
      checkTrust(
        parseTrustDocument(
          documentOf([named], {
            authorities: [{ name: 'corp', trustAnchors: anchors, revocation: { crls: ['file:a'] } }],
          }),
        ),
        { now },
      ).find(({ severity }) => severity === 'warning')?.message;
    const old = authority('Root 1', -300, 20);
    assert.match(message(old) ?? '', /add the new one before that\.$/);
    assert.match(
      message(old, authority('Root 2', -1, 300)) ?? '',
      /"CN=Root 1".*; "CN=Root 2" is valid until 2027-10-28T00:00:00Z, so make sure before then that every caller has a certificate below that one, and remove this one\.$/,
    );
    const over = authority('Root 1', -300, -1);
    assert.match(message(over, authority('Root 2', -2, 300)) ?? '', /is valid until .*, so remove this one\.$/);
    // The other root began earlier, or begins after a gap, so it is not a successor.
    assert.match(message(old, authority('Root 2', -400, 300)) ?? '', /add the new one before that/);
    assert.match(message(old, authority('Root 2', 21, 300)) ?? '', /add the new one before that/);
  });
  test('a certificate is still valid in its last second', () => {
    const { 0: finding, length } = checkTrust(
      parseTrustDocument(
        documentOf([named], {
          authorities: [{ name: 'corp', trustAnchors: [authority('A', -9, 0)], revocation: { crls: ['file:a'] } }],
        }),
      ),
      { now, withinDays: 0 },
    );
    assert.equal(length, 1);
    assert.equal(finding?.code, 'authority_certificate_ends_soon');
    assert.deepEqual([finding.endsAt, finding.authorityName, finding.identityName], [now, 'corp', undefined]);
  });
  test('a DNS name constraint with a leading dot is reported, unless the authority says how to read it', () => {
    const make = (line: string): string =>
      toPem(
        makeCertificate({
          name: ['CN = Dotted CA'],
          extensions: [...authorityExtensions, `nameConstraints = critical, ${line}`],
        }).der,
      );
    const code = 'authority_constraint_with_leading_dot';
    for (const line of ['permitted;DNS:.corp.example', 'excluded;DNS:.corp.example']) {
      const dotted = make(line);
      assert.deepEqual(check({ intermediates: [dotted] }), [`warning ${code} authorities[0].intermediates[0]`]);
      assert.deepEqual(check({ trustAnchors: [dotted] }), [`warning ${code} authorities[0].trustAnchors[0]`]);
      // An excluded constraint, read as subdomains only, excludes the name of the identity.
      const excluded = line.startsWith('excluded') ? ['error name_not_permitted identities[0].names[0]'] : [];
      assert.deepEqual(check({ trustAnchors: [dotted], dnsConstraintsWithLeadingDot: 'subdomains-only' }), excluded);
    }
    for (const line of ['permitted;DNS:corp.example', 'permitted;URI:.corp.example']) {
      assert.deepEqual(check({ trustAnchors: [make(line)] }), []);
    }
  });
  test('a CA certificate that can issue to no caller is an error', () => {
    const make = (extensions: readonly string[]): string =>
      toPem(makeCertificate({ name: ['CN = Lax CA'], extensions }).der);
    const basic = 'basicConstraints = critical, CA:TRUE';
    for (const extensions of [[basic], [basic, 'keyUsage = critical, keyCertSign', 'extendedKeyUsage = serverAuth']]) {
      assert.deepEqual(check({ trustAnchors: [make(extensions)] }), [
        'error authority_certificate_unfit authorities[0].trustAnchors[0]',
      ]);
      assert.deepEqual(check({ intermediates: [make(extensions)] }), [
        'error authority_certificate_unfit authorities[0].intermediates[0]',
      ]);
    }
  });
  test('a trust anchor in an older form is fit, and the same certificate as an intermediate is not', () => {
    const pem = toPem(writeOlderAuthority('serial number 0', newName('Old CA')));
    assert.deepEqual(check({ trustAnchors: [pem] }), []);
    assert.deepEqual(check({ trustAnchors: [toPem(writeOlderAuthority('all of these', newName('Old CA')))] }), []);
    assert.deepEqual(check({ intermediates: [pem] }), [
      'error authority_certificate_unfit authorities[0].intermediates[0]',
    ]);
  });
  test('a name that the constraints exclude is reported', () => {
    const make = (line: string): string =>
      toPem(
        makeCertificate({
          name: ['CN = Narrow CA'],
          extensions: [...authorityExtensions, `nameConstraints = critical, ${line}`],
        }).der,
      );
    const narrow = make('permitted;DNS:partner.example');
    const of = (...names: readonly object[]): readonly IdentityInput[] => [
      { ...named, names: names.map((name) => ({ issuedBy: 'corp', ...name })) },
    ];
    const found = (severity: string): readonly string[] => [`${severity} name_not_permitted identities[0].names[0]`];
    assert.deepEqual(check({ trustAnchors: [narrow] }), found('error'));
    // The trust anchor permits the name, so it may issue the certificate itself.
    assert.deepEqual(check({ intermediates: [narrow] }), found('warning'));
    assert.deepEqual(check({ intermediates: [narrow, pems.issuing] }), []);
    assert.deepEqual(check({ trustAnchors: [narrow, pems.corp] }), []);
    const anchored = { trustAnchors: [narrow] };
    assert.deepEqual(
      check(
        anchored,
        of(
          { dns: 'a.partner.example' },
          { email: 'a@corp.example' },
          { commonName: 'billing' },
          { organizationalUnit: 'a.b' },
        ),
      ),
      [],
    );
    assert.deepEqual(check(anchored, of({ commonName: 'a.corp.example' })), found('error'));
    assert.deepEqual(check(anchored, of({ dns: '*.corp.example' })), found('error'));
    assert.deepEqual(check(anchored, of({ dns: '*.partner.example' })), []);
    assert.deepEqual(
      check({ trustAnchors: [make('permitted;DNS:a.corp.example')] }, of({ dns: '*.corp.example' })),
      [],
    );
    assert.deepEqual(
      check({ trustAnchors: [make('excluded;email:corp.example')] }, of({ email: 'a@corp.example' })),
      found('error'),
    );
    assert.deepEqual(
      check({ trustAnchors: [make('permitted;URI:corp.example')] }, of({ uri: 'https://x.example/' })),
      found('error'),
    );
  });
  test('warnings of the document itself are repeated', () => {
    assert.deepEqual(check({}, []), ['warning authority_unused authorities[0]']);
    assert.deepEqual(check({ revocation: {} }), ['information authority_without_revocation authorities[0]']);
    assert.deepEqual(check({ revocation: { mode: 'required' } }), [
      'information revocation_without_source authorities[0].revocation',
    ]);
  });
});

describe('names and the deny list', () => {
  test("a name under another identity's wildcard is an error", () => {
    const wildcard = { name: 'b', names: [{ issuedBy: 'corp', dns: '*.corp.example' }] };
    assert.deepEqual(check({}, [named, wildcard]), ['error name_under_wildcard identities[0].names[0]']);
    const both = { ...named, names: [...named.names, ...wildcard.names] };
    assert.deepEqual(check({}, [both]), []);
  });
  test('an identity with a name needs no pin, and one with neither is reported', () => {
    const certificates = [{ publicKeySha256: 'A1'.repeat(32), issuedBy: 'corp' }];
    assert.deepEqual(check({}, [{ ...named, pins: certificates }]), []);
    assert.deepEqual(check({}, [named, { name: 'b' }]), ['warning identity_without_pins identities[1]']);
  });
  test('a denied pin is reported, and does not count as a successor of another pin', () => {
    const thumbprintSha256 = 'A1'.repeat(32);
    const pinned = { pins: [{ thumbprintSha256, notAfter: '2099-01-01T00:00:00Z' }] };
    assert.deepEqual(check({}, [named, pinned], { denied: [{ thumbprintSha256 }] }), [
      'warning identity_without_usable_pins identities[1]',
      'warning pin_denied identities[1].pins[0]',
    ]);
    const soon = { thumbprintSha256: 'B2'.repeat(32), notAfter: new Date(now + 3 * day).toISOString() };
    const rotated = { pins: [soon, ...pinned.pins] };
    assert.deepEqual(check({}, [named, rotated]), ['information pin_ends_soon identities[1].pins[0]']);
    assert.deepEqual(check({}, [named, rotated], { denied: [{ thumbprintSha256 }] }), [
      'warning pin_ends_soon identities[1].pins[0]',
      'warning pin_denied identities[1].pins[1]',
    ]);
  });
  test('an authority without any usable trust anchor is an error, and each denied CA certificate is a warning', () => {
    const [one, other] = [authority('A', -9, 400), authority('B', -9, 400)];
    const deny = (pem: string): object => ({
      denied: [{ thumbprintSha256: presentCertificate(new X509Certificate(pem).raw).thumbprintSha256 }],
    });
    const denied = 'warning authority_certificate_denied authorities[0].trustAnchors[0]';
    assert.deepEqual(check({ trustAnchors: [one, other] }, undefined, deny(one)), [denied]);
    assert.deepEqual(check({ trustAnchors: [one] }, undefined, deny(one)), [
      'error authority_without_usable_anchor authorities[0]',
      denied,
    ]);
    assert.deepEqual(check({ intermediates: [other] }, undefined, deny(other)), [
      'warning authority_certificate_denied authorities[0].intermediates[0]',
    ]);
    const findMessage = (...trustAnchors: readonly string[]): string =>
      checkTrust(
        parseTrustDocument(documentOf([named], { authorities: [{ name: 'corp', trustAnchors }], ...deny(one) })),
        {
          now,
        },
      ).find(({ code }) => code === 'authority_certificate_denied')?.message ?? '';
    assert.match(findMessage(one, other), /so callers below it are refused\.$/);
    for (const anchors of [
      [one, authority('A', -8, 400)],
      [authority('A', -8, 400), one],
    ])
      assert.match(findMessage(...anchors), /callers can be admitted over that one/);
  });
});
