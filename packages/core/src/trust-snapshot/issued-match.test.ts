import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { describe, mock, test } from 'node:test';
import type { DenialCode } from '../denial.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import type { RevocationInformation } from './revocation-information.js';
import { answerInFull, type FullAnswer } from '../test-support/answer-in-full.js';
import { findInSnapshot } from './find-in-snapshot.js';
import { deniedSerialKey, listNameKeys, type TrustSnapshot } from './trust-snapshot.js';
import {
  type CallerRequest,
  type MadeCaller,
  authorityOf,
  billing,
  getStage,
  issueCaller,
  issuedSnapshot,
} from '../test-support/authority-stage.js';
import { clientExtensions, now } from '@certgate/x509/test-support/certificates.js';
import { editExtension } from '@certgate/x509/test-support/der-editing.js';
import type { IdentityInput } from '../test-support/documents.js';
import { issue, makeCrl, readCrl } from '@certgate/x509/test-support/revocation.js';

const { root, issuing, impostorRoot, impostor } = getStage();
const caller = issueCaller();
const forged = issueCaller({ issuer: impostor });
const namedBy = (name: object, issuedBy = 'corp'): IdentityInput => ({ names: [{ issuedBy, ...name }] });

type Outcome = DenialCode | FullAnswer['outcome'];

function find(made: MadeCaller, trust: TrustSnapshot, revocation?: RevocationInformation, at = now): FullAnswer {
  const presented = presentCertificate(made.der);
  return answerInFull(trust, presented, at, revocation === undefined ? undefined : { revocation });
}

const outcomeOf = (...parameters: Parameters<typeof find>): Outcome => nameOutcome(find(...parameters));
const nameOutcome = (finding: FullAnswer): Outcome => (finding.outcome === 'denied' ? finding.code : finding.outcome);

