import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type WrittenName, makeWritingKey } from '../test-support/certificate-writing.js';
import { clientExtensions, extensions, generalNames } from '../test-support/extension-writing.js';
import { askAbout, newName, pathNow, write, writeAuthority, writeClient } from '../test-support/written-path.js';
import { type CertificationPath, type PathQuestion, findCertificationPath } from './certification-path.js';
import { PathBudget } from './path-budget.js';
import type { PathCheck } from './path-check.js';
import { validatePath } from './path-validation.js';
import { anyPolicyInputs } from './policy-graph.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import { describePathFault } from './path-fault-sentence.js';

// Tests rules of RFC 5280 §6.1 that keep a number or another value along the path. The conformance suites cover
// these rules too, but don't run with every test.
const root = newName('Root');
const [a, b, c] = [newName('A'), newName('B'), newName('C')];

function writeLimited(subject: WrittenName, issuer: WrittenName, pathLength?: number): PathCertificate {
  return write({
    subject,
    issuer,
    extensions: [
      extensions.basicConstraints(true, pathLength),
      extensions.keyUsage('keyCertSign', 'cRLSign'),
      extensions.subjectKeyIdentifier(subject.key),
      extensions.authorityKeyIdentifier(issuer.key),
    ],
  });
}

function find(
  path: readonly [PathCertificate, ...PathCertificate[]],
  target: PathCertificate,
  rest: Partial<PathQuestion> = {},
): ReturnType<typeof findCertificationPath> {
  const [anchor, ...intermediates] = path;
  return findCertificationPath(askAbout(target, anchor, { intermediates, ...rest }));
}

const judge = (...question: Parameters<typeof find>): string => {
  const verdict = find(...question);
  return verdict.outcome === 'valid' ? 'valid' : verdict.code;
};

describe('path lengths', () => {
  const unlimited = writeLimited(root, root);
  const [toA, toB, toC] = [writeLimited(a, root), writeLimited(b, a), writeLimited(c, b)];

  it('count down from the certificate that sets them', () => {
    assert.equal(judge([writeLimited(root, root, 1), toA], writeClient(a)), 'valid');
    assert.equal(judge([writeLimited(root, root, 1), toA, toB], writeClient(b)), 'path_length_exceeded');
    const limited = writeLimited(a, root, 1);
    assert.equal(judge([unlimited, limited, toB], writeClient(b)), 'valid');
    assert.equal(judge([unlimited, limited, toB, toC], writeClient(c)), 'path_length_exceeded');
    assert.equal(judge([unlimited, toA, toB, toC], writeClient(c)), 'valid');
  });

  it("can't be raised by a CA below", () => {
    const [limited, raised] = [writeLimited(a, root, 1), writeLimited(b, a, 5)];
    assert.equal(judge([unlimited, limited, raised], writeClient(b)), 'valid');
    assert.equal(judge([unlimited, limited, raised, toC], writeClient(c)), 'path_length_exceeded');
  });

  it("don't include self-issued certificates, and don't start again at one", () => {
    // The same CA with a new key.
    const renewed = { name: a.name, key: makeWritingKey() };
    const selfIssued = writeLimited(renewed, a);
    const limited = writeLimited(a, root, 0);
    assert.equal(judge([unlimited, limited, selfIssued], writeClient(renewed)), 'valid');
    const below = writeLimited(b, renewed);
    assert.equal(judge([unlimited, limited, selfIssued, below], writeClient(b)), 'path_length_exceeded');
  });

  it('can also be set by the caller, who limits the certificates in between', () => {
    const path = [unlimited, toA, toB] as const;
    assert.equal(judge([...path], writeClient(b), { maximumIntermediates: 2 }), 'valid');
    assert.equal(judge([...path], writeClient(b), { maximumIntermediates: 1 }), 'path_length_exceeded');
  });
});

describe('names on the way', () => {
  const permitted = extensions.nameConstraints([generalNames.dns('corp.example')], []);
  const anchor = writeAuthority(root);
  const constrained = writeAuthority(a, root, permitted);
  const writeNamed = (subject: WrittenName, host: string): PathCertificate =>
    write({
      subject,
      issuer: a,
      extensions: clientExtensions(a.key, extensions.subjectAlternativeName(generalNames.dns(host))),
    });

  it('are those of the target, even if it is self-issued', () => {
    const selfIssued = { name: a.name, key: makeWritingKey() };
    for (const subject of [newName('client'), selfIssued]) {
      assert.equal(judge([anchor, constrained], writeNamed(subject, 'a.corp.example')), 'valid');
      assert.equal(judge([anchor, constrained], writeNamed(subject, 'evil.example')), 'path_name_not_permitted');
    }
  });

  it('are refused if the budget for them is spent', () => {
    const limits = { steps: 9, signatures: 9, comparisons: 0 };
    const verdict = find([anchor, constrained], writeNamed(newName('client'), 'a.corp.example'), { limits });
    assert.ok(verdict.outcome === 'invalid' && verdict.code === 'path_budget_exhausted');
    assert.match(describePathFault(verdict), /more name comparisons than/);
  });

  it('include a common name that reads as a host', () => {
    for (const [commonName, expected] of [
      ['a.corp.example', 'valid'],
      ['evil.example', 'path_name_not_permitted'],
      ['*.evil.example', 'path_name_not_permitted'],
      ['evil', 'valid'],
    ] as const)
      assert.equal(
        judge([anchor, constrained], writeNamed(newName(commonName), 'a.corp.example')),
        expected,
        commonName,
      );
  });
});

