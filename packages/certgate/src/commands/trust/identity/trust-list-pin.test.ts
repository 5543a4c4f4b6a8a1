import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { TrustStage } from '../test-support/trust-stage.js';

const hash = 'AB'.repeat(32);
const stage = new TrustStage();
after(() => {
  stage.remove();
});

test('a pin is found by all its digits, by the first ones, and nearly', async () => {
  const identities = [{ name: 'billing', owner: 'payments', roles: [], pins: [{ thumbprintSha256: hash }] }];
  const denied = [{ thumbprintSha256: 'EF'.repeat(32), reason: 'stolen' }];
  writeFileSync(stage.path, JSON.stringify({ schemaVersion: 1, revision: 3, identities, denied }));
  const find = async (digits: string): Promise<readonly [number | null, string]> => {
    const { exitCode, stdout } = await stage.run('list', '--pin', digits);
    return [exitCode, stdout.split('\n')[1] ?? ''];
  };
  const whole = `"billing" (owner payments) has the pin thumbprintSha256 ${hash}.`;
  assert.deepEqual(await find(hash.toLowerCase()), [0, whole]);
  assert.deepEqual(await find('AB:AB:AB:AB'), [0, whole]);
  const near = `"billing" (owner payments) has a pin that is near: it differs from the pin thumbprintSha256 ${hash} in one digit.`;
  assert.deepEqual(await find(`C${hash.slice(1)}`), [1, near]);
  assert.deepEqual(await find('CD'.repeat(32)), [1, 'No pin of the document has these digits, or is near.']);
  assert.deepEqual(await find('EFEFEFEF'), [1, 'The deny list has it (denied[0]).']);
  await stage.refuse(/--pin takes at least 8 hexadecimal digits/, 'list', '--pin', 'xyz');
});
