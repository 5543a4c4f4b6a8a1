import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { TrustedAuthority } from '../trust-snapshot/trust-snapshot.js';
import { toPem } from '../test-support/authority-certificates.js';
import { authorityOf, billing, getStage, issuedSnapshot } from '../test-support/authority-stage.js';
import {
  type CertificateWriting,
  writeCertificate,
  writeCrl,
} from '@certgate/x509/test-support/certificate-writing.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { extensions, generalNames } from '@certgate/x509/test-support/extension-writing.js';
import { newName } from '@certgate/x509/test-support/written-path.js';
import { type DocumentServer, startDocumentServer } from '../test-support/document-server.js';
import { newTemporaryPath } from '@certgate/x509/test-support/openssl.js';
import { ListSource, callerSerial } from '../test-support/revocation-stage.js';
import { settle } from '../test-support/scripted-source.js';
import { until } from '@certgate/x509/test-support/until.js';
import { issue, makeCrl } from '@certgate/x509/test-support/revocation.js';
import { CrlKeeper } from './crl-keeper.js';

const { root, issuing, impostor } = getStage();
const timeout = 5_000;
const hour = 3_600_000;
const empty = makeCrl({ authority: issuing, number: '01' });
const revoking = makeCrl({ authority: issuing, number: '02', revoked: [{ serialNumber: callerSerial }] });
const deltaOf = (base: string, number: string): Buffer =>
  makeCrl({ authority: issuing, number, extensions: [`2.5.29.27 = critical, DER:0201${base}`] });

function makeAuthority(revocation: object = {}, more: object = {}): TrustedAuthority {
  const [authority] = issuedSnapshot([billing], { authorities: [authorityOf({ revocation, ...more })] }).authorities;
  assert.ok(authority !== undefined);
  return authority;
}

const authority = makeAuthority();

interface Keeping {
  readonly keeper: CrlKeeper;
  readonly source: ListSource;
  readonly refresh: (at?: number) => Promise<void>;
  readonly numbers: () => readonly (bigint | undefined)[];
}

function keepFrom(content: ListSource['content'] = empty): Keeping {
  const source = new ListSource(content);
  const keeper = new CrlKeeper(new Map([['corp', [source]]]));
  return {
    keeper,
    source,
    refresh: (at = now + hour) => keeper.refresh([authority], timeout, at),
    numbers: () => keeper.list(authority).map(({ crlNumber }) => crlNumber),
  };
}

