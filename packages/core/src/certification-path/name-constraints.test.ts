import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { GeneralName } from '../general-name.js';
import { authorityExtensions, isVerifiedByOpenssl, issueCertificate } from '../test-support/issued-certificates.js';
import { type NameConstraintState, constrainNames, findNameFault, unconstrainedNames } from './name-constraints.js';
import type { NameConstraints } from './name-constraints-extension.js';
import { PathBudget, defaultPathLimits } from './path-budget.js';
import type { PathCertificate } from './path-certificate.js';

const dns = (text: string): GeneralName => ({ form: 'dNSName', text });
const mail = (text: string): GeneralName => ({ form: 'rfc822Name', text });
const uri = (text: string): GeneralName => ({ form: 'uniformResourceIdentifier', text });
const address = (...octets: number[]): GeneralName => ({ form: 'iPAddress', octets: Uint8Array.from(octets) });
const oid = (objectIdentifier: string): GeneralName => ({ form: 'registeredID', objectIdentifier });
const directory = (...relativeNames: string[]): GeneralName => ({
  form: 'directoryName',
  name: { relativeNames, key: relativeNames.join('/') },
});
const unread = (form: 'otherName' | 'x400Address' | 'ediPartyName', ...octets: number[]): GeneralName => ({
  form,
  encoded: Uint8Array.from(octets),
});

const nameless = {
  subject: { relativeNames: [], key: '' },
  subjectName: [],
  subjectText: '',
  subjectAlternativeNames: undefined,
};
const named = (...subjectAlternativeNames: GeneralName[]): PathCertificate =>
  ({ ...nameless, subjectAlternativeNames }) as unknown as PathCertificate;
const subjectOf = (type: string, value: string): PathCertificate =>
  ({
    ...nameless,
    subject: { relativeNames: ['x'], key: 'x' },
    subjectName: [[{ type, value }]],
    subjectText: value,
  }) as unknown as PathCertificate;

const permit = (...permitted: GeneralName[]): NameConstraints => ({ permitted, excluded: [] });
const exclude = (...excluded: GeneralName[]): NameConstraints => ({ permitted: undefined, excluded });
const under = (...constraints: NameConstraints[]): NameConstraintState =>
  constraints.reduce(constrainNames, unconstrainedNames);
const isAdmitted = (state: NameConstraintState, certificate: PathCertificate): boolean =>
  findNameFault(state, certificate, new PathBudget()) === undefined;

