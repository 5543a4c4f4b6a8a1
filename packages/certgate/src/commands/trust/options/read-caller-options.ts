import {
  decodeClientCertificate,
  formatInstant,
  describeCertificateFault,
  listCertificateFaults,
  presentCertificate,
  type TrustDocumentName,
} from '@certgate/core/internal';
import { formatToolCall, formatTrustCall } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { NewPin } from '../../../trust/administration/edits/identity-edits.js';
import type { ChangeRequest } from '../../../trust/administration/update-trust-document.js';
import { pick } from '../../command-line/option-values.js';
import { readCertificateArgument } from '../../certificate/read-certificate-argument.js';
import type { NameFlags, PinFlags } from './caller-options.js';

/** The pin that the options name, and its certificate, about which the gate is asked who is locked out by the pin. */
interface ReadPin extends Pick<ChangeRequest, 'asked'> {
  readonly newPin?: NewPin;
}

/**
 * Reads the new pin. The result is empty if no certificate is named. @throws {ToolFailure} for example if the gate
 * would refuse the certificate, unless the user wants it even if it is unfit.
 */
export async function readNewPin(flags: PinFlags, now: number): Promise<ReadPin> {
  const window = pick(flags, 'issuedBy', 'notBefore', 'notAfter');
  if (flags.certificate !== undefined) return readCertificatePin(flags.certificate, flags, window, now);
  if (flags.thumbprintSha256 !== undefined)
    return { newPin: { pin: { thumbprintSha256: flags.thumbprintSha256, ...window } } };
  if (flags.publicKeySha256 !== undefined) {
    if (flags.notAfter === undefined && flags.issuedBy === undefined) {
      throw new ToolFailure(
        'A pin of a public key needs an end, because anybody who has the key can create certificates with any dates.',
        {
          remedy: 'Set the end with --not-after, or name the authority that issues the certificates with --issued-by.',
        },
      );
    }
    return { newPin: { pin: { publicKeySha256: flags.publicKeySha256, ...window } } };
  }
  if (flags.notBefore === undefined && flags.notAfter === undefined) return {};
  throw new ToolFailure('--not-before and --not-after require a certificate, and none is given.');
}

async function readCertificatePin(
  file: string,
  flags: PinFlags,
  window: Pick<PinFlags, 'issuedBy' | 'notBefore' | 'notAfter'>,
  now: number,
): Promise<ReadPin> {
  const { certificateDer } = await readCertificateArgument(file, flags);
  const decoding = decodeClientCertificate(certificateDer);
  if (!decoding.ok) throw new ToolFailure(`The certificate in ${file} can't be read: ${decoding.fault}.`);
  const { thumbprintSha256, thumbprintSha1, publicKeySha256, notAfter } = decoding.certificate;
  // A certificate that is not valid yet may be pinned, because a rotation pins the next certificate in advance.
  const faults = listCertificateFaults(decoding.certificate, now).filter(
    ({ code }) => code !== 'certificate_not_yet_valid',
  );
  const [fault] = faults;
  if (fault !== undefined && flags.evenIfUnfit !== true) {
    throw new ToolFailure(`Certgate would refuse the certificate in ${file}: ${describeCertificateFault(fault)}`, {
      remedy: `To see everything that is wrong: ${formatToolCall(['certificate', 'inspect', file])}\nTo pin it anyway: --even-if-unfit`,
    });
  }
  const pin = { thumbprintSha256, notAfter: formatInstant(notAfter), ...window };
  const asked = { certificates: [presentCertificate(certificateDer)], now };
  return { newPin: { pin, certificate: { thumbprintSha256, thumbprintSha1, publicKeySha256 } }, asked };
}

/** `hasPin` means that `--issued-by` is allowed without a name, because it applies to the pin. */
export function readNames(flags: NameFlags, hasPin: boolean): readonly TrustDocumentName[] {
  const { issuedBy, dns = [], uri = [], email = [], commonName = [], organizationalUnit = [] } = flags;
  const names: readonly Omit<TrustDocumentName, 'issuedBy'>[] = [
    ...dns.map((text) => ({ dns: text })),
    ...uri.map((text) => ({ uri: text })),
    ...email.map((text) => ({ email: text })),
    ...commonName.map((text) => ({ commonName: text })),
    ...organizationalUnit.map((text) => ({ organizationalUnit: text })),
  ];
  if (issuedBy !== undefined) {
    if (names.length > 0 || hasPin) return names.map((name) => ({ issuedBy, ...name }));
    throw new ToolFailure('--issued-by requires a name or a pin, and none is given.', {
      remedy: 'Pass a name, e.g. --dns billing.corp.example',
    });
  }
  if (names.length === 0) return [];
  throw new ToolFailure('A name is valid only under an authority that vouches for it, and no authority is given.', {
    remedy: `Pass it with --issued-by. To list the authorities: ${formatTrustCall('authority list')}`,
  });
}
