import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { test } from 'node:test';
import { formatLogLine } from './log-text.js';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const bare = pem.split('\n').slice(1, -2);

for (const [how, text] of Object.entries({
  'as it is': pem,
  'percent-encoded': encodeURIComponent(pem),
  'as a form': encodeURIComponent(pem).replaceAll('%20', '+'),
  'in JSON': JSON.stringify(pem),
  'without armour': bare.join('\n'),
  'without armour, line ends escaped': bare.join('\\n'),
  'without armour, percent-encoded': encodeURIComponent(bare.join('\r\n')),
})) {
  test(`a key ${how} stays out of the log`, () => {
    const line = formatLogLine({ detail: `The trust store failed: ${text}` });
    assert.match(line, /The trust store failed: \S*\[(?:PEM|base64)\]/);
    for (const part of bare) assert.ok(!line.includes(part.slice(0, 12)), line);
  });
}

test('a thumbprint stays in the log', () => {
  const thumbprintSha256 = 'AB'.repeat(32);
  assert.equal(formatLogLine({ thumbprintSha256 }), JSON.stringify({ thumbprintSha256 }));
});
