import type { OcspWanted } from '../trust-snapshot/authority-path.js';
import type { OcspResponse, PathCertificate, RevocationStatus } from '@certgate/x509/path';
import { hashHex } from '@certgate/x509/internal';
import { describeFault } from '../encoding/describe-fault.js';
import { postOcspRequest } from '../trust-sources/http-exchange.js';
import { readWithin } from '../trust-sources/trust-source.js';
import { redactUrl } from '../encoding/shown-url.js';
import { loadPathValidation } from '../load-path-validation.js';

/** An answer that wasn't enough isn't asked for again at once. */
const askedAgainAfterMilliseconds = 5_000;
interface OcspLimits {
  readonly answerTimeoutMilliseconds: number;
  readonly maximumKept: number;
}

const defaultLimits: OcspLimits = Object.freeze({
  /** A request waits for it, so it is short. */
  answerTimeoutMilliseconds: 5_000,
  maximumKept: 4096,
});
/** To one responder. */
const maximumAtOnce = 16;
const maximumWaiting = 256;
const firstPauseMilliseconds = 1_000;
const longestPauseMilliseconds = 30_000;

/** Who is asked, and whether its answer must hold the nonce of its question. */
export type OcspSource = Pick<OcspWanted, 'responder' | 'allowMissingNonce'>;

/** How a responder, or a question about one certificate, did of late. */
interface Setback {
  readonly failures: number;
  /** [since, pausedUntil) in milliseconds: nobody asks meanwhile. Not before either, as when a clock was set back. */
  readonly since: number;
  readonly pausedUntil: number;
  readonly fault: string;
}

interface Revoked {
  /** The question it answers. */
  readonly key: string;
  readonly issuer: PathCertificate;
  readonly response: OcspResponse;
  readonly isOnHold: boolean;
}

/**
 * Asks OCSP responders (RFC 6960) that the operator configured, and keeps their answers. One question per certificate at a
 * time, few at once, and none to a responder that failed a moment ago: a caller can't make it a hammer.
 *
 * A certificate is what its issuer signed (the TBSCertificate), whatever the signature: whoever computes the other ECDSA
 * signature of a revoked one doesn't get a second one that nobody has asked about. Only certificates come here whose
 * signature was verified, so that a forged one spoils nothing for its owner.
 */
export class OcspKeeper {
  /** By question. */
  readonly #good = new Map<string, OcspResponse>();
  /**
   * By certificate, whoever said it: no number of other answers pushes a revocation out, and no other responder. For each
   * key of an issuer, since two CAs of one name may have signed the same contents.
   */
  readonly #revoked = new Map<string, readonly Revoked[]>();
  #revocations = 0;
  readonly #askedAt = new Map<string, number>();
  readonly #inFlight = new Map<string, Promise<void>>();
  /** By responder: those questions of `#inFlight` that have their turn. */
  readonly #running = new Map<string, Set<Promise<void>>>();
  /** By responder: it couldn't be reached. */
  readonly #responderSetbacks = new Map<string, Setback>();
  /** By question: the answer was none. It must not keep others from asking. */
  readonly #certificateSetbacks = new Map<string, Setback>();
  readonly #limits: OcspLimits;

  /** Other limits are for tests. */
  constructor(limits: Partial<OcspLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
  }

  /** How many revocations were learned: what was remembered before the latest one may be about its certificate. */
  get revocations(): number {
    return this.#revocations;
  }

  /** `source` undefined: nobody is asked any more, and what was revoked stays so. */
  find(source: OcspSource | undefined, certificate: PathCertificate): readonly OcspResponse[] {
    const good = source && this.#good.get(nameQuestion({ ...source, certificate }));
    const revoked = this.#revoked.get(nameCertificate(certificate)) ?? [];
    return [...revoked.map(({ response }) => response), ...(good === undefined ? [] : [good])];
  }

