import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { GeneralName } from '../certificate/general-name.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import {
  address,
  directory,
  dns,
  exclude,
  isAdmitted,
  mail,
  named,
  oid,
  permit,
  subjectOf,
  under,
  underRead,
  unread,
  uri,
} from '../test-support/constrained-names.js';
import { authorityExtensions, isVerifiedByOpenssl, issueCertificate } from '../test-support/issued-certificates.js';
import {
  type NameConstraintState,
  findFaultOfGeneralName,
  findNameFault,
  type NameFault,
  unconstrainedNames,
} from './name-constraints.js';
import { PathBudget, defaultPathLimits } from './path-budget.js';
import { describeNameConstraintFault } from './name-constraint-sentence.js';

describe('certificates made by openssl, compared with openssl verify', () => {
  const good = ['C = US', 'O = Good'];
  const sections = ['[permitted]', ...good, '[good]', ...good, 'CN = a', '[bad]', 'C = US', 'O = Bad'];
  /** Constraints, alternative names, whether they are permitted, and `true` if openssl permits what is refused here. */
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

describe('names in the subject', () => {
  const emailAddress = '1.2.840.113549.1.9.1';
  const commonName = '2.5.4.3';
  test('a subject is a directory name, unless it is empty', () => {
    assert.ok(isAdmitted(under(permit(directory('x'))), subjectOf(commonName, 'a')));
    assert.ok(!isAdmitted(under(permit(directory('y'))), subjectOf(commonName, 'a')));
    assert.ok(!isAdmitted(under(exclude(directory())), subjectOf(commonName, 'a')));
    assert.ok(isAdmitted(under(permit(directory('y'))), named(dns('a.example'))));
  });
  test('its mailbox is subject to constraints on mailboxes, even if it has another mailbox', () => {
    const state = under(permit(mail('example.com')));
    assert.ok(isAdmitted(state, subjectOf(emailAddress, 'a@example.com')));
    assert.ok(!isAdmitted(state, subjectOf(emailAddress, 'a@example.org')));
    assert.ok(!isAdmitted(state, subjectOf(emailAddress, 'a@e\u{445}ample.com')));
    const withBoth = { ...subjectOf(emailAddress, 'a@example.org'), subjectAlternativeNames: [mail('a@example.com')] };
    assert.ok(!isAdmitted(state, withBoth));
  });
  test('its common name is a host only if the option asks for it and the text reads as a host', () => {
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

describe('a name that cannot be compared is refused if, and only if, its form is constrained', () => {
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
  test('every name of a form with an unprocessable constraint is refused', () => {
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
  test('an internationalized mailbox is treated as a mailbox', () => {
    const mailbox = unread('otherName', ...Buffer.from('a01006082b06010505070809a0040c0261', 'hex'));
    assert.ok(isAdmitted(under(permit(dns('example.com'))), named(mailbox)));
    assert.ok(!isAdmitted(under(permit(mail('example.com'))), named(mailbox)));
    assert.ok(isAdmitted(under(permit(mail('example.com'))), named(unread('otherName', 1))));
  });
  test('a host never contains a letter that folds to another', () => {
    assert.ok(!isAdmitted(under(permit(dns('k.example'))), named(dns('\u{212a}.example'))));
  });
});

test('a registered identifier is permitted only itself, and excluded with all identifiers below it', () => {
  assert.ok(isAdmitted(under(permit(oid('1.2.3'))), named(oid('1.2.3'))));
  assert.ok(!isAdmitted(under(permit(oid('1.2.3'))), named(oid('1.2.3.4'))));
  assert.ok(!isAdmitted(under(permit(oid('1.2.3'))), named(oid('1.2'))));
  assert.ok(isAdmitted(under(exclude(oid('1.2.3'))), named(oid('1.2.30'))));
});

test('an empty base contains every host', () => {
  assert.ok(isAdmitted(under(permit(dns(''))), named(dns('a.example'))));
  assert.ok(!isAdmitted(under(exclude(dns(''))), named(dns('a.example'))));
});

test('the sentence shows the name, escaped and shortened', () => {
  const { subject } = subjectOf('2.5.4.3', '');
  const certificate = { ...named(), subject, subjectText: `CN=\n${'a'.repeat(5000)}` };
  const fault = findNameFault(under(exclude(directory('x'))), certificate, new PathBudget());
  assert.ok(fault?.outcome === 'refused');
  const words = describeNameConstraintFault(fault.fault, certificate);
  assert.match(words, /^the subject "CN=\\u\{a\}a+…" is excluded by an issuer's name constraints$/);
  assert.ok(words.length < 400);
});

describe('several constraints', () => {
  test('of several CAs apply together, in any order', () => {
    const [wide, narrow] = [permit(dns('example.com')), exclude(dns('a.example.com'))];
    for (const state of [under(wide, narrow), under(narrow, wide)]) {
      assert.ok(isAdmitted(state, named(dns('b.example.com'))));
      assert.ok(!isAdmitted(state, named(dns('a.example.com'))));
      assert.ok(!isAdmitted(state, named(dns('a.example.org'))));
    }
  });
  test('apply only to names of their own form', () => {
    const [host, box] = [dns('a.example'), mail('b.example')];
    const net = address(10, 0, 0, 0, 255, 0, 0, 0);
    const state = under(permit(host, box, net));
    for (const name of [host, mail('u@b.example'), address(10, 1, 2, 3)]) assert.ok(isAdmitted(state, named(name)));
    for (const name of [dns('b.example'), mail('u@a.example'), address(11, 1, 2, 3)])
      assert.ok(!isAdmitted(state, named(name)));
    const without = under(exclude(host, box, net));
    for (const name of [dns('b.example'), mail('u@a.example'), address(11, 1, 2, 3)])
      assert.ok(isAdmitted(without, named(name)));
  });
  test('refuse all names of the form if one of them cannot be processed', () => {
    const [good, broken] = [dns('b.example'), dns('a..example')];
    for (const bases of [
      [broken, good],
      [good, broken],
      [good, good, broken],
    ]) {
      assert.ok(!isAdmitted(under(exclude(...bases)), named(dns('c.example'))));
      assert.ok(!isAdmitted(under(permit(...bases)), named(good)));
    }
  });
});

describe('the sentence about a name', () => {
  const describeRefusal = (fault: NameFault | undefined): string =>
    fault?.outcome === 'refused' ? describeNameConstraintFault(fault.fault) : '';
  const detailOf = (name: GeneralName, base: GeneralName): string =>
    describeRefusal(findFaultOfGeneralName(under(exclude(base)), name, new PathBudget()));
  const excluded = "is excluded by an issuer's name constraints";
  for (const [name, base, expected] of [
    [dns('a.example'), dns('example'), `the dNSName "a.example" ${excluded}`],
    [mail('u@a.example'), mail('a.example'), `the rfc822Name "u@a.example" ${excluded}`],
    [address(10, 0, 0, 1), address(10, 0, 0, 0, 255, 0, 0, 0), `the iPAddress 0a000001 ${excluded}`],
    [oid('1.2.3'), oid('1.2'), `the registeredID 1.2.3 ${excluded}`],
    [directory('c', 'x'), directory('c'), `the directoryName "c/x" ${excluded}`],
    [
      unread('otherName', 1),
      unread('otherName', 2),
      "an alternative name of the form otherName can't be compared with the issuers' name constraints",
    ],
    [mail('a'), mail('a.example'), 'the rfc822Name "a" can\'t be compared with the issuers\' name constraints'],
    [
      dns('a.example'),
      dns('b..example'),
      'the dNSName "a.example" falls under a name constraint of "CN=issuer" that can\'t be processed: the dNSName "b..example"',
    ],
  ] as const) {
    test(expected, () => {
      assert.equal(detailOf(name, base), expected);
      const fault = findNameFault(under(exclude(base)), named(name), new PathBudget());
      assert.equal(describeRefusal(fault), expected);
    });
  }
  test('has at most 200 characters of the name', () => {
    for (const [count, shown] of [
      [200, 'a'.repeat(200)],
      [201, `${'a'.repeat(200)}…`],
    ] as const)
      assert.ok(detailOf(mail('a'.repeat(count)), mail('b')).startsWith(`the rfc822Name "${shown}" can't`));
  });
  test('comes with a remedy if a base has a leading dot', () => {
    const detail = detailOf(dns('a.example'), dns('.b.example'));
    assert.match(
      detail,
      /: the dNSName "\.b\.example"\. RFC 5280 .* let the CA write "b\.example", or, if the names beneath b\.ex/,
    );
    assert.ok(!isAdmitted(underRead('refuse', exclude(dns('.b.example'))), named(dns('c.example'))));
    assert.ok(isAdmitted(underRead('subdomains-only', exclude(dns('.b.example'))), named(dns('c.example'))));
  });
  test("names the subject's mailbox or common name", () => {
    const options = { commonNamesAsHosts: true };
    for (const [type, value, state, expected] of [
      [
        '1.2.840.113549.1.9.1',
        'u@b.example',
        under(exclude(mail('b.example'))),
        `the subject's emailAddress "u@b.example"`,
      ],
      ['2.5.4.3', 'a.b.example', under(exclude(dns('b.example'))), `the subject's common name "a.b.example"`],
    ] as const) {
      const fault = findNameFault(state, subjectOf(type, value), new PathBudget(), options);
      assert.equal(describeRefusal(fault), `${expected} ${excluded}`);
    }
    // No other attribute is a host, nor is a name with a star that is not its first label.
    const state = under(permit(dns('b.example')));
    for (const subject of [subjectOf('2.5.4.11', 'a.c.example'), subjectOf('2.5.4.3', 'a*.c.example')])
      assert.equal(findNameFault(state, subject, new PathBudget(), options), undefined);
  });
});

describe('the cost of name constraints', () => {
  const costOf = (state: NameConstraintState, certificate: PathCertificate): number => {
    for (let comparisons = 0; ; comparisons += 1) {
      const fault = findNameFault(state, certificate, new PathBudget({ ...defaultPathLimits, comparisons }));
      if (fault?.outcome !== 'exhausted') return comparisons;
    }
  };
  test('is one for each name, and three for each of its parts and each CA that constrains its form', () => {
    const hosts = permit(dns('example.com'));
    assert.equal(costOf(unconstrainedNames, named(dns('a.example.com'))), 0);
    assert.equal(costOf(under(hosts), named(mail('a'), mail('b'), oid('1.2'))), 3);
    assert.equal(costOf(under(hosts), named(dns('a.example.com'))), 1 + 3 * (3 + 1));
    assert.equal(costOf(under(hosts, hosts), named(dns('a.example.com'), mail('a'))), 1 + 2 * 3 * (3 + 1) + 1);
    assert.equal(costOf(under(hosts), subjectOf('2.5.4.3', 'a')), 1);
  });
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
    test(`${what}: ten thousand bases cost no more than one`, () => {
      const state = under(permit(...bases), { permitted: [...bases], excluded: [...bases].slice(100) });
      const budget = new PathBudget({ ...defaultPathLimits, comparisons: 300 });
      assert.equal(findNameFault(state, named(name), budget), undefined);
    });
  }
  test('ten thousand names under ten times ten thousand bases end within the budget', () => {
    const [, bases] = forms[0]!;
    const state = under(...Array.from({ length: 10 }, () => permit(...bases)));
    const certificate = named(...many((index) => dns(`a.n${index}.example.com`)));
    assert.deepEqual(findNameFault(state, certificate, new PathBudget()), { outcome: 'exhausted' });
  });
  test('a fault that is found before the budget ends is reported', () => {
    const budget = new PathBudget({ ...defaultPathLimits, comparisons: 0 });
    assert.deepEqual(findNameFault(under(exclude(dns('a'))), named(dns('a')), budget), { outcome: 'exhausted' });
    assert.equal(findNameFault(unconstrainedNames, named(dns('a')), budget), undefined);
  });
});
