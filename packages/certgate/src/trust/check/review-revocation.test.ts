import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { parseTrustDocument } from '@certgate/core/internal';
import {
  authorityOf,
  getStage,
  issueCaller,
  issuedDocument,
  issueIntermediate,
} from '@certgate/core/test-support/authority-stage.js';
import { type DocumentServer, startDocumentServer } from '@certgate/core/test-support/document-server.js';
import { answerFrom, type OcspServer, startOcspServer } from '@certgate/core/test-support/ocsp-stage.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { newTemporaryPath } from '@certgate/x509/test-support/openssl.js';
import { makeCrl } from '@certgate/x509/test-support/revocation.js';
import { type CertificateFolder, readCertificateFolder } from '../import/certificate-folder.js';
import { createMoment } from './check-document.js';
import { reviewRevocation, type RevocationReview } from './review-revocation.js';

const day = 86_400_000;
let lists: DocumentServer;
let responder: OcspServer;
before(async () => {
  [lists, responder] = [await startDocumentServer('http'), await startOcspServer()];
});
after(async () => {
  await Promise.all([lists.close(), responder.close()]);
});

interface Asked {
  readonly at?: number;
  readonly withinDays?: number;
  readonly folder?: CertificateFolder;
}

const review = (revocation: object, { at = now, withinDays, folder }: Asked = {}): Promise<RevocationReview> => {
  const names = [{ issuedBy: 'corp', dns: 'billing.corp.example' }];
  const authorities = [authorityOf({ revocation: { mode: 'required', ...revocation } })];
  const snapshot = parseTrustDocument(issuedDocument([{ name: 'billing', names }], { authorities }));
  return reviewRevocation(snapshot, folder, createMoment({ now: at, withinDays }));
};
const codes = ({ findings }: RevocationReview): readonly string[] =>
  findings.map(({ severity, code }) => `${severity} ${code}`);
const messageOf = ({ findings: [first] }: RevocationReview): string => first?.message ?? '';

describe('revocation lists', () => {
  const fileOf = (bytes: Uint8Array | string): string => {
    const path = newTemporaryPath('.crl');
    writeFileSync(path, bytes);
    return `file:${path}`;
  };
  const { issuing, impostor } = getStage();

  test('that are good are listed with issuer, number and end, and have no finding', async () => {
    const bytes = makeCrl({ authority: issuing, number: '2A' });
    lists.answerWith((_, response) => response.end(bytes));
    for (const crl of [fileOf(bytes), lists.url]) {
      const read = await review({ crls: [crl] });
      assert.deepEqual(codes(read), []);
      const [list] = read.lists;
      assert.match(list?.issuer ?? '', /Corp issuing CA/);
      assert.deepEqual([list?.authority, list?.number, list?.end], ['corp', '42', '2027-02-01T00:00:00Z']);
    }
  });

  test('that end soon or have ended have a finding, and the grace period is added to the end', async () => {
    const crls = [fileOf(makeCrl({ authority: issuing }))];
    const at = (days: number): number => Date.UTC(2027, 1, 1) + days * day;
    assert.deepEqual(codes(await review({ crls }, { at: at(-5) })), ['warning revocation_list_ends_soon']);
    assert.deepEqual(codes(await review({ crls }, { at: at(-25) })), []);
    assert.deepEqual(codes(await review({ crls }, { at: at(-25), withinDays: 60 })), [
      'warning revocation_list_ends_soon',
    ]);
    const ended = await review({ crls }, { at: at(0) });
    assert.deepEqual(codes(ended), ['error revocation_list_ended']);
    assert.match(
      messageOf(ended),
      /The revocation list 1 of "CN=Corp issuing CA" \(file .*\) ended at 2027-02-01T00:00:00Z/,
    );
    assert.deepEqual(codes(await review({ crls, mode: 'when-available' }, { at: at(0) })), [
      'warning revocation_list_ended',
    ]);
    assert.deepEqual(codes(await review({ crls, graceSeconds: 86_400 }, { at: at(0) })), [
      'warning revocation_list_ends_soon',
    ]);
  });

  test('that are malformed, of another signer or missing have a finding', async () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      [fileOf('no list'), /it is not a CRL/],
      [fileOf(makeCrl({ authority: impostor })), /not signed by a CA of the authority "corp"/],
      ['file:absent.crl', /absent\.crl/],
      [lists.url, /answered 404/],
    ];
    lists.answerWith((_, response) => response.writeHead(404).end());
    for (const [crl, reason] of cases) {
      const read = await review({ crls: [crl, fileOf(makeCrl({ authority: issuing }))] });
      assert.deepEqual(codes(read), ['error revocation_list_unusable'], crl);
      assert.match(messageOf(read), reason);
      assert.equal(read.lists.length, 1);
    }
  });
});

describe('responders', () => {
  const at = Date.now();
  const folderOf = async (der: Uint8Array): Promise<CertificateFolder> => {
    const path = newTemporaryPath('.folder');
    mkdirSync(path);
    writeFileSync(`${path}/caller.der`, der);
    return readCertificateFolder(path, at);
  };

  test('are asked about a caller of the folder', async () => {
    const folder = await folderOf(issueCaller({ serialNumber: '1234' }).der);
    const ask = (): Promise<RevocationReview> => review({ ocsp: `${responder.url}?key=secret` }, { at, folder });
    responder.answerWith(answerFrom({ '1234': 'V' }));
    const good = await ask();
    assert.deepEqual(codes(good), []);
    assert.deepEqual(
      good.responders.map(({ authority, status, askedAbout }) => [authority, status, askedAbout]),
      [['corp', 'good', 'CN=billing']],
    );
    assert.ok(Date.parse(good.responders[0]?.end ?? '') > at);
    assert.doesNotMatch(JSON.stringify(good), /secret/, 'the query may contain a key');
    responder.answerWith(answerFrom({ '1234': 'R' }));
    assert.deepEqual(
      (await ask()).responders.map(({ status, end }) => [status, end]),
      [['revoked', null]],
    );
    const { impostor } = getStage();
    responder.answerWith(answerFrom({ '1234': 'V' }, { responder: impostor }));
    const forged = await ask();
    assert.deepEqual(codes(forged), ['error revocation_responder_unusable']);
    assert.match(messageOf(forged), /signer of an OCSP response may not answer/);
    responder.answerWith(() => Buffer.from('x'));
    assert.match(messageOf(await ask()), /can't be read/);
    responder.respondWith((response) => response.writeHead(500).end());
    assert.match(messageOf(await ask()), /answered 500/);
  });

  test('are asked about an intermediate only if apps do so too, and a finding says if there is no question', async () => {
    responder.answerWith(() => Buffer.from('x'));
    const before = responder.questions.length;
    assert.deepEqual(codes(await review({ ocsp: responder.url, scope: 'chain' }, { at })), [
      'error revocation_responder_unusable',
    ]);
    assert.equal(responder.questions.length, before + 1);
    const other = await folderOf(issueIntermediate({ name: 'other' }).der);
    for (const folder of [undefined, other]) {
      const read = await review({ ocsp: responder.url, scope: 'end-entity' }, { at, ...(folder && { folder }) });
      assert.deepEqual(
        codes(read),
        folder === undefined ? ['information revocation_responder_not_asked'] : ['error revocation_responder_unusable'],
      );
    }
  });
});
