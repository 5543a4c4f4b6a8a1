import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CertgateError } from './certgate-error.js';
import * as certificates from './index.js';
import * as paths from './path.js';
import { makeCertificate } from './test-support/certificates.js';
import { good, authority as ocspAuthority, client as ocspClient } from './test-support/ocsp-questions.js';
import { readOcsp } from './test-support/ocsp.js';
import {
  askAbout,
  newName,
  pathNow,
  readCrls,
  requireCrls,
  writeAuthority,
  writeClient,
} from './test-support/written-path.js';
import { writeCrl } from './test-support/certificate-writing.js';

// An invalid question must not get an answer: a misspelt or mistyped option must not become the weaker one.
const root = newName('Root');
const anchor = writeAuthority(root);
const target = writeClient(root);
const [crl] = readCrls([writeCrl({ issuer: root })]);
assert.ok(crl);
const clientDecoding = certificates.decodeClientCertificate(target.der);
assert.ok(clientDecoding.ok);
const client = clientDecoding.certificate;
const nothing = (): readonly never[] => [];
const { signatureAlgorithm } = target;

type Members = Readonly<Record<string, unknown>>;

/**
 * The arguments by name. `bad` lists values that each must not have. A member may be left out unless `undefined` is
 * among its bad values.
 */
interface Call {
  readonly call: (members: Members) => unknown;
  readonly members: Members;
  readonly bad: Readonly<Record<string, readonly unknown[]>>;
  /** The only argument is one object with these members, and it may have no others. */
  readonly isObject?: true;
}

const noText = [undefined, null, 5, Buffer.from('a'), ['a'], {}];
const noOctets = [undefined, null, 'MII', 5, [48, 0], { length: 2 }, new ArrayBuffer(2), new Int8Array(2)];
const noCertificate = [undefined, null, 'a', target.der, {}, client, [target], { der: target.der }];
const noCertificates = [
  undefined,
  null,
  target,
  'a',
  new Set([target]),
  [undefined],
  new Array(1),
  [target.der],
  [target, client],
  [{}],
];
const noFlag = [null, 'false', 'true', 0, 1, {}, []];
const noFunction = [null, true, 'a', {}, []];
const noDuration = [undefined, null, '0', '60000', -1, Number.NaN, Number.POSITIVE_INFINITY, 0n, {}, new Date(0)];
const noInstant = [undefined, null, '0', new Date(), 0n, {}];
const noCount = [null, '10', -1, Number.NaN, 1n, {}];
const noProfile = [null, '', 'Strict', 'STRICT', 'strict ', 'RFC5280', 'default', 0, true, ['strict'], {}];
const noAlgorithm = [
  undefined,
  null,
  'ecdsa',
  {},
  { scheme: 'ECDSA' },
  { scheme: 'ecdsa' },
  { scheme: 'rsa-pkcs1', digest: 'sha3' },
  { scheme: 'toString' },
];
const noPolicies = [null, 'any', true, [], 5];
const without = (values: readonly unknown[]): readonly unknown[] => values.filter((value) => value !== undefined);
const noFault = [undefined, null, 'path_not_found', 5, {}, { code: 'toString' }, { reason: 'toString' }];
const noList = [undefined, null, 'a', {}, [], target, { issuer: crl.issuer, entries: crl.entries }];
const one = (call: (argument: unknown) => unknown, argument: unknown, bad: readonly unknown[]): Call => ({
  call: ({ argument }) => call(argument),
  members: { argument },
  bad: { argument: bad },
});

