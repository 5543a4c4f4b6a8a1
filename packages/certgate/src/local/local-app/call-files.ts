import { dirname, join, relative } from 'node:path';
import type { CallIdentity } from './call-line.js';
import type { Caller } from './development-callers.js';

/** The files of a development caller, from the working folder; undefined where it has no certificate. */
export function findCallFiles({ name, certificate }: Caller): CallIdentity | undefined {
  if (certificate === undefined) return undefined;
  const at = (file: string): string => join(relative(process.cwd(), dirname(certificate.pfxFile)), file);
  return {
    pfxFile: at(`${name}.pfx`),
    passwordFile: at('password.txt'),
    certificateFile: at(`${name}.crt.pem`),
    keyFile: at(`${name}.key.pem`),
  };
}

/** The gateway's certificate, which lies beside those of the callers. */
export function findGatewayFile(callers: readonly Caller[]): string | undefined {
  const [sample] = callers.flatMap(({ certificate }) => certificate ?? []);
  return sample === undefined ? undefined : join(relative(process.cwd(), dirname(sample.pfxFile)), 'gateway.crt.pem');
}
