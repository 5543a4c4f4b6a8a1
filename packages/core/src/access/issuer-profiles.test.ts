import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CertificateRevocationList } from '@certgate/x509/path';
import { now } from '@certgate/x509/test-support/certificates.js';
import { makeCrl, readCertificate, readCrl } from '@certgate/x509/test-support/revocation.js';
import { documentOf } from '../test-support/documents.js';
import { toPem } from '../test-support/authority-certificates.js';
import {
  createAdCsProfile,
  createCertManagerProfile,
  createSpireProfile,
  createStepProfile,
  createVaultProfile,
  type IssuerProfile,
} from '../test-support/issuer-profiles.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { decideAccess } from './access-decision.js';

interface Setting {
  readonly profile: IssuerProfile;
  /** The name that the identity is bound to. */
  readonly name: Readonly<Record<string, string>>;
  readonly authority?: object;
  readonly lists?: readonly CertificateRevocationList[];
}

function judge({ profile, name, authority = {}, lists = [] }: Setting, header: string, at = now): string {
  const decision = decideAccess({
    header,
    trust: parseTrustDocument(
      documentOf([{ name: 'billing', names: [{ issuedBy: 'corp', ...name }] }], {
        authorities: [{ name: 'corp', trustAnchors: [toPem(profile.authority.certificate.der)], ...authority }],
      }),
    ),
    revocation: { find: () => ({ crls: lists, findOcspResponses: () => [] }) },
    requirement: { functionName: 'f', roles: [] },
    now: at,
  });
  return decision.outcome === 'allowed' ? `${decision.identity.name} by ${decision.identity.matchedBy}` : decision.code;
}

const noRevAvail = '2.5.29.56 = DER:0500';
const dns = { dns: 'billing.corp.example' };
const byDns = 'billing by dns issued by corp';