describe('a name under its authority', () => {
  const cases: readonly (readonly [string, object, CallerRequest])[] = [
    ['dns', { dns: 'billing.corp.example' }, {}],
    ['dns in another letter case', { dns: 'Billing.Corp.Example' }, { names: ['DNS:BILLING.corp.example'] }],
    ['dns by a wildcard', { dns: '*.corp.example' }, {}],
    ['dns of one label', { dns: 'billing' }, { names: ['DNS:billing'] }],
    ['uri', { uri: 'https://corp.example/billing' }, { names: ['URI:https://corp.example/billing'] }],
    ['email', { email: 'billing@Corp.example' }, { names: ['email:billing@CORP.example'] }],
    ['commonName', { commonName: 'billing' }, { names: [] }],
    ['commonName, to the letter', { commonName: '*.corp.example' }, { names: [], name: '*.corp.example' }],
  ];
  for (const [what, name, request] of cases) {
    test(`${what}: only a certificate of the authority with this name is admitted`, () => {
      const trust = issuedSnapshot([{ name: 'a', ...namedBy(name) }]);
      const finding = find(issueCaller(request), trust);
      assert.ok(finding.outcome === 'found', JSON.stringify(finding));
      assert.deepEqual([finding.identity.name, finding.isPathValidated], ['a', true]);
      assert.equal(finding.matchedBy, `${Object.keys(name)[0]} issued by corp`);
      assert.equal(finding.matched, String(Object.values(name)[0]).toLowerCase());
      assert.equal(outcomeOf(issueCaller({ name: 'other', names: ['DNS:other.example'] }), trust), 'notFound');
      // The same name in a certificate that an impostor CA with the authority's name signed.
      assert.equal(outcomeOf(issueCaller({ ...request, issuer: impostor }), trust), 'path_signature_invalid');
    });
  }

  test('organizationalUnit is compared to the letter', () => {
    const made = issueCaller({ name: 'x\nOU = Payments', names: [] });
    assert.equal(outcomeOf(made, issuedSnapshot([namedBy({ organizationalUnit: 'Payments' })])), 'found');
    assert.equal(outcomeOf(made, issuedSnapshot([namedBy({ organizationalUnit: 'payments' })])), 'notFound');
  });

  test('the detail for an unknown caller lists the names of the certificate and what to do', () => {
    const finding = find(issueCaller({ name: 'x\\ny', names: ['DNS:a.example'] }), issuedSnapshot([billing]));
    assert.ok(finding.outcome === 'notFound');
    assert.match(
      finding.detail ?? '',
      /issuer of "corp".*dns a\.example, commonName x\\u\{a\}y.*before you add one, ask the owner/,
    );
    const names = [
      { type: 'dns', value: 'a.example' },
      { type: 'commonName', value: 'x\ny' },
    ];
    assert.deepEqual(finding.facts, { authorities: ['corp'], names });
  });

  test('the names of an unknown caller are listed until they have more than 200 letters', () => {
    // Eight names with their types have 200 characters.
    const names = Array.from({ length: 12 }, (_, index) => `${String(index).padStart(14, 'n')}.example`);
    const finding = find(issueCaller({ names: names.map((name) => `DNS:${name}`) }), issuedSnapshot([billing]));
    assert.ok(finding.outcome === 'notFound');
    assert.deepEqual(
      finding.facts?.names?.map(({ value }) => value),
      names.slice(0, 9),
    );
  });

  test('a certificate of another issuer, and bytes that are not a certificate, get no detail', () => {
    const foreign = issueCaller({ issuer: issue({ name: 'Nobody', key: 'ed25519' }) });
    for (const der of [foreign.der, Buffer.from('3000', 'hex')]) {
      assert.deepEqual(findInSnapshot(issuedSnapshot([billing]), presentCertificate(der), now), {
        outcome: 'notFound',
      });
    }
  });

  test('before an authority is asked, a name gives a claim, and a pin gives the identity', () => {
    const { thumbprintSha256 } = caller.certificate;
    const nominate = (identity: IdentityInput): object => {
      const finding = findInSnapshot(issuedSnapshot([identity]), presentCertificate(caller.der), now);
      assert.ok(finding.outcome === 'nominated');
      const { confirm, ...rest } = finding;
      assert.equal(typeof confirm, 'function');
      return rest;
    };
    const name = { type: 'dns', value: 'billing.corp.example', issuedBy: 'corp' };
    assert.deepEqual(nominate(billing), { outcome: 'nominated', claim: { identity: 'billing', name } });
    const pinned = { ...billing, pins: [{ thumbprintSha256, issuedBy: 'corp' }] };
    assert.deepEqual(nominate(pinned), { outcome: 'nominated', identityName: 'billing' });
    assert.ok(!('identityName' in find(forged, issuedSnapshot([billing]))));
  });

  test('a value that only resembles a name matches no identity', () => {
    const trust = issuedSnapshot([
      { name: 'a', ...namedBy({ dns: '*.corp.example' }) },
      { name: 'b', ...namedBy({ commonName: 'billing' }) },
      { name: 'c', ...namedBy({ dns: 'xn--bcher-kva.example' }) },
      { name: 'd', ...namedBy({ email: 'billing@corp.example' }) },
      { name: 'e', ...namedBy({ commonName: '*.apps.example' }) },
    ]);
    assert.deepEqual(listNameKeys('corp', 'dns', '*.corp.example'), []);
    const strangers: readonly CallerRequest[] = [
      { names: ['DNS:*.corp.example'] },
      { names: ['DNS:billing.corp.example.'] },
      { names: ['DNS:.corp.example'] },
      { names: ['DNS:a.billing.corp.example'] },
      { names: ['DNS:corp.example'] },
      { names: ['DNS:billing.corp.example.evil.example'] },
      { names: ['DNS:b?cher.example'] },
      { names: ['email:Billing@corp.example'] },
      { names: ['email:billinG@corp.example'] },
      { names: ['email:billing@corp.example.'] },
      // A name of one type does not match a name of another type.
      { names: ['DNS:billing'] },
      { names: ['URI:billing.corp.example', 'email:billing.corp.example'] },
      { names: [], name: 'billing.corp.example' },
      { names: [], name: 'billing.apps.example' },
      { names: [], name: 'Billing' },
      { names: [], name: '"billing "' },
      // If there are two common names, it is unclear which one is the caller's.
      { names: [], name: 'billing\n2.CN = other' },
    ];
    for (const request of strangers) {
      const made = issueCaller({ name: 'stranger', ...request });
      assert.equal(outcomeOf(made, trust), 'notFound', JSON.stringify(request));
    }
  });

  test('a common name matches in any string type', () => {
    const trust = issuedSnapshot([namedBy({ commonName: 'billing' })]);
    for (const [type, tag, mask] of [
      ['PrintableString', 0x13, '0x2'],
      ['UTF8String', 0x0c, '0x2000'],
      ['TeletexString', 0x14, '0x4'],
      ['BMPString', 0x1e, '0x800'],
    ] as const) {
      const made = issueCaller({ names: [], settings: [`string_mask = MASK:${mask}`] });
      // The OID of the common name, followed by the string.
      const at = made.der.lastIndexOf(Buffer.from('0603550403', 'hex')) + 5;
      assert.equal(made.der[at], tag, type);
      assert.equal(outcomeOf(made, trust), 'found', type);
    }
  });

  test('a certificate with more names than the limit is refused', () => {
    // The last name belongs to a disabled identity.
    const names = ['DNS:billing.corp.example', ...numbered(255), 'DNS:blocked.corp.example'];
    const blocked = { name: 'blocked', enabled: false, ...namedBy({ dns: 'blocked.corp.example' }) };
    const trust = issuedSnapshot([billing, blocked]);
    const many = issueCaller({ names });
    assert.equal(outcomeOf(many, trust), 'path_budget_exhausted');
    // A denial by the pin itself is stricter than the limit.
    for (const [enabled, code] of [
      [true, 'path_budget_exhausted'],
      [false, 'pin_disabled'],
    ] as const) {
      const pins = [{ thumbprintSha256: many.certificate.thumbprintSha256, enabled }];
      assert.equal(outcomeOf(many, issuedSnapshot([{ pins }])), code);
    }
    // The greatest number of names that the limit allows, including the common name.
    const fewer = ['DNS:billing.corp.example', ...numbered(253), 'DNS:blocked.corp.example'];
    assert.equal(outcomeOf(issueCaller({ names: fewer }), trust), 'identity_ambiguous');
    function numbered(count: number): readonly string[] {
      return Array.from({ length: count }, (_, index) => `DNS:n${index}`);
    }
  });
});

