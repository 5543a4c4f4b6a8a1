import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { it } from 'node:test';
import { formatCertgateCall, formatCurlCall } from './call-line.js';

it(
  "a file of any name is one word of the line, and ends no other word's quotes",
  { skip: process.platform === 'win32' },
  () => {
    const names = [
      'a b\\',
      'x\\',
      '$(id) `id`',
      'a "b" c',
      "it's",
      'a !! b',
      'two\nlines',
      'plain.pem',
      'with space.pem',
    ];
    for (const name of names) {
      const identity = { certificateFile: name, keyFile: name };
      const call = { url: 'https://localhost:7443/', method: 'GET', identity, caFile: 'the ca.pem' };
      for (const [line, before] of [
        [formatCertgateCall(call), 4],
        [formatCurlCall(call), 2],
      ] as const) {
        const printed = execFileSync('bash', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
        const words = printed.split('\0').slice(before, -1);
        assert.deepEqual(
          words.filter((word) => !word.startsWith('--') && !word.startsWith('https:')),
          [name, name, 'the ca.pem'],
          line,
        );
      }
    }
  },
);
