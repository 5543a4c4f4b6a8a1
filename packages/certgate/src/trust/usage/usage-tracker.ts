// usage/: who was admitted when and by which entry of a trust document, from the lines of gates, and how certain that is
import type { DecisionLogLine, StatusLogLine } from '@certgate/core/internal';
import type { LogRecord } from '../../log/reading/log-record.js';
import { SeenLines } from '../../log/reading/seen-lines.js';

/** A certificate in the lines. Times are in milliseconds since 1970-01-01T00:00:00Z. */
export interface CertificateTally {
  readonly thumbprintSha256: string;
  /** The last admission with the certificate; undefined if lines only show when its access ends. */
  last: number | undefined;
  /** When the access with the certificate ends, according to a warning in the lines; undefined if there is none. */
  endsAt: number | undefined;
}

/** The admissions of one identity by one pin or name. */
export interface MatchTally {
  readonly matchedBy: string;
  /** The name, or the first 16 digits of the pin, that matched; undefined if the line doesn't say. */
  readonly matched: string | undefined;
  first: number;
  last: number;
  lastApp: string;
  /**
   * The function of the last admission; undefined if a status line shows that admission, because it names no function.
   */
  lastFunction: string | undefined;
  /** The numbers of calls by app and process. Status lines and decision lines count the same calls. */
  readonly apps: Map<string, { status: number; decisions: number }>;
  readonly functions: Map<string, { calls: number; last: number }>;
  readonly certificates: Map<string, CertificateTally>;
  /** The certificate of the line before, because the next line nearly always has the same. */
  certificate: CertificateTally | undefined;
}

/** What the lines show about one identity, whose name may be written in several letter cases. */
export interface IdentityTally {
  readonly name: string;
  readonly matches: MatchTally[];
  /** Refusals by code: those that have a line, and those that such a line sums up. */
  readonly refusals: Map<string, { calls: number; last: number }>;
  /** Refusals that only lines of the event `suppressed` report. Such a line doesn't show which code each identity got. */
  suppressed: number;
  /** The certificates that warnings name; those of admissions are in `matches`. */
  readonly certificates: Map<string, CertificateTally>;
}

/**
 * The maximum number of names of identities, each spelling included: authorities may admit any number of callers, and
 * so may a custom trust store.
 */
const maximumIdentities = 20_000;
const maximumMatches = 100_000;
export const maximumFunctions = 1_000;
export const maximumCertificates = 20;

/**
 * Counts what lines show about callers. Its memory grows with the number of callers, and by a few bytes for each status
 * line.
 */
export class UsageTracker {
  readonly #byKey = new Map<string, IdentityTally>();
  /** The tallies by names as lines write them, so that no new text is made for each line. */
  readonly #bySpelling = new Map<string, IdentityTally>();
  #matches = 0;
  #leftOut = 0;
  readonly #digests = new Set<string>();
  readonly #from: number;
  readonly #seen = new SeenLines();

  /**
   * @param from the first moment that is included, in milliseconds since 1970-01-01T00:00:00Z. The first status lines
   * also report earlier calls.
   */
  constructor(from: number = Number.NEGATIVE_INFINITY) {
    this.#from = from;
  }

  note({ line, time, app }: LogRecord): void {
    switch (line.event) {
      case 'decision':
        this.#noteDecision(line, time, app);
        break;
      case 'status':
        this.#noteStatus(line, app);
        break;
      case 'suppressed':
        for (const [name, count] of Object.entries(line.identities ?? {})) {
          const tally = this.#findIdentity(name);
          if (tally !== undefined) tally.suppressed += count;
        }
        break;
      case 'expiry':
      case 'renewal': {
        const { identity, thumbprintSha256, endsAt } = line;
        const certificates = this.#findIdentity(identity)?.certificates;
        if (certificates !== undefined && thumbprintSha256 !== undefined)
          noteCertificate(certificates, thumbprintSha256, undefined).endsAt = Date.parse(endsAt);
        break;
      }
      default:
    }
  }

  get identities(): readonly IdentityTally[] {
    return [...this.#byKey.values()];
  }

  /** How often a caller in a line was left out because a limit was reached. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Whether a line shows a document with this SHA-256 (hexadecimal) in use. */
  hasDocument(sha256: string): boolean {
    const digest = sha256.toUpperCase();
    return this.#digests.has(digest) || this.#digests.has(digest.slice(0, 16));
  }

  #noteDecision(line: DecisionLogLine, time: number, app: string): void {
    const { outcome, identity, matchedBy, thumbprintSha256, trustSha256 } = line;
    if (trustSha256 !== undefined) this.#noteDigest(trustSha256);
    if (outcome === 'denied') this.#noteRefusal(line, time);
    if (outcome !== 'allowed' || identity === undefined || matchedBy === undefined) return;
    const match = this.#findMatch(identity, matchedBy, line.matched ?? deriveMatched(line));
    if (match === undefined) return;
    countOf(match, app, line.process).decisions += 1;
    if (time >= match.last) {
      match.last = time;
      match.lastApp = app;
      match.lastFunction = line.function;
    }
    match.first = Math.min(match.first, time);
    const known = match.functions.get(line.function);
    if (known !== undefined) {
      known.calls += 1;
      known.last = Math.max(known.last, time);
    } else if (match.functions.size < maximumFunctions) match.functions.set(line.function, { calls: 1, last: time });
    if (thumbprintSha256 === undefined) return;
    const { certificate } = match;
    if (certificate?.thumbprintSha256 !== thumbprintSha256)
      match.certificate = noteCertificate(match.certificates, thumbprintSha256, time);
    else if (time > (certificate.last ?? 0)) certificate.last = time;
  }

