import type { DecisionStep } from '../access/access-decision.js';
import { hashHex } from '@certgate/x509/internal';
import type { DenialCode } from '../denial.js';
import type { RevocationInformation } from '../trust-snapshot/revocation-information.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import {
  type CallerRequest,
  authorityOf,
  billing,
  getStage,
  issueCaller,
  issueIntermediate,
  issuedSnapshot,
} from './authority-stage.js';
import { clientExtensions } from '@certgate/x509/test-support/certificates.js';
import {
  type IssueRequest,
  authorityExtensions,
  issue,
  makeCrl,
  readCrl,
} from '@certgate/x509/test-support/revocation.js';

/** A caller who is refused because of an authority, or because of what is known about its revocations. */
export interface PathDenial {
  readonly code: DenialCode;
  readonly step: DecisionStep['step'];
  readonly header: string;
  readonly trust: TrustSnapshot;
  readonly revocation?: RevocationInformation;
}

/** Denials with codes that a certification path can end with. openssl made the certificates. */
export function listPathDenials(): readonly PathDenial[] {
  const { issuing, impostor } = getStage();
  const trust = issuedSnapshot([billing]);
  const ordinary = issueCaller({ serialNumber: '1234' });
  const { thumbprintSha256 } = ordinary.certificate;
  const byCaller = (code: DenialCode, request: CallerRequest): PathDenial => ({
    code,
    step: 'certification-path',
    header: issueCaller(request).header,
    trust,
  });
  const byIntermediate = (code: DenialCode, request: Partial<IssueRequest>): PathDenial => {
    const intermediate = issueIntermediate(request);
    const authorities = [authorityOf({ intermediates: [intermediate] })];
    const { header } = issueCaller({ issuer: intermediate });
    return { code, step: 'certification-path', header, trust: issuedSnapshot([billing], { authorities }) };
  };
  const withExtension = (line: string): Partial<IssueRequest> => ({ extensions: [...authorityExtensions, line] });
  const required = issuedSnapshot([billing], {
    authorities: [authorityOf({ revocation: { mode: 'required', scope: 'end-entity' } })],
  });
  const crls = [readCrl(makeCrl({ authority: issuing, revoked: [{ serialNumber: '1234' }] }))];
  const shallowRoot = issue({
    name: 'Corp root',
    key: 'p-384',
    extensions: ['basicConstraints = critical, CA:TRUE, pathlen:0', ...authorityExtensions.slice(1)],
  });
  return [
    {
      code: 'path_not_found',
      step: 'certification-path',
      header: issueCaller({ issuer: issue({ name: 'Somebody else', key: 'ed25519' }), serialNumber: '77' }).header,
      trust: issuedSnapshot([
        {
          pins: [
            {
              publicKeySha256: hashHex('sha256', ordinary.certificate.verificationKey.subjectPublicKeyInfo),
              issuedBy: 'corp',
            },
          ],
        },
      ]),
    },
    {
      ...byCaller('path_budget_exhausted', { names: Array.from({ length: 257 }, (_, index) => `DNS:n${index}`) }),
      step: 'trust-store',
    },
    byCaller('path_signature_invalid', { issuer: impostor }),
    byCaller('path_certificate_malformed', { extensions: [...clientExtensions, 'authorityKeyIdentifier = none'] }),
    byIntermediate('path_certificate_not_yet_valid', { notBefore: '20280101000000Z' }),
    byIntermediate('path_certificate_expired', { notAfter: '20260101000000Z' }),
    byIntermediate('path_authority_unfit', {
      extensions: ['basicConstraints = CA:TRUE', ...authorityExtensions.slice(1)],
    }),
    {
      code: 'path_length_exceeded',
      step: 'certification-path',
      header: ordinary.header,
      trust: issuedSnapshot([billing], { authorities: [authorityOf({ anchors: [shallowRoot] })] }),
    },
    byIntermediate('path_name_not_permitted', withExtension('nameConstraints = critical, permitted;DNS:other.example')),
    byIntermediate('path_policy_not_satisfied', withExtension('policyConstraints = critical, requireExplicitPolicy:0')),
    byCaller('path_critical_extension_unknown', { extensions: [...clientExtensions, '1.2.3.4 = critical, DER:0500'] }),
    byIntermediate('path_key_unsupported', { key: 'secp256k1' }),
    byIntermediate('path_key_too_weak', { key: 'rsa-1024' }),
    byIntermediate('path_extended_key_usage_unsuitable', withExtension('extendedKeyUsage = serverAuth')),
    {
      code: 'path_algorithm_unsupported',
      step: 'certification-path',
      header: issueCaller({ issuer: issue({ name: 'Corp issuing CA', key: 'ed448' }) }).header,
      trust,
    },
    byCaller('path_algorithm_too_weak', { digest: 'sha1' }),
    {
      code: 'certificate_revoked',
      step: 'certification-path',
      header: ordinary.header,
      trust: required,
      revocation: { find: () => ({ crls, findOcspResponses: () => [] }) },
    },
    { code: 'revocation_unavailable', step: 'certification-path', header: ordinary.header, trust: required },
    {
      code: 'certificate_on_deny_list',
      step: 'trust-store',
      header: ordinary.header,
      trust: issuedSnapshot([billing], { denied: [{ thumbprintSha256 }] }),
    },
  ];
}
