import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import { decodeClientCertificate } from '../certificate/client-certificate.js';
import { decodePathCertificate, decodeTrustAnchor, type PathCertificate } from '../certificate/path-certificate.js';
import type { DerDecoding } from '../encoding/der.js';
import {
  extension,
  makeWritingKey,
  type WritingKey,
  writeCertificate,
  writeCrl,
} from '../test-support/certificate-writing.js';
import { bitString, boolean, namedBits, sequence, tagged } from '../test-support/der-writing.js';
import { encodeElement } from '../test-support/der-editing.js';
import { authorityExtensions, clientExtensions, extensions, generalNames } from '../test-support/extension-writing.js';
import { olderForms, type OlderForm, writeOlderAuthority } from '../test-support/older-authorities.js';
import {
  askAbout,
  newName,
  pathNow,
  readCrls,
  readWritten,
  requireCrls,
  writeClient,
} from '../test-support/written-path.js';
import { findAuthorityFault } from './authority-review.js';
import { findCertificationPath, type PathQuestion } from './certification-path.js';

// Forms that roots of public trust stores have. `strict` accepts them in an anchor that the operator chose.
const root = newName('Old root');
const modern = newName('Root');
const anchor = readWritten(decodePathCertificate, writeOlderAuthority('none of these', modern));

type Decode = (der: Uint8Array) => DerDecoding<PathCertificate>;

/** The code of the path, or `undecodable` if a certificate can't be read. */
function judge(decode: Decode, der: Uint8Array, place: (certificate: PathCertificate) => PathQuestion): string {
  const decoding = decode(der);
  if (!decoding.ok) return 'undecodable';
  const verdict = findCertificationPath(place(decoding.value));
  return verdict.outcome === 'valid' ? 'valid' : verdict.code;
}

const client = writeClient(root);
const asAnchor = (certificate: PathCertificate): PathQuestion => askAbout(client, certificate);
/** What `strict` says about such a CA certificate if the operator did not choose it as an anchor. */
const refusals: Readonly<Record<OlderForm, string>> = {
  'serial number 0': 'path_certificate_malformed',
  'no subject key identifier': 'path_certificate_malformed',
  'basic constraints that are not critical': 'path_authority_unfit',
  'a key usage that is not critical': 'valid',
  'a key usage with trailing zero bits': 'undecodable',
  'all of these': 'undecodable',
};
/** The same for a certificate that `decodeTrustAnchor` read, in another place than an anchor's. */
const elsewhere: typeof refusals = {
  ...refusals,
  'a key usage with trailing zero bits': 'path_certificate_malformed',
  'all of these': 'path_certificate_malformed',
};

