import {
  type CertificationPath,
  type DenialCode,
  loadPathValidation,
  type PathCertificate,
  type RevocationMode,
  type RevocationScope,
  type ValidationProfile,
} from '@certgate/core/internal';
import { extendedKeyUsageNames } from '../../../certificates/structure/certificate-choices.js';
import { getUsageOid } from '../../../certificates/structure/extended-key-usage.js';
import { readAuthorityArgument } from './authority-argument.js';
import { readPathCertificates, readRevocationFiles, withoutRepeats } from './named-files.js';
import { PathTrace, type TracedPath } from '../../../certificates/path-report/reported-path.js';
import type { EvidenceSources } from '../../../certificates/path-report/reported-path.js';
import type { VerifyFlags } from './verify-options.js';

/** What was asked, and what came of it. */
export interface Verification {
  readonly certificateDer: Uint8Array;
  /** For people: files, names. */
  readonly authority: string;
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
  readonly now: number;
  readonly profile: ValidationProfile;
  /** Object identifiers; empty: not asked. */
  readonly purposes: readonly string[];
  readonly revocation: { readonly mode: RevocationMode; readonly scope: RevocationScope };
  readonly sources: EvidenceSources;
  readonly verdict: CertificationPath | VerificationRefusal;
  readonly paths: readonly TracedPath[];
}

export interface VerificationRefusal {
  readonly outcome: 'invalid';
  readonly code: DenialCode;
  readonly detail: string;
}

const anyPolicy = '2.5.29.32.0';

/** By files and by authorities in a folder: core's own validator, asked as the options say. Throws ToolFailure. */
export async function verifyByFiles(certificateDer: Uint8Array, flags: VerifyFlags): Promise<Verification> {
  const { trustAnchors, intermediates, lists } = await readAuthorities(flags);
  const { crls, responses, sources } = await readRevocationFiles(
    [...lists, ...(flags.crl ?? [])],
    flags.ocspResponse ?? [],
  );
  const now = flags.at ?? Date.now();
  const profile = flags.profile ?? 'strict';
  const purposes = findPurposes(flags, profile);
  const mode = flags.revocation ?? (crls.length + responses.length > 0 ? 'required' : 'off');
  const revocation = { mode, scope: flags.scope ?? 'chain' } as const;
  const trace = new PathTrace();
  const decoding = loadPathValidation().decodePathCertificate(certificateDer);
  const verdict = decoding.ok
    ? loadPathValidation().findCertificationPath({
        target: decoding.value,
        trustAnchors,
        intermediates,
        now,
        profile,
        purposes,
        policies: {
          initialPolicySet: flags.policy ?? [anyPolicy],
          initialExplicitPolicy: flags.requirePolicy ?? false,
          initialPolicyMappingInhibit: false,
          initialAnyPolicyInhibit: false,
        },
        ...(flags.maxIntermediates === undefined ? {} : { maximumIntermediates: flags.maxIntermediates }),
        revocation: { ...revocation, graceMilliseconds: 0, crls, findOcspResponses: () => responses },
        onCheck: (check) => {
          trace.hear(check);
        },
      })
    : refuseMalformed(decoding.fault);
  const authority = flags.authority.join(', ');
  const question = { certificateDer, authority, trustAnchors, intermediates, now, profile, purposes, revocation };
  return { ...question, sources, verdict, paths: trace.paths };
}

export function refuseMalformed(fault: string): VerificationRefusal {
  return {
    outcome: 'invalid',
    code: 'certificate_malformed',
    detail: `The certificate is not encoded as RFC 5280 requires: ${fault}.`,
  };
}

async function readAuthorities(flags: VerifyFlags): Promise<{
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
  readonly lists: readonly string[];
}> {
  const authorities = [];
  // One after the other: each may ask for a password.
  for (const text of flags.authority) authorities.push(await readAuthorityArgument(text, flags));
  const beside = [];
  for (const file of flags.intermediate ?? []) beside.push(...(await readPathCertificates(file, flags)));
  const trustAnchors = withoutRepeats(authorities.flatMap((each) => each.trustAnchors));
  const between = [...authorities.flatMap((each) => each.intermediates), ...beside];
  return {
    trustAnchors,
    intermediates: withoutRepeats(between, trustAnchors),
    lists: authorities.flatMap((each) => each.lists),
  };
}

function findPurposes({ purpose }: VerifyFlags, profile: ValidationProfile): readonly string[] {
  if (purpose === undefined) return profile === 'strict' ? [getUsageOid('clientAuth')] : [];
  const usage = extendedKeyUsageNames.find((name) => name === purpose);
  return purpose === 'any' ? [] : [usage === undefined ? purpose : getUsageOid(usage)];
}
