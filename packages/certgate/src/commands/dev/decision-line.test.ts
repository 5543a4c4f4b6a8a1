import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { HostAnswer } from '#local/functions-host/functions-host.js';
import { formatAdapterLine, formatRequestLine, formatExchangeLine } from './decision-line.js';

const now = new Date(2026, 0, 2, 3, 4, 5);
const answer: HostAnswer = {
  time: 0,
  durationMilliseconds: 1,
  method: 'GET',
  path: '/api/Orders',
  status: 200,
  functionName: 'Orders',
};
const format = (more: Partial<HostAnswer>): string =>
  stripVTControlCharacters(formatRequestLine({ ...answer, ...more }, now));
const thumbprintSha256 = 'AB'.repeat(32);

test('a line says when, what was called, the answer, who called and why', () => {
  assert.equal(format({}), '03:04:05 GET /api/Orders 200 public');
  const allowed = { outcome: 'allowed', code: 'allowed', identityName: 'billing', thumbprintSha256 } as const;
  assert.equal(format({ decision: allowed }), '03:04:05 GET /api/Orders 200 caller billing');
  assert.equal(
    format({ decision: { ...allowed, deferredCode: 'role_missing', detail: 'It lacks "ops".' } }),
    '03:04:05 GET /api/Orders 200 caller billing, let through as report only: role_missing: It lacks "ops".',
  );
  const denied = { outcome: 'denied', code: 'certificate_not_trusted', detail: 'Nobody has it.' } as const;
  assert.equal(
    format({ status: 401, decision: { ...denied, thumbprintSha256 } }),
    '03:04:05 GET /api/Orders 401 certificate ABABABABABABABAB…, certificate_not_trusted: Nobody has it.',
  );
  assert.equal(
    format({ status: 403, decision: { ...denied, code: 'role_missing', identityName: 'billing' } }),
    '03:04:05 GET /api/Orders 403 caller billing, role_missing: Nobody has it.',
  );
  assert.equal(
    format({ status: 401, decision: { ...denied, code: 'certificate_missing' } }),
    '03:04:05 GET /api/Orders 401 certificate_missing: Nobody has it.',
  );
  const observed = { ...denied, outcome: 'observed', code: 'certificate_missing' } as const;
  assert.equal(
    format({ decision: observed }),
    '03:04:05 GET /api/Orders 200 observed, would be refused: certificate_missing: Nobody has it.',
  );
  assert.equal(
    stripVTControlCharacters(
      formatRequestLine({ time: 0, durationMilliseconds: 1, method: 'GET', path: '/api/Orders', status: 'cut' }, now),
    ),
    '03:04:05 GET /api/Orders cut the client left before a function ran',
  );
  assert.match(format({ status: 'cut', decision: allowed }), / cut caller billing$/);
});

test('a call over MCP names what was called, and shows errors that the HTTP status does not', () => {
  const call = { method: 'POST', path: '/runtime/webhooks/mcp', mcp: { method: 'tools/call', name: 'hello' } };
  const say = (failed: boolean, more: Partial<HostAnswer> = {}): string =>
    format({ ...call, ...more, mcp: { ...call.mcp, failed } }).replace('03:04:05 POST /runtime/webhooks/mcp ', '');
  assert.equal(say(false), 'tools/call hello 200 public');
  assert.equal(say(true), 'tools/call hello 200 public, answered with an MCP error');
  const denied = { outcome: 'denied', code: 'certificate_missing', detail: 'None came.' } as const;
  assert.equal(say(true, { decision: denied }), 'tools/call hello 200 certificate_missing: None came.');
  const list = { time: 0, durationMilliseconds: 1, method: 'POST', path: '/runtime/webhooks/mcp', status: 200 };
  assert.equal(
    stripVTControlCharacters(formatRequestLine({ ...list, mcp: { method: 'tools/list', failed: false } }, now)),
    '03:04:05 POST /runtime/webhooks/mcp tools/list 200 answered by the host itself',
  );
});

test('texts of callers and documents cannot steer the terminal', () => {
  const escape = '\u001b]0;owned\u0007';
  const raw = formatRequestLine(
    {
      ...answer,
      path: `/api/${escape}`,
      mcp: { method: escape, name: escape, failed: true },
      decision: { outcome: 'denied', code: 'x', identityName: escape, detail: escape },
    },
    now,
  );
  assert.ok(!raw.includes('\u001b]') && !raw.includes('\u0007'), JSON.stringify(raw));
  const exchange = { method: escape, path: escape, status: 403, answeredBy: 'gateway', milliseconds: 1 } as const;
  const line = formatExchangeLine({ ...exchange, clientCertificateThumbprintSha256: undefined }, now);
  assert.ok(!line.includes('\u001b]'), JSON.stringify(line));
});

test("other lines of the adapter become readable too, and the app's own lines are left as they are", () => {
  const line = (members: object): string => JSON.stringify({ certgate: 1, ...members });
  for (const event of ['decision', 'suppressed', 'status'])
    assert.equal(formatAdapterLine(line({ event, code: 'allowed' })), '');
  assert.equal(
    formatAdapterLine(line({ event: 'start', code: 'trust_unavailable', detail: 'file x: gone' })),
    'trust_unavailable: file x: gone',
  );
  assert.equal(
    formatAdapterLine(line({ event: 'trust', code: 'trust_refreshed', source: 'file x', trustRevision: 8 })),
    'trust_refreshed file x',
  );
  for (const own of ['hello', '{"certgate":', '{"level":"info"}', line({ event: 'start' })]) {
    assert.equal(formatAdapterLine(own), undefined, own);
  }
});
