import type { StrictTransportSecurity } from '../worker/host-protocol.js';

/** Only to a request that came by HTTPS, as the front end says, and for a name that is not excluded. */
export function findStrictTransportSecurity(
  settings: StrictTransportSecurity | undefined,
  headers: { readonly [name: string]: string | readonly string[] | undefined },
): string | undefined {
  if (settings === undefined || headers['x-forwarded-proto'] !== 'https') return undefined;
  const host = String(headers['host'] ?? '')
    .replace(/:\d+$/, '')
    .toLowerCase();
  return settings.excludedHosts.some((excluded) => excluded.toLowerCase() === host) ? undefined : settings.value;
}
