import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BodyBudget } from './body-budget.js';
import { readRequestBody } from './http-request.js';

const mebibyte = 1_048_576;

class Reading {
  readonly request = new IncomingMessage(new Socket());
  state: 'waiting' | 'reading' | 'left' = 'waiting';
  release: () => void = () => undefined;

  constructor(budget: BodyBudget, bytes: number) {
    budget.reserve(bytes, this.request).then(
      (release) => {
        this.state = 'reading';
        this.release = release;
      },
      () => {
        this.state = 'left';
      },
    );
  }
}

async function observe(...readings: readonly Reading[]): Promise<readonly string[]> {
  await nextTurn();
  return readings.map(({ state }) => state);
}

test('bodies that are too large together wait for each other, in the order of arrival', async () => {
  const budget = new BodyBudget(100 * mebibyte);
  const [first, second, third] = [60, 60, 30].map((size) => new Reading(budget, size * mebibyte));
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  // The third would fit, but a series of such bodies could keep the second waiting for ever.
  assert.deepEqual(await observe(first, second, third), ['reading', 'waiting', 'waiting']);
  first.release();
  first.release();
  assert.deepEqual(await observe(second, third), ['reading', 'reading']);
  const largest = new Reading(budget, 100 * mebibyte);
  second.release();
  assert.deepEqual(await observe(largest), ['waiting']);
  third.release();
  assert.deepEqual(await observe(largest), ['reading']);
});

test('small bodies do not wait, and a client that leaves while it waits frees its place', async () => {
  const budget = new BodyBudget(100 * mebibyte);
  const [first, second, third] = [90, 90, 10].map((size) => new Reading(budget, size * mebibyte));
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  assert.deepEqual(await observe(first, second, third, new Reading(budget, 1000)), [
    'reading',
    'waiting',
    'waiting',
    'reading',
  ]);
  second.request.emit('close');
  assert.deepEqual(await observe(second, third), ['left', 'reading']);
  // A request that leaves while its body is read returns its bytes only once.
  first.request.emit('close');
  first.release();
  assert.deepEqual(await observe(new Reading(budget, 90 * mebibyte)), ['reading']);
});

test("the body of an unknown caller is not read while other bodies use up the host's budget", async () => {
  const [first, second] = [60, 60].map((size) => {
    const request = new IncomingMessage(new Socket());
    request.headers['content-length'] = String(size * mebibyte);
    return request;
  });
  assert.ok(first !== undefined && second !== undefined);
  const bodies = [readRequestBody(first), readRequestBody(second)];
  for (const request of [first, second]) request.push('text');
  await nextTurn();
  assert.deepEqual([first.readableLength, second.readableLength], [0, 4]);
  for (const request of [first, second]) request.push(null);
  assert.deepEqual((await Promise.all(bodies)).map(String), ['text', 'text']);
});
