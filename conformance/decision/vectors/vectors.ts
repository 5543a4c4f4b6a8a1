import { type CertificateRevocationList, decodeCertificateRevocationList } from '@certgate/x509/path';
import { type Certificate, describeCertificate, isDocumentSigned } from '../facts.js';
import { decide, type Store } from '../reference/decision.js';
import { type Document, findAuthority } from '../reference/document.js';
import { type DocumentReading, findDocument, type StoreOptions } from '../reference/instance.js';
import type { ListReading } from '../reference/revocation.js';
import type { Case, Reading } from './case-book.js';
import { describeCases } from './cases.js';
import type { Material } from './make-material.js';

/** The content of the committed file. conformance/README.md explains each member. */
export interface VectorFile extends Material {
  readonly version: 2;
  readonly documents: Readonly<Record<string, object>>;
  readonly vectors: readonly Vector[];
}

export interface Vector extends Omit<Case, 'meaning'> {
  readonly expected: {
    readonly status: number;
    readonly code: string;
    readonly identity?: { readonly name: string; readonly roles: readonly string[] };
  };
}

/** The vectors: each case with the answer of the reference. */
export function writeVectors({ certificates, lists, signers, signed }: Material): VectorFile {
  const material = { certificates, lists, signers, signed };
  const { documents, cases } = describeCases(material);
  const facts = new FactBook(material, documents);
  const vectors = cases.map(({ meaning, ...each }): Vector => ({ ...each, expected: answer(facts, each, meaning) }));
  return { version: 2, ...material, documents, vectors };
}

function answer(facts: FactBook, each: Case, meaning: string | undefined): Vector['expected'] {
  const stores = each.documents.map((): ReadStore => ({ documents: [], inUse: undefined, lists: new Map() }));
  let places: NonNullable<Reading['lists']> = {};
  for (const reading of [...(each.earlier ?? []), each]) {
    readAll(facts, stores, { ...reading, lists: { ...places, ...reading.lists } }, each.store);
    const left = Object.entries({ ...places, ...reading.lists });
    places = Object.fromEntries(left.map(([name, labels]) => [name, labels.slice(-1)]));
  }
  const decision = decide(
    stores.map(({ inUse: document, lists }): Store => ({ document, lists })),
    {
      caller: facts.find(each.certificate ?? meaning ?? '') ?? meaning ?? '',
      chain: (each.chain ?? []).flatMap((label) => facts.find(label) ?? []),
      functionName: each.function,
      roles: each.roles,
      now: Date.parse(each.time),
    },
  );
  const { status, code } = decision;
  if (decision.status !== 200) return { status, code };
  const { name, roles } = decision.identity;
  return { status, code, identity: { name, roles } };
}

/** A store with what was read for it until now. */
interface ReadStore {
  readonly documents: (Omit<DocumentReading, 'age'> & { readonly at: number })[];
  inUse: Document | undefined;
  readonly lists: Map<string, ListReading[]>;
}

function readAll(facts: FactBook, stores: readonly ReadStore[], reading: Reading, options?: StoreOptions): void {
  const at = Date.parse(reading.time);
  for (const [index, store] of stores.entries()) {
    store.documents.push({ at, ...facts.readDocument(reading.documents[index] ?? null, options) });
    const readings = store.documents.map(({ at: began, ...each }) => ({ ...each, age: at - began }));
    store.inUse = findDocument(readings, options);
  }
  const documents = stores.flatMap(({ inUse }) => inUse ?? []);
  for (const { inUse, lists } of stores) {
    for (const [name, labels] of Object.entries(reading.lists ?? {})) {
      const readings = lists.get(name) ?? [];
      lists.set(name, readings);
      if (inUse === undefined) continue;
      const authority = findAuthority(inUse, name);
      for (const label of labels)
        readings.push({ source: 'lists', at, documents, authority, list: facts.readList(label) });
    }
  }
}

type WrittenDocument = Omit<Document, 'authorities'> & {
  readonly schemaVersion: number;
  readonly authorities?: readonly (Omit<
    NonNullable<Document['authorities']>[number],
    'trustAnchors' | 'intermediates'
  > & {
    readonly trustAnchors: readonly string[];
    readonly intermediates?: readonly string[];
  })[];
};

/** Decodes the material. It returns the same object for the same certificate, document or list. */
class FactBook {
  readonly #certificates = new Map<string, Certificate>();
  readonly #documents = new Map<string, Document>();
  readonly #lists = new Map<string, CertificateRevocationList>();
  readonly #material: Material;
  readonly #written: Readonly<Record<string, object>>;

  constructor(material: Material, written: Readonly<Record<string, object>>) {
    this.#material = material;
    this.#written = written;
  }

  find(label: string): Certificate | undefined {
    const base64 = this.#material.certificates[label];
    return base64 === undefined ? undefined : this.#get(base64);
  }

  #get(base64: string): Certificate {
    const facts = this.#certificates.get(base64) ?? describeCertificate(Buffer.from(base64, 'base64'));
    this.#certificates.set(base64, facts);
    return facts;
  }

  readDocument(name: string | null, { signedBy = [] }: StoreOptions = {}): Omit<DocumentReading, 'age'> {
    if (name === null) return { content: 'unreachable' };
    const { text, signature } = this.#material.signed[name] ?? {};
    const written = (text === undefined ? this.#written[name] : JSON.parse(text)) as WrittenDocument;
    // The reference expects that every other document of the vectors is valid.
    if (written.schemaVersion > 1) return { content: 'invalid' };
    const content = this.#documents.get(name) ?? this.#decode(written);
    this.#documents.set(name, content);
    const isSigned = text !== undefined && signature !== undefined && isDocumentSigned(text, signature, signedBy);
    return { content, isSigned };
  }

  #decode({ authorities = [], ...document }: WrittenDocument): Document {
    const read = (pem: string): Certificate => this.#get(pem.replace(/-----[A-Z ]+-----|\s/g, ''));
    return {
      ...document,
      authorities: authorities.map(({ trustAnchors, intermediates = [], ...authority }) => ({
        ...authority,
        trustAnchors: trustAnchors.map(read),
        intermediates: intermediates.map(read),
      })),
    };
  }

  readList(label: string): CertificateRevocationList {
    const known = this.#lists.get(label);
    if (known !== undefined) return known;
    const decoding = decodeCertificateRevocationList(Buffer.from(this.#material.lists[label] ?? '', 'base64'));
    if (!decoding.ok) throw new Error(`${label}: ${decoding.fault}`);
    this.#lists.set(label, decoding.value);
    return decoding.value;
  }
}
