import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { decideAccess } from './access-decision.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import {
  type MadeCaller,
  authorityOf,
  billing,
  getStage,
  issueCaller,
  issueIntermediate,
  issuedSnapshot,
} from '../test-support/authority-stage.js';
import { toPem } from '../test-support/authority-certificates.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { encodeElement, encodeTree, getNode, parseTree, tbsFields } from '@certgate/x509/test-support/der-editing.js';
import { objectIdentifier, sequence, set } from '@certgate/x509/test-support/der-writing.js';
import { isVerifiedByOpenssl } from '@certgate/x509/test-support/issued-certificates.js';
import { newTemporaryPath } from '@certgate/x509/test-support/openssl.js';
import { type MadeAuthority, authorityExtensions, signBytes } from '@certgate/x509/test-support/revocation.js';

type Attribute = readonly [type: string, tag: number, content: Buffer];

const types = { commonName: '2.5.4.3', serialNumber: '2.5.4.5', organization: '2.5.4.10', unit: '2.5.4.11' };
const utf8 = 0x0c;
const bmp = 0x1e;
const visible = 0x1a;
const numeric = 0x12;
const text = (type: string, value: string): Attribute => [type, utf8, Buffer.from(value)];

function writeName(...attributes: readonly Attribute[]): Buffer {
  return sequence(
    ...attributes.map(([type, tag, content]) => set(sequence(objectIdentifier(type), encodeElement(tag, content)))),
  );
}

/** What openssl made, with other names, and signed again by openssl. */
function rename<T extends MadeAuthority>(made: T, signer: MadeAuthority, names: Partial<Record<NameField, Buffer>>): T {
  const root = parseTree(made.der);
  const fields = getNode(root, 0).children ?? [];
  for (const [field, name] of Object.entries(names)) fields[tbsFields[field as NameField]] = parseTree(name);
  const tbs = encodeTree(getNode(root, 0));
  const signature = encodeElement(0x03, Buffer.from([0]), signBytes(tbs, signer));
  const der = sequence(tbs, encodeTree(getNode(root, 1)), signature);
  const pemPath = newTemporaryPath('.pem');
  writeFileSync(pemPath, toPem(der));
  const decoding = presentCertificate(der).pathDecoding;
  const certificate = decoding.ok ? decoding.value : made.certificate;
  return { ...made, der, pemPath, certificate, header: der.toString('base64') };
}
type NameField = 'issuer' | 'subject';

function renameCaller(...subject: readonly Attribute[]): MadeCaller {
  return rename(issueCaller(), getStage().issuing, { subject: writeName(...subject) });
}

function judge({ header }: Pick<MadeCaller, 'header'>, trust: TrustSnapshot = issuedSnapshot([billing])): string {
  const decision = decideAccess({ header, trust, requirement: { functionName: 'f', roles: [] }, now });
  return decision.outcome === 'denied' ? `${decision.code}: ${decision.detail}` : decision.outcome;
}

const withoutText: readonly (readonly [string, number, Buffer])[] = [
  ['INTEGER', 0x02, Buffer.from([5])],
  ['OCTET STRING', 0x04, Buffer.from('billing')],
  ['BIT STRING', 0x03, Buffer.from('\0billing')],
  ['NumericString', numeric, Buffer.from('12')],
  ['VisibleString', visible, Buffer.from('billing')],
  ['GeneralString', 0x1b, Buffer.from('billing')],
];

const takenByOpenssl: ReadonlySet<number> = new Set([0x03, numeric]);

const broken: readonly (readonly [string, number, string])[] = [
  ['half a pair of surrogates in a BMPString', bmp, '0062d800'],
  ['a pair the wrong way round', bmp, 'dc00d800'],
  ['an odd BMPString', bmp, '006200'],
  ['UTF-8 that is none', utf8, '62ff'],
  ['a surrogate in UTF-8', utf8, 'eda080'],
  ['a UniversalString beyond Unicode', 0x1c, '00110000'],
];

