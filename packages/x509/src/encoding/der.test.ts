import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { encodeElement } from '../test-support/der-editing.js';
import { runOpenssl } from '../test-support/openssl.js';
import {
  type DerElement,
  DerReader,
  contextConstructed,
  contextPrimitive,
  decodeBoolean,
  decodeInteger,
  decodeNamedBits,
  decodeObjectIdentifier,
  decodeOctetAlignedBitString,
  decodeSmallInteger,
  decodeTime,
  derTags,
  encodeDerElement,
  findOuterFrameFault,
  readDer,
  readSingle,
} from './der.js';

const hex = (text: string): Buffer => Buffer.from(text.replace(/ /g, ''), 'hex');
const element = (tag: number, content: string): DerElement => readSingle(encodeElement(tag, hex(content)), tag);
const reads = <T>(decode: () => T): T => {
  const decoding = readDer(decode);
  assert.ok(decoding.ok, 'refused');
  return decoding.value;
};
const refuses = (decode: () => unknown): string => {
  const decoding = readDer(decode);
  assert.ok(!decoding.ok, 'accepted');
  return decoding.fault;
};

describe('readDer', () => {
  test('turns any exception into a value, and says which ones were not refusals', () => {
    assert.match(
      refuses(() => readSingle(hex('30 01'), derTags.sequence)),
      /reaches past/,
    );
    assert.equal(
      refuses(() => {
        throw new RangeError('out of range');
      }),
      'undecodable (RangeError)',
    );
    assert.equal(
      refuses(() => {
        // oxlint-disable-next-line typescript/only-throw-error -- what a decoder must never do, and stands
        throw 'text';
      }),
      'undecodable (unknown fault)',
    );
  });
});

describe('lengths', () => {
  const sizes = [0, 1, 0x7f, 0x80, 0xff, 0x100, 0x1234, 0xffff, 0x10000];
  for (const size of sizes) {
    test(`reads an element of ${size} octets`, () => {
      const encoded = encodeElement(derTags.sequence, Buffer.alloc(size));
      assert.equal(findOuterFrameFault(encoded), undefined);
      assert.equal(reads(() => readSingle(encoded, derTags.sequence)).content.length, size);
      // `encodeDerElement` writes no longer element.
      if (size <= 0xffff) assert.deepEqual(encodeDerElement(derTags.sequence, Buffer.alloc(size)), encoded);
    });
  }

  const refused: readonly (readonly [string, string])[] = [
    ['the indefinite form', '30 80 05 00 00 00'],
    ['the long form where the short one fits', '30 81 02 05 00'],
    ['two octets where one fits', `30 82 00 80 ${'00'.repeat(128)}`],
    ['three octets where two fit', `30 83 00 01 00 ${'00'.repeat(256)}`],
    ['five octets', '30 85 00 00 00 00 01 00'],
    ['five octets, of which none is zero', '30 85 01 01 01 01 01'],
    ['127 octets', `30 ff ${'00'.repeat(127)}`],
    ['a cut length', '30 82 01'],
    ['nothing after the tag', '30'],
    ['nothing at all', ''],
    ['the high tag form', '3f 1f 00'],
    ['the high tag form, primitive', '1f 81 01 00'],
    ['the high tag form whose number looks like a length', '3f 01 00'],
    ['the same, primitive and context-specific', '9f 01 00'],
  ];
  for (const [what, bytes] of refused) {
    test(`refuses ${what}`, () => {
      assert.equal(findOuterFrameFault(hex(bytes)), 'not_der');
      refuses(() => new DerReader(hex(bytes)).read());
    });
  }

  test('distinguishes a truncated frame from one with trailing octets', () => {
    const whole = encodeElement(derTags.sequence, Buffer.alloc(300));
    assert.equal(findOuterFrameFault(whole.subarray(0, -1)), 'truncated');
    assert.equal(findOuterFrameFault(Buffer.concat([whole, Buffer.from([0])])), 'trailing_bytes');
    assert.equal(findOuterFrameFault(Buffer.concat([whole, whole])), 'trailing_bytes');
    assert.equal(findOuterFrameFault(hex('30 84 ff ff ff ff')), 'truncated');
    assert.equal(findOuterFrameFault(encodeElement(derTags.set, Buffer.alloc(3))), 'not_der');
  });
});

