// front-ends/: the front ends that the gateway plays: what each writes, and what it does with a client's own fields.

import type { FrontEndName } from '@certgate/core/internal';
import type { PlayedFrontEnd } from '../exchange/played-front-end.js';
import { appService } from './app-service-fields.js';
import { applicationGateway } from './application-gateway-fields.js';
import { caddy } from './caddy-fields.js';
import { envoy } from './envoy-fields.js';
import { haproxy } from './haproxy-fields.js';
import { nginx } from './nginx-fields.js';
import { rfc9440 } from './rfc9440-fields.js';
import { traefik } from './traefik-fields.js';

/**
 * Each as it is configured where the app alone decides. Written without core's parsers, so that the two can disagree; and
 * none claims to have verified a certificate, since the gateway verifies none.
 */
const playedFrontEnds = {
  'app-service': appService,
  'application-gateway': applicationGateway,
  envoy,
  nginx,
  haproxy,
  caddy,
  traefik,
  rfc9440,
} satisfies Readonly<Record<FrontEndName, PlayedFrontEnd>>;

export function findPlayedFrontEnd(name: FrontEndName): PlayedFrontEnd {
  return playedFrontEnds[name];
}
