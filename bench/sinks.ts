/**
 * Stands for Loki and for a collector of spans: takes every push and export and answers at once.
 *
 * Run as a process: `PORT=9002 node bench/sinks.ts`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

function take(request: IncomingMessage, response: ServerResponse): void {
  request.resume();
  request.once('end', () => {
    if (request.url === '/v1/traces') response.writeHead(200, { 'content-type': 'application/x-protobuf' });
    else response.writeHead(204);
    response.end();
  });
}

createServer(take).listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
