// import/: turns lists and tables of callers into pins, with the help of the certificates at hand.

import {
  formatInstant,
  type TrustDocument,
  type TrustDocumentIdentity,
  type TrustDocumentPin,
} from '@certgate/core/internal';
import { isEnabled, readPinValue } from '../administration/edits/identity-edits.js';
import type { CertificateFolder, KnownCertificate } from './certificate-folder.js';
import type { ImportEntry, ImportRefusal } from './import-reading.js';
import { findDisagreement } from './stated-identity.js';

export interface ImportOptions {
  /**
   * The name of the one identity that gets all pins. If absent, each name gets an identity, and so does each
   * certificate without a name.
   */
  readonly as?: string;
  /** The roles of new identities about which the input says nothing itself. */
  readonly roles: readonly string[];
  readonly functions?: readonly string[];
  readonly owner?: string;
  readonly reason?: string;
  /**
   * Whether pins may also be added to identities that are already there, so that new callers may do what those may.
   * Default false.
   */
  readonly toExisting?: boolean;
  /** The certificates at hand. */
  readonly certificates?: Pick<CertificateFolder, 'find' | 'count' | 'unreadable'>;
}

export interface PlannedPin {
  readonly identity: string;
  readonly isNewIdentity: boolean;
  readonly pin: TrustDocumentPin;
  readonly origin: string;
}

/** A certificate that the document pins already. */
export interface PresentPin {
  readonly identity: string;
  readonly item: string;
  readonly origin: string;
  /** Whether the pin or its identity is disabled. The import leaves it disabled. */
  readonly isDisabled: boolean;
}

export interface ImportPlan {
  readonly document: TrustDocument;
  readonly added: readonly PlannedPin[];
  readonly present: readonly PresentPin[];
  readonly refusals: readonly ImportRefusal[];
  /** Certificates that the input lists several times. Each is imported at most once. */
  readonly repeated: readonly ImportRefusal[];
}

/** A pure function that plans an import: the resulting document, and what becomes of each entry. */
export function planImport(
  document: TrustDocument,
  entries: readonly ImportEntry[],
  options: ImportOptions,
): ImportPlan {
  const draft = new ImportedDocument(document, options);
  const { candidates, refusals, repeated } = mergeEntries(entries, options);
  const outcomes = candidates.map((candidate) => draft.add(candidate));
  return {
    document: draft.finish(),
    added: outcomes.filter((outcome) => 'pin' in outcome),
    present: outcomes.filter((outcome) => 'isDisabled' in outcome),
    refusals: [...refusals, ...outcomes.filter((outcome) => 'reason' in outcome)],
    repeated,
  };
}

/** One certificate of the input, with at most one name. */
interface Candidate {
  readonly entry: ImportEntry;
  readonly certificate: KnownCertificate | undefined;
  readonly name: string | undefined;
}

function mergeEntries(
  entries: readonly ImportEntry[],
  { as, certificates }: ImportOptions,
): Pick<ImportPlan, 'refusals' | 'repeated'> & { readonly candidates: readonly Candidate[] } {
  const groups = new Map<string, ImportEntry[]>();
  const named = new Map(
    entries.flatMap(({ certificate }) => {
      if (certificate === undefined) return [];
      const { thumbprintSha1, thumbprintSha256 } = certificate.hashes;
      return [thumbprintSha1, thumbprintSha256].map((hash) => [hash, certificate] as const);
    }),
  );
  const find = ({ thumbprint }: ImportEntry): KnownCertificate | undefined =>
    named.get(thumbprint.value) ?? certificates?.find(thumbprint);
  for (const entry of entries) {
    const key = find(entry)?.hashes.thumbprintSha256 ?? entry.thumbprint.value;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [entry]);
    else group.push(entry);
  }
  const candidates: Candidate[] = [];
  const refusals: ImportRefusal[] = [];
  const repeated: ImportRefusal[] = [];
  for (const group of groups.values()) {
    const callers = new Map(group.flatMap(({ name }) => (name === undefined ? [] : [[name.toLowerCase(), name]])));
    const [entry] = group;
    if (entry === undefined) continue;
    const origin = group.map((each) => each.origin).join(', ');
    const item = entry.thumbprint.value;
    if (as === undefined && callers.size > 1) {
      const names = [...callers.values()].map((name) => JSON.stringify(name)).join(' and ');
      refusals.push({
        origin,
        item,
        reason: `it is listed for ${names}; a certificate belongs to one identity, so correct one of them`,
      });
      continue;
    }
    if (group.length > 1) repeated.push({ origin, item, reason: `it is listed ${group.length} times; imported once` });
    candidates.push({ entry, certificate: find(entry), name: as ?? [...callers.values()][0] });
  }
  return { candidates, refusals, repeated };
}

