import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { denialCodes } from '@certgate/core/internal';
import { billing, issuedDocument } from '@certgate/core/test-support/authority-stage.js';
import { documentOf } from '@certgate/core/test-support/documents.js';
import { parseStoredDocument } from '../administration/load-trust-document.js';
import { runLineInProcess } from '../../commands/trust/test-support/run-in-process.js';
import { denialRemedies } from './denial-remedies.js';
import { explainLine, type LineQuestion, type LineReport } from './explain-line.js';
import { formatLineReport } from './explanation-text.js';

// Explains lines of the log if nothing else is known: lines of every code, and lines with hostile texts.

const hash = 'AB'.repeat(32);
const document = {
  schemaVersion: 1,
  revision: 3,
  identities: [
    { name: 'billing', owner: 'payments', roles: ['reader'], enabled: false, pins: [{ thumbprintSha256: hash }] },
  ],
};
const text = JSON.stringify(document);
const loaded = parseStoredDocument({ bytes: Buffer.from(text), etag: '', signature: undefined }, 'file:trust.json');
const question: LineQuestion = {
  store: 'file:trust.json',
  loaded,
  changeLog: [],
  revocation: undefined,
  requirement: undefined,
  isSignatureRefused: false,
};
/** The same question about a document that differs in some members. */
const ask = (other: object): LineQuestion => {
  const bytes = Buffer.from(JSON.stringify({ ...document, ...other }));
  return { ...question, loaded: parseStoredDocument({ bytes, etag: '', signature: undefined }, 'x') };
};
const digits = loaded.documentSha256.slice(0, 16).toUpperCase();

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-line-'));
  writeFileSync(join(folder, 'trust.json'), text);
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const run = (...words: readonly string[]): ReturnType<typeof runLineInProcess> =>
  runLineInProcess(['trust', 'explain', '--store', 'file:trust.json', ...words], folder);