describe('who must meet name constraints', () => {
  const permitted = extensions.nameConstraints([generalNames.dns('corp.example')], []);
  const anchor = writeAuthority(root);
  const constrained = writeAuthority(a, root, permitted);

  it('a self-issued CA on the way need not', () => {
    const renewed = { name: a.name, key: makeWritingKey() };
    const foreign = extensions.subjectAlternativeName(generalNames.dns('evil.example'));
    const target = writeClient(renewed);
    assert.equal(judge([anchor, constrained, writeAuthority(renewed, a, foreign)], target), 'valid');
    const other = writeAuthority(b, a, foreign);
    assert.equal(judge([anchor, constrained, other], writeClient(b)), 'path_name_not_permitted');
  });

  it('a caller must by its common name, only in the strict profile', () => {
    const host = newName('evil.example');
    const caller = write({ subject: host, issuer: a, extensions: clientExtensions(a.key) });
    const verdict = find([anchor, constrained], caller);
    assert.ok(verdict.outcome === 'invalid' && verdict.code === 'path_name_not_permitted');
    assert.deepEqual(verdict.about, { certificate: caller, role: 'end-entity' });
    assert.equal(judge([anchor, constrained], caller, { profile: 'rfc5280' }), 'valid');
    assert.equal(judge([anchor, constrained, writeAuthority(host, a)], writeClient(host)), 'valid');
  });
});

describe('each certificate', () => {
  const serverAuthentication = '1.3.6.1.5.5.7.3.1';
  const forServers = extensions.extendedKeyUsage(serverAuthentication);

  it('must suit the purpose: that of clients in the strict profile, otherwise the given ones', () => {
    const limited = [writeAuthority(root), writeAuthority(a, root, forServers)] as const;
    const target = writeClient(a);
    assert.equal(judge([...limited], target), 'path_extended_key_usage_unsuitable');
    assert.equal(judge([...limited], target, { profile: 'rfc5280' }), 'valid');
    const purposes = ['1.3.6.1.5.5.7.3.2'];
    assert.equal(judge([...limited], target, { profile: 'rfc5280', purposes }), 'path_extended_key_usage_unsuitable');
    assert.equal(judge([...limited], target, { purposes: [] }), 'valid');
    const [two, unlimited] = [[purposes[0] ?? '', '1.2.3'], [writeAuthority(root), writeAuthority(a, root)] as const];
    assert.equal(judge([...unlimited], target, { purposes: two }), 'path_extended_key_usage_unsuitable');
    assert.equal(judge([...unlimited], target, { purposes: two.slice(0, 1) }), 'valid');
  });

  it('must suit it as a trust anchor too in the strict profile, but not in rfc5280', () => {
    const expired = write({
      subject: root,
      notAfter: pathNow - 1000,
      extensions: [
        extensions.basicConstraints(true),
        extensions.keyUsage('keyCertSign'),
        extensions.subjectKeyIdentifier(root.key),
      ],
    });
    const verdict = find([expired], writeClient(root));
    assert.ok(verdict.outcome === 'invalid' && verdict.code === 'path_certificate_expired');
    assert.deepEqual(verdict.about, { certificate: expired, role: 'trust-anchor' });
    const bare = write({ subject: root, extensions: [] });
    for (const anchor of [expired, bare])
      assert.equal(judge([anchor], writeClient(root), { profile: 'rfc5280' }), 'valid');
    assert.equal(judge([bare], writeClient(root)), 'path_authority_unfit');
  });

  it("must have its issuer's name, even if the key is the same", () => {
    const settings = {
      now: pathNow,
      profile: 'strict',
      purposes: [],
      policies: anyPolicyInputs,
      budget: new PathBudget(),
      maximumIntermediates: 10,
      targetRole: 'end-entity',
    } as const;
    const anchor = writeAuthority(root);
    assert.equal(validatePath([writeClient(root)], anchor, settings).outcome, 'valid');
    const verdict = validatePath([writeClient({ name: 'Other', key: root.key })], anchor, settings);
    assert.ok(verdict.outcome === 'invalid');
    assert.equal(verdict.code, 'path_not_found');
    assert.match(describePathFault(verdict), /names another issuer/);
  });

  it('must have a policy if one is required, within the budget', () => {
    const path = [writeAuthority(root)] as const;
    const target = writeClient(root, extensions.certificatePolicies('1.2.3'));
    const policies = { ...anyPolicyInputs, initialExplicitPolicy: true };
    assert.equal(judge([...path], target, { policies }), 'valid');
    const refused = find([...path], target, { policies: { ...policies, initialPolicySet: ['1.2.4'] } });
    assert.ok(refused.outcome === 'invalid');
    assert.equal(refused.code, 'path_policy_not_satisfied');
    assert.match(
      describePathFault(refused),
      /^The path's certificate policies are not acceptable: a policy is required/,
    );
    const limits = { steps: 9, signatures: 9, comparisons: 0 };
    const exhausted = find([...path], target, { policies, limits });
    assert.ok(exhausted.outcome === 'invalid' && exhausted.code === 'path_budget_exhausted');
    assert.match(describePathFault(exhausted), /more policies than/);
    const checks: PathCheck[] = [];
    const onCheck = (check: PathCheck): number => checks.push(check);
    find([...path], target, { policies: { ...policies, initialPolicySet: ['1.2.4'] }, onCheck });
    assert.deepEqual(checks.at(-1)?.fault, refused);
  });

  it('is reported to a listener, in order', () => {
    const checks: PathCheck[] = [];
    const [anchor, target] = [writeAuthority(root), writeClient(root)];
    find([anchor], target, { onCheck: (check) => checks.push(check) });
    const local = ['validity', 'certificate', 'purpose'];
    const names = [...local, ...local, 'issuer', 'path-length', 'signature', 'names', 'policies'];
    assert.deepEqual(
      checks.map(({ check }) => check),
      names,
    );
    const expected = names.map((_, index) =>
      index < 3 ? [anchor, 'trust-anchor'] : [index < names.length - 1 ? target : undefined, 'end-entity'],
    );
    assert.deepEqual(
      checks.map(({ certificate, role }) => [certificate, role]),
      expected,
    );
    for (const { fault, trustAnchor, certificates } of checks)
      assert.deepEqual([fault, trustAnchor, certificates], [undefined, anchor, [target]]);
  });

  it('is reported with its fault', () => {
    const checks: PathCheck[] = [];
    const verdict = find([writeAuthority(root)], writeClient(newName('Root')), {
      onCheck: (check) => checks.push(check),
    });
    assert.ok(verdict.outcome === 'invalid');
    const last = checks.at(-1);
    assert.deepEqual([last?.check, last?.fault], ['signature', verdict]);
  });
});

