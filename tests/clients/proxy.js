// A reverse proxy that serves the program below a path. It removes the path from each request, including those that open
// WebSockets.

import { once } from 'node:events';
import { createServer, request } from 'node:http';

/**
 * Starts a proxy for requests below `path`. `url` is its base URL, with the path. The caller sets `target` to the URL of the
 * program. `stop()` ends it.
 */
export async function proxy(path) {
  const sockets = new Set();
  const running = { target: undefined };

  /** The request to the program, or undefined when it is not below the path. */
  const forward = (incoming) => {
    if (!incoming.url.startsWith(`${path}/`)) return undefined;
    const { hostname, port } = new URL(running.target);
    return request({
      hostname,
      port,
      method: incoming.method,
      path: incoming.url.slice(path.length),
      headers: incoming.headers,
    });
  };

  const server = createServer((incoming, outgoing) => {
    const forwarded = forward(incoming);
    if (!forwarded) return outgoing.writeHead(404).end('not below the path');
    forwarded.on('response', (response) => {
      outgoing.writeHead(response.statusCode, response.headers);
      response.pipe(outgoing);
    });
    forwarded.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(502).end()));
    incoming.pipe(forwarded);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (incoming, socket, head) => {
    const forwarded = forward(incoming);
    if (!forwarded) return socket.destroy();
    forwarded.on('error', () => socket.destroy());
    forwarded.on('response', () => socket.destroy());
    forwarded.on('upgrade', (response, upstream, rest) => {
      const lines = Object.entries(response.headers).map(([name, value]) => `${name}: ${value}\r\n`);
      socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
      if (rest.length > 0) socket.write(rest);
      if (head.length > 0) upstream.write(head);
      upstream.on('error', () => socket.destroy());
      socket.on('error', () => upstream.destroy());
      upstream.pipe(socket).pipe(upstream);
    });
    forwarded.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(running, {
    url: `http://127.0.0.1:${server.address().port}${path}`,
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  });
}
