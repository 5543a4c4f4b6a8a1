import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LineGroups } from './line-groups.js';

describe('the groups of lines', () => {
  it('leave out admissions and status lines before a refusal, and keep the order of the log', () => {
    const groups = new LineGroups();
    const refused = { event: 'decision', outcome: 'denied', code: 'pin_expired' };
    const later = { event: 'decision', outcome: 'allowed', code: 'allowed', reportOnlyCode: 'role_missing' };
    groups.add({ ...refused, identity: 'billing' });
    groups.add({ event: 'status', identity: 'none' });
    groups.add(later);
    for (let index = 0; index < 30; index += 1)
      groups.add({ event: 'decision', outcome: 'allowed', code: 'allowed', identity: `caller ${index}` });
    groups.add({ ...refused, identity: 'billing' });
    const { groups: taken, leftOut } = groups.takeLast(4);
    assert.deepEqual(
      taken.map(({ line, count }) => [line['identity'], count]),
      [
        [undefined, 1],
        ['caller 28', 1],
        ['caller 29', 1],
        ['billing', 2],
      ],
    );
    assert.equal(leftOut, 29);
  });
});
