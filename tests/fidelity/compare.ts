import assert from 'node:assert/strict';
import type { Answer } from './row.js';
import type { Received } from './send.js';

/**
 * Checks every member that `expected` has. Where the answer contains `authority`, which is the embedded host's address
 * and port, rows write `host`.
 */
export function assertAnswer(received: Received, expected: Answer, authority: string): void {
  const text = received.body.toString('utf8').replaceAll(authority, 'host');
  assert.equal(received.status, expected.status, text);
  assert.equal(received.cut, expected.cut ?? false, 'the message is whole');
  for (const [name, value] of Object.entries(expected.headers ?? {})) {
    const values = typeof value === 'string' ? [value] : (value ?? undefined);
    assert.deepEqual(received.headers.get(name), values, `the header ${name}`);
  }
  if (expected.text !== undefined) assert.equal(text, expected.text);
  if (expected.event !== undefined) {
    assert.deepEqual(JSON.parse(/^event: message\ndata: (.+)\n\n$/.exec(text)?.[1] ?? text), expected.event);
  }
  if (expected.sees !== undefined) assertSeen(JSON.parse(text) as Record<string, unknown>, expected.sees);
}

function assertSeen(seen: Readonly<Record<string, unknown>>, expected: Readonly<Record<string, unknown>>): void {
  for (const [member, value] of Object.entries(expected)) {
    if (member === 'headers') assertHeaders(toRecord(seen[member]), toRecord(value));
    else assert.deepEqual(seen[member], value, `the request's ${member}`);
  }
}

function assertHeaders(seen: Readonly<Record<string, unknown>>, expected: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(expected)) {
    assert.equal(Object.hasOwn(seen, name) ? seen[name] : null, value, `the request's header ${name}`);
  }
}

function toRecord(value: unknown): Readonly<Record<string, unknown>> {
  assert.ok(typeof value === 'object' && value !== null);
  return value as Readonly<Record<string, unknown>>;
}
