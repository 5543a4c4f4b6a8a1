import { describeCertificateFault } from '../certificate/certificate-fault-sentence.js';
import { type CertificateFault, certificateFaultCodes } from '../certificate/certificate-verification.js';
import { expectArgument, isObject } from '../encoding/own-members.js';
import { pathFaultCodes } from './path-fault.js';
import { describePathFault } from './path-fault-sentence.js';
import type { ClientFault, ClientFaultCode } from './verify-client-certificate.js';

/**
 * Describes a fault for operators: what is wrong and, for many faults, what to do. Decide by the code, because
 * sentences may change.
 *
 * @throws {CertgateError} if the code of `fault` is not a `ClientFaultCode`.
 */
export function describeClientFault(fault: ClientFault): string {
  const codes: readonly ClientFaultCode[] = ['certificate_malformed', ...certificateFaultCodes, ...pathFaultCodes];
  const holds = (value: unknown): boolean => isObject(value) && codes.includes((value as ClientFault).code);
  expectArgument(fault, { words: 'a fault of verifyClientCertificate', holds }, 'The fault for describeClientFault');
  if (fault.code === 'certificate_malformed') return `It is not a certificate: ${fault.fault}.`;
  if (isOfLeaf(fault)) return describeCertificateFault(fault);
  const { certificate, role } = fault;
  const about = certificate && role && { certificate, role };
  return describePathFault({ ...fault, outcome: 'invalid', ...(about && { about }) });
}

/**
 * Whether the fault is from the checks of the client's own certificate. Both these and the checks of a path have the
 * code `algorithm_unsupported_by_runtime`.
 */
function isOfLeaf(fault: ClientFault): fault is ClientFault & CertificateFault {
  if (fault.code === 'algorithm_unsupported_by_runtime') return fault.reason === 'client_key';
  return (certificateFaultCodes as readonly string[]).includes(fault.code);
}
