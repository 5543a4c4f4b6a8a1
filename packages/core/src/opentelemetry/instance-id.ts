import type { Attributes, MeterProvider } from '@opentelemetry/api';
import { nameProcess } from '../log/process-id.js';

const instanceId = 'service.instance.id';

/**
 * The attribute that distinguishes the series of several processes, unless the app has named its instances.
 * OpenTelemetry keeps it on the resource, which belongs to the app: with the API, a library can neither set nor read
 * it. Therefore each data point has the process id, and the resource is read in the way in which OpenTelemetry's SDK
 * stores it. If that way changes, the data points have an id that nobody needs.
 */
export function nameInstance(provider: MeterProvider): Attributes {
  const resource = readObject(readObject(provider, '_sharedState'), 'resource');
  const listRaw: unknown = Reflect.get(resource, 'getRawAttributes');
  // SDK 2 reports an error if all attributes are read before all are settled, so only the raw ones are listed.
  const keys: readonly unknown[] =
    typeof listRaw === 'function'
      ? (Reflect.apply(listRaw, resource, []) as readonly (readonly unknown[])[]).map(([key]) => key)
      : Object.keys(readObject(resource, 'attributes'));
  return keys.includes(instanceId) ? {} : { [instanceId]: nameProcess() };
}

function readObject(holder: object, name: string): object {
  const value: unknown = Reflect.get(holder, name);
  return typeof value === 'object' && value !== null ? value : {};
}
