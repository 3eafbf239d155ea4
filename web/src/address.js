// The URL of the server. Behind a proxy it can have a path, which the server puts into the links of the pages.

const root = document.querySelector('.bar .brand').href;

/** The URL of something that the program serves, such as `graphql`. */
export const address = (path) => new URL(path, root).href;

/** The message for a request without a response. */
export const UNREACHABLE = 'The server cannot be reached.';
