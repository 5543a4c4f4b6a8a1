import { clientAuthentication, findCertificateFault } from '@certgate/x509';
import {
  type CertificationPath,
  findCertificationPath,
  type PathCertificate,
  type PathCheck,
  type RevocationInformation,
} from '@certgate/x509/path';
import type { DenialCode } from '../denial.js';
import type { PresentedCertificate } from './presented-certificate.js';
import type { TrustedAuthority } from './trust-snapshot.js';

/** What deciding by an authority takes beside the trust document. */
export interface AuthorityContext {
  readonly revocation: RevocationInformation;
  /** Hears each check of each path that is tried. */
  readonly onCheck?: ((check: PathCheck, authority: TrustedAuthority) => void) | undefined;
  /** Hears which responder would have to be asked, for the answer to rest on what it says now. */
  readonly onOcspWanted?: ((wanted: OcspWanted) => void) | undefined;
}

export interface OcspWanted {
  /** The responder that the operator configured; never one that a certificate names. */
  readonly responder: string;
  readonly allowMissingNonce: boolean;
  readonly certificate: PathCertificate;
  readonly issuer: PathCertificate;
}

export interface AuthorityRefusal {
  readonly outcome: 'invalid';
  readonly code: Extract<DenialCode, `path_${string}` | `certificate_${string}` | 'revocation_unavailable'>;
  readonly detail: string;
}

/**
 * Did this authority issue the certificate, and is it good for a caller now? The end-entity checks come first, since they
 * cost no signature. A pure function of its arguments.
 */
export function findAuthorityPath(
  authority: TrustedAuthority,
  presented: PresentedCertificate,
  now: number,
  { revocation, onCheck, onOcspWanted }: AuthorityContext,
): CertificationPath | AuthorityRefusal {
  const { decoding, pathDecoding } = presented;
  if (!decoding.ok) return refuse('certificate_malformed', `It is no certificate: ${decoding.fault}.`);
  if (!pathDecoding.ok) return refuse('certificate_malformed', `It is no certificate: ${pathDecoding.fault}.`);
  const unfit = findCertificateFault(decoding.certificate, now, { isPathValidated: true });
  if (unfit !== undefined) return refuse(unfit.code, unfit.detail);
  const { mode, scope, graceMilliseconds, ocsp, ocspNonce } = authority.revocation;
  const information = revocation.find(authority.name);
  return findCertificationPath({
    target: pathDecoding.value,
    trustAnchors: authority.trustAnchors,
    intermediates: authority.intermediates,
    now,
    profile: 'strict',
    purposes: [clientAuthentication],
    dnsConstraintsWithLeadingDot: authority.dnsConstraintsWithLeadingDot,
    revocation: {
      // Lists that the code gives are a source as those of the document are, and a source means "required".
      mode: mode === 'off' && information?.isConfiguredInCode === true ? 'required' : mode,
      scope,
      graceMilliseconds,
      crls: information?.crls ?? [],
      findOcspResponses: information?.findOcspResponses ?? (() => []),
      findFault: information?.findFault,
      onOcspWanted:
        ocsp === undefined
          ? undefined
          : (certificate, issuer) =>
              onOcspWanted?.({ responder: ocsp, allowMissingNonce: ocspNonce === 'optional', certificate, issuer }),
    },
    ...(onCheck === undefined
      ? {}
      : {
          onCheck: (check) => {
            onCheck(check, authority);
          },
        }),
  });
}

function refuse(code: DenialCode, detail: string): AuthorityRefusal {
  return { outcome: 'invalid', code: code as AuthorityRefusal['code'], detail };
}