describe('a source in code', () => {
  test('gives its list in DER or in PEM, which is decoded again only after it changed', async () => {
    for (const content of [empty, Buffer.from(toPem(empty, 'X509 CRL'))]) {
      const { keeper, source, refresh, numbers } = keepFrom(content);
      source.version = 'v1';
      await refresh();
      assert.deepEqual([numbers(), keeper.version, keeper.findFault('corp')], [[1n], 1, undefined]);
      await refresh();
      assert.equal(source.reads.at(-1)?.lastVersion, 'v1');
      // The same bytes under another version are not new content.
      source.version = 'v2';
      await refresh();
      assert.equal(keeper.version, 1);
      source.content = revoking;
      source.version = 'v3';
      await refresh();
      assert.deepEqual([numbers(), keeper.version], [[2n], 2]);
    }
  });

  const fill = Buffer.alloc(33 * 1024 * 1024, 0x30);
  const strange: readonly (readonly [string, Buffer | Error, RegExp])[] = [
    ['an unreachable source', new Error('the host is gone'), /list: the host is gone/],
    ['nothing', Buffer.alloc(0), /not a CRL/],
    ['a truncated list', revoking.subarray(0, -10), /not a CRL/],
    ['a list with something behind it', Buffer.concat([revoking, Buffer.from([0])]), /not a CRL/],
    ['a page of HTML', Buffer.from('<html>log in</html>'), /not a CRL/],
    ['a huge list', Buffer.concat([Buffer.from('308402100000', 'hex'), fill]), /not a CRL/],
    ['a certificate', issuing.der, /not a CRL/],
    ['a certificate in PEM', Buffer.from(toPem(issuing.der)), /not a CRL/],
    [
      'a list of another CA',
      makeCrl({ authority: issue({ name: 'Other', key: 'p-521' }), number: '09' }),
      /not signed by a CA of the authority "corp"/,
    ],
    [
      'a list of another key under the name',
      makeCrl({ authority: impostor, number: '09', digest: 'null' }),
      /not signed by a CA/,
    ],
    [
      'a list of another name by the same key',
      makeCrl({ authority: issue({ name: 'Corp other CA' }), number: '09' }),
      /not signed by a CA/,
    ],
    [
      'a list with one octet changed',
      flip(makeCrl({ authority: issuing, number: '09' }), -1),
      /not signed by a CA|not a CRL/,
    ],
    [
      'a list signed with SHA-1',
      makeCrl({ authority: issuing, number: '09', digest: 'sha1' }),
      /signed with an algorithm that is not accepted \(ecdsa with sha1\)/,
    ],
    [
      'a list signed with an algorithm that is not supported',
      makeCrl({ authority: issue({ name: 'Corp issuing CA', key: 'ed448' }), number: '09', digest: 'null' }),
      /that is not accepted \(ed448\); let the authority sign/,
    ],
    ['a list of a lower number', empty, /older than the list in use/],
    [
      'an older list',
      makeCrl({ authority: issuing, number: '09', lastUpdate: '20261201000000Z' }),
      /older than the list in use/,
    ],
  ];
  for (const [what, content, fault] of strange) {
    test(`${what}: the last good list stays, and the fault is reported until it is over`, async () => {
      const { keeper, source, refresh, numbers } = keepFrom(revoking);
      await refresh();
      source.content = content;
      await refresh();
      // An older list is kept as well, and can only revoke.
      const extra = keeper.listRevoking(authority).length;
      assert.equal(extra, fault.source.startsWith('older') ? 1 : 0);
      assert.deepEqual([numbers(), keeper.version], [[2n], 1 + extra]);
      assert.match(keeper.findFault('corp') ?? '', fault);
      assert.match(keeper.findFault('CORP') ?? '', fault);
      assert.doesNotMatch(keeper.findFault('corp') ?? '', /[\p{C}]/u);
      source.content = revoking;
      await refresh();
      assert.deepEqual([keeper.findFault('corp'), keeper.findFault('corp')], [undefined, undefined]);
    });
  }

  test('cannot displace a list with a genuine list of the CA above', async () => {
    const { source, refresh, numbers } = keepFrom(revoking);
    await refresh();
    source.content = makeCrl({ authority: root, number: '63' });
    await refresh();
    assert.deepEqual(numbers(), [2n, 99n]);
  });

  test('delays no other source if it is slow, and is asked once', async () => {
    let answer: (content: Buffer) => void = () => undefined;
    const slow = new ListSource(new Promise<Buffer>((resolve) => (answer = resolve)), 'slow');
    const quick = new ListSource(empty, 'quick');
    const keeper = new CrlKeeper(new Map([['corp', [slow, quick]]]));
    const reads = [1, 2, 3].map(() => keeper.refresh([authority], timeout, now));
    await until(() => keeper.list(authority).length === 1);
    assert.equal(slow.reads.length, 1);
    answer(makeCrl({ authority: root }));
    await Promise.all(reads);
    assert.equal(keeper.list(authority).length, 2);
  });
});

test('a fault names the issuer of the list that its own source gave', async () => {
  const sources = [new ListSource(empty, 'one'), new ListSource(makeCrl({ authority: root }), 'two')];
  const keeper = new CrlKeeper(new Map([['corp', sources]]));
  await keeper.refresh([authority], timeout, now);
  for (const source of sources) source.content = new Error('the host is gone');
  await keeper.refresh([authority], timeout, now + hour);
  const fault = keeper.findFault('corp') ?? '';
  assert.match(fault, /one: the host is gone \(a CRL of "CN=Corp issuing CA"\)\./);
  assert.match(fault, /two: the host is gone \(a CRL of "CN=Corp root"\)\./);
});

