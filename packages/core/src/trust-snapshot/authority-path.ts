import { clientAuthentication, shortenText } from '@certgate/x509/internal';
import type { CertificationPath, PathCertificate, PathCheck, PathFault, PathFaultSubject } from '@certgate/x509/path';
import type { PathMember } from '../denial-facts.js';
import { loadPathValidation } from '../load-path-validation.js';
import type { RevocationInformation } from './revocation-information.js';
import type { TrustedAuthority } from './trust-snapshot.js';

/** What deciding by an authority takes beside the trust document. */
export interface AuthorityContext {
  readonly revocation: RevocationInformation;
  /** Hears each check of each path that is tried. */
  readonly onCheck?: ((check: PathCheck, authority: TrustedAuthority) => void) | undefined;
  /** Hears which responder would have to be asked, for the answer to rest on what it says now. */
  readonly onOcspWanted?: ((wanted: OcspWanted) => void) | undefined;
}

/** A question for an OCSP responder that would have to be asked. */
export interface OcspWanted {
  /** The responder that the operator configured; never one that a certificate names. */
  readonly responder: string;
  readonly allowMissingNonce: boolean;
  readonly certificate: PathCertificate;
  readonly issuer: PathCertificate;
}

/** A certificate that a path may lead to. */
export interface PathTarget {
  readonly target: PathCertificate;
  /** CA certificates that came with it; absent: none. Anybody may have written them. */
  readonly candidates?: readonly PathCertificate[];
  /** Absent: no deny list is looked at. */
  readonly isDenied?: (certificate: PathCertificate) => boolean;
}

/**
 * Did this authority issue the certificate, and is nothing on the way to it revoked? The end-entity checks, which cost no
 * signature, come before. A pure function of its arguments.
 */
export function findAuthorityPath(
  authority: TrustedAuthority,
  { target, candidates = [], isDenied }: PathTarget,
  now: number,
  { revocation, onCheck, onOcspWanted }: AuthorityContext,
): CertificationPath | PathFault {
  const { mode, scope, graceMilliseconds, ocsp, ocspNonce, noRevAvailMaximumLifetimeMilliseconds } =
    authority.revocation;
  const information = revocation.find(authority.name);
  return loadPathValidation().findCertificationPath({
    target,
    trustAnchors: authority.trustAnchors,
    intermediates: authority.intermediates,
    candidates,
    now,
    profile: 'strict',
    purposes: [clientAuthentication],
    dnsConstraintsWithLeadingDot: authority.dnsConstraintsWithLeadingDot,
    isDenied,
    revocation: {
      // Lists that the code gives are a source as those of the document are, and a source means "required".
      mode: mode === 'off' && information?.isRequiredByCode === true ? 'required' : mode,
      scope,
      graceMilliseconds,
      noRevAvailMaximumLifetimeMilliseconds,
      crls: information?.crls ?? [],
      revokingCrls: information?.revokingCrls,
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

/** By P-521, their signatures cost as much as a path may. */
const maximumNamesakes = 32;

/**
 * Whether a CA certificate of the document signed it: nobody else can have. Whether a path holds is not asked. For logs:
 * if more CA certificates have the issuer's name, the others are not looked at.
 */
export function isSignedByAuthority(
  { trustAnchors, intermediates }: TrustedAuthority,
  target: PathCertificate,
): boolean {
  return [...trustAnchors, ...intermediates]
    .filter((issuer) => issuer.subject.key === target.issuer.key)
    .slice(0, maximumNamesakes)
    .some(({ verificationKey }) => loadPathValidation().isSignedBy(target, verificationKey));
}

/** A CA certificate of a path, for logs: the first one is the trust anchor, which may be in an older form. */
export function readPathAuthority(der: Uint8Array): PathCertificate | undefined {
  const decoding = loadPathValidation().decodeTrustAnchor(der);
  return decoding.ok ? decoding.value : undefined;
}

/** A certificate of a path, for a denial's facts. */
export function describeMember({ certificate, role }: PathFaultSubject): PathMember {
  const { subjectText, thumbprintSha256, notBefore, notAfter } = certificate;
  return { subject: shortenText(subjectText), thumbprintSha256, role, notBefore, notAfter };
}