  /** Why there is no answer, for the operator. */
  findFault(source: OcspSource, certificate: PathCertificate): string | undefined {
    const { responder } = source;
    const key = nameQuestion({ ...source, certificate });
    const setback = this.#certificateSetbacks.get(key) ?? this.#responderSetbacks.get(responder);
    return setback && `OCSP responder ${redactUrl(new URL(responder))}: ${setback.fault}.`;
  }

  /** Never rejects; an answer that can't be had or isn't good for this certificate changes nothing. */
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

  /** An app that wakes to many callers at once must not refuse most of them: they wait, no longer than for an answer. */
  async #askInTurn(wanted: OcspWanted, key: string, now: number): Promise<void> {
    const { responder } = wanted;
    const running = this.#running.get(responder) ?? new Set();
    this.#running.set(responder, running);
    const began = performance.now();
    // A setback of the others has a time after `now`.
    const later = (): number => now + (performance.now() - began);
    while (running.size >= maximumAtOnce) {
      await Promise.race(running);
      // Whoever was asked before may not have answered.
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
        // Whether the responder itself is revoked is asked at the decision.
        isResponderGood: () => true,
        isAlgorithmAccepted: (algorithm) => loadPathValidation().isAlgorithmAccepted(algorithm, 'strict'),
      });
    const status = judge([response]);
    if (status.status === 'unknown') {
      this.#noteSetback(this.#certificateSetbacks, key, status.detail, now);
      return;
    }
    this.#certificateSetbacks.delete(key);
    this.#keepBounded(this.#askedAt, key, now);
    if (status.status === 'revoked') {
      this.#keepRevoked(certificate, { key, issuer, response, isOnHold: status.reason === 'certificateHold' });
      return;
    }
    const held = this.#findRevoked(certificate, issuer);
    // RFC 5280 §5.3.1: from hold, and from hold alone, a certificate comes back; by a newer word of whoever put it there.
    // Without the nonce, anybody may have kept this one from before.
    const isNewerThan = (before: OcspResponse): boolean =>
      judge([response], false).status === 'good' || judge([before, response]).status === 'good';
    if (held?.isOnHold === true && held.key === key && isNewerThan(held.response))
      this.#forgetRevoked(certificate, held);
    this.#keepBounded(this.#good, key, response);
  }

  #findRevoked(certificate: PathCertificate, issuer: PathCertificate): Revoked | undefined {
    return this.#revoked.get(nameCertificate(certificate))?.find((revoked) => isSameKey(revoked.issuer, issuer));
  }

  /** What is final isn't replaced by a hold. */
  #keepRevoked(certificate: PathCertificate, revoked: Revoked): void {
    const before = this.#findRevoked(certificate, revoked.issuer);
    if (before === undefined) this.#revocations += 1;
    if (revoked.isOnHold && before?.isOnHold === false) return;
    const others = this.#listRevokedBut(certificate, before);
    this.#keepBounded(this.#revoked, nameCertificate(certificate), [...others, revoked]);
  }

  #forgetRevoked(certificate: PathCertificate, revoked: Revoked): void {
    const others = this.#listRevokedBut(certificate, revoked);
    if (others.length > 0) this.#revoked.set(nameCertificate(certificate), others);
    else this.#revoked.delete(nameCertificate(certificate));
  }

  #listRevokedBut(certificate: PathCertificate, revoked: Revoked | undefined): readonly Revoked[] {
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

/** One authority may do without the nonce that another insists on: what the first was answered is not for the second. */
function nameQuestion({ responder, allowMissingNonce, certificate }: Omit<OcspWanted, 'issuer'>): string {
  return `${nameCertificate(certificate)} ${allowMissingNonce ? 'any' : 'nonce'} ${responder}`;
}

/** By the TBSCertificate (RFC 5280 §4.1.1.1). */
function nameCertificate({ signed }: PathCertificate): string {
  return hashHex('sha256', signed.data);
}

function isSameKey(one: PathCertificate, other: PathCertificate): boolean {
  return Buffer.compare(one.verificationKey.subjectPublicKeyInfo, other.verificationKey.subjectPublicKeyInfo) === 0;
}
