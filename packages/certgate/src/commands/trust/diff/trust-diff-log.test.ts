// In a process of its own: the clock stands still while a gate starts, and other tests go on meanwhile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { authorityOf, getStage } from '@certgate/core/test-support/authority-stage.js';
import { createTemporaryFolder } from '../../../certificates/test-support/openssl.js';
import {
  type WrittenCall,
  type WrittenInstance,
  writeLines,
} from '../../../log/coverage/test-support/written-lines.js';
import type { LogRecord } from '../../../log/reading/log-record.js';
import type { LossUse } from '../../../trust/usage/used-losses.js';
import type { CommandRun } from '../../certificate/test-support/run-certgate.js';
import { runLineInProcess } from '../test-support/run-in-process.js';

const hour = 3_600_000;
const begin = Date.UTC(2027, 0, 4);
const pinOf = (digit: string): string => digit.repeat(64);
const [usedPin, oldPin, otherPin] = [pinOf('A'), pinOf('B'), pinOf('C')];

const call = (hours: number, identity: string, matched: string, more: Partial<WrittenCall> = {}): WrittenCall => ({
  at: begin + hours * hour,
  identity,
  matched,
  thumbprintSha256: matched,
  ...more,
});
const dns = { matchedBy: 'dns issued by corp' };

/** The calls of two days. The lines cover all of that time except its ends. */
const calls: readonly WrittenCall[] = [
  call(0.5, 'billing', usedPin, { function: 'Orders' }),
  call(0.7, 'warehouse', 'old.corp.example', dns),
  call(1.5, 'warehouse', 'warehouse.corp.example', { ...dns, thumbprintSha256: pinOf('E') }),
  ...Array.from({ length: 20 }, (_, index) => call(2 + index, 'billing', usedPin, { function: 'RefundOrder' })),
  call(38, 'billing', usedPin, { function: 'RefundOrder' }),
  call(47.5, 'partner', otherPin),
];

interface Change {
  readonly effect: string;
  readonly sentence: string;
  readonly uses?: readonly LossUse[];
}

