/** A thumbprint in upper-case hexadecimal, with its algorithm. */
export interface ImportedThumbprint {
  readonly algorithm: 'sha1' | 'sha256';
  readonly value: string;
}

/** One certificate that what is imported lets in. */
export interface ImportEntry {
  readonly thumbprint: ImportedThumbprint;
  /** What the input calls the caller; undefined where it names nobody. */
  readonly name: string | undefined;
  /** Where it stands, for messages: `line 3`. */
  readonly origin: string;
  /** What the input asked besides the thumbprint, and what became of it. */
  readonly notes: readonly string[];
}

/** Something of the input that does not become a pin, and why. */
export interface ImportRefusal {
  readonly origin: string;
  readonly item: string;
  readonly reason: string;
}

/** What was found in a list or a policy. */
export interface ImportReading {
  readonly format: 'list' | 'policy';
  readonly entries: readonly ImportEntry[];
  /** Understood, but not to be had in a trust document without letting in more than before. */
  readonly refusals: readonly ImportRefusal[];
  /** Not understood: a slip of the pen. Nothing is imported as long as there is one. */
  readonly faults: readonly ImportRefusal[];
  /** What holds for the whole input. */
  readonly notes: readonly string[];
}