describe('an element', () => {
  test("can't be copied with another tag by a spread, which would lose its content", () => {
    const original = element(derTags.integer, '05');
    // @ts-expect-error -- the getters of a class are not members of a spread
    // oxlint-disable-next-line typescript/no-misused-spread, typescript/no-unsafe-class-instance-assignment -- the same
    const copy: DerElement = { ...original, tag: derTags.boolean };
    assert.equal(copy.content, undefined);
  });

  test('is a view of the octets that it was read from, Buffer or Uint8Array, at any offset', () => {
    const memory = new Uint8Array(new SharedArrayBuffer(16), 5, 7);
    memory.set([0x30, 5, 4, 3, 1, 2, 3]);
    for (const bytes of [memory, Buffer.from(memory.buffer, 5, 7), Uint8Array.from(memory)]) {
      const { content, encoded } = reads(() => new DerReader(bytes).enter(derTags.sequence).read(derTags.octetString));
      assert.deepEqual([content.buffer, content.byteOffset], [bytes.buffer, bytes.byteOffset + 4]);
      assert.deepEqual([[...content], [...encoded]], [[...bytes.subarray(4)], [...bytes.subarray(2)]]);
      assert.equal(content.constructor, bytes.constructor);
      bytes[4] = 9;
      assert.equal(content[0], 9);
    }
  });

  test('ends where its parent ends, even if more octets follow', () => {
    const parent = hex('30 03 04 01 01 02 01');
    assert.match(
      refuses(() => new DerReader(parent.subarray(0, 5)).enter(derTags.sequence).read(derTags.set)),
      /^tag/,
    );
    for (const [content, fault] of [
      ['04', 'bad element header at offset 0'],
      ['04 02 01', 'an element reaches past its parent'],
      ['04 81', 'bad element header at offset 0'],
      ['05 00 04', 'bad element header at offset 2'],
    ] as const) {
      const outer = Buffer.concat([encodeElement(derTags.sequence, hex(content)), hex('01 02 03 04')]);
      const fails = (): void => {
        const reader = new DerReader(outer).enter(derTags.sequence);
        while (!reader.isAtEnd) reader.read();
      };
      assert.equal(refuses(fails), fault, content);
    }
  });
});

describe('DerReader', () => {
  test('reads in order, and only what it expects', () => {
    const bytes = encodeElement(derTags.sequence, hex('02 01 05'), hex('a0 02 05 00'), hex('80 01 07'));
    reads(() => {
      const reader = new DerReader(bytes).enter(derTags.sequence);
      assert.equal(reader.readOptional(derTags.boolean), undefined);
      assert.equal(decodeSmallInteger(reader.read(derTags.integer)), 5);
      const inner = reader.enter(contextConstructed(0));
      inner.read(derTags.null);
      inner.expectEnd();
      assert.equal(reader.peekTag(), contextPrimitive(0));
      assert.deepEqual([...reader.read().encoded], [0x80, 1, 7]);
      assert.ok(reader.isAtEnd);
      assert.equal(reader.peekTag(), undefined);
      reader.expectEnd();
    });
    refuses(() => new DerReader(bytes).read(derTags.set));
    refuses(() => {
      new DerReader(bytes).expectEnd();
    });
    refuses(() => new DerReader(Buffer.alloc(0)).read());
  });

  test('keeps a child inside its parent', () => {
    refuses(() => new DerReader(hex('30 02 04 05 00 00 00')).enter(derTags.sequence).read());
  });

  test('reads a single element only if nothing follows it', () => {
    refuses(() => readSingle(hex('05 00 05 00'), derTags.null));
  });
});

