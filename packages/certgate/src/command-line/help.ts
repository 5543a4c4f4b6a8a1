import { readFileSync } from 'node:fs';
import type { Command } from 'commander';

export interface HelpSections {
  /** Exit code → what it means for this verb. */
  readonly exitCodes: Readonly<Record<number, string>>;
  /** Lines to copy, without a prompt. */
  readonly examples: readonly string[];
}

/** Every verb documents its exit codes and shows examples; a test holds that none is left out. */
export function addHelpSections(command: Command, sections: HelpSections): Command {
  const codes = Object.entries(sections.exitCodes).map(([code, meaning]) => `  ${code}  ${meaning}`);
  const examples = sections.examples.map((line) => `  ${line}`);
  return command.addHelpText('after', ['', 'Exit codes:', ...codes, '', 'Examples:', ...examples].join('\n'));
}

/** The version in this package's own package.json. */
export function getToolVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'));
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest
    ? String(manifest.version)
    : 'unknown';
}