describe('a caller of an authority', () => {
  for (const [what, tag, content] of withoutText) {
    it(`whose common name is ${what} is refused, and openssl ${takenByOpenssl.has(tag) ? 'takes' : 'refuses'} it`, () => {
      const caller = renameCaller([types.commonName, tag, content]);
      const { root, issuing } = getStage();
      assert.equal(isVerifiedByOpenssl([root, issuing, caller]), takenByOpenssl.has(tag));
      const hex = encodeElement(tag, content).toString('hex');
      assert.match(
        judge(caller),
        new RegExp(`^path_certificate_malformed: .* is known by CN=#${hex}, which is not text`),
      );
      for (const commonName of ['billing', `#${hex}`]) {
        const trust = issuedSnapshot([{ name: 'b', names: [{ issuedBy: 'corp', commonName }] }]);
        assert.match(judge(caller, trust), new RegExp(`^certificate_not_trusted: .*CN=#${hex} is not text`));
      }
      const unit = renameCaller(text(types.commonName, 'x'), [types.unit, tag, content]);
      assert.match(judge(unit), /^path_certificate_malformed: .* is known by OU=#/);
      const named = issuedSnapshot([{ name: 'b', names: [{ issuedBy: 'corp', organizationalUnit: `#${hex}` }] }]);
      assert.match(judge(unit, named), /^certificate_not_trusted: /);
    });
  }

  it("that has a second common name that is not text can't be recognised by either", () => {
    const caller = renameCaller(text(types.commonName, 'billing'), [types.commonName, 0x02, Buffer.from([5])]);
    const trust = issuedSnapshot([{ name: 'b', names: [{ issuedBy: 'corp', commonName: 'billing' }] }]);
    assert.match(judge(caller, trust), /^certificate_not_trusted: /);
    const { decoding } = presentCertificate(caller.der);
    assert.equal(decoding.ok && decoding.certificate.commonName, undefined);
  });

  for (const [what, tag, hex] of broken) {
    it(`with ${what} in its name does not have a valid certificate, even for a pin`, () => {
      const caller = renameCaller([types.commonName, tag, Buffer.from(hex, 'hex')]);
      assert.match(judge(caller), /^certificate_not_trusted: .*issuer of "corp", .* it is not a certificate: /);
      const { thumbprintSha256 } = presentCertificate(caller.der);
      assert.match(judge(caller, issuedSnapshot([{ pins: [{ thumbprintSha256 }] }])), /^certificate_malformed: /);
    });
  }

  it('with a pair of surrogates in a BMPString has that character in its name', () => {
    const caller = renameCaller([types.commonName, bmp, Buffer.from('\u{1f600}', 'utf16le').swap16()]);
    const trust = issuedSnapshot([{ name: 'b', names: [{ issuedBy: 'corp', commonName: '\u{1f600}' }] }]);
    assert.equal(judge(caller, trust), 'allowed');
  });

  it('is admitted if only an attribute that decides nothing is not text, and a log shows that attribute as it is encoded', () => {
    const caller = renameCaller(text(types.commonName, 'billing'), [types.serialNumber, numeric, Buffer.from('12')]);
    assert.equal(judge(caller), 'allowed');
    assert.equal(caller.certificate.subjectText, 'serialNumber=#12023132,CN=billing');
  });
});

describe('an authority whose name is not text', () => {
  const subject = writeName([types.commonName, numeric, Buffer.from('Corp issuing CA')]);

  it('does not chain, although openssl accepts the chain', () => {
    const { root } = getStage();
    const issuing = rename(issueIntermediate({}), root, { subject });
    const caller = rename(issueCaller(), issuing, { issuer: subject });
    assert.ok(isVerifiedByOpenssl([root, issuing, caller]));
    const trust = issuedSnapshot([billing], { authorities: [authorityOf({ intermediates: [issuing] })] });
    assert.match(
      judge(caller, trust),
      /^path_certificate_malformed: .*has an issuer name that can't be compared: its CN/,
    );
    const anchored = issuedSnapshot([billing], {
      authorities: [authorityOf({ anchors: [issuing], intermediates: [] })],
    });
    assert.match(judge(caller, anchored), /^path_certificate_malformed: /);
  });

  it('does not have the name of another authority, whatever text its name looks like', () => {
    const { issuing } = getStage();
    const caller = rename(issueCaller(), issuing, { issuer: subject });
    assert.match(judge(caller), /^certificate_not_trusted: /);
  });
});

describe('name constraints on directory names', () => {
  const sections = ['[evil]', 'O = Evil'];
  const constrained = (line: string): { issuing: MadeAuthority; trust: TrustSnapshot } => {
    const extensions = [...authorityExtensions, `nameConstraints = critical, ${line}`];
    const issuing = issueIntermediate({ extensions, sections });
    return { issuing, trust: issuedSnapshot([billing], { authorities: [authorityOf({ intermediates: [issuing] })] }) };
  };
  const callerOf = (issuing: MadeAuthority, ...subject: readonly Attribute[]): MadeCaller =>
    rename(issueCaller({ issuer: issuing }), issuing, { subject: writeName(...subject) });

  it("can't be evaded by writing the name in another string type", () => {
    const { issuing, trust } = constrained('excluded;dirName:evil');
    const name = text(types.commonName, 'billing');
    assert.equal(judge(callerOf(issuing, text(types.organization, 'Good'), name), trust), 'allowed');
    for (const tag of [utf8, 0x13, 0x14, 0x16]) {
      const caller = callerOf(issuing, [types.organization, tag, Buffer.from('Evil')], name);
      assert.match(judge(caller, trust), /^path_name_not_permitted: .*is excluded/);
    }
    for (const [, tag] of withoutText) {
      const caller = callerOf(issuing, [types.organization, tag, Buffer.from('Evil')], name);
      assert.match(judge(caller, trust), /^path_name_not_permitted: .*can't be compared/);
    }
  });
});