for (const form of olderForms) {
  describe(`a CA certificate with ${form}`, () => {
    const own = writeOlderAuthority(form, root);
    const below = writeOlderAuthority(form, root, modern);

    it('is accepted as an anchor that the operator chose, whatever CA signed it', () => {
      for (const der of [own, below]) {
        assert.equal(judge(decodeTrustAnchor, der, asAnchor), 'valid');
        assert.equal(findAuthorityFault(readWritten(decodeTrustAnchor, der), 'trust-anchor', []), undefined);
        assert.equal(judge(decodePathCertificate, der, asAnchor), refusals[form]);
      }
    });

    it('is refused as an intermediate and as a candidate, however it was decoded', () => {
      for (const place of ['intermediates', 'candidates'] as const) {
        const asIssuer = (ca: PathCertificate): PathQuestion => askAbout(client, anchor, { [place]: [ca] });
        assert.equal(judge(decodePathCertificate, below, asIssuer), refusals[form], place);
        assert.equal(judge(decodeTrustAnchor, below, asIssuer), elsewhere[form], place);
        assert.equal(
          judge(decodeTrustAnchor, below, (ca) => asIssuer({ ...ca })),
          elsewhere[form],
          place,
        );
      }
      const fault = findAuthorityFault(readWritten(decodeTrustAnchor, below), 'intermediate', []);
      assert.equal(fault?.code ?? 'valid', elsewhere[form]);
    });

    it('is refused as an intermediate even while another question has it as an anchor', () => {
      const both = readWritten(decodeTrustAnchor, below);
      for (let time = 0; time < 2; time += 1) {
        assert.equal(findCertificationPath(asAnchor(both)).outcome, 'valid');
        const intermediates = decodePathCertificate(below);
        const strict = intermediates.ok ? [intermediates.value] : [];
        const verdict = findCertificationPath(askAbout(client, anchor, { intermediates: strict }));
        assert.equal(
          verdict.outcome === 'valid' ? 'valid' : verdict.code,
          strict.length === 0 ? 'path_not_found' : refusals[form],
        );
      }
    });

    it('does not clear certificates with its lists, if it needs a path of its own', () => {
      const [issuing, lister] = [newName('Issuing CA'), newName('Lister')];
      const caller = writeClient(
        issuing,
        extension('2.5.29.31', false, sequence(sequence(tagged(2, generalNames.directory(lister.name))))),
      );
      const isIndirect = [extension('2.5.29.28', true, sequence(encodeElement(0x84, Buffer.from([0xff]))))];
      const thisUpdate = pathNow - 1000;
      // The second list is about the lister's own certificate.
      const lists = [{ issuer: lister, extensions: isIndirect }, { issuer: modern }];
      const crls = readCrls(lists.map((list) => writeCrl({ ...list, thisUpdate })));
      const ask = (signer: PathCertificate): string => {
        const intermediates = [
          readWritten(decodePathCertificate, writeOlderAuthority('none of these', issuing, modern)),
        ];
        const revocation = { ...requireCrls(crls), scope: 'end-entity' } as const;
        const trustAnchors = [anchor, signer];
        const verdict = findCertificationPath({ ...askAbout(caller, anchor), trustAnchors, intermediates, revocation });
        return verdict.outcome === 'valid' ? 'valid' : verdict.code;
      };
      const readLister = (each: OlderForm | 'none of these'): PathCertificate =>
        readWritten(decodeTrustAnchor, writeOlderAuthority(each, lister, modern));
      assert.equal(ask(readLister('none of these')), 'valid');
      // A signer needs neither a key identifier nor critical basic constraints.
      const isRefused = /serial|zero bits|all/.test(form);
      assert.equal(ask(readLister(form)), isRefused ? 'revocation_unavailable' : 'valid');
    });
  });
}

