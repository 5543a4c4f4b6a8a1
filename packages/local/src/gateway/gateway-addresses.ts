import { BlockList, isIP } from 'node:net';

export function isExclusionPath(text: string): boolean {
  return /^\/[\x21-\x7e]*$/.test(text) && !/[,;?#]/.test(text);
}

/**
 * Whether a gateway may forward to this address. It must be on the loopback interface, because the certificate header
 * is sent there without TLS, and nobody else may read or write it.
 */
export function isUpstreamUrl(url: URL): boolean {
  return url.protocol === 'http:' && `${url.origin}/` === url.href && isLoopbackHost(url.hostname);
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/**
 * Whether the host is on the loopback interface. `localhost` is accepted by name. For the host that it listens on, the
 * gateway then checks the address too.
 */
export function isLoopbackHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  if (address === 'localhost') return true;
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
