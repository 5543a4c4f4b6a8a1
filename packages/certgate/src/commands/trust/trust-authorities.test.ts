import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { createTemporaryFolder, makeOpensslPair, runOpenssl } from '../../certificates/test-support/openssl.js';
import { TrustStage } from './test-support/trust-stage.js';

// Authorities, names and the deny list, by the real command line, each step on what the one before left.
describe('certgate trust, with authorities', () => {
  const stage = new TrustStage();
  const files = createTemporaryFolder();
  const makeAuthority = (name: string, ...more: readonly string[]): string => {
    const path = files.file(`${name}.pem`);
    const key = files.file(`${name}.key.pem`);
    runOpenssl(['genpkey', '-algorithm', 'ed25519', '-out', key]);
    runOpenssl([
      'req', '-x509', '-key', key, '-subj', `/CN=${name}`, '-days', '3650', '-out', path,
      '-addext', 'keyUsage=critical,keyCertSign,cRLSign', ...more,
    ]); // prettier-ignore
    return path;
  };
  let root: string;
  let issuing: string;
  let leaf: string;

  before(async () => {
    root = makeAuthority('Corp Root');
    issuing = makeAuthority('Corp Issuing');
    leaf = makeOpensslPair(files, 'leaf').certificate;
    await stage.expect('init', '--reason', 'first');
  });
  after(() => {
    stage.remove();
    files.remove();
  });

  const refuse = (words: RegExp, ...args: readonly string[]): Promise<void> =>
    stage.refuse(words, ...args, '--reason', 'x');

  it('authority add takes DER too, and raises the version to what suffices', async () => {
    const der = files.file('root.der');
    runOpenssl(['x509', '-in', root, '-outform', 'der', '-out', der]);
    const settings = ['--crl', 'file:corp.crl', '--scope', 'end-entity', '--spiffe-trust-domain', 'corp.example'];
    const said = await stage.expect(
      'authority', 'add', 'corp', '--trust-anchor', der, '--intermediate', issuing, ...settings, '--reason', 'our own',
    ); // prettier-ignore
    assert.match(said, /The authority "corp" is new, with "CN=Corp Root"/);
    const { authorities } = stage.read();
    assert.deepEqual(authorities, [
      {
        name: 'corp',
        trustAnchors: [readFileSync(root, 'utf8')],
        intermediates: [readFileSync(issuing, 'utf8')],
        spiffeTrustDomains: ['corp.example'],
        revocation: { scope: 'end-entity', crls: ['file:corp.crl'] },
      },
    ]);
  });

  it('authority add refuses what signs nothing, a name twice, and nothing at all', async () => {
    await refuse(/authorities\[1\].*not a CA certificate/, 'authority', 'add', 'other', '--trust-anchor', leaf);
    await refuse(
      /There is already an authority "corp".*--to-existing/,
      'authority',
      'add',
      'CORP',
      '--trust-anchor',
      root,
    );
    await refuse(/needs at least one trust anchor/, 'authority', 'add', 'other', '--revocation', 'off');
    await refuse(/one authority, one name/, 'authority', 'add', 'other', '--trust-anchor', root);
  });

  it('authority add --to-existing keeps what is there, once', async () => {
    const renewed = makeAuthority('Corp Root 2030');
    await stage.expect(
      'authority', 'add', 'Corp', '--to-existing', '--trust-anchor', renewed, '--trust-anchor', root,
      '--ocsp', 'http://ocsp.corp.example/', '--grace-seconds', '60', '--revocation', 'when-available', '--reason', 'renewed',
    ); // prettier-ignore
    const [authority] = stage.read().authorities ?? [];
    assert.equal(authority?.trustAnchors.length, 2);
    assert.deepEqual(authority.revocation, {
      mode: 'when-available',
      scope: 'end-entity',
      crls: ['file:corp.crl'],
      ocsp: 'http://ocsp.corp.example/',
      graceSeconds: 60,
    });
  });

  it('authority add warns of a DNS constraint with a leading dot, until it is said how to read it', async () => {
    const dotted = makeAuthority('Dotted CA', '-addext', 'nameConstraints=critical,permitted;DNS:.corp.example');
    const add = ['authority', 'add', 'dotted'];
    const said = await stage.expect(...add, '--trust-anchor', dotted, '--reason', 'x');
    assert.match(said, /Warning: The CA certificate "CN=Dotted CA".*constraint "\.corp\.example".*subdomains-only/);
    assert.match(said, /To set it: .*--dns-constraints-with-leading-dot subdomains-only/);
    const more = [...add, '--to-existing', '--ocsp', 'http://ocsp.corp.example/', '--json', '--reason', 'x'];
    const { warnings } = JSON.parse(await stage.expect(...more)) as { warnings: readonly string[] };
    assert.equal(warnings.length, 1);
    const read = [...add, '--to-existing', '--dns-constraints-with-leading-dot', 'subdomains-only', '--reason', 'x'];
    const changed = await stage.expect(...read);
    assert.doesNotMatch(changed, /Warning/);
    assert.match(changed, /reads a DNS name constraint with a leading dot as "subdomains only"/);
    const list = await stage.expect(...add, '--to-existing', '--crl', 'file:.certgate/dotted.crl', '--reason', 'x');
    assert.match(list, /Warning: .*\.certgate/);
    assert.doesNotMatch(list, /To set it/);
    assert.equal(stage.read().authorities?.at(-1)?.dnsConstraintsWithLeadingDot, 'subdomains-only');
    assert.match(await stage.expect('authority', 'list'), /dotted: .*leading dot: subdomains-only/);
    await stage.expect('authority', 'remove', 'dotted', '--reason', 'x');
  });

  it('authority add takes minimum CRL numbers by issuer, with mode required alone', async (context) => {
    const own = new TrustStage();
    context.after(() => {
      own.remove();
    });
    await own.expect('init', '--reason', 'first');
    await own.expect('authority', 'add', 'corp', '--trust-anchor', root, '--intermediate', issuing, '--crl', 'file:corp.crl', '--reason', 'x'); // prettier-ignore
    const minimum = (text: string, ...more: readonly string[]): readonly string[] =>
      ['authority', 'add', 'corp', '--to-existing', '--minimum-crl-number', text, '--reason', 'an old list', ...more]; // prettier-ignore
    for (const [words, args] of [
      [/needs an explicit "mode": "required"/, minimum('CN=Corp Root=12')],
      [/takes ISSUER=NUMBER/, minimum('12', '--revocation', 'required')],
      [
        /no certificate of the authority has this subject; there are CN=/,
        minimum('CN=X=1', '--revocation', 'required'),
      ],
    ] as const) {
      await own.refuse(words, ...args);
    }
    const said = await own.expect(...minimum('CN=Corp Root=12', '--revocation', 'required'));
    assert.match(said.replaceAll(/\s+/g, ' '), /by "CN=Corp Root" are accepted from number 12 on, no longer from any/);
    await own.expect(...minimum('CN=Corp Issuing=3'));
    const lower = await own.expect(...minimum('CN=Corp Root=11'));
    assert.match(lower.replaceAll(/\s+/g, ' '), /by "CN=Corp Root" are accepted from number 11 on, no longer from 12/);
    const numbers = [
      { issuer: 'CN=Corp Issuing', number: '3' },
      { issuer: 'CN=Corp Root', number: '11' },
    ];
    assert.deepEqual(own.read().authorities?.[0]?.revocation?.minimumCrlNumbers, numbers);
    const { stdout } = await own.run('authority', 'list', '--json');
    assert.ok(stdout.replaceAll(/\s/g, '').includes(JSON.stringify(numbers).replaceAll(' ', '')), stdout);
    const listed = await own.expect('authority', 'list');
    assert.match(
      listed,
      /, lists of "CN=Corp Issuing" from number 3 on, lists of "CN=Corp Root" from number 11 on; id/,
    );

    const none = await own.expect(...minimum('CN=Corp Issuing=none'));
    assert.match(
      none.replaceAll(/\s+/g, ' '),
      /by "CN=Corp Issuing" are accepted from number any on, no longer from 3/,
    );
    const absent = /no minimum CRL number for "CN=Corp Issuing".*one for "CN=Corp Root"/;
    await own.refuse(absent, ...minimum('CN=Corp Issuing=none'));
    await own.expect(...minimum('CN=Corp Root=none'));
    assert.ok(!('minimumCrlNumbers' in (own.read().authorities?.[0]?.revocation ?? {})));
    const words = ['--trust-anchor', root, '--minimum-crl-number', 'CN=Corp Root=none', '--reason', 'x'];
    await own.refuse(/--to-existing/, 'authority', 'add', 'new', ...words);
  });

  it('accept noRevAvail up to a lifetime, and switch it off again', async (context) => {
    const own = new TrustStage();
    context.after(() => {
      own.remove();
    });
    await own.expect('init', '--reason', 'first');
    await own.expect('authority', 'add', 'corp', '--trust-anchor', root, '--reason', 'x');
    const accept = (text: string, ...more: readonly string[]): readonly string[] =>
      ['authority', 'add', 'corp', '--to-existing', '--accept-no-rev-avail', text, '--reason', 'SVIDs', ...more]; // prettier-ignore
    for (const [words, args] of [
      [/needs an explicit "mode": "required" or "when-available"/, accept('3700')],
      [/none, or a whole number of seconds/, accept('2592001', '--revocation', 'required')],
      [/none, or a whole number of seconds/, accept('0', '--revocation', 'required')],
    ] as const) {
      await own.refuse(words, ...args);
    }
    const said = await own.expect(...accept('3700', '--revocation', 'required', '--scope', 'end-entity'));
    assert.match(said.replaceAll(/\s+/g, ' '), /need no revocation information up to a lifetime of 3700 seconds/);
    assert.match(await own.expect('authority', 'list'), /not needed with noRevAvail up to 3700 s of lifetime/);
    await own.expect('authority', 'add', 'corp', '--to-existing', '--crl', 'file:corp.crl', '--reason', 'x');
    const read = (): unknown => own.read().authorities?.[0]?.revocation?.noRevAvailMaximumLifetimeSeconds;
    assert.equal(read(), 3700);
    await own.expect(...accept('none'));
    assert.equal(read(), undefined);
  });

  it('add lets a name in, alone or beside a pin', async () => {
    const said = await stage.expect(
      'add', 'billing', '--issued-by', 'CORP', '--dns', '*.corp.example', '--role', 'orders.read', '--reason', 'invoices',
    ); // prettier-ignore
    assert.match(
      said,
      /\+ A certificate with dns \*\.corp\.example of the authority corp is now recognized as "billing"/,
    );
    await stage.expect(
      'add', 'billing', '--to-existing', '--issued-by', 'corp', '--uri', 'spiffe://corp.example/billing',
      '--public-key-sha256', 'A1'.repeat(32), '--reason', 'more',
    ); // prettier-ignore
    assert.deepEqual(stage.read().identities, [
      {
        name: 'billing',
        roles: ['orders.read'],
        reason: 'invoices',
        names: [
          { issuedBy: 'CORP', dns: '*.corp.example' },
          { issuedBy: 'corp', uri: 'spiffe://corp.example/billing' },
        ],
        pins: [{ publicKeySha256: 'A1'.repeat(32), issuedBy: 'corp' }],
      },
    ]);
  });

  it('add refuses a name without its authority, of nobody, of another, and a pattern', async () => {
    await refuse(/only under an authority/, 'add', 'x', '--dns', 'a.example');
    await refuse(/requires a name or a pin/, 'add', 'x', '--issued-by', 'corp');
    await refuse(/names no authority.*corp/, 'add', 'x', '--issued-by', 'nobody', '--dns', 'a.example');
    await refuse(/is already in the identity "billing"/, 'add', 'x', '--issued-by', 'corp', '--dns', '*.CORP.example');
    await refuse(/whole first label/, 'add', 'x', '--issued-by', 'corp', '--dns', 'a*.corp.example');
    await refuse(/spiffeTrustDomains/, 'add', 'x', '--issued-by', 'corp', '--uri', 'spiffe://else.example/a');
  });

  it('list, show and authority list say what is there', async () => {
    assert.match(await stage.expect('list'), /authorities: corp[\s\S]*billing/);
    const shown = await stage.expect('list', 'billing');
    assert.match(shown, /state +active/);
    assert.match(shown, /dns \*\.corp\.example, issued by corp/);
    assert.match(shown, /publicKeySha256 (?:A1)+ active issued by corp/);
    const listed = await stage.expect('authority', 'list');
    assert.match(listed, /trust anchor.*CN=Corp Root/);
    assert.match(
      listed,
      /when-available for the end-entity, from file:corp\.crl, OCSP http.*60 s grace period.*identities: 1/,
    );
    const { authorities } = JSON.parse(await stage.expect('authority', 'list', '--json')) as {
      authorities: { certificates: { role: string; notAfter: string }[]; identities: string[] }[];
    };
    assert.deepEqual(authorities[0]?.identities, ['billing']);
    assert.deepEqual(
      authorities[0].certificates.map(({ role }) => role),
      ['trust anchor', 'trust anchor', 'intermediate'],
    );
    for (const { notAfter } of authorities[0].certificates) assert.ok(Date.parse(notAfter) > Date.now());
  });

  it('deny and undeny, by serial number and by file; twice is once', async () => {
    const serial = ['--issued-by', 'corp', '--serial', '8f:01'];
    assert.match(
      await stage.expect('deny', ...serial, '--reason', 'laptop stolen'),
      /- The certificate with the serial/,
    );
    assert.match(await stage.expect('deny', ...serial, '--reason', 'again'), /Nothing to change/);
    await stage.expect('deny', leaf, '--reason', 'key lost');
    const print = runOpenssl(['x509', '-in', leaf, '-noout', '-fingerprint', '-sha256']);
    assert.deepEqual(stage.read().denied, [
      { issuedBy: 'corp', serialNumber: '8F01', reason: 'laptop stolen' },
      { thumbprintSha256: print.split('=')[1]?.trim().replaceAll(':', ''), reason: 'key lost' },
    ]);
    assert.match(await stage.expect('list'), /certificates on the deny list: 2/);
    await stage.expect('undeny', '--issued-by', 'CORP', '--serial', '008F01', '--reason', 'found');
    await stage.expect('undeny', leaf, '--reason', 'found');
    assert.equal(stage.read().denied, undefined);
    await refuse(/doesn't contain/, 'undeny', leaf);
    await refuse(/No certificate is given/, 'deny', '--serial', '01');
    await refuse(/not both/, 'deny', leaf, ...serial);
    await refuse(/not a serial number/, 'deny', '--issued-by', 'corp', '--serial', 'xyz');
  });

  it('check tells of the end of what never arrives with a request', async () => {
    const { exitCode, stdout } = await stage.run('check', '--within', '4000d', '--json');
    assert.equal(exitCode, 1);
    const { findings } = JSON.parse(stdout) as { findings: { code: string; authorityName: string; endsAt: string }[] };
    assert.deepEqual(
      findings.map(({ code, authorityName }) => `${code} ${authorityName}`),
      Array.from({ length: 3 }, () => 'authority_certificate_ends_soon corp'),
    );
    const { exitCode: now, stdout: text } = await stage.run('check');
    assert.equal(now, 0, text);
    assert.match(text, /identities: 1, authorities: 1; errors: 0, warnings: 0/);
  });

  it('writers at the same time: what each adds is there', async () => {
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(
      names.map((name) =>
        stage.expect('add', name, '--issued-by', 'corp', '--common-name', name, '--reason', 'at once'),
      ),
    );
    const [, added] = await Promise.all([
      stage.expect('deny', '--issued-by', 'corp', '--serial', '01', '--reason', 'x'),
      stage.expect('authority', 'add', 'corp', '--to-existing', '--crl', 'file:.certgate/b.crl', '--reason', 'x'),
      stage.expect('remove', 'a', '--issued-by', 'corp', '--common-name', 'a', '--reason', 'x'),
    ]);
    assert.match(added, /^Warning: The authority "corp" reads a revocation list from file:\.certgate/m);
    const { identities, denied, authorities } = stage.read();
    const held = identities.map(({ name, names: trustNames = [] }) => `${name} ${trustNames.length}`).sort();
    assert.deepEqual(held, ['a 0', 'b 1', 'billing 2', 'c 1', 'd 1']);
    assert.equal(denied?.length, 1);
    assert.deepEqual(authorities?.[0]?.revocation?.crls, ['file:corp.crl', 'file:.certgate/b.crl']);
    assert.match(await stage.expect('log'), /authority add/);
  });

  it('remove: a name, a certificate, and an authority that nothing refers to', async () => {
    await refuse(
      /doesn't have the name dns x\.example of corp/,
      'remove',
      'b',
      '--issued-by',
      'corp',
      '--dns',
      'x.example',
    );
    await refuse(/still used by "billing", ("[bcd]", ){3}the denied serial number/, 'authority', 'remove', 'corp');
    const print = runOpenssl(['x509', '-in', issuing, '-noout', '-fingerprint', '-sha256']);
    const digits = print.split('=')[1]?.trim() ?? '';
    await stage.expect('authority', 'remove', 'corp', '--thumbprint-sha256', digits.slice(0, 12), '--reason', 'closed');
    assert.equal(stage.read().authorities?.[0]?.intermediates, undefined);
    await refuse(/no certificate whose thumbprint/, 'authority', 'remove', 'corp', '--thumbprint-sha256', digits);
    for (const name of ['a', 'b', 'c', 'd', 'billing']) await stage.expect('remove', name, '--reason', 'done');
    await stage.expect('undeny', '--issued-by', 'corp', '--serial', '01', '--reason', 'done');
    await stage.expect('authority', 'remove', 'corp', '--reason', 'done');
    assert.equal(stage.read().authorities, undefined);
  });
});
