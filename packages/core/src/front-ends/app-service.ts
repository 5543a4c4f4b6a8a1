import { certificateHeaderName, extractBase64 } from '../certificate-header/certificate-header.js';
import { createFrontEnd, type FrontEnd } from './front-end.js';

/**
 * The front end of App Service, Azure Functions included.
 *
 * - **Grammar**: base64 of the DER of one certificate, on one line, without armour ("Set up TLS mutual authentication
 *   for Azure App Service", learn.microsoft.com).
 * - **A field that the caller sent**: docs/front-ends.md says what is known about it, and what is not.
 * - **The operator configures**: incoming client certificates, set to `Required` or `Optional`.
 */
export const appService: FrontEnd = createFrontEnd(
  'app-service',
  [certificateHeaderName],
  (leaf) => extractBase64(leaf),
  false,
);
