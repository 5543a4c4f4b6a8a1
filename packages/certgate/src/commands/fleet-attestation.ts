import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { parseBaseline } from '../app/inspection/baseline.js';
import { escapeControls } from '../faults/safe-text.js';
import { messageOf, ToolFailure } from '../faults/tool-failure.js';
import { getToolVersion } from '../faults/tool-version.js';
import { findFile } from '../files/json-file.js';
import {
  type AttestedBaseline,
  createFleetStatement,
  digestKey,
  expectOwnKey,
  signStatement,
} from '../fleet/attestation.js';
import type { Fleet } from '../fleet/fleet-rows.js';
import { readSigningKey } from '../trust/administration/signing/signing-key.js';
import { findPasswordSource } from './certificate/find-password.js';
import { printNotice } from './command-line/output.js';

export interface AttestationFlags {
  readonly attest?: string;
  readonly attestKey?: string;
  readonly attestKeyPasswordFile?: string;
  readonly baseline?: readonly string[];
}

/** A statement whose key and baselines are read, before any line is. */
export interface Attestation {
  /** `found`: what `--json` prints. @throws {ToolFailure} */
  write(fleet: Fleet, signers: ReadonlySet<string>, found: object): Promise<void>;
}

/** @throws {ToolFailure} */
export async function prepareAttestation(flags: AttestationFlags): Promise<Attestation> {
  const { attest: file, attestKey, attestKeyPasswordFile, baseline = [] } = flags;
  if (file === undefined)
    throw new ToolFailure('--attest-key and --baseline are for a statement: --attest is missing.');
  if (attestKey === undefined) {
    throw new ToolFailure('--attest needs a key that signs the statement: --attest-key.', {
      remedy: 'Make a separate one: openssl genpkey -algorithm ed25519 -out attest.key.pem',
    });
  }
  const baselines: AttestedBaseline[] = [];
  for (const words of baseline) baselines.push(await readBaseline(words));
  const password = await findPasswordSource({ passwordFile: attestKeyPasswordFile }, attestKey);
  const key = await readSigningKey(attestKey, password, 'Pass its password with --attest-key-password-file.');
  return {
    write: async (fleet, signers, found) => {
      expectOwnKey(key, signers);
      expectKnownApps(baselines, fleet);
      const tool = { name: 'certgate', version: getToolVersion() };
      const signedWith = { sha256: digestKey(key.publicKey) };
      const predicate = { tool, writtenAt: new Date().toISOString(), signedWith, ...found, baselines };
      const envelope = await signStatement(createFleetStatement(fleet, predicate), key);
      await writeText(file, `${JSON.stringify(envelope)}\n`);
      printNotice(escapeControls(`Wrote the statement ${file}, signed with the key SHA-256 ${signedWith.sha256}.`));
    },
  };
}

async function readBaseline(words: string): Promise<AttestedBaseline> {
  const [, app, file] = /^([^=]+)=(.+)$/.exec(words) ?? [];
  if (app === undefined || file === undefined) {
    throw new ToolFailure(`--baseline ${words} names no app.`, {
      remedy: 'Pass the name of the app, as the lines have it, and the file: --baseline orders=certgate.baseline.json',
    });
  }
  const bytes = await findFile(file);
  if (bytes === undefined) {
    throw new ToolFailure(`${file} isn't there.`, {
      remedy: 'Write it with certgate app inspect --write-baseline.',
    });
  }
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { app, sha256, baseline: parseBaseline(bytes.toString('utf8'), file) };
}

/** A baseline of an app that nothing else in the statement is about would say something of an app that nobody has seen. */
function expectKnownApps(baselines: readonly AttestedBaseline[], { apps, absent }: Fleet): void {
  const known = new Set([...apps.map(({ name }) => name), ...absent].map((name) => name.toLowerCase()));
  const unknown = baselines.find(({ app }) => !known.has(app.toLowerCase()));
  if (unknown === undefined) return;
  throw new ToolFailure(
    `--baseline ${unknown.app}=…: no line is of an app ${unknown.app}, and --apps doesn't name it.`,
    {
      remedy: 'Pass the name of the app as the lines have it.',
    },
  );
}

async function writeText(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text);
  } catch (cause) {
    throw new ToolFailure(`${file} can't be written: ${messageOf(cause)}.`, { cause });
  }
}
