import { type CertificateRevocationList, decodeCertificateRevocationList } from '@certgate/x509/path';
import { type Certificate, describeCertificate } from '../facts.js';
import { decide, type Store } from '../reference/decision.js';
import { type Document, findAuthority } from '../reference/document.js';
import type { ListReading } from '../reference/revocation.js';
import { makeTwin } from '../scenes/certificates.js';
import { type Case, describeCases } from './cases.js';
import type { Material } from './make-material.js';

/** The committed file. conformance/README.md says what each member means. */
export interface VectorFile extends Material {
  readonly version: 1;
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

/** What the reference says to each case. */
export function writeVectors({ certificates, lists }: Material): VectorFile {
  const facts = new FactBook({ certificates, lists });
  const { documents, cases } = describeCases({ certificates, lists });
  const vectors = cases.map(({ meaning, ...each }): Vector => {
    const now = Date.parse(each.time);
    const read = each.documents.map((name) => (name === null ? undefined : facts.readDocument(documents[name])));
    const all = read.flatMap((document) => document ?? []);
    const stores = read.map((document): Store => ({
      document,
      lists: facts.readLists(document, all, each.lists ?? {}, now),
    }));
    const label = each.certificate ?? meaning ?? '';
    const caller = certificates[label] === undefined ? label : facts.get(certificates[label]);
    const answer = decide(stores, { caller, functionName: each.function, roles: each.roles, now });
    const { status, code } = answer;
    if (answer.status !== 200) return { ...each, expected: { status, code } };
    const { name, roles } = answer.identity;
    return { ...each, expected: { status, code, identity: { name, roles } } };
  });
  return { version: 1, certificates, lists, documents, vectors };
}

type WrittenDocument = Omit<Document, 'authorities'> & {
  readonly authorities?: readonly (Omit<
    NonNullable<Document['authorities']>[number],
    'trustAnchors' | 'intermediates'
  > & {
    readonly trustAnchors: readonly string[];
    readonly intermediates?: readonly string[];
  })[];
};

/** The same object for the same certificate. */
class FactBook {
  readonly #certificates = new Map<string, Certificate>();
  readonly #material: Material;

  constructor(material: Material) {
    this.#material = material;
  }

  get(base64: string): Certificate {
    const der = Buffer.from(base64, 'base64');
    const facts = this.#certificates.get(base64) ?? describeCertificate(der, listTwins(der));
    this.#certificates.set(base64, facts);
    return facts;
  }

  readDocument(written: object | undefined): Document {
    const { authorities = [], ...document } = written as WrittenDocument;
    const read = (pem: string): Certificate => this.get(pem.replace(/-----[A-Z ]+-----|\s/g, ''));
    return {
      ...document,
      authorities: authorities.map(({ trustAnchors, intermediates = [], ...authority }) => ({
        ...authority,
        trustAnchors: trustAnchors.map(read),
        intermediates: intermediates.map(read),
      })),
    };
  }

  readLists(
    document: Document | undefined,
    documents: readonly Document[],
    labels: NonNullable<Case['lists']>,
    at: number,
  ): Store['lists'] {
    const readings = Object.entries(labels).map(([name, ofAuthority]): [string, ListReading[]] => {
      if (document === undefined) return [name, []];
      const authority = findAuthority(document, name);
      return [
        name,
        ofAuthority.map((label) => ({ source: 'lists', at, documents, authority, list: this.#readList(label) })),
      ];
    });
    return new Map(readings);
  }

  #readList(label: string): CertificateRevocationList {
    const decoding = decodeCertificateRevocationList(Buffer.from(this.#material.lists[label] ?? '', 'base64'));
    if (!decoding.ok) throw new Error(`${label}: ${decoding.fault}`);
    return decoding.value;
  }
}

/** Of a signature by P-256; the others have none here. */
function listTwins(der: Uint8Array): readonly Uint8Array[] {
  try {
    return [makeTwin(der)];
  } catch {
    return [];
  }
}
