import { clientAuthentication, shortenText } from '@certgate/x509/internal';
import type { CertificationPath, PathCertificate, PathCheck, PathFault, PathFaultSubject } from '@certgate/x509/path';
import type { PathMember } from '../denial-facts.js';
import { loadPathValidation } from '../load-path-validation.js';
import type { RevocationInformation } from './revocation-information.js';
import type { TrustedAuthority } from './trust-snapshot.js';

/** What a decision by an authority needs in addition to the trust document. */
export interface AuthorityContext {
  readonly revocation: RevocationInformation;
  /** Called with each check of each path that is tried for the target. */
  readonly onCheck?: ((check: PathCheck, authority: TrustedAuthority) => void) | undefined;
  /**
   * Called with each question that an OCSP responder would have to be asked, so that the decision rests on a current
   * answer.
   */
  readonly onOcspWanted?: ((wanted: OcspWanted) => void) | undefined;
}

/** A question that an OCSP responder would have to be asked. */
export interface OcspWanted {
  /** The responder that the operator configured; never one that a certificate names. */
  readonly responder: string;
  readonly allowMissingNonce: boolean;
  readonly certificate: PathCertificate;
  readonly issuer: PathCertificate;
}

/** The certificate for which a path is built, and what the path may consist of. */
export interface PathTarget {
  readonly target: PathCertificate;
  /**
   * CA certificates that came with the target; absent or empty if none did. They are untrusted: anybody may have
   * written them.
   */
  readonly candidates?: readonly PathCertificate[];
  /** Whether a deny list names the certificate. Absent if no deny list is checked. */
  readonly isDenied?: (certificate: PathCertificate) => boolean;
}

/**
 * Finds a valid certification path from the authority to the target, and checks the path for revocation as the
 * authority's settings demand. The gate makes the end-entity checks, which need no signature, before.
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
      // Lists that the app's code gives are a source. As in a document that states no mode, a source means "required",
      // here even if the document states "off". "when-available" stays.
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

/** With keys on P-521, verifying this many signatures costs as much as a whole path may. */
const maximumNamesakes = 32;

/**
 * Whether a CA certificate of the authority signed the certificate. Whether a path is valid is not checked. For logs
 * only: at most `maximumNamesakes` CA certificates with the issuer's name are tried.
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

/**
 * Decodes a CA certificate of a path, for logs. It may be a trust anchor, which may be in an older form. Undefined if
 * it can't be read.
 */
export function readPathAuthority(der: Uint8Array): PathCertificate | undefined {
  const decoding = loadPathValidation().decodeTrustAnchor(der);
  return decoding.ok ? decoding.value : undefined;
}

/** A certificate of a path, in the form that a denial's facts have. */
export function describeMember({ certificate, role }: PathFaultSubject): PathMember {
  const { subjectText, thumbprintSha256, notBefore, notAfter } = certificate;
  return { subject: shortenText(subjectText), thumbprintSha256, role, notBefore, notAfter };
}
