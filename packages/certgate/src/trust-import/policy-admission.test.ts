import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { listAdmissions, PolicyTooComplex, type PolicyAdmission } from './policy-admission.js';
import { parsePolicyCondition, type PolicyCondition } from './policy-condition.js';
import { parsePolicyMarkup } from './policy-markup.js';

// What is imported from a policy stands or falls with this: its meaning, worked out once by the code under test and once by
// trying every caller against every combination of what the code does not understand.

const thumbprints = ['A'.repeat(40), 'B'.repeat(40), 'C'.repeat(40)];
const unknowns = ['context.Request.IpAddress == "1.2.3.4"', 'x.Any(c => c.A || c.B)', 'Check(context)'];

interface Caller {
  readonly thumbprint: string | undefined;
  /** Which of `unknowns` hold. */
  readonly holds: readonly boolean[];
}

interface Model {
  readonly text: string;
  readonly evaluate: (caller: Caller) => boolean;
}

const atom: fc.Arbitrary<Model> = fc.oneof(
  fc.constantFrom(...thumbprints).map((t) => ({
    text: `context.Request.Certificate.Thumbprint == "${t}"`,
    evaluate: ({ thumbprint }: Caller) => thumbprint === t,
  })),
  fc.constantFrom(...thumbprints).map((t) => ({
    text: `"${t}" != context.Request.Certificate?.Thumbprint`,
    evaluate: ({ thumbprint }: Caller) => thumbprint !== t,
  })),
  fc.subarray(thumbprints, { minLength: 1 }).map((list) => ({
    text: `new [] { ${list.map((t) => `"${t}"`).join(', ')} }.Contains(context.Request.Certificate.Thumbprint)`,
    evaluate: ({ thumbprint }: Caller) => thumbprint !== undefined && list.includes(thumbprint),
  })),
  fc.constant({
    text: 'context.Request.Certificate == null',
    evaluate: ({ thumbprint }: Caller) => thumbprint === undefined,
  }),
  fc.nat(unknowns.length - 1).map((index) => ({
    text: unknowns[index] ?? '',
    evaluate: ({ holds }: Caller) => holds[index] === true,
  })),
);

const { condition } = fc.letrec<{ condition: Model }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3 },
    atom,
    fc.tuple(tie('condition'), tie('condition')).map(([left, right]) => ({
      text: `(${left.text}) || (${right.text})`,
      evaluate: (caller: Caller) => left.evaluate(caller) || right.evaluate(caller),
    })),
    fc.tuple(tie('condition'), tie('condition')).map(([left, right]) => ({
      text: `(${left.text}) && (${right.text})`,
      evaluate: (caller: Caller) => left.evaluate(caller) && right.evaluate(caller),
    })),
    tie('condition').map((inner) => ({
      text: `!(${inner.text})`,
      evaluate: (caller: Caller) => !inner.evaluate(caller),
    })),
  ),
}));

/** Statements, and whether a caller comes to their end. */
const steps: fc.Arbitrary<Model> = fc
  .array(
    fc.tuple(fc.array(fc.tuple(condition, fc.boolean()), { minLength: 1, maxLength: 2 }), fc.option(fc.boolean())),
    { minLength: 1, maxLength: 2 },
  )
  .map((chooses) => ({
    text: chooses
      .map(([whens, otherwise]) => {
        const body = (denies: boolean): string => (denies ? '<return-response><set-status code="403" /></return-response>' : '<set-header name="x" />');
        const branches = whens.map(([model, denies]) => `<when condition="@(${model.text})">${body(denies)}</when>`);
        return `<choose>${branches.join('\n')}${otherwise === null ? '' : `<otherwise>${body(otherwise)}</otherwise>`}</choose>`;
      })
      .join('\n'),
    evaluate: (caller: Caller) =>
      chooses.every(([whens, otherwise]) => {
        const taken = whens.find(([model]) => model.evaluate(caller));
        return !(taken === undefined ? (otherwise ?? false) : taken[1]);
      }),
  })); // prettier-ignore

const callers: readonly Caller[] = [...thumbprints, 'D'.repeat(40), undefined].flatMap((thumbprint) =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => ({
    thumbprint,
    holds: unknowns.map((_, index) => (bits & (1 << index)) !== 0),
  })),
);

function fulfils({ thumbprint, holds }: Caller, admission: PolicyAdmission): boolean {
  if (admission.thumbprint !== undefined && admission.thumbprint !== thumbprint) return false;
  if (thumbprint !== undefined && admission.barredThumbprints.includes(thumbprint)) return false;
  if (admission.isWithoutCertificate && thumbprint !== undefined) return false;
  return admission.demands.every(({ kind, text }) => {
    assert.equal(kind, 'other');
    const isNegative = text.startsWith('not: ');
    const index = unknowns.indexOf(isNegative ? text.slice('not: '.length) : text);
    assert.notEqual(index, -1, text);
    return holds[index] !== isNegative;
  });
}

