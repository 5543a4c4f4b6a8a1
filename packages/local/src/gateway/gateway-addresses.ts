import { BlockList, isIP } from 'node:net';

export function isExclusionPath(text: string): boolean {
  return /^\/[\x21-\x7e]*$/.test(text) && !/[,;?#]/.test(text);
}

/** Whether a gateway can stand before it: the certificate header travels there in the clear, where nobody else may read or write. */
export function isUpstreamUrl(url: URL): boolean {
  return url.protocol === 'http:' && `${url.origin}/` === url.href && isLoopbackHost(url.hostname);
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** `localhost` is accepted by name; where it led to is checked again once the gateway listens. */
export function isLoopbackHost(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  if (address === 'localhost') return true;
  const family = isIP(address);
  return family !== 0 && loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
