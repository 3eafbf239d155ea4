// One subscription of GraphiQL over WebSocket. It is started again after a lost connection, until the user stops it, the
// server completes it, or the session ends.

import { createClient } from 'graphql-ws';
import { address, UNREACHABLE } from './address.js';
import { Resumption } from './resumption.js';
import { onChange } from './session.js';

const running = new Set();

// A subscription keeps the permissions it was started with, so it is closed when the session ends or changes.
onChange((session, reason) => {
  if (reason === 'renewed' || reason === 'needed') return;
  for (const end of [...running]) end();
});

const FIRST_WAIT = 500; // Milliseconds before the connection is tried again; doubled with each failure.
const LONGEST_WAIT = 8_000;

/** Whether the server closed the connection because of the client's messages, so that a retry would fail as well. */
const isRefusal = (error) => error.code >= 4400 && error.code < 4500;

/**
 * Runs a subscription; `authorization` returns the value of the header, or null, for each connection.
 *
 * @returns {{ unsubscribe: () => void }}
 */
export function subscribe(params, authorization, sink) {
  const resumption = new Resumption(params);
  let client;
  let timer;
  let wait = FIRST_WAIT;
  let lastResult = null; // Shown again after a reconnection, in place of the error.
  let isLost = false;

  function stop() {
    running.delete(end);
    clearTimeout(timer);
    client?.dispose();
  }

  function end() {
    stop();
    sink.complete();
  }

  function reconnectLater() {
    isLost = true;
    sink.next({ errors: [{ message: UNREACHABLE }] });
    timer = setTimeout(connect, wait);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }

  function connect() {
    const connection = createClient({
      url: address('graphql').replace(/^http/, 'ws'),
      retryAttempts: 0, // `connect` reconnects with a changed operation.
      connectionParams: async () => {
        const value = await authorization();
        return value ? { Authorization: value } : {};
      },
      on: {
        connected() {
          wait = FIRST_WAIT;
          if (isLost) sink.next(lastResult ?? { data: null });
          isLost = false;
        },
      },
    });
    client = connection;
    connection.subscribe(resumption.params(), {
      next(result) {
        lastResult = resumption.received(result);
        sink.next(lastResult);
      },
      error(error) {
        if (!running.has(end)) return;
        if (Array.isArray(error)) {
          stop();
          sink.next({ errors: error });
          sink.complete();
        } else if (isRefusal(error)) {
          stop();
          sink.next({ errors: [{ message: error.reason || `The server closed the connection with code ${error.code}.` }] });
          sink.complete();
        } else {
          reconnectLater();
        }
      },
      complete: () => running.has(end) && end(),
    });
  }

  running.add(end);
  connect();
  return { unsubscribe: stop };
}
