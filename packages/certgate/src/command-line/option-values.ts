import { InvalidArgumentError } from 'commander';

/** A port; 0 picks a free one. */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535)
    throw new InvalidArgumentError('A port is a whole number from 0 to 65535.');
  return port;
}

export function parseLoopbackUrl(text: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.protocol === 'http:') return url;
  }
  throw new InvalidArgumentError('It must look like http://localhost:7071.');
}
