import { createServer } from 'node:http';
import express, { type ErrorRequestHandler } from 'express';
import { setupPrometheusRoutes } from '../../express.ts';
import {
  BoomError,
  chat,
  close,
  listen,
  RefusedError,
  STREAM_CHUNKS,
  type StartHost,
} from './contract-host.ts';

const answerError: ErrorRequestHandler = (error, _request, response, _next) => {
  response.status(error instanceof RefusedError ? error.status : 500).send('failed');
};

/** An Express application with a router below a path; everything is there before the module. */
export const startExpressHost: StartHost = async (options) => {
  const app = express();
  const things = express.Router();
  things.get('/:id', (_, response) => {
    response.send('a thing');
  });
  app.use('/things', things);
  app.get('/boom', () => {
    throw new BoomError('boom');
  });
  app.get('/refused', async () => {
    throw new RefusedError('refused');
  });
  app.get('/stream', (_, response) => {
    for (const chunk of STREAM_CHUNKS) response.write(chunk);
    response.end();
  });
  app.get('/sized', (_, response) => {
    response.writeHead(200, { 'content-length': 5 });
    response.end('hello');
  });
  app.get('/endless', (_, response) => {
    response.write('a part');
  });
  app.post('/echo', express.text(), (request, response) => {
    response.send(request.body);
  });
  app.get('/chat', (request, response) => {
    response.send(chat(observability, request));
  });
  app.use(answerError);
  const observability = setupPrometheusRoutes(app, options);
  const server = createServer(app);
  return {
    observability,
    url: await listen(server),
    setUpAgain: () => setupPrometheusRoutes(app),
    close: () => close(server),
  };
};