describe('certificates made by openssl, and what openssl verify says of them', () => {
  const good = ['C = US', 'O = Good'];
  const sections = ['[permitted]', ...good, '[good]', ...good, 'CN = a', '[bad]', 'C = US', 'O = Bad'];
  /** Constraints, alternative names, admitted; a last element where openssl admits what is refused here. */
  const rows: readonly (readonly [string, string, boolean, true?])[] = [
    ['permitted;DNS:example.com', 'DNS:example.com', true],
    ['permitted;DNS:example.com', 'DNS:A.Example.COM', true],
    ['permitted;DNS:EXAMPLE.com', 'DNS:a.b.example.com', true],
    ['permitted;DNS:example.com', 'DNS:badexample.com', false],
    ['permitted;DNS:example.com', 'DNS:example.com.evil.com', false],
    ['permitted;DNS:example.com', 'DNS:com', false],
    ['permitted;DNS:example.com', 'DNS:a.example.com,DNS:a.example.org', false],
    ['permitted;DNS:example.com,permitted;DNS:example.org', 'DNS:a.example.com,DNS:a.example.org', true],
    ['permitted;DNS:example.com,excluded;DNS:b.example.com', 'DNS:a.example.com', true],
    ['permitted;DNS:example.com,excluded;DNS:b.example.com', 'DNS:a.b.example.com', false],
    ['permitted;DNS:example.com', 'DNS:*.example.com', true],
    ['permitted;DNS:a.example.com', 'DNS:*.example.com', false],
    ['excluded;DNS:a.example.com', 'DNS:*.example.com', false, true],
    ['permitted;DNS:.example.com', 'DNS:a.example.com', false, true],
    ['permitted;DNS:example.com', 'DNS:a..example.com', false, true],
    ['permitted;DNS:example.com', 'email:a@example.org', true],
    ['permitted;email:example.com', 'email:a@EXAMPLE.com', true],
    ['permitted;email:example.com', 'email:a@b.example.com', false],
    ['permitted;email:.example.com', 'email:a@b.example.com', true],
    ['permitted;email:.example.com', 'email:a@example.com', false],
    ['permitted;email:a@example.com', 'email:a@Example.com', true],
    ['permitted;email:a@example.com', 'email:A@example.com', false],
    ['permitted;email:a@example.com', 'email:b@example.com', false],
    ['excluded;email:a@example.com', 'email:b@example.com', true],
    ['excluded;email:a@example.com', 'email:A@example.com', false, true],
    ['permitted;URI:example.com', 'URI:https://example.com/a', true],
    ['permitted;URI:example.com', 'URI:spiffe://EXAMPLE.com/a', true],
    ['permitted;URI:example.com', 'URI:https://a.example.com', false],
    ['permitted;URI:.example.com', 'URI:https://a.example.com:444/', true],
    ['permitted;URI:.example.com', 'URI:https://example.com/', false],
    ['permitted;URI:example.com', 'URI:urn:example.com', false],
    ['permitted;URI:example.com', 'URI:https://10.0.0.1/', false],
    ['excluded;URI:example.com', 'URI:https://example.org/', true],
    ['excluded;URI:example.com', 'URI:https://example.com/', false],
    ['excluded;URI:example.com', 'URI:https://10.0.0.1/', false, true],
    ['permitted;IP:10.0.0.0/255.0.0.0', 'IP:10.1.2.3', true],
    ['permitted;IP:10.0.0.0/255.0.0.0', 'IP:11.1.2.3', false],
    ['permitted;IP:10.0.0.0/255.0.0.0', 'IP:2001:db8::1', false],
    ['permitted;IP:10.9.9.9/255.0.0.0', 'IP:10.1.2.3', true],
    ['excluded;IP:10.0.0.0/255.0.0.0', 'IP:10.1.2.3', false],
    ['excluded;IP:10.0.0.0/255.0.0.0', 'IP:2001:db8::1', true],
    ['permitted;IP:10.0.0.0/255.0.255.0', 'IP:10.1.0.3', false, true],
    ['permitted;IP:2001:db8::/ffff:ffff::', 'IP:2001:db8:1::1', true],
    ['permitted;IP:2001:db8::/ffff:ffff::', 'IP:2001:db9:1::1', false],
    ['excluded;IP:0.0.0.0/0.0.0.0', 'IP:1.2.3.4', false],
    ['permitted;dirName:permitted', 'dirName:good', true],
    ['permitted;dirName:permitted', 'dirName:bad', false],
    ['excluded;dirName:permitted', 'dirName:good', false],
    ['excluded;dirName:permitted', 'dirName:bad', true],
    ['excluded;RID:1.2.3', 'DNS:example.com', true],
    ['excluded;RID:1.2.3', 'RID:1.2.3', false],
    ['excluded;RID:1.2.3', 'RID:1.2.3.4', false],
    ['excluded;otherName:1.2.3;UTF8:a', 'otherName:1.2.3;UTF8:b', false],
    ['excluded;otherName:1.2.3;UTF8:a', 'DNS:example.com', true],
  ];
  for (const [constraints, names, isGood, isOpennessOfOpenssl] of rows) {
    test(`${constraints}: ${names}`, () => {
      const root = issueCertificate({
        name: ['CN = root'],
        extensions: [...authorityExtensions, `nameConstraints = critical, ${constraints}`],
        sections,
      });
      const extensions = ['basicConstraints = CA:FALSE', `subjectAltName = ${names}`];
      const name = constraints.startsWith('permitted;dirName') ? good : ['C = US'];
      const target = issueCertificate({ name, extensions, sections }, root);
      const state = under(root.certificate.nameConstraints!);
      assert.equal(isAdmitted(state, target.certificate), isGood);
      const expected = isOpennessOfOpenssl === true || isGood;
      assert.equal(isVerifiedByOpenssl([root, target]), expected, 'openssl');
    });
  }
});