describe('two authorities', () => {
  const partnerRoot = issue({ name: 'Partner root', key: 'p-521' });
  const partner = authorityOf({ name: 'partner', anchors: [partnerRoot], intermediates: [] });
  const ofPartner = issueCaller({ issuer: partnerRoot });

  test('a name matches only under its own authority, whatever the letter case of issuedBy', () => {
    const authorities = [authorityOf({ name: 'Corp' }), partner];
    const trust = issuedSnapshot([{ name: 'a', ...namedBy({ dns: 'billing.corp.example' }, 'cORP') }], { authorities });
    assert.equal(outcomeOf(caller, trust), 'found');
    assert.equal(outcomeOf(ofPartner, trust), 'notFound');
  });

  test('the same name under two authorities identifies two callers', () => {
    const identities = [
      { name: 'a', ...namedBy({ dns: 'billing.corp.example' }) },
      { name: 'b', ...namedBy({ dns: 'billing.corp.example' }, 'partner') },
    ];
    const trust = issuedSnapshot(identities, { authorities: [authorityOf(), partner] });
    for (const [made, name] of [
      [caller, 'a'],
      [ofPartner, 'b'],
    ] as const) {
      const finding = find(made, trust);
      assert.ok(finding.outcome === 'found');
      assert.equal(finding.identity.name, name);
    }
  });

  test('two authorities with CAs of the same name are distinguished by the key that signed', () => {
    const other = authorityOf({ name: 'imitator', anchors: [impostorRoot], intermediates: [impostor] });
    const identities = [
      { name: 'a', ...namedBy({ dns: 'billing.corp.example' }) },
      { name: 'b', ...namedBy({ dns: 'billing.corp.example' }, 'imitator') },
    ];
    for (const authorities of [
      [authorityOf(), other],
      [other, authorityOf()],
    ]) {
      const trust = issuedSnapshot(identities, { authorities });
      for (const [made, name] of [
        [caller, 'a'],
        [forged, 'b'],
      ] as const) {
        const finding = find(made, trust);
        assert.ok(finding.outcome === 'found', JSON.stringify(finding));
        assert.equal(finding.identity.name, name);
      }
    }
  });
});

