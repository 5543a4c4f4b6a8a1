import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CanonicalName } from '../certificate/distinguished-name.js';
import type { DistributionPoint, IssuingDistributionPoint } from '../certificate/distribution-point.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { newName, pathNow, readCrls, write, writeAuthority } from '../test-support/written-path.js';
import { writeCrl } from '../test-support/certificate-writing.js';
import { clientExtensions, extensions } from '../test-support/extension-writing.js';
import { directory, dns, uri } from '../test-support/constrained-names.js';
import type { CertificateRevocationList } from './certificate-revocation-list.js';
import {
  type CrlQuestion,
  allReasons,
  findCoveredReasons,
  findCrlStatements,
  isOneNumbering,
  isSameScope,
} from './crl-statement.js';

const nameOf = (...relativeNames: readonly string[]): CanonicalName => ({
  relativeNames,
  key: relativeNames.join('/'),
});
const [issuer, lister] = [nameOf('o', 'issuer'), nameOf('lister')];
const ofLister = directory('lister');
const plainScope: IssuingDistributionPoint = {
  name: undefined,
  onlyContainsUserCertificates: false,
  onlyContainsAuthorityCertificates: false,
  onlySomeReasons: undefined,
  isIndirect: false,
  onlyContainsAttributeCertificates: false,
};
const scopeOf = (changes: Partial<IssuingDistributionPoint>): IssuingDistributionPoint => ({
  ...plainScope,
  ...changes,
});
const pointOf = (changes: Partial<DistributionPoint>): DistributionPoint => ({
  name: undefined,
  reasons: undefined,
  crlIssuer: undefined,
  ...changes,
});
const certificateOf = (points?: readonly DistributionPoint[], isCertificateAuthority?: boolean): PathCertificate =>
  ({
    issuer,
    crlDistributionPoints: points,
    basicConstraints: isCertificateAuthority === undefined ? undefined : { isCertificateAuthority },
  }) as unknown as PathCertificate;
const listOf = (scope?: IssuingDistributionPoint, of = issuer): CertificateRevocationList =>
  ({ issuer: of, issuingDistributionPoint: scope }) as unknown as CertificateRevocationList;

