// A small typed client: operations over HTTP, subscriptions over WebSocket, both with a token that is renewed before it
// expires. It is meant to be copied and changed; the types of Stockroom's schema are generated.

import { type Client, createClient } from 'graphql-ws';
import WebSocket from 'ws';
import {
  type LedgerEntryFragment,
  LogInDocument,
  LogOutDocument,
  type ProblemFragment,
  RenewDocument,
  StockChangesDocument,
  type StockChangesSubscription,
  type TypedDocumentString,
} from './generated/graphql.js';

/** One entry of `errors`: the reason why an operation or a field was not executed. */
export interface GraphQLProblem {
  message: string;
  path?: (string | number)[];
  extensions?: { code?: string };
}

/** The server refused the request: no login, no permission, a limit exceeded, or an invalid document. */
export class RequestError extends Error {
  readonly errors: readonly GraphQLProblem[];

  constructor(errors: readonly GraphQLProblem[]) {
    super(errors.map((error) => error.message).join('\n'));
    this.errors = errors;
  }

  /** `UNAUTHENTICATED`, `FORBIDDEN`, `BAD_USER_INPUT`, … */
  get code(): string | undefined {
    return this.errors[0]?.extensions?.code;
  }
}

/** The input is invalid. Each problem names its field. */
export class InputError extends Error {
  readonly problems: readonly ProblemFragment[];

  constructor(problems: readonly ProblemFragment[]) {
    super(problems.map(({ field, message }) => (field ? `${field}: ${message}` : message)).join('\n'));
    this.problems = problems;
  }
}

/** Returns the payload; throws `InputError` if it has user errors. */
export function accepted<P extends { userErrors: ProblemFragment[] }>(payload: P | null | undefined): P {
  if (!payload) throw new Error('The response has no payload.');
  if (payload.userErrors.length > 0) throw new InputError(payload.userErrors);
  return payload;
}

/** Variables, which can be omitted if none of them is required. */
type VariablesArgument<V> = Record<string, never> extends V ? [variables?: V] : [variables: V];

interface Session {
  access: string;
  refresh: string;
  /** When to exchange the refresh token, in milliseconds since 1970. */
  renewAt: number;
}

export interface Options {
  /** Send the hashes of documents in place of their texts. The server needs the file of documents. */
  persisted?: boolean;
}

export class Stockroom {
  readonly #url: string;
  readonly #persisted: boolean;
  readonly #sockets: Client;
  #session: Session | undefined;
  #renewal: Promise<void> | undefined;

  /** @param server The address of Stockroom: `http://localhost:8000`. */
  constructor(server: string, { persisted = false }: Options = {}) {
    this.#url = new URL('/graphql', server).href;
    this.#persisted = persisted;
    this.#sockets = createClient({
      url: this.#url.replace(/^http/, 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: async () => {
        const token = await this.#token();
        return token ? { Authorization: `Bearer ${token}` } : {};
      },
      // Reconnect after any error, an expired token included: the new connection sends a new token.
      retryAttempts: Number.POSITIVE_INFINITY,
      shouldRetry: () => true,
    });
  }

  /** Logs in; throws `InputError` if the name or the password is wrong. */
  async logIn(username: string, password: string) {
    const { login } = await this.#send(LogInDocument, { input: { username, password } });
    const { access, refresh, viewer } = accepted(login);
    this.#storeTokens(access, refresh);
    return viewer;
  }

  /** Logs out and revokes the tokens on the server. */
  async logOut() {
    const refresh = this.#session?.refresh;
    this.#session = undefined;
    if (refresh) accepted((await this.#send(LogOutDocument, { refresh })).logout);
    await this.#sockets.dispose();
  }

  /** Executes a query or a mutation; throws `RequestError` if the response has errors. */
  async run<R, V>(document: TypedDocumentString<R, V>, ...[variables]: VariablesArgument<V>): Promise<R> {
    return this.#send(document, variables, await this.#token());
  }

  /** Yields each event of a subscription until the caller stops iterating. */
  async *subscribe<R, V>(document: TypedDocumentString<R, V>, ...[variables]: VariablesArgument<V>): AsyncGenerator<R> {
    // `graphql-ws` requires a query; with a hash it may be empty.
    const payload = { query: '', ...this.#documentFields(document), variables: (variables ?? null) as Record<string, unknown> | null };
    const results = this.#sockets.iterate<R>(payload);
    for await (const { data, errors } of results) {
      if (errors) throw new RequestError(errors as unknown as GraphQLProblem[]);
      if (data) yield data;
    }
  }

  /**
   * Yields every change of stock after an entry of the ledger, once and in order, even if the connection breaks: a new
   * connection sends the same request again and reads `after` when it does.
   */
  async *stockChanges(
    after: LedgerEntryFragment['id'],
    productIds?: string[],
  ): AsyncGenerator<StockChangesSubscription['stockChanged']> {
    const variables = { after, ...(productIds && { productIds }) };
    for await (const { stockChanged } of this.subscribe(StockChangesDocument, variables)) {
      variables.after = stockChanged.id;
      yield stockChanged;
    }
  }

  #documentFields<R, V>(document: TypedDocumentString<R, V>): { query: string } | { documentId: string } {
    if (!this.#persisted) return { query: document.toString() };
    const hash: unknown = document.__meta__?.['hash'];
    if (typeof hash !== 'string') throw new Error('This document has no hash.');
    return { documentId: `sha256:${hash}` };
  }

  async #send<R, V>(document: TypedDocumentString<R, V>, variables?: V, token?: string): Promise<R> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Accept: 'application/graphql-response+json',
        ...(token && { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify({ ...this.#documentFields(document), variables }),
    });
    // Every response of `/graphql` has this form, regardless of its status.
    const { data, errors } = (await response.json()) as { data?: R; errors?: GraphQLProblem[] };
    if (errors) throw new RequestError(errors);
    return data as R;
  }

  #storeTokens(access: string | null | undefined, refresh: string | null | undefined) {
    if (!access || !refresh) throw new Error('The response has no tokens.');
    const claims = JSON.parse(Buffer.from(access.split('.')[1] ?? '', 'base64url').toString()) as { exp: number; iat: number };
    // After nine tenths of the lifetime, counted from now, because the clocks of client and server may differ.
    const renewAt = Date.now() + (claims.exp - claims.iat) * 900;
    this.#session = { access, refresh, renewAt };
  }

  /** The access token to send now. */
  async #token(): Promise<string | undefined> {
    const session = this.#session;
    if (session && Date.now() > session.renewAt) {
      // Concurrent requests share one renewal, since a refresh token may be accepted only once.
      this.#renewal ??= this.#renew(session).finally(() => (this.#renewal = undefined));
      await this.#renewal;
    }
    return this.#session?.access;
  }

  async #renew(session: Session) {
    const { refreshToken } = await this.#send(RenewDocument, { refresh: session.refresh });
    const { access, refresh } = accepted(refreshToken);
    if (this.#session === session) this.#storeTokens(access, refresh ?? session.refresh);
  }
}
