import {
  describeIssuance,
  formatInstant,
  judgePublicIssuance,
  type PublicIssuance,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { aboutPin, type CheckFinding, listPinsInUse, type PlacedPin } from './check-finding.js';
import type { CertificateFolder, KnownCertificate } from '../import/certificate-folder.js';

type IssuanceLikelihood = PublicIssuance['verdict'];

/**
 * Which callers may lose clientAuth when their certificates are renewed, because these look like certificates of public
 * CAs.
 */
export interface PublicIssuanceReview {
  readonly findings: readonly CheckFinding[];
  /**
   * How many pins in use have a certificate of each verdict. A pin whose certificate is not at hand has the verdict
   * `cannot_tell`, because a hash doesn't show what it is of.
   */
  readonly pins: Readonly<Record<IssuanceLikelihood, number>>;
}

/** Judges the certificates in the folder and those of the document's authorities. */
export function reviewPublicIssuance(
  snapshot: TrustSnapshot,
  folder: CertificateFolder | undefined,
  now: number,
): PublicIssuanceReview {
  const known = new Map<string, Judged>();
  for (const certificate of folder?.certificates ?? []) {
    const judged = { certificate, issuance: judgePublicIssuance(certificate.der) };
    for (const [kind, value] of Object.entries(certificate.hashes)) known.set(`${kind} ${value}`, judged);
  }
  const pins: Record<IssuanceLikelihood, number> = { likely: 0, possible: 0, unlikely: 0, cannot_tell: 0 };
  const findings = listPinsInUse(snapshot, now).flatMap((placed) => {
    const judged = known.get(`${placed.pin.kind} ${placed.pin.value}`);
    pins[judged?.issuance.verdict ?? 'cannot_tell'] += 1;
    if (judged === undefined || !canLose(judged.issuance)) return [];
    return [describeLoss(placed, judged.certificate, judged.issuance)];
  });
  return { findings: [...findings, ...reviewAuthorities(snapshot)], pins };
}

interface Judged {
  readonly certificate: KnownCertificate;
  readonly issuance: PublicIssuance;
}

type Loss = PublicIssuance & { readonly verdict: 'likely' | 'possible' };

function canLose(issuance: PublicIssuance): issuance is Loss {
  return issuance.hasClientAuth && (issuance.verdict === 'likely' || issuance.verdict === 'possible');
}

const wayOut =
  'Public CAs no longer issue clientAuth, so a renewed certificate is refused: use an authority of your own, or pin a certificate that the caller makes for this. See docs/public-certificates.md.';

function describeLoss(placed: PlacedPin, { file, notAfter }: KnownCertificate, loss: Loss): CheckFinding {
  return {
    code: 'client_auth_ends_at_renewal',
    severity: severityOf(loss),
    ...aboutPin(placed),
    endsAt: notAfter,
    message: `"${placed.identity.name}" uses a certificate that looks like one of a public CA (${describeIssuance(loss)}): the file ${file}, which ends at ${formatInstant(notAfter)}. ${wayOut}`,
  };
}

function severityOf({ verdict }: Loss): 'warning' | 'information' {
  return verdict === 'likely' ? 'warning' : 'information';
}

/**
 * Reports each authority that looks like a public CA in one finding, with the enabled identities that have a name or a
 * pin under it. An authority without such an identity is not reported.
 */
function reviewAuthorities({ authorities, identities }: TrustSnapshot): readonly CheckFinding[] {
  return authorities.flatMap(({ name, trustAnchors, intermediates }, index) => {
    const losses = [...trustAnchors, ...intermediates].map(({ der }) => judgePublicIssuance(der)).filter(canLose);
    const loss = losses.find(({ verdict }) => verdict === 'likely') ?? losses[0];
    const isUnder = ({ issuedBy }: { readonly issuedBy?: string | undefined }): boolean => issuedBy === name;
    const identityNames = identities
      .filter(({ enabled, names, pins }) => enabled && (names.some(isUnder) || pins.some(isUnder)))
      .map((identity) => identity.name);
    if (loss === undefined || identityNames.length === 0) return [];
    return [
      {
        code: 'client_auth_ends_at_renewal',
        severity: severityOf(loss),
        path: `authorities[${index}]`,
        identityNames,
        authorityName: name,
        message: `The authority "${name}" looks like a public CA (${describeIssuance(loss)}). The callers that it vouches for: ${listNames(identityNames)}. ${wayOut}`,
      },
    ];
  });
}

const maximumNames = 20;

function listNames(names: readonly string[]): string {
  const shown = names.slice(0, maximumNames).map((name) => `"${name}"`);
  const more = names.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? ` and ${more} more (--json lists all of them)` : ''}`;
}
