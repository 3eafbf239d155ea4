// A reverse proxy that serves the program below a path. It removes the path from each request, including those that open
// WebSockets.

import { once } from 'node:events';
import { createServer, request } from 'node:http';

/**
 * Starts a proxy for requests below `path`. `url` is its base URL, with the path. The caller sets `target` to the URL of the
 * program. `stop()` stops the proxy.
 */
export async function proxy(path) {
  const sockets = new Set();
  const state = { target: undefined };

  /** The request to the program; undefined if the path of the incoming request is not below `path`. */
  const forward = (incoming) => {
    if (!incoming.url.startsWith(`${path}/`)) return undefined;
    const { hostname, port } = new URL(state.target);
    return request({
      hostname,
      port,
      method: incoming.method,
      path: incoming.url.slice(path.length),
      headers: incoming.headers,
    });
  };

  const server = createServer((incoming, outgoing) => {
    const upstreamRequest = forward(incoming);
    if (!upstreamRequest) return outgoing.writeHead(404).end('not below the path');
    upstreamRequest.on('response', (response) => {
      outgoing.writeHead(response.statusCode, response.headers);
      response.pipe(outgoing);
    });
    upstreamRequest.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
    incoming.pipe(upstreamRequest);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (incoming, socket, head) => {
    const upstreamRequest = forward(incoming);
    if (!upstreamRequest) return socket.destroy();
    upstreamRequest.on('error', () => socket.destroy());
    upstreamRequest.on('response', () => socket.destroy());
    upstreamRequest.on('upgrade', (response, upstream, rest) => {
      const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      if (rest.length > 0) socket.write(rest);
      if (head.length > 0) upstream.write(head);
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
      upstream.pipe(socket).pipe(upstream);
    });
    upstreamRequest.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(state, {
    url: `http://127.0.0.1:${server.address().port}${path}`,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
}