const revocation: Members = {
  mode: 'required',
  scope: 'chain',
  graceMilliseconds: 0,
  crls: [crl],
  findOcspResponses: nothing,
  noRevAvailMaximumLifetimeMilliseconds: 0,
  onOcspWanted: nothing,
  findFault: () => undefined,
};
const policies: Members = {
  initialPolicySet: [paths.anyPolicy],
  initialExplicitPolicy: false,
  initialPolicyMappingInhibit: false,
  initialAnyPolicyInhibit: false,
};
const limits: Members = { steps: 1000, signatures: 10, comparisons: 1000 };
const pathOptions: Members = {
  crlSigners: [],
  isDenied: () => false,
  profile: 'strict',
  purposes: [certificates.clientAuthentication],
  policies,
  dnsConstraintsWithLeadingDot: 'refuse',
  maximumIntermediates: 10,
  limits,
  onCheck: nothing,
};
const badPathOptions: Readonly<Record<string, readonly unknown[]>> = {
  crlSigners: without(noCertificates),
  isDenied: noFunction,
  profile: noProfile,
  purposes: [
    null,
    certificates.clientAuthentication,
    ['clientAuth'],
    ['anyExtendedKeyUsage'],
    [''],
    [undefined],
    new Array(1),
    {},
  ],
  policies: [...noPolicies, {}],
  dnsConstraintsWithLeadingDot: [null, '', 'Refuse', 'subdomains', true],
  maximumIntermediates: [...noCount, 1.5, Number.POSITIVE_INFINITY],
  limits: [...noPolicies, {}],
  onCheck: noFunction,
};
const question: Members = { ...askAbout(target, anchor), ...pathOptions, revocation, candidates: [] };
const clientOptions: Members = {
  ...pathOptions,
  anchors: [anchor],
  intermediates: [],
  at: pathNow,
  revocation: 'off',
};
const verify = (certificate: unknown, options: unknown): unknown =>
  paths.verifyClientCertificate(certificate as never, options as never);
const noSource = [undefined, null, 5, {}, new ArrayBuffer(2), new Int8Array(2), { toString: () => '' }, new String('')];
const noAuthority = [...noSource.slice(1), client, Promise.resolve(anchor), { subject: 'CN=a', publicKey: 'b' }];
const ask = (members: Members): unknown => paths.findCertificationPath(members as never);

