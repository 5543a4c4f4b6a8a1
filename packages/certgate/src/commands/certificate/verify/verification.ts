import {
  type CertificationPath,
  type DenialCode,
  describeCertificateFault,
  findCertificateFault,
  loadPathValidation,
  type PathCertificate,
  type PathFault,
  presentCertificate,
  type PresentedCertificate,
  type RevocationMode,
} from '@certgate/core/internal';
import { PathTrace, type ReportedPath } from '../../../certificates/path-report/reported-path.js';
import { readAuthorityArgument } from './authority-argument.js';
import { readPathCertificates, readRevocationLists, withoutRepeats } from './named-files.js';
import type { VerifyFlags } from './verify-options.js';

/** What `certgate certificate verify --json` prints. Keys may be added, but never removed or renamed. */
export interface Verification {
  readonly outcome: 'valid' | 'invalid';
  /** The denial code. Null if the certificate is valid. */
  readonly code: DenialCode | null;
  readonly detail: string | null;
  /** `off` means that revocation was not checked. */
  readonly revocation: RevocationMode;
  /** The paths in the order in which they were tried. Empty if none was tried. */
  readonly paths: readonly ReportedPath[];
}

export type PathVerdict =
  | CertificationPath
  | { readonly outcome: 'invalid'; readonly code: DenialCode; readonly detail: string };

/**
 * Verifies a certificate with core's own validator, with files and authorities in a folder.
 *
 * @throws {ToolFailure} if an authority, an intermediate or a revocation list can't be read.
 */
export async function verifyByFiles(certificateDer: Uint8Array, flags: VerifyFlags): Promise<Verification> {
  const { trustAnchors, intermediates, lists } = await readAuthorities(flags);
  const sources = await readRevocationLists([...lists, ...(flags.crl ?? [])]);
  const mode = flags.revocation ?? (sources.size > 0 ? 'required' : 'off');
  const { scope = 'chain', at: now = Date.now() } = flags;
  const trace = new PathTrace(sources);
  const presented = presentCertificate(certificateDer);
  const { pathDecoding: decoding } = presented;
  const path = decoding.ok
    ? toVerdict(
        loadPathValidation().findCertificationPath({
          target: decoding.value,
          trustAnchors,
          intermediates,
          now,
          revocation: { mode, scope, graceMilliseconds: 0, crls: [...sources.keys()], findOcspResponses: () => [] },
          onCheck: (check) => {
            trace.hear(check);
          },
        }),
      )
    : refuseMalformed(decoding.fault);
  // Last, so that an invalid path is shown with its checks.
  const verdict = path.outcome === 'valid' ? (findClientFault(presented, now) ?? path) : path;
  return describeVerification(verdict, mode, trace);
}

export function describeVerification(
  verdict: PathVerdict,
  revocation: RevocationMode,
  { paths }: PathTrace,
): Verification {
  const { outcome, code, detail } = verdict.outcome === 'valid' ? { ...verdict, code: null, detail: null } : verdict;
  return { outcome, code, detail, revocation, paths };
}

/** What an app refuses about the certificate itself, whatever its path. */
export function findClientFault({ decoding }: PresentedCertificate, now: number): PathVerdict | undefined {
  if (!decoding.ok) return refuseMalformed(decoding.fault);
  const fault = findCertificateFault(decoding.certificate, now, { isPathValidated: true });
  return fault && { outcome: 'invalid', code: fault.code, detail: describeCertificateFault(fault) };
}

export function toVerdict(path: CertificationPath | PathFault): PathVerdict {
  if (path.outcome === 'valid') return path;
  return { outcome: 'invalid', code: path.code, detail: loadPathValidation().describePathFault(path) };
}

export function refuseMalformed(fault: string): PathVerdict {
  const detail = `The certificate is not encoded as RFC 5280 requires: ${fault}.`;
  return { outcome: 'invalid', code: 'certificate_malformed', detail };
}

async function readAuthorities(flags: VerifyFlags): Promise<{
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
  readonly lists: readonly string[];
}> {
  const authorities = [];
  // One after the other, because each may ask for a password.
  for (const text of flags.authority) authorities.push(await readAuthorityArgument(text, flags));
  const own = [];
  for (const file of flags.intermediate ?? []) own.push(...(await readPathCertificates(file, flags)));
  const trustAnchors = withoutRepeats(authorities.flatMap((each) => each.trustAnchors));
  const between = [...authorities.flatMap((each) => each.intermediates), ...own];
  return {
    trustAnchors,
    intermediates: withoutRepeats(between, trustAnchors),
    lists: authorities.flatMap((each) => each.lists),
  };
}
