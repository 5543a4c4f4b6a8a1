import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { now } from '@certgate/x509/test-support/certificates.js';
import { type CrlRequest, type MadeAuthority, issue, makeCrl } from '@certgate/x509/test-support/revocation.js';
import { authorityOf, billing, getStage, issuedSnapshot } from '../test-support/authority-stage.js';
import { ListSource, callerSerial, getCaller } from '../test-support/revocation-stage.js';
import { findAuthorityPath } from '../trust-snapshot/authority-path.js';
import type { TrustedAuthority } from '../trust-snapshot/trust-snapshot.js';
import { RevocationKeeper } from './revocation-keeper.js';

const { root, issuing } = getStage();
const renewed = issue({ name: 'Corp issuing CA', issuer: root, key: 'p-521', serialNumber: '0A02' });
const ended = { notBefore: '20250101000000Z', notAfter: '20261231000000Z' };
const renewedAndEnded = issue({ name: 'Corp issuing CA', issuer: root, key: 'p-521', ...ended });
const ofRoot = makeCrl({ authority: root });
const revoked = [{ serialNumber: callerSerial }];
const listOf = (authority: MadeAuthority, request: Partial<CrlRequest> = {}): Buffer =>
  makeCrl({ authority, ...request });
/** Later than every other list, and current for longer. */
const newest = { number: '63', lastUpdate: '20270101000001Z', nextUpdate: '20270301000000Z' };

/**
 * The verdict of an instance about a caller whom the first key certified, after one source gave these lists one after
 * the other.
 */
async function judge(
  lists: readonly Buffer[],
  mode: 'required' | 'when-available',
  intermediates: readonly MadeAuthority[] = [issuing, renewed],
): Promise<string> {
  const source = new ListSource(new Error('nothing yet'));
  const keeper = new RevocationKeeper(new Map([['corp', [source, new ListSource(ofRoot, 'root')]]]));
  const snapshot = issuedSnapshot([billing], {
    authorities: [authorityOf({ intermediates, revocation: { mode, scope: 'end-entity' } })],
  });
  const [authority] = snapshot.authorities as readonly [TrustedAuthority];
  for (const content of lists) {
    source.content = content;
    await keeper.refresh(snapshot, 5_000, now + 3_600_000);
  }
  const { pathDecoding } = getCaller();
  assert.ok(pathDecoding.ok);
  const path = findAuthorityPath(authority, { target: pathDecoding.value }, now + 3_600_000, { revocation: keeper });
  return path.outcome === 'valid' ? 'valid' : path.code;
}

describe('a CA that renewed its key', () => {
  test('needs a list of each key: a list of one key does not show that certificates of the other are good', async () => {
    assert.equal(await judge([listOf(renewed)], 'required'), 'revocation_unavailable');
    assert.equal(await judge([listOf(renewed), listOf(issuing)], 'required'), 'valid');
    assert.equal(await judge([listOf(issuing), listOf(renewed, newest)], 'required'), 'valid');
    assert.equal(await judge([listOf(renewed, { revoked })], 'required'), 'certificate_revoked');
  });

  const others: readonly (readonly [string, Buffer, readonly MadeAuthority[]])[] = [
    ['with its own identifier', listOf(renewed, newest), [issuing, renewed]],
    ['without an identifier', listOf(renewed, { ...newest, hasKeyIdentifier: false }), [issuing, renewed]],
    [
      'with the other key’s identifier',
      listOf(renewed, { ...newest, hasKeyIdentifier: false, extensions: [writeIdentifierOf(issuing)] }),
      [issuing, renewed],
    ],
    [
      'of a certificate that has ended',
      listOf(renewedAndEnded, { ...newest, hasKeyIdentifier: false }),
      [issuing, renewedAndEnded],
    ],
  ];
  for (const [what, other, intermediates] of others) {
    test(`does not replace a list of one key by a list of the other key ${what}`, async () => {
      const identifiers: Partial<CrlRequest>[] = [{}, { hasKeyIdentifier: false }];
      for (const identifier of identifiers) {
        const revoking = listOf(issuing, { revoked, ...identifier });
        for (const mode of ['required', 'when-available'] as const) {
          assert.equal(await judge([revoking, other], mode, intermediates), 'certificate_revoked');
          assert.equal(await judge([other, revoking], mode, intermediates), 'certificate_revoked');
        }
      }
    });
  }
});

describe('a key whose certificate has ended', () => {
  const endedFirst = issue({ name: 'Corp issuing CA', issuer: root, serialNumber: '0A03', ...ended });
  const revoking = listOf(issuing, { revoked: [{ serialNumber: callerSerial, reason: 'certificateHold' }] });

  test('does not replace lists until the document has a valid certificate of the same key', async () => {
    const source = new ListSource(revoking);
    const keeper = new RevocationKeeper(new Map([['corp', [source]]]));
    const refresh = async (...intermediates: readonly MadeAuthority[]): Promise<readonly (bigint | undefined)[]> => {
      const snapshot = issuedSnapshot([billing], { authorities: [authorityOf({ intermediates })] });
      await keeper.refresh(snapshot, 5_000, now + 3_600_000);
      return keeper.find('corp')?.crls.map(({ crlNumber }) => crlNumber) ?? [];
    };
    assert.deepEqual(await refresh(endedFirst), [1n]);
    source.content = listOf(issuing, newest);
    assert.deepEqual(await refresh(endedFirst), [1n]);
    assert.match(keeper.fault ?? '', /no certificate of the key that signed it is valid now/);
    assert.deepEqual(await refresh(endedFirst, issuing), [99n]);
    assert.equal(keeper.fault, undefined);
  });
});

/** An authorityKeyIdentifier extension with only the key identifier. */
function writeIdentifierOf({ certificate }: MadeAuthority): string {
  const identifier = certificate.subjectKeyIdentifier ?? '';
  return `2.5.29.35 = DER:30168014${identifier}`;
}
