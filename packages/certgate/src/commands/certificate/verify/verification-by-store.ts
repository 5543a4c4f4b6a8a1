import {
  type AuthorityContext,
  type PathTarget,
  type TrustedAuthority,
  type TrustSnapshot,
  findAuthorityPath,
  findDeniedIssued,
  presentCertificate,
  readRevocationInformation,
} from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { loadTrustDocument } from '../../../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { PathTrace } from '../../../certificates/path-report/reported-path.js';
import {
  describeVerification,
  findClientFault,
  refuseMalformed,
  toVerdict,
  type PathVerdict,
  type Verification,
} from './verification.js';
import type { VerifyFlags } from './verify-options.js';

/**
 * Verifies a certificate with an authority of a trust document, by the same function with which an app decides: with
 * the document's deny list, with the lists that it names, read as the app reads them, and with its OCSP responder.
 *
 * @throws {ToolFailure} if the document can't be read, if it has no such authority, or if several are named.
 */
export async function verifyByStore(
  certificateDer: Uint8Array,
  store: string,
  { authority: names, at }: VerifyFlags,
): Promise<Verification> {
  const location = await openTrustLocation(store);
  const { snapshot } = await loadTrustDocument(location);
  const [name = ''] = names;
  if (names.length > 1) {
    throw new ToolFailure('With --store, only one authority can be used.', { remedy: 'Pass one --authority.' });
  }
  const authority = snapshot.authorities.find((each) => each.name.toLowerCase() === name.toLowerCase());
  if (authority === undefined) {
    const known = snapshot.authorities.map((each) => each.name).join(', ');
    throw new ToolFailure(`The trust document at ${location.description} has no authority "${name}".`, {
      remedy: known === '' ? 'It has none.' : `Its authorities are ${known}.`,
    });
  }
  const now = at ?? Date.now();
  const revocation = await readRevocationInformation(snapshot, { certificateDer, now, authority });
  const trace = new PathTrace();
  const verdict = verify(certificateDer, snapshot, authority, now, {
    revocation,
    onCheck: (check) => {
      trace.hear(check);
    },
  });
  return describeVerification(verdict, authority.revocation.mode, trace);
}

/** The steps of a decision that follow after the document's names or pins have matched the certificate. */
function verify(
  certificateDer: Uint8Array,
  snapshot: TrustSnapshot,
  authority: TrustedAuthority,
  now: number,
  context: AuthorityContext,
): PathVerdict {
  const presented = presentCertificate(certificateDer);
  const { pathDecoding } = presented;
  const unfit = findClientFault(presented, now);
  if (unfit !== undefined) return unfit;
  if (!pathDecoding.ok) return refuseMalformed(pathDecoding.fault);
  const isDenied: PathTarget['isDenied'] = (certificate) => findDeniedIssued([snapshot], certificate) !== undefined;
  return toVerdict(findAuthorityPath(authority, { target: pathDecoding.value, isDenied }, now, context));
}