describe('pins and names', () => {
  const pin = { thumbprintSha256: caller.certificate.thumbprintSha256 };
  const pinOf = (made: MadeCaller, more: object = {}): object => ({
    pins: [{ thumbprintSha256: made.certificate.thumbprintSha256, ...more }],
  });

  test('a pin of one identity and a name of another are ambiguous', () => {
    assert.equal(outcomeOf(caller, issuedSnapshot([billing, { name: 'b', pins: [pin] }])), 'identity_ambiguous');
  });
  test('a pin and a name of the same identity admit until the first of their ends', () => {
    const trust = issuedSnapshot([{ ...billing, pins: [{ ...pin, notAfter: '2028-01-01T00:00:00Z' }] }]);
    const finding = find(caller, trust);
    assert.ok(finding.outcome === 'found');
    assert.deepEqual([finding.validUntil, finding.isPathValidated], [Date.UTC(2028, 0, 1), true]);
  });
  test('a forged path to the name of another identity is not a match, so the pin decides', () => {
    const finding = find(forged, issuedSnapshot([billing, { name: 'a', ...pinOf(forged) }]));
    assert.ok(finding.outcome === 'found');
    assert.deepEqual([finding.identity.name, finding.isPathValidated], ['a', undefined]);
  });
  test('a name denies if its authority revoked the certificate, whatever a pin says', () => {
    const revoked = issueCaller({ serialNumber: '4711' });
    const authorities = [authorityOf({ revocation: { mode: 'when-available', scope: 'end-entity' } })];
    const trust = issuedSnapshot([billing, { name: 'a', ...pinOf(revoked) }], { authorities });
    const crls = [readCrl(makeCrl({ authority: issuing, revoked: [{ serialNumber: '4711' }] }))];
    const revocation = { find: () => ({ crls, findOcspResponses: () => [] }) };
    const finding = find(revoked, trust, revocation);
    assert.ok(finding.outcome === 'denied' && finding.code === 'certificate_revoked');
    // The authority did sign the certificate, so the operator must not be sent to look for a forger.
    assert.match(finding.detail, /it is "billing", and the authority "corp" did issue it/);
    assert.doesNotMatch(finding.detail, /if the authority/);
  });

  for (const [kind, value] of [
    ['thumbprintSha256', caller.certificate.thumbprintSha256],
    ['thumbprintSha1', presentCertificate(caller.der).thumbprintSha1],
    ['publicKeySha256', presentCertificate(caller.der).publicKeySha256],
  ] as const) {
    test(`${kind} with issuedBy needs a valid chain, its dates and its revocation`, () => {
      const identity = { name: 'a', pins: [{ [kind]: value, issuedBy: 'CORP' }] };
      const finding = find(caller, issuedSnapshot([identity]));
      assert.ok(finding.outcome === 'found');
      assert.equal(finding.matchedBy, `${kind} issued by corp`);
      assert.equal(
        outcomeOf(caller, issuedSnapshot([identity]), undefined, Date.UTC(2035, 0, 2)),
        'certificate_expired',
      );
      const required = [authorityOf({ revocation: { mode: 'required' } })];
      assert.equal(outcomeOf(caller, issuedSnapshot([identity], { authorities: required })), 'revocation_unavailable');
      const foreign = [authorityOf({ anchors: [impostorRoot], intermediates: [impostor] })];
      assert.equal(outcomeOf(caller, issuedSnapshot([identity], { authorities: foreign })), 'path_signature_invalid');
    });
  }
  test('a pinned key with issuedBy is refused in a certificate that its holder made', () => {
    const { publicKeySha256 } = presentCertificate(caller.der);
    const trust = issuedSnapshot([{ pins: [{ publicKeySha256, issuedBy: 'corp' }] }]);
    for (const made of [
      issue({ name: 'billing', key: 'p-256-again', extensions: clientExtensions }),
      issueCaller({ issuer: impostor }),
    ]) {
      assert.match(outcomeOf({ ...made, header: '' }, trust), /^path_(?:not_found|signature_invalid)$/);
    }
  });
  test('a disabled or expired identity denies by a name as it does by a pin', () => {
    assert.equal(outcomeOf(caller, issuedSnapshot([{ ...billing, enabled: false }])), 'identity_disabled');
    const over = { ...billing, expiresAt: '2026-12-31T00:00:00Z' };
    assert.equal(outcomeOf(caller, issuedSnapshot([over])), 'identity_expired');
  });
});

