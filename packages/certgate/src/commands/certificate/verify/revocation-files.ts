import { type CertificateRevocationList, loadPathValidation, type OcspResponse } from '@certgate/core/internal';
import { readBoundedFile } from '../../../certificates/read-bounded-file.js';
import type { EvidenceSources } from '../../../certificates/path-report/reported-path.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { escapeControls } from '../../../faults/safe-text.js';

/** Twice what core takes of a list in DER, for PEM. */
const maximumListBytes = 64 * 1_048_576;

/** What the files hold, and from which each came. */
export interface RevocationFiles {
  readonly crls: readonly CertificateRevocationList[];
  readonly responses: readonly OcspResponse[];
  readonly sources: EvidenceSources;
}

/** Throws ToolFailure: a list that can't be read must not pass for one that says nothing. */
export async function readRevocationFiles(
  lists: readonly string[],
  answers: readonly string[],
): Promise<RevocationFiles> {
  const sources = new Map<CertificateRevocationList | OcspResponse, string>();
  for (const file of new Set(lists)) {
    const decoding = loadPathValidation().decodeCrlFile(await readBoundedFile(file, maximumListBytes));
    if (!decoding.ok) throw explain(file, 'no revocation list, in DER or PEM,', decoding.fault);
    sources.set(decoding.value, file);
  }
  const crls = [...sources.keys()] as CertificateRevocationList[];
  const responses: OcspResponse[] = [];
  for (const file of new Set(answers)) {
    const decoding = loadPathValidation().decodeOcspResponse(await readBoundedFile(file));
    if (!decoding.ok) throw explain(file, 'no OCSP response in DER', decoding.fault);
    sources.set(decoding.value, file);
    responses.push(decoding.value);
  }
  return { crls, responses, sources };
}

function explain(file: string, what: string, fault: string): ToolFailure {
  return new ToolFailure(escapeControls(`${file} holds ${what} that can be used: ${fault}.`));
}