describe('INTEGER', () => {
  for (const content of ['00', '7f', '0080', '80', 'ff7f', `00${'ff'.repeat(256)}`]) {
    test(`reads ${content.slice(0, 8)}`, () => {
      assert.deepEqual(
        reads(() => decodeInteger(element(derTags.integer, content)).content),
        hex(content),
      );
    });
  }
  for (const content of ['', '0000', '007f', 'ff80', 'ffff']) {
    test(`refuses "${content}": empty or not minimal`, () => {
      refuses(() => decodeInteger(element(derTags.integer, content)));
      refuses(() => decodeSmallInteger(element(derTags.integer, content)));
    });
  }
  test('is accepted as a small integer only if it is not negative and fits a safe number', () => {
    assert.equal(
      reads(() => decodeSmallInteger(element(derTags.integer, '7fffffffffff'))),
      0x7fffffffffff,
    );
    refuses(() => decodeSmallInteger(element(derTags.integer, '00ffffffffffff')));
    refuses(() => decodeSmallInteger(element(derTags.integer, '80')));
  });
});

describe('BOOLEAN', () => {
  test('is 00 or FF', () => {
    assert.equal(
      reads(() => decodeBoolean(element(derTags.boolean, 'ff'))),
      true,
    );
    assert.equal(
      reads(() => decodeBoolean(element(derTags.boolean, '00'))),
      false,
    );
    for (const content of ['', '01', 'fe', 'ffff', '0000'])
      refuses(() => decodeBoolean(element(derTags.boolean, content)));
  });
});

describe('BIT STRING', () => {
  test('of whole octets has no unused bits', () => {
    assert.deepEqual(
      reads(() => decodeOctetAlignedBitString(element(derTags.bitString, '00a5')).content),
      hex('a5'),
    );
    for (const content of ['', '01a4', '08a5'])
      refuses(() => decodeOctetAlignedBitString(element(derTags.bitString, content)));
  });
  test('of named bits numbers them from the left', () => {
    for (const [content, bits] of [
      ['00', []],
      ['0780', [0]],
      ['05a0', [0, 2]],
      ['070080', [8]],
      ['00ff', [0, 1, 2, 3, 4, 5, 6, 7]],
      ['000000000000000001', [63]],
    ] as const)
      assert.deepEqual(
        reads(() => decodeNamedBits(element(derTags.bitString, content))),
        bits,
      );
  });
  for (const [what, content] of [
    ['a bad count of unused bits: none', ''],
    ['an empty BIT STRING with unused bits', '05'],
    ['a bad count of unused bits: eight', '0880'],
    ['a bad count of unused bits: 33, and shifts go by 32', '2102'],
    ['named bits that is not DER: unused bits are set', '05a1'],
    ['named bits that is not DER: a trailing zero bit', '0080'],
    ['named bits that is not DER: a trailing zero octet', '078000'],
    ['more than 64', '00000000000000000001'],
  ] as const) {
    test(`refuses ${what}`, () => {
      const fault = refuses(() => decodeNamedBits(element(derTags.bitString, content)));
      assert.ok(fault.includes(what.split(':')[0] ?? what), fault);
    });
  }
  test('is read leniently with trailing zero bits, but with no other departure from DER', () => {
    for (let value = 0; value < 0x10000; value += 7) {
      const content = [value >> 13, (value << 3) & 0xff, (value >> 5) & 0xff];
      const encoded = readSingle(encodeElement(derTags.bitString, Buffer.from(content)), derTags.bitString);
      const [unused = 0, first = 0, second = 0] = content;
      const bits = Array.from({ length: 16 }, (_, bit) => bit).filter(
        (bit) => ((((first << 8) | second) << bit) & 0x8000) !== 0,
      );
      const decoding = readDer(() => decodeNamedBits(encoded, true));
      const areUnusedZero = (second & ((1 << unused) - 1)) === 0;
      assert.deepEqual(decoding.ok ? decoding.value : undefined, areUnusedZero ? bits : undefined, content.join());
    }
  });
});

