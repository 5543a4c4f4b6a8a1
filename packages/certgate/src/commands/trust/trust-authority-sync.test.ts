import assert from 'node:assert/strict';
import { once } from 'node:events';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, renameSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { isKeyKindKnown } from '@certgate/x509/test-support/certificates.js';
import { createTemporaryFolder, makeOpensslPair, runOpenssl } from '../../certificates/test-support/openssl.js';
import {
  describeKey,
  jwtKey,
  type MadeAuthority,
  makeSpiffeRoot,
  rootExtensions,
  writeBundle,
} from '../../trust/spiffe-bundle/test-support/made-bundle.js';
import type { ChangeLogEntry } from '../../trust/administration/change-log.js';
import { line, TrustStage } from './test-support/trust-stage.js';

describe('certgate trust authority sync', () => {
  const files = createTemporaryFolder();
  let stage: TrustStage;
  let roots: readonly MadeAuthority[];

  before(() => {
    roots = ['a', 'b', 'c'].map((name) => makeSpiffeRoot(files, name));
  });
  beforeEach(async () => {
    stage = new TrustStage();
    await stage.expect('init', '--reason', 'first');
  });
  afterEach(() => {
    stage.remove();
  });
  after(() => {
    files.remove();
  });

  const root = (name: 'a' | 'b' | 'c'): MadeAuthority => roots['abc'.indexOf(name)]!;
  const bundle = (sequence: number | null, ...names: readonly ('a' | 'b' | 'c')[]): string =>
    files.file(
      'bundle.json',
      writeBundle(
        names.map((name) => describeKey(root(name))),
        sequence,
      ),
    );
  const sync = (file: string, ...more: readonly string[]): readonly string[] =>
    ['authority', 'sync', 'spire', '--spiffe-bundle', file, '--trust-domain', 'corp.example', '--reason', 'scheduled', ...more]; // prettier-ignore
  const listAnchors = (): readonly string[] =>
    (stage.read().authorities ?? []).flatMap(({ trustAnchors }) =>
      trustAnchors.map(
        (pem) => 'abc'[roots.findIndex(({ certificate }) => readFileSync(certificate, 'utf8') === pem)] ?? '?',
      ),
    );
  const readLog = (): readonly ChangeLogEntry[] =>
    readFileSync(`${stage.path}.log.jsonl`, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ChangeLogEntry);

  /** Makes the certificate of a workload, issued by one of the roots. */
  function makeSvid(issuer: MadeAuthority, uri: string): string {
    const file = files.file('svid.pem');
    runOpenssl([
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=workload', '-days', '2',
      '-CA', issuer.certificate, '-CAkey', issuer.key, '-keyout', files.file('svid.key'), '-out', file,
      '-addext', 'basicConstraints=critical,CA:FALSE', '-addext', 'keyUsage=critical,digitalSignature',
      '-addext', 'extendedKeyUsage=serverAuth,clientAuth', '-addext', `subjectAltName=URI:${uri}`,
    ]); // prettier-ignore
    return file;
  }

  it('adds the authority, follows the bundle, and writes nothing if nothing changes', async () => {
    const said = await stage.expect(...sync(bundle(1, 'a')));
    assert.match(said, /The authority "spire" is new, with "CN=a,O=corp\.example"/);
    assert.match(
      said,
      /sequence number 1\.\n.*every 2419200 s\.\nIt admits nobody until .*--uri spiffe:\/\/corp\.example\/PATH/,
    );
    assert.deepEqual(stage.read().authorities, [
      {
        name: 'spire',
        trustAnchors: [readFileSync(root('a').certificate, 'utf8')],
        spiffeTrustDomains: ['corp.example'],
      },
    ]);
    // A new sequence number with the same keys is not a change.
    assert.match(await stage.expect(...sync(bundle(2, 'a'))), /^Nothing to change: the document \(revision 2\)/);
    const rotated = await stage.expect(...sync(bundle(3, 'b', 'a')));
    assert.match(rotated, /The authority "spire" has the trust anchor "CN=b,O=corp\.example"/);
    assert.deepEqual(listAnchors(), ['a', 'b']);
    assert.match(await stage.expect(...sync(bundle(4, 'b'))), /no longer has the trust anchor "CN=a/);
    assert.deepEqual(listAnchors(), ['b']);
    assert.equal(stage.read().revision, 4);
    const sequences = readLog().map(({ verb, spiffeBundle }) => [verb, spiffeBundle?.sequence]);
    const synced = ['1', '3', '4'].map((sequence) => ['authority sync', sequence]);
    assert.deepEqual(sequences, [['init', undefined], ...synced]);
    assert.match(await stage.expect('log'), /4 {2}.*authority sync/);
  });

  it('says who is concerned, ignores unknown keys, and warns of keys that are left out', async () => {
    await stage.expect(...sync(bundle(1, 'a')));
    await stage.expect(...line`add billing --issued-by spire --uri spiffe://corp.example/billing --reason x`);
    const weak = makeSpiffeRoot(files, 'weak', { newKey: ['-newkey', 'rsa:1024'] });
    const keys = [describeKey(root('b')), describeKey(weak), jwtKey, { kty: 'EC', use: 'later' }];
    const { exitCode, stdout, stderr } = await stage.run(
      ...sync(files.file('mixed.json', writeBundle(keys, 2)), '--json'),
    );
    assert.equal(exitCode, 0, stderr);
    assert.match(stderr, /^warning Left out: "CN=weak,O=corp\.example" \(.*path_key_too_weak/);
    const answer = JSON.parse(stdout) as Record<string, unknown> & { changes: { effect: string; sentence: string }[] };
    assert.deepEqual(
      answer.changes.map(
        ({ effect, sentence }) =>
          `${effect} ${/no longer|has/.exec(sentence)?.[0] ?? ''} ${/"billing"/.exec(sentence)?.[0] ?? ''}`,
      ),
      ['gains has "billing"', 'loses no longer "billing"'],
    );
    const described = answer['bundle'] as Record<string, unknown>;
    assert.deepEqual([described['sequence'], described['ignored']], ['2', { jwtSvid: 1, unknown: 1 }]);
  });

  it('refuses a lower number, no number, or a lost log, until the operator accepts exactly this number', async () => {
    await stage.expect(...sync(bundle(5, 'a', 'b')));
    await stage.refuse(/sequence number 4, and an earlier one had 5.*--accept-sequence 4/, ...sync(bundle(4, 'a')));
    await stage.refuse(/4, and an earlier one had 5/, ...sync(bundle(4, 'a', 'b')));
    await stage.refuse(/4, and an earlier one had 5/, ...sync(bundle(4, 'a'), '--dry-run'));
    await stage.refuse(/5, as an earlier one with other keys had.*--accept-sequence 5/, ...sync(bundle(5, 'a', 'c')));
    assert.match(await stage.expect(...sync(bundle(5, 'b', 'a'))), /^Nothing to change/);
    await stage.refuse(/none, or a whole number from 0/, ...sync(bundle(4, 'a'), '--accept-sequence', '05'));
    await stage.expect(...sync(bundle(4, 'a'), '--accept-sequence', '4'));
    renameSync(`${stage.path}.log.jsonl`, `${stage.path}.away`);
    assert.match(await stage.expect(...sync(bundle(5, 'a'))), /^Nothing to change/);
    assert.ok(!existsSync(`${stage.path}.log.jsonl`));
    await stage.refuse(/log of changes has none of an earlier bundle.*--accept-sequence 6/, ...sync(bundle(6, 'c')));
    await stage.expect(...sync(bundle(null, 'c'), '--accept-sequence', 'none'));
    const { keysSha256, ...last } = readLog().at(-1)?.spiffeBundle ?? {};
    assert.match(keysSha256 ?? '', /^[0-9A-F]{64}$/);
    assert.deepEqual(last, { trustDomain: 'corp.example', sequence: null, isAccepted: true });
  });

  it('works in turns with authority add and remove', async () => {
    await stage.expect(...sync(bundle(1, 'a', 'b')));
    const add = ['authority', 'add', 'spire', '--to-existing', '--reason', 'by hand'];
    await stage.expect(...add, '--trust-anchor', root('c').certificate, '--crl', 'file:spire.crl');
    assert.deepEqual(listAnchors(), ['a', 'b', 'c']);
    // Only the bundle decides which trust anchors there are. Everything else of the authority stays.
    await stage.expect(...sync(bundle(1, 'a', 'b')));
    assert.deepEqual(listAnchors(), ['a', 'b']);
    assert.deepEqual(stage.read().authorities?.[0]?.revocation, { crls: ['file:spire.crl'] });
    const { fingerprint256 } = new X509Certificate(readFileSync(root('a').certificate));
    await stage.expect('authority', 'remove', 'spire', '--thumbprint-sha256', fingerprint256, '--reason', 'by hand');
    await stage.expect(...sync(bundle(1, 'a', 'b')));
    assert.deepEqual(listAnchors(), ['b', 'a']);
    // A certificate that was an intermediate before becomes a trust anchor.
    await stage.expect(...add, '--intermediate', root('c').certificate);
    await stage.expect(...sync(bundle(2, 'c')));
    assert.deepEqual([listAnchors(), stage.read().authorities?.[0]?.intermediates], [['c'], undefined]);
    await stage.expect('authority', 'remove', 'spire', '--reason', 'closed');
    await stage.refuse(/1, and an earlier one had 2/, ...sync(bundle(1, 'a')));
    await stage.expect(...sync(bundle(2, 'c')));
    assert.deepEqual(listAnchors(), ['c']);
  });

  it('keeps trust domains and authorities apart', async () => {
    const anchor = ['--trust-anchor', root('a').certificate, '--reason', 'x'];
    await stage.expect('authority', 'add', 'corp', ...anchor);
    await stage.refuse(/"corp" signs for no trust domain.*--to-existing --spiffe-trust-domain corp\.example/, 'authority', 'sync', 'corp', '--spiffe-bundle', bundle(1, 'b'), '--trust-domain', 'corp.example', '--reason', 'x'); // prettier-ignore
    await stage.refuse(/has the key of a certificate of the authority "corp"/, ...sync(bundle(1, 'a', 'b')));
    // The same key under another name, as an intermediate of the other authority.
    const renewed = files.file('renamed.pem');
    runOpenssl([
      'req', '-x509', '-key', root('b').key, '-subj', '/CN=renamed', '-days', '30', '-out', renewed,
      ...rootExtensions.flatMap((each) => ['-addext', each]),
    ]); // prettier-ignore
    await stage.expect('authority', 'add', 'corp', '--to-existing', '--intermediate', renewed, '--reason', 'x');
    await stage.refuse(/has the key of a certificate of the authority "corp"/, ...sync(bundle(1, 'b')));
    const domains = ['corp.example', 'more.example'].flatMap((each) => ['--spiffe-trust-domain', each]);
    await stage.expect(
      'authority',
      'add',
      'wide',
      '--trust-anchor',
      root('c').certificate,
      ...domains,
      '--reason',
      'x',
    );
    const d = files.file('d.json', writeBundle([describeKey(makeSpiffeRoot(files, 'd'))]));
    const syncOther = (name: string, domain: string): readonly string[] =>
      line`authority sync ${name} --spiffe-bundle ${bundle(1, 'c')} --trust-domain ${domain} --reason x`;
    await stage.refuse(/the trust domain corp\.example/, ...sync(d));
    await stage.refuse(/"wide" signs for more\.example too/, ...syncOther('wide', 'corp.example'));
    await stage.refuse(/not for spiffe:\/\/other\.example/, ...syncOther('x', 'other.example'));
    for (const domain of ['spiffe://corp.example', 'Corp.example', ''])
      await stage.refuse(/is not a SPIFFE trust domain/, ...syncOther('x', domain));
  });

  it(
    'works next to an authority whose key this Node.js may not know',
    { skip: !isKeyKindKnown('ml-dsa-44') },
    async () => {
      const modern = makeSpiffeRoot(files, 'modern', { newKey: ['-newkey', 'ml-dsa-44'], extensions: rootExtensions });
      await stage.expect('authority', 'add', 'modern', '--trust-anchor', modern.certificate, '--reason', 'x');
      await stage.expect(...sync(bundle(1, 'a')));
      assert.equal(stage.read().authorities?.length, 2);
    },
  );

  it('lets the gate admit only names of the trust domain', async () => {
    await stage.expect(...sync(bundle(1, 'a')));
    const id = 'spiffe://corp.example/billing';
    const foreign = 'spiffe://other.example/billing';
    const add = line`add billing --issued-by spire --reason x`;
    await stage.refuse(/other\.example is not among the spiffeTrustDomains/, ...add, '--uri', foreign);
    await stage.expect(...add, '--uri', id);
    const explain = async (issuer: MadeAuthority, uri: string): Promise<string> => {
      const svid = makeSvid(issuer, uri);
      const { stdout, stderr } = await stage.run('explain', '--certificate', svid, '--function', 'F', '--json');
      assert.ok(stdout.startsWith('{'), stderr);
      const { outcome, code } = JSON.parse(stdout) as { outcome: string; code: string | null };
      return code ?? outcome;
    };
    assert.equal(await explain(root('a'), id), 'allowed');
    assert.equal(await explain(root('a'), foreign), 'certificate_not_trusted');
    await stage.expect(...sync(bundle(2, 'b')));
    assert.equal(await explain(root('a'), id), 'certificate_not_trusted');
    assert.equal(await explain(root('b'), id), 'allowed');
  });

  it('signs as every change does, and writes nothing in a dry run', async () => {
    const key = files.file('sign.key');
    runOpenssl(['genpkey', '-algorithm', 'ed25519', '-out', key]);
    const before = readFileSync(stage.path, 'utf8');
    assert.match(await stage.expect(...sync(bundle(1, 'a'), '--dry-run')), /Not done, because of --dry-run/);
    assert.equal(readFileSync(stage.path, 'utf8'), before);
    assert.equal(readLog().length, 1);
    await stage.expect('sign', '--signing-key', key, '--reason', 'x');
    await stage.refuse(/The document is signed/, ...sync(bundle(1, 'a')));
    await stage.expect(...sync(bundle(1, 'a'), '--signing-key', key));
    assert.equal(await stage.verify(runOpenssl(['pkey', '-in', key, '-pubout'])), 'fits');
  });

  it('removes nothing for an empty bundle', async () => {
    await stage.expect(...sync(bundle(1, 'a')));
    const empty = files.file('empty.json', writeBundle([], 2));
    await stage.refuse(/never removes the last trust anchor.*trust deny/, ...sync(empty));
    await stage.refuse(/never removes the last trust anchor/, ...sync(empty, '--accept-sequence', '2'));
    await stage.refuse(/no file/, ...sync('missing.json'));
  });

  describe('from a bundle endpoint', () => {
    let server: Server;
    let url: string;
    let listener: RequestListener;
    let ca: string;

    before(async () => {
      ca = files.file('server.crt');
      runOpenssl([
        'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', files.file('server.key'),
        '-out', ca, '-days', '2', '-subj', '/CN=server', '-addext', 'subjectAltName=DNS:localhost',
      ]); // prettier-ignore
      const [key, cert] = ['server.key', 'server.crt'].map((name) => readFileSync(files.file(name)));
      server = createServer({ key, cert }, (request, response) => {
        listener(request, response);
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      url = `https://localhost:${(server.address() as AddressInfo).port}/bundle.json?key=secret`;
    });
    after(() => {
      server.close();
    });

    async function fail(words: RegExp, place: string, ...more: readonly string[]): Promise<void> {
      const { exitCode, stderr } = await stage.run(...sync(place, ...more));
      assert.equal(exitCode, 1, stderr);
      assert.match(stderr.replaceAll(/\s+/g, ' '), words);
      assert.doesNotMatch(stderr, /secret/);
      assert.equal(stage.read().revision, 1);
    }

    it('reads it only if the server proves its name', async () => {
      const text = readFileSync(bundle(1, 'a'), 'utf8');
      let requests = 0;
      listener = (_request, response) => {
        requests += 1;
        response.end(text);
      };
      await fail(/can't be reached: self-signed certificate.*--cacert/, url);
      await fail(
        /can't be reached: Hostname\/IP does not match/,
        url.replace('localhost', '127.0.0.1'),
        '--cacert',
        ca,
      );
      await fail(/can't be reached/, url, '--cacert', makeOpensslPair(files, 'other').certificate);
      assert.equal(requests, 0);
      const plain = url.replace('https:', 'http:');
      for (const place of [plain, 'ftp://localhost/b', 'https://', url.replace('localhost', 'me:pw@localhost')]) {
        await stage.refuse(/from a file or from an https: URL|has a user name or a password/, ...sync(place));
      }
      await stage.refuse(/--cacert is for the server of a URL/, ...sync(bundle(1, 'a'), '--cacert', ca));
      assert.match(await stage.expect(...sync(url, '--cacert', ca)), /The authority "spire" is new/);
      assert.equal(requests, 1);
    });

    it('follows no redirect, and accepts only a whole bundle of limited size', async () => {
      const answers: readonly (readonly [RequestListener, RegExp])[] = [
        [
          (_, response) => response.writeHead(302, { location: '/other' }).end(),
          /answered 302, a redirect, which is not followed/,
        ],
        [
          (_, response) => response.writeHead(404).end('{}'),
          /answered 404, not with a bundle\. Nothing was written\.\s*$/,
        ],
        [(_, response) => response.end(Buffer.alloc(1_048_577, 0x20)), /bundle at .* can't be read: .*1048576/],
        [(_, response) => response.writeHead(200, { 'content-length': 9 }).end('{}'), /can't be read|can't be reached/],
        [(_, response) => response.destroy(), /can't be reached/],
      ];
      for (const [answer, words] of answers) {
        listener = answer;
        await fail(words, url, '--cacert', ca);
      }
      listener = (_, response) => response.end('<html>');
      await stage.refuse(
        /bundle of corp\.example in https:\/\/localhost:\d+\/bundle\.json.* is not valid JSON/,
        ...sync(url, '--cacert', ca),
      );
    });
  });
});
