import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import * as fc from 'fast-check';
import {
  extension,
  makeWritingKey,
  type WrittenName,
  writeCertificate,
  writeCrl,
} from '../test-support/certificate-writing.js';
import { objectIdentifier, sequence, tagged } from '../test-support/der-writing.js';
import { authorityExtensions, clientExtensions, extensions, generalNames } from '../test-support/extension-writing.js';
import { type IssueRequest, issue, makeCrl, readCrl } from '../test-support/revocation.js';
import { clientExtensions as clientLines, now } from '../test-support/certificates.js';
import { countRuns } from '../test-support/random-runs.js';
import { newName, pathNow, readCrls, write, writeAuthority } from '../test-support/written-path.js';
import { type PathCertificate, decodePathCertificate } from '../certificate/path-certificate.js';
import { findCertificationPath, type PathQuestion } from './certification-path.js';
import type { PathCheck } from './path-check.js';
import type { PathRevocation } from './path-revocation.js';
import { describePathFault } from './path-fault-sentence.js';
import { describeRevocationGaps } from '../revocation/revocation-sentences.js';

const second = 1000;
const hour = 3600 * second;

function judge(question: PathQuestion): string {
  const verdict = findCertificationPath(question);
  return verdict.outcome === 'valid' ? 'valid' : verdict.code;
}

const required: PathRevocation = {
  mode: 'required',
  scope: 'end-entity',
  graceMilliseconds: 0,
  crls: [],
  findOcspResponses: () => [],
};