  #noteRefusal({ identity, claimedBy, claimedIdentity, code, suppressed = 0 }: DecisionLogLine, time: number): void {
    // A refused caller without an identity is known if an authority of the document issued its certificate. Anybody can
    // make any other claim.
    const name = identity ?? (claimedBy === 'path' ? claimedIdentity : undefined);
    if (name === undefined) return;
    const refusals = this.#findIdentity(name)?.refusals;
    const known = refusals?.get(code);
    if (known === undefined) refusals?.set(code, { calls: 1 + suppressed, last: time });
    else {
      known.calls += 1 + suppressed;
      known.last = Math.max(known.last, time);
    }
  }

  #noteStatus({ time, process, since, part, callers, trust = [] }: StatusLogLine, app: string): void {
    for (const { sha256 } of trust) if (sha256 !== undefined) this.#noteDigest(sha256);
    // Two lines that agree in all these times and numbers are one line of one process, even if their files name
    // different apps.
    if (callers.length > 0 && !this.#seen.add(JSON.stringify([time, process, since, part, callers]))) return;
    for (const caller of callers) {
      const match = this.#findMatch(caller.identity, caller.matchedBy, caller.matched);
      if (match === undefined) continue;
      const [first, last] = [Date.parse(caller.first), Date.parse(caller.last)];
      // If calls began before `#from` and ended after it, at least the last one was after it.
      countOf(match, app, process).status += first >= this.#from ? caller.calls : last >= this.#from ? 1 : 0;
      if (last > match.last) {
        match.last = last;
        match.lastApp = app;
        match.lastFunction = undefined;
      }
      match.first = Math.min(match.first, first);
    }
  }

  #noteDigest(digests: string): void {
    if (this.#digests.has(digests) || this.#digests.size >= maximumDigests) return;
    this.#digests.add(digests);
    for (const digest of digests.split(',')) this.#digests.add(digest);
  }

  #findIdentity(name: string): IdentityTally | undefined {
    const known = this.#bySpelling.get(name);
    if (known !== undefined) return known;
    const key = name.toLowerCase();
    const tally = this.#byKey.get(key) ?? {
      name,
      matches: [],
      refusals: new Map(),
      suppressed: 0,
      certificates: new Map(),
    };
    if (this.#bySpelling.size >= maximumIdentities) {
      this.#leftOut += 1;
      return undefined;
    }
    this.#byKey.set(key, tally);
    this.#bySpelling.set(name, tally);
    return tally;
  }

  #findMatch(name: string, matchedBy: string, matched: string | undefined): MatchTally | undefined {
    const identity = this.#findIdentity(name);
    if (identity === undefined) return undefined;
    for (const each of identity.matches) if (each.matched === matched && each.matchedBy === matchedBy) return each;
    if (this.#matches >= maximumMatches) {
      this.#leftOut += 1;
      return undefined;
    }
    this.#matches += 1;
    const match: MatchTally = {
      matchedBy,
      matched,
      first: Number.POSITIVE_INFINITY,
      last: Number.NEGATIVE_INFINITY,
      lastApp: '',
      lastFunction: undefined,
      apps: new Map(),
      functions: new Map(),
      certificates: new Map(),
      certificate: undefined,
    };
    identity.matches.push(match);
    return match;
  }
}

const maximumDigests = 10_000;

/**
 * A line of an admission that would be too long omits the pin's digits if they are the certificate's own thumbprint.
 */
function deriveMatched({ matchedBy = '', thumbprintSha256 }: DecisionLogLine): string | undefined {
  return matchedBy.startsWith('thumbprintSha256') ? thumbprintSha256?.slice(0, 16) : undefined;
}

function countOf({ apps }: MatchTally, app: string, process = ''): { status: number; decisions: number } {
  const key = `${process}/${app}`;
  let counts = apps.get(key);
  if (counts === undefined) apps.set(key, (counts = { status: 0, decisions: 0 }));
  return counts;
}

/** If a caller gets a new certificate every hour, only the latest ones are kept. */
function noteCertificate(
  certificates: Map<string, CertificateTally>,
  thumbprintSha256: string,
  time: number | undefined,
): CertificateTally {
  let tally = certificates.get(thumbprintSha256);
  if (tally === undefined) {
    if (certificates.size >= maximumCertificates) {
      const [oldest] = [...certificates.values()].sort((one, other) => (one.last ?? 0) - (other.last ?? 0));
      certificates.delete(oldest?.thumbprintSha256 ?? '');
    }
    certificates.set(thumbprintSha256, (tally = { thumbprintSha256, last: time, endsAt: undefined }));
  } else if (time !== undefined && time > (tally.last ?? 0)) tally.last = time;
  return tally;
}
