import {
  type ClientAuthGrace,
  createClientAuthGrace,
  describeGrace,
  findGraceFault,
} from '../trust-snapshot/client-auth-grace.js';
import type { TrustWarning } from '../trust-snapshot/trust-snapshot.js';
import type { DocumentReader } from './document-reader.js';

/** Reads a pin's `acceptWithoutClientAuth`. Any value grants the acceptance or is refused. */
export function readClientAuthGrace(
  reader: DocumentReader,
  { grace: value, isIssued }: { readonly grace: unknown; readonly isIssued: boolean },
  path: string,
  warnings: TrustWarning[],
): ClientAuthGrace | undefined {
  const fields = reader.readObject(value, path, 'clientAuthGrace');
  if (fields === undefined) return undefined;
  const since = reader.readInstant(fields.since, `${path}.since`);
  const until = reader.readInstant(fields.until, `${path}.until`);
  const reason = reader.readText(fields.reason, `${path}.reason`);
  if (isIssued) {
    reader.report(path, "it can't be combined with issuedBy: a certification path to an authority needs clientAuth");
  }
  if (since === undefined || until === undefined) return undefined;
  const fault = findGraceFault({ since, until });
  if (fault !== undefined) reader.report(path, fault);
  const grace = createClientAuthGrace({ since, until, reason });
  warnings.push({
    code: 'pin_accepts_without_client_auth',
    path,
    message: `a certificate without clientAuth is admitted ${describeGrace(grace)}`,
  });
  return grace;
}