describe('the reasons that a list covers', () => {
  const [place, other] = [{ fullName: [uri('http://a')] }, { fullName: [uri('http://b')] }];
  const relative = { nameRelativeToCrlIssuer: 'lists' };
  const indirect = scopeOf({ isIndirect: true });
  const delegated = certificateOf([pointOf({ crlIssuer: [ofLister] })]);

  const cases: readonly (readonly [
    string,
    IssuingDistributionPoint | undefined,
    PathCertificate,
    number,
    CanonicalName?,
  ])[] = [
    ['a list without a scope', undefined, certificateOf(), allReasons],
    ['a list of somebody else', undefined, certificateOf(), 0, lister],
    ['a list of users for a user', scopeOf({ onlyContainsUserCertificates: true }), certificateOf(), allReasons],
    ['a list of users for a CA', scopeOf({ onlyContainsUserCertificates: true }), certificateOf([], true), 0],
    ['a list of CAs for a user', scopeOf({ onlyContainsAuthorityCertificates: true }), certificateOf([], false), 0],
    [
      'a list of CAs for a CA',
      scopeOf({ onlyContainsAuthorityCertificates: true }),
      certificateOf([], true),
      allReasons,
    ],
    ['a list of attributes', scopeOf({ onlyContainsAttributeCertificates: true }), certificateOf(), 0],
    [
      'the issuer’s name, which no point says',
      scopeOf({ name: { fullName: [directory('o', 'issuer')] } }),
      certificateOf(),
      allReasons,
    ],
    ['a place that no point says', scopeOf({ name: place }), certificateOf(), 0],
    [
      'a place that a point says',
      scopeOf({ name: place }),
      certificateOf([pointOf({ name: other }), pointOf({ name: place })]),
      allReasons,
    ],
    ['a relative name', scopeOf({ name: relative }), certificateOf([pointOf({ name: relative })]), allReasons],
    [
      'a relative name, in full',
      scopeOf({ name: relative }),
      certificateOf([pointOf({ name: { fullName: [directory('o', 'issuer', 'lists')] } })]),
      allReasons,
    ],
    ['an indirect list that a point names', indirect, delegated, allReasons, lister],
    ['an indirect list of another issuer', indirect, delegated, 0, nameOf('another')],
    ['a list that is not indirect and that a point names', plainScope, delegated, 0, lister],
    ['a list without a scope that a point names', undefined, delegated, 0, lister],
    [
      'an indirect list at the name of its issuer',
      scopeOf({ isIndirect: true, name: { fullName: [ofLister] } }),
      delegated,
      allReasons,
      lister,
    ],
    [
      'an indirect list by a relative name, of the one issuer that is a directory name',
      scopeOf({ isIndirect: true, name: relative }),
      certificateOf([pointOf({ name: relative, crlIssuer: [dns('a.example'), ofLister] })]),
      allReasons,
      lister,
    ],
    [
      'an indirect list by a relative name, of several issuers',
      scopeOf({ isIndirect: true, name: relative }),
      certificateOf([pointOf({ name: relative, crlIssuer: [ofLister, directory('another')] })]),
      0,
      lister,
    ],
    ['some reasons', scopeOf({ onlySomeReasons: [1, 3] }), certificateOf(), 0b1010],
    [
      'some reasons of a point',
      scopeOf({ name: place }),
      certificateOf([pointOf({ name: place, reasons: [1] })]),
      0b10,
    ],
    [
      'reasons of both',
      scopeOf({ name: place, onlySomeReasons: [1, 8] }),
      certificateOf([pointOf({ name: place, reasons: [8, 2] })]),
      0b1_0000_0000,
    ],
    [
      'reasons of several points',
      scopeOf({ name: place }),
      certificateOf([pointOf({ name: place, reasons: [1] }), pointOf({ name: place, reasons: [2] })]),
      0b110,
    ],
    [
      'bits that are not reasons, also where shifts begin again',
      scopeOf({ onlySomeReasons: [0, 9, 33] }),
      certificateOf(),
      0,
    ],
  ];
  for (const [what, scope, certificate, expected, of] of cases) {
    it(`are ${expected}: ${what}`, () => {
      assert.equal(findCoveredReasons(listOf(scope, of), certificate), expected);
      assert.equal(
        findCoveredReasons(listOf(scope, of), certificate, () => true),
        expected,
      );
    });
  }

  it('do not include any if names would have to be compared and may not be', () => {
    const refuse = (): boolean => false;
    for (const scope of [undefined, plainScope, scopeOf({ onlyContainsUserCertificates: true })])
      assert.equal(findCoveredReasons(listOf(scope), certificateOf(), refuse), allReasons);
    for (const scope of [indirect, scopeOf({ name: { fullName: [directory('o', 'issuer')] } })])
      assert.equal(findCoveredReasons(listOf(scope), certificateOf(), refuse), 0);
  });

  it('cost one comparison for each name, and those of the list only once', () => {
    const certificate = certificateOf([
      pointOf({ name: { fullName: [uri('http://a'), uri('http://b')] } }),
      pointOf({ name: relative }),
      pointOf({ crlIssuer: [ofLister, dns('a.example')] }),
    ]);
    const ofCertificate = 2 + (2 + 1) + 2 + 1;
    for (const [scope, counts] of [
      [scopeOf({ name: { fullName: [dns('a'), dns('b'), dns('c'), dns('d')] } }), [ofCertificate + 4, ofCertificate]],
      [scopeOf({ name: relative }), [ofCertificate + 1, ofCertificate]],
      [indirect, [ofCertificate, ofCertificate]],
      [plainScope, []],
      [undefined, []],
    ] as const) {
      const spent: number[] = [];
      for (let time = 0; time < 2; time += 1)
        findCoveredReasons(listOf(scope), certificate, (count) => spent.push(count) > 0);
      assert.deepEqual(spent, counts);
    }
  });
});

