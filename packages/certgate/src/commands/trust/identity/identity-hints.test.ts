import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { line, TrustStage } from '../test-support/trust-stage.js';

describe('certgate trust and its hints', () => {
  const stage = new TrustStage();
  const reason = ['--reason', 'x'];

  before(async () => {
    await stage.expect('init', ...reason);
  });
  after(() => {
    stage.remove();
  });

  it('add and list write functions as the user wrote them', async () => {
    const added = await stage.expect(
      ...line`add billing --thumbprint-sha256 ${'A'.repeat(64)} --function OrdersGet`,
      ...reason,
    );
    assert.match(added, /"billing" is new, with no role, the function OrdersGet\./);
    assert.match(await stage.expect('list'), /│ OrdersGet/);
    assert.match(await stage.expect('list', 'billing'), /^functions +OrdersGet$/m);
    assert.match(
      await stage.expect('add', 'billing', '--to-existing', '--function', 'OrdersPut', ...reason),
      /"billing" may call the function OrdersPut\./,
    );
  });

  it('add with another end for an existing identity names --to-existing', async () => {
    const another = line`add billing --expires-at 2090-01-01T00:00:00Z`;
    await stage.refuse(
      /already an identity "billing"\.\n.*certgate trust add billing --to-existing/,
      ...another,
      ...reason,
    );
  });

  it('enable of an identity that has ended says so, and what to do next, with exit code 1', async () => {
    await stage.expect('add', 'billing', '--to-existing', '--expires-at', '2020-01-01T00:00:00Z', ...reason);
    const revision = stage.read().revision;
    const { exitCode, stdout, stderr } = await stage.run('enable', 'billing', ...reason);
    assert.equal(exitCode, 1);
    assert.equal(stdout, '');
    assert.match(
      stderr,
      /"billing" is enabled, but it ended at 2020-01-01T00:00:00Z \(expiresAt\), so it is still refused\.\n.*trust add billing --to-existing --expires-at TIME/,
    );
    assert.equal(stage.read().revision, revision);
    await stage.expect('disable', 'billing', ...reason);
    assert.match(await stage.expect('enable', 'billing', ...reason), /^Enabled billing\.[\s\S]*but it ended at 2020/);
  });

  it('enable of a pin that has ended names trust set', async () => {
    await stage.expect(
      ...line`add late --thumbprint-sha256 ${'B'.repeat(64)} --not-after 2020-01-01T00:00:00Z`,
      ...reason,
    );
    const { exitCode, stderr } = await stage.run('enable', 'late', '--pin', 'BBBBBBBB', ...reason);
    assert.equal(exitCode, 1);
    assert.match(stderr, /is enabled, but it ended at 2020.*\n.*certgate trust set late --pin B+ --not-after TIME/);
  });

  it('list, log --roles and enable show what the gate answers to a denied certificate, and while the document is locked', async () => {
    const hash = 'C'.repeat(64);
    await stage.expect(...line`add denied --thumbprint-sha256 ${hash} --role reader`, ...reason);
    await stage.expect('deny', hash, ...reason);
    const expectState = async (state: string, enabled: RegExp): Promise<void> => {
      assert.match(await stage.expect('list'), new RegExp(`denied +│ ${state} `));
      const { identities } = JSON.parse(await stage.expect('list', '--json')) as { identities: { state: string }[] };
      assert.equal(identities.at(-1)?.state, state);
      const one = await stage.expect('list', 'denied');
      assert.match(one, new RegExp(`^state +${state}$`, 'm'));
      assert.match(one, new RegExp(`C{64}, ${state}$`, 'm'));
      assert.match(await stage.expect('log', '--roles'), new RegExp(`^denied \\(${state}\\)$`, 'm'));
      const { exitCode, stdout, stderr } = await stage.run('enable', 'denied', ...reason);
      assert.deepEqual([exitCode, stdout], [1, '']);
      assert.match(stderr, enabled);
    };
    await expectState(
      'denied',
      /"denied" is enabled, but its certificate is on the deny list.*\n.*trust undeny C{64} /,
    );
    await stage.expect('lock', ...reason);
    await expectState('locked', /"denied" is enabled, but the document is locked.*\n.*trust unlock /);
  });
});