describe('certgate trust diff --log', () => {
  const folder = createTemporaryFolder();
  const authority = authorityOf();
  const nameOf = (name: string): object => ({ issuedBy: 'corp', dns: `${name}.corp.example` });
  const identities = {
    billing: {
      name: 'billing',
      roles: ['orders.read'],
      functions: ['Orders', 'RefundOrder', 'CancelOrder'],
      pins: [{ thumbprintSha256: usedPin }, { thumbprintSha256: oldPin }, { thumbprintSha1: 'D'.repeat(40) }],
    },
    warehouse: { name: 'warehouse', roles: [], names: [nameOf('old'), nameOf('warehouse')] },
    depot: { name: 'depot', roles: [], names: [nameOf('depot')] },
    partner: { name: 'partner', roles: [], pins: [{ thumbprintSha256: otherPin }] },
  };
  type Identities = Readonly<Record<string, object>>;
  const write = (name: string, revision: number, list: Identities, more: object = {}): void => {
    const document = { schemaVersion: 1, revision, authorities: [authority], ...more };
    folder.file(name, JSON.stringify({ ...document, identities: Object.values(list) }));
  };
  const writeLog = async (name: string, ...lives: readonly Partial<WrittenInstance>[]): Promise<void> => {
    const written: LogRecord[] = [];
    for (const life of lives)
      written.push(
        ...(await writeLines({ instance: 'one', process: '0123456789abcdef', start: begin, calls, ...life })),
      );
    const rows = written.map(({ line, app, instance, itemCount }) => {
      return JSON.stringify({
        message: JSON.stringify(line),
        cloud_RoleName: app,
        cloud_RoleInstance: instance,
        itemCount,
      });
    });
    folder.file(name, rows.map((row) => `${row}\n`).join(''));
  };

  before(async () => {
    write('old.json', 1, identities);
    await writeLog('app.log', {});
  });
  after(() => {
    folder.remove();
  });

  const run = (...words: readonly string[]): Promise<CommandRun> =>
    runLineInProcess(['trust', 'diff', 'old.json', ...words], folder.path);
  const span = ['--since', '2d', '--until', '2027-01-06T00:00:00Z'];
  /** Compares the document of this test with a proposal that lists these identities. */
  const ask = async (
    list: Identities,
    more: object = {},
    log = 'app.log',
  ): Promise<readonly [number | null, string, CommandRun]> => {
    write('new.json', 2, list, more);
    const logs = log.split(' ').flatMap((file) => ['--log', file]);
    const ended = await run('new.json', ...logs, ...span, '--fail-on', 'used-losses', '--json');
    assert.notEqual(ended.stdout, '', ended.stderr);
    const { changes } = JSON.parse(ended.stdout) as { readonly changes: readonly Change[] };
    const uses = changes.flatMap(({ uses: own = [] }) => own);
    const answer = uses.map(({ identity, verdict, sentence }) => `${identity} ${verdict}: ${sentence}`);
    return [ended.exitCode, answer.join('\n'), ended];
  };
  const billing = (more: object): Identities => ({ ...identities, billing: { ...identities.billing, ...more } });
  const [used, old, sha1] = identities.billing.pins;
  const lastCall =
    'last call by thumbprintSha256 AAAAAAAAAAAAAAAA 2027-01-05T14:00Z (less than a day ago), at least 22 calls, RefundOrder and 1 more; 46 of 48 hours covered';

  it('fails for a pin that was used yesterday, and says when, how often, where, and what is covered', async () => {
    assert.deepEqual((await ask(billing({ pins: [old, sha1] }))).slice(0, 2), [1, `billing used: ${lastCall}`]);
  });

  it('passes for a pin without a call, and says by which entry its identity calls', async () => {
    const claim = 'no call in the 46 of 48 hours that the lines cover';
    const [exitCode, answer] = await ask(billing({ pins: [used, sha1] }));
    assert.deepEqual([exitCode, answer], [0, `billing unused: ${claim}; otherwise, ${lastCall}`]);
    const { billing: kept, warehouse, partner } = identities;
    const [failed, all] = await ask({ kept, warehouse, partner });
    assert.deepEqual([failed, all], [0, `depot unused: ${claim}\ndepot unused: ${claim}`]);
  });

  it('cannot tell for an app whose lines cover nothing', async () => {
    await writeLog(
      'two.log',
      {},
      { app: 'stock', process: 'fedcba9876543210', calls: [call(0.6, 'billing', usedPin)] },
    );
    const [exitCode, answer] = await ask(billing({ pins: [used, sha1] }), {}, 'two.log');
    assert.equal(exitCode, 3);
    assert.match(
      answer,
      /^billing cannot_tell: no call in the 46 of 48 hours that the lines cover; cannot tell for stock; /,
    );
    folder.file('apps.txt', 'orders\nrefunds\n');
    const expected = await run(
      'new.json',
      '--log',
      'app.log',
      ...span,
      '--fail-on',
      'used-losses',
      '--apps',
      'apps.txt',
    );
    assert.equal(expected.exitCode, 3);
    assert.match(expected.stdout, /that the lines cover; cannot tell for refunds; otherwise, /);
    await writeLog('short.log', { calls: calls.slice(0, 1) });
    const [unknown, why] = await ask(billing({ pins: [used, sha1] }), {}, 'short.log');
    assert.equal(unknown, 3);
    assert.equal((await run('new.json', '--log', 'short.log', '--fail-on', 'never')).exitCode, 0);
    assert.match(
      why,
      /^billing cannot_tell: cannot tell: no whole day or hour is covered by the lines; otherwise, last /,
    );
  });

  it('counts no call from before the requested time, even if a status line also reports such calls', async () => {
    const early = [call(0.5, 'billing', oldPin), call(38, 'partner', otherPin), call(47.5, 'partner', otherPin)];
    await writeLog('early.log', { decisionLog: 'denials', calls: early });
    write('new.json', 2, billing({ pins: [used, sha1] }));
    const late = ['--log', 'early.log', '--since', '2027-01-05T00:00:00Z', '--until', '2027-01-06T00:00:00Z'];
    const { stdout } = await run('new.json', ...late, '--fail-on', 'never');
    assert.match(stdout, /"billing": no call in the \d+ of 24 hours that the lines cover$/m);
  });

  it('cannot tell for an entry that others hide, because a line names only one of the entries that match a certificate', async () => {
    const [exitCode, answer] = await ask(billing({ pins: [used, old, { ...sha1, enabled: false }] }));
    assert.deepEqual([exitCode, answer.endsWith('; cannot tell whether the certificate of these calls matches this entry too')], [3, true], answer); // prettier-ignore
    assert.equal((await ask(billing({ pins: [used, old] })))[0], 0);
  });

  it('reports the loss of an authority for each identity that it concerns, the used ones first', async () => {
    const strict = authorityOf({ revocation: { mode: 'required' } });
    const anchored = authorityOf({ anchors: [getStage().root, getStage().impostorRoot] });
    for (const [before, later] of [
      [authority, strict],
      [anchored, authority],
    ]) {
      const list = billing({ names: [nameOf('billing')] });
      write('old.json', 1, list, { authorities: [before] });
      const [exitCode, answer] = await ask(list, { authorities: [later] });
      assert.equal(exitCode, 1);
      assert.match(answer, /^warehouse used: last call by dns issued by corp warehouse\.corp\.example 2027-01-04T01:30Z \(1 day ago\), at least 1 call, Orders; .*\nbilling cannot_tell: .*matches this entry too\ndepot unused: no call in the 46 of 48 hours[^;]*$/); // prettier-ignore
    }
    write('old.json', 1, identities);
  });

  it('judges a role, a switch and a lock by the calls of the identity, and functions by their own lines', async () => {
    for (const [list, more, expected] of [
      [billing({ roles: [] }), {}, /^billing used: last call by thumbprintSha256 A{16} .*, at least 22 calls/],
      [billing({ enabled: false }), {}, /^billing used: /],
      [billing({ functions: ['Orders', 'CancelOrder'] }), {}, /^billing used: .*, at least 21 calls, RefundOrder; /],
      [identities, { locked: { since: '2027-01-06T00:00:00Z', by: 'ada', reason: 'x' } }, /^billing used: .*\nwarehouse used: .*\npartner used: .*\ndepot unused: /], // prettier-ignore
    ] as const) {
      const [exitCode, answer] = await ask(list, more);
      assert.match(answer, expected);
      assert.equal(exitCode, 1);
    }
    const [exitCode, answer] = await ask(billing({ functions: ['Orders', 'RefundOrder'] }));
    assert.deepEqual([exitCode, answer], [0, `billing unused: no call in the 46 of 48 hours that the lines cover; otherwise, ${lastCall}`]); // prettier-ignore
    await writeLog('counted.log', { decisionLog: 'denials' });
    const [counted, why] = await ask(billing({ functions: ['Orders', 'RefundOrder'] }), {}, 'counted.log');
    assert.equal(counted, 3);
    assert.match(why, /cannot tell at which functions all were$/);
    // The decision lines of another process show nothing about these calls.
    const latest = Array.from({ length: 40 }, (_, index) => call(47 + index / 100, 'billing', usedPin));
    await writeLog('both.log', { decisionLog: 'denials' }, { process: 'fedcba9876543210', start: begin + 46.9 * hour, calls: latest }); // prettier-ignore
    assert.equal((await ask(billing({ functions: ['Orders'] }), {}, 'both.log'))[0], 3);
  });

  it('passes if all calls are within the time that remains', async () => {
    for (const [notAfter, expected] of [
      ['2127-01-20T00:00:00Z', [0, 'later']],
      ['2027-01-05T12:00:00Z', [1, 'used']],
      // The calls were made before this end, but the next one will be refused.
      ['2027-01-05T23:00:00Z', [1, 'used']],
    ] as const) {
      for (const more of [{ pins: [{ ...used, notAfter }, old, sha1] }, { expiresAt: notAfter }]) {
        const [exitCode, answer] = await ask(billing(more));
        assert.deepEqual([exitCode, /^billing (\w+): /.exec(answer)?.[1]], expected, answer);
      }
    }
    const [early] = await ask(billing({ pins: [{ ...used, notBefore: '2027-01-04T12:00:00Z' }, old, sha1] }));
    assert.equal(early, 1);
  });

  it('does not take a time that has ended since then for one that continues', async () => {
    const past = Date.UTC(2024, 0, 4);
    await writeLog('past.log', { start: past, calls: [{ ...call(0, 'billing', usedPin), at: past + hour }] });
    write('new.json', 2, billing({ pins: [{ ...used, notAfter: '2024-02-01T00:00:00Z' }, old, sha1] }));
    const ended = await run('new.json', '--log', 'past.log', '--until', '2024-01-05T00:00:00Z', '--fail-on', 'used-losses'); // prettier-ignore
    assert.equal(ended.exitCode, 1, ended.stdout);
  });

  it('judges a denied certificate by its pin or by the lines, and cannot tell for one that no line has', async () => {
    for (const [entry, exitCode, expected] of [
      [{ thumbprintSha256: usedPin }, 1, /^billing used: last call by/],
      [{ thumbprintSha256: oldPin }, 0, /^billing unused: /],
      [{ thumbprintSha256: pinOf('E') }, 1, /^warehouse used: last call with it 2027-01-04T01:30Z/],
      [{ thumbprintSha256: pinOf('F') }, 3, /^null cannot_tell: /],
      [{ issuedBy: 'corp', serialNumber: '1234' }, 3, /^null cannot_tell: /],
    ] as const) {
      const [ended, answer] = await ask(identities, { denied: [entry] });
      assert.match(answer, expected);
      assert.equal(ended, exitCode, answer);
    }
    const [audience] = await ask(identities, { audience: ['orders'] });
    assert.equal(audience, 3);
  });

  it('finds a new pin of a certificate that calls as somebody else, or that the pin refuses', async () => {
    const pins = [{ thumbprintSha256: pinOf('E') }];
    const other = { ...identities, other: { name: 'other', roles: [], pins } };
    const [exitCode, answer, { stdout }] = await ask(other);
    assert.deepEqual(
      [exitCode, /^warehouse used: last call with it 2027-01-04T01:30Z/.test(answer)],
      [1, true],
      stdout,
    );
    assert.match(stdout, /"loses": true,[^]*calls with the certificate of the new pin .* of \\"other\\": if both match it, the gate refuses it/); // prettier-ignore
    const own = (more: object): Identities => ({ ...identities, warehouse: { ...identities.warehouse, pins: [{ ...pins[0], ...more }] } }); // prettier-ignore
    assert.equal((await ask(own({})))[0], 0);
    assert.equal((await ask(own({ enabled: false })))[0], 1);
    assert.equal((await ask({ ...identities, other: { name: 'other', roles: [], pins: [{ thumbprintSha256: pinOf('F') }] } }))[0], 0); // prettier-ignore
    // Lines that only count calls have no thumbprint, and missing lines might have one.
    await writeLog('counted.log', { decisionLog: 'denials' });
    folder.file('cut.json', '[]');
    for (const log of ['counted.log', 'app.log cut.json']) assert.equal((await ask({ ...identities, other: { name: 'other', roles: [], pins: [{ thumbprintSha256: pinOf('F') }] } }, {}, log))[0], 3); // prettier-ignore
    // Lines have no thumbprint of another kind.
    const [hidden, , { stdout: remark }] = await ask({ ...identities, other: { name: 'other', roles: [], pins: [{ thumbprintSha1: 'E'.repeat(40) }] } }); // prettier-ignore
    assert.equal(hidden, 3);
    assert.match(remark, /"possibleLosses": "Some certificates now match a pin or name of \\"other\\"/);
  });

  it('ends with 3 if the log has no line, with 2 without a log, and with 1 for a lower revision', async () => {
    write('lower.json', 0, identities);
    folder.file('empty.log', '');
    folder.file('strange.log', 'Host started\n');
    for (const [exitCode, message, ...words] of [
      [3, /no line of Certgate/, 'lower.json', '--log', 'empty.log'],
      [3, /no line of Certgate/, 'lower.json', '--log', 'strange.log', '--fail-on', 'used-losses'],
      [2, /require --log/, 'lower.json', '--fail-on', 'used-losses'],
      [2, /require --log/, 'lower.json', '--since', '2d'],
      [2, /require --log/, 'lower.json', '--apps', 'apps.txt'],
      [2, /Only one of the documents and logs/, '-', '--log', '-'],
      [2, /absent/, 'lower.json', '--log', 'absent.log'],
      [1, /app\.log: /, 'lower.json', '--log', 'app.log', '--fail-on', 'used-losses'],
      [0, /app\.log: /, 'lower.json', '--log', 'app.log', '--fail-on', 'losses'],
    ] as const) {
      const ended = await run(...words);
      assert.equal(ended.exitCode, exitCode, `${words.join(' ')} ${ended.stderr}`);
      assert.match(ended.stderr, message);
      assert.equal(ended.stdout === '', exitCode > 1);
    }
  });

  it('does not take a truncated export for a log without calls', async () => {
    folder.file('cut.json', JSON.stringify([{ TableName: 'PrimaryResult', Message: '{}', certgate_lines: '' }]));
    const [exitCode, answer] = await ask(billing({ pins: [used, sha1] }), {}, 'app.log cut.json');
    assert.deepEqual([exitCode, /^billing cannot_tell: cannot tell: /.test(answer)], [3, true], answer);
    const [failed] = await ask(billing({ pins: [old, sha1] }), {}, 'app.log cut.json');
    assert.equal(failed, 1);
  });

  it('shows the uses below each loss, and what limits the answer', async () => {
    write('new.json', 2, billing({ pins: [old, sha1] }));
    const { stdout, exitCode } = await run('new.json', '--log', 'app.log', ...span, '--fail-on', 'never');
    assert.equal(exitCode, 0);
    assert.ok(stdout.includes(`no longer has the pin thumbprintSha256 AAAAAAAAAAAAAAAA…AAAAAAAA.\n          "billing": ${lastCall}\n`), stdout); // prettier-ignore
    assert.match(stdout, /^- No line shows revision 1 of this document in use/m);
    assert.match(stdout, /^- Covered .*: orders 46 of 48 hours\.$/m);
  });

  it('writes Markdown of limited length, in which names are text in code', async () => {
    const odd = '``` @team <img src=x onerror=alert(1)> [a](javascript:b) | #1';
    const pins = Array.from({ length: 400 }, (_, index) => ({
      thumbprintSha256: index.toString(16).padStart(64, '0'),
    }));
    write('old.json', 1, {
      ...identities,
      odd: { name: odd, roles: [], pins: [...pins, { thumbprintSha256: pinOf('9') }] },
    });
    write('new.json', 2, identities);
    const functions = Array.from({ length: 9 }, (_, index) =>
      call(index, odd, pinOf('9'), { function: `${odd}${index}` }),
    );
    await writeLog('odd.log', { app: odd, calls: functions });
    const { stdout, stderr } = await run('new.json', '--log', 'odd.log', '--markdown');
    assert.ok(stdout.length < 65_536, stderr);
    // The text without its code blocks, as CommonMark reads it.
    const plain = stdout.replace(/^### /gm, '').replace(/^(`{3,})diff\n[^]*?\n\1$/gm, '');
    assert.doesNotMatch(plain, /@|<(?!!-- certgate)|\[|#|javascript/);
    assert.match(plain, /… and more/);
    // The changes that are left out are not among those that were used.
    assert.match(
      stdout,
      /^- .*no longer has the pin thumbprintSha256 9{16}.*\n {4}.*last call by thumbprintSha256 9{16}/m,
    );
    write('old.json', 1, identities);
  });
});
