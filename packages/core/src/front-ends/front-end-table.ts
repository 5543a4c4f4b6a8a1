import { appService } from './app-service.js';
import { applicationGateway } from './application-gateway.js';
import { caddy } from './caddy.js';
import { createEnvoy } from './envoy.js';
import type { FrontEnd } from './front-end.js';
import { haproxy } from './haproxy.js';
import { nginx } from './nginx.js';
import { rfc9440 } from './rfc9440.js';
import { traefik } from './traefik.js';

/** The names of the front ends that Certgate knows, as options and settings give them. */
export const frontEndNames = [
  'app-service',
  'application-gateway',
  'envoy',
  'nginx',
  'haproxy',
  'caddy',
  'traefik',
  'rfc9440',
] as const;

/** The front end that ends TLS and sets the certificate's fields. */
export type FrontEndName = (typeof frontEndNames)[number];

/**
 * Returns the front end with this name. `elementCount` is for Envoy. It is a function so that an app behind App
 * Service's front end does not load the files of the others.
 */
export function findFrontEnd(name: FrontEndName, elementCount?: number): FrontEnd {
  switch (name) {
    case 'app-service':
      return appService;
    case 'application-gateway':
      return applicationGateway;
    case 'envoy':
      return createEnvoy(elementCount);
    case 'nginx':
      return nginx;
    case 'haproxy':
      return haproxy;
    case 'caddy':
      return caddy;
    case 'traefik':
      return traefik;
    case 'rfc9440':
      return rfc9440;
  }
}
