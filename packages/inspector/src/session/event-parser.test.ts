import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createEventParser } from './event-parser.js';

describe('the parser of server-sent events', () => {
  it('gives the data of each event, and nothing for comments and other fields', () => {
    const parse = createEventParser();
    assert.deepEqual(parse(': open\n\nevent: x\nid: 4\ndata: {"id":1}\n\ndata:two\ndata: lines\n\n'), [
      '{"id":1}',
      'two\nlines',
    ]);
  });

  it('gives an event only when it has ended', () => {
    const parse = createEventParser();
    assert.deepEqual(parse('data: a\n'), []);
    assert.deepEqual(parse('\ndata: b'), ['a']);
    assert.deepEqual(parse('\r\n\r\n'), ['b']);
  });

  it('reads the same wherever the pieces are cut', () => {
    const line = fc.string({ unit: fc.constantFrom('a', '"', ':', ' ', '{') });
    fc.assert(
      fc.property(
        fc.array(line, { minLength: 1 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.array(fc.nat(), { maxLength: 5 }),
        (lines, ending, cuts) => {
          const text = lines.map((each) => `data: ${each}${ending}${ending}`).join('');
          const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
          const parse = createEventParser();
          const found = places.slice(1).flatMap((place, index) => parse(text.slice(places[index], place)));
          // A CR at the very end may be half of a CRLF: the event ends with what comes next.
          assert.deepEqual([...found, ...parse(':\n')], lines);
        },
      ),
    );
  });
});