describe('OBJECT IDENTIFIER', () => {
  const dotted = (content: string): string => decodeObjectIdentifier(element(derTags.objectIdentifier, content));

  test('agrees with openssl', () => {
    const oids = [
      '1.2.840.113549.1.1.1',
      '2.5.29.17',
      '0.0',
      '0.39.1',
      '1.39',
      '2.0',
      '2.39',
      '2.40',
      '2.999.3',
      '2.100000.18446744073709551616',
    ];
    for (const oid of oids) {
      const encoded = runOpenssl(['asn1parse', '-genstr', `OID:${oid}`, '-noout', '-out', '-']);
      assert.equal(
        reads(() => decodeObjectIdentifier(readSingle(encoded, derTags.objectIdentifier))),
        oid,
      );
    }
  });
  for (const [what, content] of [
    ['nothing', ''],
    ['a cut subidentifier', '2a86'],
    ['a cut subidentifier of zeros', '2a8680'],
    ['a padded first subidentifier', '802a'],
    ['a padded later subidentifier', '2a8001'],
    ['65 octets', `2a${'03'.repeat(64)}`],
  ] as const) {
    test(`refuses ${what}`, () => {
      refuses(() => dotted(content));
    });
  }
  test('is read up to 64 octets, even if they are one arc', () => {
    reads(() => dotted(`2a${'03'.repeat(63)}`));
    reads(() => dotted(`${'ff'.repeat(63)}7f`));
  });
});

describe('times', () => {
  const instantOf = (tag: number, text: string): number =>
    decodeTime(readSingle(encodeElement(tag, Buffer.from(text, 'latin1')), tag));

  test('read two-digit years of 50 or more as 19xx', () => {
    for (const [tag, text, instant] of [
      [derTags.utcTime, '491231235959Z', Date.UTC(2049, 11, 31, 23, 59, 59)],
      [derTags.utcTime, '500101000000Z', Date.UTC(1950, 0, 1)],
      [derTags.utcTime, '280229000000Z', Date.UTC(2028, 1, 29)],
      [derTags.generalizedTime, '20500101000000Z', Date.UTC(2050, 0, 1)],
      [derTags.generalizedTime, '99991231235959Z', 253_402_300_799_000],
    ] as const)
      assert.equal(
        reads(() => instantOf(tag, text)),
        instant,
      );
  });
  test('accept only days of the calendar, leap years included', () => {
    for (const year of [0, 4, 100, 400, 1600, 1900, 1969, 1970, 1999, 2000, 2024, 2026, 2100, 9999]) {
      for (let month = 0; month <= 13; month += 1)
        for (let day = 0; day <= 32; day += 1) {
          const [iso, text] = ['-', ''].map((between) =>
            [String(year).padStart(4, '0'), ...[month, day].map((each) => String(each).padStart(2, '0'))].join(between),
          );
          const instant = Date.parse(`${iso}T12:34:56Z`);
          const exists = !Number.isNaN(instant) && new Date(instant).toISOString().startsWith(iso ?? '');
          const decoding = readDer(() => instantOf(derTags.generalizedTime, `${text}123456Z`));
          assert.deepEqual(decoding.ok ? decoding.value : 'none', exists ? instant : 'none', iso);
        }
    }
  });
  for (const [tag, text, fault] of [
    [derTags.utcTime, '270229000000Z', /does not exist/],
    [derTags.utcTime, '271301000000Z', /does not exist/],
    [derTags.utcTime, '270001000000Z', /does not exist/],
    [derTags.utcTime, '270100000000Z', /does not exist/],
    [derTags.utcTime, '2701010000/0Z', /form/],
    [derTags.utcTime, '2701010000:0Z', /form/],
    [derTags.utcTime, '270101000000z', /form/],
    [derTags.utcTime, '270101240000Z', /does not exist/],
    [derTags.utcTime, '270101006000Z', /does not exist/],
    [derTags.utcTime, '270101000060Z', /does not exist/],
    [derTags.utcTime, '2701010000Z', /form/],
    [derTags.utcTime, '270101000000+0100', /form/],
    [derTags.utcTime, '270101000000', /form/],
    [derTags.utcTime, '20270101000000Z', /form/],
    [derTags.generalizedTime, '120270101000000Z', /form/],
    [derTags.generalizedTime, '20270101000000ZZ', /form/],
    [derTags.utcTime, '270101000000Z\n', /form/],
    [derTags.generalizedTime, '270101000000Z', /form/],
    [derTags.generalizedTime, '20270101000000.5Z', /form/],
    [derTags.generalizedTime, '20270101000000', /form/],
    [derTags.generalizedTime, '2027010100Z', /form/],
    [derTags.printableString, '20270101000000Z', /form/],
  ] as const) {
    test(`refuses ${JSON.stringify(text)} as tag ${tag}`, () => {
      assert.match(
        refuses(() => instantOf(tag, text)),
        fault,
      );
    });
  }
});