/** The document while the import adds to it. */
class ImportedDocument {
  readonly #document: TrustDocument;
  readonly #options: ImportOptions;
  /** The identities in the document's order, by their names in lower case. */
  readonly #identities: Map<string, TrustDocumentIdentity>;
  readonly #former: ReadonlySet<string>;
  /** The holders of pins by kind and hash, e.g. `thumbprintSha256 AB…`. */
  readonly #owners = new Map<string, { readonly identity: TrustDocumentIdentity; readonly pin: TrustDocumentPin }>();

  constructor(document: TrustDocument, options: ImportOptions) {
    this.#document = document;
    this.#options = options;
    this.#identities = new Map(document.identities.map((identity) => [identity.name.toLowerCase(), identity]));
    this.#former = new Set(this.#identities.keys());
    for (const identity of document.identities) {
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
        return (
          this.#findContradiction(entry, identity) ?? {
            identity: identity.name,
            item,
            origin,
            isDisabled: !isEnabled(identity) || !isEnabled(pin),
          }
        );
      }
      const reason = `it is pinned for ${JSON.stringify(identity.name)} in the document; a certificate belongs to one identity, so that caller needs a separate one`;
      return { origin, item, reason };
    }
    if (certificate !== undefined && certificate.faults.length > 0) {
      return {
        origin,
        item,
        reason: `Certgate would refuse the certificate itself (${certificate.file}): ${certificate.faults.join('; ')}; ask for another one`,
      };
    }
    const target = name ?? this.#chooseName(certificate?.hashes.thumbprintSha256 ?? item);
    const isNewIdentity = !this.#former.has(target.toLowerCase());
    if (!isNewIdentity && this.#options.toExisting !== true) {
      const reason = `there is already an identity ${JSON.stringify(target)}; with --to-existing the certificate gets what that identity may do`;
      return { origin, item, reason };
    }
    const former = isNewIdentity ? undefined : this.#identities.get(target.toLowerCase());
    const contradiction = former && this.#findContradiction(entry, former);
    if (contradiction !== undefined) return contradiction;
    const pin = createPin(candidate);
    const identity = this.#put(target, pin, entry);
    return { identity: identity.name, isNewIdentity, pin, origin };
  }

  /**
   * Refuses an entry that contradicts an identity of the document. An import adds certificates, and changes nothing
   * else of an identity that is already there.
   */
  #findContradiction({ stated }: ImportEntry, identity: TrustDocumentIdentity): ImportRefusal | undefined {
    const column = stated && findDisagreement(stated, identity);
    if (stated === undefined || column === undefined) return undefined;
    const reason = `the document has another value for ${JSON.stringify(identity.name)}, and an import doesn't change it; correct the cell, or remove the row and change the identity by other commands`;
    return { origin: `${stated.row}, column ${column}`, item: identity.name, reason };
  }

  finish(): TrustDocument {
    return { ...this.#document, identities: [...this.#identities.values()] };
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

  /** Eight digits distinguish certificates. A longer name is chosen if two certificates begin with the same digits. */
  #chooseName(digits: string): string {
    for (let length = 8; length < digits.length; length += 8) {
      const name = `imported-${digits.slice(0, length)}`;
      if (!this.#identities.has(name.toLowerCase())) return name;
    }
    return `imported-${digits}`;
  }

  #put(name: string, pin: TrustDocumentPin, { stated }: ImportEntry): TrustDocumentIdentity {
    const old =
      this.#identities.get(name.toLowerCase()) ??
      this.#createIdentity(name, stated ?? this.#options, stated?.expiresAt);
    const identity = { ...old, pins: [...(old.pins ?? []), pin] };
    this.#identities.set(name.toLowerCase(), identity);
    return identity;
  }

  #createIdentity(
    name: string,
    { roles, functions, owner }: Pick<TrustDocumentIdentity, 'roles' | 'functions' | 'owner'>,
    expiresAt: string | undefined,
  ): TrustDocumentIdentity {
    const { reason } = this.#options;
    return {
      name,
      roles,
      ...(functions === undefined ? {} : { functions }),
      ...(owner === undefined ? {} : { owner }),
      ...(reason === undefined ? {} : { reason }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
  }
}

/**
 * If the certificate is at hand, the pin gets its SHA-256 thumbprint and its end, so that `trust check` can report when
 * the pin ends.
 */
function createPin({ entry: { thumbprint }, certificate }: Candidate): TrustDocumentPin {
  if (certificate !== undefined) {
    return { thumbprintSha256: certificate.hashes.thumbprintSha256, notAfter: formatInstant(certificate.notAfter) };
  }
  return thumbprint.algorithm === 'sha1'
    ? { thumbprintSha1: thumbprint.value }
    : { thumbprintSha256: thumbprint.value };
}
