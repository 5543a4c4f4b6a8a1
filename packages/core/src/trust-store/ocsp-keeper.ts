import type { OcspWanted } from '../trust-snapshot/authority-path.js';
import type { OcspResponse, PathCertificate, RevocationStatus } from '@certgate/x509/path';
import { hashHex } from '@certgate/x509/internal';
import { describeFault } from '../encoding/describe-fault.js';
import { postOcspRequest } from '../trust-sources/http-exchange.js';
import { readWithin } from '../trust-sources/trust-source.js';
import { redactUrl } from '../encoding/shown-url.js';
import { loadPathValidation } from '../load-path-validation.js';

/** After a usable answer, the same question is not asked again for this long, even if the answer was not enough. */
const askedAgainAfterMilliseconds = 5_000;
interface OcspLimits {
  readonly answerTimeoutMilliseconds: number;
  readonly maximumKept: number;
}

const defaultLimits: OcspLimits = Object.freeze({
  /** Short, because a request waits for the answer. */
  answerTimeoutMilliseconds: 5_000,
  maximumKept: 4096,
});
/** The most questions that one responder is asked at the same time. */
const maximumAtOnce = 16;
const maximumWaiting = 256;
const firstPauseMilliseconds = 1_000;
const longestPauseMilliseconds = 30_000;

/** A responder, and whether its answer may lack the nonce of the question. */
export type OcspSource = Pick<OcspWanted, 'responder' | 'allowMissingNonce'>;

/** The recent failures of a responder, or of a question about one certificate. */
interface Setback {
  readonly failures: number;
  /**
   * [since, pausedUntil) in milliseconds since 1970-01-01T00:00:00Z: nothing is asked in this interval. `since` keeps a
   * clock that was set back from extending the pause.
   */
  readonly since: number;
  readonly pausedUntil: number;
  readonly fault: string;
}

interface RevokedAnswer {
  /** The question that `response` answers, by `nameQuestion`. */
  readonly key: string;
  readonly issuer: PathCertificate;
  readonly response: OcspResponse;
  readonly isOnHold: boolean;
}

/**
 * Asks the OCSP responders (RFC 6960) that the operator configured, and keeps their answers. It asks the same question
 * once at a time, few questions at once, and none if the responder failed a moment ago, so that a caller can't use it
 * to flood a responder.
 *
 * A certificate is identified by what its issuer signed (the TBSCertificate), whatever the signature. Otherwise, the
 * other ECDSA signature of a revoked certificate, which anybody can compute, would make a second certificate without an
 * answer. Only certificates whose signature was verified come here, so a forged one can't spoil the answers for the
 * genuine one.
 */
export class OcspKeeper {
  /** By question. */
  readonly #good = new Map<string, OcspResponse>();
  /**
   * By certificate, whichever responder said it, so that a good answer of another responder does not replace a
   * revocation. There is one entry for each key of an issuer, since two CAs of the same name may have signed the same
   * contents.
   */
  readonly #revoked = new Map<string, readonly RevokedAnswer[]>();
  #revocations = 0;
  readonly #askedAt = new Map<string, number>();
  readonly #inFlight = new Map<string, Promise<void>>();
  /** By responder: the questions of `#inFlight` that are being asked. The others wait. */
  readonly #running = new Map<string, Set<Promise<void>>>();
  /** By responder: failures to reach it. */
  readonly #responderSetbacks = new Map<string, Setback>();
  /**
   * By question: failures that must not keep other questions from being asked, such as an answer that could not be
   * used.
   */
  readonly #certificateSetbacks = new Map<string, Setback>();
  readonly #limits: OcspLimits;

