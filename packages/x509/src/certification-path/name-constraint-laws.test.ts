import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import type { GeneralName } from '../certificate/general-name.js';
import {
  address,
  directory,
  dns,
  exclude,
  isAdmitted,
  mail,
  named,
  oid,
  permit,
  under,
  unread,
  uri,
} from '../test-support/constrained-names.js';
import type { NameConstraints } from '../certificate/path-extensions.js';
import { countRuns } from '../test-support/random-runs.js';

describe('laws of name constraints', () => {
  const label = fc.constantFrom('a', 'b', 'com');
  const host = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
  const local = fc.constantFrom('x', 'X', 'y');
  const octet = fc.constantFrom(0, 1, 128, 255);
  const octets = (length: number) => fc.array(octet, { minLength: length, maxLength: length });
  const prefix = fc.nat(32).map((length) => [0, 8, 16, 24].map((from) => maskOctet(length - from)));
  const path = fc.array(label, { maxLength: 3 });
  const name: fc.Arbitrary<GeneralName> = fc.oneof(
    host.map(dns),
    host.map((text) => dns(`*.${text}`)),
    fc.tuple(local, host).map(([before, after]) => mail(`${before}@${after}`)),
    host.map((text) => uri(`https://${text}/`)),
    octets(4).map((each) => address(...each)),
    path.map((parts) => directory(...parts)),
    path.map((parts) => oid(['1', ...parts.map((part) => part.length)].join('.'))),
    fc.string().map(dns),
    fc.string().map(mail),
    fc.string().map(uri),
    fc.constant(unread('otherName', 1)),
  );
  const base: fc.Arbitrary<GeneralName> = fc.oneof(
    host.map(dns),
    fc.tuple(local, host).map(([before, after]) => mail(`${before}@${after}`)),
    host.map(mail),
    host.map((text) => mail(`.${text}`)),
    host.map(uri),
    host.map((text) => uri(`.${text}`)),
    fc.tuple(octets(4), prefix).map(([each, mask]) => address(...each, ...mask)),
    path.map((parts) => directory(...parts)),
    path.map((parts) => oid(['1', ...parts.map((part) => part.length)].join('.'))),
  );
  const constraints: fc.Arbitrary<NameConstraints> = fc.record({
    permitted: fc.option(fc.array(base, { maxLength: 6 }), { nil: undefined }),
    excluded: fc.array(base, { maxLength: 2 }),
  });
  const names = fc.array(name, { minLength: 1, maxLength: 3 });

  test('a further constraint never permits more, and the order of constraints does not matter', () => {
    let admitted = 0;
    fc.assert(
      fc.property(fc.array(constraints, { maxLength: 2 }), constraints, names, (given, further, alternativeNames) => {
        const certificate = named(...alternativeNames);
        const alone = [under(...given), under(further)].every((state) => isAdmitted(state, certificate));
        assert.equal(isAdmitted(under(...given, further), certificate), alone);
        assert.equal(isAdmitted(under(further, ...given), certificate), alone);
        if (alone) admitted += 1;
      }),
      { numRuns: countRuns(600) },
    );
    assert.ok(admitted > 20);
  });
  test('more permitted bases never refuse more, and more excluded ones never permit more', () => {
    fc.assert(
      fc.property(fc.array(base, { minLength: 1 }), base, names, (bases, further, alternativeNames) => {
        const certificate = named(...alternativeNames);
        const known = bases.filter(({ form }) => form === further.form);
        if (known.length > 0 && isAdmitted(under(permit(...bases)), certificate)) {
          assert.ok(isAdmitted(under(permit(...bases, further)), certificate));
        }
        if (isAdmitted(under(exclude(...bases, further)), certificate)) {
          assert.ok(isAdmitted(under(exclude(...bases)), certificate));
        }
      }),
    );
  });
  test('an excluded name is refused, even if it is permitted too', () => {
    fc.assert(
      fc.property(fc.array(base), base, names, (permitted, excluded, alternativeNames) => {
        const certificate = named(...alternativeNames);
        if (isAdmitted(under(exclude(excluded)), certificate)) return;
        assert.ok(!isAdmitted(under({ permitted, excluded: [excluded] }), certificate));
        assert.ok(!isAdmitted(under(permit(...permitted), exclude(excluded)), certificate));
      }),
    );
  });
  test('permitting and excluding the same base are opposites for a name that can be compared, except for local parts', () => {
    const isComparable = ({ form }: GeneralName): boolean => form !== 'registeredID' && form !== 'rfc822Name';
    fc.assert(
      fc.property(base.filter(isComparable), base.filter(isComparable), (subtree, other) => {
        if (subtree.form !== other.form || 'octets' in other) return;
        const one =
          'text' in other && other.form === 'uniformResourceIdentifier' ? uri(`https://${other.text}`) : other;
        if ('text' in other && other.text.startsWith('.')) return;
        assert.notEqual(
          isAdmitted(under(permit(subtree)), named(one)),
          isAdmitted(under(exclude(subtree)), named(one)),
        );
      }),
    );
  });
  test('the letter case of hosts does not matter', () => {
    const shout = (each: GeneralName): GeneralName =>
      'text' in each ? { ...each, text: each.text.replace(/(^|@)[^@]*$/, (found) => found.toUpperCase()) } : each;
    const asList = (each: NameConstraints): NameConstraints => ({
      permitted: each.permitted?.map(shout),
      excluded: each.excluded.map(shout),
    });
    fc.assert(
      fc.property(constraints, fc.array(name.filter(isPlain)), (given, alternativeNames) => {
        const expected = isAdmitted(under(given), named(...alternativeNames));
        assert.equal(isAdmitted(under(asList(given)), named(...alternativeNames)), expected);
        assert.equal(isAdmitted(under(given), named(...alternativeNames.map(shout))), expected);
      }),
    );
  });
  test('comparing texts gives the same answer as comparing masked octets', () => {
    fc.assert(
      fc.property(host, host, octets(4), octets(4), prefix, (subject, subtree, octetsOfName, network, mask) => {
        const isWithin = subject === subtree || subject.endsWith(`.${subtree}`);
        assert.equal(isAdmitted(under(permit(dns(subtree))), named(dns(subject))), isWithin);
        assert.equal(isAdmitted(under(exclude(dns(subtree))), named(dns(subject))), !isWithin);
        const isInside = mask.every((bits, index) => ((octetsOfName[index]! ^ network[index]!) & bits) === 0);
        const bases = address(...network, ...mask);
        assert.equal(isAdmitted(under(permit(bases)), named(address(...octetsOfName))), isInside);
        assert.equal(isAdmitted(under(exclude(bases)), named(address(...octetsOfName))), !isInside);
      }),
    );
  });
});

function maskOctet(bits: number): number {
  const length = Math.min(Math.max(bits, 0), 8);
  return (0xff << (8 - length)) & 0xff;
}

/** The name has no random characters whose change would be more than a change of letter case. */
function isPlain(name: GeneralName): boolean {
  return !('text' in name) || /^[\w.@*:/]+$/.test(name.text);
}
