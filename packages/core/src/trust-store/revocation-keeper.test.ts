import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { authorityOf, billing, getStage, issueCaller, issuedSnapshot } from '../test-support/authority-stage.js';
import { answerFrom, type OcspServer, startOcspServer } from '../test-support/ocsp-stage.js';
import { ListSource } from '../test-support/revocation-stage.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { encodeOcspRequest } from '@certgate/x509/path';
import { formatInstant } from '@certgate/x509/internal';
import { clientExtensions, makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { newTemporaryPath } from '@certgate/x509/test-support/openssl.js';
import { answerOcsp } from '@certgate/x509/test-support/ocsp.js';
import { makeCrl } from '@certgate/x509/test-support/revocation.js';
import { readRevocationInformation, RevocationKeeper } from './revocation-keeper.js';

/** openssl writes the time of the call into its answers. */
const now = Date.now();
const { issuing } = getStage();
const day = 86_400_000;
const stampOf = (days: number): string => `${formatInstant(now + days * day).replace(/[-:T]|\..*|Z/g, '')}Z`;
const lasting = { notBefore: stampOf(-2), notAfter: stampOf(300) };
const caller = issueCaller({ serialNumber: '1234', ...lasting });

describe('readRevocationInformation', () => {
  let server: OcspServer;
  let questionsBefore = 0;
  before(async () => {
    server = await startOcspServer();
  });
  after(() => server.close());
  beforeEach(() => {
    server.answerWith(answerFrom({ '1234': 'V', '5678': 'V' }));
    questionsBefore = server.questions.length;
  });

  const countQuestions = (): number => server.questions.length - questionsBefore;
  const trustOf = (revocation: object = {}, identities = [billing]): TrustSnapshot =>
    issuedSnapshot(identities, {
      authorities: [authorityOf({ revocation: { ocsp: server.url, scope: 'end-entity', ...revocation } })],
    });

  test('asks the authority’s responder about a certificate', async () => {
    const read = await readRevocationInformation(trustOf(), { certificateDer: caller.der, now });
    assert.equal(countQuestions(), 1);
    assert.equal(read.find('CORP')?.findOcspResponses(caller.certificate).length, 1);
    assert.equal(read.find('other'), undefined);
  });

  test('asks about a certificate with a critical extension that only path validation knows, as a decision does', async () => {
    const extensions = [...clientExtensions, 'certificatePolicies = critical, 1.2.3.4'];
    const { der } = issueCaller({ serialNumber: '1234', ...lasting, extensions });
    await readRevocationInformation(trustOf(), { certificateDer: der, now });
    assert.equal(countQuestions(), 1);
  });

  test('reads only the lists if there is no certificate', async () => {
    const path = newTemporaryPath('.crl');
    writeFileSync(path, makeCrl({ authority: issuing, lastUpdate: '20260101000000Z', nextUpdate: '20340101000000Z' }));
    const trust = trustOf({ crls: [`file:${path}`] });
    const read = await readRevocationInformation(trust, { now });
    assert.deepEqual([countQuestions(), read.inUse.length, read.find('corp')?.crls.length], [0, 1, 1]);
    // The lists that were read are used again, although the file is gone.
    rmSync(path);
    const again = await readRevocationInformation(trust, { certificateDer: caller.der, now, lists: read });
    assert.equal(again, read);
    assert.deepEqual([countQuestions(), again.inUse.length], [1, 1]);
  });

  test('asks about a certificate without a known name or pin only if an authority is given', async () => {
    const stranger = issueCaller({ serialNumber: '5678', names: ['DNS:stranger.example'], ...lasting });
    const trust = trustOf();
    await readRevocationInformation(trust, { certificateDer: stranger.der, now });
    assert.equal(countQuestions(), 0);
    const [authority] = trust.authorities;
    const read = await readRevocationInformation(trust, { certificateDer: stranger.der, now, authority });
    assert.deepEqual([countQuestions(), read.find('corp')?.findOcspResponses(stranger.certificate).length], [1, 1]);
  });

  test('does not ask about a certificate that cannot be read, has no readable path, has ended or is not a client’s', async () => {
    const trust = trustOf();
    const [authority] = trust.authorities;
    const withoutPath = makeCertificate({
      notBefore: stampOf(-2),
      notAfter: stampOf(300),
      extensions: [...clientExtensions, '2.5.29.31 = DER:3000'],
      issuer: issuing,
    });
    assert.equal(presentCertificate(withoutPath.der).pathDecoding.ok, false);
    const ended = issueCaller({ serialNumber: '1234', notBefore: stampOf(-3), notAfter: stampOf(-1) });
    const [constraints = ''] = clientExtensions;
    const forKeys = [constraints, 'keyUsage = critical, keyEncipherment', 'extendedKeyUsage = clientAuth'];
    const unfit = issueCaller({ serialNumber: '1234', ...lasting, extensions: forKeys });
    for (const { der } of [{ der: Buffer.from('3000', 'hex') }, withoutPath, ended, unfit]) {
      for (const whose of [undefined, authority])
        await readRevocationInformation(trust, { certificateDer: der, now, authority: whose });
    }
    assert.equal(countQuestions(), 0);
  });

  test('asks about a pinned certificate only if its pin has issuedBy', async () => {
    const pin = { thumbprintSha256: presentCertificate(caller.der).thumbprintSha256 };
    for (const [more, questions] of [
      [{}, 0],
      [{ issuedBy: 'corp' }, 1],
    ] as const) {
      await readRevocationInformation(trustOf({}, [{ name: 'a', pins: [{ ...pin, ...more }] }]), {
        certificateDer: caller.der,
        now,
      });
      assert.equal(countQuestions(), questions);
    }
  });

  test('uses an answer without a nonce only if the document allows it, and otherwise reports a fault', async () => {
    const request = encodeOcspRequest({ certificate: caller.certificate, issuer: issuing.certificate });
    const answer = answerOcsp({ authority: issuing, request, index: { '1234': 'V' } });
    server.answerWith(() => answer);
    for (const [ocspNonce, count, fault] of [
      ['required', 0, /^OCSP responder .* lacks the nonce.*\.$/],
      ['optional', 1, /^$/],
    ] as const) {
      const read = await readRevocationInformation(trustOf({ ocspNonce }), { certificateDer: caller.der, now });
      const known = read.find('corp');
      assert.ok(known !== undefined);
      assert.equal(known.findOcspResponses(caller.certificate).length, count);
      assert.match(known.findFault?.(caller.certificate) ?? '', fault);
    }
  });

  test('the version of a keeper changes with new lists, with a new revocation by a responder, and with both', async () => {
    server.answerWith(answerFrom({ '1234': 'R keyCompromise' }));
    const times = { lastUpdate: '20260101000000Z', nextUpdate: '20340101000000Z' };
    const source = new ListSource(makeCrl({ authority: issuing, ...times }));
    const keeper = new RevocationKeeper(new Map([['corp', [source]]]));
    const snapshot = trustOf();
    const versions = [keeper.version];
    await keeper.refresh(snapshot, 1_000, now);
    versions.push(keeper.version);
    const [certificate, issuer] = [caller.certificate, issuing.certificate];
    await keeper.ask([{ responder: server.url, allowMissingNonce: false, certificate, issuer }], now);
    versions.push(keeper.version);
    source.content = makeCrl({ authority: issuing, number: '02', ...times });
    await keeper.refresh(snapshot, 1_000, now);
    versions.push(keeper.version);
    assert.equal(new Set(versions).size, 4, versions.join());
  });
});

describe('the report about a store’s lists', () => {
  test('names the authorities in the code that the document lacks, in any letter case', async () => {
    const keeper = new RevocationKeeper(
      new Map([
        ['corp', []],
        ['lost', []],
      ]),
    );
    const snapshot = issuedSnapshot([billing]);
    await keeper.refresh(snapshot, 1_000, now);
    assert.match(
      keeper.fault ?? '',
      /^crlBlobs names the authority "lost", which .*Nobody is refused because of that$/,
    );
    const known = keeper.find('Corp');
    assert.ok(known?.isRequiredByCode === true);
    assert.equal(known.findFault?.(caller.certificate), undefined);
    assert.equal(keeper.find('corp'), known);
    assert.equal(keeper.version, 0);
  });
});
