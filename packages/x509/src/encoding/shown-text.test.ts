// In a process of its own: it measures the memory of the whole process.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { shortenText } from './shown-text.js';

test('a shortened text does not keep the long text in memory', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const count = 1_000;
  const length = 20_000;
  const measure = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = measure();
  const kept = Array.from({ length: count }, (_, index) =>
    shortenText(Buffer.alloc(length, `${index} `).toString('latin1')),
  );
  const bytes = (measure() - before) / count;
  assert.equal(kept.length, count);
  assert.ok(bytes < length / 10, `${Math.round(bytes)} bytes of each`);
});