describe('the interval of a path', () => {
  const dated = (subject: WrittenName, issuer: WrittenName, begin: number, end: number): PathCertificate =>
    write({
      subject,
      issuer,
      notBefore: pathNow - begin * 1000,
      notAfter: pathNow + end * 1000,
      extensions: writingOf(subject, issuer),
    });
  const writingOf = (subject: WrittenName, issuer: WrittenName): readonly Buffer[] =>
    subject.name === 'client'
      ? clientExtensions(issuer.key)
      : [
          extensions.basicConstraints(true),
          extensions.keyUsage('keyCertSign'),
          extensions.subjectKeyIdentifier(subject.key),
          extensions.authorityKeyIdentifier(issuer.key),
        ];
  const client = newName('client');

  it('is common to all of its certificates, the trust anchor included', () => {
    for (const shortest of [0, 1, 2]) {
      const begin = (index: number): number => (index === shortest ? 10 : 1000);
      const end = (index: number): number => (index === shortest ? 20 : 2000);
      const verdict = find(
        [dated(root, root, begin(0), end(0)), dated(a, root, begin(1), end(1))],
        dated(client, a, begin(2), end(2)),
      ) as CertificationPath;
      assert.equal(verdict.outcome, 'valid');
      assert.deepEqual([verdict.validFrom, verdict.validUntil], [pathNow - 10_000, pathNow + 20_001]);
    }
    const anchor = dated(root, root, 10, 20);
    const below = dated(client, root, 1000, 2000);
    const verdict = find([anchor], below, { profile: 'rfc5280' }) as CertificationPath;
    assert.deepEqual([verdict.validFrom, verdict.validUntil], [below.notBefore, below.notAfter + 1]);
  });

  it('includes both ends', () => {
    const path = [dated(root, root, 1000, 1000), dated(a, root, 1000, 1000)] as const;
    const target = dated(client, a, 10, 20);
    for (const [seconds, expected] of [
      [-10.001, 'path_certificate_not_yet_valid'],
      [-10, 'valid'],
      [20, 'valid'],
      [20.001, 'path_certificate_expired'],
      [Number.NaN, 'path_certificate_not_yet_valid'],
    ] as const)
      assert.equal(judge([...path], target, { now: pathNow + seconds * 1000 }), expected, String(seconds));
  });
});