describe('a line of the log', () => {
  test('of every code has the same advice as a certificate, and none of its hostile text gets into a command', () => {
    const hostile = '$(id)`id`\u001b[2J\u202e"; rm -rf / #';
    for (const code of denialCodes) {
      const line = {
        certgate: 1,
        event: 'decision',
        outcome: 'denied',
        code,
        function: hostile,
        correlationId: hostile,
        identity: hostile,
        thumbprintSha256: hostile,
        matched: hostile,
        detail: `${hostile} requires: ${hostile}.`,
        subject: hostile,
        issuer: hostile,
        claimedBy: 'name',
        claimedIdentity: hostile,
        time: hostile,
        trustSource: hostile,
        trustSha256: hostile,
        list: { issuer: hostile, end: hostile },
      };
      const report = explainLine(line, question);
      const rule = denialRemedies[code];
      const advice = typeof rule === 'string' ? rule : rule.advice;
      if (typeof advice === 'string') assert.ok(report.remedy?.verifyFirst.startsWith(advice), code);
      assert.equal(report.remedy?.code, code);
      assert.equal(report.document, 'changed');
      assert.ok(report.untold.length > 0, code);
      const commands = report.remedy.choices.flatMap((choice) => choice.commands);
      assert.ok(
        commands.every((command) => !command.includes('id)') && !command.includes('rm -rf')),
        commands.join(),
      );
      const shown = formatLineReport(report, { store: 'file:trust.json', revision: 3, signed: false, count: 1 });
      assert.match(shown, /issuer \$\(id\)/);
      assert.doesNotMatch(shown.replaceAll(/\u001b\[\d+m/g, ''), /[\u001b\u202e]/);
    }
  });

  test('has no command for a fault that the document no longer has', () => {
    const line = { certgate: 1, event: 'decision', outcome: 'denied', code: 'identity_disabled', identity: 'billing' };
    assert.equal(explainLine(line, question).remedy?.choices.length, 1);
    const enabled = text.replace('"enabled":false,', '');
    const now = parseStoredDocument({ bytes: Buffer.from(enabled), etag: '', signature: undefined }, 'x');
    const entry = {
      version: 1,
      at: '2026-11-01T00:00:00Z',
      verb: 'enable',
      by: 'ada',
      reason: 'again',
      revision: 3,
      documentSha256: 'a',
      previousDocumentSha256: 'b',
      signed: false,
      changes: [],
    };
    const changed = { ...question, loaded: now, changeLog: [JSON.stringify(entry)] };
    const explained = explainLine({ ...line, trustSha256: digits, trustRevision: 2 }, changed);
    assert.deepEqual([explained.document, explained.remedy?.choices], ['changed', []]);
    assert.deepEqual(explained.changes, ['revision 3, 2026-11-01T00:00:00Z, ada: enable (again)']);
    const shown = formatLineReport(explained, { store: 'x', revision: 3, signed: false, count: 1 });
    assert.match(shown, /another document than the line names.*According to the unsigned log/);
  });

  test('says that it names no identity, or one that the document does not list', () => {
    const tell = (more: object): string =>
      explainLine({ certgate: 1, event: 'decision', code: 'identity_disabled', ...more }, question).untold.join();
    assert.match(tell({}), /The line names no identity\./);
    assert.match(tell({ identity: 'gone' }), /an identity that the document does not list now/);
    assert.doesNotMatch(tell({ identity: 'billing' }), /identity/);
  });

  test('about a lock of the document leads to an unlock, even if the reason of the lock names the app setting', () => {
    const locked = { since: '2026-11-01T00:00:00Z', by: 'ada', reason: 'as CERTGATE_LOCKED' };
    const detail = 'The trust document is locked since 2026-11-01T00:00:00Z by ada: as CERTGATE_LOCKED';
    const line = { certgate: 1, event: 'decision', outcome: 'denied', code: 'trust_locked', detail };
    const { remedy } = explainLine(line, ask({ identities: [], locked }));
    assert.ok(remedy?.choices.some(({ commands }) => commands.some((command) => command.includes(' unlock '))));
  });

  test('has no command about anything that the document does not refuse now', () => {
    const pinned = (pin: object, more: object = {}): LineQuestion =>
      ask({
        identities: [{ name: 'billing', roles: ['reader'], pins: [{ thumbprintSha256: hash, ...pin }] }],
        ...more,
      });
    const other = { denied: [{ thumbprintSha256: 'CD'.repeat(32), reason: 'key lost' }] };
    const identity = 'billing';
    const cases: readonly (readonly [object, LineQuestion])[] = [
      [{ code: 'pin_disabled', identity }, pinned({})],
      [{ code: 'pin_expired', identity }, pinned({ notAfter: '2099-01-01T00:00:00Z' })],
      [{ code: 'pin_expired', identity, time: '9999-12-31T00:00:00Z' }, pinned({ notAfter: '2099-01-01T00:00:00Z' })],
      [{ code: 'pin_not_yet_valid', identity }, pinned({ notBefore: '2026-01-01T00:00:00Z' })],
      [{ code: 'role_missing', identity, detail: 'It requires: reader.' }, pinned({})],
      [{ code: 'function_not_allowed', identity, function: 'F' }, pinned({})],
      [{ code: 'certificate_not_trusted' }, pinned({})],
      // In another document, this place has the entry of another certificate.
      [{ code: 'certificate_on_deny_list', detail: '(denied[0])', trustSha256: digits }, pinned({}, other)],
    ];
    for (const [line, asked] of cases) {
      const explained = explainLine({ certgate: 1, event: 'decision', thumbprintSha256: hash, ...line }, asked);
      assert.deepEqual(explained.remedy?.choices, [], JSON.stringify(line));
      assert.match(
        explained.untold.join(),
        /does not (?:refuse for this now|have the thumbprint)/,
        JSON.stringify(line),
      );
    }
  });

  test('about a certificate that has ended has no command if the identity has only names', () => {
    const choicesOf = (code: string, asked: LineQuestion): number | undefined => {
      const line = { certgate: 1, event: 'decision', outcome: 'denied', code, identity: 'billing' };
      return explainLine({ ...line, thumbprintSha256: hash }, asked).remedy?.choices.length;
    };
    for (const code of ['certificate_expired', 'certificate_extended_key_usage_unsuitable']) {
      assert.equal(choicesOf(code, ask(issuedDocument([billing]))), 0);
      assert.equal(choicesOf(code, ask(documentOf([{ name: 'billing', pins: [{ thumbprintSha256: hash }] }]))), 1);
    }
  });

  test('about a caller whose pin is of the wrong kind says so', () => {
    const pins = [{ publicKeySha256: hash, notAfter: '2099-01-01T00:00:00Z' }];
    const line = { certgate: 1, event: 'decision', code: 'certificate_not_trusted', thumbprintSha256: hash };
    const { nearMatches, remedy } = explainLine(line, ask({ identities: [{ name: 'billing', roles: [], pins }] }));
    assert.match(nearMatches[0]?.likeness ?? '', /wrong kind of hash/);
    assert.match(
      remedy?.choices[0]?.commands[0] ?? '',
      /trust rotate billing --pin .* --thumbprint-sha256 THUMBPRINT-FROM-THE-OWNER --overlap 0 /,
    );
  });

  test('is reported with texts of at most 2048 characters', () => {
    const long = explainLine({ certgate: 1, event: 'decision', detail: 'x'.repeat(1e6) }, question);
    assert.equal(long.detail?.length, 2048);
  });

  test('has an explanation of what it is about, even if it is not about a denial', () => {
    const about = (line: object): LineReport => explainLine({ certgate: 1, ...line }, question);
    const cases: readonly (readonly [object, RegExp, string | undefined])[] = [
      [{ event: 'decision', outcome: 'allowed', code: 'allowed' }, /nothing to explain/, undefined],
      [
        { event: 'decision', outcome: 'allowed', code: 'allowed', reportOnlyCode: 'role_missing' },
        /report-only/,
        'role_missing',
      ],
      [{ event: 'decision', outcome: 'observed', code: 'certificate_missing' }, /observed/, 'certificate_missing'],
      [{ event: 'decision', outcome: 'denied', code: 'of_next_year' }, /does not know/, undefined],
      [{ event: 'start', code: 'front_end_unknown' }, /when the app started/, 'front_end_unknown'],
      [{ event: 'start', code: 'report_only' }, /is report-only/, undefined],
      [{ event: 'trust', code: 'trust_document_refused' }, /stays in use/, 'trust_unavailable'],
      [{ event: 'trust', code: 'trust_refreshed' }, /accepted again/, undefined],
      [{ event: 'revocation', code: 'revocation_ended' }, /revocation list/, 'revocation_unavailable'],
      ...(['start', 'trust'] as const).map(
        (event) => [{ event, code: 'revocation_refresh_failed' }, /who is refused/, 'revocation_unavailable'] as const,
      ),
      [{ event: 'suppressed', denials: {} }, /were not logged/, undefined],
      [{ event: 'status', moment: 'hour' }, /nothing to explain/, undefined],
      [{ event: 'start', code: 'constructor' }, /Not about a denial/, undefined],
      [{ event: 'toString', code: 'x' }, /Not about a denial/, undefined],
      [{}, /Not about a denial/, undefined],
    ];
    for (const [line, expected, code] of cases) {
      const report = about(line);
      assert.match(report.about, expected);
      assert.equal(report.remedy?.code, code, JSON.stringify(line));
    }
  });
});

describe('certgate trust explain --log', () => {
  test('explains the call with a given id, and groups lines that say the same', async () => {
    const line = (id: string, code: string): string =>
      JSON.stringify({ certgate: 1, event: 'decision', outcome: 'denied', code, correlationId: id });
    writeFileSync(
      join(folder, 'app.log'),
      [line('1', 'certificate_missing'), line('2', 'certificate_missing'), line('3', 'internal_fault')].join('\n'),
    );
    const all = await run('--log', 'app.log');
    assert.equal(all.exitCode, 1);
    assert.match(
      all.stdout,
      /decision certificate_missing, .*; the last of 2 lines like it\n[^]*decision internal_fault/,
    );
    assert.match(all.stdout, /^unknown +The line has no time/m);
    const missing = (name: string): string =>
      JSON.stringify({
        certgate: 1,
        event: 'decision',
        code: 'role_missing',
        function: name,
        identity: 'billing',
      });
    const log = `${missing('GetOrder')}\n${missing('Other')}`;
    const words = ['--function', 'getorder', '--requires-role', 'reader', '--log', '-', '--json'];
    const asked = await runLineInProcess(['trust', 'explain', '--store', 'file:trust.json', ...words], folder, log);
    const [own, other] = (JSON.parse(asked.stdout) as { readonly lines: readonly LineReport[] }).lines;
    assert.deepEqual(own?.remedy?.choices, []);
    assert.match(other?.remedy?.choices[0]?.commands[0] ?? '', /--role ROLE/);
    const one = await run('--log', 'app.log', '--correlation-id', '3', '--json');
    const { lines } = JSON.parse(one.stdout) as { readonly lines: readonly LineReport[] };
    assert.deepEqual(
      lines.map(({ code }) => code),
      ['internal_fault'],
    );
    for (const [words, expected] of [
      [['--log', 'app.log', '--correlation-id', '4'], /None of the 3 lines[^]*counts the others/],
      [['--log', 'trust.json'], /no line of Certgate/],
      [['--log', 'app.log', '--no-certificate'], /cannot be used with option '--no-certificate'/],
      [['--log', 'app.log', '--at', '2026-01-01T00:00:00Z'], /cannot be used with option '--at <time>'/],
      [['--log', 'app.log', '--requires-role', 'reader'], /also requires --function/],
      [['--log', 'app.log', '--signed-by', '-----BEGIN PUBLIC KEY-----'], /--signed-by can't be used/],
      [['--correlation-id', '4', '--no-certificate', '--function', 'F'], /requires --log/],
    ] as const) {
      const { exitCode, stderr } = await run(...words);
      assert.equal(exitCode, 2);
      assert.match(stderr, expected);
    }
  });

  test('asks for the other document if two trust stores disagree, and refuses several documents for a certificate', async () => {
    const detail = 'Two trust stores know the certificate as "billing" and give it different roles or functions.';
    const log = JSON.stringify({ certgate: 1, event: 'decision', code: 'identity_ambiguous', detail });
    const asked = await runLineInProcess(['trust', 'explain', '--store', 'file:trust.json', '--log', '-'], folder, log);
    assert.match(asked.stdout, /^unknown +The line is about two trust stores of the app\. .*repeat --store/m);
    const { exitCode, stderr } = await run('--store', 'file:b.json', '--no-certificate', '--function', 'F');
    assert.equal(exitCode, 2);
    assert.match(stderr, /explained by one document[^]*--app FOLDER/);
  });

  test('says how many lines it could not read', async () => {
    const line = JSON.stringify({ certgate: 1, event: 'decision', correlationId: 'c1', code: 'certificate_missing' });
    writeFileSync(join(folder, 'cut.log'), [line, line.slice(0, 40), 'Host started', line.slice(0, 60)].join('\n'));
    const found = await run('--log', 'cut.log');
    assert.equal(found.exitCode, 1);
    assert.equal(found.stderr, 'cut.log: skipped 2 lines that are cut short, damaged or longer than 1 MiB.\n');
    const { exitCode, stderr } = await run('--log', 'cut.log', '--correlation-id', 'c2');
    assert.equal(exitCode, 2);
    assert.match(stderr, /^cut\.log: skipped 2 lines/);
    const Message = JSON.stringify({ certgate: 1, event: 'decision', outcome: 'allowed', code: 'allowed' });
    writeFileSync(join(folder, 'part.json'), JSON.stringify([{ TableName: 'PrimaryResult', Message }]));
    const part = await run('--log', 'part.json');
    assert.equal(part.exitCode, 3);
    assert.match(part.stderr, /^part\.json: It has no row with the number of its lines/);
  });

  test('says that the requested time has no line if other times have some', async () => {
    const lines = [1, 2].map((day) => JSON.stringify({ certgate: 1, event: 'decision', time: `2026-01-0${day}T00:00:00Z`, correlationId: `c${day}`, code: 'certificate_missing' })); // prettier-ignore
    writeFileSync(join(folder, 'dated.log'), lines.join('\n'));
    for (const [words, expected] of [
      [['--since', '2026-02-01T00:00:00Z'], /no line of Certgate in the requested time\.\n.*earlier --since/],
      [
        ['--until', '2026-01-01T12:00:00Z', '--correlation-id', 'c2'],
        /with the correlation id "c2" in the requested time/,
      ],
    ] as const) {
      const { exitCode, stderr } = await run('--log', 'dated.log', ...words);
      assert.equal(exitCode, 2);
      assert.match(stderr, expected);
    }
  });

  test('says how to replace a document that cannot be read, in commands that are quoted for a shell', async () => {
    writeFileSync(join(folder, 'a $(id).json'), '{');
    const input = '{"certgate":1,"event":"decision","outcome":"denied","code":"trust_unavailable"}';
    const words = ['trust', 'explain', '--store', 'file:a $(id).json', '--log', '-'];
    const { exitCode, stderr } = await runLineInProcess(words, folder, input);
    assert.equal(exitCode, 2);
    assert.match(stderr, /certgate trust check --store 'file:a \$\(id\)\.json'\n/);
    assert.match(
      stderr,
      /certgate trust restore DOCUMENT --revision N --reason REASON --store 'file:a \$\(id\)\.json'\n/,
    );
  });
});
