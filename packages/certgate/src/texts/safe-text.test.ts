import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import {
  escapeControls,
  escapeLines,
  escapeTexts,
  formatForTerminal,
  formatLogText,
  formatMessage,
  shellWord,
  windowsWord,
} from './safe-text.js';

/**
 * Texts full of characters that a terminal obeys: whole and incomplete escape sequences, colours, bidirectional and
 * invisible characters.
 */
const scrap = fc.constantFrom(
  ...['\u001b', '[', ']', ';', 'm', '8', '31', '\u001b[31m', '\u001b[0m', '\u001b[1m', '\u001b[22m', '\u001b[39m'],
  ...[
    '\u001b[8m',
    '\u001b[7m',
    '\u001b[30m',
    '\u001b[41m',
    '\u001b[38;5;1m',
    '\u001b[2J',
    '\u001b]0;x\u0007',
    '\u009b',
  ],
  ...['\n', '\r', '\r\n', '\t', '\0', '\u007f', '\u0085', '\u061c', '\u200b', '\u200e', '\u202e', '\u2066', '\u2028'],
  ...['\ufeff', '\ud800', '\udc00', '\u{e0001}', '\u{f0000}', 'é', 'a', '\u{1f600}', '\\', '"'],
);
const hostile = fc.oneof(
  fc.array(scrap, { maxLength: 12 }).map((parts) => parts.join('')),
  fc.string({ unit: 'binary' }),
);

const unsafe = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u;
const colour = /\u001b\[(?:0|1|2|22|3[1-6]|39|90)m/g;

describe('text that others wrote', () => {
  test('contains no character that a terminal obeys or hides, and stays on one line', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        assert.doesNotMatch(escapeControls(text), unsafe);
      }),
      { numRuns: 2_000 },
    );
  });

  test('keeps its line ends and tabs with `escapeLines`, and no other control character', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = escapeLines(text);
        assert.doesNotMatch(shown.replaceAll(/[\n\t]/g, ''), unsafe);
        assert.equal(shown.split('\n').length, text.split('\n').length);
      }),
      { numRuns: 2_000 },
    );
  });

  test('is escaped the way JSON escapes it, so that a line of JSON keeps its meaning', () => {
    fc.assert(
      fc.property(fc.jsonValue(), hostile, (value, text) => {
        const content = { text, value };
        assert.deepEqual(JSON.parse(escapeControls(JSON.stringify(content))), JSON.parse(JSON.stringify(content)));
      }),
    );
    assert.equal(
      escapeControls('a\n\tb\r\u001b[31mc\u0007\u009b\u202ed\u{e0001}'),
      'a\\n\\tb\\r\\u001b[31mc\\u0007\\u009b\\u202ed\\udb40\\udc01',
    );
  });

  test('is escaped at every depth of a value, colours included', () => {
    assert.deepEqual(escapeTexts({ a: ['\u001b[32mx\n'], b: null, c: 1, d: { e: 'y' } }), {
      a: ['\\u001b[32mx\\n'],
      b: null,
      c: 1,
      d: { e: 'y' },
    });
  });

  test('becomes one word for a shell, and the shell runs none of it', { skip: process.platform === 'win32' }, () => {
    const texts = ['a b', '$(id)', '`id`', "it's", "'$HOME'", 'a"b', '!!', '\\', '', 'x;y', '*', 'a\nb'];
    const command = `printf '%s\\0' ${texts.map(shellWord).join(' ')}`;
    assert.deepEqual(execFileSync('sh', ['-c', command], { encoding: 'utf8' }).split('\0').slice(0, -1), texts);
  });

  test('becomes one word for PowerShell and for cmd', () => {
    const words = [
      [String.raw`C:\app\trust.json`, String.raw`C:\app\trust.json`],
      [String.raw`file:C:\my app\trust.json`, String.raw`"file:C:\my app\trust.json"`],
      ['C:\\my app\\', String.raw`"C:\my app\\"`],
      ['--reason', '--reason'],
      ['-a.b', '"-a.b"'],
      ['0042', '"0042"'],
      ['a,b', '"a,b"'],
      ['@-', '"@-"'],
      ["it's", '"it\'s"'],
      ['{"a":1}', '"{""a"":1}"'],
      ['$(id)', '"`$(id)"'],
      ['two\nlines', '"two`nlines"'],
      ['', '""'],
    ];
    for (const [text = '', word] of words) assert.equal(windowsWord(text), word);
  });

  test('is read by PowerShell as it was meant, and nothing of it is run by cmd', () => {
    const texts = fc.string({ unit: fc.constantFrom(...'ab ,-@"\'`$&|<>^%!;()\n\u201d\\'.split('')) });
    fc.assert(
      fc.property(texts, (text) => {
        const word = windowsWord(text);
        if (word === text) assert.match(word, /^[\w.:/\\=+-]+$/);
        else {
          const [, inner = ''] = /^"((?:""|`[^]|[^"`$\n\u201d])*)"$/.exec(word) ?? assert.fail(word);
          const read = inner.replaceAll(/""|`([^])/g, (_, escaped?: string) =>
            escaped === 'n' ? '\n' : (escaped ?? '"'),
          );
          assert.equal(read, text.replace(/\\+$/, '$&$&'));
        }
        // cmd reads operators outside quotes, and a line end anywhere.
        assert.doesNotMatch(word.replaceAll(/"[^"]*"/g, ''), /[&|<>^"]/);
        assert.doesNotMatch(word, /\n/);
      }),
    );
  });

  test('keeps letters of other scripts as they are', () => {
    const text = 'CN=Zahlungsverkehr Süd, O=株式会社, عربي 😀';
    assert.equal(escapeControls(text), text);
  });
});