  /** Limits other than the defaults are for tests. */
  constructor(limits: Partial<OcspLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  /**
   * How many revocations were learned. An earlier decision that is remembered may be about the certificate of the
   * latest one.
   */
  get revocations(): number {
    return this.#revocations;
  }

  /**
   * The kept answers about a certificate. If `source` is undefined, the authority has no responder any more, and only
   * revocations are found.
   */
  find(source: OcspSource | undefined, certificate: PathCertificate): readonly OcspResponse[] {
    const good = source && this.#good.get(nameQuestion({ ...source, certificate }));
    const revoked = this.#revoked.get(nameCertificate(certificate)) ?? [];
    return [...revoked.map(({ response }) => response), ...(good === undefined ? [] : [good])];
  }

  /** Why there is no new answer, for the operator. Undefined if no failure is known. */
  findFault(source: OcspSource, certificate: PathCertificate): string | undefined {
    const { responder } = source;
    const key = nameQuestion({ ...source, certificate });
    const setback = this.#certificateSetbacks.get(key) ?? this.#responderSetbacks.get(responder);
    return setback && `OCSP responder ${redactUrl(new URL(responder))}: ${setback.fault}.`;
  }

  /**
   * Asks a responder about a certificate, unless it gave a usable answer or failed a moment ago. Never rejects. If no
   * usable answer comes, the kept answers stay as they are.
   */
  ask(wanted: OcspWanted, now: number): Promise<void> {
    const { responder } = wanted;
    const key = nameQuestion(wanted);
    const present = this.#inFlight.get(key);
    if (present !== undefined) return present;
    const askedAt = this.#askedAt.get(key) ?? Number.POSITIVE_INFINITY;
    const wasAsked = now >= askedAt && now < askedAt + askedAgainAfterMilliseconds;
    if (wasAsked || this.#isPaused(responder, key, now)) return Promise.resolve();
    if (this.#inFlight.size >= maximumWaiting) {
      this.#noteSetback(
        this.#certificateSetbacks,
        key,
        `${maximumWaiting} questions are already waiting for an answer`,
        now,
      );
      return Promise.resolve();
    }
    const answer = this.#askInTurn(wanted, key, now).finally(() => {
      this.#inFlight.delete(key);
    });
    this.#inFlight.set(key, answer);
    return answer;
  }

  #isPaused(responder: string, key: string, now: number): boolean {
    return [this.#responderSetbacks.get(responder), this.#certificateSetbacks.get(key)].some(
      (setback) => setback !== undefined && now >= setback.since && now < setback.pausedUntil,
    );
  }

  /**
   * Waits while the responder is asked enough questions already. If an app wakes to many callers at once, it must not
   * refuse most of them.
   */
  async #askInTurn(wanted: OcspWanted, key: string, now: number): Promise<void> {
    const { responder } = wanted;
    const running = this.#running.get(responder) ?? new Set();
    this.#running.set(responder, running);
    const began = performance.now();
    // The other questions may have failed after `now`.
    const later = (): number => now + (performance.now() - began);
    while (running.size >= maximumAtOnce) {
      await Promise.race(running);
      // The responder may have failed to answer the questions before.
      if (this.#isPaused(responder, key, later())) return;
      if (performance.now() - began > this.#limits.answerTimeoutMilliseconds) {
        const fault = 'others were asked about first, and that took too long';
        this.#noteSetback(this.#certificateSetbacks, key, fault, later());
        return;
      }
    }
    const turn = this.#askNow(wanted, key, later()).finally(() => {
      running.delete(turn);
    });
    running.add(turn);
    await turn;
  }

  async #askNow(wanted: OcspWanted, key: string, now: number): Promise<void> {
    const { responder, allowMissingNonce, certificate, issuer } = wanted;
    const began = performance.now();
    const nonce = loadPathValidation().createOcspNonce();
    const der = loadPathValidation().encodeOcspRequest({ certificate, issuer, nonce });
    let bytes: Uint8Array;
    try {
      const url = new URL(responder);
      bytes = await readWithin(this.#limits.answerTimeoutMilliseconds, (signal) => postOcspRequest(url, der, signal));
    } catch (error) {
      this.#noteSetback(this.#responderSetbacks, responder, describeFault(error), now);
      return;
    }
    this.#responderSetbacks.delete(responder);
    const decoding = loadPathValidation().decodeOcspResponse(bytes);
    if (!decoding.ok) {
      this.#noteSetback(this.#certificateSetbacks, key, `its answer can't be read (${decoding.fault})`, now);
      return;
    }
    const { value: response } = decoding;
    const judge = (responses: readonly OcspResponse[], mayLackNonce = allowMissingNonce): RevocationStatus =>
      loadPathValidation().findOcspStatus({
        certificate,
        issuer,
        responses,
        nonce,
        allowMissingNonce: mayLackNonce,
        profile: 'strict',
        now: now + (performance.now() - began),
        graceMilliseconds: 0,
        clockSkewMilliseconds: loadPathValidation().ocspClockSkewMilliseconds,
        // Whether the responder itself is revoked is checked by the decision.
        isResponderGood: () => true,
        isAlgorithmAccepted: (algorithm) => loadPathValidation().isAlgorithmAccepted(algorithm, 'strict'),
      });
    const status = judge([response]);
    if (status.status === 'unknown') {
      const fault = loadPathValidation().describeRevocationGaps(status.gaps);
      this.#noteSetback(this.#certificateSetbacks, key, fault, now);
      return;
    }
    this.#certificateSetbacks.delete(key);
    this.#keepBounded(this.#askedAt, key, now);
    if (status.status === 'revoked') {
      this.#keepRevoked(certificate, { key, issuer, response, isOnHold: status.reason === 'certificateHold' });
      return;
    }
    const held = this.#findRevoked(certificate, issuer);
    // RFC 5280 §5.3.1: a certificate comes back only from a hold, and only by a newer answer of the responder that put
    // it on hold. An answer with the nonce is new. Without the nonce, somebody may have recorded it before the hold, so
    // its date must be later.
    const isNewerThan = (before: OcspResponse): boolean =>
      judge([response], false).status === 'good' || judge([before, response]).status === 'good';
    if (held?.isOnHold === true && held.key === key && isNewerThan(held.response))
      this.#forgetRevoked(certificate, held);
    this.#keepBounded(this.#good, key, response);
  }

  #findRevoked(certificate: PathCertificate, issuer: PathCertificate): RevokedAnswer | undefined {
    return this.#revoked.get(nameCertificate(certificate))?.find((revoked) => isSameKey(revoked.issuer, issuer));
  }

  /** Keeps a revocation. A hold never replaces a final revocation. */
  #keepRevoked(certificate: PathCertificate, revoked: RevokedAnswer): void {
    const before = this.#findRevoked(certificate, revoked.issuer);
    if (before === undefined) this.#revocations += 1;
    if (revoked.isOnHold && before?.isOnHold === false) return;
    const others = this.#listRevokedBut(certificate, before);
    this.#keepBounded(this.#revoked, nameCertificate(certificate), [...others, revoked]);
  }

  #forgetRevoked(certificate: PathCertificate, revoked: RevokedAnswer): void {
    const others = this.#listRevokedBut(certificate, revoked);
    if (others.length > 0) this.#revoked.set(nameCertificate(certificate), others);
    else this.#revoked.delete(nameCertificate(certificate));
  }

  #listRevokedBut(certificate: PathCertificate, revoked: RevokedAnswer | undefined): readonly RevokedAnswer[] {
    return (this.#revoked.get(nameCertificate(certificate)) ?? []).filter((each) => each !== revoked);
  }

  #noteSetback(setbacks: Map<string, Setback>, key: string, fault: string, now: number): void {
    const failures = (setbacks.get(key)?.failures ?? 0) + 1;
    const pause = Math.min(firstPauseMilliseconds * 2 ** Math.min(failures - 1, 10), longestPauseMilliseconds);
    this.#keepBounded(setbacks, key, { failures, since: now, pausedUntil: now + pause, fault });
  }

  #keepBounded<T>(map: Map<string, T>, key: string, value: T): void {
    map.delete(key);
    map.set(key, value);
    const [oldest = key] = map.keys();
    if (map.size > this.#limits.maximumKept) map.delete(oldest);
  }
}

/**
 * Identifies a question. Whether the nonce may be missing is part of it: an answer to an authority that doesn't need
 * the nonce must not be used for one that does.
 */
function nameQuestion({ responder, allowMissingNonce, certificate }: Omit<OcspWanted, 'issuer'>): string {
  return `${nameCertificate(certificate)} ${allowMissingNonce ? 'any' : 'nonce'} ${responder}`;
}

/** Identifies a certificate by its TBSCertificate (RFC 5280 §4.1.1.1). */
function nameCertificate({ signed }: PathCertificate): string {
  return hashHex('sha256', signed.data);
}

function isSameKey(one: PathCertificate, other: PathCertificate): boolean {
  return Buffer.compare(one.verificationKey.subjectPublicKeyInfo, other.verificationKey.subjectPublicKeyInfo) === 0;
}
