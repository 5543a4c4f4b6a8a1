import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { CommandFailure } from '../command-line/command-failure.js';
import { readApiManagementPolicy, type PolicyReadingOptions } from './read-api-management-policy.js';

const a = 'CA06F56B258B7A0D4F2B05470939478651151984';
const b = '5726F1DDBC5BA5986A21BDFCBA1D88C74C8EDE90';
const c = '0123456789ABCDEF0123456789ABCDEF01234567';
const deny = '<return-response><set-status code="403" reason="Invalid client certificate" /></return-response>';

const policy = (inbound: string): string =>
  `<policies>\n<inbound>\n${inbound}\n</inbound>\n<backend><forward-request /></backend>\n<outbound /><on-error />\n</policies>\n`;

const check = (identities: string, attributes = 'validate-revocation="false"'): string =>
  policy(
    `<validate-client-certificate ${attributes}><identities>${identities}</identities></validate-client-certificate>`,
  );

interface Result {
  readonly imported: readonly string[];
  readonly refused: readonly string[];
  readonly notes: readonly string[];
}

function read(text: string, options: PolicyReadingOptions = {}): Result {
  const { entries, refusals, faults, notes } = readApiManagementPolicy(text, options);
  assert.deepEqual(faults, [], text);
  return {
    imported: entries.map(({ name, thumbprint }) => `${name ?? '-'} ${thumbprint.value}`),
    refused: refusals.map(({ item, reason }) => `${item}: ${reason}`),
    notes: [...notes, ...entries.flatMap((entry) => entry.notes)],
  };
}

/** Nothing is imported, and the one thing is refused with these words. */
function expectRefusal(text: string, expected: RegExp, options?: PolicyReadingOptions): void {
  const { imported, refused } = read(text, options);
  assert.deepEqual(imported, [], text);
  assert.equal(refused.length, 1, refused.join('\n'));
  assert.match(refused[0] ?? '', expected);
}

