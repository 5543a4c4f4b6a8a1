import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import * as core from '../internal.js';
import { expectStandings } from '../test-support/standing-property.js';
import { snapshotOf } from '../test-support/documents.js';

describe('what a document says about its entries', () => {
  it('is what the gate answers, for any document, certificate and moment', async () => {
    await expectStandings(core, countRuns(75));
  });

  it('lists all reasons, first the one that the gate gives', () => {
    const thumbprintSha256 = core.presentCertificate(makeCertificate().der).thumbprintSha256;
    const past = new Date(now - 1).toISOString();
    const pins = [{ thumbprintSha256, enabled: false, notAfter: past }];
    const snapshot = snapshotOf({ enabled: false, expiresAt: past, pins }, { pins: [] });
    const denied = core.parseTrustDocument({
      schemaVersion: 1,
      revision: 1,
      identities: [{ name: 'a', roles: [], pins }],
      denied: [{ thumbprintSha256 }],
      locked: { since: past, by: 'operations', reason: 'lost' },
    });
    assert.deepEqual(
      [...core.listStandings(snapshot, now), ...core.listStandings(denied, now)].map(({ reasons }) => reasons),
      [
        ['identity_disabled', 'identity_expired', 'pin_disabled', 'pin_expired'],
        ['certificate_not_trusted'],
        ['trust_locked', 'certificate_on_deny_list', 'pin_disabled', 'pin_expired'],
      ],
    );
  });
});
