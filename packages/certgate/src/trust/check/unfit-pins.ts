import {
  decodeClientCertificate,
  findInSnapshot,
  isGraceRunning,
  describeCertificateFault,
  listCertificateFaults,
  presentCertificate,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { aboutPin, type CheckFinding, listPinsInUse, type PlacedPin } from './check-finding.js';
import type { CertificateFolder } from '../import/certificate-folder.js';
import { formatTrustChange } from '../../texts/tool-call.js';

/** A certificate that is at hand: from the folder, or of an authority in the document. */
interface CertificateAtHand {
  readonly from: string;
  readonly der: Uint8Array;
  readonly hashes: Readonly<Record<TrustPin['kind'], string>>;
  /** Why the gate would refuse the certificate, as `code: detail`. */
  readonly faults: readonly string[];
  readonly isForServersAlone: boolean;
}

/**
 * Finds pins of certificates that the gate refuses regardless of the document (a CA, one without clientAuth, a weak
 * key, one that has expired). Core's own checks decide, for every certificate at hand. A hash without its certificate
 * can't be checked.
 */
export function findUnfitPins(
  snapshot: TrustSnapshot,
  folder: CertificateFolder | undefined,
  now: number,
): readonly CheckFinding[] {
  const unfit = [...(folder?.certificates ?? []).map(({ file, ...rest }) => ({ from: `the file ${file}`, ...rest })), ...listAuthorityCertificates(snapshot, now)]
    .filter(({ faults }) => faults.length > 0); // prettier-ignore
  if (unfit.length === 0) return [];
  return listPinsInUse(snapshot, now).flatMap((placed) => {
    const { pin } = placed;
    const found = unfit.find(({ hashes }) => hashes[pin.kind] === pin.value);
    if (found === undefined) return [];
    const isExcusing = isGraceNow(pin, found, now);
    const isAsked = isExcusing && isAuthorityAsked(snapshot, found, now);
    const fault = found.faults.find(
      (each) => !isLeftToThePath(pin, each) && !(isExcusing && !isAsked && lacksClientAuth(each)),
    );
    if (fault === undefined) return [];
    const remark = isAsked && lacksClientAuth(fault) ? ` ${graceOutvoted}` : '';
    return [describe(placed, fault, `${found.from}: ${fault}${remark}`)];
  });
}

/**
 * Whether to leave the fault to the validation of the path, which processes more critical extensions than the checks of
 * the certificate do.
 */
function isLeftToThePath({ issuedBy }: TrustPin, fault: string): boolean {
  return issuedBy !== undefined && fault.startsWith('certificate_critical_extension_unknown:');
}

function lacksClientAuth(fault: string): boolean {
  return fault.startsWith('certificate_extended_key_usage_unsuitable:');
}

/** Whether a running grace excuses the missing clientAuth. Such a grace is a finding of its own. */
function isGraceNow(
  { acceptWithoutClientAuth: grace }: TrustPin,
  { isForServersAlone }: CertificateAtHand,
  now: number,
): boolean {
  return grace !== undefined && isGraceRunning(grace, now) && isForServersAlone;
}

/** Whether the gate also asks an authority about the certificate, because of a name or of `issuedBy` of another pin. */
function isAuthorityAsked(snapshot: TrustSnapshot, { der }: CertificateAtHand, now: number): boolean {
  return findInSnapshot(snapshot, presentCertificate(der), now).outcome === 'nominated';
}

const graceOutvoted =
  'The grace period of the pin (acceptWithoutClientAuth) does not apply, because an authority is asked about the certificate too, for one of its names or by issuedBy, and a certification path needs clientAuth.';

function listAuthorityCertificates({ authorities }: TrustSnapshot, now: number): readonly CertificateAtHand[] {
  return authorities.flatMap(({ name, trustAnchors, intermediates }) =>
    [...trustAnchors, ...intermediates].flatMap(({ der }) => {
      const decoding = decodeClientCertificate(der);
      if (!decoding.ok) return [];
      const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = decoding.certificate;
      const faults = listCertificateFaults(decoding.certificate, now).map(
        (fault) => `${fault.code}: ${describeCertificateFault(fault)}`,
      );
      const hashes = { thumbprintSha256, thumbprintSha1, publicKeySha256 };
      return [{ from: `a certificate of the authority "${name}"`, der, hashes, faults, isForServersAlone: false }];
    }),
  );
}

function describe(placed: PlacedPin, fault: string, text: string): CheckFinding {
  const { name } = placed.identity;
  const { kind, value } = placed.pin;
  // The certificate may be good, because the app may run on another version of Node.js than this command.
  const isOfRuntime = fault.startsWith('algorithm_unsupported_by_runtime:');
  const where = isOfRuntime ? " on this command's version of Node.js" : '';
  const remedy = isOfRuntime
    ? ''
    : ` Give the caller another certificate: ${formatTrustChange('rotate', [name], ['--certificate', 'FILE', '--overlap', '14d'])}`;
  // The pin is of a key, and another certificate of the same key may be fit.
  const isKey = kind === 'publicKeySha256';
  return {
    code: 'pin_certificate_unfit',
    severity: isKey || isOfRuntime ? 'warning' : 'error',
    ...aboutPin(placed),
    message: `The pin ${kind} ${value.slice(0, 16)}… of "${name}" is ${isKey ? 'of the key of a certificate' : 'of a certificate'} that the gate refuses${where}. It is ${text}${remedy}`,
  };
}
