import { readFileSync } from 'node:fs';

/** The version in this package's own package.json, or `unknown` if that file names none. */
export function getToolVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}

/** How the tool names itself to an MCP server. */
export function getClientInfo(): { readonly name: string; readonly version: string } {
  return { name: 'certgate', version: getToolVersion() };
}