describe('the deny list', () => {
  const { thumbprintSha256, serialNumber } = caller.certificate;
  const pinned = { name: 'billing', pins: [{ thumbprintSha256 }] };
  const other = issueCaller();
  for (const [what, entry] of [
    ['a thumbprint', { thumbprintSha256, reason: 'laptop stolen' }],
    ['a serial number and the authority', { issuedBy: 'Corp', serialNumber, reason: 'laptop stolen' }],
  ] as const) {
    test(`refuses a certificate by ${what}, matched by name or by pin, and no other certificate`, () => {
      for (const identity of [billing, pinned]) {
        const trust = issuedSnapshot([identity], { denied: [entry] });
        const finding = find(caller, trust);
        assert.ok(finding.outcome === 'denied');
        assert.equal(finding.code, 'certificate_on_deny_list');
        assert.match(finding.detail, /denied\[0\]\): laptop stolen/);
      }
      assert.equal(outcomeOf(other, issuedSnapshot([billing], { denied: [entry] })), 'found');
    });
  }
  test('keeps serial numbers apart for authorities whose names differ by more than letter case', () => {
    assert.notEqual(deniedSerialKey('Straße', '0A'), deniedSerialKey('Strasse', '0A'));
    assert.equal(deniedSerialKey('Corp', '0A'), deniedSerialKey('cORP', '0A'));
  });
  test('refuses by serial number, even if path validation can’t read the certificate', () => {
    const unreadable = presentCertificate(editExtension(caller.der, '551d23', () => Buffer.from('0500', 'hex')));
    assert.ok(unreadable.decoding.ok && !unreadable.pathDecoding.ok);
    const identity = { pins: [{ thumbprintSha256: unreadable.thumbprintSha256 }] };
    assert.equal(nameOutcome(answerInFull(issuedSnapshot([identity]), unreadable, now)), 'found');
    const trust = issuedSnapshot([identity], { denied: [{ issuedBy: 'corp', serialNumber }] });
    assert.equal(nameOutcome(answerInFull(trust, unreadable, now)), 'certificate_on_deny_list');
  });
  for (const [what, entry] of [
    ['a thumbprint', { thumbprintSha256: issuing.certificate.thumbprintSha256 }],
    ['a serial number', { issuedBy: 'corp', serialNumber: issuing.certificate.serialNumber }],
    ['the thumbprint of the anchor', { thumbprintSha256: root.certificate.thumbprintSha256 }],
  ] as const) {
    test(`refuses a CA certificate by ${what}, with every certificate that it issued`, () => {
      const finding = find(caller, issuedSnapshot([billing], { denied: [entry] }));
      assert.ok(finding.outcome === 'denied');
      assert.equal(finding.code, 'certificate_on_deny_list');
      assert.match(finding.detail, /leads through "CN=Corp (?:issuing CA|root)"/);
      // Also if a pin without `issuedBy` matches: the path of the matching name leads through a denied CA.
      const both = issuedSnapshot([{ ...pinned, ...billing }], { denied: [entry] });
      assert.equal(outcomeOf(caller, both), 'certificate_on_deny_list');
    });
  }
});

