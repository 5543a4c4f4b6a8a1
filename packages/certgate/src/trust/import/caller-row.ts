import { isAbsolute, relative, resolve } from 'node:path';
import {
  anyAudience,
  findInstant,
  formatInstant,
  parseTrustDocument,
  TrustDocumentError,
  type TrustDocumentIdentity,
} from '@certgate/core/internal';
import { ToolFailure } from '#local/tool-failure.js';
import { isPlaceholder } from '../administration/edits/identity-edits.js';
import { type KnownCertificate, readKnownCertificate } from './certificate-folder.js';
import type { CsvRow } from '../../files/csv-rows.js';
import {
  explainNoThumbprint,
  findImportedThumbprint,
  type ImportedThumbprint,
  type ImportEntry,
  type ImportRefusal,
} from './import-reading.js';
import { type StatedIdentity, statedColumns } from './stated-identity.js';

export const tableColumns = ['name', 'owner', 'roles', 'functions', 'thumbprint', 'certificate', 'until'] as const;
type TableColumn = (typeof tableColumns)[number];

export function findColumn(cell: string): TableColumn | undefined {
  return tableColumns.find((column) => column === cell.toLowerCase());
}

export interface RowOptions {
  /** The folder of the table. The files of certificates are in it, or below it. */
  readonly folder: string;
  /** The present time, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

export interface RowReading {
  readonly name: string;
  readonly stated?: StatedIdentity;
  readonly entry?: ImportEntry;
}

/** Reads one row of a table of callers, cell by cell. */
export class CallerRow {
  readonly faults: ImportRefusal[] = [];
  readonly #row: CsvRow;
  readonly #columns: readonly (TableColumn | undefined)[];
  readonly #options: RowOptions;

  constructor(row: CsvRow, columns: readonly (TableColumn | undefined)[], options: RowOptions) {
    this.#row = row;
    this.#columns = columns;
    this.#options = options;
  }

  /** Reads the row. If it has `faults`, nothing of the table is imported. */
  async read(): Promise<RowReading> {
    const { cells, fault, number } = this.#row;
    if (fault !== undefined) {
      this.faults.push({ origin: `row ${number}`, item: cells.join(' '), reason: fault });
      return { name: '' };
    }
    if (cells.length !== this.#columns.length) {
      const reason = `it has ${cells.length} cells, and the header has ${this.#columns.length}; put a cell that contains the separator into quotation marks`;
      this.faults.push({ origin: `row ${number}`, item: cells.join(' '), reason });
      return { name: '' };
    }
    const name = this.#getCell('name');
    const stated: StatedIdentity = {
      row: `row ${number}`,
      columns: statedColumns.filter((column) => this.#columns.includes(column)),
      roles: this.#readList('roles'),
      ...this.#readOptional(),
    };
    if (name !== '') this.#expectValid(name, stated);
    const certificate = await this.#readCertificate();
    const thumbprint = this.#readThumbprint(certificate);
    if (name === '') {
      this.#report('name', 'there is no name; write the name of the identity');
      return { name };
    }
    if (thumbprint === undefined) return { name, stated };
    const origin = this.#locate(certificate === undefined ? 'thumbprint' : 'certificate');
    const known = certificate === undefined ? {} : { certificate };
    return { name, stated, entry: { thumbprint, name, origin, stated, ...known } };
  }

  #getCell(column: TableColumn): string {
    return this.#row.cells[this.#columns.indexOf(column)] ?? '';
  }

  #locate(column: TableColumn): string {
    return `row ${this.#row.number}, column ${column}`;
  }

