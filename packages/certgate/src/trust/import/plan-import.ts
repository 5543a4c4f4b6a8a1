// import/: from thumbprint lists and API Management policies to pins.

import {
  formatInstant,
  type TrustDocument,
  type TrustDocumentIdentity,
  type TrustDocumentPin,
} from '@certgate/core/internal';
import { isEnabled, readPinValue } from '../administration/edits/identity-edits.js';
import type { CertificateFolder, KnownCertificate } from './certificate-folder.js';
import type { ImportEntry, ImportRefusal } from './import-reading.js';

export interface ImportOptions {
  /** All pins under this one identity. Absent: one identity for each name, and for each certificate without a name. */
  readonly as?: string;
  /** In front of the digits that name an identity for which the input has no name. */
  readonly namePrefix: string;
  /** Of new identities. */
  readonly roles: readonly string[];
  readonly functions?: readonly string[];
  readonly owner?: string;
  readonly reason?: string;
  /** Pins may also be added to identities that are there already, and so get what those may do. Default false. */
  readonly toExisting?: boolean;
  /** Certificates at hand. */
  readonly certificates?: Pick<CertificateFolder, 'find' | 'count' | 'unreadable'>;
}

export interface PlannedPin {
  readonly identity: string;
  readonly isNewIdentity: boolean;
  readonly pin: TrustDocumentPin;
  readonly origin: string;
  readonly notes: readonly string[];
}

/** A certificate that the document pins already. */
export interface PresentPin {
  readonly identity: string;
  readonly item: string;
  readonly origin: string;
  /** It, or its identity, is disabled, and stays so. */
  readonly isDisabled: boolean;
}

export interface ImportPlan {
  readonly document: TrustDocument;
  readonly added: readonly PlannedPin[];
  readonly present: readonly PresentPin[];
  readonly refusals: readonly ImportRefusal[];
  /** Repetitions inside the input; each certificate is taken once. */
  readonly repeated: readonly ImportRefusal[];
}

/** Pure: what the document becomes by the entries, and what becomes of each. */
export function planImport(
  document: TrustDocument,
  entries: readonly ImportEntry[],
  options: ImportOptions,
): ImportPlan {
  const draft = new Draft(document, options);
  const { candidates, refusals, repeated } = mergeEntries(entries, options);
  const added: PlannedPin[] = [];
  const present: PresentPin[] = [];
  for (const candidate of candidates) {
    const outcome = draft.add(candidate);
    if ('pin' in outcome) added.push(outcome);
    else if ('isDisabled' in outcome) present.push(outcome);
    else refusals.push(outcome);
  }
  return { document: draft.finish(), added, present, refusals, repeated };
}

/** One certificate of the input, under at most one name. */
interface Candidate {
  readonly entry: ImportEntry;
  readonly certificate: KnownCertificate | undefined;
  readonly name: string | undefined;
}

interface MergedEntries {
  readonly candidates: readonly Candidate[];
  readonly refusals: ImportRefusal[];
  readonly repeated: readonly ImportRefusal[];
}

function mergeEntries(entries: readonly ImportEntry[], { as, certificates }: ImportOptions): MergedEntries {
  const groups = new Map<
    string,
    { readonly certificate: KnownCertificate | undefined; readonly entries: ImportEntry[] }
  >();
  for (const entry of entries) {
    const certificate = certificates?.find(entry.thumbprint);
    const key = certificate?.hashes.thumbprintSha256 ?? entry.thumbprint.value;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { certificate, entries: [entry] });
    else group.entries.push(entry);
  }
  const candidates: Candidate[] = [];
  const refusals: ImportRefusal[] = [];
  const repeated: ImportRefusal[] = [];
  for (const { certificate, entries: group } of groups.values()) {
    const named = new Map(group.flatMap(({ name }) => (name === undefined ? [] : [[name.toLowerCase(), name]])));
    const [entry] = group;
    if (entry === undefined) continue;
    const origin = group.map((each) => each.origin).join(', ');
    const item = entry.thumbprint.value;
    if (as === undefined && named.size > 1) {
      const names = [...named.values()].map((name) => JSON.stringify(name)).join(' and ');
      refusals.push({ origin, item, reason: `it stands there for ${names}; one certificate stands for one identity` });
      continue;
    }
    if (group.length > 1) repeated.push({ origin, item, reason: `it stands there ${group.length} times; taken once` });
    candidates.push({ entry, certificate, name: as ?? [...named.values()][0] });
  }
  return { candidates, refusals, repeated };
}

/** The document while it is being added to. */
class Draft {
  readonly #document: TrustDocument;
  readonly #options: ImportOptions;
  readonly #identities: TrustDocumentIdentity[];
  readonly #positions = new Map<string, number>();
  readonly #created = new Set<string>();
  /** `thumbprintSha256 AB…` → who has it. */
  readonly #owners = new Map<string, { readonly identity: TrustDocumentIdentity; readonly pin: TrustDocumentPin }>();