test('the ways through a policy are those that callers have', () => {
  fc.assert(
    fc.property(steps, ({ text, evaluate }) => {
      let admissions: readonly PolicyAdmission[];
      try {
        admissions = listAdmissions(parsePolicyMarkup(text));
      } catch (fault) {
        assert.ok(fault instanceof PolicyTooComplex);
        return;
      }
      for (const { thumbprint, isWithoutCertificate, barredThumbprints } of admissions) {
        assert.ok(thumbprint === undefined || (!isWithoutCertificate && !barredThumbprints.includes(thumbprint)), text);
      }
      const isAbout = /Certificate/.test(text);
      for (const caller of callers) {
        const isIn = admissions.some((admission) => fulfils(caller, admission));
        // What has nothing to do with certificates is not followed: then everybody comes through here.
        if (isAbout && !/<choose>(?:(?!Certificate)[\s\S])*?<\/choose>/.test(text)) {
          // A policy asks `== null` of callers who have none; a way without a thumbprint may take them along.
          if (caller.thumbprint !== undefined)
            assert.equal(isIn, evaluate(caller), `${text} ${JSON.stringify(caller)}`);
          else assert.ok(isIn || !evaluate(caller), `${text} ${JSON.stringify(caller)}`);
        } else if (evaluate(caller)) assert.ok(isIn);
      }
    }),
    { numRuns: 2000 },
  );
});

const certificate = 'context.Request.Certificate';
const [x = ''] = thumbprints;

function kindOf(text: string): string {
  const found: PolicyCondition = parsePolicyCondition(`@(${text})`);
  return found.kind === 'not' ? `not ${found.operand.kind}` : found.kind;
}

test('conditions as people write them', () => {
  const cases: readonly (readonly [string, string])[] = [
    [`${certificate}.Thumbprint == "${x}"`, 'thumbprint'],
    [`${certificate}.Thumbprint.ToUpper() != "${x}".ToUpper()`, 'not thumbprint'],
    [`${certificate}.Thumbprint.Equals("${x}", StringComparison.OrdinalIgnoreCase)`, 'thumbprint'],
    [`string.Equals(${certificate}.Thumbprint, "${x}", StringComparison.OrdinalIgnoreCase)`, 'thumbprint'],
    [`!"${x},${x}".Split(',').Contains(${certificate}.Thumbprint)`, 'not thumbprint'],
    [`(new List<string> { "${x}" }).Contains(${certificate}.Thumbprint)`, 'thumbprint'],
    [`new string[] {"${x}",}.Contains(${certificate}.Thumbprint, StringComparer.OrdinalIgnoreCase)`, 'thumbprint'],
    [`${certificate} != null /* there */`, 'not noCertificate'],
    [`${certificate}.Verify()`, 'chain'],
    [`!${certificate}.VerifyNoRevocation()`, 'not chain'],
    [`${certificate}.Issuer != "CN=x, O=y"`, 'claim'],
    [`${certificate}.SubjectName.Name == @"CN=""x"""`, 'claim'],
    [`${certificate}.NotAfter < DateTime.Now`, 'claim'],
  ];
  for (const [text, expected] of cases) assert.equal(kindOf(text), expected, text);
});

test('what is not understood is taken for anything, never for a thumbprint', () => {
  for (const text of [
    `${certificate}.Thumbprint == "${x}" ? true : true`,
    `${certificate}.Thumbprint == "${x}" == false`,
    `!${certificate}.Thumbprint == "${x}"`,
    `${certificate}.Thumbprint == "${x}" | true`,
    `${certificate}.Thumbprint == "${x}" ^ true`,
    `(bool?)null ?? ${certificate}.Thumbprint == "${x}"`,
    `${certificate}.Thumbprint == "${x}" + suffix`,
    `${certificate}.Thumbprint.StartsWith("${x}")`,
    `"${x}".Contains(${certificate}.Thumbprint.Substring(0, 1))`,
    `new [] { "${x}", other }.Contains(${certificate}.Thumbprint)`,
    `list.Contains(${certificate}.Thumbprint)`,
    `context.Deployment.Certificates.Any(c => c.Value.Thumbprint == ${certificate}.Thumbprint)`,
    `context.Variables.GetValueOrDefault<bool>("ok") || a, b`,
    `x => ${certificate}.Thumbprint == "${x}"`,
    `ok = ${certificate}.Thumbprint == "${x}"`,
    `${certificate}.Thumbprint >= "${x}"`,
    `$"${x}" == ${certificate}.Thumbprint`,
    `"${x}`,
  ]) {
    assert.equal(kindOf(text), 'other', text);
  }
});

test('nesting beyond what people write is taken for anything', () => {
  for (const text of [
    `${'!'.repeat(5000)}${certificate}.Verify()`,
    `${'('.repeat(5000)}${certificate}.Verify()${')'.repeat(5000)}`,
  ]) {
    assert.match(kindOf(text), /^(?:not )*(?:other|not)$/);
  }
});

test('a policy of too many ways is given up, soon', () => {
  const term = (index: number): string => `(A${index} && ${certificate}.Foo || B${index})`;
  const text = Array.from({ length: 40 }, (_, index) => term(index)).join(' && ');
  assert.throws(
    () => listAdmissions(parsePolicyMarkup(`<choose><when condition="@(${text})"/></choose>`)),
    PolicyTooComplex,
  );
});
