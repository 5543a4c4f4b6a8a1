import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { createTemporaryFolder } from '../../../certificates/test-support/openssl.js';
import type { CommandRun } from '../../certificate/test-support/run-certgate.js';
import type { ReplayReport } from '../../../trust/replay/replay-report.js';
import { formatMarkdown } from './diff-markdown.js';
import { runLineInProcess } from '../test-support/run-in-process.js';

describe('certgate trust diff --replay', () => {
  const folder = createTemporaryFolder();
  const thumbprintSha256 = 'A1'.repeat(32);
  const diff = (...args: readonly string[]): Promise<CommandRun> =>
    runLineInProcess(['trust', 'diff', 'old.json', ...args], folder.path);
  const write = (name: string, revision: number, identity: object): string => {
    const pins = [{ thumbprintSha256 }];
    const text = JSON.stringify({
      schemaVersion: 1,
      revision,
      identities: [{ name: 'billing', roles: [], pins, ...identity }],
    });
    folder.file(name, text);
    return createHash('sha256').update(text).digest('hex').slice(0, 16).toUpperCase();
  };
  const writeLog = (name: string, ...changes: readonly object[]): void => {
    const lines = changes.map((each, index) =>
      JSON.stringify({
        ...{
          certgate: 1,
          event: 'decision',
          time: `2026-01-0${index + 1}T00:00:00.000Z`,
          outcome: 'allowed',
          code: 'allowed',
        },
        ...{
          function: 'F',
          correlationId: `c${index}`,
          identity: 'billing',
          matchedBy: 'thumbprintSha256',
          thumbprintSha256,
        },
        ...{ trustRevision: 1, trustSha256: digits, ...each },
      }),
    );
    folder.file(name, `${lines.join('\n')}\n`);
  };
  let digits = '';
  before(() => {
    digits = write('old.json', 1, {});
    write('same.json', 2, { owner: 'team' });
    write('disabled.json', 2, { enabled: false });
    write('lower.json', 0, { owner: 'team' });
    writeLog('app.log', {}, {});
    writeLog('unclear.log', {}, { trustSha256: undefined });
    writeLog('strangers.log', { outcome: 'denied', code: 'trust_unavailable', identity: undefined });
  });
  after(() => {
    folder.remove();
  });

  test('exit codes: what would break, what --fail-on names, and what no line tells', async () => {
    const cases: readonly (readonly [number, ...string[]])[] = [
      [0, 'same.json', '--replay', '--log', 'app.log'],
      [1, 'disabled.json', '--replay', '--log', 'app.log'],
      [1, 'lower.json', '--replay', '--log', 'app.log'],
      [0, 'lower.json', '--replay', '--log', 'app.log', '--fail-on', 'never'],
      [1, 'disabled.json', '--replay', '--log', 'app.log', '--fail-on', 'never'],
      [1, 'disabled.json', '--replay', '--log', 'strangers.log', '--fail-on', 'losses'],
      [0, 'disabled.json', '--replay', '--log', 'strangers.log'],
      [3, 'same.json', '--replay', '--log', 'unclear.log'],
      [1, 'disabled.json', '--replay', '--log', 'unclear.log'],
      [2, 'disabled.json', '--replay'],
      [2, 'disabled.json', '--log', 'app.log'],
      [2, 'disabled.json', '--app', '.'],
      [2, 'disabled.json', '--replay', '--log', 'absent.log'],
      [2, 'disabled.json', '--replay', '--log', 'old.json'],
    ];
    for (const [code, ...args] of cases) {
      const { exitCode, stderr } = await diff(...args);
      assert.equal(exitCode, code, `${args.join(' ')} ${stderr}`);
    }
  });

  test('says what it replayed, as text and as JSON', async () => {
    const { stdout, stderr } = await diff('disabled.json', '--replay', '--log', 'app.log');
    assert.match(stdout, /^Replay of the calls from 2026-01-01T00:00:00Z until 2026-01-02T00:00:00Z:$/m);
    assert.match(
      stdout,
      /^- breaks {4}"billing" at F: 2 calls, the last at 2026-01-02T00:00:00Z\. identity_disabled: The identity/m,
    );
    assert.match(stderr, /^app\.log: 2 of 2 lines used/);
    const unclear = await diff('same.json', '--replay', '--log', 'unclear.log');
    assert.match(
      unclear.stdout,
      /^\? cannot tell 1 call that was allowed \("billing"\): the lines name no document\.\n1 call ends as before\.$/m,
    );
    const { replay } = JSON.parse((await diff('disabled.json', '--replay', '--log', 'app.log', '--json')).stdout) as {
      readonly replay: { readonly wouldBreak: unknown; readonly reading: readonly { readonly records: number }[] };
    };
    const detail = 'The identity "billing" is disabled in the trust document.';
    assert.deepEqual(replay.wouldBreak, [
      { identity: 'billing', function: 'F', calls: 2, last: '2026-01-02T00:00:00Z', code: 'identity_disabled', detail },
    ]);
    assert.deepEqual(
      replay.reading.map(({ records }) => records),
      [2],
    );
  });

  test('names of callers and functions are text in code, and a long comment is cut', async () => {
    const odd = '``` @team <img src=x onerror=alert(1)> [a](javascript:b) | #1 \u202e\u001b[31m\n```\n# x';
    writeLog('odd.log', ...Array.from({ length: 9 }, (_, index) => ({ function: `${odd}${index}`, trustRevision: 9 })));
    const pins = Array.from({ length: 400 }, (_, index) => ({
      thumbprintSha256: index.toString(16).padStart(64, '`').replaceAll('`', '0'),
    }));
    write('odd.json', 2, {
      name: odd.replace(/ \u202e[^]*$/, ''),
      enabled: false,
      pins: [{ thumbprintSha256 }, ...pins],
    });
    const { stdout, stderr } = await diff('odd.json', '--replay', '--log', 'odd.log', '--markdown');
    assert.ok(stdout.length < 65_536, stderr);
    assert.notEqual(stdout, '', stderr);
    assert.match(stdout, /^<!-- certgate-trust-diff -->\n/);
    assert.doesNotMatch(stdout, /[\u001b\u202e]/);
    // Without what stands in code, as CommonMark reads it: blocks first, then spans of as many backticks on both sides.
    const plain = stdout
      .replace(/^### /gm, '')
      .replace(/^(`{3,})diff\n[^]*?\n\1$/gm, '')
      .replace(/(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g, '');
    assert.doesNotMatch(plain, /@|<(?!!-- certgate)|\[|#|javascript/);
    assert.match(plain, /… and \d+ more/);
    assert.match(stdout, /^- {3}billing|^- ` billing ` at ```` ``` @team/m);
  });

  test('a comment is never longer than GitHub takes, and digits of documents are foreign text too', () => {
    const odd = '`'.repeat(400);
    const row = { identity: odd, function: odd, calls: 1, last: 'x', code: null, detail: odd, as: odd };
    const rows = Array.from({ length: 30 }, () => ({ ...row, was: 'role_missing' as const }));
    const replay = (wouldBreak: typeof rows): ReplayReport => ({
      ...{ wouldBreak, wouldGetIn: wouldBreak, asAnother: wouldBreak, cannotTell: [] },
      ...{ unaffected: 1, notAboutDocument: 0, decidedByAfter: 0, isSampled: false, assumptions: [] },
      ...{ otherDocuments: [{ sha256: '@team <b>', revision: 1, calls: 1 }], from: null, until: null, reading: [] },
    });
    const change = { effect: 'loses', aspect: 'identity', sentence: odd } as const;
    const comparison = {
      ...{ changes: Array.from({ length: 90 }, () => change), gains: false, possibleGains: undefined, loses: true },
      revision: { before: 1, after: 2 },
    };
    const long = formatMarkdown(comparison, undefined, replay(rows));
    assert.ok(long.length < 65_536, String(long.length));
    assert.match(long, /\*\*Would be refused\*\*\n\n- `[^]*\n\n… and more; `--json` lists all of it\.$/);
    const short = formatMarkdown(comparison, undefined, replay([]));
    assert.match(short, /^1 call decided by another document: ` @team <b>… `, revision 1\.$/m);
  });
});
