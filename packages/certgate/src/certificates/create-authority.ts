import { formatToolCall } from '../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { AuthorityKeyAlgorithm } from './structure/certificate-choices.js';
import { createAuthorityExtensions, createAuthorityKeyIdentifier } from './structure/create-extensions.js';
import { readAuthorityFacts, type AuthorityFacts, type CertificateIssuer } from './structure/certificate-issuer.js';
import { createDistinguishedName, type SubjectParts } from './structure/subject-name.js';
import { generateKeyPair } from './structure/key-pair.js';
import { createNameConstraints, type PermittedNames } from './structure/permitted-names.js';
import { createPeriodWithin, createValidityPeriod, type DaysWanted } from './structure/validity-period.js';
import { writeCertificate, type IssuedCertificate } from './structure/write-certificate.js';

export interface AuthorityOptions extends SubjectParts, PermittedNames {
  /** The authority that signs it. Absent for a root, which signs itself. */
  readonly parent?: CertificateIssuer;
  /** Default `ec-p256`. */
  readonly keyAlgorithm?: AuthorityKeyAlgorithm;
  /** How many days it is valid. Default: 3650 for a root, and at most 1825 for an intermediate. */
  readonly wanted?: DaysWanted;
  /** How many authorities a path may contain below it. Default: 1 for a root, 0 for an intermediate. */
  readonly pathLength?: number;
  readonly now: Date;
}

/**
 * Makes a root, or with `parent` an intermediate: its key, and a certificate that may sign certificates and revocation
 * lists and nothing else. Throws ToolFailure for a value that is not valid, and for a name, a path length or a period
 * that the parent doesn't allow.
 */
export function createAuthority(options: AuthorityOptions): IssuedCertificate {
  const { parent, now } = options;
  const parentFacts = parent === undefined ? undefined : readAuthorityFacts(parent.certificateDer);
  const subject = createDistinguishedName(options);
  const pathLength = options.pathLength ?? (parent === undefined ? 1 : 0);
  if (parentFacts !== undefined) checkParent(parentFacts, options.commonName, pathLength);
  const period =
    parentFacts === undefined
      ? createValidityPeriod(getDays(options.wanted) ?? 3650, now)
      : createPeriodWithin(parentFacts, options.wanted ?? { atMostDays: 1825 }, now);
  const constraints = createNameConstraints(options);
  const keyPair = generateKeyPair(options.keyAlgorithm ?? 'ec-p256');
  return writeCertificate({
    subject,
    keyPair,
    period,
    extensions: [
      ...createAuthorityExtensions(keyPair.publicKey, pathLength),
      ...(constraints === undefined ? [] : [constraints]),
      ...(parentFacts === undefined ? [] : [createAuthorityKeyIdentifier(parentFacts.keyIdentifier)]),
    ],
    issuer: parentFacts?.subject ?? subject,
    issuerKey: parent?.privateKey ?? keyPair.privateKey,
  });
}

function getDays(wanted: DaysWanted | undefined): number | undefined {
  if (wanted === undefined) return undefined;
  return 'days' in wanted ? wanted.days : wanted.atMostDays;
}

function checkParent(parent: AuthorityFacts, commonName: string, pathLength: number): void {
  refuseOwnName(commonName, parent.name);
  if (parent.pathLength === undefined || pathLength < parent.pathLength) return;
  throw new ToolFailure(
    parent.pathLength === 0
      ? `The authority ${parent.name} can't have authorities below it: its path length is 0.`
      : `Below ${parent.name}, whose path length is ${parent.pathLength}, the path length is at most ${parent.pathLength - 1}.`,
    {
      remedy:
        parent.pathLength === 0
          ? `To issue certificates from it: ${formatToolCall(['certificate', 'issue', 'NAME', '--authority', parent.name])}\nOr create the new authority below the root.`
          : `Give --path-length ${parent.pathLength - 1} or less.`,
    },
  );
}

/**
 * Refuses the common name of the issuer. A certificate with the whole name of its issuer is *self-issued* (RFC 5280
 * §6.1), and in a path, path length and name constraints don't apply to self-issued CA certificates.
 */
export function refuseOwnName(commonName: string, authority: string): void {
  if (commonName.toLowerCase() !== authority.toLowerCase()) return;
  throw new ToolFailure(`${commonName} is the name of the authority itself.`, { remedy: 'Choose another name.' });
}
