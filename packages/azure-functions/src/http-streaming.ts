import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { isPromiseLike } from './promise-like.js';
import type { WorkerCore } from './worker-core.js';

/** Ids are forgotten beyond this many; the other sign doesn't depend on them. */
const maximumRemembered = 10_000;

/** An invocation id has 36 characters. A request to some other server of the app may carry any text in that header. */
const rememberedLength = 64;

/**
 * Whether HTTP streaming (`app.setup({ enableHttpStream: true })`) is on. In that mode `request.headers` comes by a road
 * that fields of the request can shadow, so it proves nothing; every call to a closed function is refused.
 *
 * Two signs, each enough. The library announces a proxy address among its capabilities; and the proxied request of an
 * invocation reaches a server of this process before the invocation's hooks run, with the invocation's id.
 */
export class HttpStreamingWatch {
  readonly #proxiedInvocations = new Set<string>();
  #isOn = false;

  constructor() {
    subscribe('http.server.request.start', (message) => {
      const { request } = message as { readonly request?: IncomingMessage };
      const id = request?.headers['x-ms-invocation-id'];
      if (typeof id !== 'string' || this.#isOn) return;
      if (this.#proxiedInvocations.size >= maximumRemembered) this.#proxiedInvocations.clear();
      this.#proxiedInvocations.add(id.slice(0, rememberedLength));
    });
  }

  /** An app doesn't change the mode while it runs: once seen, it stays on. */
  isOn(invocationId: string): boolean {
    if (!this.#isOn && this.#proxiedInvocations.delete(invocationId.slice(0, rememberedLength))) this.#isOn = true;
    return this.#isOn;
  }

  /** To be called when the app starts, before the worker asks for the capabilities. */
  watchCapabilities(core: WorkerCore, onAnnounced: () => void): void {
    const model = core.getProgrammingModel?.();
    const original = model?.getCapabilities;
    if (model === undefined || original === undefined) return;
    const watch = (capabilities: unknown): unknown => {
      if (hasHttpUri(capabilities) && !this.#isOn) {
        this.#isOn = true;
        onAnnounced();
      }
      return capabilities;
    };
    model.getCapabilities = (capabilities) => {
      const result: unknown = Reflect.apply(original, model, [capabilities]);
      return isPromiseLike(result) ? result.then(watch) : watch(result);
    };
  }
}

function hasHttpUri(capabilities: unknown): boolean {
  return typeof capabilities === 'object' && capabilities !== null && 'HttpUri' in capabilities;
}
