import { classifyRequest, type RequestToClassify } from '../../local/gateway/client-certificate-mode.js';
import type { RunningApp } from '../inspected-app.js';
import type { TryCaller } from './callers.js';

/** The certificate that the front end passes on: none where it asks for none, and a forged one in the worst case alone. */
export function findSeenCertificate(
  request: RequestToClassify,
  { certificateDer, forgedDer }: Pick<TryCaller, 'certificateDer' | 'forgedDer'>,
  { behaviour }: Pick<RunningApp, 'behaviour'>,
): Uint8Array | undefined {
  const { clientCertificateMode: mode, exclusionPaths, worstCase } = behaviour;
  const asked = classifyRequest({ mode, exclusionPaths, worstCase }, request);
  // The front end refuses by itself: nothing reaches the app.
  if (asked === 'required' && certificateDer === undefined) return undefined;
  const sent = asked === 'none' ? undefined : certificateDer;
  return sent ?? (worstCase ? forgedDer : undefined);
}