describe('whatever is printed', () => {
  test('contains only text, line ends and harmless colours, and leaves no colour switched on', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = formatForTerminal(text);
        assert.doesNotMatch(shown.replaceAll(colour, '').replaceAll(/\r\n|[\n\t]/g, ''), unsafe);
        assert.doesNotMatch(
          formatLogText(text)
            .replaceAll(colour, '')
            .replaceAll(/[\n\t]/g, ''),
          unsafe,
        );
        // Follows the colours the way a terminal would.
        let state = { colour: false, weight: false };
        for (const [sequence] of shown.matchAll(colour)) {
          if (sequence === '\u001b[0m') state = { colour: false, weight: false };
          else if (sequence === '\u001b[39m') state.colour = false;
          else if (sequence === '\u001b[22m') state.weight = false;
          else if (['\u001b[1m', '\u001b[2m'].includes(sequence)) state.weight = true;
          else state.colour = true;
        }
        assert.deepEqual(state, { colour: false, weight: false });
      }),
      { numRuns: 3_000 },
    );
  });

  test('keeps our own colours, tables and CSV', () => {
    const ours = '\u001b[31merror\u001b[39m \u001b[2mdim\u001b[22m │ a\tb\nc';
    assert.equal(formatForTerminal(ours), ours);
    assert.equal(formatForTerminal('a,b\r\nc,d'), 'a,b\r\nc,d');
  });

  test('shows the second line of a message indented, so that it cannot pass for a line of ours', () => {
    assert.equal(
      formatMessage('There is no file a\nAllowed\u001b[32m'),
      'There is no file a\n      Allowed\\u001b[32m',
    );
  });

  test("shows the second line of an app's log line indented, keeps the app's colours, and ends them with the text", () => {
    assert.equal(formatLogText('x\n[gate] allowed\r\u001b[A'), 'x\n    [gate] allowed\\r\\u001b[A');
    assert.equal(formatLogText('\u001b[31mred\u001b[0m\u001b[2J'), '\u001b[31mred\u001b[0m\\u001b[2J');
    assert.equal(formatLogText('\u001b[31mred'), '\u001b[31mred\u001b[0m');
    // Concealed, reversed and black text could not be read, so these sequences are escaped.
    assert.equal(formatLogText('\u001b[8mx\u001b[7m\u001b[30m'), '\\u001b[8mx\\u001b[7m\\u001b[30m');
  });
});

test('only output.ts and a few listed files write to the terminal', () => {
  const source = fileURLToPath(new URL('../../../src', import.meta.url));
  const allowed: Readonly<Record<string, string>> = {
    'commands/command-line/output.ts': 'the one place',
    'commands/call/call-report.ts': "an answer's body: raw into a pipe, escaped on a terminal",
    'commands/init-command.ts': "a line's end after a question that got no answer",
    'certificates/password.ts': 'a question, escaped, and stars while it is answered',
    'testing/test-process/start-local-app.ts': "in the user's own test process, by formatLogText",
    'testing/app-process/main.ts': "its output is read by the test process, not a terminal's",
  };
  const writers = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .map((file) => file.replaceAll('\\', '/'))
    .filter((file) => /(?<!\.test)\.ts$/.test(file) && !file.includes('test-support/'))
    .filter((file) => /process\.std(?:out|err)\.write|console\.\w+\(/.test(readFileSync(join(source, file), 'utf8')));
  assert.deepEqual(writers.sort(), Object.keys(allowed).sort());
});
