// In a process of its own: the clock stands still while a gate starts, and other tests go on meanwhile.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { createTemporaryFolder } from '../../certificates/test-support/openssl.js';
import { somePin, writeLines } from '../../log/coverage/test-support/written-lines.js';
import type { CommandRun } from '../certificate/test-support/run-certgate.js';
import { runLineInProcess } from './test-support/run-in-process.js';

const hour = 3_600_000;
const begin = Date.UTC(2027, 0, 4);
const quietPin = 'CD'.repeat(32);

describe('certgate trust usage', () => {
  const folder = createTemporaryFolder();

  before(async () => {
    const calls = [0.5, 1.5, 23.5].map((hours) => ({ at: begin + hours * hour, identity: 'billing' }));
    const refused = { ...calls[1], at: begin + 2.5 * hour, identity: 'late', code: 'identity_expired' as const };
    const hostile = { at: begin + 3 * hour, identity: 'x\u001b[2Jy', matched: 'EF'.repeat(32) };
    const all = [...calls, refused, hostile].sort((one, other) => one.at - other.at);
    const records = await writeLines({ start: begin, calls: all });
    writeFileSync(folder.file('orders.log'), records.map(({ line }) => `${JSON.stringify(line)}\n`).join(''));
    const document = {
      schemaVersion: 1,
      revision: 1,
      identities: [
        { name: 'billing', roles: [], pins: [{ thumbprintSha256: somePin, notAfter: '2027-01-20T00:00:00Z' }] },
        { name: '--crm', roles: [], owner: 'crm team', pins: [{ thumbprintSha256: quietPin }] },
        { name: 'late', roles: [], expiresAt: '2027-01-02T00:00:00Z', pins: [{ thumbprintSha1: 'AB'.repeat(20) }] },
      ],
    };
    writeFileSync(folder.file('trust.json'), JSON.stringify(document));
    writeFileSync(folder.file('apps.txt'), 'orders\r\n\nshipping\n');
  });
  after(() => {
    folder.remove();
  });

  const run = (...more: readonly string[]): Promise<CommandRun> =>
    runLineInProcess(
      ['trust', 'usage', '--store', 'trust.json', ...(more.includes('--until') ? [] : ['--until', '2027-01-05T00:00:00Z']), ...(more.includes('--log') ? [] : ['--log', 'orders.log']), ...more], // prettier-ignore
      folder.file('.'),
    );

  it('shows who called last, who has not called, how certain that is, and the commands that disable', async () => {
    const { exitCode, stdout, stderr } = await run('--since', '1d', '--apps', 'apps.txt');
    assert.equal(exitCode, 0);
    assert.match(stderr, /^orders\.log: \d+ of \d+ lines used/);
    const claim = 'no call in the 22 of 24 hours that the lines cover; cannot tell for shipping';
    assert.ok(stdout.includes(`N${claim.slice(1)}: 1\n`), stdout);
    assert.match(stdout, /│ --crm +│ crm team +│/);
    assert.ok(stdout.includes(`trust disable --reason "${claim}" --store file:trust.json -- --crm\n`), stdout);
    assert.doesNotMatch(stdout, /trust remove/);
    assert.match(
      stdout,
      /Ends soon: 1\n.*\n│ identity.*\n│ billing +│ 2027-01-04T23:30Z │ thumbprintSha256 (?:AB){8} │ 3 /,
    );
    assert.match(stdout, /Not admitted now: 1\n.*\n.*\n│ late +│ ended .* identity_expired 1/);
    assert.match(stdout, /In the lines, and not in this document: 1\n.*\n.*\n│ x\\u001b\[2Jy /);
    assert.match(stdout, /- No line of shipping: its calls are not known\./);
    assert.match(stdout, /- No line shows revision 1 of this document in use/);
  });

  it('shows with --by pin who calls by which pin or name', async () => {
    const { stdout } = await run('--by', 'pin');
    assert.match(stdout, /thumbprintSha256: 2 in the document, 1 with calls, of 1 identity \(billing\)\./);
    assert.match(stdout, /│ --crm +│ thumbprintSha256 CDCDCDCDCDCDCDCD │/);
    assert.ok(stdout.includes(`trust disable --pin ${quietPin} --reason`), stdout);
    assert.match(stdout, /│ billing +│ thumbprintSha256 ABABABABABABABAB │ 2027-01-04T23:30Z │ 3 /);
  });

  it('prints one object with what was read and what the lines cover', async () => {
    const { stdout } = await run('--since', '2027-01-04T00:00:00Z', '--json');
    const { version, identities, reading, coverage } = JSON.parse(stdout) as {
      version: number;
      identities: readonly {
        name: string;
        endWarning: { at: string } | null;
        withoutCall: { covered: object; sentence: string } | null;
      }[];
      reading: readonly object[];
      coverage: { from: string; until: string; apps: readonly { app: string; limits: readonly { code: string }[] }[] };
    };
    assert.deepEqual([version, reading.length, coverage.from, coverage.until], [1, 1, '2027-01-04T00:00:00Z', '2027-01-05T00:00:00Z']); // prettier-ignore
    const ends = identities.map(({ name, endWarning }) => [name, endWarning?.at]);
    assert.deepEqual(ends.sort(), [['--crm', undefined], ['billing', '2027-01-20T00:00:00Z'], ['late', '2027-01-02T00:00:00Z']]); // prettier-ignore
    const { covered } = identities.find(({ name }) => name === '--crm')?.withoutCall ?? assert.fail();
    assert.deepEqual(covered, { unit: 'hour', covered: 22, of: 24, isWhole: false });
    assert.ok(coverage.apps[0]?.limits.some(({ code }) => code === 'sampling_unknown'));
  });

  it('shows only one identity with --identity, whatever the case of its name', async () => {
    const { stdout } = await run('--identity', 'BILLING', '--json');
    const { identities, unlisted } = JSON.parse(stdout) as { identities: readonly { name: string }[]; unlisted: readonly object[] }; // prettier-ignore
    assert.deepEqual([identities.map(({ name }) => name), unlisted], [['billing'], []]);
  });

  it('never says that somebody made no call, and ends with 3, if the result of a query is incomplete', async () => {
    // `az monitor log-analytics query` prints every value as a text.
    const lines = readFileSync(folder.file('orders.log'), 'utf8').trimEnd().split('\n');
    const row = (more: object): object => ({ TableName: 'PrimaryResult', AppRoleName: 'orders', certgate_lines: '', ...more }); // prettier-ignore
    const rows = lines.map((Message) => row({ Message, AppRoleInstance: 'i-1', ItemCount: '1' }));
    const count = row({ Message: '', AppRoleName: '', ItemCount: 'None', certgate_lines: `${rows.length}` });
    for (const [result, expected] of [
      [[count, ...rows], 0],
      [rows, 3],
      [[count, ...rows.slice(0, -1)], 3],
      [[...rows.slice(1), count], 3],
    ] as const) {
      writeFileSync(folder.file('result.json'), JSON.stringify(result));
      const { exitCode, stdout } = await run('--since', '1d', '--log', 'result.json');
      assert.equal(exitCode, expected);
      assert.equal(/no call in/i.test(stdout), expected === 0, stdout);
      assert.equal(
        /Cannot tell: no whole day or hour is covered by the lines: 1\n/.test(stdout),
        expected === 3,
        stdout,
      );
      assert.equal(stdout.includes('trust disable'), expected === 0);
    }
    const { exitCode, stdout } = await run('--log', 'result.json', '--json');
    assert.equal(exitCode, 3);
    assert.match(stdout, /source_incomplete/);
  });

  it('relies on no last line of a process if a line is damaged, unless the damage is the end of a growing file', async () => {
    const life = { decisionLog: 'denials', start: begin } as const;
    const call = (identity: string) => (hours: number) => ({ at: begin + hours * hour, identity });
    const hourly = Array.from({ length: 60 }, (_, each) => each + 0.25);
    const [steady, rare] = [
      await writeLines({ ...life, process: 'a', calls: hourly.map(call('billing')) }),
      await writeLines({ ...life, process: 'b', calls: [30.2, 31.5].map(call('billing')) }),
    ];
    const lines = [...steady, ...rare]
      .sort((one, other) => one.time - other.time)
      .map(({ line }) => JSON.stringify(line));
    const lost = lines.indexOf(JSON.stringify(rare.at(-1)?.line));
    const cut = lines.map((line) => line.slice(0, 90));
    const claim = async (...files: readonly string[]): Promise<string | undefined> => {
      const logs = files.flatMap((text, index) => {
        writeFileSync(folder.file(`orders.log.${index}`), text);
        return ['--log', `orders.log.${index}`];
      });
      const { stdout } = await run('--since', '2027-01-04T00:00:00Z', '--until', '2027-01-06T12:00:00Z', ...logs);
      return /(?<=trust disable --reason ")no call in the .. of 60 hours/.exec(stdout)?.[0];
    };
    const damaged = lines.with(lost, cut[lost] ?? '').join('\n');
    const [whole, until31, until30] = [57, 30, 29].map((hours) => `no call in the ${hours} of 60 hours`);
    assert.equal(await claim(lines.join('\n')), whole);
    assert.equal(await claim(damaged), until30);
    const end = cut.at(-1) ?? '';
    assert.equal(await claim([...lines, end].join('\n')), whole, 'a file that is being written');
    assert.equal(await claim([...lines, end, ''].join('\n')), until31, 'a damaged line at the end');
    const [older, newer] = [lines.slice(0, lost), lines.slice(lost + 1)].map((each) => each.join('\n'));
    assert.equal(await claim(`${older}\n${cut[lost] ?? ''}`, newer ?? ''), until30, 'an older file, cut at its end');
  });

  it('ends with 2 if the identity, the apps or the log do not exist', async () => {
    for (const more of [
      ['--identity', 'nobody'],
      ['--apps', 'none.txt'],
      ['--log', 'none.log'],
    ]) {
      const { exitCode, stderr } = await run(...more);
      assert.equal(exitCode, 2, stderr);
    }
  });
});
