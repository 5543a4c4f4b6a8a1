import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ToolFailure } from '../../faults/tool-failure.js';
import { readApiManagementPolicy, type PolicyReadingOptions } from './read-api-management-policy.js';

const a = 'CA06F56B258B7A0D4F2B05470939478651151984';
const b = '5726F1DDBC5BA5986A21BDFCBA1D88C74C8EDE90';

const policy = (inbound: string): string =>
  `<policies>\n<inbound>\n${inbound}\n</inbound>\n<backend><forward-request /></backend>\n<outbound /><on-error />\n</policies>\n`;

const check = (identities: string, attributes = 'validate-revocation="false"'): string =>
  `<validate-client-certificate ${attributes}><identities>${identities}</identities></validate-client-certificate>`;

interface Result {
  readonly imported: readonly string[];
  readonly refused: readonly string[];
  readonly notes: string;
}

function read(text: string, options: PolicyReadingOptions = {}): Result {
  const { entries, refusals, faults, notes } = readApiManagementPolicy(text, options);
  assert.deepEqual(faults, [], text);
  return {
    imported: entries.map(({ name, thumbprint }) => `${name ?? '-'} ${thumbprint.value}`),
    refused: refusals.map(({ item, reason }) => `${item}: ${reason}`),
    notes: [...notes, ...entries.flatMap((entry) => entry.notes)].join('\n'),
  };
}

/** Nothing is imported, and each identity is refused with these words. */
function expectRefusal(identities: string, expected: RegExp, attributes?: string): void {
  const { imported, refused } = read(policy(check(identities, attributes)));
  assert.deepEqual(imported, [], identities);
  assert.equal(refused.length, 1, refused.join('\n'));
  assert.match(refused[0] ?? '', expected);
}

function expectFailure(text: string, message: RegExp, remedy: RegExp): void {
  assert.throws(
    () => readApiManagementPolicy(text),
    (fault) => {
      assert.ok(fault instanceof ToolFailure, String(fault));
      assert.match(fault.message, message);
      assert.match(fault.remedy ?? '', remedy);
      return true;
    },
    text.slice(0, 200),
  );
}

describe('an identity of validate-client-certificate', () => {
  test('by its thumbprint is imported, and its other claims are printed', () => {
    const { imported, refused, notes } = read(
      policy(
        check(
          `<identity thumbprint="${a.toLowerCase()}" /><identity common-name="billing" thumbprint="${b}" issuer-subject="CN=x, O=&quot;Contoso, Inc.&quot;" />`,
        ),
      ),
    );
    assert.deepEqual(imported, [`- ${a}`, `billing ${b}`]);
    assert.deepEqual(refused, []);
    assert.match(notes, /not compared: common-name="billing", issuer-subject="CN=x, O="Contoso, Inc\.""/);
  });

  test('by a name alone is refused, each by itself', () => {
    const names = ['common-name', 'subject', 'dns-name', 'issuer-subject', 'issuer-thumbprint', 'serial-number', 'issuer-certificate-id']; // prettier-ignore
    const { imported, refused } = read(
      check(`${names.map((name) => `<identity ${name}="x" />`).join('')}<identity thumbprint="${a}" />`),
    );
    assert.deepEqual(imported, [`- ${a}`]);
    assert.deepEqual(
      refused.map((line) => line.split(':')[0]),
      names.map((name) => `${name}="x"`),
    );
    assert.match(refused.join('\n'), /a name proves nothing without the authority/);
  });

  test('whose revocation API Management looks up is imported only when that is given up', () => {
    for (const attributes of ['', 'validate-revocation="true"', 'validate-revocation="{{x}}" validate-trust="false"']) {
      expectRefusal(`<identity thumbprint="${a}" />`, /--without-revocation/, attributes);
      const text = policy(check(`<identity thumbprint="${a}" />`, attributes));
      const { imported, notes } = read(text, { withoutRevocation: true });
      assert.deepEqual(imported, [`- ${a}`]);
      assert.match(notes, /does not look up/);
    }
  });

  test('that is empty, or that says something unknown, is refused', () => {
    expectRefusal('<identity />', /any certificate/);
    expectRefusal(`<identity thumbprint="${a}" thumbprint-sha256="x" />`, /thumbprint-sha256 is not known/);
    expectRefusal(`<person thumbprint="${a}" />`, /<person>/);
  });

  test('with a thumbprint that cannot be read, or that nobody can have there, is refused', () => {
    expectRefusal(`<identity thumbprint="${a.slice(1)}" />`, /39 hexadecimal digits/);
    expectRefusal(`<identity thumbprint="${'AB'.repeat(32)}" />`, /SHA-256/);
    expectRefusal('<identity thumbprint="{{client-thumbprint}}" />', /a named value; write the value itself/);
    assert.deepEqual(read(check(`<identity thumbprint="${a}" common-name="{{client}}" />`)).imported, [`- ${a}`]);
  });
});