  constructor(document: TrustDocument, options: ImportOptions) {
    this.#document = document;
    this.#options = options;
    this.#identities = [...document.identities];
    for (const [index, identity] of this.#identities.entries()) {
      this.#positions.set(identity.name.toLowerCase(), index);
      for (const pin of identity.pins ?? []) {
        const { kind, value } = readPinValue(pin);
        this.#owners.set(`${kind} ${value}`, { identity, pin });
      }
    }
  }

  add(candidate: Candidate): PlannedPin | PresentPin | ImportRefusal {
    const { entry, certificate, name } = candidate;
    const { origin } = entry;
    const item = entry.thumbprint.value;
    const owner = this.#findOwner(candidate);
    if (owner !== undefined) {
      const { identity, pin } = owner;
      if (name === undefined || name.toLowerCase() === identity.name.toLowerCase()) {
        return { identity: identity.name, item, origin, isDisabled: !isEnabled(identity) || !isEnabled(pin) };
      }
      const reason = `it is pinned for ${JSON.stringify(identity.name)} in the document; one certificate stands for one identity`;
      return { origin, item, reason };
    }
    if (certificate !== undefined && certificate.faults.length > 0) {
      return {
        origin,
        item,
        reason: `Certgate would refuse the certificate itself (${certificate.file}): ${certificate.faults.join('; ')}`,
      };
    }
    const target = name ?? this.#chooseName(certificate?.hashes.thumbprintSha256 ?? item);
    const position = this.#positions.get(target.toLowerCase());
    const isNewIdentity = position === undefined || this.#created.has(target.toLowerCase());
    if (!isNewIdentity && this.#options.toExisting !== true) {
      const reason = `there is an identity ${JSON.stringify(target)} already; with --to-existing the certificate gets what that identity may do`;
      return { origin, item, reason };
    }
    const pin = createPin(candidate);
    const identity = this.#put(target, position, pin);
    return { identity: identity.name, isNewIdentity, pin, origin, notes: entry.notes };
  }

  finish(): TrustDocument {
    return { ...this.#document, identities: this.#identities };
  }

  #findOwner({
    entry,
    certificate,
  }: Candidate): { identity: TrustDocumentIdentity; pin: TrustDocumentPin } | undefined {
    const { algorithm, value } = entry.thumbprint;
    const written = `${algorithm === 'sha1' ? 'thumbprintSha1' : 'thumbprintSha256'} ${value}`;
    const keys = Object.entries(certificate?.hashes ?? {}).map(([kind, hash]) => `${kind} ${hash}`);
    for (const key of [written, ...keys]) {
      const owner = this.#owners.get(key);
      if (owner !== undefined) return owner;
    }
    return undefined;
  }

  /** Eight digits tell certificates apart until two begin alike. */
  #chooseName(digits: string): string {
    const { namePrefix } = this.#options;
    for (let length = 8; length < digits.length; length += 8) {
      const name = `${namePrefix}${digits.slice(0, length)}`;
      if (!this.#positions.has(name.toLowerCase())) return name;
    }
    return `${namePrefix}${digits}`;
  }

  #put(name: string, position: number | undefined, pin: TrustDocumentPin): TrustDocumentIdentity {
    const old = position === undefined ? undefined : this.#identities[position];
    const identity = old === undefined ? this.#createIdentity(name, pin) : { ...old, pins: [...(old.pins ?? []), pin] };
    if (position === undefined) {
      this.#positions.set(name.toLowerCase(), this.#identities.length);
      this.#created.add(name.toLowerCase());
      this.#identities.push(identity);
    } else {
      this.#identities[position] = identity;
    }
    return identity;
  }

  #createIdentity(name: string, pin: TrustDocumentPin): TrustDocumentIdentity {
    const { roles, functions, owner, reason } = this.#options;
    return {
      name,
      roles,
      ...(functions === undefined ? {} : { functions }),
      ...(owner === undefined ? {} : { owner }),
      ...(reason === undefined ? {} : { reason }),
      pins: [pin],
    };
  }
}

/** With the certificate at hand, the better hash, and its end, so that `trust check` can tell when it is due. */
function createPin({ entry: { thumbprint }, certificate }: Candidate): TrustDocumentPin {
  if (certificate !== undefined) {
    return { thumbprintSha256: certificate.hashes.thumbprintSha256, notAfter: formatInstant(certificate.notAfter) };
  }
  return thumbprint.algorithm === 'sha1'
    ? { thumbprintSha1: thumbprint.value }
    : { thumbprintSha256: thumbprint.value };
}
