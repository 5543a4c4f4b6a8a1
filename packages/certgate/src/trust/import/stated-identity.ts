import { findInstant, type TrustDocumentIdentity } from '@certgate/core/internal';

/** The columns about the caller itself, not about its certificate. */
export const statedColumns = ['owner', 'roles', 'functions', 'until'] as const;

export type StatedColumn = (typeof statedColumns)[number];

type StatedMembers = Pick<TrustDocumentIdentity, 'owner' | 'roles' | 'functions' | 'expiresAt'>;

/** What a row says about its caller. */
export interface StatedIdentity extends StatedMembers {
  /** The row for messages, e.g. `row 3`. */
  readonly row: string;
  /**
   * The columns that the input has. A column that it doesn't have says nothing, which is not the same as an empty cell.
   */
  readonly columns: readonly StatedColumn[];
}

/**
 * The first column whose cell differs from the identity; undefined if none does. The order of roles and functions makes
 * no difference.
 */
export function findDisagreement(stated: StatedIdentity, identity: StatedMembers): StatedColumn | undefined {
  return stated.columns.find((column) => sayColumn(stated, column) !== sayColumn(identity, column));
}

function sayColumn({ owner, roles, functions, expiresAt }: StatedMembers, column: StatedColumn): string {
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
