import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DenialCode } from '../denial.js';
import { caller, callerThumbprint, extractFrom, extractText, judge, victim } from '../test-support/front-end-stage.js';
import { escapedBodyOf, escapedPemOf, forwardedElementOf } from '../test-support/front-end-wire.js';
import { hashHex } from '@certgate/x509/internal';
import { createEnvoy } from './envoy.js';

const envoy = createEnvoy();
const field = 'x-forwarded-client-cert';
const judgeText = (text: string | null | undefined, elementCount = 1): string =>
  judge(createEnvoy(elementCount), { [field]: text });

const leaf = caller.der;
const plain = forwardedElementOf({ leaf });
const full = forwardedElementOf({
  by: ['spiffe://corp/gateway', 'https://gateway.example'],
  leaf,
  chain: [victim.der],
  subject: 'CN=caller,O=Example\\, Inc. \\"Quoted\\" \\\\',
  uris: ['spiffe://corp/caller', ''],
  dnsNames: ['a.example', 'b.example'],
});
const victimElement = forwardedElementOf({ leaf: victim.der });
const certOf = (der: Uint8Array): string => `Cert="${escapedPemOf(der)}"`;
const hashOf = (der: Uint8Array): string => hashHex('sha256', der).toLowerCase();

describe('one element', () => {
  it('has the certificate, whatever else Envoy is configured to write', () => {
    for (const text of [plain, full, ` ${plain}\t`, certOf(leaf), `${plain};Subject=""`, `${plain};URI=`]) {
      assert.equal(judgeText(text), callerThumbprint);
      assert.equal(extractText(envoy, { [field]: text }).leaf, escapedBodyOf(leaf));
    }
  });

  it('contains no certificate if it has no Cert', () => {
    for (const text of [`Hash=${hashOf(leaf)}`, `Hash=${hashOf(leaf)};Subject="CN=x"`, `Chain="${escapedPemOf(leaf)}"`])
      assert.equal(judgeText(text), 'certificate_missing');
  });

  it('is judged by the certificate itself, whatever Hash says', () => {
    assert.equal(judgeText(`Hash=${hashOf(victim.der)};${certOf(leaf)}`), callerThumbprint);
  });

  it('is refused if it is JSON, with the setting that makes it text', () => {
    for (const text of [
      `[{"Hash":"${hashOf(leaf)}","Cert":"${escapedPemOf(leaf)}"}]`,
      '{"Cert":"x"}',
      '[',
      `[${plain}]`,
    ]) {
      const extraction = extractFrom(envoy, { [field]: text });
      assert.equal(extraction.outcome === 'denied' && extraction.code, 'certificate_malformed');
      assert.match('detail' in extraction ? extraction.detail : '', /JSON.*TEXT in set_current_client_cert_details/);
    }
  });

  const hash = `Hash=${hashOf(leaf)}`;
  const cert = certOf(leaf);
  const malformed: readonly (readonly [string, string])[] = [
    ['a semicolon behind', `${plain};`],
    ['a semicolon in front', `;${plain}`],
    ['two semicolons', `${hash};;${cert}`],
    ['a comma behind', `${plain},`],
    ['a comma in front', `,${plain}`],
    ['a space behind a semicolon', `${hash}; ${cert}`],
    ['Hash behind Cert', `${cert};${hash}`],
    ['Cert behind Chain', `${hash};Chain="${escapedPemOf(leaf)}";${cert}`],
    ['Cert behind Subject', `${hash};Subject="CN=x";${cert}`],
    ['Cert behind URI', `${hash};URI=a;${cert}`],
    ['Chain behind DNS', `${plain};DNS=a;Chain="${escapedPemOf(leaf)}"`],
    ['By behind Hash', `${hash};By=a;${cert}`],
    ['Cert twice', `${hash};${cert};${certOf(victim.der)}`],
    ['the same Cert twice', `${hash};${cert};${cert}`],
    ['Hash twice', `${hash};${hash};${cert}`],
    ['Chain twice', `${plain};Chain="${escapedPemOf(leaf)}";Chain="${escapedPemOf(leaf)}"`],
    ['Subject twice', `${plain};Subject="a";Subject="b"`],
    ['an unknown key', `${plain};IP=127.0.0.1`],
    ['the key of another time', `${hash};SAN=a;${cert}`],
    ['the key of a later time', `${plain};Issuer="CN=a"`],
    ['a key in other letters', plain.replace('Cert=', 'cert=')],
    ['a key that only begins so', plain.replace('Cert=', 'Certificate=')],
    ['a space before the equals sign', plain.replace('Cert=', 'Cert =')],
    ['no value', 'Cert'],
    ['no key', `=${cert}`],
    ['an empty Cert without quotes', `${hash};Cert=`],
    ['Cert without quotes', `${hash};Cert=${escapedPemOf(leaf)}`],
    ['Chain without quotes', `${plain};Chain=${escapedPemOf(leaf)}`],
    ['Subject without quotes', `${plain};Subject=CN`],
    ['Hash in quotes', `Hash="${hashOf(leaf)}";${cert}`],
    ['Hash in upper case', `Hash=${hashOf(leaf).toUpperCase()};${cert}`],
    ['Hash cut short', `${hash.slice(0, -1)};${cert}`],
    ['Hash too long', `${hash}0;${cert}`],
    ['another separator', plain.replace(';Cert', '|Cert')],
    ['another separator behind a quote', `${plain}&Subject="CN=x"`],
    ['a quote behind a quote', `${plain}"Subject="CN=x"`],
    ['Hash cut short, alone', hash.slice(0, -1)],
    ['Subject without its opening quote', `${plain};Subject=CN"`],
    ['an unclosed quote', plain.slice(0, -1)],
    ['a quote alone', `${hash};Cert="`],
    ['an escaped quote at the end of Subject', `${plain};Subject="CN=x\\"`],
    ['an escaped quote at the end of Cert', `${plain.slice(0, -1)}\\"`],
    ['text before the opening quote', plain.replace('Cert="', 'Cert=x"')],
    ['text behind the closing quote', `${plain}x`],
    ['a quote in URI', `${plain};URI=a"b`],
    ['URI in quotes', `${plain};URI="a"`],
    ['a Chain that is cut short', `${plain};Chain="${escapedPemOf(leaf).slice(0, -3)}"`],
    ['an empty Chain', `${plain};Chain=""`],
    ['more names than are read', `${plain}${';DNS=a'.repeat(40)}`],
    ['a name that is longer than is read', `${plain};URI=${'a'.repeat(2049)}`],
    ['more backslashes than are read', `${plain};Subject="${'\\'.repeat(256)}"`],
    ['more escaped quotes than are read', `${plain};Subject="${'\\"'.repeat(300)}"`],
  ];
  for (const [what, text] of malformed) {
    it(`${what}: the code is certificate_malformed`, () => {
      assert.equal(judgeText(text), 'certificate_malformed');
    });
  }

  it('is refused as certificate_too_large if it is longer than a header can be', () => {
    assert.equal(judgeText(`${plain};URI=${'a'.repeat(62_000)}`), 'certificate_too_large');
    assert.equal(judgeText(' '.repeat(1_000_000)), 'certificate_too_large');
  });
});