describe('validate-client-certificate', () => {
  test('a thumbprint comes over; with other claims too, and they are told', () => {
    const { imported, refused, notes } = read(
      check(
        `<identity thumbprint="${a.toLowerCase()}" /><identity common-name="billing" thumbprint="${b}" issuer-subject="CN=x" />`,
      ),
    );
    assert.deepEqual(imported, [`- ${a}`, `billing ${b}`]);
    assert.deepEqual(refused, []);
    assert.match(notes.join('\n'), /not asked again: common-name="billing", issuer-subject="CN=x"/);
  });

  test('a name without its authority stays behind, one by one', () => {
    const names = ['common-name="x"', 'subject="CN=x, O="Contoso, Inc.", C=US"', 'dns-name="x.example"', 'issuer-thumbprint="AB"', 'serial-number="1"', 'issuer-certificate-id="ca"']; // prettier-ignore
    const { imported, refused } = read(
      check(`${names.map((name) => `<identity ${name} />`).join('')}<identity thumbprint="${a}" />`),
    );
    assert.deepEqual(imported, [`- ${a}`]);
    assert.equal(refused.length, names.length);
    for (const [index, name] of names.entries())
      assert.ok(refused[index]?.startsWith(`${name}: a name is worth nothing`));
  });

  test('what API Management looks up on line is asked for', () => {
    for (const attributes of ['', 'validate-revocation="true"', 'validate-revocation="True" validate-trust="false"']) {
      const text = check(`<identity thumbprint="${a}" />`, attributes);
      expectRefusal(text, /--without-revocation/);
      const { imported, notes } = read(text, { withoutRevocation: true });
      assert.deepEqual(imported, [`- ${a}`]);
      assert.match(notes.join(), /no longer looked up/);
    }
  });

  test('no identities, an empty one, a claim that is not known', () => {
    expectRefusal(policy('<validate-client-certificate validate-revocation="false" />'), /any certificate/);
    expectRefusal(check('<identity />'), /any certificate/);
    expectRefusal(check(`<identity thumbprint="${a}" thumbprint-sha256="x" />`), /can't express: thumbprint-sha256/);
  });

  test('thumbprints that are none, or that nobody can have there', () => {
    expectRefusal(check(`<identity thumbprint="${a.slice(1)}" />`), /39 hexadecimal digits/);
    expectRefusal(check(`<identity thumbprint="${'AB'.repeat(32)}" />`), /SHA-256/);
    expectRefusal(check('<identity thumbprint="@(context.Variables["t"])" />'), /worked out/);
    expectRefusal(check('<identity thumbprint="{{client-thumbprint}}" />'), /--named-value client-thumbprint=/);
  });

  test('named values are filled in', () => {
    const namedValues = new Map([['client-thumbprint', a], ['client', 'billing']]); // prettier-ignore
    const text = check('<identity thumbprint="{{ client-thumbprint }}" common-name="{{client}}" />');
    assert.deepEqual(read(text, { namedValues }).imported, [`billing ${a}`]);
  });

  test('ignore-error, dates, other guards, and levels above are told', () => {
    const text = policy(
      `<base />\n<ip-filter action="allow" /><choose><when condition="@(context.Request.IpAddress == "1")">${deny}</when></choose>
      <validate-client-certificate validate-revocation="false" validate-not-after="false" ignore-error="true"><identities><identity thumbprint="${a}" /></identities></validate-client-certificate>`,
    );
    const { imported, notes } = read(text);
    assert.deepEqual(imported, [`- ${a}`]);
    for (const expected of [/ignore-error/, /dates/, /ip-filter, the <choose> in line 4/, /<base \/>/])
      assert.match(notes.join('\n'), expected);
  });

  test('two of them: who fulfils both', () => {
    const one = (thumbprint: string): string =>
      `<validate-client-certificate validate-revocation="false"><identities><identity thumbprint="${thumbprint}" /><identity thumbprint="${c}" /></identities></validate-client-certificate>`;
    const { imported, refused } = read(policy(one(a) + one(b)));
    assert.deepEqual(imported, [`- ${c}`]);
    assert.equal(refused.length, 2);
  });

  test('inside a condition that says nothing of certificates, or a wrapper that is not followed', () => {
    const inside = `<validate-client-certificate validate-revocation="false"><identities><identity thumbprint="${a}" /></identities></validate-client-certificate>`;
    const conditional = `<choose><when condition="@(context.Request.Method == "GET")">${inside}</when></choose>`;
    assert.deepEqual(read(policy(conditional)).imported, []);
    assert.deepEqual(read(policy(`<retry condition="@(true)" count="1" interval="1">${inside}</retry>`)).imported, []);
  });
});

describe('conditions on the thumbprint', () => {
  const refuseUnless = (condition: string): string =>
    policy(`<choose><when condition="@(${condition})">${deny}</when></choose>`);

  test('the documented form, raw and escaped', () => {
    const condition = `context.Request.Certificate == null || context.Request.Certificate.Thumbprint != "${a}"`;
    assert.deepEqual(read(refuseUnless(condition)).imported, [`- ${a}`]);
    assert.deepEqual(read(refuseUnless(condition.replaceAll('"', '&quot;'))).imported, [`- ${a}`]);
    const negated = `!(context.Request.Certificate != null && context.Request.Certificate.Thumbprint == "${a}")`;
    assert.deepEqual(read(refuseUnless(negated)).imported, [`- ${a}`]);
    assert.deepEqual(read(refuseUnless(negated.replaceAll('&', '&amp;'))).imported, [`- ${a}`]);
  });

  test('Verify() looks revocation up, VerifyNoRevocation() does not', () => {
    const condition = (method: string): string =>
      `context.Request.Certificate == null || !context.Request.Certificate.${method}() || context.Request.Certificate.Thumbprint != "${a}"`;
    expectRefusal(refuseUnless(condition('Verify')), /--without-revocation/);
    assert.deepEqual(read(refuseUnless(condition('VerifyNoRevocation'))).imported, [`- ${a}`]);
  });

  test('lists, and branches that let in', () => {
    const list = `new [] { "${a}", "${b}" }.Contains(context.Request.Certificate.Thumbprint)`;
    assert.deepEqual(read(refuseUnless(`context.Request.Certificate == null || !${list}`)).imported, [
      `- ${a}`,
      `- ${b}`,
    ]);
    const granting = policy(
      `<choose><when condition="@(context.Request.Certificate?.Thumbprint == "${a}")"><set-variable name="who" value="a" /></when>
      <when condition="@(context.Request.Certificate?.Thumbprint == "${b}")" /><otherwise>${deny}</otherwise></choose>`,
    );
    assert.deepEqual(read(granting).imported, [`- ${a}`, `- ${b}`]);
  });

  test('a certificate that is barred is not let in', () => {
    const { imported, refused } = read(refuseUnless(`context.Request.Certificate.Thumbprint == "${a}"`));
    assert.deepEqual(imported, []);
    assert.match(refused.join('\n'), /any certificate but CA06/);
  });

  test('certificates uploaded to API Management, issuers, other conditions', () => {
    expectRefusal(
      refuseUnless(
        'context.Request.Certificate == null || !context.Deployment.Certificates.Any(c => c.Value.Thumbprint == context.Request.Certificate.Thumbprint)',
      ),
      /not understood/,
    );
    expectRefusal(
      refuseUnless('context.Request.Certificate == null || context.Request.Certificate.Issuer != "CN=x"'),
      /a name is worth nothing/,
    );
    expectRefusal(
      refuseUnless(`context.Request.Certificate.Thumbprint != "${a}" || context.Request.IpAddress != "1.2.3.4"`),
      /can't express: not: context.Request.IpAddress/,
    );
    expectRefusal(refuseUnless('context.Request.Certificate.Thumbprint != "{{t}}"'), /--named-value t=/);
  });

  test('a thumbprint that only stands somewhere is told', () => {
    const { imported, refused } = read(
      policy(
        `<set-variable name="ok" value="@(new [] {"${a}"})" />\n<choose><when condition="@(!((string[])context.Variables["ok"]).Contains(context.Request.Certificate.Thumbprint))">${deny}</when></choose>`,
      ),
    );
    assert.deepEqual(imported, []);
    assert.match(refused.join('\n'), new RegExp(`${a}: .*by hand`));
  });
});

describe('the text of a policy', () => {
  test('C# in attributes and in texts', () => {
    const text = policy(
      `<!-- <identity thumbprint="${b}"/> " -->
      <set-header name="x" exists-action="override"><value>@{
        var list = new List<string>(); // don't
        return $"{list.Count < 1 && true} )" + @"""}" + '"' + ")";
      }</value><value>id-@(context.Variables.GetValueOrDefault<string>("a>b"))</value></set-header>
      <set-body><![CDATA[<a href="x">&</a>]]></set-body>
      <validate-client-certificate validate-revocation='false'><identities><identity thumbprint='${a}'/></identities></validate-client-certificate>`,
    );
    const { entries, refusals } = readApiManagementPolicy(text);
    assert.deepEqual(
      entries.map(({ thumbprint, origin }) => `${origin} ${thumbprint.value}`),
      [`line 9 ${a}`],
    );
    assert.deepEqual(refusals, []);
  });

  test('a fragment, a byte order mark, an XML declaration', () => {
    const identities = `<identities><identity thumbprint="${a}" /></identities>`;
    const fragment = `<fragment><validate-client-certificate validate-revocation="false">${identities}</validate-client-certificate></fragment>`;
    for (const text of [fragment, `\ufeff${fragment}`, `<?xml version="1.0"?>\n${fragment}`]) {
      assert.deepEqual(read(text).imported, [`- ${a}`]);
    }
  });

  test('a document type, an entity, a cut or crossed text are refused', () => {
    for (const text of [
      '<!DOCTYPE policies [<!ENTITY x "y">]><policies />',
      '<policies><inbound>',
      '<policies><inbound></policies></inbound>',
      '<policies a="1" a="2" />',
      '<policies a="x',
      '<policies><!-- ',
      '<policies><value>@(</value></policies>',
      `${'<a>'.repeat(300)}${'</a>'.repeat(300)}`,
    ]) {
      assert.throws(() => readApiManagementPolicy(text), CommandFailure, text.slice(0, 60));
    }
  });

  test('a policy without any check of certificates is a fault', () => {
    for (const text of [
      policy('<base />'),
      '<policies />',
      '<html></html>',
      policy(`<ip-filter action="forbid"><address>${a}</address></ip-filter>`),
    ]) {
      assert.equal(
        readApiManagementPolicy(text).faults.length > 0 || readApiManagementPolicy(text).refusals.length > 0,
        true,
        text,
      );
      assert.deepEqual(readApiManagementPolicy(text).entries, []);
    }
  });

  test('whatever stands there: a reading or a CommandFailure, and soon', () => {
    const piece = fc.constantFrom('<', '>', '"', "'", '@(', '@{', ')', '}', '</', '/>', '<choose>', '</choose>', '<when condition="', '">', 'context.Request.Certificate', '.Thumbprint', ' == ', a, '<!--', '-->', '&', '&quot;', '\n', '<![CDATA[', ']]>', '<validate-client-certificate', '<identity thumbprint="', '__proto__="x" '); // prettier-ignore
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        try {
          readApiManagementPolicy(`<${pieces.join('')}`);
        } catch (fault) {
          assert.ok(fault instanceof CommandFailure, String(fault));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