test('a fault is reported while its source is read again, until the document leaves its authority out', async () => {
  const { keeper, source, refresh } = keepFrom(new Error('the host is gone'));
  await refresh(now);
  let answer: (content: Error) => void = () => undefined;
  source.content = new Promise<Buffer>((_, reject) => (answer = reject));
  const reading = refresh(now + hour);
  await until(() => source.reads.length === 2);
  assert.match(keeper.findFault('corp') ?? '', /the host is gone/);
  answer(new Error('the host is still gone'));
  await reading;
  assert.match(keeper.findFault('corp') ?? '', /the host is still gone/);
  await keeper.refresh([], timeout, now + hour);
  assert.equal(keeper.findFault('corp'), undefined);
});

test('a delta whose complete list is known waits for no other read, and replaces the previous delta', async () => {
  const [whole, changes] = [new ListSource(empty, 'whole'), new ListSource(deltaOf('01', '02'), 'changes')];
  const keeper = new CrlKeeper(new Map([['corp', [whole, changes]]]));
  const list = (): readonly (bigint | undefined)[] => keeper.list(authority).map(({ crlNumber }) => crlNumber);
  await keeper.refresh([authority], timeout, now);
  assert.deepEqual(list(), [1n, 2n]);
  let answer: (content: Buffer) => void = () => undefined;
  whole.content = new Promise<Buffer>((resolve) => (answer = resolve));
  changes.content = deltaOf('01', '03');
  // A long time limit, so that it is not what ends the wait.
  const reading = keeper.refresh([authority], 100 * timeout, now + hour);
  await until(() => list().includes(3n));
  assert.deepEqual(list(), [1n, 3n]);
  answer(empty);
  await reading;
});

test('a later refresh does not join a read, which may be from before the process froze, but is followed by one more read', async () => {
  let answer: (content: Buffer) => void = () => undefined;
  const source = new ListSource(new Promise<Buffer>((resolve) => (answer = resolve)));
  const keeper = new CrlKeeper(new Map([['corp', [source]]]));
  const reads = [0, 0, 1, 2, 3].map((later) => keeper.refresh([authority], timeout, now + later * hour));
  await until(() => source.reads.length === 1);
  source.content = revoking;
  answer(empty);
  await Promise.all(reads);
  assert.equal(source.reads.length, 2);
  assert.deepEqual(
    keeper.list(authority).map(({ crlNumber }) => crlNumber),
    [2n],
  );
});

test('a source is not read twice at once, even if a refresh comes while a read that waited is under way', async () => {
  const answers: ((content: Buffer) => void)[] = [];
  const wait = (): Promise<Buffer> => new Promise((resolve) => answers.push(resolve));
  const { source, refresh, numbers } = keepFrom(wait());
  const reads = [refresh(now), refresh(now + hour)];
  await until(() => source.reads.length === 1);
  source.content = wait();
  answers[0]?.(empty);
  await until(() => source.reads.length === 2);
  reads.push(refresh(now + 2 * hour));
  await settle();
  assert.equal(source.reads.length, 2);
  answers[1]?.(revoking);
  await Promise.all(reads);
  assert.deepEqual([source.reads.length, numbers()], [3, [2n]]);
});

describe('a list replaces the previous list', () => {
  const moment = now + 24 * hour;
  const subject = newName('Corp root');
  const forAuthority = extensions.basicConstraints(true);
  const signers: readonly (readonly [string, Partial<CertificateWriting>, boolean])[] = [
    ['at the first moment of its signer’s certificate', { notBefore: moment }, true],
    ['but not before that', { notBefore: moment + 1_000 }, false],
    ['at the last moment of its signer’s certificate', { notAfter: moment }, true],
    ['but not after that', { notAfter: moment - 1_000 }, false],
    ['where that certificate does not say what its key is for', { extensions: [forAuthority] }, true],
    [
      'but not where it says that its key signs no lists',
      { extensions: [forAuthority, extensions.keyUsage('keyCertSign')] },
      false,
    ],
  ];
  for (const [when, writing, isTaken] of signers) {
    test(when, async () => {
      const usages = [forAuthority, extensions.keyUsage('keyCertSign', 'cRLSign')];
      const signer = writeCertificate({ subject, extensions: usages, ...writing });
      const ofSigner = makeAuthority({}, { trustAnchors: [toPem(signer)], intermediates: [] });
      const source = new ListSource(writeCrl({ issuer: subject, crlNumber: 1 }));
      const keeper = new CrlKeeper(new Map([['corp', [source]]]));
      await keeper.refresh([ofSigner], timeout, moment);
      source.content = writeCrl({ issuer: subject, crlNumber: 2 });
      await keeper.refresh([ofSigner], timeout, moment);
      assert.deepEqual(
        keeper.list(ofSigner).map(({ crlNumber }) => crlNumber),
        [isTaken ? 2n : 1n],
      );
      assert.match(
        keeper.findFault('corp') ?? '',
        isTaken ? /^$/ : /no certificate of the key that signed it is valid now/,
      );
    });
  }
});

