import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import type { TrustDocumentRevocation } from '@certgate/core/internal';
import { writeOlderAuthority } from '@certgate/x509/test-support/older-authorities.js';
import { toPem } from '@certgate/x509/test-support/openssl.js';
import { newName } from '@certgate/x509/test-support/written-path.js';
import { createTemporaryFolder, makeOpensslPair, runOpenssl } from '../../certificates/test-support/openssl.js';
import { line, TrustStage } from './test-support/trust-stage.js';

// Authorities, names and the deny list. The tests run the real command line, and each continues with the document that
// the one before it left.
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

  it('authority add accepts DER too, and leaves the schema version at 1', async () => {
    const der = files.file('root.der');
    runOpenssl(['x509', '-in', root, '-outform', 'der', '-out', der]);
    const settings = ['--crl', 'file:corp.crl', '--scope', 'end-entity', '--spiffe-trust-domain', 'corp.example'];
    const said = await stage.expect(
      'authority', 'add', 'corp', '--trust-anchor', der, '--intermediate', issuing, ...settings, '--reason', 'our own',
    ); // prettier-ignore
    assert.match(said, /The authority "corp" is new, with "CN=Corp Root"/);
    const { authorities, schemaVersion } = stage.read();
    assert.equal(schemaVersion, 1);
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

  it('authority add refuses a certificate that signs nothing, a name that exists, and no certificate at all', async () => {
    await refuse(/authorities\[1\].*not a CA certificate/, ...line`authority add other --trust-anchor ${leaf}`);
    await refuse(/already an authority "corp".*--to-existing/, ...line`authority add CORP --trust-anchor ${root}`);
    await refuse(/needs at least one trust anchor/, ...line`authority add other --revocation off`);
    await refuse(/one authority, one name/, ...line`authority add other --trust-anchor ${root}`);
  });

  it('authority add --to-existing keeps what is there, and adds nothing twice', async () => {
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

  it('authority add warns of a DNS constraint with a leading dot, until an option says how to read it', async () => {
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
    assert.match(list, /Warning: .*\.certgate.*\n.*Warning: There is no file \.certgate\/dotted\.crl here/);
    assert.doesNotMatch(list, /To set it/);
    assert.equal(stage.read().authorities?.at(-1)?.dnsConstraintsWithLeadingDot, 'subdomains-only');
    assert.match(await stage.expect('authority', 'list'), /dotted: .*leading dot: subdomains-only/);
    await stage.expect('authority', 'remove', 'dotted', '--reason', 'x');
  });

  describe('authority add, with an authority for each test', () => {
    let own: TrustStage;
    beforeEach(async () => {
      own = new TrustStage();
      await own.expect(...line`init --reason first`);
      const files = line`--trust-anchor ${root} --intermediate ${issuing} --crl file:corp.crl`;
      await own.expect('authority', 'add', 'corp', ...files, '--reason', 'x');
    });
    afterEach(() => {
      own.remove();
    });
    const add = line`authority add corp --to-existing --reason x`;
    const change = async (...args: readonly string[]): Promise<string> =>
      (await own.expect(...add, ...args)).replaceAll(/\s+/g, ' ');
    const required = ['--revocation', 'required'];
    const readRevocation = (): TrustDocumentRevocation | undefined => own.read().authorities?.[0]?.revocation;

    it('takes minimum CRL numbers by issuer, only with the mode required', async () => {
      const minimum = (text: string): readonly string[] => ['--minimum-crl-number', text];
      await own.refuse(/needs an explicit "mode": "required"/, ...add, ...minimum('CN=Corp Root=12'));
      await own.refuse(/takes ISSUER=NUMBER/, ...add, ...minimum('12'), ...required);
      const stranger = /no certificate of the authority has this subject; there are CN=/;
      await own.refuse(stranger, ...add, ...minimum('CN=X=1'), ...required);
      const said = await change(...minimum('CN=Corp Root=12'), ...required);
      assert.match(said, /by "CN=Corp Root" are accepted from number 12 on, no longer from any/);
      await change(...minimum('CN=Corp Issuing=3'));
      const lower = await change(...minimum('CN=Corp Root=11'));
      assert.match(lower, /by "CN=Corp Root" are accepted from number 11 on, no longer from 12/);
      const numbers = [
        { issuer: 'CN=Corp Issuing', number: '3' },
        { issuer: 'CN=Corp Root', number: '11' },
      ];
      assert.deepEqual(readRevocation()?.minimumCrlNumbers, numbers);
      const json = await own.expect('authority', 'list', '--json');
      assert.ok(JSON.stringify(JSON.parse(json)).includes(JSON.stringify(numbers)), json);
      const listed = /lists of "CN=Corp Issuing" from number 3 on, lists of "CN=Corp Root" from number 11 on; id/;
      assert.match(await own.expect('authority', 'list'), listed);
      const none = await change(...minimum('CN=Corp Issuing=none'));
      assert.match(none, /by "CN=Corp Issuing" are accepted from number any on, no longer from 3/);
      const absent = /no minimum CRL number for "CN=Corp Issuing".*one for "CN=Corp Root"/;
      await own.refuse(absent, ...add, ...minimum('CN=Corp Issuing=none'));
      await change(...minimum('CN=Corp Root=none'));
      assert.ok(!('minimumCrlNumbers' in (readRevocation() ?? {})));
      const anew = line`authority add new --trust-anchor ${root} --reason x`;
      await own.refuse(/--to-existing/, ...anew, ...minimum('CN=Corp Root=none'));
    });

    it('accepts noRevAvail up to a lifetime, and switches it off again', async () => {
      const accept = (text: string): readonly string[] => ['--accept-no-rev-avail', text];
      await own.refuse(/needs an explicit "mode": "required" or "when-available"/, ...add, ...accept('3700'));
      for (const seconds of ['2592001', '0'])
        await own.refuse(/none, or a whole number of seconds/, ...add, ...accept(seconds), ...required);
      const said = await change(...accept('3700'), ...required, '--scope', 'end-entity');
      assert.match(said, /need no revocation information up to a lifetime of 3700 seconds/);
      assert.match(await own.expect('authority', 'list'), /not needed with noRevAvail up to 3700 s of lifetime/);
      await change('--crl', 'file:other.crl');
      const { noRevAvailMaximumLifetimeSeconds: seconds, crls } = readRevocation() ?? {};
      assert.deepEqual([seconds, crls], [3700, ['file:corp.crl', 'file:other.crl']]);
      await change(...accept('none'));
      assert.equal(readRevocation()?.noRevAvailMaximumLifetimeSeconds, undefined);
    });
  });

  it('add admits a name, with or without a pin', async () => {
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

  it('add refuses a name without an authority, of an unknown one, of another identity, and a pattern', async () => {
    await refuse(/only under an authority/, ...line`add x --dns a.example`);
    await refuse(/requires a name or a pin/, ...line`add x --issued-by corp`);
    await refuse(/names no authority.*corp/, ...line`add x --issued-by strange --dns a.example`);
    await refuse(/is already in the identity "billing"/, ...line`add x --issued-by corp --dns *.CORP.example`);
    await refuse(/whole first label/, ...line`add x --issued-by corp --dns a*.corp.example`);
    await refuse(/spiffeTrustDomains/, ...line`add x --issued-by corp --uri spiffe://else.example/a`);
  });

  it('authority list needs a document', async (context) => {
    const empty = new TrustStage();
    context.after(() => {
      empty.remove();
    });
    await empty.refuse(/There is no trust document/, 'authority', 'list');
  });

  it('list and authority list show what is there', async () => {
    assert.match(await stage.expect('list'), /authorities: corp[\s\S]*billing/);
    const shown = await stage.expect('list', 'billing');
    assert.match(shown, /state +active/);
    assert.match(shown, /dns \*\.corp\.example, issued by corp/);
    assert.match(shown, /publicKeySha256 (?:A1)+, active, issued by corp/);
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

  it('deny and undeny take a serial number or a file; denying twice changes nothing', async () => {
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

  it('deny takes any root that may be a trust anchor, in an older form too', async () => {
    const file = files.file('older.pem', toPem(writeOlderAuthority('all of these', newName('Old root'))));
    await stage.expect('deny', file, '--reason', 'stolen');
    const { fingerprint256 } = new X509Certificate(readFileSync(file));
    assert.deepEqual(stage.read().denied, [{ thumbprintSha256: fingerprint256.replaceAll(':', ''), reason: 'stolen' }]);
    await stage.expect('undeny', file, '--reason', 'found');
  });

  it('remove takes a name, a certificate, and an authority that nothing refers to', async () => {
    await stage.expect(...line`add b --issued-by corp --common-name b --reason x`);
    await stage.expect(...line`deny --issued-by corp --serial 01 --reason x`);
    await refuse(/doesn't have the name dns x\.example of corp/, ...line`remove b --issued-by corp --dns x.example`);
    await refuse(/still used by "billing", "b", the denied serial number/, ...line`authority remove corp`);
    await stage.expect(...line`remove b --issued-by corp --common-name b --reason x`);
    assert.deepEqual(stage.read().identities.at(-1), { name: 'b', roles: [], reason: 'x' });
    const print = runOpenssl(['x509', '-in', issuing, '-noout', '-fingerprint', '-sha256']);
    const digits = print.split('=')[1]?.trim() ?? '';
    await stage.expect('authority', 'remove', 'corp', '--thumbprint-sha256', digits.slice(0, 12), '--reason', 'closed');
    assert.equal(stage.read().authorities?.[0]?.intermediates, undefined);
    await refuse(/no certificate whose thumbprint/, 'authority', 'remove', 'corp', '--thumbprint-sha256', digits);
    for (const name of ['b', 'billing']) await stage.expect('remove', name, '--reason', 'done');
    await stage.expect('undeny', '--issued-by', 'corp', '--serial', '01', '--reason', 'done');
    await stage.expect('authority', 'remove', 'corp', '--reason', 'done');
    assert.equal(stage.read().authorities, undefined);
  });
});