describe('an anchor that the operator chose', () => {
  const readAnchor = (more: Parameters<typeof writeOlderAuthority>[3]): PathCertificate =>
    readWritten(decodeTrustAnchor, writeOlderAuthority('all of these', root, root, more));
  const ask = (certificate: PathCertificate, rest: Partial<PathQuestion> = {}): string => {
    const verdict = findCertificationPath(askAbout(client, certificate, rest));
    return verdict.outcome === 'valid' ? 'valid' : verdict.code;
  };
  const write = (
    list: readonly Buffer[],
    key: WritingKey = root.key,
    serialNumber: number | bigint = 0,
  ): PathCertificate =>
    readWritten(decodeTrustAnchor, writeCertificate({ subject: { ...root, key }, serialNumber, extensions: list }));
  const usage = extension('2.5.29.15', false, bitString(Buffer.from([0x06, 0x00]), 7));

  it('must meet its dates, uses and strength, and its limits apply', () => {
    assert.equal(ask(readAnchor({})), 'valid');
    assert.equal(ask(readAnchor({ notAfter: pathNow - 1000 })), 'path_certificate_expired');
    const serverOnly = extensions.extendedKeyUsage('1.3.6.1.5.5.7.3.1');
    assert.equal(ask(readAnchor({ extensions: [serverOnly] })), 'path_extended_key_usage_unsuitable');
    const unknown = extension('1.2.3', true, boolean(true));
    assert.equal(ask(readAnchor({ extensions: [unknown] })), 'path_critical_extension_unknown');
    const excluded = extensions.nameConstraints([], [generalNames.directory('client')]);
    assert.equal(ask(readAnchor({ extensions: [excluded] })), 'path_name_not_permitted');
    const lax = extension('2.5.29.30', false, sequence(tagged(1, sequence(generalNames.dns('a')))));
    assert.equal(ask(readAnchor({ extensions: [lax] })), 'path_authority_unfit');
    assert.equal(
      ask(readAnchor({}), { isDenied: ({ serialNumber }) => serialNumber === '00' }),
      'certificate_on_deny_list',
    );
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const weak = {
      ...makeWritingKey('rsa-2048'),
      privateKey,
      publicKey: publicKey.export({ type: 'spki', format: 'der' }),
    };
    assert.equal(ask(write([extensions.basicConstraints(true, undefined, false), usage], weak)), 'path_key_too_weak');
  });

  it('must be a CA that signs certificates, with a serial number of at most 20 octets', () => {
    const authority = extensions.basicConstraints(true, undefined, false);
    assert.equal(ask(write([authority, usage])), 'valid');
    assert.equal(ask(write([extensions.basicConstraints(false), usage])), 'path_authority_unfit');
    assert.equal(ask(write([usage])), 'path_authority_unfit');
    assert.equal(ask(write([authority])), 'path_authority_unfit');
    assert.equal(ask(write([authority, extension('2.5.29.15', false, namedBits([6]))])), 'path_authority_unfit');
    assert.equal(ask(write([authority, usage], root.key, 2n ** 159n)), 'path_certificate_malformed');
  });

  it('limits the length of a path, and signs lists only with cRLSign', () => {
    const issuing = newName('Issuing CA');
    const intermediates = [readWritten(decodePathCertificate, writeOlderAuthority('none of these', issuing, root))];
    const caller = writeClient(issuing);
    const length = (pathLength: number): string => {
      const limited = write([extensions.basicConstraints(true, pathLength, false), usage]);
      return ask(limited, { target: caller, intermediates });
    };
    assert.deepEqual([length(0), length(1)], ['path_length_exceeded', 'valid']);
    const revocation = requireCrls(readCrls([writeCrl({ issuer: root, thisUpdate: pathNow - 1000 })]));
    assert.equal(ask(readAnchor({}), { revocation }), 'valid');
    const onlyCertificates = extension('2.5.29.15', false, bitString(Buffer.from([0x04]), 1));
    const authority = extensions.basicConstraints(true, undefined, false);
    assert.equal(ask(write([authority, onlyCertificates]), { revocation }), 'revocation_unavailable');
  });

  it('is never its own path', () => {
    const own = readAnchor({});
    assert.equal(ask(own, { target: own }), 'path_not_found');
  });
});

it('a caller with the serial number 0 or trailing zero bits is refused, however it was decoded', () => {
  const subject = newName('caller');
  const issuer = newName('Issuer');
  const trusted = readWritten(decodeTrustAnchor, writeOlderAuthority('all of these', issuer));
  const loose = extension('2.5.29.15', true, bitString(Buffer.from([0x80]), 0));
  const [, , ...others] = clientExtensions(issuer.key);
  const zero = writeCertificate({ subject, issuer, serialNumber: 0, extensions: clientExtensions(issuer.key) });
  const trailing = writeCertificate({ subject, issuer, extensions: [loose, ...others] });
  const ask = (target: PathCertificate): PathQuestion => askAbout(target, trusted);
  for (const decode of [decodePathCertificate, decodeTrustAnchor])
    assert.equal(judge(decode, zero, ask), 'path_certificate_malformed');
  assert.equal(judge(decodePathCertificate, trailing, ask), 'undecodable');
  assert.equal(judge(decodeTrustAnchor, trailing, ask), 'path_certificate_malformed');
  assert.equal(decodeClientCertificate(trailing).ok, false);
  const control = writeCertificate({ subject, issuer, extensions: authorityExtensions(subject.key, issuer.key) });
  assert.equal(judge(decodePathCertificate, control, ask), 'path_authority_unfit');
});
