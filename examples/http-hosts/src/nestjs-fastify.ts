import 'reflect-metadata';
import { createGate, getClientIdentity, requireRole, secureFastify, trustStoreFrom } from '@certgate/http';
import { Controller, Get, type MiddlewareConsumer, Module, type NestModule, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';

@Controller()
class AppController {
  @Get('public')
  readPublic(): string {
    return 'open to all\n';
  }

  @Get('closed')
  readClosed(@Req() request: object): string {
    return `hello ${getClientIdentity(request).name}\n`;
  }

  @Get('role')
  readRole(@Req() request: object): string {
    return `operator ${getClientIdentity(request).name}\n`;
  }
}

@Module({ controllers: [AppController] })
class AppModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(requireRole('operator')).forRoutes('role');
  }
}

// Reads from the environment which front end is before this server (CERTGATE_FRONT_END), and the secret by which that
// front end proves that a request came through it (CERTGATE_FRONT_END_SECRET).
const gate = createGate({
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  allowAnonymous: ['GET /public'],
});

const adapter = new FastifyAdapter();
adapter.register(secureFastify(gate));
const app = await NestFactory.create(AppModule, adapter);

await app.listen(Number(process.env.PORT ?? 3000), '127.0.0.1');
console.log('listening on', app.getHttpServer().address());