const ca = newName('CA');
const authority = writeAuthority(ca);
const client = write({ subject: newName('client'), issuer: ca, extensions: clientExtensions(ca.key) });
const ask = (crls: readonly CertificateRevocationList[], changes: Partial<CrlQuestion> = {}): CrlQuestion => ({
  certificate: client,
  issuer: authority,
  crls,
  signers: [],
  isSignerValid: () => true,
  isAlgorithmAccepted: () => true,
  profile: 'strict',
  now: pathNow,
  graceMilliseconds: 0,
  ...changes,
});

it('a list covers certificates of its issuer, and an indirect list those that name it', () => {
  const [plain] = readCrls([writeCrl({ issuer: newName('lister') })]);
  assert.ok(plain);
  const ofPlain: ReturnType<typeof directory> = { form: 'directoryName', name: plain.issuer };
  const countFaults = (points: readonly DistributionPoint[] | undefined, isIndirect = true): number => {
    const list = { ...plain, issuingDistributionPoint: scopeOf({ isIndirect }) };
    const certificate = { ...client, crlDistributionPoints: points };
    return findCrlStatements(ask([list], { certificate })).faults.length;
  };
  const naming = pointOf({ crlIssuer: [ofPlain] });
  // No known signer has signed this list. That is reported only for lists that could cover the certificate.
  for (const points of [
    [naming],
    [pointOf({ crlIssuer: [dns('a')] }), naming],
    [pointOf({ crlIssuer: [ofLister, ofPlain] })],
    [pointOf({ crlIssuer: [dns('a'), ofPlain] })],
  ])
    assert.equal(countFaults(points), 1);
  for (const points of [
    undefined,
    [],
    [pointOf({ name: { fullName: [ofPlain] } })],
    [pointOf({ crlIssuer: [dns('a')] })],
    [pointOf({ crlIssuer: [ofLister] })],
  ])
    assert.equal(countFaults(points), 0);
  assert.equal(countFaults([naming], false), 0);
});

it("a list may be signed by its issuer without a key usage, but by no other certificate that is not a CA's", () => {
  const bare = write({ subject: ca, extensions: [] });
  const crls = readCrls([writeCrl({ issuer: ca })]);
  assert.equal(findCrlStatements(ask(crls, { issuer: bare })).statements.length, 1);
  const foreign = writeAuthority({ name: ca.name, key: newName('CA').key });
  assert.equal(findCrlStatements(ask(crls, { issuer: foreign, signers: [bare] })).statements.length, 0);
  assert.equal(findCrlStatements(ask(crls, { issuer: foreign, signers: [authority] })).statements.length, 1);
  const authorityOnly = write({ subject: ca, extensions: [extensions.basicConstraints(true)] });
  assert.equal(findCrlStatements(ask(crls, { issuer: foreign, signers: [authorityOnly] })).statements.length, 1);
});

it('two lists are of one sequence if issuer, key and scope have the same octets', () => {
  const [crl] = readCrls([writeCrl({ issuer: ca })]);
  assert.ok(crl);
  const of = (type?: string, ...octets: readonly number[]): CertificateRevocationList => ({
    ...crl,
    extensions: new Map([
      ...crl.extensions,
      ...(type === undefined ? [] : [[type, { isCritical: true, value: Uint8Array.from(octets) }] as const]),
    ]),
  });
  const compare = (left: CertificateRevocationList, right: CertificateRevocationList): readonly boolean[] => {
    const [one, another] = [left, right].map((each) => ({ crl: each, reasons: 1, signer: authority, mayClear: true }));
    assert.ok(one && another);
    return [isOneNumbering(one, another), isSameScope(one, another)];
  };
  const [scope, key] = ['2.5.29.28', '2.5.29.35'];
  assert.deepEqual(compare(of(), of()), [true, true]);
  assert.deepEqual(compare(of(scope, 1), of(scope, 1)), [true, true]);
  assert.deepEqual(compare(of(scope, 1), of(scope, 2)), [false, false]);
  assert.deepEqual(compare(of(scope, 1), of()), [false, false]);
  assert.deepEqual(compare(of(), of(scope, 1)), [false, false]);
  assert.deepEqual(compare(of(key, 1), of(key, 1)), [true, true]);
  assert.deepEqual(compare(of(key, 1), of(key, 2)), [true, false]);
});
