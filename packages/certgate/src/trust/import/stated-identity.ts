import { findInstant, type TrustDocumentIdentity } from '@certgate/core/internal';

/** The columns that say something of a caller itself, not of a certificate. */
export const statedColumns = ['owner', 'roles', 'functions', 'until'] as const;

export type StatedColumn = (typeof statedColumns)[number];

type Said = Pick<TrustDocumentIdentity, 'owner' | 'roles' | 'functions' | 'expiresAt'>;

/** What a row says of its caller. */
export interface StatedIdentity extends Said {
  /** For messages: `row 3`. */
  readonly row: string;
  /** A column that the input doesn't have says nothing, which is not the same as an empty cell. */
  readonly columns: readonly StatedColumn[];
}

/** The first column whose cell and the identity differ; the order of roles and functions says nothing. */
export function findDisagreement(stated: StatedIdentity, identity: Said): StatedColumn | undefined {
  return stated.columns.find((column) => sayColumn(stated, column) !== sayColumn(identity, column));
}

function sayColumn({ owner, roles, functions, expiresAt }: Said, column: StatedColumn): string {
  switch (column) {
    case 'owner':
      return owner ?? '';
    case 'roles':
      return sayList(roles);
    case 'functions':
      return functions === undefined ? 'all' : sayList(functions.map((name) => name.toLowerCase()));
    case 'until':
      return String(expiresAt === undefined ? undefined : findInstant(expiresAt));
  }
}

function sayList(texts: readonly string[]): string {
  return JSON.stringify([...new Set(texts)].sort());
}
