import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { line, TrustStage } from '../test-support/trust-stage.js';

describe('certgate trust set', () => {
  const stage = new TrustStage();
  const hash = '9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08';
  const reason = ['--reason', 'contract extended'];

  before(async () => {
    await stage.expect('init', '--reason', 'x');
    await stage.expect(
      'add', 'billing', '--public-key-sha256', hash, '--not-after', '2099-01-01T00:00:00Z', ...reason,
    ); // prettier-ignore
  });
  after(() => {
    stage.remove();
  });

  const pin = (): unknown => stage.read().identities[0]?.pins?.[0];

  it('gives a pin another window by one write, and says who gains what', async () => {
    const said = await stage.expect(...line`set billing --pin 9F86D081 --not-after 2099-06-01T00:00:00Z`, ...reason);
    assert.match(
      said,
      /^Changed the window of a pin of billing\.\n {2}\+ The pin publicKeySha256 9F86D081.* until 2099-06-01T00:00:00Z, no longer until 2099-01-01/,
    );
    assert.match(said, /Revision 2 → 3/);
    assert.deepEqual(pin(), { publicKeySha256: hash, notAfter: '2099-06-01T00:00:00Z' });
  });

  it('says nothing was changed where the document says so already, and writes nothing in a dry run', async () => {
    const same = ['set', 'billing', '--pin', hash, '--not-after', '2099-06-01T00:00:00Z', ...reason];
    assert.match(await stage.expect(...same), /Nothing to change/);
    const later = line`set billing --pin ${hash} --not-before 2098-01-01T00:00:00Z --dry-run`;
    assert.match(await stage.expect(...later, ...reason), /because of --dry-run/);
    assert.equal(stage.read().revision, 3);
  });

  it('refuses nonsense, with nothing written', async () => {
    await stage.refuse(/needs an end/, ...line`set billing --pin ${hash} --not-after none`, ...reason);
    await stage.refuse(/There is nothing to set/, ...line`set billing --pin ${hash}`, ...reason);
    assert.equal(stage.read().revision, 3);
  });
});