describe('an authority that changes its certificates under the same name', () => {
  const heir = issue({ name: 'Corp root', key: 'ed25519' });
  const ofHeir = makeCrl({ authority: heir, digest: 'null' });
  const renewed = makeAuthority({}, { anchors: [heir], intermediates: [] });

  test('does not use lists of the former certificates until these come back, and reads the new lists', async () => {
    const { keeper, source } = keepFrom(revoking);
    source.version = 'v1';
    await keeper.refresh([authority], timeout, now);
    assert.equal(keeper.list(renewed).length, 0);
    source.content = ofHeir;
    await keeper.refresh([renewed], timeout, now);
    assert.equal(keeper.list(renewed).length, 1);
    assert.equal(keeper.list(authority).length, 1);
  });
  test('checks a list that was being read with its new certificates', async () => {
    let answer: (content: Buffer) => void = () => undefined;
    const source = new ListSource(new Promise<Buffer>((resolve) => (answer = resolve)));
    const keeper = new CrlKeeper(new Map([['corp', [source]]]));
    const reads = [authority, renewed, renewed].map((each) => keeper.refresh([each], timeout, now));
    answer(ofHeir);
    await Promise.all(reads);
    assert.equal(keeper.list(renewed).length, 1);
    assert.equal(keeper.findFault('corp'), undefined);
    assert.equal(source.reads.length, 2);
  });
  test('misses no complete list for a delta of the former certificates any more', async () => {
    const { keeper, source, refresh } = keepFrom(deltaOf('05', '06'));
    await refresh();
    assert.match(keeper.findFault('corp') ?? '', /the complete list 5 is missing/);
    source.content = ofHeir;
    await keeper.refresh([renewed], timeout, now);
    assert.equal(keeper.findFault('corp'), undefined);
  });
  test('drops only lists of the former certificates if there is no room for another kind of list', async () => {
    const issuer = newName('Corp root');
    const anchor = writeCertificate({ subject: issuer, extensions: [extensions.basicConstraints(true)] });
    const former = makeAuthority({}, { trustAnchors: [toPem(anchor)], intermediates: [] });
    const source = new ListSource(empty);
    const keeper = new CrlKeeper(new Map([['corp', [source]]]));
    for (let kind = 0; kind < 17; kind += 1) {
      const point = extensions.issuingDistributionPoint([generalNames.uri(`http://crl.example/${kind}.crl`)]);
      source.content = writeCrl({ issuer, extensions: [point] });
      await keeper.refresh([former], timeout, now);
    }
    assert.equal(keeper.list(former).length, 16);
    assert.match(keeper.findFault('corp') ?? '', /already gave lists of 16 kinds/);
    source.content = ofHeir;
    await keeper.refresh([renewed], timeout, now);
    assert.deepEqual([keeper.list(former).length, keeper.list(renewed).length], [0, 1]);
  });
  test('uses the last of many documents that come during one read', async () => {
    let answer: (content: Buffer) => void = () => undefined;
    const source = new ListSource(new Promise<Buffer>((resolve) => (answer = resolve)));
    const keeper = new CrlKeeper(new Map([['corp', [source]]]));
    const documents = Array.from({ length: 20 }, () => makeAuthority());
    const reads = [...documents, renewed].map((each) => keeper.refresh([each], timeout, now));
    answer(ofHeir);
    await Promise.all(reads);
    assert.equal(keeper.list(renewed).length, 1);
    assert.equal(source.reads.length, 2);
  });
});