describe('what the subject says', () => {
  const emailAddress = '1.2.840.113549.1.9.1';
  const commonName = '2.5.4.3';
  test('is a directory name, unless it is empty', () => {
    assert.ok(isAdmitted(under(permit(directory('x'))), subjectOf(commonName, 'a')));
    assert.ok(!isAdmitted(under(permit(directory('y'))), subjectOf(commonName, 'a')));
    assert.ok(!isAdmitted(under(exclude(directory())), subjectOf(commonName, 'a')));
    assert.ok(isAdmitted(under(permit(directory('y'))), named(dns('a.example'))));
  });
  test('its mailbox is held to the constraints on mailboxes, also beside another', () => {
    const state = under(permit(mail('example.com')));
    assert.ok(isAdmitted(state, subjectOf(emailAddress, 'a@example.com')));
    assert.ok(!isAdmitted(state, subjectOf(emailAddress, 'a@example.org')));
    assert.ok(!isAdmitted(state, subjectOf(emailAddress, 'a@e\u{445}ample.com')));
    const beside = { ...subjectOf(emailAddress, 'a@example.org'), subjectAlternativeNames: [mail('a@example.com')] };
    assert.ok(!isAdmitted(state, beside));
  });
  test('its common name is a host only where that is asked for and it reads as one', () => {
    const state = under(permit(dns('example.com')));
    const fault = (value: string) =>
      findNameFault(state, subjectOf(commonName, value), new PathBudget(), { commonNamesAsHosts: true });
    assert.ok(isAdmitted(state, subjectOf(commonName, 'a.example.org')));
    for (const value of ['a.example.com', 'billing', 'Jane Doe', '*.example.com', '10.0.0.1']) {
      assert.equal(fault(value), undefined, value);
    }
    for (const value of ['a.example.org', 'A.EXAMPLE.ORG', '*.example.org']) {
      assert.equal(fault(value)?.outcome, 'refused', value);
    }
  });
});