  #report(column: TableColumn, reason: string): void {
    this.faults.push({ origin: this.#locate(column), item: this.#getCell(column), reason });
  }

  /** The words of a cell, which white space or semicolons separate. */
  #readList(column: 'roles' | 'functions'): readonly string[] {
    const cell = this.#getCell(column);
    if (cell.includes(',')) this.#report(column, `separate the ${column} by spaces or semicolons, not by commas`);
    const words = [...new Set(cell.split(/[\s;]+/).filter((word) => word !== ''))];
    const placeholder = words.find(isPlaceholder);
    if (placeholder !== undefined) {
      const empty = column === 'functions' ? 'every function' : 'no role';
      this.#report(
        column,
        `${JSON.stringify(placeholder)} can't be used as a name; write the ${column}, or nothing for ${empty}`,
      );
    }
    // An empty cell means every function, or no role. A cell with only semicolons is a list that lost its names.
    if (cell !== '' && words.length === 0)
      this.#report(column, `there are only separators; write the ${column}, or nothing`);
    return words;
  }

  /** Reads the cells that may be empty. An empty cell means every function, no owner or no end. */
  #readOptional(): Pick<StatedIdentity, 'functions' | 'owner' | 'expiresAt'> {
    const functions = this.#readList('functions');
    const owner = this.#getCell('owner');
    const expiresAt = this.#readEnd();
    return {
      ...(functions.length === 0 ? {} : { functions }),
      ...(owner === '' ? {} : { owner }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
  }

  /**
   * Reads the end of access. A date includes its last second in UTC. Undefined if the cell gives no end. A cell that
   * can't be read is reported too.
   */
  #readEnd(): string | undefined {
    const cell = this.#getCell('until');
    if (cell === '') return undefined;
    const day = /^\d{4}-\d{2}-\d{2}$/.test(cell) ? findInstant(`${cell}T00:00:00Z`) : undefined;
    const end = day === undefined ? findInstant(cell) : day + 86_400_000;
    if (end === undefined) {
      this.#report('until', 'write a date like 2027-12-31, or a time in UTC like 2027-12-31T12:00:00Z');
      return undefined;
    }
    if (end <= this.#options.now) this.#report('until', 'that is in the past; correct it, or remove the row');
    return formatInstant(end);
  }

  /** Reports what the apps' own reader would refuse, because it decides about every document. */
  #expectValid(name: string, { roles, functions, owner, expiresAt }: StatedIdentity): void {
    const identity: TrustDocumentIdentity = {
      name,
      roles,
      ...(functions === undefined ? {} : { functions }),
      ...(owner === undefined ? {} : { owner }),
      ...(expiresAt === undefined ? {} : { expiresAt }),
    };
    try {
      const document = { schemaVersion: 1, revision: 1, identities: [identity] };
      parseTrustDocument(JSON.stringify(document), { audience: anyAudience });
    } catch (fault) {
      if (!(fault instanceof TrustDocumentError)) throw fault;
      for (const { path, message } of fault.problems) {
        const key = /^identities\[0\]\.(\w+)/.exec(path)?.[1] ?? 'name';
        this.#report(key === 'expiresAt' ? 'until' : (findColumn(key) ?? 'name'), message);
      }
    }
  }

  async #readCertificate(): Promise<KnownCertificate | undefined> {
    const file = this.#getCell('certificate');
    if (file === '') return undefined;
    const { folder, now } = this.#options;
    const path = resolve(folder, file);
    const fromFolder = relative(folder, path);
    // A path elsewhere on this machine, or on another one (`\\host\…`), is refused: the author of the table must not
    // choose which files are opened.
    if (isAbsolute(file) || isAbsolute(fromFolder) || /^\.\.(?:[\\/]|$)/.test(fromFolder) || file.startsWith('\\')) {
      this.#report('certificate', "name a file in the table's folder or below it");
      return undefined;
    }
    try {
      return await readKnownCertificate(path, file, now);
    } catch (fault) {
      if (!(fault instanceof ToolFailure)) throw fault;
      this.#report('certificate', [fault.message, fault.remedy ?? ''].join(' ').trim());
      return undefined;
    }
  }

  #readThumbprint(certificate: KnownCertificate | undefined): ImportedThumbprint | undefined {
    const cell = this.#getCell('thumbprint');
    const file = this.#getCell('certificate');
    const thumbprint = cell === '' ? undefined : findImportedThumbprint(cell);
    if (cell !== '' && thumbprint === undefined) {
      this.#report('thumbprint', `${explainNoThumbprint(cell)}; write the SHA-256 thumbprint`);
    }
    if (cell === '' && file === '') {
      this.#report('thumbprint', 'write a thumbprint, or the file of the certificate in the column certificate');
    }
    if (certificate === undefined) return thumbprint;
    const { thumbprintSha1, thumbprintSha256 } = certificate.hashes;
    if (thumbprint !== undefined && ![thumbprintSha1, thumbprintSha256].includes(thumbprint.value)) {
      this.#report('thumbprint', `${file} is another certificate, with the SHA-256 thumbprint ${thumbprintSha256}`);
    }
    return { algorithm: 'sha256', value: thumbprintSha256 };
  }
}
