// Answers cases one after the other by one of the JavaScript libraries, in a thread of its own.
import { parentPort, workerData } from 'node:worker_threads';
import 'reflect-metadata';
import * as peculiar from '@peculiar/x509';
import * as pkijs from 'pkijs';

const ask = { pkijs: askPkijs, peculiar: askPeculiar }[workerData];
parentPort.on('message', async (case_) => {
  parentPort.postMessage(await ask(case_));
});

async function askPkijs({ material, now, revocation, policies }) {
  try {
    const read = (type, all) => all.map((der) => type.fromBER(der));
    const engine = new pkijs.CertificateChainValidationEngine({
      trustedCerts: read(pkijs.Certificate, material.trustAnchors),
      // pkijs expects the certificate of the caller as the last one.
      certs: read(pkijs.Certificate, [...material.intermediates, ...material.crlSigners, material.target]),
      crls: read(pkijs.CertificateRevocationList, material.crls),
      ocsps: material.ocspResponses.map(readBasicResponse),
      checkDate: new Date(now ?? Date.now()),
    });
    const { result } = await engine.verify({
      ...(policies !== undefined && {
        initialPolicySet: policies.initialPolicySet,
        initialExplicitPolicy: policies.initialExplicitPolicy,
        initialPolicyMappingInhibit: policies.initialPolicyMappingInhibit,
        initialInhibitPolicy: policies.initialAnyPolicyInhibit,
      }),
      passedWhenNotRevValues: revocation !== 'chain',
    });
    return result ? 'valid' : 'invalid';
  } catch {
    return 'invalid';
  }
}

function readBasicResponse(der) {
  const { responseBytes } = pkijs.OCSPResponse.fromBER(der);
  return pkijs.BasicOCSPResponse.fromBER(responseBytes.response.valueBlock.valueHexView);
}

/**
 * The library builds a chain by names and signatures. This function itself checks that the chain ends in an anchor, and
 * the dates.
 */
async function askPeculiar({ material, now = Date.now() }) {
  try {
    const read = (all) => all.map((der) => new peculiar.X509Certificate(der));
    const certificates = read([...material.trustAnchors, ...material.intermediates]);
    const chain = await new peculiar.X509ChainBuilder({ certificates }).build(
      new peculiar.X509Certificate(material.target),
    );
    const last = Buffer.from(chain.at(-1).rawData);
    const isAnchored = material.trustAnchors.some((anchor) => last.equals(anchor));
    const isInTime = [...chain].every(
      ({ notBefore, notAfter }) => notBefore.getTime() <= now && now <= notAfter.getTime(),
    );
    return isAnchored && isInTime ? 'valid' : 'invalid';
  } catch {
    return 'invalid';
  }
}
