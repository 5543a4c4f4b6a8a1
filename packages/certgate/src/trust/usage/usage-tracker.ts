// usage/: who was admitted when and by which entry of a trust document, from the lines of gates, and how certain that is
import type { DecisionLogLine, StatusLogLine } from '@certgate/core/internal';
import type { LogRecord } from '../../log/reading/log-record.js';
import { SeenLines } from '../../log/reading/seen-lines.js';

/** A certificate in the lines; times in milliseconds. */
export interface CertificateTally {
  readonly thumbprintSha256: string;
  /** Of the admissions with it; undefined: lines only tell when it ends. */
  last: number | undefined;
  /** When the access with it ends, as a warning has told; undefined: none has. */
  endsAt: number | undefined;
}

/** The admissions of one identity by one pin or name. */
export interface MatchTally {
  readonly matchedBy: string;
  /** The name, or the first 16 digits of the pin; undefined: the line doesn't say. */
  readonly matched: string | undefined;
  first: number;
  last: number;
  lastApp: string;
  /** Undefined: a status line tells of the last admission, which names none. */
  lastFunction: string | undefined;
  /** By app and process, of which status lines and decision lines tell of the same calls. */
  readonly apps: Map<string, { status: number; decisions: number }>;
  readonly functions: Map<string, { calls: number; last: number }>;
  readonly certificates: Map<string, CertificateTally>;
  /** Of the line before, which nearly always has the same. */
  certificate: CertificateTally | undefined;
}

/** What the lines tell of one identity, whose name may be written in several letter cases. */
export interface IdentityTally {
  readonly name: string;
  readonly matches: MatchTally[];
  /** By code: the refusals that have lines, with those that such a line counts. */
  readonly refusals: Map<string, { calls: number; last: number }>;
  /** Refusals without a line of their own, of which the code is not known. */
  suppressed: number;
  /** Of which warnings tell; those of admissions are in `matches`. */
  readonly certificates: Map<string, CertificateTally>;
}

/** Authorities may admit callers without end, and so may a trust store of the app's own. */
const maximumIdentities = 20_000;
const maximumMatches = 100_000;
export const maximumFunctions = 1_000;
export const maximumCertificates = 20;

/** Counts what lines tell of callers. Its memory grows with the callers, not with the lines. */
export class UsageTracker {
  readonly #byKey = new Map<string, IdentityTally>();
  /** As written in lines: nothing is made anew for each line. */
  readonly #bySpelling = new Map<string, IdentityTally>();
  #matches = 0;
  #leftOut = 0;
  readonly #digests = new Set<string>();
  readonly #from: number;
  readonly #seen = new SeenLines();

  /** `from`, in milliseconds: the calls before are not counted, of which the first status lines tell too. */
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

  /** How many lines about callers found no room. */
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
    // Who has a certificate of an authority of the document is known, though it is refused; any other claim is anybody's.
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
    // With the milliseconds of so many calls, it is one line of one process, though another file names another app.
    if (callers.length > 0 && !this.#seen.add(JSON.stringify([time, process, since, part, callers]))) return;
    for (const caller of callers) {
      const match = this.#findMatch(caller.identity, caller.matchedBy, caller.matched);
      if (match === undefined) continue;
      const [first, last] = [Date.parse(caller.first), Date.parse(caller.last)];
      // Of several calls from before until after that time, at least the last one is after it.
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
      ...{ name, matches: [], refusals: new Map(), suppressed: 0, certificates: new Map() },
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
      ...{ matchedBy, matched, first: Number.POSITIVE_INFINITY, last: Number.NEGATIVE_INFINITY },
      ...{ lastApp: '', lastFunction: undefined, apps: new Map(), functions: new Map(), certificates: new Map() },
      certificate: undefined,
    };
    identity.matches.push(match);
    return match;
  }
}

const maximumDigests = 10_000;

/** A line of an admission that would be too long leaves out the digits of a pin that is the certificate's own thumbprint. */
function deriveMatched({ matchedBy = '', thumbprintSha256 }: DecisionLogLine): string | undefined {
  return matchedBy.startsWith('thumbprintSha256') ? thumbprintSha256?.slice(0, 16) : undefined;
}

function countOf({ apps }: MatchTally, app: string, process = ''): { status: number; decisions: number } {
  const key = `${process}/${app}`;
  let counts = apps.get(key);
  if (counts === undefined) apps.set(key, (counts = { status: 0, decisions: 0 }));
  return counts;
}

/** Of a caller that gets a new certificate every hour, the latest stay. */
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
