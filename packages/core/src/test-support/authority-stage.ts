import { type TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { toPem } from './authority-certificates.js';
import { clientExtensions } from '@certgate/x509/test-support/certificates.js';
import { type IdentityInput, documentOf } from './documents.js';
import {
  type IssueRequest,
  type MadeAuthority,
  authorityExtensions,
  issue,
} from '@certgate/x509/test-support/revocation.js';

/** A caller's certificate, and the header in which it arrives. */
export interface MadeCaller extends MadeAuthority {
  readonly header: string;
}

interface Stage {
  readonly root: MadeAuthority;
  readonly issuing: MadeAuthority;
  /** CAs with the names of `root` and `issuing`, and with other keys. */
  readonly impostorRoot: MadeAuthority;
  readonly impostor: MadeAuthority;
}

let stage: Stage | undefined;

/** The CAs of the authority "corp", and of an impostor that uses their names. They are made once per process. */
export function getStage(): Stage {
  if (stage !== undefined) return stage;
  const root = issue({ name: 'Corp root', key: 'p-384' });
  const impostorRoot = issue({ name: 'Corp root', key: 'p-521' });
  stage = {
    root,
    issuing: issue({ name: 'Corp issuing CA', issuer: root, serialNumber: '0A01' }),
    impostorRoot,
    impostor: issue({ name: 'Corp issuing CA', key: 'ed25519', issuer: impostorRoot }),
  };
  return stage;
}

export interface CallerRequest extends Partial<IssueRequest> {
  /** Entries of the subject alternative name, like `DNS:billing.corp.example`. */
  readonly names?: readonly string[];
}

/** Issues a certificate as an ordinary CA issues it to a client. The issuer is "corp" if the request names no other. */
export function issueCaller(request: CallerRequest = {}): MadeCaller {
  const { names = ['DNS:billing.corp.example'], extensions = clientExtensions, ...rest } = request;
  const alternative = names.length === 0 ? [] : [`subjectAltName = ${names.join(', ')}`];
  const made = issue({
    issuer: getStage().issuing,
    name: 'billing',
    key: 'p-256-again',
    ...rest,
    extensions: [...extensions, ...alternative],
  });
  return { ...made, header: made.der.toString('base64') };
}

/** An intermediate CA below the root. `request` says in what it is special. */
export function issueIntermediate(request: Partial<IssueRequest>): MadeAuthority {
  return issue({ name: 'Corp issuing CA', issuer: getStage().root, extensions: authorityExtensions, ...request });
}

export interface AuthorityInput {
  readonly name?: string;
  readonly anchors?: readonly MadeAuthority[];
  readonly intermediates?: readonly MadeAuthority[];
  readonly [key: string]: unknown;
}

export function authorityOf({ name = 'corp', anchors, intermediates, ...more }: AuthorityInput = {}): object {
  const { root, issuing } = getStage();
  return {
    name,
    trustAnchors: (anchors ?? [root]).map(({ der }) => toPem(der)),
    intermediates: (intermediates ?? [issuing]).map(({ der }) => toPem(der)),
    ...more,
  };
}

/** A document with these authorities; only with "corp" if none are given. */
export function issuedDocument(
  identities: readonly IdentityInput[],
  { authorities = [authorityOf()], ...more }: { readonly authorities?: readonly object[]; [key: string]: unknown } = {},
): object {
  return documentOf(identities, { authorities, ...more });
}

export function issuedSnapshot(...parameters: Parameters<typeof issuedDocument>): TrustSnapshot {
  return parseTrustDocument(issuedDocument(...parameters));
}

/** An identity bound to the name that `issueCaller` uses by default. */
export const billing: IdentityInput = {
  name: 'billing',
  names: [{ issuedBy: 'corp', dns: 'billing.corp.example' }],
};
