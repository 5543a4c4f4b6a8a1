import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { presentCertificate } from '@certgate/core/internal';
import { authorityOf, billing, issueCaller } from '@certgate/core/test-support/authority-stage.js';
import { documentOf } from '@certgate/core/test-support/documents.js';
import { TrustStage } from '../test-support/trust-stage.js';

describe('certgate trust add and rotate, with a certificate that is recognized by a name', () => {
  const stage = new TrustStage();
  const caller = issueCaller();
  const { thumbprintSha256 } = presentCertificate(caller.der);
  const reason = ['--reason', 'x', '--dry-run'];
  const ofCaller = ['--certificate', join(stage.folder, 'caller.crt')];

  before(() => {
    const other = { name: 'other', pins: [{ thumbprintSha256: 'A'.repeat(64) }] };
    writeFileSync(stage.path, JSON.stringify(documentOf([billing, other], { authorities: [authorityOf()] })));
    writeFileSync(join(stage.folder, 'caller.crt'), caller.der);
    writeFileSync(join(stage.folder, 'stranger.crt'), issueCaller({ names: ['DNS:x.example'] }).der);
  });
  after(() => {
    stage.remove();
  });

  it('say who is locked out by the new pin', async () => {
    const isAmbiguous =
      /^ {2}- The certificate \S+ is recognized as "billing"\. From now on, the gate refuses it: The certificate belongs to two identities/m;
    for (const words of [
      ['add', 'new'],
      ['rotate', 'other', '--overlap', '1d'],
    ]) {
      const said = await stage.expect(...words, ...ofCaller, ...reason);
      assert.match(said, isAmbiguous);
      assert.doesNotMatch(said, /cannot tell/);
    }
    const early = ['--not-after', '2031-01-01T00:00:00Z'];
    assert.match(
      await stage.expect('add', 'billing', '--to-existing', ...ofCaller, ...early, ...reason),
      /From 2031-01-01T00:00:00Z on, the gate refuses it: This pin of "billing" ended at/,
    );
  });

  it('print nothing for a certificate that no other entry matches, and cannot tell for a hash without its certificate', async () => {
    const said = await stage.expect('add', 'new', '--certificate', join(stage.folder, 'stranger.crt'), ...reason);
    assert.doesNotMatch(said, /cannot tell|refuses/);
    const byHash = await stage.expect('add', 'new', '--thumbprint-sha256', thumbprintSha256, ...reason);
    assert.match(byHash, /^ {2}\? cannot tell: Some certificates now match a pin or name of "new"\./m);
  });
});
