import { startGateway, type Gateway, type GatewayExchange, type GatewayOptions } from '../gateway.js';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OpensslFolder, type TestCertificate } from './openssl-certificates.js';
import { HttpUpstream, RawUpstream } from './upstreams.js';

/** A gateway in front of an app of the test. */
export interface House {
  readonly gateway: Gateway;
  readonly exchanges: GatewayExchange[];
  readonly nextExchange: () => Promise<GatewayExchange>;
}

export async function withGateway(
  upstream: URL,
  use: (house: House) => Promise<void>,
  more: Partial<GatewayOptions> = {},
): Promise<void> {
  const exchanges: GatewayExchange[] = [];
  let notify: (() => void) | undefined;
  const gateway = await startGateway({
    upstream,
    serverCertificate: getServerCertificate(),
    onExchange: (exchange) => {
      exchanges.push(exchange);
      notify?.();
    },
    ...more,
  });
  const nextExchange = async (): Promise<GatewayExchange> => {
    for (;;) {
      const exchange = exchanges.shift();
      if (exchange !== undefined) return exchange;
      await new Promise<void>((resolve) => (notify = resolve));
    }
  };
  try {
    await use({ gateway, exchanges, nextExchange });
  } finally {
    await gateway.close();
  }
}

export async function withHttpUpstream(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  use: (house: House) => Promise<void>,
  more?: Partial<GatewayOptions>,
): Promise<void> {
  const upstream = await HttpUpstream.start(listener);
  try {
    await withGateway(upstream.url, use, more);
  } finally {
    await upstream.close();
  }
}

export async function withRawUpstream(
  answer: string,
  use: (house: House, upstream: RawUpstream) => Promise<void>,
  closeAfterAnswer = true,
): Promise<void> {
  const upstream = await RawUpstream.start(answer, { closeAfterAnswer });
  try {
    await withGateway(upstream.url, (house) => use(house, upstream));
  } finally {
    await upstream.close();
  }
}

let serverCertificate: TestCertificate | undefined;

function getServerCertificate(): TestCertificate {
  if (serverCertificate === undefined) {
    const openssl = new OpensslFolder();
    serverCertificate = openssl.makeServerCertificate();
    openssl.remove();
  }
  return serverCertificate;
}