const calls: Readonly<Record<string, Call | readonly Call[]>> = {
  // The exports of `index.ts`.
  decodeBase64: one((text) => certificates.decodeBase64(text as never), 'YQ==', noText),
  decodePem: {
    call: ({ text, label }) => certificates.decodePem(text as never, label as never),
    members: { text: '', label: 'CERTIFICATE' },
    bad: { text: noText, label: noText },
  },
  decodePemBundle: {
    call: ({ text, label }) => certificates.decodePemBundle(text as never, label as never),
    members: { text: '', label: 'CERTIFICATE' },
    bad: { text: noText, label: noText },
  },
  decodeClientCertificate: one((der) => certificates.decodeClientCertificate(der as never), target.der, noOctets),
  describePublicKey: one((key) => certificates.describePublicKey(key as never), target.publicKey, [
    undefined,
    null,
    {},
    { algorithm: 'RSA', bits: 2048 },
    { algorithm: 'dsa' },
  ]),
  findSpiffeId: one((text) => certificates.findSpiffeId(text as never), 'spiffe://a/b', noText),
  findCertificateFault: [
    {
      call: ({ certificate, now, options }) =>
        certificates.findCertificateFault(certificate as never, now as never, options as never),
      members: { certificate: client, now: pathNow, options: {} },
      bad: {
        certificate: [undefined, null, 'a', target.der, {}, target, { notBefore: 0, notAfter: Infinity }],
        now: noInstant,
        options: [null, true, 'isPathValidated', 5],
      },
    },
    {
      call: (options) => certificates.findCertificateFault(client, pathNow, options),
      members: { isPathValidated: true },
      bad: { isPathValidated: noFlag },
      isObject: true,
    },
  ],
  listCertificateFaults: {
    call: ({ certificate, now }) => certificates.listCertificateFaults(certificate as never, now as never),
    members: { certificate: client, now: pathNow },
    bad: { certificate: [undefined, null, {}, target], now: noInstant },
  },
  describeCertificateFault: one(
    (fault) => certificates.describeCertificateFault(fault as never),
    { code: 'certificate_is_authority' },
    noFault,
  ),
  // The exports of `path.ts`.
  describeNoRevAvailObstacle: one(
    (obstacle) => paths.describeNoRevAvailObstacle(obstacle as never),
    { reason: 'absent' },
    noFault,
  ),
  describeRevocationGaps: one(
    (gaps) => paths.describeRevocationGaps(gaps as never),
    [{ reason: 'crl_missing' }],
    [...noFault, [undefined], new Array(1), [{ reason: 'toString' }]],
  ),
  describeNameConstraintFault: one(
    (fault) => paths.describeNameConstraintFault(fault as never),
    { reason: 'excluded', name: { form: 'dNSName', text: 'a' }, origin: 'alternative_name', issuer: anchor },
    noFault,
  ),
  describePathFault: one(
    (fault) => paths.describePathFault(fault as never),
    { code: 'path_not_found', reason: 'issuer_missing' },
    noFault,
  ),
  describeClientFault: one(
    (fault) => paths.describeClientFault(fault as never),
    { code: 'certificate_malformed', fault: 'empty' },
    noFault,
  ),
  findNoRevAvailFault: one((certificate) => paths.findNoRevAvailFault(certificate as never), target, noCertificate),
  measureLifetime: one((certificate) => paths.measureLifetime(certificate as never), target, noCertificate),
  decodePathCertificate: [target.der, client, { ...client }].map((good) =>
    one((der) => paths.decodePathCertificate(der as never), good, [...noOctets, { der: 'MII' }, { der: undefined }]),
  ),
  decodeTrustAnchor: one((der) => paths.decodeTrustAnchor(der as never), target.der, noOctets),
  describeSignatureAlgorithm: one(
    (algorithm) => paths.describeSignatureAlgorithm(algorithm as never),
    signatureAlgorithm,
    noAlgorithm,
  ),
  isAlgorithmAccepted: {
    call: ({ algorithm, profile }) => paths.isAlgorithmAccepted(algorithm as never, profile as never),
    members: { algorithm: signatureAlgorithm, profile: 'strict' },
    bad: { algorithm: noAlgorithm, profile: [undefined, ...noProfile] },
  },
  isSignedBy: {
    call: ({ signed, key }) => paths.isSignedBy(signed as never, key as never),
    members: { signed: target, key: anchor.verificationKey },
    bad: {
      signed: [undefined, null, {}, target.der],
      key: [undefined, null, {}, anchor, 'a', Object.assign({}, anchor.verificationKey)],
    },
  },
  decodeCertificateRevocationList: one(
    (der) => paths.decodeCertificateRevocationList(der as never),
    target.der,
    noOctets,
  ),
  decodeCrlFile: one((bytes) => paths.decodeCrlFile(bytes as never), target.der, noOctets),
  decodeCrlFileInSlices: one((bytes) => paths.decodeCrlFileInSlices(bytes as never), target.der, noOctets),
  prepareCrl: {
    call: ({ list, signers }) => paths.prepareCrl(list as never, signers as never),
    members: { list: crl, signers: [anchor] },
    bad: { list: noList, signers: noCertificates },
  },
  createOcspNonce: [],
  encodeOcspRequest: {
    call: (members) => paths.encodeOcspRequest(members as never),
    members: { certificate: target, issuer: anchor, nonce: new Uint8Array(32), digest: 'sha1' },
    bad: {
      certificate: noCertificate,
      issuer: noCertificate,
      nonce: [...without(noOctets), new Uint8Array(0), new Uint8Array(129)],
      digest: [null, 'SHA1', 'md5', '', 'toString', 1],
    },
    isObject: true,
  },
  decodeOcspResponse: one((der) => paths.decodeOcspResponse(der as never), target.der, noOctets),
  findOcspStatus: {
    call: (members) => paths.findOcspStatus(members as never),
    members: {
      certificate: ocspClient.certificate,
      issuer: ocspAuthority.certificate,
      responses: [readOcsp(good)],
      isAlgorithmAccepted: () => true,
      profile: 'strict',
      now: readOcsp(good).answers[0]?.thisUpdate ?? 0,
      graceMilliseconds: 0,
      nonce: new Uint8Array(32),
      allowMissingNonce: true,
      freshnessMilliseconds: 0,
      clockSkewMilliseconds: 0,
      isResponderGood: () => true,
    },
    bad: {
      certificate: noCertificate,
      issuer: noCertificate,
      responses: [undefined, null, {}, 'a', [undefined], new Array(1), [{}], [good]],
      // A promise is truthy, so it would mean yes.
      isAlgorithmAccepted: [undefined, ...noFunction, () => Promise.resolve(false), () => undefined, () => 'no'],
      profile: [undefined, ...noProfile],
      now: noInstant,
      graceMilliseconds: noDuration,
      nonce: without(noOctets),
      allowMissingNonce: noFlag,
      freshnessMilliseconds: without(noDuration),
      clockSkewMilliseconds: without(noDuration),
      isResponderGood: noFunction,
    },
    isObject: true,
  },
  findCertificationPath: [
    {
      call: ask,
      members: question,
      bad: {
        target: noCertificate,
        trustAnchors: noCertificates,
        intermediates: noCertificates,
        candidates: without(noCertificates),
        now: noInstant,
        revocation: [undefined, null, 'Off', 'OFF', '', 'required', true, 5, [], {}],
        ...badPathOptions,
      },
      isObject: true,
    },
    {
      call: (members) => ask({ ...question, revocation: members }),
      members: revocation,
      bad: {
        mode: [undefined, null, '', 'Required', 'REQUIRED', 'when_available', 'whenAvailable', true],
        scope: [undefined, null, '', 'Chain', 'end_entity', 'endEntity', true],
        graceMilliseconds: noDuration,
        crls: [undefined, null, crl, 'a', [undefined], new Array(1), [{}], [target], new Set([crl])],
        findOcspResponses: [
          undefined,
          ...noFunction,
          ...[undefined, null, Promise.resolve([]), {}, [good], [undefined], [paths.decodeOcspResponse(good)]].map(
            (responses) => () => responses,
          ),
        ],
        noRevAvailMaximumLifetimeMilliseconds: without(noDuration),
        onOcspWanted: noFunction,
        findFault: noFunction,
      },
      isObject: true,
    },
    {
      call: (members) => ask({ ...question, policies: members }),
      members: policies,
      bad: {
        initialPolicySet: [undefined, null, paths.anyPolicy, ['any'], [undefined], new Array(1), {}],
        initialExplicitPolicy: [undefined, ...noFlag],
        initialPolicyMappingInhibit: [undefined, ...noFlag],
        initialAnyPolicyInhibit: [undefined, ...noFlag],
      },
      isObject: true,
    },
    {
      call: (members) => ask({ ...question, limits: members }),
      members: limits,
      bad: Object.fromEntries(Object.keys(limits).map((name) => [name, [undefined, ...noCount]])),
      isObject: true,
    },
  ],
  verifyClientCertificate: [
    {
      call: ({ certificate, options }) => verify(certificate, options),
      members: { certificate: target.der, options: clientOptions },
      bad: {
        certificate: [...noSource, [target.der], target, client, Promise.resolve(target.der)],
        options: [undefined, null, 'off', [], {}],
      },
    },
    {
      call: (members) => verify(target.der, members),
      members: clientOptions,
      bad: {
        ...badPathOptions,
        anchors: [undefined, ...noAuthority, ...noAuthority.map((each) => [each]), [], '', [undefined], new Array(1)],
        intermediates: [...noAuthority, ...noAuthority.map((each) => [each]), '', [undefined], new Array(1)],
        at: without(noInstant),
        revocation: [undefined, null, 'Off', '', 'required', true, 5, [], {}, Promise.resolve('off')],
      },
      isObject: true,
    },
    {
      call: (members) => verify(target.der, { ...clientOptions, revocation: members }),
      members: {
        crls: [crl],
        ocspResponses: [],
        mode: 'required',
        scope: 'chain',
        graceMilliseconds: 0,
        noRevAvailMaximumLifetimeMilliseconds: 0,
      },
      bad: {
        crls: [null, crl, 'a', [undefined], new Array(1), [{}], [target], [Promise.resolve(crl)], new Set([crl])],
        ocspResponses: [null, good, 'a', [undefined], new Array(1), [{}], [crl], [Promise.resolve(good)]],
        mode: [null, '', 'Required', 'off ', true],
        scope: [null, '', 'Chain', true],
        graceMilliseconds: without(noDuration),
        noRevAvailMaximumLifetimeMilliseconds: without(noDuration),
      },
    },
  ],
  findAuthorityFault: {
    call: ({ certificate, role, purposes }) =>
      paths.findAuthorityFault(certificate as never, role as never, purposes as never),
    members: { certificate: target, role: 'intermediate', purposes: [certificates.clientAuthentication] },
    bad: {
      certificate: noCertificate,
      role: [undefined, 'end-entity', 'crl-signer', 'toString', null],
      purposes: [undefined, null, 'a', [undefined], [1], {}],
    },
  },
  findNameConstraintFault: {
    call: ({ name, issuers, leadingDot }) =>
      paths.findNameConstraintFault(name as never, issuers as never, leadingDot as never),
    members: { name: { form: 'dNSName', text: 'a.example' }, issuers: [anchor], leadingDot: 'refuse' },
    bad: {
      name: [undefined, null, 'a', {}, { form: 'dns', text: 'a' }, { form: 'dNSName' }],
      issuers: [undefined, null, anchor, [undefined], [{}]],
      leadingDot: [undefined, null, 'Refuse', true],
    },
  },
  hasLeadingDot: one((name) => paths.hasLeadingDot(name as never), { form: 'dNSName', text: '.a' }, [
    undefined,
    null,
    '.a',
    {},
    { form: 'dns', text: '.a' },
    { form: 'dNSName' },
    { form: 'toString' },
  ]),
};