describe('noRevAvail in certificates that openssl made', () => {
  const root = issue({ name: 'Root' });
  const line = '2.5.29.56 = DER:0500';
  // From 00:00:00 to 00:59:59 are 3600 seconds, because both ends belong to the validity.
  const caller = (request: Partial<IssueRequest> = {}): PathCertificate =>
    issue({
      issuer: root,
      name: 'caller',
      key: 'p-256-again',
      serialNumber: '1234',
      notBefore: '20270101000000Z',
      notAfter: '20270101005959Z',
      extensions: [...clientLines, line],
      ...request,
    }).certificate;
  const ask = (target: PathCertificate, revocation: Partial<PathRevocation> = {}): string =>
    judge({
      target,
      trustAnchors: [root.certificate],
      intermediates: [],
      now,
      revocation: { ...required, noRevAvailMaximumLifetimeMilliseconds: hour, ...revocation },
    });

  it('is not accepted for reasons that the denial names', () => {
    const verdict = findCertificationPath({
      target: caller(),
      trustAnchors: [root.certificate],
      intermediates: [],
      now,
      revocation: { ...required, noRevAvailMaximumLifetimeMilliseconds: 60 * second },
    });
    assert.equal(verdict.outcome, 'invalid');
    assert.match(
      describePathFault(verdict),
      /It has noRevAvail and a lifetime of 3600 seconds, longer than the 60 that the authority accepts; see "noRevAvailMax/,
    );
  });

  it('is invalid with extensions that contradict it (RFC 9608 section 3), even if it would not be accepted anyway', () => {
    for (const [more, words] of [
      ['crlDistributionPoints = URI:http://pki.example/c.crl', /noRevAvail and CRL distribution points \(RFC 9608/],
      ['freshestCRL = URI:http://pki.example/d.crl', /noRevAvail and a freshest CRL/],
      ['authorityInfoAccess = OCSP;URI:http://ocsp.example', /noRevAvail and the address of an OCSP responder/],
      ['authorityInfoAccess = DER:3000', /authority information access that can't be read/],
    ] as const) {
      const target = caller({ extensions: [...clientLines, line, more] });
      const good = readCrl(makeCrl({ authority: root }));
      for (const maximum of [hour, undefined]) {
        const verdict = findCertificationPath({
          target,
          trustAnchors: [root.certificate],
          intermediates: [],
          now,
          revocation: { ...required, crls: [good], noRevAvailMaximumLifetimeMilliseconds: maximum },
        });
        assert.equal(verdict.outcome === 'invalid' && verdict.code, 'path_certificate_malformed');
        assert.match(verdict.outcome === 'invalid' ? describePathFault(verdict) : '', words);
      }
      // In the rfc5280 profile, the certificate is not malformed, but it needs revocation information like any other.
      const older = { target, trustAnchors: [root.certificate], intermediates: [], now, profile: 'rfc5280' } as const;
      const revocation = { ...required, noRevAvailMaximumLifetimeMilliseconds: hour };
      assert.equal(judge({ ...older, revocation }), 'revocation_unavailable');
    }
    assert.equal(ask(caller({ extensions: [...clientLines, line, 'authorityInfoAccess = caIssuers;URI:http://a.example'] })), 'valid'); // prettier-ignore
  });

  it('is refused if it is critical, and malformed if its value is not NULL', () => {
    const critical = caller({ extensions: [...clientLines, '2.5.29.56 = critical, DER:0500'] });
    assert.equal(ask(critical), 'path_critical_extension_unknown');
    for (const value of ['050100', '0101ff', '3000', '05000500', '']) {
      const noRevAvail = extension('2.5.29.56', false, Buffer.from(value, 'hex'));
      const der = writeCertificate({ subject: newName('x'), extensions: [noRevAvail] });
      assert.equal(decodePathCertificate(der).ok, false, value);
    }
  });

  it('is reported as an unknown status that is not a fault', () => {
    const heard: PathCheck[] = [];
    const verdict = findCertificationPath({
      target: caller(),
      trustAnchors: [root.certificate],
      intermediates: [],
      now,
      revocation: { ...required, noRevAvailMaximumLifetimeMilliseconds: hour },
      onCheck: (check) => {
        if (check.check === 'revocation') heard.push(check);
      },
    });
    assert.equal(verdict.outcome, 'valid');
    const [{ fault, revocation } = {}, ...others] = heard as [PathCheck?, ...PathCheck[]];
    assert.deepEqual([fault, others], [undefined, []]);
    assert.ok(revocation?.status.status === 'unknown');
    assert.match(
      describeRevocationGaps(revocation.status.gaps),
      /^It needs no revocation information: its CA publishes none \(noRevAvail\), and it is short-lived\./,
    );
  });

  it('causes no question to a responder, if it is accepted', () => {
    const asked: string[] = [];
    const onOcspWanted = ({ serialNumber }: PathCertificate): void => void asked.push(serialNumber);
    assert.equal(ask(caller(), { onOcspWanted }), 'valid');
    assert.deepEqual(asked, []);
    ask(caller(), { onOcspWanted, noRevAvailMaximumLifetimeMilliseconds: undefined });
    assert.deepEqual(asked, ['1234']);
  });
});

const root = newName('Root');
const issuing = newName('Issuing');
const anchor = writeAuthority(root);
const intermediate = writeAuthority(issuing, root);
const caller = newName('caller');
const noRevAvail = (isCritical = false): Buffer => extension('2.5.29.56', isCritical, Buffer.from('0500', 'hex'));
const uri = generalNames.uri('http://pki.example/');
const points = sequence(sequence(tagged(0, tagged(0, uri))));

/** Extensions that a certificate may have besides noRevAvail. Only the last two don't contradict it. */
const contradictions = {
  distributionPoints: extension('2.5.29.31', false, points),
  freshestCrl: extension('2.5.29.46', false, points),
  ocsp: extension('1.3.6.1.5.5.7.1.1', false, sequence(sequence(objectIdentifier('1.3.6.1.5.5.7.48.1'), uri))),
  unreadableAccess: extension('1.3.6.1.5.5.7.1.1', false, sequence()),
  caIssuers: extension('1.3.6.1.5.5.7.1.1', false, sequence(sequence(objectIdentifier('1.3.6.1.5.5.7.48.2'), uri))),
  name: extensions.subjectAlternativeName(uri),
} as const;
const harmless: readonly string[] = ['caIssuers', 'name'];

const lists = {
  ofRoot: writeCrl({ issuer: root }),
  ofIssuing: writeCrl({ issuer: issuing }),
  ofIssuingRevoked: writeCrl({ issuer: issuing, revoked: [4711] }),
};

const situation = fc.record({
  has: fc.constantFrom('noRevAvail', 'noRevAvail', 'noRevAvail', 'critical', 'nothing'),
  contradiction: fc.option(fc.constantFrom(...(Object.keys(contradictions) as (keyof typeof contradictions)[])), {
    nil: undefined,
  }),
  lifetime: fc.constantFrom(1, 3599, 3600, 3601, 86_400),
  maximum: fc.constantFrom(undefined, 1, 3599, 3600, 3601, 86_400),
  isBelowIntermediate: fc.boolean(),
  scope: fc.constantFrom('chain' as const, 'end-entity' as const),
  known: fc.subarray(Object.keys(lists) as (keyof typeof lists)[]),
  profile: fc.constantFrom('strict' as const, 'rfc5280' as const),
});

/** Written from the sentences of the RFC and from our rules for the profile and the lifetime, not from the code. */
function isLetIn(each: typeof situation extends fc.Arbitrary<infer T> ? T : never): boolean {
  const { has, contradiction, lifetime, maximum, isBelowIntermediate, scope, known, profile } = each;
  const issuerLists: readonly string[] = known.filter((one) => (one === 'ofRoot') !== isBelowIntermediate);
  if (has === 'critical' || issuerLists.includes('ofIssuingRevoked')) return false;
  const isContradictory = has === 'noRevAvail' && contradiction !== undefined && !harmless.includes(contradiction);
  if (isContradictory && profile === 'strict') return false;
  if (isBelowIntermediate && scope === 'chain' && !known.includes('ofRoot')) return false;
  const isExcused = has === 'noRevAvail' && !isContradictory && maximum !== undefined && lifetime <= maximum;
  return isExcused || issuerLists.length > 0;
}

describe('noRevAvail with any other extensions', () => {
  it('is accepted exactly if every condition is met', () => {
    const seen = { in: 0, out: 0 };
    fc.assert(
      fc.property(situation, (each) => {
        const { has, contradiction, lifetime, maximum, isBelowIntermediate, scope, known, profile } = each;
        const issuer: WrittenName = isBelowIntermediate ? issuing : root;
        const target = write({
          subject: caller,
          issuer,
          serialNumber: 4711,
          notBefore: pathNow,
          notAfter: pathNow + (lifetime - 1) * second,
          extensions: clientExtensions(
            issuer.key,
            ...(has === 'nothing' ? [] : [noRevAvail(has === 'critical')]),
            ...(contradiction === undefined ? [] : [contradictions[contradiction]]),
          ),
        });
        const verdict = judge({
          target,
          trustAnchors: [anchor],
          intermediates: [intermediate],
          now: pathNow,
          profile,
          purposes: [],
          revocation: {
            ...required,
            scope,
            crls: readCrls(known.map((one) => lists[one])),
            noRevAvailMaximumLifetimeMilliseconds: maximum === undefined ? undefined : maximum * second,
          },
        });
        seen[verdict === 'valid' ? 'in' : 'out'] += 1;
        assert.equal(verdict === 'valid', isLetIn(each), verdict);
      }),
      { numRuns: countRuns(400) },
    );
    assert.ok(seen.in > 20 && seen.out > 20, JSON.stringify(seen));
  });

  it('is not accepted from a CA, about itself or its revocation lists', () => {
    const excused = { ...required, scope: 'chain', noRevAvailMaximumLifetimeMilliseconds: 30 * 24 * hour } as const;
    const client = (issuer: WrittenName): PathCertificate =>
      write({ subject: caller, issuer, notBefore: pathNow, notAfter: pathNow, extensions: clientExtensions(issuer.key, noRevAvail()) }); // prettier-ignore
    const shortLived = write({
      subject: issuing,
      issuer: root,
      notBefore: pathNow,
      notAfter: pathNow,
      extensions: authorityExtensions(issuing.key, root.key, noRevAvail()),
    });
    const ask = (ca: PathCertificate, more: Partial<PathQuestion> = {}): string =>
      judge({ target: client(issuing), trustAnchors: [anchor], intermediates: [ca], now: pathNow, revocation: excused, ...more }); // prettier-ignore
    assert.equal(ask(shortLived), 'path_certificate_malformed');
    assert.equal(ask(shortLived, { profile: 'rfc5280', purposes: [] }), 'revocation_unavailable');
    assert.equal(ask(intermediate), 'revocation_unavailable');
    assert.equal(ask(intermediate, { revocation: { ...excused, scope: 'end-entity' } }), 'valid');

    // If no list clears the signer of lists, its lists can't be used, whatever its own certificate says.
    const signer = { name: issuing.name, key: makeWritingKey() };
    const signerCertificate = write({
      subject: signer,
      issuer: root,
      notBefore: pathNow,
      notAfter: pathNow,
      extensions: [
        extensions.keyUsage('cRLSign'),
        extensions.subjectKeyIdentifier(signer.key),
        extensions.authorityKeyIdentifier(root.key),
        noRevAvail(),
      ],
    });
    const byCrls = (...crls: readonly Buffer[]): string =>
      judge({
        target: write({ subject: caller, issuer: issuing, extensions: clientExtensions(issuing.key) }),
        trustAnchors: [anchor],
        intermediates: [intermediate],
        crlSigners: [signerCertificate],
        now: pathNow,
        // In strict, the list of a second key clears nobody.
        profile: 'rfc5280',
        revocation: { ...excused, scope: 'end-entity', crls: readCrls(crls) },
      });
    const bySigner = writeCrl({ issuer: signer });
    assert.equal(byCrls(bySigner, lists.ofRoot), 'valid');
    assert.equal(byCrls(bySigner), 'revocation_unavailable');
  });

  it('is not accepted below a CA certificate that came with the request', () => {
    const target = write({
      subject: caller,
      issuer: issuing,
      notBefore: pathNow,
      notAfter: pathNow,
      extensions: clientExtensions(issuing.key, noRevAvail()),
    });
    for (const mode of ['required', 'when-available'] as const) {
      const revocation = { ...required, mode, noRevAvailMaximumLifetimeMilliseconds: hour };
      const question = { target, trustAnchors: [anchor], now: pathNow, revocation };
      assert.equal(judge({ ...question, intermediates: [intermediate] }), 'valid');
      const candidates = [intermediate];
      assert.equal(judge({ ...question, intermediates: [], candidates }), 'revocation_unavailable');
      const verdict = findCertificationPath({ ...question, intermediates: [], candidates });
      // The lifetime is not the reason.
      assert.match(
        verdict.outcome === 'invalid' ? describePathFault(verdict) : '',
        /on a path with CA certificates of the/,
      );
    }
  });
});