describe('what can not be compared is refused where its form is constrained, and there alone', () => {
  const bases = {
    dNSName: exclude(dns('other.example')),
    rfc822Name: exclude(mail('other.example')),
    uniformResourceIdentifier: exclude(uri('other.example')),
  };
  const malformed: readonly GeneralName[] = [
    ...['', '.', '.a.example', 'a.example.', 'a..example', 'a b.example', '*', 'a.*.example', 'a*.example'].map(dns),
    ...['-a.example', '10.0.0.1', 'a.0x1', `${'a'.repeat(64)}.example`, 'a.'.repeat(127) + 'aa'].map(dns),
    ...['', 'a', '@a.example', 'a@', 'a@b@c.example', '"a"@b.example', 'a@[10.0.0.1]', 'a@*.example'].map(mail),
    ...['', 'urn:a', 'https:a.example', 'https:///a', 'https://10.0.0.1', 'https://[::1]/', '//a.example'].map(uri),
    ...['https://a@b@c.example', 'https://a.example\\@b.example', 'https://a%2eexample', 'https://a.example:x'].map(
      uri,
    ),
  ];
  for (const name of malformed) {
    test(`${name.form} "${'text' in name ? name.text : ''}"`, () => {
      const state = bases[name.form as keyof typeof bases];
      assert.ok(!isAdmitted(under(state), named(name)));
      const elsewhere = Object.entries(bases).filter(([form]) => form !== name.form);
      assert.ok(isAdmitted(under(...elsewhere.map(([, each]) => each)), named(name)));
    });
  }
  test('so is every name of a form with a constraint that can not be processed', () => {
    const unprocessable: readonly (readonly [GeneralName, GeneralName])[] = [
      ...['.a.example', '*.a.example', 'a..example', 'a.example.'].map((text) => [dns(text), dns('b.org')] as const),
      ...['', '.', 'a@b@c.example', '@a.example'].map((text) => [mail(text), mail('a@b.org')] as const),
      ...['', '.', 'https://a.example', '10.0.0.1'].map((text) => [uri(text), uri('https://b.org')] as const),
      [address(10, 0, 0, 0, 255, 0, 255, 0), address(1, 2, 3, 4)],
      [address(10, 0, 0, 1), address(1, 2, 3, 4)],
      [unread('otherName', 1), unread('otherName', 2)],
      [unread('x400Address', 1), unread('x400Address', 2)],
      [unread('ediPartyName', 1), unread('ediPartyName', 2)],
    ];
    for (const [base, name] of unprocessable) {
      assert.ok(!isAdmitted(under(exclude(base)), named(name)), JSON.stringify(base));
      assert.ok(!isAdmitted(under({ permitted: [base, name], excluded: [] }), named(name)), JSON.stringify(base));
      assert.ok(isAdmitted(under(exclude(base)), named(oid('1.2.3'))));
    }
  });
  test('an internationalized mailbox counts as a mailbox', () => {
    const mailbox = unread('otherName', ...Buffer.from('a01006082b06010505070809a0040c0261', 'hex'));
    assert.ok(isAdmitted(under(permit(dns('example.com'))), named(mailbox)));
    assert.ok(!isAdmitted(under(permit(mail('example.com'))), named(mailbox)));
    assert.ok(isAdmitted(under(permit(mail('example.com'))), named(unread('otherName', 1))));
  });
  test('a letter that folds to another is none of a host', () => {
    assert.ok(!isAdmitted(under(permit(dns('k.example'))), named(dns('\u{212a}.example'))));
  });
});

test('a registered identifier: permitted alone, excluded with what is beneath it', () => {
  assert.ok(isAdmitted(under(permit(oid('1.2.3'))), named(oid('1.2.3'))));
  assert.ok(!isAdmitted(under(permit(oid('1.2.3'))), named(oid('1.2.3.4'))));
  assert.ok(!isAdmitted(under(permit(oid('1.2.3'))), named(oid('1.2'))));
  assert.ok(isAdmitted(under(exclude(oid('1.2.3'))), named(oid('1.2.30'))));
});

test('an empty base holds every host', () => {
  assert.ok(isAdmitted(under(permit(dns(''))), named(dns('a.example'))));
  assert.ok(!isAdmitted(under(exclude(dns(''))), named(dns('a.example'))));
});