/** What it rejects with or throws, or undefined if it does neither. */
async function faultOf(call: () => unknown): Promise<unknown> {
  try {
    await call();
    return undefined;
  } catch (error) {
    return error;
  }
}

const isMisuse = (fault: unknown): boolean =>
  fault instanceof CertgateError &&
  fault.code === 'CERTGATE_ARGUMENT_INVALID' &&
  /must be|has no member|has 1 to/.test(fault.message);

describe('invalid arguments', () => {
  it('of every public function are tested', () => {
    const functions = Object.entries({ ...certificates, ...paths }).filter(([, value]) => typeof value === 'function');
    const names = functions.map(([name]) => name).filter((name) => name !== CertgateError.name);
    assert.deepEqual(names.sort(), Object.keys(calls).sort());
  });

  for (const [name, ofFunction] of Object.entries(calls)) {
    for (const { call, members, bad, isObject } of [ofFunction].flat()) {
      it(`${name}: ${Object.keys(members).join(', ')}`, async () => {
        assert.deepEqual(Object.keys(bad).sort(), Object.keys(members).sort());
        assert.equal(await faultOf(() => call(members)), undefined);
        for (const [member, values] of Object.entries(bad)) {
          for (const value of values) {
            const fault = await faultOf(() => call({ ...members, [member]: value }));
            assert.ok(isMisuse(fault), `${member}: ${String(value)}: ${String(fault)}`);
          }
          const others = Object.fromEntries(Object.entries(members).filter(([each]) => each !== member));
          const isRequired = values.includes(undefined);
          const withUndefined = await faultOf(() => call({ ...members, [member]: undefined }));
          for (const fault of [await faultOf(() => call(others)), withUndefined])
            assert.ok(isRequired ? isMisuse(fault) : fault === undefined, `${member} left out: ${String(fault)}`);
        }
      });

      if (isObject !== true) continue;
      it(`${name}: ${Object.keys(members).join(', ')}: unknown and inherited members are refused`, async () => {
        const [first = ''] = Object.keys(members);
        for (const stranger of [first.toUpperCase(), `${first}s`, 'constructor', 'x'])
          assert.match(
            String(await faultOf(() => call({ ...members, [stranger]: 1 }))),
            /^CertgateError: .* has no member/,
          );
        for (const value of [null, 'strict', 5, [1]])
          assert.ok(isMisuse(await faultOf(() => call(value as never))), String(value));
        const required = Object.keys(bad).some((member) => bad[member]?.includes(undefined));
        const fault = await faultOf(() => call(Object.create(members) as Members));
        assert.ok(required ? isMisuse(fault) : fault === undefined, String(fault));
      });
    }
  }
});