describe('names that a certificate brings', () => {
  const injections: readonly (readonly [string, DenialCode])[] = [
    [`;${certOf(victim.der)}`, 'certificate_malformed'],
    [`;Hash=${hashOf(victim.der)};${certOf(victim.der)}`, 'certificate_malformed'],
    [`,${victimElement}`, 'certificate_multiple'],
    [`x,${victimElement};URI=x`, 'certificate_multiple'],
    [`,By=spiffe://corp/gateway;${victimElement}`, 'certificate_multiple'],
    [`"`, 'certificate_malformed'],
    [`",${victimElement}`, 'certificate_malformed'],
    [`;Chain="${escapedPemOf(victim.der)}"`, 'certificate_malformed'],
  ];
  for (const [name, code] of injections) {
    it(`${name.replaceAll(/-----.*?-----END%20CERTIFICATE-----%0A/g, '…').slice(0, 40)}: the code is ${code}`, () => {
      for (const more of [{ uris: [name] }, { dnsNames: [name] }, { uris: ['a', name] }])
        assert.equal(judgeText(forwardedElementOf({ leaf, ...more })), code);
    });

    it(`${name.slice(0, 12)}: it is not taken for the last of two elements`, () => {
      for (const more of [{ uris: [name] }, { dnsNames: [name] }, { chain: [], subject: 'CN=x', dnsNames: [name] }]) {
        const element = forwardedElementOf({ leaf, ...more });
        assert.match(judgeText(element, 2), /^certificate_/);
        for (const sent of [plain, victimElement, 'Subject="', 'x'])
          assert.match(judgeText(`${sent},${element}`, 2), /^certificate_/);
      }
    });
  }

  it('do not move the end of Subject, even with as many backslashes as the limit', () => {
    for (let count = 250; count < 262; count += 1) {
      const subject = '\\'.repeat(2 * Math.floor(count / 2));
      for (const name of [`a",${victimElement}`, `",${victimElement}`, `a",${victimElement};Subject="`]) {
        const element = forwardedElementOf({ leaf, subject, uris: [name] });
        for (const number of [1, 2, 3]) assert.match(judgeText(element, number), /^certificate_/);
        const escaped = forwardedElementOf({ leaf, subject: `${subject}\\"`, uris: [name] });
        for (const number of [1, 2, 3]) assert.match(judgeText(escaped, number), /^certificate_/);
      }
    }
  });

  it('stay inside the quotes of Subject', () => {
    for (const subject of [`;${victimElement}`, `,${victimElement}`]) {
      const escaped = subject.replaceAll(/[\\"]/g, '\\$&');
      assert.equal(judgeText(forwardedElementOf({ leaf, subject: escaped })), callerThumbprint);
    }
  });
});

describe('several elements', () => {
  const own = forwardedElementOf({ leaf, chain: [] });

  it('give the certificate of the last one, if their number is the one that the operator set', () => {
    assert.equal(judgeText(`${victimElement},${own}`, 2), callerThumbprint);
    assert.equal(judgeText(`${victimElement},${victimElement},${own}`, 3), callerThumbprint);
    assert.equal(judgeText(`${victimElement},${own};URI=spiffe://corp/caller`, 2), callerThumbprint);
    const chained = forwardedElementOf({ leaf: victim.der, chain: [victim.der] });
    assert.equal(extractText(createEnvoy(2), { [field]: `${chained},${plain}` }).chain, undefined);
  });

  it('are refused if their number is another', () => {
    assert.equal(judgeText(`${victimElement},${own}`), 'certificate_multiple');
    assert.equal(judgeText(`${victimElement}, ${own}`), 'certificate_multiple');
    assert.equal(judgeText(own, 2), 'certificate_multiple');
    assert.equal(judgeText(`${own},${own},${own}`, 2), 'certificate_multiple');
    assert.equal(judgeText(`${victimElement}, ${own}`, 2), 'certificate_malformed');
  });

  it('are refused if one before the last has names, because these may have added the last one', () => {
    for (const names of [{ uris: ['a'] }, { dnsNames: ['a'] }, { uris: [''] }]) {
      const earlier = forwardedElementOf({ leaf: victim.der, ...names });
      assert.equal(judgeText(`${earlier},${own}`, 2), 'certificate_malformed');
    }
  });

  it("never give another certificate than the connection's, whatever a caller sends if Envoy appends", () => {
    const openings = ['"', 'Subject="', `Hash=${hashOf(leaf)};Subject="`, `${victimElement};Subject="`, 'Cert="', '\\'];
    const whole = [victimElement, `${victimElement},${victimElement}`, `${victimElement};URI=a`, 'By=a', '', ',', ';'];
    for (const sent of [
      ...openings,
      ...openings.map((text) => `${text}\\`),
      ...whole,
      ...whole.map((text) => `${text},`),
    ]) {
      for (const count of [1, 2, 3]) {
        const answer = judgeText(`${sent},${own}`, count);
        assert.ok(answer === callerThumbprint || answer.startsWith('certificate_'), sent);
      }
    }
  });
});