test('the detail names the name, escaped and cut', () => {
  const { subject } = subjectOf('2.5.4.3', '');
  const certificate = { ...named(), subject, subjectText: `CN=\n${'a'.repeat(5000)}` };
  const fault = findNameFault(under(exclude(directory('x'))), certificate, new PathBudget());
  assert.ok(fault?.outcome === 'refused');
  assert.match(fault.detail, /^the subject "CN=\\u\{a\}a+…" is excluded by an issuer's name constraints$/);
  assert.ok(fault.detail.length < 400);
});

describe('laws', () => {
  const label = fc.constantFrom('a', 'b', 'com');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const local = fc.constantFrom('x', 'X', 'y');
  const octet = fc.constantFrom(0, 1, 128, 255);
  const octets = (length: number) => fc.array(octet, { minLength: length, maxLength: length });
  const prefix = fc.nat(32).map((length) => [0, 8, 16, 24].map((from) => maskOctet(length - from)));
  const path = fc.array(label, { maxLength: 3 });
  const name: fc.Arbitrary<GeneralName> = fc.oneof(
    host.map(dns),
    host.map((text) => dns(`*.${text}`)),
    fc.tuple(local, host).map(([before, after]) => mail(`${before}@${after}`)),
    host.map((text) => uri(`https://${text}/`)),
    octets(4).map((each) => address(...each)),
    path.map((parts) => directory(...parts)),
    path.map((parts) => oid(['1', ...parts.map((part) => part.length)].join('.'))),
    fc.string().map(dns),
    fc.string().map(mail),
    fc.string().map(uri),
    fc.constant(unread('otherName', 1)),
  );
  const base: fc.Arbitrary<GeneralName> = fc.oneof(
    host.map(dns),
    fc.tuple(local, host).map(([before, after]) => mail(`${before}@${after}`)),
    host.map(mail),
    host.map((text) => mail(`.${text}`)),
    host.map(uri),
    host.map((text) => uri(`.${text}`)),
    fc.tuple(octets(4), prefix).map(([each, mask]) => address(...each, ...mask)),
    path.map((parts) => directory(...parts)),
    path.map((parts) => oid(['1', ...parts.map((part) => part.length)].join('.'))),
  );
  const constraints: fc.Arbitrary<NameConstraints> = fc.record({
    permitted: fc.option(fc.array(base, { maxLength: 6 }), { nil: undefined }),
    excluded: fc.array(base, { maxLength: 2 }),
  });
  const names = fc.array(name, { minLength: 1, maxLength: 3 });

  test('a further constraint never admits more, and their order is all the same', () => {
    let admitted = 0;
    fc.assert(
      fc.property(fc.array(constraints, { maxLength: 2 }), constraints, names, (given, further, alternativeNames) => {
        const certificate = named(...alternativeNames);
        const alone = [under(...given), under(further)].every((state) => isAdmitted(state, certificate));
        assert.equal(isAdmitted(under(...given, further), certificate), alone);
        assert.equal(isAdmitted(under(further, ...given), certificate), alone);
        if (alone) admitted += 1;
      }),
      { numRuns: 3000 },
    );
    assert.ok(admitted > 100);
  });
  test('more permitted bases never refuse more, more excluded ones never admit more', () => {
    fc.assert(
      fc.property(fc.array(base, { minLength: 1 }), base, names, (bases, further, alternativeNames) => {
        const certificate = named(...alternativeNames);
        const known = bases.filter(({ form }) => form === further.form);
        if (known.length > 0 && isAdmitted(under(permit(...bases)), certificate)) {
          assert.ok(isAdmitted(under(permit(...bases, further)), certificate));
        }
        if (isAdmitted(under(exclude(...bases, further)), certificate)) {
          assert.ok(isAdmitted(under(exclude(...bases)), certificate));
        }
      }),
    );
  });
  test('what is excluded is refused, whatever is permitted', () => {
    fc.assert(
      fc.property(fc.array(base), base, names, (permitted, excluded, alternativeNames) => {
        const certificate = named(...alternativeNames);
        if (isAdmitted(under(exclude(excluded)), certificate)) return;
        assert.ok(!isAdmitted(under({ permitted, excluded: [excluded] }), certificate));
        assert.ok(!isAdmitted(under(permit(...permitted), exclude(excluded)), certificate));
      }),
    );
  });
  test('permitting and excluding the same base are opposites for a name that can be compared, local parts aside', () => {
    const isComparable = ({ form }: GeneralName): boolean => form !== 'registeredID' && form !== 'rfc822Name';
    fc.assert(
      fc.property(base.filter(isComparable), base.filter(isComparable), (subtree, other) => {
        if (subtree.form !== other.form || 'octets' in other) return;
        const one =
          'text' in other && other.form === 'uniformResourceIdentifier' ? uri(`https://${other.text}`) : other;
        if ('text' in other && other.text.startsWith('.')) return;
        assert.notEqual(
          isAdmitted(under(permit(subtree)), named(one)),
          isAdmitted(under(exclude(subtree)), named(one)),
        );
      }),
    );
  });
  test('the case of hosts is all the same', () => {
    const shout = (each: GeneralName): GeneralName =>
      'text' in each ? { ...each, text: each.text.replace(/(^|@)[^@]*$/, (found) => found.toUpperCase()) } : each;
    const asList = (each: NameConstraints): NameConstraints => ({
      permitted: each.permitted?.map(shout),
      excluded: each.excluded.map(shout),
    });
    fc.assert(
      fc.property(constraints, fc.array(name.filter(isPlain)), (given, alternativeNames) => {
        const expected = isAdmitted(under(given), named(...alternativeNames));
        assert.equal(isAdmitted(under(asList(given)), named(...alternativeNames)), expected);
        assert.equal(isAdmitted(under(given), named(...alternativeNames.map(shout))), expected);
      }),
    );
  });
  test('a comparison of texts, and one of masked octets, say the same', () => {
    fc.assert(
      fc.property(host, host, octets(4), octets(4), prefix, (subject, subtree, octetsOfName, network, mask) => {
        const isWithin = subject === subtree || subject.endsWith(`.${subtree}`);
        assert.equal(isAdmitted(under(permit(dns(subtree))), named(dns(subject))), isWithin);
        assert.equal(isAdmitted(under(exclude(dns(subtree))), named(dns(subject))), !isWithin);
        const isInside = mask.every((bits, index) => ((octetsOfName[index]! ^ network[index]!) & bits) === 0);
        const bases = address(...network, ...mask);
        assert.equal(isAdmitted(under(permit(bases)), named(address(...octetsOfName))), isInside);
        assert.equal(isAdmitted(under(exclude(bases)), named(address(...octetsOfName))), !isInside);
      }),
    );
  });
});

describe('what it costs', () => {
  const count = 10_000;
  const many = (of: (index: number) => GeneralName): readonly GeneralName[] =>
    Array.from({ length: count }, (_, index) => of(index));
  const forms: readonly [string, readonly GeneralName[], GeneralName][] = [
    ['hosts', many((index) => dns(`n${index}.example.com`)), dns('a.n77.example.com')],
    ['mailboxes', many((index) => mail(`n${index}@example.com`)), mail('n77@example.com')],
    ['URIs', many((index) => uri(`.n${index}.example.com`)), uri('https://a.n77.example.com')],
    ['directories', many((index) => directory('c', `n${index}`)), directory('c', 'n77', 'x')],
    ['addresses', many((index) => address(10, index >> 8, index & 255, 0, 255, 255, 255, 0)), address(10, 0, 77, 9)],
  ];
  for (const [what, bases, name] of forms) {
    test(`${what}: ten thousand bases are no dearer than one`, () => {
      const state = under(permit(...bases), { permitted: [...bases], excluded: [...bases].slice(100) });
      const budget = new PathBudget({ ...defaultPathLimits, comparisons: 300 });
      assert.equal(findNameFault(state, named(name), budget), undefined);
    });
  }
  test('ten thousand names under ten thousand bases ten times over end within the budget', () => {
    const [, bases] = forms[0]!;
    const state = under(...Array.from({ length: 10 }, () => permit(...bases)));
    const certificate = named(...many((index) => dns(`a.n${index}.example.com`)));
    assert.deepEqual(findNameFault(state, certificate, new PathBudget()), { outcome: 'exhausted' });
  });
  test('a fault that is found in time is told, budget or not', () => {
    const budget = new PathBudget({ ...defaultPathLimits, comparisons: 0 });
    assert.deepEqual(findNameFault(under(exclude(dns('a'))), named(dns('a')), budget), { outcome: 'exhausted' });
    assert.equal(findNameFault(unconstrainedNames, named(dns('a')), budget), undefined);
  });
});

function maskOctet(bits: number): number {
  const length = Math.min(Math.max(bits, 0), 8);
  return (0xff << (8 - length)) & 0xff;
}

/** Not made of random characters, which change more than their case. */
function isPlain(name: GeneralName): boolean {
  return !('text' in name) || /^[\w.@*:/]+$/.test(name.text);
}