describe('the policy around it', () => {
  test('what API Management does otherwise, and what else stands in the policy, is printed', () => {
    const { imported, notes } = read(
      policy(
        `<base />\n<ip-filter action="allow" />\n${check(`<identity thumbprint="${a}" />`, 'validate-revocation="false" validate-not-after="false" ignore-error="true"')}`,
      ),
    );
    assert.deepEqual(imported, [`- ${a}`]);
    for (const expected of [/ignore-error/, /dates/, /not imported: <base>, <ip-filter>\./])
      assert.match(notes, expected);
  });

  test('may be a whole policy, a fragment, or the element alone, with comments and an XML declaration', () => {
    const element = check(`<!-- <identity thumbprint="${b}" /> -->\n<identity thumbprint='${a}'/>`);
    for (const text of [
      policy(element),
      `<fragment>${element}</fragment>`,
      element,
      `<?xml version="1.0"?>\n${element}`,
    ])
      // prettier-ignore
      assert.deepEqual(read(text).imported, [`- ${a}`]);
    assert.equal(readApiManagementPolicy(policy(element)).entries[0]?.origin, 'line 4');
  });

  test('with an expression anywhere is refused, with its line and what to do', () => {
    for (const expression of [
      `<choose><when condition="@(context.Request.Certificate.Thumbprint != "${a}")"><return-response /></when></choose>`,
      `<set-header name="x"><value>@{ return "a"; }</value></set-header>`,
      `<choose><when condition='@(!context.Request.Certificate.Verify())' /></choose>`,
    ]) {
      const text = policy(`${check(`<identity thumbprint="${a}" />`)}\n${expression}`);
      expectFailure(text, /has an expression \(line 4\)/, /copy that element into a file[\s\S]*import the list/);
    }
    expectFailure(check('<identity thumbprint="@(context.Variables["t"])" />'), /expression \(line 1\)/, /a list/);
  });

  test('with the check twice, or inside another statement, is refused', () => {
    const one = check(`<identity thumbprint="${a}" />`);
    expectFailure(policy(`${one}\n${one}`), /another arrangement \(line 3, 4\)/, /a list/);
    for (const wrap of ['choose><when condition="true"', 'retry count="1"']) {
      const names = [...wrap.matchAll(/(?:^|<)(\w+)/g)].map(([, name]) => `</${name ?? ''}>`).reverse();
      expectFailure(policy(`<${wrap}>${one}${names.join('')}`), /another arrangement \(line 3\)/, /a list/);
    }
  });

  test('with no check, or one that names nobody, is refused', () => {
    for (const text of [
      policy('<base />'),
      '<policies />',
      '<html></html>',
      `<policies><outbound>${check('')}</outbound></policies>`,
    ])
      // prettier-ignore
      expectFailure(text, /no <validate-client-certificate> in its <inbound>/, /another policy/);
    expectFailure(policy(check('')), /lists no <identity>: API Management admits any certificate/, /trust add/);
  });
});

describe('hostile text', () => {
  test('a document type, an entity, a namespace, or what is not well-formed is refused', () => {
    for (const text of [
      '<!DOCTYPE policies [<!ENTITY x "y">]><policies />',
      `<!doctype x>${check(`<identity thumbprint="${a}" />`)}`,
      '<policies xmlns="urn:x" />',
      check(`<identity thumbprint="&x;" />`),
      check(`<identity subject="CN=x, O="Contoso"" />`),
      check(`<identity thumbprint=${a} />`),
      '<policies><inbound>',
      '<policies><inbound></policies></inbound>',
      '<policies a="1" a="2" />',
      '<policies a="x',
      '<policies><!-- ',
      '<policies /><policies />',
      '<>',
    ]) {
      expectFailure(text, /./, /./);
    }
  });

  test('what is too large, or nested deeply, is refused in bounded time', () => {
    expectFailure(`<policies>${' '.repeat(262_144)}</policies>`, /larger than 256 KiB/, /separate file/);
    const depth = 37_000;
    expectFailure(`${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`, /no <validate-client-certificate>/, /./);
    expectFailure('<a>'.repeat(depth * 2), /not well-formed XML: .{1,200}$/, /Copy it whole/);
  });

  test('names that JavaScript knows are names like others', () => {
    assert.match(read(check('<identity __proto__="x" constructor="y" />')).refused.join(), /__proto__ is not known/);
  });

  test('any text: a reading or a ToolFailure', () => {
    const piece = fc.constantFrom('<', '>', '"', "'", '@(', '</', '/>', '<choose>', '</choose>', '">', a, '<!--', '-->', '&', '&quot;', '\n', '<![CDATA[', ']]>', '<validate-client-certificate>', '<identities>', '</identities>', '</validate-client-certificate>', '<identity thumbprint="', '__proto__="x" '); // prettier-ignore
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        try {
          readApiManagementPolicy(`<${pieces.join('')}`);
        } catch (fault) {
          assert.ok(fault instanceof ToolFailure, String(fault));
        }
      }),
      { numRuns: 500 },
    );
  });
});