describe('SPIFFE', () => {
  const authorities = [authorityOf({ spiffeTrustDomains: ['corp.example'] })];
  const trust = issuedSnapshot([{ name: 'a', ...namedBy({ uri: 'spiffe://corp.example/billing' }) }], { authorities });
  const withUris = (...uris: readonly string[]): MadeCaller => issueCaller({ names: uris.map((uri) => `URI:${uri}`) });

  test('an SVID is admitted', () => {
    assert.equal(outcomeOf(withUris('spiffe://corp.example/billing'), trust), 'found');
  });
  for (const uris of [
    ['spiffe://corp.example/billing', 'spiffe://corp.example/other'],
    ['spiffe://corp.example/billing', 'https://corp.example'],
    ['spiffe://corp.example/billing/'],
    ['spiffe://corp.example/./billing'],
    ['spiffe://corp.example//billing'],
    ['spiffe://corp.example/%62illing'],
    ['spiffe://corp.example:443/billing'],
    ['spiffe://user@corp.example/billing'],
    ['spiffe://corp.example/billing?x'],
    ['SPIFFE://corp.example/billing'],
    ['spiffe://CORP.example/billing'],
    ['spiffe://corp.example'],
    ['spiffe://corp.example/'],
    ['spiffe://other.example/billing'],
  ]) {
    test(`${uris.join(' and ')} matches no identity`, () => {
      assert.equal(outcomeOf(withUris(...uris), trust), 'notFound');
    });
  }
  test('a certificate that breaks the rules of SVIDs is known by none of its URIs', () => {
    for (const uris of [['spiffe://corp.example/billing/'], ['spiffe://corp.example/billing', 'urn:x']]) {
      const finding = find(withUris(...uris), trust);
      assert.ok(finding.outcome === 'notFound');
      assert.deepEqual(finding.facts?.names, [{ type: 'commonName', value: 'billing' }]);
    }
  });
  test('a CA certificate with a SPIFFE ID is not an SVID', () => {
    const extensions = ['basicConstraints = critical, CA:TRUE', 'keyUsage = critical, keyCertSign, digitalSignature'];
    const made = issueCaller({ extensions, names: ['URI:spiffe://corp.example/billing'] });
    assert.equal(outcomeOf(made, trust), 'certificate_is_authority');
  });
  test('a trust domain belongs to one authority, and a name under another is an error', () => {
    const partner = authorityOf({ name: 'partner', anchors: [impostorRoot], intermediates: [] });
    assert.throws(
      () =>
        issuedSnapshot([namedBy({ uri: 'spiffe://corp.example/billing' }, 'partner')], {
          authorities: [...authorities, partner],
        }),
      /trust domain/,
    );
  });
});

describe('a CA certificate of an authority is not a caller', () => {
  test('even if a pin with issuedBy names it', () => {
    for (const { der, certificate } of [root, issuing]) {
      const { thumbprintSha256 } = certificate;
      const trust = issuedSnapshot([{ pins: [{ thumbprintSha256, issuedBy: 'corp' }] }]);
      assert.equal(nameOutcome(answerInFull(trust, presentCertificate(der), now)), 'certificate_is_authority');
    }
  });
  test('even with its key in a client certificate that it signed itself', () => {
    const made = issueCaller({ issuer: root, name: 'Corp root', key: 'p-384' });
    assert.equal(outcomeOf(made, issuedSnapshot([billing])), 'path_not_found');
  });
});

describe('the cost of an unknown caller', () => {
  function countVerifications(work: () => void): number {
    const counter = mock.method(crypto, 'verify');
    syncBuiltinESMExports();
    try {
      work();
      return counter.mock.callCount();
    } finally {
      counter.mock.restore();
      syncBuiltinESMExports();
    }
  }
  const trust = issuedSnapshot([billing, { ...namedBy({ dns: '*.apps.example' }), name: 'b' }]);

  test('a signature is verified if a name matches', () => {
    const made = issueCaller();
    assert.ok(
      countVerifications(() => {
        assert.equal(outcomeOf(made, trust), 'found');
      }) > 0,
    );
  });
  test('no signature is verified if no name matches', () => {
    const strangers = [
      issueCaller({ names: ['DNS:stranger.example'], name: 'stranger' }),
      issueCaller({ names: ['DNS:stranger.example'], issuer: impostor }),
      issueCaller({ issuer: issue({ name: 'Nobody', key: 'ed25519' }) }),
    ];
    for (const made of strangers) {
      assert.equal(
        countVerifications(() => {
          assert.equal(outcomeOf(made, trust), 'notFound');
        }),
        0,
      );
    }
  });
  test('no signature is verified if the certificate itself is unfit', () => {
    const made = issueCaller({ extensions: ['extendedKeyUsage = serverAuth'] });
    const work = (): void => {
      assert.equal(outcomeOf(made, trust), 'certificate_extended_key_usage_unsuitable');
    };
    assert.equal(countVerifications(work), 0);
  });
});