describe('a promise as an answer', () => {
  it('is neither a "no" nor a value', () => {
    const isDenied = (): unknown => Promise.resolve(false);
    const answer = verify(target.der, { ...clientOptions, isDenied }) as paths.ClientVerification;
    assert.equal(!answer.ok && answer.fault.code, 'certificate_on_deny_list');
  });
});

describe('a member of Object.prototype', () => {
  const stranger = newName('Root');
  const strangers = writeAuthority(stranger);
  it('is not read as a member of a question', () => {
    const polluted = {
      profile: 'rfc5280',
      maximumIntermediates: 0,
      isPathValidated: true,
      nonce: 'x',
      limits: 'x',
      useDeltas: false,
      // Options that would admit an unknown caller, in a call of verifyClientCertificate.
      anchors: [strangers],
      intermediates: [],
      at: pathNow,
      purposes: [],
      revocation: 'off',
      crls: [],
      mode: 'off',
      subject: target.der,
      publicKey: target.der,
      ok: true,
      unvouchedCandidates: 7,
    };
    for (const [name, value] of Object.entries(polluted))
      Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
    try {
      const base = { target, trustAnchors: [anchor], intermediates: [], now: pathNow, revocation: requireCrls([crl]) };
      assert.equal(paths.findCertificationPath(base).outcome, 'valid');
      const verdict = paths.findCertificationPath({ ...base, target: anchor, trustAnchors: [writeAuthority(root)] });
      assert.ok(verdict.outcome === 'invalid');
      assert.doesNotMatch(paths.describePathFault(verdict), /7/);
      const ask = (der: Uint8Array, options: object): unknown => {
        const answer = verify(der, options) as paths.ClientVerification;
        return answer.ok ? 'ok' : answer.fault.code;
      };
      const own = { anchors: anchor, at: pathNow, revocation: { ocspResponses: [] } };
      assert.equal(ask(target.der, own), 'revocation_unavailable');
      assert.equal(ask(target.der, { ...own, revocation: 'off' }), 'ok');
      assert.equal(ask(writeClient(stranger).der, { ...own, revocation: 'off' }), 'path_signature_invalid');
      for (const options of [
        {},
        { revocation: 'off' },
        { anchors: anchor },
        { ...own, revocation: {} },
        { ...own, anchors: {} },
      ])
        assert.throws(() => ask(target.der, options), CertgateError);
      const ca = certificates.decodeClientCertificate(
        makeCertificate({ extensions: ['1.2.3.4 = critical, DER:0500'] }).der,
      );
      assert.equal(
        ca.ok && certificates.findCertificateFault(ca.certificate, pathNow)?.code,
        'certificate_critical_extension_unknown',
      );
    } finally {
      for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name);
    }
  });
});
