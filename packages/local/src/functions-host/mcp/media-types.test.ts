import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accepts, isJsonType } from './media-types.js';

test('a type is accepted if a range of the field contains it', () => {
  for (const accept of ['application/json', 'text/html, APPLICATION/JSON;q=0.1', '*/*', 'a/b,application/*']) {
    assert.ok(accepts(accept, 'application/json'), accept);
  }
  for (const accept of ['', 'text/event-stream', 'application', 'application/jsonx', 'text/*', 'x;application/json']) {
    assert.ok(!accepts(accept, 'application/json'), accept);
  }
});

test('a type is JSON by its name or its suffix', () => {
  for (const type of ['application/json', 'Application/JSON; charset=utf-8', 'application/problem+json']) {
    assert.ok(isJsonType(type), type);
  }
  for (const type of ['', 'text/json', 'text/plain', 'application/jsonp', 'application/x-www-form-urlencoded']) {
    assert.ok(!isJsonType(type), type);
  }
});