describe('a list in a file', () => {
  test('is loaded and replaced, and stays in use when the file goes or becomes a directory', async () => {
    const path = newTemporaryPath('.crl');
    const ofFile = makeAuthority({ crls: [`file:${path}`] });
    const keeper = new CrlKeeper();
    const read = async (): Promise<readonly (bigint | undefined)[]> => {
      await keeper.refresh([ofFile], timeout, now);
      return keeper.list(ofFile).map(({ crlNumber }) => crlNumber);
    };
    assert.deepEqual(await read(), []);
    assert.match(keeper.findFault('corp') ?? '', /^file .*ENOENT/);
    put(empty);
    assert.deepEqual(await read(), [1n]);
    put(Buffer.from(toPem(revoking, 'X509 CRL')));
    assert.deepEqual([await read(), keeper.findFault('corp')], [[2n], undefined]);
    rmSync(path);
    assert.deepEqual(await read(), [2n]);
    assert.ok(keeper.findFault('corp')?.startsWith(`file ${path}: `), keeper.findFault('corp'));
    assert.match(keeper.findFault('corp') ?? '', /ENOENT.* \(a CRL of "CN=Corp issuing CA"\)\.$/);
    mkdirSync(path);
    assert.deepEqual(await read(), [2n]);
    assert.match(keeper.findFault('corp') ?? '', /is not a file/);

    function put(content: Buffer): void {
      const extra = newTemporaryPath('.new');
      writeFileSync(extra, content);
      renameSync(extra, path);
    }
  });
  test('is read from the same relative path after the app changes its working folder', async () => {
    const [home, elsewhere] = [process.cwd(), mkdtempSync(join(tmpdir(), 'certgate-crl-'))];
    const folder = mkdtempSync(join(tmpdir(), 'certgate-crl-'));
    writeFileSync(join(folder, 'corp.crl'), empty);
    writeFileSync(join(elsewhere, 'corp.crl'), makeCrl({ authority: root, number: '63' }));
    const ofFile = makeAuthority({ crls: ['file:corp.crl'] });
    const keeper = new CrlKeeper();
    try {
      for (const place of [folder, elsewhere]) {
        process.chdir(place);
        await keeper.refresh([ofFile], timeout, now);
      }
    } finally {
      process.chdir(home);
      for (const place of [folder, elsewhere]) rmSync(place, { recursive: true });
    }
    assert.deepEqual(
      keeper.list(ofFile).map(({ crlNumber }) => crlNumber),
      [1n],
    );
  });
});

describe('a list on a web server', () => {
  let server: DocumentServer;
  before(async () => {
    server = await startDocumentServer('http');
  });
  after(() => server.close());

  test('is requested with its ETag, stays in use after redirects and errors, and is shown without its query', async () => {
    const url = `${server.url}?key=hidden`;
    const ofServer = makeAuthority({ crls: [url] });
    const keeper = new CrlKeeper();
    const read = async (): Promise<number> => {
      await keeper.refresh([ofServer], timeout, now);
      return keeper.list(ofServer).length;
    };
    server.answerWith((_, response) => response.writeHead(200, { etag: '"1"' }).end(revoking));
    // One request: no signature is requested, since the list contains its own.
    assert.deepEqual([await read(), server.requests.length], [1, 1]);
    server.answerWith((request, response) => {
      response.writeHead(request.headers['if-none-match'] === '"1"' ? 304 : 500).end();
    });
    assert.deepEqual([await read(), keeper.findFault('corp')], [1, undefined]);
    server.answerWith((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
    assert.equal(await read(), 1);
    assert.match(keeper.findFault('corp') ?? '', /redirects are not followed/);
    assert.doesNotMatch(keeper.findFault('corp') ?? '', /hidden/);
    const requests = server.requests.length;
    server.answerWith((_, response) => response.writeHead(503).end());
    assert.equal(await read(), 1);
    assert.equal(server.requests.length, requests + 1);
    assert.equal(keeper.version, 1);
  });
});

function flip(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  const position = (at + changed.length) % changed.length;
  changed[position] = (changed[position] ?? 0) ^ 1;
  return changed;
}