describe('certificates of the profiles that issuers have by default', () => {
  it('SPIRE: an X509-SVID is recognised by its SPIFFE ID', () => {
    const profile = createSpireProfile();
    const { issue } = profile;
    const spiffe = (trustDomain = 'corp.example'): Setting => ({
      profile,
      name: { uri: 'spiffe://corp.example/billing' },
      authority: { spiffeTrustDomains: [trustDomain] },
    });
    const byUri = 'billing by uri issued by corp';
    assert.equal(judge(spiffe(), issue()), byUri);
    // A CredentialComposer can leave the subject empty, which makes the names critical, and add DNS names to the SPIFFE
    // ID.
    const bare = issue({ subject: [], names: 'critical, URI:spiffe://corp.example/billing' });
    assert.equal(judge(spiffe(), bare), byUri);
    assert.equal(judge(spiffe(), issue({ names: 'DNS:billing, URI:spiffe://corp.example/billing' })), byUri);
    for (const names of [
      'URI:spiffe://other.example/billing',
      'URI:spiffe://corp.example/billing/more',
      'URI:spiffe://corp.example/Billing',
      'URI:spiffe://corp.example',
      'DNS:billing',
    ]) {
      assert.equal(judge(spiffe(), issue({ names })), 'certificate_not_trusted', names);
    }
    const two = 'URI:spiffe://corp.example/billing, URI:spiffe://corp.example/other';
    assert.equal(judge(spiffe(), issue({ names: two })), 'certificate_not_trusted');
    // The certificate is still valid in the last second of its hour.
    const hourLater = now + 3_600_000;
    assert.equal(judge(spiffe(), issue(), hourLater), byUri);
    assert.equal(judge(spiffe(), issue(), hourLater + 1), 'certificate_expired');
    // SPIRE writes no noRevAvail. If a plugin does, an authority can require revocation information and excuse the
    // certificate from it.
    const excused = { mode: 'required', noRevAvailMaximumLifetimeSeconds: 3611 };
    const strict = { ...spiffe(), authority: { spiffeTrustDomains: ['corp.example'], revocation: excused } };
    assert.equal(judge(strict, issue()), 'revocation_unavailable');
    assert.equal(judge(strict, issue({ more: [noRevAvail] })), byUri);
    assert.equal(judge(strict, issue({ more: [noRevAvail], notAfter: '20270101010001Z' })), 'revocation_unavailable');
  });

  it('cert-manager: a certificate is recognised by its DNS name, with or without a common name', () => {
    const profile = createCertManagerProfile();
    const { issue } = profile;
    const setting = { profile, name: dns };
    assert.equal(judge(setting, issue()), byDns);
    const named = issue({ subject: ['CN = billing.corp.example'], names: 'DNS:billing.corp.example' });
    assert.equal(judge(setting, named), byDns);
    // Without `usages`, the certificate has no extended key usage, which limits nothing. With only `server auth`, it is
    // not for clients.
    assert.equal(judge(setting, issue({ extendedKeyUsage: '' })), byDns);
    assert.equal(
      judge(setting, issue({ extendedKeyUsage: 'serverAuth' })),
      'certificate_extended_key_usage_unsuitable',
    );
    assert.equal(judge(setting, issue({ names: 'critical, DNS:billing' })), 'certificate_not_trusted');
  });

  it('HashiCorp Vault: a certificate is recognised by a DNS name, with the list that Vault publishes', () => {
    const profile = createVaultProfile();
    const { issue } = profile;
    const revocation = { crls: ['https://vault.corp.example:8200/v1/pki/crl'] };
    const list = (...serials: readonly string[]): CertificateRevocationList => listOf(profile, serials);
    const setting = { profile, name: dns, authority: { revocation } };
    const caller = issue();
    const { serialNumber } = readCertificate(Buffer.from(caller, 'base64'));
    assert.equal(judge(setting, caller), 'revocation_unavailable');
    assert.equal(judge({ ...setting, lists: [list()] }, caller), byDns);
    assert.equal(judge({ ...setting, lists: [list(serialNumber)] }, caller), 'certificate_revoked');
    // `config/urls` adds the addresses of the list and the responder to certificates. The gate never calls either.
    const urls = issue({
      more: [
        'authorityInfoAccess = OCSP;URI:https://vault.corp.example:8200/v1/pki/ocsp',
        'crlDistributionPoints = URI:https://vault.corp.example:8200/v1/pki/crl',
      ],
    });
    assert.equal(judge({ ...setting, lists: [list()] }, urls), byDns);
    // A role with only server_flag, and a certificate whose common name was not added to its names.
    assert.equal(judge({ ...setting, lists: [list()] }, issue({ extendedKeyUsage: 'serverAuth' })), 'certificate_extended_key_usage_unsuitable'); // prettier-ignore
    assert.equal(judge({ ...setting, lists: [list()] }, issue({ names: '' })), 'certificate_not_trusted');
  });

  it('step-ca: a certificate is recognised by its DNS name, and the extension of step-ca is not used', () => {
    const profile = createStepProfile();
    const { issue } = profile;
    const setting = { profile, name: dns };
    assert.equal(judge(setting, issue()), byDns);
    assert.equal(judge(setting, issue({ names: 'URI:https://billing.corp.example' })), 'certificate_not_trusted');
    // A template may add noRevAvail: {"id": "2.5.29.56", "value": "BQA="}.
    const revocation = { mode: 'required', noRevAvailMaximumLifetimeSeconds: 86_461 };
    const strict = { ...setting, authority: { revocation } };
    const provisioner = '1.3.6.1.4.1.37476.9000.64.1 = ASN1:SEQUENCE:provisioner';
    assert.equal(judge(strict, issue({ more: [provisioner, noRevAvail] })), byDns);
    assert.equal(judge(strict, issue()), 'revocation_unavailable');

    // The list of step-ca names a distribution point, and is valid only for certificates that name the same one (RFC
    // 5280 §6.3.3 (b) (2)).
    const url = 'URI:https://ca.corp.example/1.0/crl';
    const lists = [
      listOf(profile, [], {
        extensions: ['issuingDistributionPoint = critical, @idp'],
        sections: ['[idp]', `fullname = ${url}`],
      }),
    ];
    const listed = { ...setting, lists, authority: { revocation: { crls: ['https://ca.corp.example/1.0/crl'] } } };
    assert.equal(judge(listed, issue()), 'revocation_unavailable');
    assert.equal(judge(listed, issue({ more: [provisioner, `crlDistributionPoints = ${url}`] })), byDns);
  });

  it('AD CS: a certificate is recognised by its DNS name, with a list that is published over HTTPS', () => {
    const profile = createAdCsProfile();
    const { issue } = profile;
    const setting = {
      profile,
      name: dns,
      authority: { revocation: { crls: ['https://pki.corp.example/issuing.crl'] } },
    };
    const list = (...serials: readonly string[]): readonly CertificateRevocationList[] => [listOf(profile, serials)];
    const caller = issue();
    const { serialNumber, extensions } = readCertificate(Buffer.from(caller, 'base64'));
    assert.equal(judge({ ...setting, lists: list() }, caller), byDns);
    assert.equal(judge({ ...setting, lists: list(serialNumber) }, caller), 'certificate_revoked');
    // MS-WCCE §2.2.2.7.7.4: an other name with the SID as an OCTET STRING.
    assert.equal(
      Buffer.from(extensions.get('1.3.6.1.4.1.311.25.2')?.value ?? []).toString('hex'),
      '303fa03d060a2b060104018237190201a02f042d' +
        Buffer.from('S-1-5-21-1004336348-1177238915-682003330-1104').toString('hex'),
    );
    // Other templates of the same CA: one for servers, and one without a subject, whose names must then be critical.
    assert.equal(judge({ ...setting, lists: list() }, issue({ extendedKeyUsage: 'serverAuth' })), 'certificate_extended_key_usage_unsuitable'); // prettier-ignore
    assert.equal(judge({ ...setting, lists: list() }, issue({ subject: [] })), 'path_certificate_malformed');
    assert.equal(judge({ ...setting, lists: list() }, issue({ subject: [], names: 'critical, DNS:billing.corp.example' })), byDns); // prettier-ignore
    // The template's own name is not compared, so any template that lets the enrollee choose the name can issue this
    // caller.
    const user = issue({
      names: 'otherName:1.3.6.1.4.1.311.20.2.3;UTF8:billing@corp.example, DNS:billing.corp.example',
    });
    assert.equal(judge({ ...setting, lists: list() }, user), byDns);
  });
});

function listOf(
  { authority }: IssuerProfile,
  serialNumbers: readonly string[] = [],
  more: Partial<Parameters<typeof makeCrl>[0]> = {},
): CertificateRevocationList {
  const der = Buffer.from(authority.certificate.der);
  const revoked = serialNumbers.map((serialNumber) => ({ serialNumber }));
  return readCrl(makeCrl({ authority: { ...authority, der }, revoked, ...more }));
}
